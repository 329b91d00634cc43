import math

import pytest
import torch

from tests.conftest import small
from vaedemo import gaussian, objectives
from vaedemo.models import build_model


class Linear(torch.nn.Module):
    """p(x|z) = N(a z, s^2), q(z|x) = N(m x, exp(v)) on pictures of one pixel: everything has a closed form."""

    def __init__(self, a=0.8, s=0.5, m=0.6, v=-1.0, beta=1.0):
        super().__init__()
        self.config = small("vae", latent_dim=1, likelihood="gaussian", beta=beta)
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


@pytest.mark.parametrize("sigma", [0.002, 0.05, 1.0, 30.0])
@pytest.mark.parametrize("mean", [-0.2, 0.0, 0.31, 1.0, 1.4])
def test_discretised_levels_sum_to_one(sigma, mean):
    model = Linear(s=sigma)
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


def test_discretised_has_finite_values_and_gradients_far_away():
    model = Linear(s=0.003)
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


def test_an_autoencoder_minimises_squared_error(generator):
    model, x = build_model(small("ae")), torch.rand(4, 1, 28, 28, generator=generator)
    got = objectives.terms(model, x)
    expected = (model.decoder(model.encode(x).mu) - x).square().sum() / 4
    assert got.kl is None
    assert got.loss.item() == pytest.approx(expected.item(), rel=1e-5)
