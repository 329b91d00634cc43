"""Example pictures: digits and clothes that are drawn here, and photographs that come with scikit-image.

Digits are dark pen strokes on paper and clothes are grey on white, so that an example is treated like an upload.
The photographs are in the public domain or CC0: NASA (astronaut), S. van der Walt (cat), R. Michetti (coffee), SpaceX
(rocket), L. Varshney (camera).
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vaedemo.errors import ConfigError
from vaedemo.pictures.read import read

__all__ = ["EXAMPLES", "example"]

SIDE = 280  # pixels of a drawn example
_FINE = 3  # a drawing is this many times as large first, for soft edges
_PAPER, _PEN, _WHITE = 250, 30, 255
_SLANT = 0.12  # of handwriting, to the right, as a share of the height

# Points are "x y" in hundredths of a unit square, x to the right and y down.
# A digit: its pen strokes, each a smooth curve through its points.
_DIGITS = {
    "zero": "60 19, 44 17, 32 36, 29 60, 40 83, 56 80, 68 60, 69 36, 57 18, 52 22",
    "two": "31 34, 37 20, 53 15, 65 25, 62 43, 46 63, 28 81; 28 81, 37 74, 52 79, 75 77",
    "three": "31 24, 44 15, 60 19, 62 33, 53 43, 43 46; 43 46, 60 49, 68 64, 61 80, 45 86, 29 78",
    "four": "40 16, 35 35, 28 54, 42 57, 74 51; 64 21, 61 48, 58 86",
    "five": "70 16, 55 18, 41 17; 41 17, 38 30, 34 45; 34 45, 48 40, 63 47, 67 63, 58 80, 42 86, 28 79",
    "seven": "27 24, 36 19, 50 21, 71 19; 71 19, 62 36, 51 58, 44 86",
    "eight": "64 25, 51 15, 38 22, 39 36, 52 48, 64 63, 60 80, 47 86, 35 78, 37 62, 51 48, 63 36, 65 24",
    "nine": "67 28, 56 17, 40 21, 33 36, 42 48, 56 44, 67 27; 67 27, 64 50, 57 70, 53 87",
}

# A garment: tone, outline (a right half, which is mirrored, or a whole), seams darker than it, trim lighter than it.
_CLOTHES = {
    "T-shirt": (
        70,
        "50 20, 57 18, 62 11, 75 16, 93 37, 81 46, 72 36, 71 90, 50 91",
        "39 12, 45 19, 55 19, 61 12; 72 18, 70 36; 28 18, 30 36; 30 86, 70 86",
        "",
    ),
    "trouser": (
        95,
        "50 5, 64 5, 67 28, 67 60, 66 95, 54.5 95, 52.5 60, 51 33, 50 32",
        "36 10, 64 10; 50 10, 50 31; 58 40, 60.5 93; 42 40, 39.5 93",
        "",
    ),
    "pullover": (
        60,
        "50 17, 57 15, 62 10, 75 15, 84 40, 92 82, 81 85, 73 50, 72 90, 50 91",
        "39 11, 45 17, 55 17, 61 11; 74 17, 72 46; 26 17, 28 46; 29 85, 71 85",
        "30 52, 70 52; 30 60, 70 60",
    ),
    "dress": (
        50,
        "50 22, 55 19, 58 6, 63 6, 63 20, 67 28, 61 48, 67 70, 75 93, 50 95",
        "39 48, 61 48; 46 52, 40 92; 54 52, 60 92",
        "",
    ),
    "coat": (
        100,
        "50 14, 57 12, 62 6, 74 11, 83 40, 89 72, 79 75, 72 46, 75 95, 50 95",
        "50 15, 50 94; 40 8, 46 30, 50 36, 54 30, 60 8; 73 13, 71 46; 27 13, 29 46; 57 68, 68 66; 43 68, 32 66",
        "",
    ),
    "bag": (
        65,
        "50 40, 80 40, 84 44, 91 86, 88 91, 50 92",
        "14 60, 86 60; 19 42, 81 42",
        "47 60, 53 60",
    ),
    "ankle boot": (
        45,
        "46 8, 80 6, 82 40, 88 66, 88 91, 70 91, 64 86, 11 90, 6 82, 13 70, 36 60, 46 44",
        "8 85, 64 81, 87 84; 47 16, 80 14; 36 61, 60 79; 66 15, 62 60",
        "45 30, 54 32; 44 40, 53 42",
    ),
}
_HANDLE = "30 41, 34 20, 50 10, 66 20, 70 41"

_PHOTOS = {  # their files in scikit-image
    "cat": "chelsea.png",
    "astronaut": "astronaut.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "camera": "camera.png",
}
EXAMPLES = {"digits": tuple(_DIGITS), "fashion": tuple(_CLOTHES), "objects": tuple(_PHOTOS)}


def example(domain: str, name: str) -> Image.Image:
    """The picture of that name in EXAMPLES[domain], always the same; drawn ones are grey, 280 x 280."""
    if name not in EXAMPLES.get(domain, ()):
        known = "; ".join(f"{key}: {', '.join(names)}" for key, names in EXAMPLES.items())
        raise ConfigError(f"no example {name!r} of {domain!r}; choose from {known}")
    return _drawn(domain, name).copy()


@cache
def _drawn(domain: str, name: str) -> Image.Image:
    return {"digits": _digit, "fashion": _garment, "objects": _photo}[domain](name)


def _photo(name: str) -> Image.Image:
    # Not by scikit-image's own function, which loads its plugins and may reach for a network.
    return read((files("skimage") / "data" / _PHOTOS[name]).read_bytes())


def _points(text: str) -> list[np.ndarray]:
    """Outlines or strokes, each (N, 2), from "x y, x y; x y, x y"."""
    return [np.array([xy.split() for xy in line.split(",")], float) / 100 for line in text.split(";") if line]


def _curve(points: np.ndarray, steps: int = 24) -> np.ndarray:
    """Points of a smooth curve through the given ones, (N, 2): Catmull-Rom."""
    p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    a, b, c, d = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    t = np.linspace(0, 1, steps)[None, :, None]
    curve = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * b - a - 3 * c + d)))
    return curve.reshape(-1, 2)


def _digit(name: str) -> Image.Image:
    fine = SIDE * _FINE
    canvas = Image.new("L", (fine, fine), _PAPER)
    draw = ImageDraw.Draw(canvas)
    for stroke in _points(_DIGITS[name]):
        path = _curve(stroke)
        path[:, 0] += _SLANT * (0.5 - path[:, 1])
        # A hand presses more in the middle of a stroke than at its ends, and more going down than up.
        along = np.linspace(0, np.pi, len(path))
        down = np.gradient(path[:, 1]) / (np.hypot(*np.gradient(path, axis=0).T) + 1e-9)
        for (x, y), radius in zip(path * fine, (0.036 + 0.008 * np.sin(along) + 0.005 * down) * fine, strict=True):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_PEN)
    return canvas.resize((SIDE, SIDE), Image.Resampling.BOX)


def _garment(name: str) -> Image.Image:
    tone, outline, seams, trims = _CLOTHES[name]
    cover = _layer(lambda draw, fine: draw.polygon(_scaled(_whole(_points(outline)[0]), fine), fill=255))
    if name == "bag":
        cover = np.maximum(cover, _lines(_HANDLE, 28))
    # Rounder towards its edges, with soft folds and a fine weave.
    round_ = np.asarray(Image.fromarray(cover).filter(ImageFilter.GaussianBlur(SIDE / 18)), float) / 255
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    folds = np.sin(19 * x + 5 * np.sin(4 * y)) * np.sin(7 * y + 3 * x) + 0.4 * np.sin(41 * x - 9 * y)
    weave = np.random.default_rng(len(name)).normal(0, 5, (SIDE, SIDE))
    shade = tone + 55 * (1 - round_) + 9 * folds + weave
    shade = shade - 45 * _soft(_lines(seams, 55)) + 90 * _soft(_lines(trims, 30))
    opacity = cover / 255
    return Image.fromarray(np.round(shade.clip(5, 235) * opacity + _WHITE * (1 - opacity)).astype(np.uint8))


def _whole(outline: np.ndarray) -> np.ndarray:
    """A right half, which begins and ends on the middle, with its mirror image; another outline as it is."""
    if outline[0][0] == outline[-1][0] == 0.5:
        return np.concatenate([outline, outline[::-1] * (-1, 1) + (1, 0)])
    return outline


def _scaled(points: np.ndarray, by: int) -> list[tuple[float, float]]:
    return [(x * by, y * by) for x, y in points.tolist()]


def _layer(drawing: Callable[[ImageDraw.ImageDraw, int], None]) -> np.ndarray:
    """What drawing(draw, side) draws in white on black, uint8 (SIDE, SIDE), with soft edges."""
    canvas = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    drawing(ImageDraw.Draw(canvas), SIDE * _FINE)
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX))


def _lines(text: str, thinness: int) -> np.ndarray:
    """A layer of smooth curves, a `thinness`th of the side wide."""

    def drawing(draw: ImageDraw.ImageDraw, fine: int) -> None:
        for points in _points(text):
            draw.line(_scaled(_curve(points), fine), 255, fine // thinness)

    return _layer(drawing)


def _soft(layer: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(layer).filter(ImageFilter.GaussianBlur(1.5)), float) / 255
