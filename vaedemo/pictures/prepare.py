"""What a model sees of a picture: prepare() makes it square, and for digits and clothes trims and centres it, light on
dark as in MNIST and Fashion-MNIST. propose_domain() guesses which models suit a picture.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from vaedemo.errors import ConfigError
from vaedemo.pictures import isolate
from vaedemo.pictures.isolate import Box, Corners
from vaedemo.pictures.read import Source, read, read_with_original

__all__ = ["FITS", "POLARITIES", "Placed", "Prepared", "prepare", "propose_domain"]

FITS, POLARITIES = ("crop", "pad"), ("auto", "keep", "invert")
SHOWN = 1024  # longest side of Prepared.picture
Size = tuple[int, int]  # width, height


class Placed(NamedTuple):
    """Which part of an upright picture of `size` (width, height) is seen where: its `box` fills the corners `to` of a
    canvas (width, height)."""

    size: Size
    box: Box
    to: Corners
    canvas: Size

    @classmethod
    def whole(cls, size: Size, canvas: Size) -> "Placed":
        """A picture that fills the whole canvas."""
        return cls(size, (0, 0, *size), (0, 0, *canvas), canvas)


class Prepared(NamedTuple):
    """x float32 (C, H, W) in [0, 1], what the model sees; whether light and dark were exchanged for it; the source as
    read, at most 1024 pixels on its long side; the source's own (width, height), upright; where it lies in x."""

    x: np.ndarray
    inverted: bool
    picture: Image.Image
    size: Size
    placed: Placed


def prepare(
    source: Source, *, channels: int, size: int, strokes: str | None = None, fit: str = "crop", polarity: str = "auto"
) -> Prepared:
    """What a model of (channels, size, size) pictures sees of a source, as Prepared; source as for read().

    Without strokes: fit "crop" takes the centre square, "pad" the whole picture on the median colour of its edge. A
    picture that is size x size already is left bit for bit.

    strokes "digits" or "clothes" is for light figures on dark ground. polarity "auto" exchanges light and dark where
    the edge is lighter than the rest; "keep" and "invert" decide it. Then the ground, uneven light included, becomes 0
    and the figure is trimmed. Digits: contrast stretched, longer side 20/28 of the size, centre of mass in the middle
    (LeCun et al. 1998). Clothes: longer side the whole size, centred (Xiao et al. 2017). A picture that is size x size
    already is not trimmed, and a blank one gives zeros. fit changes nothing here.
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
    box: Box = (0, 0, *seen.size)
    to: Corners = (0, 0, size, size)
    if strokes:
        seen, inverted, box, to = isolate.figure(seen, size, strokes, polarity)
        seen = seen.convert("L" if channels == 1 else "RGB")
    elif seen.size != (size, size):
        seen, box, to = _crop(seen, size) if fit == "crop" else _pad(seen, size)
    x = np.asarray(seen, np.float32).reshape(size, size, channels).transpose(2, 0, 1) / np.float32(255)
    across, down = original[0] / picture.width, original[1] / picture.height
    box = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    picture.thumbnail((SHOWN, SHOWN), Image.Resampling.HAMMING)
    return Prepared(np.ascontiguousarray(x), inverted, picture, original, Placed(original, box, to, (size, size)))


def _crop(image: Image.Image, size: int) -> tuple[Image.Image, Box, Corners]:
    """The centre square; its box, and the corners in which it lies."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    return isolate.resize(image.crop(box), size, size), box, (0, 0, size, size)


def _pad(image: Image.Image, size: int) -> tuple[Image.Image, Box, Corners]:
    """The whole picture with bars; its box, and the corners in which it lies."""
    a = np.asarray(image)
    edge = np.concatenate([a[0], a[-1], a[:, 0], a[:, -1]])
    colour = np.median(edge, axis=0).round().astype(int)
    canvas = Image.new(image.mode, (size, size), tuple(colour.tolist()) if edge.ndim == 2 else int(colour))
    width, height = (max(1, round(side * size / max(image.size))) for side in image.size)
    left, top = (size - width) // 2, (size - height) // 2
    canvas.paste(isolate.resize(image, width, height), (left, top))
    return canvas, (0, 0, *image.size), (left, top, left + width, top + height)


def propose_domain(picture: Source) -> str:
    """The name of the domain that a picture seems to belong to; any source that read() takes."""
    if not (isinstance(picture, Image.Image) and picture.mode in ("L", "RGB")):
        picture = read(picture)
    return isolate.propose_domain(picture)
