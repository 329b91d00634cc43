import json
import threading

import numpy as np
import pytest
import torch

from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError, ConfigError, PictureError, UnknownDomain, UnknownModel
from vaedemo.models import build_model
from vaedemo.pictures.draw import to_image
from vaedemo.services.reconstruct import error_image, every_model, reconstruct, sheet
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode, encode


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Untrained models of digits and objects: what is tested here does not need good ones."""
    root = tmp_path_factory.mktemp("checkpoints")
    for domain, kind, d, beta in (
        ("digits", "ae", 2, 1.0), ("digits", "ae", 8, 1.0), ("digits", "vae", 8, 1.0), ("digits", "vae", 8, 4.0),
        ("digits", "pca", 128, 1.0), ("objects", "vae", 2, 1.0),
    ):  # fmt: skip
        model = build_model(SIZED[domain].model_config(kind, d, beta), seed=d)
        save_checkpoint(root / domain / ModelKey(domain, kind, d, beta).file, model, domain)
    return root


@pytest.fixture
def library(folder):
    return Library(folder)


@pytest.fixture
def x():
    return np.random.default_rng(0).random((1, 28, 28), dtype=np.float32)


def test_what_there_is(library):
    assert library.kinds("digits") == ["ae", "vae", "pca"]
    assert library.dims("digits", "ae") == [2, 8]
    assert library.dims("digits", "pca") == [2, 4, 8, 16, 32, 64]
    assert library.dims("fashion", "ae") == []
    assert library.betas("digits", 8) == [1.0, 4.0]
    with pytest.raises(UnknownDomain):
        library.kinds("cats")


@pytest.mark.parametrize("kind", ["ae", "vae", "pca"])
def test_a_reconstruction_is_what_the_model_says(library, x, kind):
    made = reconstruct(library, x, ModelKey("digits", kind, 8))
    model = library.model(ModelKey("digits", kind, 8))
    with torch.no_grad():
        expected = model(torch.from_numpy(x)[None])
    assert np.allclose(made.x_hat, expected.x_hat[0].numpy(), atol=1e-5)
    assert np.allclose(made.z, expected.mu[0].numpy(), atol=1e-5)
    assert made.mse == pytest.approx(float(((made.x_hat - x) ** 2).mean()), rel=1e-4)
    assert made.psnr == pytest.approx(-10 * np.log10(made.mse), abs=1e-3)
    assert (made.kl_nats is None) == (made.distortion_nats is None) == (kind != "vae")
    assert not made.unusual  # nothing is known of the test set here


def test_a_reconstruction_repeats_itself(library, x):
    a, b = (reconstruct(library, x, ModelKey("digits", "vae", 8)) for _ in range(2))
    assert a.distortion_nats == b.distortion_nats and np.array_equal(a.x_hat, b.x_hat)
    assert a.kl_nats.shape == (8,) and a.sigma.shape == (8,) and (a.kl_nats >= -1e-6).all()


def test_every_model_in_order(library, x):
    made = every_model(library, x, "digits")
    assert [r.key[1:3] for r in made] == [
        ("ae", 2), ("ae", 8), ("vae", 8), *(("pca", d) for d in (2, 4, 8, 16, 32, 64))
    ]  # fmt: skip


def test_encode_and_decode_are_the_two_halves(library, x):
    mu, sigma = encode(library, x, ModelKey("digits", "vae", 8, 4.0))
    assert mu.shape == sigma.shape == (8,)
    made = reconstruct(library, x, ModelKey("digits", "vae", 8, 4.0))
    assert np.allclose(decode(library, mu, ModelKey("digits", "vae", 8, 4.0)), made.x_hat, atol=1e-5)


BAD_PICTURES = [
    np.zeros((28, 28)),
    np.zeros((3, 28, 28)),
    np.full((1, 28, 28), np.nan),
    np.full((1, 28, 28), np.inf),
    np.full((1, 28, 28), 1.5),
    np.full((1, 28, 28), -0.1),
    "picture",
    None,
    [[1, 2], [3]],
    {},
]


@pytest.mark.parametrize("bad", BAD_PICTURES, ids=range(len(BAD_PICTURES)))
def test_a_wrong_picture_is_one_sentence(library, bad):
    with pytest.raises(PictureError):
        reconstruct(library, bad, ModelKey("digits", "ae", 2))


@pytest.mark.parametrize("bad", [[1.0], [np.nan, 0.0], [np.inf, 0.0], [1e9, 0.0], "ab", None, [[0.0, 0.0]], ["a", "b"]])
def test_a_wrong_code_is_one_sentence(library, bad):
    with pytest.raises(ConfigError):
        decode(library, bad, ModelKey("digits", "ae", 2))


def test_a_model_that_is_not_there_is_named(library, x):
    with pytest.raises(UnknownModel, match="there are 2, 8"):
        reconstruct(library, x, ModelKey("digits", "ae", 3))
    with pytest.raises(UnknownModel, match="choose from ae, pca, vae"):
        reconstruct(library, x, ModelKey("digits", "gan", 2))


def test_figures_make_a_picture_unusual(folder, tmp_path, x):
    import shutil

    shutil.copytree(folder, tmp_path / "c")
    key = str(ModelKey("digits", "ae", 8))
    (tmp_path / "c" / "figures.json").write_text(json.dumps({key: {"mse_p99": 1e-6}}))
    assert reconstruct(Library(tmp_path / "c"), x, ModelKey("digits", "ae", 8)).unusual
    (tmp_path / "c" / "figures.json").write_text("{")
    with pytest.raises(CheckpointError, match="figures.json is damaged"):
        Library(tmp_path / "c")


def test_an_empty_folder_has_no_models(tmp_path):
    library = Library(tmp_path)
    assert library.entries == [] and library.kinds("digits") == []


def test_many_threads_get_the_same_picture(library, x):
    expected = reconstruct(library, x, ModelKey("digits", "vae", 8)).x_hat
    got, threads = [], []
    for _ in range(8):
        threads.append(
            threading.Thread(target=lambda: got.append(reconstruct(library, x, ModelKey("digits", "vae", 8)).x_hat))
        )
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(got) == 8 and all(np.allclose(g, expected, atol=1e-6) for g in got)


def test_pictures_of_the_result(x):
    assert to_image(x).size == (28, 28) and to_image(x).mode == "L"
    assert to_image(np.repeat(x, 3, 0)).mode == "RGB"
    assert error_image(x, x).getextrema()[0][1] < 5  # no error is dark
    assert sheet(x, x).size == (3 * 252 + 16, 252)


def test_one_checkpoint_of_pca_is_read_once_for_all_its_dimensions(library, monkeypatch):
    from vaedemo.store import library as module

    read, load = [], module.load_checkpoint
    monkeypatch.setattr(module, "load_checkpoint", lambda path: read.append(path) or load(path))
    parts = [library.model(ModelKey("digits", "pca", d)) for d in (2, 8, 64, 2)]
    assert len(read) == 1
    assert parts[0] is parts[3] and [p.config.latent_dim for p in parts] == [2, 8, 64, 2]
