"""What a model sees of a picture: prepare() makes it square, and for digits and clothes trimmed, centred and light on
dark, as MNIST and Fashion-MNIST were made. propose_domain() guesses which models suit a picture.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from vaedemo.errors import ConfigError
from vaedemo.pictures import isolate
from vaedemo.pictures.read import read, read_with_original

__all__ = ["FITS", "POLARITIES", "Placed", "Prepared", "prepare", "propose_domain"]

FITS, POLARITIES = ("crop", "pad"), ("auto", "keep", "invert")
SHOWN = 1024  # longest side of Prepared.picture


class Placed(NamedTuple):
    """Which part of an upright picture of `size` (width, height) is seen where: its box (left, top, right, bottom), in
    pixels and parts of them, fills the box `to` of a canvas (width, height)."""

    size: tuple[int, int]
    box: tuple[float, float, float, float]
    to: tuple[int, int, int, int]
    canvas: tuple[int, int]

    @classmethod
    def whole(cls, size, canvas):
        """A picture all of which fills the canvas."""
        return cls(size, (0, 0, *size), (0, 0, *canvas), canvas)


class Prepared(NamedTuple):
    """x float32 (C, H, W) in [0, 1], what the model sees; whether light and dark were exchanged for it; the source
    as read, at most 1024 pixels on its long side; the source's own (width, height), upright; where it lies in x."""

    x: np.ndarray
    inverted: bool
    picture: Image.Image
    size: tuple[int, int]
    placed: Placed


def prepare(source, *, channels, size, strokes=None, fit="crop", polarity="auto"):
    """What a model of (channels, size, size) pictures sees of a source, as Prepared; source as for read().

    Without strokes: fit "crop" takes the centre square, "pad" the whole picture on the median colour of its edge. A
    picture that is size x size already comes through bit for bit.

    strokes "digits" or "clothes" is for light figures on dark ground. polarity "auto" exchanges light and dark where
    the edge is lighter than the rest; "keep" and "invert" settle it. Then the ground is made 0 (uneven light goes
    with it) and the figure trimmed. Digits: contrast stretched, longer side 20/28 of the size, centre of mass in the
    middle (LeCun et al. 1998). Clothes: longer side the whole size, centred (Xiao et al. 2017). A picture that is
    size x size already is not trimmed, and a blank one gives zeros. fit changes nothing here.
    """
    for name, value, choices in (
        ("channels", channels, (1, 3)),
        ("strokes", strokes, (None, "digits", "clothes")),
        ("fit", fit, FITS),
        ("polarity", polarity, POLARITIES),
    ):
        if value not in choices:
            raise ConfigError(f"{name} is {value!r}; choose from {', '.join(map(str, choices))}")
    picture, original = read_with_original(source, enough=SHOWN)
    seen, inverted = picture.convert("L" if channels == 1 or strokes else "RGB"), False
    box, to = (0, 0, *seen.size), (0, 0, size, size)
    if strokes:
        seen, inverted, box, to = isolate.figure(seen, size, strokes, polarity)
        seen = seen.convert("L" if channels == 1 else "RGB")
    elif seen.size != (size, size):
        seen, box, to = _crop(seen, size) if fit == "crop" else _pad(seen, size)
    x = np.asarray(seen, np.float32).reshape(size, size, channels).transpose(2, 0, 1) / np.float32(255)
    scales = (original[0] / picture.width, original[1] / picture.height) * 2
    box = tuple(at * scale for at, scale in zip(box, scales, strict=True))
    picture.thumbnail((SHOWN, SHOWN), Image.Resampling.HAMMING)
    placed = Placed(original, box, to, (size, size))
    return Prepared(np.ascontiguousarray(x), inverted, picture, original, placed)


def _crop(image, size):
    """The centre square; its box, and where that lies."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    return isolate.resize(image.crop(box), size, size), box, (0, 0, size, size)


def _pad(image, size):
    """The whole picture with bars; its box, and where that lies."""
    a = np.asarray(image)
    edge = np.concatenate([a[0], a[-1], a[:, 0], a[:, -1]])
    colour = np.median(edge, axis=0).round().astype(int)
    canvas = Image.new(image.mode, (size, size), tuple(colour.tolist()) if edge.ndim == 2 else int(colour))
    width, height = (max(1, round(side * size / max(image.size))) for side in image.size)
    left, top = (size - width) // 2, (size - height) // 2
    canvas.paste(isolate.resize(image, width, height), (left, top))
    return canvas, (0, 0, *image.size), (left, top, left + width, top + height)


def propose_domain(picture):
    """The name of the domain a picture seems to be of, told from the picture alone; any source that read() takes."""
    if not (isinstance(picture, Image.Image) and picture.mode in ("L", "RGB")):
        picture = read(picture)
    return isolate.propose_domain(picture)
