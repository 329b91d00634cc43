"""The network of photographs piece by piece, against closed forms and plain reimplementations."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.services.restore.test_photos import model
from vaedemo.errors import ConfigError
from vaedemo.maths import gaussian
from vaedemo.models import hierarchical
from vaedemo.models.hierarchical import PhotoConfig, PhotoVAE, fill_holes
from vaedemo.models.restorer import padded
from vaedemo.store.checkpoints import load_checkpoint, place
from vaedemo.store.library import CHECKPOINTS

pytestmark = pytest.mark.usefixtures("one_thread")


def normal(generator, *shape):
    return torch.randn(*shape, generator=generator)


def test_log_prob_is_a_gaussians(generator):
    x, mean, log_scale = (normal(generator, 2, 3, 4, 4) for _ in range(3))
    wanted = torch.distributions.Normal(mean, log_scale.exp()).log_prob(x)
    assert torch.allclose(hierarchical.log_prob(x, mean, log_scale), wanted, atol=1e-4)


def test_a_stochastic_level_is_a_gaussian_and_a_shift_and_scale_of_it(generator):
    level = hierarchical._Latent(6, 2, 3)
    for p in level.parameters():
        torch.nn.init.normal_(p, std=0.5, generator=generator)
    h, guide, eps = (normal(generator, 3, c, 4, 4) for c in (6, 3, 2))
    with torch.no_grad():
        mu, logvar = level.prior(h).chunk(2, 1)
        logvar = logvar.clamp(-8, 4)
        d, s = level.posterior(torch.relu(level.meet(torch.cat([h, guide], 1)))).chunk(2, 1)
        s = s.clamp(-8, 2)
        p = torch.distributions.Normal(mu, (logvar / 2).exp())
        q = torch.distributions.Normal(mu + d * p.stddev, p.stddev * (s / 2).exp())
        q_draw = q.mean + q.stddev * eps
        for (out, nats), z in (
            (level(h, None, None), p.mean),
            (level(h, None, eps), p.mean + p.stddev * eps),
            (level(h, guide, eps), q_draw),
        ):
            assert torch.allclose(out, h + level.inject(z), atol=1e-4)
            assert (nats is None) == (z is not q_draw)
        assert nats.shape == (3,)
        assert torch.allclose(nats, torch.distributions.kl_divergence(q, p).sum((1, 2, 3)), rtol=1e-4)


def test_variances_stay_within_their_limits(generator):
    level = hierarchical._Latent(4, 1, 2)
    h, guide, eps = (normal(generator, 1, c, 4, 4) for c in (4, 2, 1))
    found = {}
    for name, (prior, posterior) in {"low": (-50.0, -50.0), "high": (50.0, 50.0)}.items():
        with torch.no_grad():
            level.inject.weight.zero_()
            level.inject.weight[:, 0, 1, 1] = 1
            level.inject.bias.zero_()
            level.prior.bias[1], level.posterior.bias[1] = prior, posterior
            found[name] = [(level(h, g, eps)[0] - h)[:, :1] / eps for g in (None, guide)]
    for name, logs in {"low": (-8, -16), "high": (4, 6)}.items():
        for ratio, log in zip(found[name], logs, strict=True):
            assert torch.allclose(ratio, torch.full_like(ratio, math.exp(log / 2)), rtol=1e-2, atol=1e-5)


def test_the_head_gives_a_residual_and_a_scale_within_its_limits():
    m = model(loud=False)
    y, mask = torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    with torch.no_grad():
        for bias, wanted in ((0.5, 0.5 - 3), (9.0, 0.5), (-9.0, -6.5)):
            m.head.bias.copy_(torch.tensor([0.2] * 12 + [bias] * 12))
            got = m(y, torch.full((1, 1, 32, 32), 0.1), mask)
            assert torch.allclose(got.mean, y + 0.2, atol=1e-6) and got.kl is None
            assert torch.allclose(got.log_scale, torch.full_like(y, wanted))


def test_the_network_is_told_the_strength_where_it_is_known_and_where_holes_are():
    m = model()
    seen = []
    m.stem.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    y, mask = torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    mask[..., :8] = 0
    m.encode(y * mask, torch.full((1, 1, 32, 32), 0.1), mask)
    m.encode(y * mask, torch.full((1, 1, 32, 32), -1.0), mask)
    for given, told in zip(seen, (0.5, hierarchical.UNTOLD * 5), strict=True):
        given = torch.nn.functional.pixel_shuffle(given, 2)
        assert torch.equal(given[:, :3], fill_holes(y * mask, mask) - 0.5)
        assert torch.allclose(given[:, 3:4], told * mask) and torch.equal(given[:, 4:], 1 - mask)


def test_the_guide_sees_what_the_clean_picture_adds():
    m = model()
    seen = []
    m.guide[0].register_forward_hook(lambda _, given, __: seen.append(given[0]))
    x, filled, mask = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    mask[..., :8] = 0
    told = torch.cat([5 * torch.full((1, 1, 32, 32), 0.2) * mask, 1 - mask], 1)
    found = m.guides(hierarchical.Features((), filled, told, mask > 0), x)
    given = torch.nn.functional.pixel_shuffle(seen[0], 2)
    assert torch.allclose(given[:, :3], 4 * (x - filled)) and torch.allclose(given[:, 3:4], mask)
    assert torch.equal(given[:, 4:], 1 - mask)
    assert [tuple(g.shape) for g in found] == [(1, 4, 16, 16), (1, 6, 8, 8), (1, 8, 4, 4)]
    assert all(g.min() >= 0 for g in found)


def test_the_kl_is_the_sum_over_the_levels(generator):
    m, x = model(), torch.rand(2, 3, 32, 32, generator=generator)
    sigma, mask = torch.full((2, 1, 32, 32), 0.1), torch.ones(2, 1, 32, 32)
    features = m.encode(x, sigma, mask)
    eps = {i: normal(generator, 2, *s) for i, s in m.noise_shapes(32, 32).items()}
    each = {}
    for name, level in m.latent.items():
        level.register_forward_hook(lambda _, __, out, name=name: each.update({name: out[1]}))
    found = m.decode(features, eps, x)
    assert set(each) == {"1", "2"} and all((v > 0).all() for v in each.values())
    assert torch.allclose(found.kl, each["1"] + each["2"])


def test_noise_has_the_sides_of_each_level_and_pictures_are_padded_up_to_the_stride():
    m = model()
    assert m.noise_shapes(64, 96) == {1: (2, 16, 24), 2: (2, 8, 12)}
    assert m.config.stride == 32 and PhotoConfig(widths=(4,) * 6, blocks=(1,) * 6, latents=(1,) * 6).stride == 64
    y = torch.arange(6.0).view(1, 1, 2, 3)
    big, same = padded(4, y, y)
    assert big.shape == (1, 1, 4, 4) and torch.equal(big, same)
    assert torch.equal(big[0, 0, :2, :3], y[0, 0]) and torch.equal(big[0, 0, 3], torch.tensor([3.0, 4.0, 5.0, 5.0]))
    assert padded(3, torch.zeros(1, 1, 6, 9))[0].shape == (1, 1, 6, 9)


def test_samples_are_decoded_from_pairs_of_tempered_draws(generator):
    torch.manual_seed(0)
    sizes = {"widths": (8, 8, 8), "blocks": (1, 1, 1), "latents": (0, 2, 2), "guide": 4}
    m = PhotoVAE(PhotoConfig(**sizes, temperature=0.25)).requires_grad_(False)
    for p in m.parameters():
        torch.nn.init.normal_(p, std=0.1, generator=generator)
    y, mask = torch.rand(2, 3, 32, 32, generator=generator), torch.ones(2, 1, 32, 32)
    mask[..., 3:9] = 0
    means, scales = m.samples(y, mask, torch.full((2, 1, 1, 1), 0.1), 3, torch.Generator().manual_seed(5))
    same = torch.Generator().manual_seed(5)
    eps = {i: 0.25 * gaussian.pairs(3, 2, *s, generator=same) for i, s in m.noise_shapes(32, 32).items()}
    features = m.encode(y * mask, torch.full((2, 1, 32, 32), 0.1), mask)
    for k in range(3):
        made = m.decode(features, {i: e[k] for i, e in eps.items()})
        assert torch.allclose(means[k], made.mean.clamp(0, 1), atol=1e-6)
        assert torch.allclose(scales[k], made.log_scale.exp(), atol=1e-6)


def test_features_of_some_rows_are_those_of_their_pictures(generator):
    m, y = model(), torch.rand(3, 3, 32, 32, generator=generator)
    sigma, mask = torch.zeros(3, 1, 32, 32), (torch.rand(3, 1, 32, 32, generator=generator) < 0.8).float()
    some, alone = m.encode(y, sigma, mask).rows([2]), m.encode(y[2:], sigma[2:], mask[2:])
    for a, b in zip((*some.levels, some.filled, some.fixed), (*alone.levels, alone.filled, alone.fixed), strict=True):
        assert torch.allclose(a.float(), b.float(), atol=1e-5)
    assert torch.equal(some.fixed, mask[2:] > 0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"temperature": 0.0}, "temperature is 0.0; choose above 0"),
        ({"temperature": 1.1}, "temperature is 1.1"),
        ({"widths": (8, 8)}, "unequal lengths"),
        ({"widths": (0, 8, 8, 8)}, "sizes of 0 or more"),
        ({"blocks": (2, 2, 2, -1)}, "sizes of 0 or more"),
        ({"latents": (0, 4, 6, -1)}, "sizes of 0 or more"),
        ({"guide": 0}, "guide is 0; choose 1 or more"),
        ({"channels": 2}, "channels is 2; choose 1 or 3"),
    ],
)
def test_a_config_that_makes_no_network_is_refused(changes, says):
    with pytest.raises(ConfigError, match=says):
        PhotoConfig(**changes)
    smallest = {"widths": (1, 1, 1, 1), "blocks": (0, 0, 0, 0), "latents": (0, 0, 0, 0), "guide": 1, "channels": 1}
    assert PhotoConfig(temperature=1.0, **smallest).stride == 32


def test_a_level_starts_as_the_identity_and_its_prior_as_the_standard_gaussian():
    m = model(loud=False)
    h, eps = torch.rand(1, 8, 4, 4), torch.randn(1, 2, 4, 4)
    level = m.latent["1"]
    assert torch.allclose(level(h, None, eps)[0], h + level.inject(eps))
    assert torch.equal(m.down_blocks[0](h), h)
    assert np.isclose(sum(p.abs().sum().item() for p in m.head.parameters()), 0)


def test_the_network_sees_the_hole_filled_from_the_guess(generator):
    y, guess = torch.rand(2, 1, 3, 64, 64, generator=generator)
    mask = torch.ones(1, 1, 64, 64)
    mask[..., 10:50, 20:40] = 0
    told = model().encode(y * mask, torch.zeros_like(mask), mask, guess)
    assert torch.equal(told.filled, fill_holes(y * mask, mask, guess))
    assert not torch.equal(told.filled, fill_holes(y * mask, mask))


def written_out(w, y, sigma, mask, eps=None, x=None, latents=(1, 2, 3), levels=4):
    """(mean, log_scale, kl) of the network from its weights by name."""

    def conv(t, name, **options):
        return F.conv2d(t, w[f"{name}.weight"], w[f"{name}.bias"], **options)

    def blocks(t, name):
        for k in range(99):
            if f"{name}.{k}.conv1.weight" not in w:
                return t
            t = t + conv(F.relu(conv(t, f"{name}.{k}.conv1", padding=1)), f"{name}.{k}.conv2", padding=1)

    filled, told = fill_holes(y, mask), 5 * sigma.clamp(min=-0.1) * mask
    h = conv(F.pixel_unshuffle(torch.cat([filled - 0.5, told, 1 - mask], 1), 2), "stem", padding=1)
    kept, guides = [], []
    for i in range(levels):
        h = blocks(h, f"down_blocks.{i}")
        kept.append(h)
        h = conv(h, f"down.{i}", stride=2) if i + 1 < levels else h
    if x is not None:
        g = F.pixel_unshuffle(torch.cat([4 * (x - filled), told, 1 - mask], 1), 2)
        for i in range(levels):
            g = F.relu(conv(g, f"guide.{i}", stride=2 if i else 1, padding=1))
            guides.append(g)
    kl = 0
    for i in reversed(range(levels)):
        if i + 1 < levels:
            h = F.pixel_shuffle(conv(h, f"up.{i}"), 2) + kept[i]
        if i in latents:
            mu, logvar = conv(h, f"latent.{i}.prior", padding=1).chunk(2, 1)
            logvar = logvar.clamp(-8, 4)
            if x is not None:
                met = F.relu(conv(torch.cat([h, guides[i]], 1), f"latent.{i}.meet"))
                d, s = conv(met, f"latent.{i}.posterior", padding=1).chunk(2, 1)
                s = s.clamp(-8, 2)
                kl = kl + 0.5 * (d**2 + s.exp() - 1 - s).sum((1, 2, 3))
                mu, logvar = mu + d * (logvar / 2).exp(), logvar + s
            z = mu if eps is None else mu + (logvar / 2).exp() * eps[i]
            h = h + conv(z, f"latent.{i}.inject", padding=1)
        if i + 1 < levels:
            h = blocks(h, f"up_blocks.{i}")
    residual, log_scale = F.pixel_shuffle(conv(h, "head", padding=1), 2).chunk(2, 1)
    fixed = (mask > 0) & (sigma == 0)
    return torch.where(fixed, filled, filled + residual), (log_scale - 3).clamp(-6.5, 0.5), kl


def test_the_shipped_network_written_out(generator):
    m, _, _ = load_checkpoint(place(CHECKPOINTS, "photos", "restore.safetensors"))
    y, x = torch.rand(2, 2, 3, 64, 64, generator=generator)
    sigma, mask = torch.full((2, 1, 64, 64), 0.1), torch.ones(2, 1, 64, 64)
    sigma[..., :20], sigma[..., 50:], mask[..., 30:40, 10:60] = 0, -1, 0
    eps = {i: normal(generator, 2, *s) for i, s in m.noise_shapes(64, 64).items()}
    features, weights, latents = (
        m.encode(y * mask, sigma, mask),
        m.state_dict(),
        [i for i, c in enumerate(m.config.latents) if c],
    )
    for given in ((), (eps,), (eps, x)):
        found = m.decode(features, *given)
        mean, log_scale, kl = written_out(weights, y * mask, sigma, mask, *given, latents=latents)
        assert torch.allclose(found.mean, mean, atol=1e-3) and torch.allclose(found.log_scale, log_scale, atol=1e-3)
        assert (found.kl is None) == (len(given) < 2)
    assert torch.allclose(found.kl, kl, rtol=1e-3)
    again = m(y * mask, sigma, mask, eps)
    assert torch.equal(again.mean, m.decode(features, eps).mean) and features.fixed.any()


def test_samples_of_any_size_are_cut_to_their_picture(generator):
    m, y = model(), torch.rand(1, 3, 33, 41, generator=generator)
    means, scales = m.samples(y, torch.ones(1, 1, 33, 41), torch.full((1, 1, 1, 1), 0.1), 2, generator)
    assert means.shape == scales.shape == (2, 1, 3, 33, 41)
    wide, none, sigma = padded(32, y, torch.ones(1, 1, 33, 41), torch.full((1, 1, 33, 41), 0.1))
    made = m.decode(m.encode(wide, sigma, none))  # sizes of the network's own
    assert made.mean.shape == (1, 3, 64, 64) and means.min() >= 0 and means.max() <= 1
    torch.nn.init.zeros_(m.head.weight)
    for bias, end in ((9.0, 1), (-9.0, 0)):
        m.head.bias.copy_(torch.tensor([bias] * 12 + [0.0] * 12))
        assert (m.samples(y, torch.ones(1, 1, 33, 41), torch.full((1, 1, 1, 1), 0.1), 1, generator)[0] == end).all()
