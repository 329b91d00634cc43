"""Example pictures of the project's own: digits and clothes drawn here, photographs that come with scikit-image.

Digits are dark pen strokes on paper and clothes are grey on white, so that an example takes the same way as an upload.
The photographs are in the public domain or CC0: NASA (astronaut), S. van der Walt (cat), R. Michetti (coffee), SpaceX
(rocket), L. Varshney (camera).
"""

from functools import cache
from importlib.resources import files

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vaedemo.errors import ConfigError
from vaedemo.pictures.read import read

__all__ = ["EXAMPLES", "example"]

SIDE = 280  # pixels of a drawn example
_FINE = 3  # drawn this many times as large, for soft edges
_PAPER, _PEN, _WHITE = 250, 30, 255
_SLANT = 0.12  # of handwriting: to the right, per height

# Points are in a unit square, x to the right and y down.
# A digit: its pen strokes, each a smooth curve through its points.
_DIGITS = {
    "zero": [[(.60, .19), (.44, .17), (.32, .36), (.29, .60), (.40, .83), (.56, .80), (.68, .60), (.69, .36),
              (.57, .18), (.52, .22)]],
    "two": [[(.31, .34), (.37, .20), (.53, .15), (.65, .25), (.62, .43), (.46, .63), (.28, .81)],
            [(.28, .81), (.37, .74), (.52, .79), (.75, .77)]],
    "three": [[(.31, .24), (.44, .15), (.60, .19), (.62, .33), (.53, .43), (.43, .46)],
              [(.43, .46), (.60, .49), (.68, .64), (.61, .80), (.45, .86), (.29, .78)]],
    "four": [[(.40, .16), (.35, .35), (.28, .54), (.42, .57), (.74, .51)], [(.64, .21), (.61, .48), (.58, .86)]],
    "five": [[(.70, .16), (.55, .18), (.41, .17)], [(.41, .17), (.38, .30), (.34, .45)],
             [(.34, .45), (.48, .40), (.63, .47), (.67, .63), (.58, .80), (.42, .86), (.28, .79)]],
    "seven": [[(.27, .24), (.36, .19), (.50, .21), (.71, .19)], [(.71, .19), (.62, .36), (.51, .58), (.44, .86)]],
    "eight": [[(.64, .25), (.51, .15), (.38, .22), (.39, .36), (.52, .48), (.64, .63), (.60, .80), (.47, .86),
               (.35, .78), (.37, .62), (.51, .48), (.63, .36), (.65, .24)]],
    "nine": [[(.67, .28), (.56, .17), (.40, .21), (.33, .36), (.42, .48), (.56, .44), (.67, .27)],
             [(.67, .27), (.64, .50), (.57, .70), (.53, .87)]],
}  # fmt: skip

# A garment: tone, outlines (a right half, which is mirrored, or a whole), seams darker than it, trim lighter than it.
_TSHIRT = [
    (0.50, 0.20),
    (0.57, 0.18),
    (0.62, 0.11),
    (0.75, 0.16),
    (0.93, 0.37),
    (0.81, 0.46),
    (0.72, 0.36),
    (0.71, 0.90),
    (0.50, 0.91),
]
_LONG = [(.50, .17), (.57, .15), (.62, .10), (.75, .15), (.84, .40), (.92, .82), (.81, .85), (.73, .50), (.72, .90),
         (.50, .91)]  # fmt: skip
_COAT = [(.50, .14), (.57, .12), (.62, .06), (.74, .11), (.83, .40), (.89, .72), (.79, .75), (.72, .46), (.75, .95),
         (.50, .95)]  # fmt: skip
_DRESS = [(.50, .22), (.55, .19), (.58, .06), (.63, .06), (.63, .20), (.67, .28), (.61, .48), (.67, .70), (.75, .93),
          (.50, .95)]  # fmt: skip
_TROUSER = [(.50, .05), (.64, .05), (.67, .28), (.67, .60), (.66, .95), (.545, .95), (.525, .60), (.51, .33),
            (.50, .32)]  # fmt: skip
_BAG = [(0.50, 0.40), (0.80, 0.40), (0.84, 0.44), (0.91, 0.86), (0.88, 0.91), (0.50, 0.92)]
_BOOT = [(.46, .08), (.80, .06), (.82, .40), (.88, .66), (.88, .91), (.70, .91), (.64, .86), (.11, .90), (.06, .82),
         (.13, .70), (.36, .60), (.46, .44)]  # fmt: skip
_CLOTHES = {
    "T-shirt": (70, [_TSHIRT], [[(.39, .12), (.45, .19), (.55, .19), (.61, .12)], [(.72, .18), (.70, .36)],
                                [(.28, .18), (.30, .36)], [(.30, .86), (.70, .86)]], []),
    "trouser": (95, [_TROUSER], [[(.36, .10), (.64, .10)], [(.50, .10), (.50, .31)], [(.58, .40), (.605, .93)],
                                  [(.42, .40), (.395, .93)]], []),
    "pullover": (60, [_LONG], [[(.39, .11), (.45, .17), (.55, .17), (.61, .11)], [(.74, .17), (.72, .46)],
                               [(.26, .17), (.28, .46)], [(.29, .85), (.71, .85)]],
                 [[(.30, .52), (.70, .52)], [(.30, .60), (.70, .60)]]),
    "dress": (50, [_DRESS], [[(.39, .48), (.61, .48)], [(.46, .52), (.40, .92)], [(.54, .52), (.60, .92)]], []),
    "coat": (100, [_COAT], [[(.50, .15), (.50, .94)], [(.40, .08), (.46, .30), (.50, .36), (.54, .30), (.60, .08)],
                            [(.73, .13), (.71, .46)], [(.27, .13), (.29, .46)], [(.57, .68), (.68, .66)],
                            [(.43, .68), (.32, .66)]], []),
    "bag": (65, [_BAG], [[(.14, .60), (.86, .60)], [(.19, .42), (.81, .42)]], [[(.47, .60), (.53, .60)]]),
    "ankle boot": (45, [_BOOT], [[(.08, .85), (.64, .81), (.87, .84)], [(.47, .16), (.80, .14)],
                                 [(.36, .61), (.60, .79)], [(.66, .15), (.62, .60)]],
                   [[(.45, .30), (.54, .32)], [(.44, .40), (.53, .42)]]),
}  # fmt: skip
_HANDLE = [(0.30, 0.41), (0.34, 0.20), (0.50, 0.10), (0.66, 0.20), (0.70, 0.41)]

# A photograph: its file in scikit-image, and the part that is shown (left, top, right, bottom), or the whole.
_PHOTOS = {
    "cat": ("chelsea.png", None),
    "astronaut": ("astronaut.png", None),
    "coffee": ("coffee.png", None),
    "rocket": ("rocket.jpg", None),
    "camera": ("camera.png", None),
}
EXAMPLES = {"digits": tuple(_DIGITS), "fashion": tuple(_CLOTHES), "objects": tuple(_PHOTOS)}


def example(domain, name):
    """The picture of that name in EXAMPLES[domain], the same each time: drawn ones grey, 280 x 280."""
    if name not in EXAMPLES.get(domain, ()):
        known = "; ".join(f"{key}: {', '.join(names)}" for key, names in EXAMPLES.items())
        raise ConfigError(f"no example {name!r} of {domain!r}; choose from {known}")
    return _made(domain, name).copy()


@cache
def _made(domain, name):
    return {"digits": _digit, "fashion": _garment, "objects": _photo}[domain](name)


def _photo(name):
    # The file itself: scikit-image's own function would load its plugins, and might reach for a network.
    file, part = _PHOTOS[name]
    picture = read((files("skimage") / "data" / file).read_bytes())
    return picture.crop(part) if part else picture


def _curve(points, closed=False, steps=24):
    """Points of a smooth curve through the given ones, (N, 2): Catmull-Rom."""
    p = np.asarray(points, float)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    a, b, c, d = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    t = np.linspace(0, 1, steps)[None, :, None]
    curve = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * b - a - 3 * c + d)))
    return curve.reshape(-1, 2)


def _digit(name):
    fine = SIDE * _FINE
    canvas = Image.new("L", (fine, fine), _PAPER)
    draw = ImageDraw.Draw(canvas)
    for stroke in _DIGITS[name]:
        path = _curve(stroke)
        path[:, 0] += _SLANT * (0.5 - path[:, 1])
        # A hand presses more in the middle of a stroke than at its ends, and more going down than up.
        along = np.linspace(0, np.pi, len(path))
        down = np.gradient(path[:, 1]) / (np.hypot(*np.gradient(path, axis=0).T) + 1e-9)
        for (x, y), radius in zip(path * fine, (0.036 + 0.008 * np.sin(along) + 0.005 * down) * fine, strict=True):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_PEN)
    return canvas.resize((SIDE, SIDE), Image.Resampling.BOX)


def _garment(name):
    tone, outlines, seams, trims = _CLOTHES[name]
    cover = _layer(lambda draw, fine: [draw.polygon(_scaled(_whole(o), fine), fill=255) for o in outlines])
    if name == "bag":
        handle = _layer(lambda draw, fine: draw.line(_scaled(_curve(_HANDLE), fine), fill=255, width=fine // 28))
        cover = np.maximum(cover, handle)
    # Rounder towards its edges, with soft folds and a fine weave.
    round_ = np.asarray(Image.fromarray(cover).filter(ImageFilter.GaussianBlur(SIDE / 18)), float) / 255
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    folds = np.sin(19 * x + 5 * np.sin(4 * y)) * np.sin(7 * y + 3 * x) + 0.4 * np.sin(41 * x - 9 * y)
    weave = np.random.default_rng(len(name)).normal(0, 5, (SIDE, SIDE))
    shade = tone + 55 * (1 - round_) + 9 * folds + weave
    lines = [
        _soft(_layer(lambda draw, fine, w=w, ls=ls: [draw.line(_scaled(_curve(p), fine), 255, fine // w) for p in ls]))
        for w, ls in ((55, seams), (30, trims))
    ]
    shade = shade - 45 * lines[0] + 90 * lines[1]
    cover = cover / 255
    return Image.fromarray(np.round(shade.clip(5, 235) * cover + _WHITE * (1 - cover)).astype(np.uint8))


def _whole(outline):
    """A right half, which begins and ends on the middle, with its mirror image; another outline as it is."""
    if outline[0][0] == outline[-1][0] == 0.5:
        return outline + [(1 - x, y) for x, y in reversed(outline)]
    return outline


def _scaled(points, by):
    return [(x * by, y * by) for x, y in points]


def _layer(drawing):
    """What drawing(draw, side) draws in white on black, uint8 (SIDE, SIDE), with soft edges."""
    canvas = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    drawing(ImageDraw.Draw(canvas), SIDE * _FINE)
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX))


def _soft(layer):
    return np.asarray(Image.fromarray(layer).filter(ImageFilter.GaussianBlur(1.5)), float) / 255
