"""Damage painted on a picture by hand: strokes, holes and stains, to measure with. No network learns from them; what
networks learn from is in spoiled.py, and is of other forms.

Pictures are float32 (B, C, H, W) in [0, 1]; a paint is one grey level, alike in all channels.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from vaedemo.errors import ConfigError

__all__ = ["CHANGED", "PAINTS", "Painted", "changed", "paint"]

CHANGED = 0.1  # a pixel is damaged where one of its values changed by more
LEAST = 0.005  # share of the pixels that is damaged at least; else the damage is drawn again
TRIES = 1000
LEVELS = (0.0, 0.5, 1.0)  # of a stroke's and a stain's paint; a hole shows the black ground
BRUSH = (0.035, 0.09)  # a stroke's radius, as a share of the side
HOLE = (0.2, 0.4)  # each side of a hole, as a share of the picture's
STAIN = (0.1, 0.2)  # standard deviation of a stain, as a share of the side
STAIN_OPACITY = 0.8  # in its middle


class Painted(NamedTuple):
    """Damaged pictures y, float32 (B, C, H, W) in [0, 1], and where they are damaged, bool (B, H, W)."""

    y: Tensor
    damaged: Tensor


def changed(x: Tensor, y: Tensor) -> Tensor:
    """Where pictures x and y (B, C, H, W) differ by more than CHANGED in any channel, bool (B, H, W). Black paint on
    black is no damage."""
    return (y - x).abs().amax(1) > CHANGED


def _uniform(generator: torch.Generator, low: float, high: float, count: int = 1) -> list[float]:
    return (low + (high - low) * torch.rand(count, generator=generator)).tolist()


def _centres(side: int) -> tuple[Tensor, Tensor]:
    """x (1, side) and y (side, 1) of the pixels' centres, as shares of the side."""
    at = (torch.arange(side) + 0.5) / side
    return at[None, :], at[:, None]


def _stroke(side: int, generator: torch.Generator) -> Tensor:
    """A line through two to four points, drawn with a round brush."""
    x, y = _centres(side)
    count = int(torch.randint(2, 5, (), generator=generator))
    points = torch.tensor(_uniform(generator, 0.1, 0.9, 2 * count)).view(count, 2).tolist()
    (radius,) = _uniform(generator, *BRUSH)
    nearest = torch.full((side, side), math.inf)
    for (ax, ay), (bx, by) in pairwise(points):
        dx, dy = bx - ax, by - ay
        along = (((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-9)).clamp(0, 1)
        nearest = torch.minimum(nearest, torch.hypot(x - ax - along * dx, y - ay - along * dy))
    return (nearest <= radius).float()


def _hole(side: int, generator: torch.Generator) -> Tensor:
    """A rectangle or an ellipse, wholly in the picture."""
    x, y = _centres(side)
    width, height = _uniform(generator, *HOLE, 2)
    left, top, form = _uniform(generator, 0, 1, 3)
    u = (x - left * (1 - width)) / width * 2 - 1
    v = (y - top * (1 - height)) / height * 2 - 1
    inside = torch.maximum(u.abs(), v.abs()) if form < 0.5 else torch.hypot(u, v)
    return (inside <= 1).float()


def _stain(side: int, generator: torch.Generator) -> Tensor:
    """A soft spot whose opacity falls as a Gaussian does."""
    x, y = _centres(side)
    (spread,) = _uniform(generator, *STAIN)
    cx, cy = _uniform(generator, 0.2, 0.8, 2)
    return STAIN_OPACITY * torch.exp(-((x - cx).square() + (y - cy).square()) / (2 * spread**2))


# Kind -> opacity (side, side) in [0, 1], and the levels of its paint.
PAINTS: dict[str, tuple[Callable[[int, torch.Generator], Tensor], tuple[float, ...]]] = {
    "strokes": (_stroke, LEVELS),
    "holes": (_hole, (0.0,)),
    "stains": (_stain, LEVELS),
}


def paint(x: Tensor, kind: str, generator: torch.Generator) -> Painted:
    """Pictures x (B, C, S, S), each with one damage of a kind of PAINTS, drawn anew until it changes LEAST of the
    pixels: black paint on a black ground changes none."""
    if kind not in PAINTS:
        raise ConfigError(f"no damage {kind!r}; choose from {', '.join(PAINTS)}")
    if x.ndim != 4 or x.shape[2] != x.shape[3]:
        raise ConfigError(f"pictures to paint on are square, (B, C, S, S); these have shape {tuple(x.shape)}")
    form, levels = PAINTS[kind]
    found = []
    for one in x:
        for _ in range(TRIES):
            opacity = form(x.shape[2], generator)
            level = levels[int(torch.randint(len(levels), (), generator=generator))]
            y = one * (1 - opacity) + level * opacity
            if changed(one[None], y[None]).float().mean() >= LEAST:
                break
        found.append(y)
    y = torch.stack(found) if found else x
    return Painted(y, changed(x, y))
