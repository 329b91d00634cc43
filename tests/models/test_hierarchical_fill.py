"""How a photograph's holes are filled before the network sees it, against closed forms and a plain loop."""

import math

import numpy as np
import pytest
import torch

from vaedemo.models import hierarchical
from vaedemo.models.hierarchical import fill_holes


def test_the_laplacian_of_a_parabola_is_constant_and_the_edge_goes_on():
    y, x = torch.meshgrid(torch.arange(6.0), torch.arange(7.0), indexing="ij")
    found = hierarchical._laplacian((x**2 + 3 * y**2)[None, None])
    assert torch.equal(found[0, 0, 1:-1, 1:-1], torch.full((4, 5), 8.0))
    assert found[0, 0, 0, 2] == 2 + 3  # above the first row lies the first row again
    assert not hierarchical._laplacian(torch.full((1, 2, 3, 3), 0.7)).any()


def test_bending_least_solves_the_biharmonic_equation_in_a_small_hole(generator):
    value = torch.rand(1, 1, 9, 9, generator=generator, dtype=torch.float64)
    hole = torch.zeros_like(value)
    hole[..., 4, 3:6] = hole[..., 5, 4] = 1
    found = hierarchical._bent_least(value, hole, 60)
    assert torch.equal(found * (1 - hole), value * (1 - hole))
    missing = hole.flatten().nonzero()[:, 0]

    def bent(flat):
        return hierarchical._laplacian(hierarchical._laplacian(flat.view(1, 1, 9, 9))).flatten()

    columns = torch.stack([bent(torch.eye(81, dtype=torch.float64)[i]) for i in range(81)], 1)
    known = (value * (1 - hole)).flatten()
    exact = torch.linalg.solve(columns[missing][:, missing], -(columns @ known)[missing])
    assert torch.allclose(found.flatten()[missing], exact, atol=1e-3)
    few = hierarchical._bent_least(value, hole, 12).flatten()[missing]
    first = value.flatten()[missing]
    bound = 1 / math.cosh(12 * math.acosh((64 + 0.5) / (64 - 0.5)))  # of Chebyshev's iteration
    assert (few - exact).norm() < bound * (first - exact).norm()


def test_chebyshevs_steps_are_the_best_polynomial_of_the_residual():
    """Of one unknown the operator is the number a; the error after n rounds is T_n((m - a) / h) / T_n(m / h)."""
    value, hole = torch.zeros(1, 1, 9, 9, dtype=torch.float64), torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    value[..., 4, 4], hole[..., 4, 4] = 1, 1
    a = hierarchical._laplacian(hierarchical._laplacian(value))[0, 0, 4, 4].item()
    assert a == 20
    middle, half = (64 + 0.5) / 2, (64 - 0.5) / 2
    for n in (1, 2, 5):
        found = hierarchical._bent_least(value, hole, n)[0, 0, 4, 4].item()
        wanted = math.cos(n * math.acos((middle - a) / half)) / math.cosh(n * math.acosh(middle / half))
        assert found == pytest.approx(wanted, abs=1e-9)


def test_averages_are_over_what_is_known():
    value = torch.tensor([[1.0, 9.0, 5.0, 9.0], [3.0, 9.0, 9.0, 9.0]])[None, None]
    known = torch.tensor([[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])[None, None]
    mean, reached = hierarchical._averaged(value, known, torch.nn.functional.avg_pool2d)
    assert torch.allclose(mean, torch.tensor([[2.0, 0.0]])) and torch.equal(reached, torch.tensor([[[[1.0, 0.0]]]]))


def test_a_hole_in_a_ramp_is_filled_with_the_ramp_and_cut_to_the_range():
    ramp = torch.linspace(0.1, 0.9, 64).expand(1, 2, 64, 64)
    mask = torch.ones(1, 1, 64, 64)
    mask[..., 30:33, 20:40] = 0
    assert torch.allclose(fill_holes(ramp * mask, mask), ramp, atol=2e-3)
    steep = torch.where(torch.arange(64) < 32, 0.0, 1.0).expand(1, 1, 64, 64)
    mask[...] = 1
    mask[..., 20:44, 28:36] = 0
    found = fill_holes(steep * mask, mask)
    assert found.min() == 0 and found.max() == 1
    assert torch.equal(fill_holes(2 * ramp, torch.ones_like(mask)), 2 * ramp)  # nothing is missing: nothing is changed


def test_without_rounds_a_hole_holds_the_averages_of_what_is_known():
    y, mask = torch.rand(1, 1, 32, 32), torch.zeros(1, 1, 32, 32)
    mask[..., :16] = 1
    y[..., :16], y[..., 16:] = 0.25, 0.75
    assert torch.allclose(fill_holes(y, mask, rounds=0), torch.full_like(y, 0.25))
    one = torch.zeros(1, 1, 64, 64)
    one[..., :32, :32] = 1
    corner = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    found = fill_holes(corner, one, rounds=0)
    assert found[0, 0, -1, -1].item() == pytest.approx(corner[..., :32, :32].mean().item(), abs=1e-6)


def pooled(value, known):
    """Means of the known ones among each two by two, and where there are any, of arrays (H, W)."""
    parts = [t.reshape(t.shape[0] // 2, 2, t.shape[1] // 2, 2) for t in (value * known, known)]
    total, count = (t.sum((1, 3)) for t in parts)
    return total / np.maximum(count, 1e-9), (count > 0).astype(float)


def doubled(value):
    """Twice the size, linearly: a new sample lies a quarter of the way to the next old one."""
    for _ in range(2):
        wide = np.pad(value, ((1, 1), (0, 0)), "edge")
        near = 0.75 * value
        value = np.stack([near + 0.25 * wide[:-2], near + 0.25 * wide[2:]], 1).reshape(-1, value.shape[1]).T
    return value


def pushed_and_pulled(value, known, ground):
    """fill_holes without its rounds, of one channel (H, W)."""
    steps = []
    for _ in range(5):
        steps.append((value, known))
        value, known = pooled(value, known)
    for _ in range(2):
        new = value * known, known
        height, width = value.shape
        value, known = np.full_like(value, ground), np.zeros_like(known)
        for i in range(height):
            for j in range(width):
                near = (slice(max(0, i - 1), i + 2), slice(max(0, j - 1), j + 2))
                if new[1][i, j]:
                    value[i, j], known[i, j] = new[0][i, j], 1
                elif new[1][near].any():
                    value[i, j], known[i, j] = new[0][near].sum() / new[1][near].sum(), 1
    for finer, there in reversed(steps):
        value = np.where(there > 0, finer, doubled(value))
    return value


@pytest.mark.parametrize("guessed", [False, True])
def test_a_filling_without_rounds_written_out(guessed, generator):
    y, guess = torch.rand(2, 1, 2, 160, 128, generator=generator) * 0.6 + 0.2
    mask = (torch.rand(1, 1, 160, 128, generator=generator) < 0.01).float()
    mask[..., 20:40, 70:100], mask[..., 44:, 40:], mask[..., 60:, :] = 1, 0, 0
    y, guess = y.double() * mask, guess.double() if guessed else None
    found = fill_holes(y, mask.double(), guess, rounds=0)
    known = mask[0, 0].numpy().astype(float)
    for k in range(2):
        start = y[0, k].numpy() if guess is None else (y[0, k] - guess[0, k]).numpy() * known
        wanted = pushed_and_pulled(start, known, 0.0 if guessed else 0.5)
        wanted = wanted if guess is None else guess[0, k].numpy() + wanted
        wanted = np.where(known > 0, y[0, k].numpy(), wanted.clip(0, 1))
        assert np.abs(found[0, k].numpy() - wanted).max() < 1e-6
    assert found[0, 0, -1, -1] == (0.5 if guess is None else guess[0, 0, -1, -1])  # nothing known is near


def test_a_guess_is_moved_to_meet_what_is_known(generator):
    y = 0.3 + 0.4 * torch.rand(1, 3, 64, 64, generator=generator)
    mask = torch.ones(1, 1, 64, 64)
    mask[..., 10:50, 20:40] = 0
    assert torch.allclose(fill_holes(y * mask, mask, y + 0.2), y, atol=1e-5)
    assert torch.allclose(fill_holes(y * 0, 0 * mask, y), y, atol=1e-6)
    found = fill_holes(torch.ones_like(y) * mask, mask, torch.zeros_like(y) + 0.5)
    assert found.max() == 1 and torch.allclose(found, torch.ones_like(y))
    wild = 3 * y - 1  # noise that was not clipped
    assert torch.equal(fill_holes(wild * mask, mask) * mask, wild * mask)
