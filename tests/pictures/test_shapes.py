import math

import pytest
import torch

from vaedemo.pictures import shapes


def test_same_seed_same_pictures_and_factors_in_range():
    a, b = shapes.generate(64, seed=3), shapes.generate(64, seed=3)
    assert torch.equal(a.x, b.x) and torch.equal(a.factors, b.factors)
    assert not torch.equal(a.x, shapes.generate(64, seed=4).x)
    assert a.x.shape == (64, 1, 64, 64) and a.x.min() >= 0 and a.x.max() <= 1
    kind, size, angle, x, y = a.factors.unbind(1)
    assert set(kind.tolist()) <= {0.0, 1.0, 2.0}
    assert size.min() >= 0.5 and size.max() <= 1 and angle.min() >= 0 and angle.max() <= 2 * math.pi
    assert min(x.min(), y.min()) >= 0.25 and max(x.max(), y.max()) <= 0.75


@pytest.mark.parametrize(("kind", "area"), [(0, 1.6**2), (1, math.pi * 0.55)])
def test_antialiased_area_is_the_figures(kind, area):
    x = shapes.draw(torch.tensor([[kind, 0.9, 0.4, 0.47, 0.53]]))
    assert x.sum().item() == pytest.approx(area * (0.9 * shapes.UNIT * 64) ** 2, rel=0.02)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_no_figure_is_cut_by_its_window_or_the_edge(kind):
    angles = torch.linspace(0, 2 * math.pi, 40)
    factors = torch.stack([torch.tensor([kind, 1.0, a, 0.25, 0.75]) for a in angles])
    mass = shapes.draw(factors).sum((1, 2, 3))
    assert mass.std() / mass.mean() < 0.01


def test_figures_are_where_and_as_large_as_their_factors_say():
    x = shapes.draw(torch.tensor([[1, 1.0, 0.0, 0.3, 0.6], [1, 0.5, 0.0, 0.3, 0.6]]))[:, 0]
    at = (torch.arange(64) + 0.5) / 64
    for picture in x:
        assert (picture.sum(0) * at).sum() / picture.sum() == pytest.approx(0.3, abs=0.005)
        assert (picture.sum(1) * at).sum() / picture.sum() == pytest.approx(0.6, abs=0.005)
    assert x[0].sum() / x[1].sum() == pytest.approx(4, rel=0.05)


def test_other_sizes_and_none():
    assert shapes.draw(shapes.sample_factors(2, torch.Generator().manual_seed(0)), 32).shape == (2, 1, 32, 32)
    assert shapes.generate(0).x.shape == (0, 1, 64, 64)
