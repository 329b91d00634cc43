"""Anything a person uploads -> one clean picture, or one plain sentence.

read() gives an upright grey or RGB picture of any source; layers() gives it as it is stored, for masks.
"""

import os
import re
import stat
import struct
from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

import numpy as np
from PIL import Image

from vaedemo.errors import PictureError
from vaedemo.pictures import colours, depths, filekinds, tiffs
from vaedemo.pictures.depths import MAX_PIXELS, require_pixels

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Source", "layers", "read", "read_with_changes", "read_with_original"]

Source = Image.Image | np.ndarray | bytes | bytearray | memoryview | str | os.PathLike
T = TypeVar("T")

MAX_BYTES = 25_000_000  # of a file

# Decoders written in Python, and the largest file that each gets: about two seconds' work.
_SLOW = {"bmp_rle": 2_000_000, "ppm": 2_000_000, "ppm_plain": 200_000}
# Only decoders that are fast and start no other program: EPS starts Ghostscript, QOI is slow.
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
_BESIDE = ("comment", "photoshop", "xmp", "XML:com.adobe.xmp")  # what Pillow calls metadata that are not EXIF


def read(source: Source) -> Image.Image:
    """The upright picture, mode "L" (grey) or "RGB", of a path, bytes, PIL image or array; else PictureError.

    Arrays are (H, W) or (H, W, 1 | 3 | 4), uint8, uint16, bool or float in [0, 1]. Of an animation the first frame is
    taken; colours are converted to sRGB (colours.py), other depths scaled to 8 bits (depths.py), and transparency is
    composited on white. At most MAX_PIXELS, checked before decoding.
    """
    return read_with_original(source)[0]


def layers(source: Source) -> Image.Image:
    """The upright picture as it is stored, mode "1", "L", "LA", "P", "RGB" or "RGBA", for masks: with its transparency
    and palette, colours not converted, small integers of any depth as they are."""
    if isinstance(source, np.ndarray):
        return _from_array(source, labels=True)
    image, data, name = _source(source, labels=True)

    def stored() -> Image.Image:
        picture = _eight_bits(_loaded(image, name, None)[0], name, labels=True)
        return picture if picture.mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA") else picture.convert("RGB")

    return _whole(stored, name, data)


def read_with_original(source: Source, enough: int | None = None) -> tuple[Image.Image, tuple[int, int]]:
    """The picture and its own (width, height). A large one may come smaller, never below `enough` pixels on a side."""
    return _upright(source, enough)[:2]


def read_with_changes(source: Source) -> tuple[Image.Image, tuple[str, ...]]:
    """The picture, and what was done on the way: "turned" as EXIF says, "converted" from another colour space to sRGB,
    "flattened" onto white where it was transparent, and "dropped" metadata."""
    picture, _, changes = _upright(source, None)
    return picture, changes


def _upright(source: Source, enough: int | None) -> tuple[Image.Image, tuple[int, int], tuple[str, ...]]:
    if isinstance(source, np.ndarray):
        picture = _plain(_from_array(source))
        return picture, picture.size, ()
    image, data, name = _source(source)

    def upright() -> tuple[Image.Image, tuple[int, int], tuple[str, ...]]:
        icc = colours.profile(image)
        loaded, size = _loaded(image, name, enough)
        converted = colours.to_srgb(loaded, icc)
        done = {
            "turned": _orientation(image) in _UPRIGHT,
            "converted": converted is not loaded,
            "flattened": converted.has_transparency_data,
            "dropped": _has_metadata(image),
        }
        picture = _plain(_eight_bits(converted, name))
        picture.info = {}  # its orientation and colours are applied, and must not be once more
        return picture, size, tuple(change for change, true in done.items() if true)

    return _whole(upright, name, data)


def _has_metadata(image: Image.Image) -> bool:
    """Whether a file says more than its orientation and its colours."""
    try:
        tags = set() if image.format == "TIFF" else {*image.getexif()} - {_ORIENTATION}  # a TIFF's tags are its header
    except Exception:  # damaged EXIF is no reason to refuse the picture
        tags = set()
    return bool(tags or getattr(image, "text", None) or any(image.info.get(word) for word in _BESIDE))


def _whole(make: Callable[[], T], name: str, data: bytes = b"") -> T:
    """The result of make() on a file's bytes, or a sentence."""
    try:
        return make()
    except PictureError:
        raise
    except MemoryError:
        raise PictureError(f"{name} needs more memory than there is; scale it down first.") from None
    except Exception:  # decoders raise whatever damaged data lead them to
        sentence = filekinds.unusual(data, name) or f"{name} is damaged or cut off; get a whole copy of it."
        raise PictureError(sentence) from None


def _source(source: Source, labels: bool = False) -> tuple[Image.Image, bytes, str]:
    """(opened picture of a checked size, its file's bytes if any, its name) of anything but an array."""
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
    data, info = colours.declared(data)
    if (image := _whole(lambda: _deep(data, name, labels), name, data)) is not None:
        image.info.update(info)
        return image, data, name
    opened = _opened(data, name)
    opened.info.update(info)
    return _whole(lambda: depths.png(opened, data, labels), name, data), data, name


def _deep(data: bytes, name: str, labels: bool) -> Image.Image | None:
    """The picture of a file that Pillow reads wrongly or not at all, or None."""
    return tiffs.read(data, name, labels) or depths.netpbm(data, name, labels) or depths.bmp(data, name)


def _too_large(name: str) -> str:
    return f"{name} is larger than {MAX_BYTES // 10**6} MB; make it smaller and try again."


def _bytes_of(path: str | os.PathLike) -> tuple[str, bytes]:
    """(name fit to be shown, at most MAX_BYTES + 1 bytes) of a file."""
    path = os.fspath(path)
    path = os.fsdecode(path) if isinstance(path, bytes) else path
    # A message may appear on a page or in a log: no folders, no markup, no control characters, not too long.
    name = re.sub(r"[^\w .()+-]", "_", os.path.basename(path))
    name = f"{name[:30]}...{name[-8:]}" if len(name) > 45 else name
    name = f'"{name}"' if name.strip(" ._") else "This file"
    try:
        status = os.stat(path)
        # Devices and pipes are never opened: reading them may not end. Files in /proc claim to be empty.
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


def _opened(data: bytes, name: str) -> Image.Image:
    """The picture in these bytes, its header read and its size checked, not yet decoded."""
    try:
        if data.startswith(b"\0\0\1\0"):
            _require_icon(data, name)
        if {"avif", "avis"} & set(filekinds.brands(data)[1:]):  # Pillow looks at the first brand only
            data = data[:8] + b"avif" + data[12:]
        Image.init()
        image = Image.open(BytesIO(data), formats=[f for f in _FORMATS if f in Image.OPEN])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        millions = int(re.findall(r"\d+", str(error))[0]) / 1e6
        raise PictureError(
            f"{name} has {millions:,.0f} million pixels; the limit is {MAX_PIXELS // 10**6} million, "
            "so scale it down first."
        ) from None
    except PictureError:
        raise
    except Exception:  # decoders raise whatever a damaged header leads them to
        if (tiff := _whole(lambda: tiffs.read(data, name, whole=True), name, data)) is None:
            raise PictureError(filekinds.unreadable(data, name)) from None
        return tiff
    require_pixels(image.size, name)
    if image.tile and len(data) > _SLOW.get(image.tile[0][0], MAX_BYTES):
        raise PictureError(f"{name} is stored in an unusual way that is slow to read; save it as PNG and try again.")
    return image


def _require_icon(data: bytes, name: str) -> None:
    """Refuse an icon with a picture that is too large: its decoder would read it at once."""
    for at in range(6, 6 + 16 * struct.unpack_from("<H", data, 4)[0], 16):
        start = struct.unpack_from("<I", data, at + 12)[0]
        packed = data[start : start + 4] == b"\x89PNG"
        sides = struct.unpack_from(">II" if packed else "<ii", data, start + (16 if packed else 4))
        require_pixels([abs(side) for side in sides], name)


def _loaded(image: Image.Image, name: str, enough: int | None) -> tuple[Image.Image, tuple[int, int]]:
    """The picture decoded and rotated as EXIF says; and its own (width, height)."""
    size = image.size
    if enough and min(size) > 2 * enough:
        # A JPEG's decoder halves it almost for nothing; other formats ignore this.
        image.draft(None, (size[0] * enough // min(size), size[1] * enough // min(size)))
    image.load()
    require_pixels(image.size, name)
    orientation = _orientation(image)
    factor = min(image.size) // enough if enough else 1
    if factor > 1 and image.mode in ("L", "LA", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        image = image.reduce(factor)  # first, to save memory
    if orientation is not None and orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
        size = (size[1], size[0]) if orientation >= 5 else size
    return image, size


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(_ORIENTATION)
    except Exception:  # damaged EXIF is no reason to refuse the picture
        return None


def _eight_bits(image: Image.Image, name: str, labels: bool = False) -> Image.Image:
    """The picture with 8 bits a value, from 16 or 32 or floating point."""
    if not image.mode.startswith("I") and image.mode != "F":
        return image
    values = np.asarray(image)
    # Pillow scales text netpbm to 16 bits itself.
    given = (0, 65535) if image.format == "PPM" and image.mode == "I" else None
    return Image.fromarray(depths.levels(values, name, given=given, labels=labels))


def _plain(image: Image.Image) -> Image.Image:
    """Mode "L" or "RGB" from any mode of 8 bits, transparency on white."""
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


def _from_array(a: np.ndarray, labels: bool = False) -> Image.Image:
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
