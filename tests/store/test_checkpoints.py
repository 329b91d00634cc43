import json
import os

import pytest
import torch
from safetensors.torch import save_file

from tests.conftest import small
from vaedemo.errors import CheckpointError, UnknownModel
from vaedemo.models import build_model
from vaedemo.store import checkpoints
from vaedemo.store.key import ModelKey


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "digits" / "vae-3.safetensors"
    checkpoints.save_checkpoint(target, build_model(small("vae"), seed=1), "digits", {"seconds": 1.5})
    return target


@pytest.mark.parametrize("kind", ["ae", "vae", "dense", "dense-vae", "pca"])
def test_round_trip_in_half_precision(kind, tmp_path, generator):
    model = build_model(small(kind, beta=4.0), seed=1).eval()
    checkpoints.save_checkpoint(tmp_path / "m.safetensors", model, "digits", {"seconds": 2})
    loaded, domain, record = checkpoints.load_checkpoint(tmp_path / "m.safetensors")
    assert (domain, record, loaded.config) == ("digits", {"seconds": 2}, model.config)
    assert not loaded.training
    for name, value in model.state_dict().items():
        back = loaded.state_dict()[name]
        if model.config.kind in checkpoints.EIGHT_BITS and value.ndim > 1 and value.numel() >= checkpoints.LARGE:
            step = value.flatten(1).abs().amax(1) / 127
            assert ((back - value).flatten(1).abs().amax(1) <= 0.55 * step + 1e-6).all()
        else:
            assert torch.equal(back, value.half().float())


def test_every_cut_is_named(path):
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"vae-3\.safetensors .* restore it"):
            checkpoints.load_checkpoint(path)


def test_a_file_that_is_none_of_ours_is_named(tmp_path, path):
    other = tmp_path / "other.safetensors"
    save_file({"w": torch.zeros(3)}, other)
    with pytest.raises(CheckpointError, match="no checkpoint of this version"):
        checkpoints.load_checkpoint(other)
    with pytest.raises(CheckpointError, match="no checkpoint missing"):
        checkpoints.load_checkpoint(tmp_path / "missing.safetensors")
    with pytest.raises(CheckpointError):
        checkpoints.load_checkpoint(tmp_path)


@pytest.mark.parametrize("damage", ["missing", "extra", "shape", "config", "unknown", "nan"])
def test_loading_is_strict(damage, path):
    from safetensors import safe_open

    with safe_open(str(path), "pt") as file:
        metadata = file.metadata()
        tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    first = sorted(tensors)[0]
    if damage == "missing":
        del tensors[first]
    elif damage == "extra":
        tensors["surplus"] = torch.zeros(2)
    elif damage == "shape":
        tensors[first] = torch.zeros(5)
    elif damage == "nan":
        tensors[first] = torch.full_like(tensors[first], float("nan"))
    elif damage == "config":
        metadata["config"] = metadata["config"].replace('"vae"', '"gan"')
    else:
        metadata["config"] = json.dumps(json.loads(metadata["config"]) | {"flow": 3})
    save_file(tensors, path, metadata)
    with pytest.raises(CheckpointError, match=r"vae-3\.safetensors"):
        checkpoints.load_checkpoint(path)


def test_a_failed_write_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        checkpoints.save_checkpoint(path, build_model(small("vae"), seed=2), "digits")
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_available_and_find(tmp_path):
    for kind, d, beta in (("vae", 2, 1.0), ("vae", 2, 4.0), ("ae", 3, 1.0), ("pca", 9, 1.0)):
        model = build_model(small(kind, latent_dim=d, beta=beta))
        checkpoints.save_checkpoint(tmp_path / "digits" / ModelKey("digits", kind, d, beta).file, model, "digits")
    entries = checkpoints.available(tmp_path)
    assert [e.key[1:] for e in entries] == [
        ("ae", 3, 1.0), ("pca", 9, 1.0), ("vae", 2, 1.0), ("vae", 2, 4.0)
    ]  # fmt: skip
    assert checkpoints.find(entries, ModelKey("digits", "vae", 2, 4.0)).path.name == "vae-2-beta4.safetensors"
    assert checkpoints.find(entries, ModelKey("digits", "pca", 5)).key.latent_dim == 9
    for wrong in (("digits", "pca", 10), ("digits", "pca", 0), ("digits", "ae", 2), ("digits", "vae", 2, 3.0)):
        with pytest.raises(UnknownModel, match="there are"):
            checkpoints.find(entries, ModelKey(*wrong))
    with pytest.raises(UnknownModel, match="choose from ae, pca, vae"):
        checkpoints.find(entries, ModelKey("digits", "gan", 2))
    with pytest.raises(UnknownModel, match="none yet"):
        checkpoints.find(entries, ModelKey("fashion", "ae", 2))


def test_warm_start_takes_what_fits(path):
    model = build_model(small("vae", latent_dim=7), seed=5)
    other, _, _ = checkpoints.load_checkpoint(path)
    copied = checkpoints.warm_start(model, path)
    assert "encoder.0.weight" in copied and not any(k.startswith("decoder.0.") and "weight" in k for k in copied)
    assert torch.equal(model.encoder[0].weight, other.encoder[0].weight)


def test_the_start_of_a_file_holds_the_whole_decoder(path, tmp_path):
    part, whole = checkpoints.decoder_bytes(path), path.read_bytes()
    assert whole.startswith(part) and len(part) < len(whole)
    header = json.loads(part[8 : 8 + int.from_bytes(part[:8], "little")])
    ends = {name: e["data_offsets"][1] for name, e in header.items() if name != "__metadata__"}
    assert len(part) == 8 + int.from_bytes(part[:8], "little") + max(
        v for k, v in ends.items() if k.startswith("decoder")
    )
    for data in (b"", b"\xff" * 20, b"\2\0\0\0\0\0\0\0[]", b"\2\0\0\0\0\0\0\0{}"):
        (tmp_path / "bad.safetensors").write_bytes(data)
        with pytest.raises(CheckpointError, match=r"bad\.safetensors"):
            checkpoints.decoder_bytes(tmp_path / "bad.safetensors")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoints.decoder_bytes(tmp_path / "none.safetensors")


def test_what_lies_beside_checkpoints_is_none(path, tmp_path):
    checkpoints.save_checkpoint(tmp_path / "digits" / "vae-3.safetensors", build_model(small("vae")), "digits")
    for name in ("mixtures", "classifier", "finder"):
        save_file({"x": torch.zeros(2)}, tmp_path / "digits" / f"{name}.safetensors", {"format": f"vaedemo {name} 1"})
    assert [e.path.name for e in checkpoints.available(tmp_path)] == ["vae-3.safetensors"]
    save_file({"x": torch.zeros(2)}, tmp_path / "digits" / "other.safetensors", {"format": "other"})
    with pytest.raises(CheckpointError, match="other"):
        checkpoints.available(tmp_path)
