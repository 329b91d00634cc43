"""Oriented gradients: closed forms, invariances, and what is refused."""

import math

import pytest
import torch

from vaedemo.errors import PictureError
from vaedemo.maths.gradients import DIRECTIONS, STRIDE, gradients


@pytest.fixture
def x(generator):
    return torch.rand(3, 1, 28, 20, generator=generator)


def mosaic(described, height=28, width=28):
    """(N, directions, rows, columns)."""
    return described.view(-1, DIRECTIONS, height // STRIDE, width // STRIDE)


def test_a_slope_is_as_steep_as_it_is_in_its_own_direction():
    """A ramp of 0.02 a pixel to the right: cos^2 of the angle to each direction, 0 where that is obtuse."""
    x = (0.02 * torch.arange(28.0)).expand(1, 1, 28, 28)
    middle = mosaic(gradients(x))[0, :, 3, 3].square()
    cosine = torch.cos(2 * math.pi * torch.arange(DIRECTIONS) / DIRECTIONS)
    assert torch.allclose(middle, 0.02 * cosine.clamp(min=0).square(), atol=1e-5)


def test_a_flat_picture_has_no_gradient_away_from_its_edges():
    assert not gradients(torch.zeros(2, 1, 28, 28)).any()
    assert not gradients(torch.zeros(2, 1, 28, 28), contrast=0).any()
    inside = mosaic(gradients(torch.full((1, 1, 40, 40), 0.7)), 40, 40)[0, :, 4:6, 4:6]
    assert inside.abs().max() < 1e-3


def test_a_picture_upside_down_has_its_directions_and_rows_upside_down(generator):
    """Row 28 - i in place of i, so that the places, pixels 2, 6, ... 26, fall on each other."""
    x = torch.rand(2, 1, 28, 28, generator=generator)
    x[:, :, :4] = x[:, :, -4:] = 0
    opposite = -torch.arange(DIRECTIONS) % DIRECTIONS
    flipped = mosaic(gradients(x.flip(2).roll(1, 2)))
    assert torch.allclose(flipped, mosaic(gradients(x))[:, opposite].flip(2), atol=1e-5)


def test_contrast_is_kept_or_levelled(x):
    assert torch.allclose(gradients(0.25 * x), 0.5 * gradients(x), atol=1e-5)
    assert torch.allclose(gradients(0.25 * x, contrast=0), gradients(x, contrast=0), atol=1e-4)
    lengths = gradients(x, contrast=0).square().norm(dim=1)
    assert torch.allclose(lengths, torch.ones(3), atol=1e-4)


def test_a_picture_has_its_own_whatever_stands_beside_it(x):
    assert gradients(x).shape == (3, DIRECTIONS * 7 * 5)
    assert torch.allclose(gradients(x)[1:2], gradients(x[1:2]), atol=1e-6)


@pytest.mark.parametrize("shape", [(28, 28), (2, 3, 28, 28), (2, 1, 30, 28), (2, 1, 28, 27), (0, 1, 28, 28)])
def test_what_is_no_picture_of_it_is_refused(shape):
    with pytest.raises(PictureError, match="both sides multiples of 4"):
        gradients(torch.zeros(shape))
