"""Procedural pictures with known factors, after dSprites (Matthey et al. 2017): drawn, not downloaded.

A picture is one white figure on black; its factors are shape (square, ellipse, heart), size, angle, x, y.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["FACTORS", "NAMES", "PERIODS", "Shapes", "draw", "generate", "sample_factors"]

NAMES = ("square", "ellipse", "heart")
PERIODS = (math.pi / 2, math.pi, 2 * math.pi)  # rotation after which each of them looks the same
FACTORS = ("shape", "size", "angle", "x", "y")
SIZE_RANGE = (0.5, 1.0)
CENTRE_RANGE = (0.25, 0.75)
UNIT = 0.2  # half the side of the largest figure, as a share of the picture


class Shapes(NamedTuple):
    """x float32 (N, 1, S, S) in [0, 1] and factors (N, 5): shape index, size, angle in radians, x and y in [0, 1]."""

    x: Tensor
    factors: Tensor


def sample_factors(n: int, generator: torch.Generator) -> Tensor:
    """Independent uniform factors, (n, 5): shape 0-2, size 0.5-1, angle 0-2 pi, x and y 0.25-0.75."""
    u = torch.rand(n, 5, generator=generator)
    low = torch.tensor([0.0, SIZE_RANGE[0], 0.0, CENTRE_RANGE[0], CENTRE_RANGE[0]])
    high = torch.tensor([len(NAMES), SIZE_RANGE[1], 2 * math.pi, CENTRE_RANGE[1], CENTRE_RANGE[1]])
    factors = low + u * (high - low)
    factors[:, 0] = factors[:, 0].floor().clamp(max=len(NAMES) - 1)
    return factors


def _square(u: Tensor, v: Tensor) -> Tensor:
    return torch.maximum(u.abs(), v.abs()) - 0.8


def _ellipse(u: Tensor, v: Tensor) -> Tensor:
    # First-order distance: the implicit function over the length of its gradient.
    radius = torch.sqrt(u.square() + (v / 0.55).square()).clamp(min=1e-6)
    return (radius - 1) * radius / torch.sqrt(u.square() + (v / 0.55**2).square()).clamp(min=1e-6)


def _heart(u: Tensor, v: Tensor) -> Tensor:
    # A square on its corner, with a half disc on each of its two upper sides; a, b run along the sides.
    side = 0.62
    a, b = (u - v + 0.25) / math.sqrt(2), (u + v - 0.25) / math.sqrt(2)
    box = torch.maximum(a.abs(), b.abs()) - side
    right = torch.sqrt((a - side).square() + b.square()) - side
    left = torch.sqrt(a.square() + (b + side).square()) - side
    return torch.minimum(box, torch.minimum(left, right))


_DISTANCES = (_square, _ellipse, _heart)  # signed, in units of the figure, negative inside; in the order of NAMES


def draw(factors: Tensor, size: int = 64) -> Tensor:
    """Antialiased pictures, float32 (N, 1, size, size) in [0, 1], from factors (N, 5) as in sample_factors."""
    kind, scale, angle, cx, cy = (f[:, None, None] for f in factors.unbind(1))
    # Only a window around the figure is computed; half of it is the largest figure's half diagonal plus a pixel.
    window = min(size, 2 * math.ceil(1.2 * UNIT * size + 1))
    left, top = ((c * size - window / 2).round().long().clamp(0, size - window) for c in (cx, cy))
    column, row = left + torch.arange(window)[None, None, :], top + torch.arange(window)[None, :, None]
    dx, dy = (column + 0.5) / size - cx, (row + 0.5) / size - cy
    unit = UNIT * scale
    u = (torch.cos(angle) * dx + torch.sin(angle) * dy) / unit
    v = (torch.cos(angle) * dy - torch.sin(angle) * dx) / unit
    distance = torch.empty(len(factors), window, window)
    for i, measure in enumerate(_DISTANCES):
        rows = (kind[:, 0, 0] == i).nonzero()[:, 0]
        distance[rows] = measure(u[rows], v[rows])
    # A pixel's coverage is linear in the distance of its centre from the edge, over one pixel.
    coverage = (0.5 - distance * unit * size).clamp(0, 1)
    x = torch.zeros(len(factors), size * size)
    x.scatter_(1, (row * size + column).flatten(1), coverage.flatten(1))
    return x.view(-1, 1, size, size)


def generate(n: int, seed: int = 0, size: int = 64, chunk: int = 4096) -> Shapes:
    """n pictures of random factors from a seed, as Shapes."""
    generator = torch.Generator().manual_seed(seed)
    factors = sample_factors(n, generator)
    pictures = [draw(f, size) for f in factors.split(chunk)]
    return Shapes(torch.cat(pictures) if pictures else torch.zeros(0, 1, size, size), factors)
