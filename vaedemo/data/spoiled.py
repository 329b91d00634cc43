"""Damage to learn from: forms and contents that nobody paints. What is measured with is in painted.py, and is of other
forms: no brush, no ellipse, no Gaussian spot, and a rectangle only by chance.

Pictures are float32 (B, C, S, S) in [0, 1]; all is drawn from a torch.Generator, a batch at a time.
"""

import math
from collections.abc import Callable, Collection

import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo.data.painted import Painted, changed

__all__ = ["CONTENTS", "FORMS", "spoil"]

CELLS = (3, 5, 9, 14)  # across a picture, of the octaves of a random field
CORNERS = 7  # half-planes that a polygon is cut by, at most
WHOLE, TWICE = 0.15, 0.3  # shares of the pictures that stay as they are, and that are damaged twice


def _uniform(generator: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(*shape, generator=generator)


def _field(count: int, side: int, generator: torch.Generator) -> Tensor:
    """A smooth random field a picture, (count, side, side), of mean 0 and variance 1: octaves of noise between cells,
    each weighted at random. After Perlin 1985."""
    field = torch.zeros(count, 1, side, side)
    for cells in CELLS:
        noise = torch.randn(count, 1, cells, cells, generator=generator)
        octave = F.interpolate(noise, size=(side, side), mode="bicubic", align_corners=False)
        field += octave * _uniform(generator, 0, 1, count, 1, 1, 1) ** 2 * (3 / cells)
    field = field[:, 0] - field.mean((1, 2, 3))[:, None, None]
    return field / field.flatten(1).std(1).clamp(min=1e-6)[:, None, None]


def _slope(count: int, generator: torch.Generator) -> Tensor:
    """How many pixels an edge is wide, (count, 1, 1): mostly one, else up to eight."""
    wide = _uniform(generator, 0, 1, count, 1, 1) < 0.25
    return torch.where(wide, _uniform(generator, 1, 8, count, 1, 1), 1.0)


def _steepness(field: Tensor) -> Tensor:
    """How much a field changes from a pixel to the next, in the root mean square, (count, 1, 1)."""
    across, down = field.diff(dim=2).square().mean((1, 2)), field.diff(dim=1).square().mean((1, 2))
    return (across + down).sqrt().clamp(min=1e-3)[:, None, None]


def _blobs(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Where a field is highest: 2 to 20 % of the picture."""
    field = _field(count, side, generator)
    share = _uniform(generator, 0.8, 0.98, count, 1)
    order = field.flatten(1).sort(1).values
    level = order.gather(1, (share * (side * side - 1)).long())[:, :, None]
    return ((field - level) / (_steepness(field) * _slope(count, generator)) + 0.5).clamp(0, 1)


def _bands(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Along the level lines of a field, two to six of 28 pixels wide, within a polygon."""
    field = _field(count, side, generator)
    level = _uniform(generator, -1, 1, count, 1, 1)
    half = _uniform(generator, 1, 3, count, 1, 1) * side / 28
    away = (field - level).abs() / _steepness(field)
    window = _polygons(count, side, generator, 2.0)
    return ((half - away) / _slope(count, generator) + 0.5).clamp(0, 1) * window


def _polygons(count: int, side: int, generator: torch.Generator, larger: float = 1.0) -> Tensor:
    """Convex polygons of three to seven corners, stretched."""
    at = (torch.arange(side) + 0.5) / side
    centre = _uniform(generator, 0.1, 0.9, count, 2, 1, 1)
    x, y = at[None, None, :] - centre[:, 0], at[None, :, None] - centre[:, 1]
    turn = _uniform(generator, 0, math.pi, count, 1, 1)
    stretch = torch.exp(_uniform(generator, -0.7, 0.7, count, 1, 1))
    u = (turn.cos() * x + turn.sin() * y) * stretch
    v = (turn.cos() * y - turn.sin() * x) / stretch
    corners = torch.randint(3, CORNERS + 1, (count, 1), generator=generator)
    place = torch.arange(CORNERS)[None, :]
    angle = 2 * math.pi * (place + _uniform(generator, -0.3, 0.3, count, CORNERS)) / corners
    reach = larger * _uniform(generator, 0.05, 0.2, count, CORNERS)
    inside = torch.full((count, side, side), math.inf)
    for i in range(CORNERS):
        edge = reach[:, i, None, None] - angle[:, i, None, None].cos() * u - angle[:, i, None, None].sin() * v
        inside = torch.where((i < corners)[:, :, None], torch.minimum(inside, edge), inside)
    return (inside * side / _slope(count, generator) + 0.5).clamp(0, 1)


def _clouds(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Soft all over: where a field is high, rising from 0 to 1 as a smoothstep does."""
    field = _field(count, side, generator)
    start, width = _uniform(generator, 0.3, 1.3, count, 1, 1), _uniform(generator, 0.5, 1.5, count, 1, 1)
    t = ((field - start) / width).clamp(0, 1)
    return t * t * (3 - 2 * t)


# Opacity (count, side, side) in [0, 1], and its weight.
FORMS: dict[str, tuple[Callable[..., Tensor], float]] = {
    "blobs": (_blobs, 3),
    "bands": (_bands, 3),
    "polygons": (_polygons, 3),
    "clouds": (_clouds, 3),
}


def _level(x: Tensor, generator: torch.Generator) -> Tensor:
    """One grey level, three in ten black, one in eight white; of colour pictures every second a colour."""
    n, c = x.shape[:2]
    level = _uniform(generator, 0, 1, n, c, 1, 1)
    grey = _uniform(generator, 0, 1, n, 1, 1, 1) < 0.5
    level = torch.where(grey, level[:, :1], level)
    end = _uniform(generator, -1, 1, n, 1, 1, 1)
    return torch.where(end.abs() < 0.45, (end > 0.2).float(), level).expand_as(x)


def _other(x: Tensor, generator: torch.Generator) -> Tensor:
    """Another picture of the batch."""
    return x.roll(int(torch.randint(1, max(2, len(x)), (), generator=generator)), 0)


def _elsewhere(x: Tensor, generator: torch.Generator) -> Tensor:
    """The picture itself, moved and mirrored."""
    n, _, side, _ = x.shape
    down, right = torch.randint(side // 8, side - side // 8, (2, n), generator=generator)
    rows, columns = ((t[:, None] + torch.arange(side)) % side for t in (down, right))
    columns = torch.where(torch.rand(n, 1, generator=generator) < 0.5, columns.flip(1), columns)
    return x[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _noise(x: Tensor, generator: torch.Generator) -> Tensor:
    spread = _uniform(generator, 0.15, 0.5, len(x), 1, 1, 1)
    return (x + spread * torch.randn(x.shape, generator=generator)).clamp(0, 1)


def _texture(x: Tensor, generator: torch.Generator) -> Tensor:
    """A field's values."""
    n, c, side, _ = x.shape
    field = _field(n, side, generator)[:, None]
    low, high = _uniform(generator, 0, 1, n, c, 1, 1), _uniform(generator, 0, 1, n, c, 1, 1)
    return low + (high - low) * torch.sigmoid(2 * field)


def _blurred(x: Tensor, generator: torch.Generator) -> Tensor:
    reach = max(1, round(x.shape[2] / 14))
    padded = F.pad(x, (reach,) * 4, mode="replicate")
    return F.avg_pool2d(padded, 2 * reach + 1, 1)


# What comes into its place (B, C, S, S), and its weight.
CONTENTS: dict[str, tuple[Callable[[Tensor, torch.Generator], Tensor], float]] = {
    "level": (_level, 6),
    "other": (_other, 1.5),
    "elsewhere": (_elsewhere, 1),
    "noise": (_noise, 0.7),
    "texture": (_texture, 1),
    "blurred": (_blurred, 0.7),
}


def _drawn(count: int, weights: list[float], generator: torch.Generator) -> list[Tensor]:
    """Which of count pictures each of the rows has, by their weights: indices, some of them none."""
    which = torch.multinomial(torch.tensor(weights), count, replacement=True, generator=generator)
    return [(which == i).nonzero()[:, 0] for i in range(len(weights))]


def _once(x: Tensor, generator: torch.Generator, forms: Collection[str]) -> Tensor:
    """x with one damage a picture, of these forms and of all contents."""
    n, _, side, _ = x.shape
    chosen, contents = [row for name, row in FORMS.items() if name in forms], CONTENTS.values()
    shaped = _drawn(n, [float(weight) for _, weight in chosen], generator)
    filled = _drawn(n, [float(weight) for _, weight in contents], generator)
    opacity, content = torch.zeros(n, side, side), torch.empty_like(x)
    for rows, (form, _) in zip(shaped, chosen, strict=True):
        if len(rows):
            opacity[rows] = form(len(rows), side, generator)
    for rows, (fill, _) in zip(filled, contents, strict=True):
        if len(rows):
            content[rows] = fill(x[rows], generator)
    thin = _uniform(generator, 0, 1, n, 1, 1) < 0.4
    opacity = opacity * torch.where(thin, _uniform(generator, 0.4, 1, n, 1, 1), 1.0)
    return x + opacity[:, None] * (content - x)


def spoil(x: Tensor, generator: torch.Generator, forms: Collection[str] = tuple(FORMS)) -> Painted:
    """Pictures x with damage of these FORMS: some with none, most with one, some with two."""
    part, y = torch.rand(len(x), generator=generator), x.clone()
    for rows in (part >= WHOLE, part > 1 - TWICE):
        y[rows] = _once(y[rows], generator, forms)
    return Painted(y, changed(x, y))
