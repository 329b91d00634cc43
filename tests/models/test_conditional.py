import math

import pytest
import torch
import torch.nn.functional as F

from tests.conftest import learn, small
from vaedemo.configs import ModelConfig, TrainConfig
from vaedemo.data.damage import random_corruption
from vaedemo.data.datasets import held_out
from vaedemo.data.domains import SIZED
from vaedemo.errors import ConfigError
from vaedemo.maths import gaussian
from vaedemo.models import build_model, conditional, objectives
from vaedemo.store.checkpoints import available, load_checkpoint, place, save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS
from vaedemo.training.recipes import recipe


def seeded(n=3):
    return torch.Generator().manual_seed(n)


def tiny():
    return small("conditional", neck=2)


def encoded(model, damaged):
    return model.encode(damaged.y, damaged.level, damaged.mask)


def answer(model, features, noise, x=None):
    """What noise, in the order of noise_shapes(), makes of features."""
    return model.decode(features, dict(zip(model.noise_shapes(), noise, strict=True)), x)


@pytest.mark.parametrize("domain", list(SIZED))
def test_the_recipe_of_every_domain_restores_pictures_and_is_small(domain, generator):
    made = recipe(domain, "conditional", 2)
    model = build_model(made.model).eval()
    x = torch.rand(2, *SIZED[domain].shape, generator=generator)
    means, scales = model.samples(*random_corruption(x, generator), 3, generator)
    assert means.shape == scales.shape == (3, *x.shape)
    assert means.min() >= 0 and means.max() <= 1 and scales.min() > 0
    assert sum(p.numel() for p in model.parameters()) < 600_000
    assert made.file == "restore.safetensors"


def test_samples_follow_their_seed_and_differ_from_each_other(blobs, generator):
    model = build_model(tiny()).eval()
    damaged = random_corruption(blobs[torch.arange(4)], generator)
    (a, _), (b, _), (c, _) = (model.samples(*damaged, 4, seeded(n)) for n in (1, 1, 2))
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert not torch.equal(a[0], a[1])


def test_what_lies_under_the_hole_does_not_matter(blobs):
    model, x = build_model(tiny()).eval(), blobs[torch.arange(2)]
    mask = torch.ones(2, 1, 28, 28)
    mask[..., 14:] = 0
    level = torch.zeros(2, 1, 1, 1)
    kept = model.samples(x * mask, mask, level, 2, seeded())[0]
    assert torch.equal(kept, model.samples(x * mask + 0 * (1 - mask), mask, level, 2, seeded())[0])
    assert not torch.equal(kept, model.samples(x, torch.ones_like(mask), level, 2, seeded())[0])


def test_a_proposal_starts_as_the_prior_and_its_kl_is_never_negative(blobs, generator):
    x = blobs[torch.arange(6)]
    model = build_model(tiny())
    features, noise = encoded(model, random_corruption(x, generator)), model.noise(6, generator)
    got = answer(model, features, noise, x)
    assert torch.equal(got.kl, torch.zeros(6))
    assert torch.allclose(got.mean, answer(model, features, noise).mean)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.1, generator=generator)
    assert (answer(model, encoded(model, random_corruption(x, generator)), noise, x).kl > 0).all()


def test_terms_are_the_elbo_and_the_error_of_the_mean(blobs, generator):
    model, x = _random(build_model(tiny()), generator, std=0.05), blobs[torch.arange(10)]
    damaged, noise = random_corruption(x, generator), model.noise(20, generator)
    got = objectives.terms(model, x, *damaged, *noise)
    assert got.distortion.shape == (5,) and got.kl.shape == (5, 1)
    first = answer(model, encoded(model, damaged).rows(slice(5)), [e[:5] for e in noise], x[:5])
    law = torch.distributions.Normal(first.mean, first.log_scale.exp())
    assert torch.allclose(got.distortion, -law.log_prob(x[:5]).sum((1, 2, 3)), rtol=1e-4)
    assert torch.equal(got.kl[:, 0], first.kl)
    features = encoded(model, damaged).rows([*range(5, 10)] * 2)
    mean = answer(model, features, [e[5:15] for e in noise]).mean
    a, b = x[5:] - mean[:5], x[5:] - mean[5:]
    rest = objectives.MEAN_WEIGHT * (a * b).flatten(1).sum(1).mean()
    assert torch.allclose(got.loss, got.distortion.mean() + got.kl.mean() + rest, rtol=1e-4)


def test_it_learns_through_fit_and_a_resumed_run_ends_where_a_whole_one_does(blobs, tmp_path):
    config = TrainConfig(epochs=8, batch_size=20, warmup=5, average=0.9, lr=3e-3, save_every=0, bfloat16="off")
    whole = build_model(tiny())
    records = list(learn(whole, blobs, config))
    assert records[-1].loss < records[0].loss - 100
    part = build_model(tiny())
    for progress in learn(part, blobs, config, state_path=tmp_path / "state.pt"):
        if progress.step == 40:
            break
    again = build_model(tiny(), seed=9)
    list(learn(again, blobs, config, state_path=tmp_path / "state.pt"))
    assert all(torch.equal(p, q) for p, q in zip(whole.parameters(), again.parameters(), strict=True))


def test_a_checkpoint_comes_back_and_is_not_among_the_models_of_the_page(tmp_path):
    path = tmp_path / "digits" / ModelKey("digits", "conditional", 32).file
    model = build_model(tiny()).eval()
    save_checkpoint(path, model, "digits")
    back, domain, _ = load_checkpoint(path)
    assert (domain, back.config) == ("digits", model.config)
    assert available(tmp_path) == []


def test_held_out_pictures_are_no_others_and_always_the_same(blobs):
    (rest, kept), (_, again) = held_out(blobs, 30), held_out(blobs, 30)
    assert (len(rest), len(kept)) == (170, 30)
    assert torch.equal(kept.x, again.x)
    assert torch.equal(torch.cat([rest.x, kept.x]).sum(0), blobs.x.sum(0))


def test_sizes_that_cannot_be_folded_are_refused():
    with pytest.raises(ConfigError, match="multiple of 4"):
        ModelConfig(kind="conditional", size=30)
    with pytest.raises(ConfigError, match="two widths"):
        ModelConfig(kind="conditional", size=28, widths=(8,))


def _random(model, generator, std=0.1):
    for p in model.parameters():
        torch.nn.init.normal_(p, std=std, generator=generator)
    return model


def test_a_draw_and_its_kl_are_those_of_two_gaussians(generator):
    prior, shift = torch.randn(4, 6, 2, 2, generator=generator) * 3, torch.randn(4, 6, 2, 2, generator=generator) * 3
    eps = torch.randn(4, 3, 2, 2, generator=generator)
    mu, logvar = prior.chunk(2, 1)
    move, ratio = shift.chunk(2, 1)
    logvar, ratio = 4 * torch.tanh(logvar / 4), 4 * torch.tanh(ratio / 4)
    p = torch.distributions.Normal(mu, (logvar / 2).exp())
    q = torch.distributions.Normal(mu + move, ((logvar + ratio) / 2).exp())
    z, nats = conditional._draw(prior, None, eps)
    assert nats is None and torch.allclose(z, p.mean + p.stddev * eps, atol=1e-5)
    z, nats = conditional._draw(prior, shift, eps)
    assert torch.allclose(z, q.mean + q.stddev * eps, rtol=1e-4, atol=1e-4)
    assert torch.allclose(nats, torch.distributions.kl_divergence(q, p).sum((1, 2, 3)), rtol=1e-4)


def test_the_kl_of_an_answer_is_that_of_both_levels(blobs, generator):
    model, x = _random(build_model(tiny()), generator), blobs[torch.arange(3)]
    features, noise = encoded(model, random_corruption(x, generator)), model.noise(3, generator)
    both = answer(model, features, noise, x).kl
    with torch.no_grad():
        for p in model.shift_map.parameters():
            p.zero_()
    dense = answer(model, features, noise, x).kl
    with torch.no_grad():
        for p in model.shift_dense.parameters():
            p.zero_()
    assert (both > dense).all() and (dense > 0).all()
    assert not answer(model, features, noise, x).kl.any()


@pytest.mark.parametrize(("scale", "log_scale"), [(-2.0, math.log(2) - 4), (-40.0, -4.0), (30.0, 0.7)])
def test_the_last_layer_gives_a_mean_a_scale_and_how_much_of_the_damaged_pixel_stays(scale, log_scale, blobs):
    model, x = build_model(tiny()).eval(), blobs[torch.arange(2)]
    mask = torch.ones(2, 1, 28, 28)
    mask[..., 14:] = 0
    last = model.last[3]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(torch.tensor([0.1, scale, 1.5]).repeat_interleave(model.fold**2))
    features = model.encode(x, torch.zeros(2, 1, 1, 1), mask)
    got = answer(model, features, model.noise(2))
    assert torch.allclose(got.mean, 0.1 + torch.sigmoid(torch.tensor(1.5)) * x * mask, atol=1e-6)
    assert torch.allclose(got.log_scale, torch.full_like(x, log_scale), atol=1e-5)
    means, scales = model.samples(x, mask, torch.zeros(2, 1, 1, 1), 3)
    assert torch.allclose(means, got.mean.clamp(0, 1).expand_as(means)) and torch.allclose(scales, got.log_scale.exp())


def test_samples_are_the_answers_to_pairs_of_draws(blobs, generator):
    model, x = _random(build_model(tiny()), generator), blobs[torch.arange(2)]
    damaged = random_corruption(x, generator)
    got = model.samples(*damaged, 3, seeded())[0]
    same = seeded()
    eps = [gaussian.pairs(3, 2, *shape, generator=same) for shape in model.noise_shapes().values()]
    features = encoded(model, damaged)
    for k in range(3):
        wanted = answer(model, features, [e[k] for e in eps]).mean.clamp(0, 1)
        assert torch.allclose(got[k], wanted, atol=1e-5)
    assert model.noise_shapes() == {"dense": (3,), "map": (2, 7, 7)}
    assert [tuple(e.shape) for e in model.noise(5, generator)] == [(5, 3), (5, 2, 7, 7)]


def written_out(w, y, mask, level, eps_dense, eps_map, x=None, fold=2):
    """(mean, log_scale, kl) of the network from its weights by name: what each layer is, without the layers."""

    def conv(t, name, **options):
        return F.conv2d(t, w[f"{name}.weight"], w[f"{name}.bias"], **options)

    def linear(t, name):
        return F.linear(t, w[f"{name}.weight"], w[f"{name}.bias"])

    def block(t, name):
        return t + conv(F.silu(conv(F.silu(t), f"{name}.conv1", padding=1)), f"{name}.conv2", padding=1)

    def draw(prior, shift, eps):
        mu, logvar = prior.chunk(2, 1)
        p = torch.distributions.Normal(mu, (2 * torch.tanh(logvar / 4)).exp())
        if shift is None:
            return p.mean + p.stddev * eps, 0
        move, ratio = shift.chunk(2, 1)
        q = torch.distributions.Normal(mu + move, p.stddev * (2 * torch.tanh(ratio / 4)).exp())
        return q.mean + q.stddev * eps, torch.distributions.kl_divergence(q, p).flatten(1).sum(1)

    given = F.pixel_unshuffle(torch.cat([y, mask, level.expand_as(mask)], 1), fold)
    wide = block(conv(given, "look.0", padding=1), "look.1")
    deep = block(block(conv(wide, "lower.0", stride=2, padding=1), "lower.1"), "lower.2")
    context = F.silu(linear(conv(F.silu(deep), "context.1").flatten(1), "context.3"))
    dense = seen = deeper = None
    if x is not None:
        seen = F.silu(conv(F.pixel_unshuffle(torch.cat([x, y, mask], 1), fold), "see.0", padding=1))
        seen = block(conv(seen, "see.2", stride=2, padding=1), "see.3")
        dense = linear(F.silu(linear(conv(F.silu(seen), "seen.1").flatten(1), "seen.3") + context), "shift_dense")
    z, first = draw(linear(context, "prior_dense"), dense, eps_dense)
    numbers = linear(torch.cat([z, context], 1), "spread.0").unflatten(1, (-1, *deep.shape[2:]))
    t = block(deep + conv(numbers, "spread.2"), "top")
    if x is not None:
        deeper = conv(F.silu(t + seen), "shift_map.1", padding=1)
    z, second = draw(conv(F.silu(t), "prior_map"), deeper, eps_map)
    t = block(t + conv(z, "join", padding=1), "middle")
    twice = t.repeat_interleave(2, 2).repeat_interleave(2, 3)
    t = block(block(wide + conv(twice, "rise", padding=1), "last.0"), "last.1")
    mean, log_scale, gate = F.pixel_shuffle(conv(F.silu(t), "last.3", padding=1), fold).chunk(3, 1)
    return mean + torch.sigmoid(gate) * y * mask, (F.softplus(log_scale + 2) - 4).clamp(max=0.7), first + second


def test_the_shipped_network_written_out(generator):
    model, _, _ = load_checkpoint(place(CHECKPOINTS, "digits", ModelKey("digits", "conditional", 32).file))
    x = torch.rand(2, *SIZED["digits"].shape, generator=generator)
    damaged, eps = random_corruption(x, generator), model.noise(2, generator)
    weights = model.state_dict()
    for clean in (None, x):
        found = answer(model, encoded(model, damaged), eps, clean)
        mean, log_scale, kl = written_out(weights, *damaged, *eps, clean)
        assert torch.allclose(found.mean, mean, atol=1e-4) and torch.allclose(found.log_scale, log_scale, atol=1e-4)
        assert (found.kl is None) == (clean is None)
    assert torch.allclose(found.kl, kl, rtol=1e-3) and kl.min() > 1


def test_pictures_are_folded_by_two_and_large_ones_by_four():
    assert [conditional._fold(size) for size in (28, 32, 33, 64)] == [2, 2, 4, 4]
    model = build_model(small("conditional", neck=2, size=64))
    assert model.noise_shapes() == {"dense": (3,), "map": (2, 8, 8)} and model.look[0].in_channels == 3 * 16


def test_a_network_starts_with_its_proposal_and_its_prior_at_n_0_1():
    model = build_model(small("conditional", neck=2, channels=3))
    for layer in (model.prior_dense, model.shift_dense, model.prior_map, model.shift_map[1]):
        assert not layer.weight.any() and not layer.bias.any()
    assert model.last[3].weight.any() and model.last[3].out_channels == 3 * 3 * 4


def test_noise_follows_its_generator_and_means_are_cut_to_the_range(generator):
    model, x = build_model(tiny()).eval(), torch.rand(2, 1, 28, 28, generator=generator)
    for own, again in zip(model.noise(2, seeded()), model.noise(2, seeded()), strict=True):
        assert torch.equal(own, again)
    for bias, wanted in ((1.5, 1), (-1.5, 0)):
        torch.nn.init.zeros_(model.last[3].weight)
        with torch.no_grad():
            model.last[3].bias.copy_(torch.tensor([bias, 0.0, -9.0]).repeat_interleave(4))
        means, _ = model.samples(x, torch.ones(2, 1, 28, 28), torch.full((2, 1, 1, 1), 0.1), 2, seeded())
        assert (means == wanted).all()
