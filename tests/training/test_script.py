"""The script of a run: PyTorch alone, few lines, and the very weights."""

import io
import subprocess
import sys
import zipfile

import pytest
import torch

from vaedemo.data.datasets import Pictures
from vaedemo.training.plain import Change, Plain, PlainConfig
from vaedemo.training.script import packed, script

CHANGES = (Change(2, "beta", 4.0), Change(3, "loss", "mean"))
RUNS = {
    "dense": (PlainConfig(kind="dense", width=32, depth=0), 1, 28),
    "dense-vae": (
        PlainConfig(width=32, depth=2, seed=3, changes=(Change(2, "beta", 4.0), Change(3, "loss", "mean"))),
        1,
        28,
    ),
    "vae, sigma learned": (PlainConfig(kind="vae", width=32, likelihood="gaussian", latent_dim=5), 3, 32),
    "vae, sigma held": (PlainConfig(kind="vae", width=32, depth=2, likelihood="gaussian", sigma=0.1), 1, 64),
    "ae, few pictures": (PlainConfig(kind="ae", width=40, lr=0.01, changes=(Change(3, "lr", 1e-3),)), 3, 48),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_it_gives_the_same_weights(name, tmp_path):
    config, channels, size = RUNS[name]
    config = PlainConfig(**{**vars(config), "steps": 5})
    x = torch.randint(256, (300 if "few" not in name else 20, channels, size, size), generator=torch.manual_seed(0))
    pictures = Pictures(x.byte())
    assert len(script(config, pictures).splitlines()) <= 80
    zipfile.ZipFile(io.BytesIO(packed(config, pictures))).extractall(tmp_path)
    done = subprocess.run([sys.executable, "-I", "train.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run = Plain(config, pictures)
    for _ in range(5):
        run.step()
    torch.set_num_threads(threads)
    found = torch.load(tmp_path / "weights.pt", weights_only=True)
    ours = run.model.state_dict()
    for part in ("encoder", "decoder"):
        assert {f"{part}.{k}" for k in found[part]} == {k for k in ours if k.startswith(part)}
        for k, v in found[part].items():
            assert torch.equal(v, ours[f"{part}.{k}"]), f"{part}.{k}"
    if "log_sigma" in ours:
        assert torch.equal(found["log_sigma"], ours["log_sigma"])
