import math

import numpy as np
import pytest
import scipy.stats
import torch

from tests.conftest import small
from vaedemo.data.damage import random_corruption
from vaedemo.maths import gaussian
from vaedemo.models import build_model, objectives
from vaedemo.models.likelihoods import LIKELIHOODS


class Linear(torch.nn.Module):
    """p(x|z) = N(a z, s^2), q(z|x) = N(m x, exp(v)) on pictures of one pixel: everything has a closed form."""

    def __init__(self, a=0.8, s=0.5, m=0.6, v=-1.0, beta=1.0, likelihood="gaussian"):
        super().__init__()
        self.config = small("vae", latent_dim=1, likelihood=likelihood, beta=beta)
        self.a, self.m, self.v = a, m, v
        self.log_sigma = torch.tensor(math.log(s))

    def encode(self, x):
        mu = self.m * x.flatten(1)
        return mu, torch.full_like(mu, self.v)

    def likelihood_parameters(self, z):
        return (self.a * z)[:, :, None, None]


@pytest.fixture
def x():
    return torch.tensor([0.2, 0.9, 0.5])[:, None, None, None]


def test_elbo_equals_its_closed_form(x, generator):
    model = Linear(beta=1.0)
    many = x.repeat(100_000, 1, 1, 1)
    got = objectives.terms(model, many, torch.randn(len(many), 1, generator=generator))
    s2 = 0.25
    mu, var = 0.6 * x.flatten(), math.exp(-1)
    expected = 0.5 * math.log(2 * math.pi * s2) + ((x.flatten() - 0.8 * mu) ** 2 + 0.64 * var) / (2 * s2)
    assert got.distortion.mean().item() == pytest.approx(expected.mean().item(), abs=0.01)
    kl = gaussian.kl(mu, torch.tensor(-1.0)).mean()
    assert got.kl.mean().item() == pytest.approx(kl.item(), rel=1e-4)
    assert got.loss.item() == pytest.approx((expected.mean() + kl).item(), abs=0.01)


def test_importance_bound_reaches_the_exact_likelihood_and_falls_with_k(x):
    model = Linear()
    exact = -gaussian.log_prob(x.flatten(), torch.tensor(0.0), torch.tensor(0.64 + 0.25).log())
    bounds = []
    for k in (1, 5, 50, 5000):
        draws = [
            objectives.importance_bound(model, x, k, torch.Generator().manual_seed(s), False)
            for s in range(200 if k < 100 else 5)
        ]
        bounds.append(torch.stack(draws).mean())
    assert bounds[0] > bounds[1] > bounds[2] > bounds[3] - 1e-3
    assert bounds[3].item() == pytest.approx(exact.mean().item(), abs=2e-3)


def test_importance_bound_with_one_sample_is_the_negative_elbo(generator):
    model = build_model(small("vae", likelihood="bernoulli"), seed=1).eval()
    x = (torch.rand(500, 1, 28, 28, generator=generator) < 0.2).float()
    bound = objectives.importance_bound(model, x, 1, torch.Generator().manual_seed(0))
    got = objectives.terms(model, x, torch.randn(500, 3, generator=generator))
    elbo = got.distortion + got.kl.sum(1)
    assert (bound - elbo).mean().abs() < 4 * (bound - elbo).std() / math.sqrt(500)


def test_chunks_do_not_change_the_bound(x):
    model = Linear()
    a = objectives.importance_bound(model, x, 50, torch.Generator().manual_seed(0), chunk=50)
    b = objectives.importance_bound(model, x, 50, torch.Generator().manual_seed(0), chunk=7)
    assert torch.allclose(a, b, atol=0.3)  # other draws of the same estimate


@pytest.mark.parametrize("likelihood", ["gaussian", "logistic"])
@pytest.mark.parametrize("sigma", [0.002, 0.05, 1.0, 30.0])
@pytest.mark.parametrize("mean", [-0.2, 0.0, 0.31, 1.0, 1.4])
def test_discretised_levels_sum_to_one(sigma, mean, likelihood):
    model = Linear(s=sigma, likelihood=likelihood)
    levels = (torch.arange(256) / 255)[:, None, None, None]
    theta = torch.full_like(levels, mean)
    p = torch.exp(-objectives.distortion(model, theta, levels, discretised=True))
    assert p.sum().item() == pytest.approx(1, abs=2e-3)


def test_discretised_is_the_density_times_the_level_width_where_sigma_is_wide():
    model = Linear(s=0.3)
    x = torch.full((1, 1, 1, 1), 100 / 255)
    theta = torch.full_like(x, 0.5)
    cost = objectives.distortion(model, theta, x)
    levels = objectives.distortion(model, theta, x, discretised=True)
    assert levels.item() == pytest.approx(cost.item() + math.log(255), abs=1e-3)


@pytest.mark.parametrize("likelihood", ["gaussian", "logistic"])
def test_discretised_has_finite_values_and_gradients_far_away(likelihood):
    model = Linear(s=0.003, likelihood=likelihood)
    x = torch.tensor([0.0, 0.5, 1.0])[:, None, None, None]
    theta = torch.tensor([5.0, -5.0, -5.0])[:, None, None, None].requires_grad_()
    cost = objectives.distortion(model, theta, x, discretised=True)
    cost.sum().backward()
    assert torch.isfinite(cost).all() and (cost > 1000).all()
    assert torch.isfinite(theta.grad).all()


def test_bernoulli_with_grey_pixels_is_the_expectation_over_binarisations(generator):
    model = build_model(small("vae", likelihood="bernoulli"))
    x, theta = torch.rand(1, 1, 28, 28, generator=generator), torch.randn(1, 1, 28, 28, generator=generator)
    drawn = (torch.rand(4000, 1, 28, 28, generator=generator) < x).float()
    costs = objectives.distortion(model, theta.expand(4000, -1, -1, -1), drawn)
    exact = objectives.distortion(model, theta, x).item()
    assert abs(costs.mean().item() - exact) < 4 * costs.std().item() / math.sqrt(4000)


def test_beta_weighs_the_kl_only(generator):
    x, eps = torch.rand(8, 1, 28, 28, generator=generator), torch.randn(8, 3, generator=generator)
    one, four = (build_model(small("vae", beta=b), seed=2) for b in (1.0, 4.0))
    a, b = objectives.terms(one, x, eps), objectives.terms(four, x, eps)
    assert torch.equal(a.distortion, b.distortion)
    assert b.loss.item() == pytest.approx((a.loss + 3 * a.kl.sum(1).mean()).item(), rel=1e-5)


def test_total_correlation_is_that_of_the_mean_of_the_batchs_posteriors(generator):
    """Written out in double precision; nought of one dimension, and of dimensions that say nothing in common."""
    mu, logvar, eps = (torch.randn(6, 3, generator=generator) for _ in range(3))
    z = gaussian.sample(mu, logvar, eps)
    found = objectives.total_correlation(z, mu, logvar).item()
    law = scipy.stats.norm(mu.double().numpy(), torch.exp(0.5 * logvar).double().numpy())
    each = np.array([law.pdf(one) for one in z.double().numpy()])  # of code i under posterior j, in each dimension
    joint, apart = np.log(each.prod(2).mean(1)), np.log(each.mean(1)).sum(1)
    assert found == pytest.approx((joint - apart).mean(), rel=1e-4)
    assert objectives.total_correlation(z[:, :1], mu[:, :1], logvar[:, :1]).item() == pytest.approx(0, abs=1e-6)
    alike = torch.zeros(6, 3)
    assert objectives.total_correlation(eps, alike, alike).item() == pytest.approx(0, abs=1e-5)


def test_a_tc_vae_pays_for_the_total_correlation_beside_the_elbo(generator):
    x, eps = torch.rand(8, 1, 28, 28, generator=generator), torch.randn(8, 3, generator=generator)
    model = build_model(small("tc-vae"), seed=2)
    plain, priced = objectives.terms(model, x, eps), objectives.terms(model, x, eps, 5.0)
    mu, logvar = model.encode(x)
    price = 5 * objectives.total_correlation(gaussian.sample(mu, logvar, eps), mu, logvar)
    assert priced.loss.item() == pytest.approx((plain.loss + price).item(), rel=1e-6)
    assert torch.equal(plain.kl, priced.kl) and torch.equal(plain.distortion, priced.distortion)


def test_an_autoencoder_minimises_squared_error(generator):
    model, x = build_model(small("ae")), torch.rand(4, 1, 28, 28, generator=generator)
    got = objectives.terms(model, x)
    expected = (model.decoder(model.encode(x).mu) - x).square().sum() / 4
    assert got.kl is None
    assert got.loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_bernoulli_cost_is_the_cross_entropy_of_each_picture(generator):
    model = build_model(small("vae", likelihood="bernoulli"))
    x, theta = torch.rand(3, 1, 4, 5, generator=generator), 3 * torch.randn(3, 1, 4, 5, generator=generator)
    p = torch.sigmoid(theta)
    wanted = -(x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2, 3))
    assert torch.allclose(objectives.distortion(model, theta, x), wanted, rtol=1e-5)
    assert torch.equal(objectives.distortion(model, theta, x, True), objectives.distortion(model, theta, x))


def test_a_gaussian_cost_is_that_of_a_density_or_of_a_level(generator):
    """With 8 bits: the probability of each level, by the distribution function in double precision."""
    model, x = Linear(s=0.2), torch.randint(0, 256, (3, 1, 4, 5), generator=generator) / 255
    x[0, 0, 0], x[1, 0, 0] = 0, 1
    theta = (x + 0.4 * torch.randn(x.shape, generator=generator)).clamp(-0.5, 1.5)
    law = torch.distributions.Normal(theta.double(), 0.2)
    assert torch.allclose(objectives.distortion(model, theta, x).double(), -law.log_prob(x.double()).sum((1, 2, 3)))
    low, high = (law.cdf(x.double() + side * 0.5 / 255) for side in (-1, 1))
    low[x == 0], high[x == 1] = 0, 1
    found = objectives.distortion(model, theta, x, discretised=True)
    assert torch.allclose(found.double(), -(high - low).log().sum((1, 2, 3)), rtol=1e-4)


def test_a_logistic_cost_is_that_of_a_level_by_its_distribution_function(generator):
    """SciPy's logistic law, whose scale follows from the standard deviation, in double precision."""
    sigma, x = 0.07, torch.randint(0, 256, (3, 1, 4, 5), generator=generator) / 255
    x[0, 0, 0], x[1, 0, 0] = 0, 1
    model = Linear(s=sigma, likelihood="logistic")
    theta = (x + 0.2 * torch.randn(x.shape, generator=generator)).clamp(-0.5, 1.5)
    law = scipy.stats.logistic(theta.double().numpy(), sigma * math.sqrt(3) / math.pi)
    assert law.std() == pytest.approx(np.full(theta.shape, sigma))
    low, high = (law.cdf(x.double().numpy() + side * 0.5 / 255) for side in (-1, 1))
    low[x == 0], high[x == 1] = 0, 1
    found = objectives.distortion(model, theta, x)
    assert found.numpy() == pytest.approx(-np.log(high - low).sum((1, 2, 3)), rel=1e-4)
    assert torch.equal(found, objectives.distortion(model, theta, x, discretised=True))


@pytest.mark.parametrize("name", ["bernoulli", "gaussian", "logistic"])
def test_the_mean_picture_is_the_mean_of_the_levels(name, generator):
    """But for a Gaussian, whose mean is cut to [0, 1] instead."""
    law, log_sigma = LIKELIHOODS[name], torch.tensor(math.log(0.1))
    theta = torch.tensor([-0.3, -0.02, 0.04, 0.5, 0.93, 1.2])[:, None]
    levels = torch.arange(2 if name == "bernoulli" else 256)[None] / (1 if name == "bernoulli" else 255)
    p = torch.exp(-law.levels(theta.expand(-1, levels.shape[1]), levels.expand(len(theta), -1), log_sigma))
    wanted = theta[:, 0].clamp(0, 1) if name == "gaussian" else (p * levels).sum(1)
    assert law.mean(theta[:, 0], log_sigma).tolist() == pytest.approx(wanted.tolist(), abs=2e-5)


def test_a_level_costs_something_finite_however_wide_sigma_is():
    x = torch.full((1, 1, 1, 1), 100 / 255)
    wide = objectives.distortion(Linear(s=1e6), x, x, discretised=True).item()
    assert wide == pytest.approx(-math.log(0.5 * 2**-23), abs=1e-3)  # rounding's next number below one


def bound_by_hand(model, x, k, generator, chunk=50):
    """-log of the mean weight p(x, z) / q(z|x) of k draws."""
    mu, logvar = model.encode(x)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    logs = []
    for first in range(0, k, chunk):
        z = mu + q.stddev * torch.randn(min(chunk, k - first), *mu.shape, generator=generator)
        for one in z:
            law = torch.distributions.Normal(model.likelihood_parameters(one), model.log_sigma.exp())
            likely = law.log_prob(x).sum((1, 2, 3)) + torch.distributions.Normal(0, 1).log_prob(one).sum(1)
            logs.append(likely - q.log_prob(one).sum(1))
    return math.log(k) - torch.stack(logs).logsumexp(0)


@pytest.mark.parametrize("k", [1, 7, 60])
def test_an_importance_bound_written_out(k, generator):
    model, x = (
        build_model(small("vae"), seed=1).eval().requires_grad_(False),
        torch.rand(2, 1, 28, 28, generator=generator),
    )
    for p in model.parameters():
        p += 0.05 * torch.randn(p.shape, generator=generator)
    sizes, decode = [], model.likelihood_parameters
    model.likelihood_parameters = lambda z: sizes.append(len(z)) or decode(z)
    found = objectives.importance_bound(model, x, k, torch.Generator().manual_seed(2), False)
    assert sizes == [2 * n for n in {1: [1], 7: [7], 60: [50, 10]}[k]]  # fifty samples of each at a time
    assert torch.allclose(found, bound_by_hand(model, x, k, torch.Generator().manual_seed(2)), rtol=1e-5)
    parts = objectives.importance_bound(model, x, k, torch.Generator().manual_seed(2), False, chunk=3)
    assert torch.allclose(parts, bound_by_hand(model, x, k, torch.Generator().manual_seed(2), chunk=3), rtol=1e-5)
    levels = objectives.importance_bound(model, x, k, torch.Generator().manual_seed(2))
    assert torch.equal(levels, objectives.importance_bound(model, x, k, torch.Generator().manual_seed(2), True))
    assert not torch.allclose(levels, found) and not levels.requires_grad


@pytest.fixture
def restoring(generator):
    """A conditional model of random weights, a batch of six and what its terms take; beta is not one."""
    model = build_model(small("conditional", neck=2, beta=2.5))
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.05, generator=generator)
    x = torch.rand(6, 1, 28, 28, generator=generator)
    return model.requires_grad_(False), (x, *random_corruption(x, generator)), model.noise(12, generator)


def test_what_is_between_the_processes_shares_is_the_whole_batchs(restoring):
    """Of a row each, of two and of three; first rows of both halves, of one alone, in any number of processes."""
    model, batch, eps = restoring
    whole = objectives.terms(model, *batch, *eps)
    assert whole.distortion.shape == (3,) and whole.kl.shape == (3, 1)
    for world in (2, 3, 6):
        found = []
        for rank in range(world):
            places = torch.arange(6)[rank::world]
            found.append(objectives.terms(model, *(t[places] for t in batch), *eps, places))
            own = int((places < 3).sum())
            assert found[-1].distortion.shape == (own,) and found[-1].kl.shape == (own, 1)
            assert torch.allclose(found[-1].distortion, whole.distortion[places[:own]], rtol=1e-4)
            assert torch.allclose(found[-1].kl, whole.kl[places[:own]], rtol=1e-4)
        assert torch.stack([f.loss for f in found]).mean().item() == pytest.approx(whole.loss.item(), rel=1e-4)


@pytest.mark.parametrize("n", [1, 5, 6])
def test_a_loss_weighs_the_kl_by_beta_and_the_mean_as_the_error_of_sigma_one_tenth(n, restoring):
    model, batch, eps = restoring
    batch, (dense, deep), half = [t[:n] for t in batch], (e[: 2 * n] for e in eps), (n + 1) // 2
    found = objectives.terms(model, *batch, dense, deep)
    x, y, mask, level = batch
    features = model.encode(y, level, mask)
    first = model.decode(features.rows(slice(half)), {"dense": dense[:half], "map": deep[:half]}, x[:half])
    law = torch.distributions.Normal(first.mean, first.log_scale.exp())
    cost = -law.log_prob(x[:half]).sum((1, 2, 3))
    assert torch.allclose(found.distortion, cost, rtol=1e-4) and torch.allclose(found.kl[:, 0], first.kl, rtol=1e-4)
    wanted = (cost + 2.5 * first.kl).mean()
    if n > half:
        rest = features.rows(slice(half, n))
        at = (slice(half, n), slice(n, 2 * n - half))
        a, b = (x[half:] - model.decode(rest, {"dense": dense[rows], "map": deep[rows]}).mean for rows in at)
        wanted = wanted + (a * b).sum((1, 2, 3)).mean() / (2 * 0.1**2)
    assert found.loss.item() == pytest.approx(wanted.item(), rel=1e-4)
