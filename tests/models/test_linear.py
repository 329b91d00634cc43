"""Networks that begin as PCA: what they are at first, what they are made of, and that the browser decodes them."""

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.conftest import learn, small
from vaedemo.configs import TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import SIZED
from vaedemo.errors import ConfigError
from vaedemo.models import build_model
from vaedemo.models.describe import drawing, layers
from vaedemo.models.pca import begin_as_pca, fit_pca
from vaedemo.store.checkpoints import MODEL, decoder_bytes, load_checkpoint, read_tensors, save_checkpoint
from vaedemo.training.tasks import task_of
from vaedemo.ui.server.component import UI

NODE = shutil.which("node")
SCRIPT = """
import { createDecoder } from "%s";
import { readFileSync } from "node:fs";
const [file, codes] = process.argv.slice(2);
const data = readFileSync(file);
for (const simd of [true, false]) {
  const whole = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const { config, decode } = createDecoder(whole, { simd });
  const empty = () => new Uint8Array(config.channels * config.size ** 2);
  console.log(JSON.stringify(JSON.parse(codes).map((z) => [...decode(z, empty())])));
}
"""


def linear(domain="digits", kind="ae", latent_dim=5, **own):
    return replace(SIZED[domain].model_config(kind, latent_dim), linear=True, likelihood="gaussian", **own)


def spatial(**own):
    return linear("objects", **{"latent_dim": 32, "neck": 2, "spatial": True, "widths": (8, 8, 12)} | own)


def test_a_spatial_code_begins_as_pca_of_patches(generator):
    x = torch.randint(0, 256, (60, 3, 32, 32), generator=generator, dtype=torch.uint8) // 2 + 64
    x[:, :, :8, :8] = x[:, :1, :1, :1]  # what two numbers a patch can tell
    config = spatial()
    model = build_model(config).eval()
    begin_as_pca(model, Pictures(x))
    code = model.encode(x / 255).mu
    assert code.shape == (60, 32) and torch.allclose(code.mean(), torch.zeros(()), atol=0.02)
    patches = F.unfold(x / 255, 8, stride=8).transpose(1, 2).flatten(0, 1).double()
    flat = patches - patches.mean(0).view(3, -1).mean(1).repeat_interleave(64)
    _, vectors = torch.linalg.eigh(torch.cov(patches.T, correction=0))
    best = (flat @ vectors[:, -2:] @ vectors[:, -2:].T - flat).square().mean()
    reached = (model(x / 255).x_hat - x / 255).square().mean().item()
    assert reached == pytest.approx(best.item(), rel=0.01)
    assert torch.equal(model.encoder.correction(x / 255), torch.zeros(60, 32)), "its last layer starts at zero"
    assert build_model(spatial(kind="vae")).encode(x / 255).mu.shape == (60, 32)


def test_a_spatial_code_has_as_many_numbers_as_its_places():
    for wrong in ({"latent_dim": 31}, {"kind": "dense", "linear": False}, {"neck": 3}):
        with pytest.raises(ConfigError, match="a spatial code is of ae and vae, here of 16 places"):
            replace(spatial(), **wrong)


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_it_begins_as_pca_with_a_code_of_variance_one(kind, blobs):
    config = linear(kind=kind)
    model, pca = build_model(config).eval(), fit_pca(small("pca", latent_dim=5), blobs)
    begin_as_pca(model, blobs)
    x = blobs[:]
    code = model.encode(x)
    assert torch.allclose(model(x).x_hat, pca(x).x_hat, atol=1e-5)
    assert torch.allclose(code.mu.var(0, correction=0), torch.ones(5), atol=1e-3)
    assert kind == "ae" or torch.equal(code.logvar, torch.zeros(200, 5))


def test_a_run_begins_there_and_goes_below_pca(blobs):
    """After few steps, too few for a network from random weights."""
    errors = {}
    begun = linear(depth=0, widths=(16, 32), blocks=1, neck=8)
    for name, config in (("linear", begun), ("ae", replace(begun, linear=False))):
        model, train = build_model(config), TrainConfig(steps=80, lr=1e-3, warmup=5)
        task = task_of(model, blobs, train)
        task.begin(model)
        list(learn(model, blobs, train))
        errors[name] = (model(blobs[:]).x_hat - blobs[:]).square().mean().item()
    pca = fit_pca(small("pca", latent_dim=5), blobs)
    reached = (pca(blobs[:]).x_hat - blobs[:]).square().mean().item()
    assert errors["linear"] < 0.9 * reached < errors["ae"]


def test_the_network_sees_the_linear_picture():
    model = build_model(linear())
    with torch.no_grad():
        model.decoder.outer[-2].weight.normal_(0, 0.1)
        z, changed = torch.randn(1, 5), []
        for value in (0.0, 1.0):
            model.decoder.linear.bias.fill_(value)
            changed.append(model.decoder(z) - model.decoder.linear(z * model.decoder.scale).view(1, 1, 28, 28))
    assert (changed[0] - changed[1]).abs().max() > 1e-3


def test_what_cannot_be_linear_is_refused():
    for domain, kind in (("digits", "vae"), ("fashion", "dense"), ("fashion", "pca")):
        with pytest.raises(ConfigError, match="linear is of ae, and of vae but for bernoulli"):
            replace(SIZED[domain].model_config(kind, 4), linear=True)


def test_the_drawing_shows_the_linear_map_and_the_correction():
    config = linear("objects", depth=0)
    rows = layers(config)
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in build_model(config).parameters())
    parts = [[row.name for row in rows if row.part == part] for part in ("encoder", "decoder")]
    assert all(names[0] == "linear" and names[-1] == "plus the linear part" for names in parts)
    assert "beside the linear picture" in parts[1] and drawing(config).count("plus the linear part") == 2
    assert [row.shape for row in rows if row.name == "plus the linear part"] == [(5,), (3, 32, 32)]
    assert rows[0].macs == 3072 * 5 and sum(row.macs for row in rows if row.name == "linear") > 2 * 3072 * 5


@pytest.mark.skipif(NODE is None, reason="node is missing")
@pytest.mark.parametrize(
    "config",
    [linear(depth=0, neck=16), linear("objects", widths=(24, 32), blocks=2), linear("shapes", "vae"), spatial()],
    ids=str,
)
def test_the_browser_decodes_what_the_model_decodes(config, tmp_path, generator):
    model = build_model(config)
    with torch.no_grad():
        for p in model.decoder.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) * (0.05 if p.ndim > 1 else 0.1))
        model.decoder.linear.bias.fill_(0.4)
        model.decoder.scale.uniform_(0.5, 1.5, generator=generator)
    save_checkpoint(tmp_path / "whole.safetensors", model, "own")
    kept = read_tensors(tmp_path / "whole.safetensors", MODEL).tensors
    assert kept["decoder.linear.weight"].dtype == np.int8 or config.spatial, "large weights take 8 bits"
    model = load_checkpoint(tmp_path / "whole.safetensors")[0]
    (tmp_path / "decoder").write_bytes(decoder_bytes(tmp_path / "whole.safetensors"))
    (tmp_path / "decode.mjs").write_text(SCRIPT % (UI / "page" / "maths" / "decoder.js").as_uri())
    z = torch.randn(3, config.latent_dim, generator=generator)
    command = [NODE, tmp_path / "decode.mjs", tmp_path / "decoder", json.dumps(z.tolist())]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    exact = 255 * model.decode(z).reshape(3, -1).numpy()
    for line in made.stdout.splitlines():
        difference = np.abs(np.array(json.loads(line)) - np.round(exact))
        assert difference.max() <= 1 and (difference > 0).mean() < 0.003
    assert len(made.stdout.splitlines()) == 2 and exact.std() > 5
