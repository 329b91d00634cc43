"""Figures of samples against closed forms: two Gaussians, the same set, sets far apart, a mode that is missing."""

import math

import pytest
import torch

from vaedemo.errors import ConfigError
from vaedemo.maths import quality


def test_frechet_is_that_of_two_gaussians(generator):
    a = torch.randn(200_000, 3, generator=generator)
    b = torch.randn(200_000, 3, generator=generator) * torch.tensor([2.0, 0.5, 1.0]) + torch.tensor([1.0, 0.0, -2.0])
    # Diagonal covariances commute: |difference of means|^2 + sum of (sigma_a - sigma_b)^2.
    assert quality.frechet(a, b) == pytest.approx(5 + 1 + 0.25, rel=0.02)
    assert quality.frechet(b, a) == pytest.approx(quality.frechet(a, b), rel=1e-9)


def test_frechet_of_covariances_that_do_not_commute():
    """Against the trace of the root of the plain product, whose eigenvalues are positive all the same."""
    g = torch.Generator().manual_seed(1)
    a, b = (torch.randn(500, 6, generator=g).double() @ torch.randn(6, 6, generator=g).double() for _ in range(2))
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(ca @ cb).real.sqrt().sum()
    expected = (a.mean(0) - b.mean(0)).square().sum() + ca.trace() + cb.trace() - 2 * root
    assert quality.frechet(a, b) == pytest.approx(expected.item(), rel=1e-9)


def test_frechet_of_one_set_with_itself_even_without_full_rank(generator):
    a = torch.randn(50, 64, generator=generator)
    a[:, 7] = 0
    assert quality.frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert quality.frechet(a, a + 3) == pytest.approx(9 * 64, rel=1e-6)
    assert quality.frechet(a[:, :1], a[:, :1] * 2) > 0


def test_identical_sets(generator):
    a = torch.randn(1500, 4, generator=generator)
    assert quality.precision_recall(a, a) == (1, 1)
    density, coverage = quality.density_coverage(a, a, k=5)
    assert density == pytest.approx(6 / 5, abs=0.01)  # its own ball, and on average k balls of others
    assert coverage == 1


def test_two_draws_of_one_distribution(generator):
    a, b = torch.randn(2, 1500, 4, generator=generator)
    assert quality.density_coverage(a, b, k=5).density == pytest.approx(1, abs=0.1)
    assert quality.density_coverage(a, b, k=5).coverage == pytest.approx(1 - 0.5**5, abs=0.03)  # Naeem et al., eq. 9


def test_disjoint_sets(generator):
    a = torch.randn(300, 4, generator=generator)
    assert quality.precision_recall(a, a + 100) == (0, 0)
    assert quality.density_coverage(a, a + 100) == (0, 0)


def test_a_mode_that_is_dropped_costs_recall_and_not_precision(generator):
    modes = torch.tensor([[0.0, 0.0], [50.0, 0.0]])
    real = torch.randn(2000, 2, generator=generator) + modes[torch.arange(2000) % 2]
    fake = torch.randn(2000, 2, generator=generator)
    precision, recall = quality.precision_recall(real, fake)
    assert precision > 0.95 and recall == pytest.approx(0.5, abs=0.03)
    assert quality.density_coverage(real, fake).coverage == pytest.approx(0.5, abs=0.03)


def test_confidence_and_entropy():
    sure, torn = torch.tensor([[0.95, 0.05], [0.05, 0.95]]), torch.full((2, 2), 0.5)
    assert quality.confident_share(sure) == 1
    assert quality.confident_share(torch.cat([sure, torn])) == 0.5
    assert quality.class_entropy(sure) == pytest.approx(math.log(2))
    assert quality.class_entropy(sure[:1]) == 0
    assert quality.class_entropy(torch.eye(10)) == pytest.approx(math.log(10))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: quality.frechet(torch.zeros(3), torch.zeros(3, 2)),
            r"features have shape \(3,\); give 2 rows or more",
        ),
        (lambda: quality.frechet(torch.zeros(1, 2), torch.zeros(3, 2)), r"features have shape \(1, 2\)"),
        (lambda: quality.frechet(torch.full((3, 2), math.nan), torch.zeros(3, 2)), "the features hold values that are"),
        (
            lambda: quality.precision_recall(torch.zeros(3, 2), torch.zeros(3, 2), k=3),
            "3 pictures have no 3 neighbours",
        ),
        (lambda: quality.confident_share(torch.zeros(0, 10)), "there are no pictures to measure"),
        (lambda: quality.class_entropy(torch.zeros(0, 10)), "there are no pictures to measure"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, says):
    with pytest.raises(ConfigError, match=f"^{says}"):
        call()


def test_the_fewest_pictures_that_can_be_measured():
    two = torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    assert quality.frechet(two, two + 3) == pytest.approx(18)
    four = torch.eye(4)
    assert quality.precision_recall(four, four, k=3) == (1, 1)  # each of the others is a neighbour


def test_the_numbers_of_neighbours_are_the_papers_and_confidence_exceeds_its_threshold(generator):
    real, fake = torch.randn(60, 6, generator=generator), 1 + torch.randn(60, 6, generator=generator)
    assert quality.precision_recall(real, fake) == quality.precision_recall(real, fake, k=3)
    assert quality.precision_recall(real, fake) != quality.precision_recall(real, fake, k=4)
    assert quality.density_coverage(real, fake) == quality.density_coverage(real, fake, k=5)
    even = torch.tensor([[0.75, 0.25], [0.7500001, 0.2499999], [0.5, 0.5]])
    assert quality.confident_share(even, threshold=0.75) == pytest.approx(1 / 3)
