"""Anything a person uploads -> one clean array, or one plain sentence.

read() makes an upright grey or RGB picture of any source. prepare() makes of it what a model sees: square, and for
digits and clothes trimmed, centred and light on dark, as MNIST and Fashion-MNIST were made. propose_domain() guesses
which models suit a picture.
"""

import os
import re
import stat
import struct
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from vaedemo import colours, depths, filekinds, isolate, tiffs
from vaedemo.depths import MAX_PIXELS, require_pixels
from vaedemo.errors import ConfigError, PictureError

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Placed",
    "Prepared",
    "grid",
    "layers",
    "prepare",
    "propose_domain",
    "read",
    "to_image",
]

MAX_BYTES = 25_000_000  # of a file
SHOWN = 1024  # longest side of Prepared.picture

# Decoders written in Python, and the bytes of a file that they are given: at most about two seconds' work.
_SLOW = {"bmp_rle": 2_000_000, "ppm": 2_000_000, "ppm_plain": 200_000}
# Only decoders that are fast and start no other program: EPS would start Ghostscript, QOI is slow.
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "ICO", "PPM", "JPEG2000")
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112  # EXIF tag


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


def read(source):
    """The upright picture, mode "L" (grey) or "RGB", of a path, bytes, PIL image or array; else PictureError.

    Arrays are (H, W) or (H, W, 1 | 3 | 4), uint8, uint16, bool or float in [0, 1]. Of an animation the first frame is
    taken, colours are converted to sRGB (colours.py), other depths are scaled to 8 bits (depths.py), and transparency
    is laid on white. At most MAX_PIXELS, checked before decoding.
    """
    return _read(source)[0]


def layers(source):
    """The upright picture as it is stored, mode "1", "L", "LA", "P", "RGB" or "RGBA": with its transparency and its
    palette, colours not converted, small whole numbers of any depth as they are. What a mask is read from."""
    if isinstance(source, np.ndarray):
        return _from_array(source, labels=True)
    image, data, name = _source(source, labels=True)

    def stored():
        made = _eight_bits(_loaded(image, name, None)[0], name, labels=True)
        return made if made.mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA") else made.convert("RGB")

    return _whole(stored, name, data)


def _read(source, enough=None):
    """The picture and its own (width, height). A big JPEG may come smaller, never below `enough` pixels on a side."""
    if isinstance(source, np.ndarray):
        picture = _plain(_from_array(source))
        return picture, picture.size
    image, data, name = _source(source)

    def upright():
        icc = colours.profile(image)
        picture, size = _loaded(image, name, enough)
        picture = _plain(_eight_bits(colours.to_srgb(picture, icc), name))
        picture.info = {}  # what it says of orientation and colours is done: it may be read once more
        return picture, size

    return _whole(upright, name, data)


def _whole(make, name, data=b""):
    """What make() gives of a file's bytes, or a sentence."""
    try:
        return make()
    except PictureError:
        raise
    except MemoryError:
        raise PictureError(f"{name} needs more memory than there is; scale it down first.") from None
    except Exception:  # decoders raise whatever damaged data lead them to
        said = filekinds.unusual(data, name) or f"{name} is damaged or cut off; get a whole copy of it."
        raise PictureError(said) from None


def _source(source, labels=False):
    """(opened picture with its size checked, its file's bytes if any, its name) of anything but an array."""
    if isinstance(source, Image.Image):
        require_pixels(source.size, "This picture")
        return source, b"", "This picture"
    if isinstance(source, bytes | bytearray | memoryview):
        name, data = "This file", bytes(source[: MAX_BYTES + 1])
    elif isinstance(source, str | os.PathLike):
        name, data = _bytes_of(source)
    else:
        kind = type(source).__name__
        raise PictureError(f"A value of type {kind} is not a picture; give a file, its bytes or an array.")
    if not data:
        raise PictureError(f"{name} is empty; choose another one.")
    if len(data) > MAX_BYTES:
        raise PictureError(_too_large(name))
    data, said = colours.declared(data)
    image = _whole(lambda: _deep(data, name, labels), name, data)
    made = image or _opened(data, name)
    made.info.update(said)
    if image is None:
        made = _whole(lambda: depths.png(made, data, labels), name, data)
    return made, data, name


def _deep(data, name, labels):
    """The picture of a file that Pillow does not read as it should, or None."""
    return tiffs.read(data, name, labels) or depths.netpbm(data, name, labels) or depths.bmp(data, name)


def _too_large(name):
    return f"{name} is larger than {MAX_BYTES // 10**6} MB; make it smaller and try again."


def _bytes_of(path):
    """(name fit to be shown, at most MAX_BYTES + 1 bytes) of a file."""
    path = os.fspath(path)
    path = os.fsdecode(path) if isinstance(path, bytes) else path
    # A message may end in a page or a log: no folders, no markup, no control characters, not too long.
    name = re.sub(r"[^\w .()+-]", "_", os.path.basename(path))
    name = f"{name[:30]}...{name[-8:]}" if len(name) > 45 else name
    name = f'"{name}"' if name.strip(" ._") else "This file"
    try:
        status = os.stat(path)
        # Devices and pipes are never opened: reading them may not end. What /proc holds says it is empty.
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{name} is not a file; choose a picture.")
        if not status.st_size:
            return name, b""
        if status.st_size > MAX_BYTES:
            raise PictureError(_too_large(name))
        with open(path, "rb") as file:
            return name, file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"{name} does not exist; check its name.") from None
    except OSError:
        raise PictureError(f"{name} cannot be opened; check its name and its permissions.") from None


def _opened(data, name):
    """The picture in these bytes with its header read and its size checked, not yet decoded."""
    try:
        if data.startswith(b"\0\0\1\0"):
            _require_icon(data, name)
        if {"avif", "avis"} & set(filekinds.brands(data)[1:]):  # whatever its first brand, which Pillow goes by
            data = data[:8] + b"avif" + data[12:]
        Image.init()
        image = Image.open(BytesIO(data), formats=[f for f in _FORMATS if f in Image.OPEN])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        millions = int(re.search(r"\d+", str(error))[0]) / 1e6
        raise PictureError(
            f"{name} has {millions:,.0f} million pixels; the limit is {MAX_PIXELS // 10**6} million, "
            "so scale it down first."
        ) from None
    except PictureError:
        raise
    except Exception:  # decoders raise whatever a damaged header leads them to
        image = _whole(lambda: tiffs.read(data, name, whole=True), name, data)
        if image is None:
            raise PictureError(filekinds.unreadable(data, name)) from None
        return image
    require_pixels(image.size, name)
    if image.tile and len(data) > _SLOW.get(image.tile[0][0], MAX_BYTES):
        raise PictureError(f"{name} is stored in an unusual way that is slow to read; save it as PNG and try again.")
    return image


def _require_icon(data, name):
    """Refuse an icon that holds a picture too large, which its decoder would read at once and whole."""
    for at in range(6, 6 + 16 * struct.unpack_from("<H", data, 4)[0], 16):
        start = struct.unpack_from("<I", data, at + 12)[0]
        packed = data[start : start + 4] == b"\x89PNG"
        sides = struct.unpack_from(">II" if packed else "<ii", data, start + (16 if packed else 4))
        require_pixels([abs(side) for side in sides], name)


def _loaded(image, name, enough):
    """Decoded and rotated as EXIF says; and the picture's own (width, height)."""
    size = image.size
    if enough and min(size) > 2 * enough:
        # The decoder halves a JPEG almost for nothing; for other formats this does nothing.
        image.draft(None, tuple(side * enough // min(size) for side in size))
    image.load()
    require_pixels(image.size, name)
    orientation = _orientation(image)
    factor = min(image.size) // enough if enough else 1
    if factor > 1 and image.mode in ("L", "LA", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        # Before anything else is made of it: less memory.
        image = image.reduce(factor)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
        size = size[::-1] if orientation >= 5 else size
    return image, size


def _orientation(image):
    try:
        return image.getexif().get(_ORIENTATION)
    except Exception:  # damaged EXIF is no reason to refuse the picture
        return None


def _eight_bits(image, name, labels=False):
    """The picture with values of 8 bits, from those of 16 or 32 or of floating point."""
    if not image.mode.startswith("I") and image.mode != "F":
        return image
    values = np.asarray(image)
    # Pillow scales the text forms of netpbm itself, to 16 bits.
    given = (0, 65535) if image.format == "PPM" and image.mode == "I" else None
    return Image.fromarray(depths.levels(values, name, given=given, labels=labels))


def _plain(image):
    """Mode "L" or "RGB" from any mode of 8 bits."""
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode in ("P", "PA"):
        table = np.asarray(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
        grey = bool((table == table[:, :1]).all())
    if image.has_transparency_data:
        mode = "LA" if grey and not image.mode.startswith("P") else "RGBA"
        image = image.convert(mode)
        paper = Image.new(mode[:-1], image.size, "white")
        paper.paste(image.convert(mode[:-1]), mask=image.getchannel("A"))
        image = paper
    mode = "L" if grey else "RGB"
    return image.convert(mode) if image.mode != mode else image.copy()


def _from_array(a, labels=False):
    """A picture of 8 bits, mode L, RGB or RGBA."""
    if a.ndim not in (2, 3) or (a.ndim == 3 and a.shape[2] not in (1, 3, 4)):
        raise PictureError(f"The array has shape {a.shape}; give (height, width) or (height, width, 1, 3 or 4).")
    if a.dtype.kind not in "fub" or (a.dtype.kind == "u" and a.dtype.itemsize > 2):
        raise PictureError(f"The array holds {a.dtype.name}; give uint8, uint16, bool or floats from 0 to 1.")
    require_pixels((a.shape[1], a.shape[0]), "The array")
    if a.dtype.kind == "f":
        low, high = float(a.min()), float(a.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise PictureError("The array holds values that are infinite or not a number; replace them and try again.")
        if low < -1e-3 or high > 1 + 1e-3:
            raise PictureError(f"The array holds values from {low:.4g} to {high:.4g}; scale them to 0 to 1.")
        a = np.round(a.astype(np.float32).clip(0, 1) * 255).astype(np.uint8)
    elif a.dtype.itemsize == 2:
        a = depths.levels(a, "The array", labels=labels)
    elif a.dtype.kind == "b":
        a = a.astype(np.uint8) * 255
    a = np.ascontiguousarray(a)
    return Image.fromarray(a[..., 0] if a.ndim == 3 and a.shape[2] == 1 else a)


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
        ("fit", fit, ("crop", "pad")),
        ("polarity", polarity, ("auto", "keep", "invert")),
    ):
        if value not in choices:
            raise ConfigError(f"{name} is {value!r}; choose from {', '.join(map(str, choices))}")
    picture, original = _read(source, enough=SHOWN)
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


def to_image(x):
    """A PIL picture, L or RGB, from float32 (C, H, W) in [0, 1]."""
    levels = np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))


def grid(x, columns, gap=2):
    """Pictures float32 (N, C, H, W) in [0, 1] as one PIL picture, L or RGB: row by row, `columns` a row, `gap` white
    pixels between them; places left over are white."""
    x = np.asarray(x, np.float32)
    if x.ndim != 4 or not len(x) or columns < 1 or gap < 0:
        raise ConfigError(f"a grid is made of pictures (N, C, H, W) and 1 or more columns, not {x.shape} and {columns}")
    n, channels, height, width = x.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    # Every picture in a cell with its gap to the right and below; what is left over at the end is cut off.
    sheet = np.ones((rows * columns, channels, height + gap, width + gap), np.float32)
    sheet[:n, :, :height, :width] = x
    sheet = sheet.reshape(rows, columns, *sheet.shape[1:]).transpose(2, 0, 3, 1, 4)
    sheet = sheet.reshape(channels, rows * (height + gap), columns * (width + gap))
    return to_image(sheet[:, : rows * (height + gap) - gap, : columns * (width + gap) - gap])
