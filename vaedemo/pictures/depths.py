"""Values of any depth as levels of 8 bits, and readers of what Pillow reads slowly, wrongly or not at all: netpbm
files, PNGs of 16 bits, and BMPs with bit masks.

The range is the one that a file declares. Without one, unsigned integers run from 0 to the largest of their depth.
Signed ones are a measurement: from 0 to the largest of their depth if none is negative, else from the lowest to the
highest value. Floats run from 0 to 1, clipped if a few lie a little outside; from 0 to 255 or 65535 if they are of that
size; else from the lowest to the highest value.
"""

import re
import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image

from vaedemo.errors import PictureError

__all__ = ["MAX_PIXELS", "bmp", "levels", "limits", "netpbm", "png", "require_pixels", "to_bytes"]

MAX_PIXELS = 50_000_000
_OUTSIDE = 0.1  # how far outside 0 to 1 floats are clipped, such as a filter's ringing or a highlight
_FEW = 0.01  # share of the values that may lie further outside
_BAND = 4_000_000  # values that are scaled at once, to save memory


def require_pixels(size: Sequence[int], name: str) -> None:
    """PictureError if (width, height) is nothing or more than MAX_PIXELS."""
    width, height = size
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels; choose another picture.")
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name} has {width} x {height} = {width * height / 1e6:,.0f} million pixels; "
            f"the limit is {MAX_PIXELS // 10**6} million, so scale it down first."
        )


def limits(values: np.ndarray, name: str, bits: int | None = None, labels: bool = False) -> tuple[float, float]:
    """(black, white) of an array of numbers; bits: the depth of integers, the type's if None. labels: a mask's integers
    up to 255 are levels as they are, in however many bits they are stored."""
    kind, bits = values.dtype.kind, bits or 8 * values.dtype.itemsize
    if labels and kind in "ui" and bits > 8 and values.min() >= 0 and values.max() <= 255:
        return 0, 255
    if kind == "u":
        return 0, 2**bits - 1
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureError(f"{name} holds values that are infinite or not a number; replace them and try again.")
    low, high = float(low), float(high)
    if kind == "i" and low >= 0 and bits <= 16:
        return 0, 2 ** (bits - 1) - 1
    if kind == "f":
        if low >= -_OUTSIDE and high <= 1 + _OUTSIDE:
            return 0, 1
        if np.count_nonzero((values < -_OUTSIDE) | (values > 1 + _OUTSIDE)) <= _FEW * values.size:
            return 0, 1
    if low < 0 or high > 65535 or (kind == "f" and high <= 16):
        return low, high  # a measurement, such as a scan or a height
    return 0, 255 if high <= 255 else 65535


def levels(
    values: np.ndarray,
    name: str,
    bits: int | None = None,
    given: tuple[float, float] | None = None,
    labels: bool = False,
) -> np.ndarray:
    """uint8 of the same shape: the values between their limits(), or the given ones. No label but 0 becomes 0, not even
    a negative one."""
    if labels and values.dtype.kind == "i" and values.min() < 0:
        values = np.abs(values.astype(np.int64))
    scaled = to_bytes(values, *(given or limits(values, name, bits, labels)))
    if labels and values.dtype.kind in "ui" and values.dtype.itemsize > 1:
        scaled[(scaled == 0) & (values != 0)] = 1
    return scaled


def to_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """uint8 of the same shape: low becomes 0, high 255, and what lies outside is clipped."""
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return values
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2 and low == 0:
        every = np.arange(1 << 8 * values.dtype.itemsize, dtype=np.float64)
        return np.round(every * 255 / high).clip(0, 255).astype(np.uint8)[values]
    scaled = np.empty(values.shape, np.uint8)
    step = max(1, _BAND // max(1, values[0].size))
    for at in range(0, len(values), step):
        band = values[at : at + step].astype(np.float64)
        scaled[at : at + step] = np.round((band - low) * 255 / max(high - low, 1e-300)).clip(0, 255)
    return scaled


_TOKEN = rb"(?:\s*#[^\n]*\n)*\s+(?:#[^\n]*\n\s*)*"
_PNM = re.compile(rb"P([56])" + _TOKEN + rb"(\d{1,9})" + _TOKEN + rb"(\d{1,9})" + _TOKEN + rb"(\d{1,9})\s")
_PFM = re.compile(rb"P([fF])\s+(\d{1,9})\s+(\d{1,9})\s+([-+]?[\d.eE+-]{1,30})\s")
_PAM = re.compile(rb"P7\n((?:(?!ENDHDR)[^\n]{0,200}\n){1,50})ENDHDR\n")


def netpbm(data: bytes, name: str, labels: bool = False) -> Image.Image | None:
    """The picture, mode L, LA, RGB or RGBA, of a binary PGM, PPM, PAM or PFM; None of other files."""
    ink = None
    if found := _PNM.match(data, 0, 4096):
        width, height, top = map(int, found.groups()[1:])
        samples, kind, order = (1 if found[1] == b"5" else 3), "u", ">"
    elif found := _PAM.match(data, 0, 4096):
        words = dict(re.findall(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL)\s+(\d{1,9})\s*$", found[1], re.MULTILINE))
        width, height, samples, top = (int(words.get(k, 0)) for k in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
        kind, order, ink = "u", ">", samples == 4 and re.search(rb"^TUPLTYPE CMYK", found[1], re.MULTILINE)
    elif found := _PFM.match(data, 0, 4096):
        width, height, top = int(found[2]), int(found[3]), 0
        samples, kind, order = (1 if found[1] == b"f" else 3), "f", "<" if found[4].startswith(b"-") else ">"
    else:
        return None
    require_pixels((width, height), name)
    if (kind == "u" and not 1 <= top <= 65535) or not 1 <= samples <= 4:
        raise PictureError(f"{name} has an unusual depth; save it as PNG and try again.")
    dtype = np.dtype(f"{order}f4" if kind == "f" else ">u2" if top > 255 else "u1")
    count = width * height * samples
    if len(data) - found.end() < count * dtype.itemsize:
        raise PictureError(f"{name} is damaged or cut off; get a whole copy of it.")
    values = np.frombuffer(data, dtype, count, found.end()).reshape(height, width, samples)
    if kind == "f":
        values = values[::-1]  # from the bottom up
    given = None if kind == "f" or (labels and top > 255 and values.max(initial=0) <= 255) else (0, top)
    scaled = np.ascontiguousarray(levels(values, name, given=given, labels=labels))
    if ink:
        return Image.frombytes("CMYK", (width, height), scaled.tobytes())
    return Image.fromarray(scaled[..., 0] if samples == 1 else scaled)


def bmp(data: bytes, name: str) -> Image.Image | None:
    """The picture, mode RGB or RGBA, of a BMP of 16 or 32 bits a pixel with masks of its channels; None of others."""
    if data[:2] != b"BM" or len(data) < 54:
        return None
    start, head, width, height, _, bits, packed = struct.unpack_from("<IIiiHHI", data, 10)
    plain = bits == 16 and packed == 0
    if head < 40 or bits not in (16, 32) or not (plain or packed in (3, 6)):
        return None
    require_pixels((width, abs(height)), name)
    masks = (0x7C00, 0x3E0, 0x1F) if plain else struct.unpack_from("<4I", data, 54)
    masks = masks if plain or head >= 56 or packed == 6 else masks[:3]
    row = -(-width * bits // 32) * 4
    if len(data) - start < row * abs(height):
        raise PictureError(f"{name} is damaged or cut off; get a whole copy of it.")
    pixels = np.frombuffer(data, f"<u{bits // 8}", row * abs(height) * 8 // bits, start)
    pixels = pixels.reshape(abs(height), -1)[:: -1 if height > 0 else 1, :width].astype(np.uint32)
    shifts = [(mask & -mask).bit_length() - 1 if mask else 0 for mask in masks]
    tops = [mask >> shift for mask, shift in zip(masks, shifts, strict=True)]
    if any(top & (top + 1) for top in tops):  # a mask with gaps
        return None
    parts = zip(masks, shifts, tops, strict=True)
    channels = [to_bytes((pixels & mask) >> shift, 0, max(top, 1)) for mask, shift, top in parts]
    if len(channels) == 4 and not channels[3].any():
        channels.pop()  # as browsers do: a picture that is all transparent was not meant
    return Image.fromarray(np.dstack(channels))


def png(image: Image.Image, data: bytes, labels: bool = False) -> Image.Image:
    """An opened PNG with 16 bits rounded to 8 and its transparent colour looked up at the file's depth (Pillow would
    truncate, and compare values of two depths); of any other picture the same object."""
    if image.format != "PNG" or len(data) < 26:
        return image
    bits, grey, clear = data[24], data[25] == 0, image.info.get("transparency")
    if image.mode == "L" and bits < 8 and isinstance(clear, int):
        image.info["transparency"] = clear * 255 // (2**bits - 1) if clear < 2**bits else 256
    if bits != 16 or (grey and clear is None and not labels):
        return image
    from imagecodecs import png_decode

    image.load()  # a cut off file raises; and what stands behind the pixels, perhaps EXIF, is known
    values = np.atleast_3d(png_decode(data))  # the transparent colour has become a channel
    colours = 3 if values.shape[2] > 2 else 1
    shown = levels(values[..., :colours], "The picture", labels=labels and grey)
    picture = Image.fromarray(shown[..., 0] if colours == 1 else shown)
    if values.shape[2] > colours:
        picture.putalpha(Image.fromarray(to_bytes(values[..., colours], 0, 65535)))
    picture.info = {k: v for k, v in image.info.items() if k != "transparency"}
    return picture
