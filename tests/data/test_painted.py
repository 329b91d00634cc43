"""Damage painted to measure with: it is where it says, of the forms it says, and what changes nothing is none."""

import pytest
import torch

from vaedemo.data.painted import BRUSH, CHANGED, HOLE, LEAST, LEVELS, PAINTS, STAIN_OPACITY, changed, paint
from vaedemo.errors import ConfigError


@pytest.fixture
def x(generator):
    return torch.rand(40, 1, 32, 32, generator=generator)


@pytest.mark.parametrize("kind", list(PAINTS))
def test_it_says_where_it_is_and_changes_nothing_far_from_there(kind, x, generator):
    y, damaged = paint(x, kind, generator)
    assert y.shape == x.shape and damaged.shape == (40, 32, 32) and damaged.dtype == torch.bool
    assert y.min() >= 0 and y.max() <= 1
    assert torch.equal(damaged, (y - x).abs()[:, 0] > CHANGED)
    assert (damaged.flatten(1).float().mean(1) >= LEAST).all()
    if kind != "stains":  # hard: what is not covered is untouched
        covered = (y != x)[:, 0]
        assert torch.isin(y[:, 0][covered], torch.tensor(LEVELS)).all()


def test_a_hole_shows_the_black_ground_and_is_as_large_as_told(x, generator):
    y = paint(torch.ones_like(x), "holes", generator).y
    rows, columns = (y[:, 0] == 0).any(2).sum(1) / 32, (y[:, 0] == 0).any(1).sum(1) / 32
    for side in (rows, columns):
        assert side.min() > HOLE[0] - 2 / 32 and side.max() < HOLE[1] + 1 / 32
    assert set(y.unique().tolist()) == {0, 1}


def test_a_stroke_is_as_wide_as_its_brush(generator):
    """A disc lies in every stroke: the area of the thinnest brush at least."""
    damaged = paint(torch.full((60, 1, 64, 64), 0.25), "strokes", generator).damaged
    assert damaged.flatten(1).sum(1).min() > 3 * (BRUSH[0] * 64) ** 2


def test_a_stain_is_soft_and_lets_the_picture_through(generator):
    y = paint(torch.ones(30, 1, 64, 64), "stains", generator).y
    assert y.min() > 1 - STAIN_OPACITY - 1e-3
    steps = (y[:, :, 1:] - y[:, :, :-1]).abs().max()
    assert 0 < steps < 0.1


def test_black_paint_on_black_is_no_damage_and_is_drawn_again(generator):
    black = torch.zeros(30, 1, 28, 28)
    assert not changed(black, black).any()
    y, damaged = paint(black, "strokes", generator)
    assert damaged.flatten(1).any(1).all() and set(y.unique().tolist()) == {0, 0.5, 1}
    assert not paint(black[:1, :, :8, :8], "holes", generator).damaged.any()  # nothing to erase


def test_colours_are_covered_alike_and_a_seed_gives_the_same(x):
    colour = torch.cat([x, 1 - x, x], 1)
    first, again = (paint(colour, "strokes", torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.y, again.y)
    covered = (first.y != colour).all(1)
    assert covered.any() and torch.equal(first.y[:, 0][covered], first.y[:, 1][covered])
    assert len(paint(x[:0], "holes", torch.Generator()).damaged) == 0


def test_what_cannot_be_painted_is_refused(x, generator):
    with pytest.raises(ConfigError, match="no damage 'holess'; choose from strokes, holes, stains"):
        paint(x, "holess", generator)
    with pytest.raises(ConfigError, match="square"):
        paint(x[..., :20], "holes", generator)
