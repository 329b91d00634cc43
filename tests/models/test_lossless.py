"""The lossless VAE: exact in float64, trained by fit, and its mixture sums to one."""

import pytest
import torch

from tests.models.test_codec import rough
from vaedemo.configs import TrainConfig
from vaedemo.errors import ConfigError, UnknownModel
from vaedemo.models import build_model
from vaedemo.models.lossless import Lossless, LosslessConfig
from vaedemo.training.loop import fit
from vaedemo.training.recipes import recipe
from vaedemo.training.tasks import task_of

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = ("lossless", "lossless-binary")


def small(kind):
    return LosslessConfig(kind, latent_dim=5, width=8, hidden=12, neck=4, components=3)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_float64_is_on_the_grids_and_float32_is_near(kind, generator):
    model = rough(Lossless(small(kind)))
    x = torch.randint(0, 2 if kind == KINDS[1] else 256, (3, 1, 28, 28), generator=generator).byte()
    seen = model.seen(x)
    assert torch.equal(64 * seen, torch.round(64 * seen)) and seen.abs().max() <= 2
    mean, scale = model.encode(seen.double())
    assert torch.equal(mean, torch.round(mean)) and torch.equal(8 * scale, torch.round(8 * scale))
    near = model.encode(seen)
    assert (near.mean - mean).abs().max() <= 2 and (near.log2_scale - scale).abs().max() <= 0.25
    theta = model.decode(mean)
    assert theta.shape == (3, 1 if kind == KINDS[1] else 9, 28, 28)
    assert torch.equal(64 * theta, torch.round(64 * theta))


@torch.no_grad()
def test_the_mixture_sums_to_one(generator):
    model = rough(Lossless(small("lossless")))
    theta = model.decode(torch.round(20 * torch.randn(1, 5, generator=generator)))
    nats = [model.distortion(theta[:, :, :2, :3], torch.full((1, 1, 2, 3), v, dtype=torch.uint8)) for v in range(256)]
    per_pixel = torch.stack([
        torch.exp(-model.distortion(theta[:, :, i : i + 1, j : j + 1], torch.full((1, 1, 1, 1), v, dtype=torch.uint8)))
        for v in range(256) for i in range(2) for j in range(3)
    ]).view(256, 6)  # fmt: skip
    assert torch.allclose(per_pixel.sum(0), torch.ones(6), atol=1e-4)
    assert torch.allclose(nats[7], -per_pixel[7].log().sum(), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_through_fit(kind, blobs):
    model = build_model(small(kind))
    config = TrainConfig(epochs=12, batch_size=20, lr=4e-3, warmup=5, clip=1000.0, average=0.9)
    records = list(fit(model, task_of(model, blobs, config), config))
    assert records[-1].loss < 0.5 * records[0].loss
    x = blobs[:4]
    assert model(x).x_hat.shape == x.shape and model.sample(3).shape == (3, 1, 28, 28)
    assert model(x).x_hat.min() >= 0 and model(x).x_hat.max() <= 1


def test_its_recipes_are_named():
    assert recipe("fashion", "lossless", 2).path == "fashion/lossless.safetensors"
    with pytest.raises(UnknownModel, match="there are lossless of digits"):
        recipe("shapes", "lossless", 2)
    with pytest.raises(ConfigError, match="multiple of 4"):
        LosslessConfig(size=30)
    with pytest.raises(ConfigError, match="components"):
        LosslessConfig(components=0)
