"""Training without finesse: the same again, changes on the way, and rates that are too high."""

import math

import pytest
import torch

from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError, NotFinite
from vaedemo.training.plain import BATCH, CHANGES, Change, Plain, PlainConfig

SMALL = {"width": 32, "steps": 6}
KINDS = ["ae", "vae", "dense", "dense-vae"]


def pictures(n=150, channels=1, size=28):
    x = torch.randint(256, (n, channels, size, size), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return Pictures(x)


def weights_after(steps, **settings):
    run = Plain(PlainConfig(**SMALL | settings), pictures())
    for _ in range(steps):
        run.step()
    return torch.cat([v.flatten() for v in run.model.state_dict().values()])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_weights_bit_for_bit(kind):
    assert torch.equal(weights_after(3, kind=kind), weights_after(3, kind=kind))
    assert not torch.equal(weights_after(3, kind=kind), weights_after(3, kind=kind, seed=1))


@pytest.mark.parametrize("change", [Change(2, "beta", 9.0), Change(2, "lr", 0.5), Change(2, "loss", "mean")])
def test_a_change_leaves_the_steps_before_it_as_they_were(change):
    plain, changed = {}, {"changes": (change,)}
    assert torch.equal(weights_after(2, **plain), weights_after(2, **changed))
    # Adam's step is nearly the same whatever the loss is multiplied with, and yet not bit for bit.
    assert not torch.equal(weights_after(3, **plain), weights_after(3, **changed))


def test_a_change_at_the_first_step_is_a_setting():
    assert torch.equal(weights_after(3, beta=4.0), weights_after(3, changes=(Change(0, "beta", 4.0),)))
    config = PlainConfig(changes=(Change(5, "beta", 3.0), Change(2, "beta", 2.0)))
    assert [config.at(step).beta for step in (0, 1, 2, 4, 5, 99)] == [1, 1, 2, 2, 3, 3]


def test_an_epoch_shows_each_picture_once_at_most():
    run = Plain(
        PlainConfig(kind="dense", **SMALL), Pictures(torch.arange(256).byte().view(256, 1, 1, 1).expand(-1, 1, 28, 28))
    )
    epoch = torch.cat([run.batch()[0] for _ in range(256 // BATCH)])
    assert sorted((epoch[:, 0, 0, 0] * 255).round().int().tolist()) == list(range(256))


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_tells_what_it_did(kind):
    run = Plain(PlainConfig(kind=kind, latent_dim=3, beta=2.0, **SMALL), pictures())
    step = run.step()
    assert step.number == 1 and step.x.shape == step.x_hat.shape == (1, 28, 28)
    assert step.loss == pytest.approx(step.distortion + 2 * step.kl, rel=1e-5)
    assert all(norm >= 0 for norm in step.norms.values()) and step.x_hat.min() >= 0 and step.x_hat.max() <= 1
    if kind.endswith("vae"):
        assert torch.allclose(step.z, step.mu + (0.5 * step.logvar).exp() * step.eps)
    else:
        assert step.eps is None and torch.equal(step.z, step.mu)


@pytest.mark.parametrize("field", ["loss", "gradient"])
def test_where_numbers_run_away_the_weights_before_are_kept(field):
    run = Plain(PlainConfig(kind="dense", **SMALL), pictures())
    run.step()
    last = run.model.decoder
    with torch.no_grad():
        if field == "loss":
            for p in last.parameters():
                p.fill_(1e30)
        else:  # a loss of 1e35, whose gradient's norm is no float any more
            weight, bias = [*last.parameters()][-2:]
            weight.mul_(1e6), bias.fill_(1e16)
    before = [p.clone() for p in run.model.parameters()]
    with pytest.raises(NotFinite, match=f"{field} is .*after 1 steps"):
        run.step()
    assert run.number == 1 and all(torch.equal(p, q) for p, q in zip(run.model.parameters(), before, strict=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "pca"},
        {"latent_dim": 1},
        {"width": 33},
        {"depth": 4},
        {"lr": math.nan},
        {"beta": -1},
        {"loss": "max"},
        {"sigma": 2},
        {"seed": -1},
        {"steps": 10_001},
        {"changes": (Change(1, "width", 64),)},
        {"changes": (Change(1, "lr", 2.0),)},
        {"changes": (Change(-1, "lr", 0.1),)},
        {"changes": (Change(1, "lr", 0.1),) * (CHANGES + 1)},
    ],
)
def test_settings_out_of_their_limits_are_refused(settings):
    with pytest.raises(ConfigError):
        PlainConfig(**settings)


def test_pictures_of_other_sizes_are_refused():
    with pytest.raises(ConfigError, match="20 pixels"):
        Plain(PlainConfig(), pictures(size=20))
