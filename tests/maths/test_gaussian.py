import math

import pytest
import torch

from vaedemo.maths import gaussian


def test_kl_closed_form_equals_monte_carlo(generator):
    mu, logvar = torch.tensor([0.7, -1.2]), torch.tensor([-1.0, 0.5])
    eps = torch.randn(200_000, 2, generator=generator)
    z = gaussian.sample(mu, logvar, eps)
    draws = gaussian.log_prob(z, mu, logvar) - gaussian.log_prob(z, torch.zeros(2), torch.zeros(2))
    standard_error = draws.std(0) / math.sqrt(len(draws))
    assert (gaussian.kl(mu, logvar) - draws.mean(0)).abs().le(4 * standard_error).all()


def test_kl_of_the_prior_is_zero_and_positive_elsewhere(generator):
    assert gaussian.kl(torch.zeros(3), torch.zeros(3)).abs().max() == 0
    assert gaussian.kl(torch.randn(100, generator=generator), torch.randn(100, generator=generator)).min() > 0


def test_a_switched_off_number_costs_nothing_and_never_less():
    logvar = torch.linspace(-1e-3, 1e-3, 20_001)
    assert gaussian.kl(torch.zeros_like(logvar), logvar).min() >= 0
    assert gaussian.kl(torch.zeros(1), torch.tensor([1e-3])).item() == pytest.approx(2.5e-7, rel=1e-3)


def test_log_prob_integrates_to_one():
    x = torch.linspace(-20, 20, 20_001, dtype=torch.float64)
    p = gaussian.log_prob(x, torch.tensor(1.5), torch.tensor(0.8)).exp()
    assert abs(torch.trapezoid(p, x).item() - 1) < 1e-6


def test_samples_have_the_mean_and_the_deviation(generator):
    eps = torch.randn(100_000, generator=generator)
    z = gaussian.sample(torch.tensor(2.0), torch.tensor(math.log(0.25)), eps)
    assert abs(z.mean().item() - 2) < 0.01
    assert abs(z.std().item() - 0.5) < 0.01


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_pairs_are_fair_draws_whose_mean_is_that_of_all(n):
    drawn = gaussian.pairs(n, 3, 2, generator=torch.Generator().manual_seed(1))
    assert drawn.shape == (n, 3, 2)
    assert torch.equal(drawn[1::2], -drawn[: n // 2 * 2 : 2])
    many = gaussian.pairs(20_000, 1, generator=torch.Generator().manual_seed(2))
    assert many.mean().abs() < 1e-6 and many.std() == pytest.approx(1, abs=0.03)


def test_a_sample_is_the_mean_and_sigma_times_epsilon():
    z = gaussian.sample(
        torch.tensor([1.0, -2.0]), torch.tensor([math.log(4.0), math.log(0.25)]), torch.tensor([0.5, -3.0])
    )
    assert torch.allclose(z, torch.tensor([2.0, -3.5]))


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_pairs_draw_half_as_many_numbers_as_they_give(n):
    own, same = torch.Generator().manual_seed(4), torch.Generator().manual_seed(4)
    assert torch.equal(gaussian.pairs(n, 3, generator=own)[::2], torch.randn((n + 1) // 2, 3, generator=same))
    assert torch.equal(torch.randn(2, generator=own), torch.randn(2, generator=same))  # and what follows


def test_the_spread_of_a_mixture_is_that_of_its_draws(generator):
    means, scales = torch.tensor([[0.0], [1.0], [0.4], [-0.6]]), torch.tensor([[0.3], [0.5], [0.1], [0.2]])
    made = gaussian.total_std(means, scales.square().mean(0))
    assert made.square().item() == pytest.approx((means.var() + scales.square().mean()).item())
    assert gaussian.total_std(means[:2], scales[0].square()).item() == pytest.approx((0.5 + 0.09) ** 0.5)
    many = torch.randn(4000, 50, generator=generator)
    own = torch.full((50,), 0.3)
    draws = many + own * torch.randn(4000, 50, generator=generator)
    assert torch.allclose(gaussian.total_std(many, own**2), draws.std(0), atol=0.08)
    assert torch.equal(gaussian.total_std(means[:1], scales[0].square()), scales[0])
