"""TIFFs that Pillow reads wrongly or not at all: values of any depth, signed, floating point, any sample layout.

Pillow decompresses: each strip is given to it as a grey picture of bytes. Here bits are unpacked, differences summed,
values scaled (depths.py) and channels interpreted. TIFF 6.0; Adobe's Technical Notes 1 and 3.
"""

import itertools
import math
import re
import struct
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, TiffImagePlugin

from vaedemo.errors import PictureError
from vaedemo.pictures.depths import levels, require_pixels, to_bytes

__all__ = ["read", "unusual"]

_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAX_BYTES = 400_000_000  # of a picture's values
_DEPTHS = (8, 16, 32, 64)  # bits of values that need no unpacking
_GROUP = 8_000_000  # bytes that are unpacked at once
_LOSSLESS = (1, 5, 8, 32946, 32773, 34925, 50000)  # none, LZW, Deflate (two), PackBits, LZMA, Zstandard
_MOSAIC = (32803, 34892)  # photometric: values of a camera's sensor
_TOO_LARGE = "{} needs more memory than there is; scale it down first."
_SECRET = (34713, 32767, 34316)  # compressions of Nikon, Sony, Panasonic
_RAW = re.compile(r"\.(3fr|arw|cr2|dcr|dng|erf|fff|iiq|k25|kdc|mef|mos|nef|nrw|pef|raw|rwl|sr2|srf|srw)\W?$")
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3}  # channels of a photometric interpretation
_REVERSED = np.array([int(f"{v:08b}"[::-1], 2) for v in range(256)], np.uint8)


class _Layout(NamedTuple):
    """How the directory describes the pixels."""

    size: tuple[int, int]
    bits: int
    kind: str  # u, i or f
    samples: int
    photometric: int
    apart: bool  # each channel has its own segments
    compression: int
    predictor: int
    reverse: bool  # the first pixel is in a byte's lowest bit
    order: str  # < or >
    tiles: bool  # or strips, the last of which may be lower
    segment: tuple[int, int]  # width, height
    offsets: tuple[int, ...]
    counts: tuple[int, ...]


def read(data: bytes, name: str, labels: bool = False, whole: bool = False) -> Image.Image | None:
    """A decoded picture, mode L, LA, RGB, RGBA, CMYK or LAB, of a TIFF that Pillow would read wrongly; None of others.
    whole: of any TIFF that this module can read. PictureError for a camera's raw file."""
    if data[:4] not in _HEADS:
        return None
    try:
        directory = _directory(data)
        layout = None if directory is None else _layout(directory, data)
        raw = _RAW.search(name.lower()) or _is_raw(data, directory)
    except Exception:  # a damaged directory: Pillow says so, or knows better
        return None
    if raw:
        raise PictureError(
            f"{name} is a camera's raw file, which cannot be read here; save it as PNG or JPEG and try again."
        )
    if layout is None:
        return None
    require_pixels(layout.size, name)
    if (not whole and _is_plain(layout)) or not _is_known(layout):
        return None
    if layout.compression != 1 and _row(layout) * layout.segment[1] > (Image.MAX_IMAGE_PIXELS or math.inf):
        if layout.kind == "u" and layout.bits == 16 and layout.photometric in (1, 2):
            return None  # Pillow truncates to 8 bits, which takes less memory
        raise PictureError(_TOO_LARGE.format(name))
    halved = _all(directory, 530, (2, 2))
    if layout.photometric == 6 and not layout.apart and halved != (1, 1):
        image = _of_halved(data, layout, halved)
    else:
        image = _picture(_values(data, layout, name), layout, directory, name, labels)
    if image is not None:
        icc = directory.get(34675)
        image.info = {"icc_profile": icc} if isinstance(icc, bytes) else {}
        exif = Image.Exif()
        exif[0x0112] = directory.get(274, 1)
        image.info["exif"] = exif.tobytes()
    return image


def unusual(data: bytes) -> str | None:
    """What is unusual about a whole TIFF that cannot be read; None of any other file."""
    try:
        directory = _directory(data) if data[:4] in _HEADS else None
        if directory is None:
            return None
        offsets, counts = _all(directory, 324, _all(directory, 273, ())), _all(directory, 325, _all(directory, 279, ()))
        depths, compression = _all(directory, 258, 1), _one(directory, 259, 1)
        known = len(set(depths)) == 1 and (depths[0] in _DEPTHS or (depths[0] < 32 and depths[0] % 8))
        known = known and _one(directory, 262, 1) in _COLOURS and _one(directory, 339, 1) in (1, 2, 3, 4)
        known = known and compression in (*_LOSSLESS, 2, 3, 4, 6, 7)
        if known or not offsets or any(at + n > len(data) for at, n in zip(offsets, counts, strict=False)):
            return None
    except Exception:  # a damaged directory
        return None
    return f"with {', '.join(map(str, depths[:4]))} bits a value and compression {compression}"


def _directory(data: bytes, at: int | None = None) -> Any:
    """The tags at an offset, or of the first picture; None if there are none."""
    big = data[2:4] in (b"+\0", b"\0+")
    directory = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if big else 8])
    file = BytesIO(data)
    at = directory.next if at is None else at
    if not 0 < at < len(data):
        return None
    file.seek(at)
    directory.load(file)
    return directory


def _all(directory: Any, tag: int, default: Any) -> tuple:
    value = directory.get(tag, default)
    return value if isinstance(value, tuple) else (value,)


def _one(directory: Any, tag: int, default: Any) -> Any:
    return _all(directory, tag, default)[0]


def _is_raw(data: bytes, directory: Any) -> bool:
    """Whether it is a camera's raw file: marked as one, or a thumbnail with a sensor's values after it."""
    if directory is None:
        return False
    if data[8:10] == b"CR" or 50706 in directory:  # Canon's, and Adobe's DNG
        return True
    below = [d for at in _all(directory, 330, ())[:8] if at and (d := _directory(data, at)) is not None]
    chain = [directory]  # the directories that follow it
    while len(chain) < 5 and isinstance(at := chain[-1].next, int) and at and (d := _directory(data, at)) is not None:
        chain.append(d)
    every = [*chain, *below]
    if any(_one(d, 262, 1) in _MOSAIC or _one(d, 259, 1) in _SECRET or 33422 in d for d in every):
        return True
    reduced = _one(directory, 254, 0) & 1 == 1
    larger = any(_one(d, 256, 0) > _one(directory, 256, 0) for d in below)
    return bool(below) and (reduced or (larger and 271 in directory))


def _layout(directory: Any, data: bytes) -> _Layout | None:
    width, height = _one(directory, 256, 0), _one(directory, 257, 0)
    samples = _one(directory, 277, 1)
    depths, kinds = set(_all(directory, 258, 1)), set(_all(directory, 339, 1))
    photometric = _one(directory, 262, 2 if samples > 2 else 1)
    if len(depths) != 1 or len(kinds) != 1 or not 1 <= samples <= 1000:
        return None
    tiles = 322 in directory
    strip = (width, min(height, _one(directory, 278, height) or height))
    return _Layout(
        size=(width, height),
        bits=depths.pop(),
        kind={1: "u", 2: "i", 3: "f", 4: "u"}.get(kinds.pop(), "?"),
        samples=samples,
        photometric=photometric,
        apart=_one(directory, 284, 1) == 2 and samples > 1,
        compression=_one(directory, 259, 1),
        predictor=_one(directory, 317, 1),
        reverse=_one(directory, 266, 1) == 2,
        order="<" if data[:2] == b"II" else ">",
        tiles=tiles,
        segment=(_one(directory, 322, width), _one(directory, 323, height)) if tiles else strip,
        offsets=_all(directory, 324 if tiles else 273, ()),
        counts=_all(directory, 325 if tiles else 279, ()),
    )


def _is_plain(layout: _Layout) -> bool:
    """Whether Pillow reads it right."""
    if layout.kind != "u" or layout.photometric == 9 or layout.reverse:
        return False
    if layout.photometric == 6 and layout.compression == 1:
        return False
    return layout.bits == 8 or (layout.bits in (1, 2, 4) and layout.samples == 1)


def _is_known(layout: _Layout) -> bool:
    """Whether this module reads it."""
    if layout.compression not in _LOSSLESS or layout.photometric not in _COLOURS:
        return False
    if layout.samples < _COLOURS[layout.photometric]:
        return False
    if layout.kind == "f":
        return layout.bits in (16, 32, 64) and layout.predictor in (1, 3)
    if layout.kind == "?" or layout.predictor == 3:
        return False
    packed = 1 <= layout.bits < 32 and layout.bits % 8 and layout.kind == "u" and layout.predictor == 1
    return layout.bits in _DEPTHS or bool(packed)


def _row(layout: _Layout) -> int:
    """Bytes of a segment's row."""
    return -(-layout.segment[0] * (1 if layout.apart else layout.samples) * layout.bits // 8)


def _values(data: bytes, layout: _Layout, name: str) -> np.ndarray:
    """The stored values, (H, W, samples)."""
    (width, height), (seg_width, seg_height) = layout.size, layout.segment
    size = layout.bits // 8 if layout.bits in _DEPTHS else 2 if layout.bits <= 16 else 4
    kind = np.dtype(f"{layout.kind}{size}")
    if width * height * layout.samples * size > _MAX_BYTES:
        raise PictureError(_TOO_LARGE.format(name))
    across, down = -(-width // seg_width), -(-height // seg_height)
    planes, each = (layout.samples, 1) if layout.apart else (1, layout.samples)
    row = _row(layout)
    if len(layout.offsets) < across * down * planes:
        raise ValueError("segments are missing")
    picture = np.empty((height, width, layout.samples), kind)
    most = max(1, _GROUP // (row * seg_height * (1 if size * 8 == layout.bits else 8)))
    heights = [seg_height] * down
    if not layout.tiles:
        heights[-1] = height - seg_height * (down - 1)
    for plane, column in itertools.product(range(planes), range(across)):
        for first in range(0, down, most):
            rows = range(first, min(first + most, down))
            places = [(plane * down + r) * across + column for r in rows]
            stored = _bytes(data, layout, places, [heights[r] for r in rows], row)
            values = _unpacked(stored, layout, seg_width, each)
            top, left = first * seg_height, column * seg_width
            values = values[: height - top, : width - left]
            channels = slice(plane, plane + 1) if layout.apart else slice(None)
            picture[top : top + len(values), left : left + seg_width, channels] = values
    return picture


def _bytes(data: bytes, layout: _Layout, places: list[int], heights: list[int], row: int) -> np.ndarray:
    """Segments one below the other, decompressed, uint8 (rows, bytes of a row)."""
    if layout.compression == 1:
        parts = []
        for place, rows in zip(places, heights, strict=True):
            at = layout.offsets[place]
            if at + rows * row > len(data):
                raise ValueError("a segment is cut off")
            parts.append(np.frombuffer(data, np.uint8, rows * row, at).reshape(rows, row))
        stored = np.concatenate(parts)
        return _REVERSED[stored] if layout.reverse else stored
    chunks = [data[layout.offsets[p] : layout.offsets[p] + layout.counts[p]] for p in places]
    starts = list(itertools.accumulate(map(len, chunks), initial=8))
    single = {256: row, 257: sum(heights), 258: 8, 259: layout.compression, 262: 1, 277: 1, 278: max(heights)}
    tags = {tag: [value] for tag, value in single.items()} | {266: [2 if layout.reverse else 1]}
    tags |= {273: starts[:-1], 279: [len(chunk) for chunk in chunks]}
    at = starts[-1]
    index, arrays, beyond = b"", b"", at + 2 + 12 * len(tags) + 4
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        if len(values) > 1:
            arrays, packed = arrays + packed, struct.pack("<I", beyond + len(arrays))
        index += struct.pack("<HHI", tag, 4, len(values)) + packed
    file = b"II*\0" + struct.pack("<I", at) + b"".join(chunks)
    file += struct.pack("<H", len(tags)) + index + bytes(4) + arrays
    with Image.open(BytesIO(file), formats=["TIFF"]) as image:
        return np.asarray(image)


def _unpacked(stored: np.ndarray, layout: _Layout, width: int, each: int) -> np.ndarray:
    """Values (rows, width, each) of bytes (rows, bytes of a row)."""
    rows, bits = len(stored), layout.bits
    if bits not in _DEPTHS:
        single = np.unpackbits(stored, axis=1, count=width * each * bits).reshape(rows, width, each, bits)
        values = np.zeros((rows, width, each), np.uint16 if bits <= 16 else np.uint32)
        for i in range(bits):
            values = (values << 1) | single[..., i]
        return values
    size = bits // 8
    if layout.predictor == 3:
        stored = stored.reshape(rows, -1, each).cumsum(axis=1, dtype=np.uint8)
        planes = stored.reshape(rows, size, width * each).transpose(0, 2, 1)
        return np.ascontiguousarray(planes).view(f">f{size}").reshape(rows, width, each)
    values = np.ascontiguousarray(stored).view(f"{layout.order}{layout.kind}{size}").reshape(rows, width, each)
    if layout.predictor == 2:
        values = values.astype(values.dtype.newbyteorder("=")).cumsum(axis=1, dtype=f"{layout.kind}{size}")
    return values


def _picture(values: np.ndarray, layout: _Layout, directory: Any, name: str, labels: bool) -> Image.Image | None:
    """The picture of values (H, W, samples)."""
    colours = _COLOURS[layout.photometric]
    seen, bits = values[..., :colours], layout.bits
    if layout.photometric == 3:
        return _of_palette(seen[..., 0], directory)
    if layout.photometric in (8, 9):
        return _of_lab(seen, layout)
    shown = levels(seen, name, bits, _declared(directory, layout), labels)
    if layout.photometric == 0:
        shown = 255 - shown
    if colours == 4:
        return _framed("CMYK", shown)
    if layout.photometric == 6:
        return _framed("YCbCr", shown).convert("RGB")
    extra = _one(directory, 338, 2 if layout.samples == 4 and colours == 3 else 0) if layout.samples > colours else 0
    if extra not in (1, 2):
        return _framed("L" if colours == 1 else "RGB", shown)
    alpha = levels(values[..., colours : colours + 1], name, bits)
    if extra == 1:  # premultiplied colours
        straight = np.minimum(shown.astype(np.float32) * 255 / np.maximum(alpha, 1), 255)
        shown = np.where(alpha > 0, np.round(straight), 0).astype(np.uint8)
    return _framed("LA" if colours == 1 else "RGBA", np.concatenate([shown, alpha], axis=2))


def _framed(mode: str, levels: np.ndarray) -> Image.Image:
    height, width = levels.shape[:2]
    return Image.frombytes(mode, (width, height), np.ascontiguousarray(levels).tobytes())


def _declared(directory: Any, layout: _Layout) -> tuple[float, float] | None:
    """(low, high) of floats from SMinSampleValue and SMaxSampleValue, or None."""
    if layout.kind != "f" or 340 not in directory or 341 not in directory:
        return None
    low, high = min(_all(directory, 340, 0)), max(_all(directory, 341, 1))
    return (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _of_halved(data: bytes, layout: _Layout, steps: tuple) -> Image.Image | None:
    """Subsampled YCbCr: blocks of luma, then Cb and Cr (TIFF 6.0, section 21); None if it is compressed, of more than 8
    bits or in tiles, which Pillow may read."""
    if layout.compression != 1 or layout.bits != 8 or layout.tiles or not set(steps) <= {1, 2, 4} or len(steps) != 2:
        return None
    (width, height), (across, down), rows = layout.size, steps, layout.segment[1]
    blocks, each, parts = -(-width // across), across * down + 2, []
    for at, top in zip(layout.offsets, range(0, height, rows), strict=True):
        lines = -(-min(rows, height - top) // down)
        if at + lines * blocks * each > len(data):
            raise ValueError("a strip is cut off")
        parts.append(np.frombuffer(data, np.uint8, lines * blocks * each, at).reshape(lines, blocks, each))
    stored = np.concatenate(parts)
    light = stored[..., :-2].reshape(-1, blocks, down, across).transpose(0, 2, 1, 3).reshape(-1, blocks * across)
    colours = stored[..., -2:].repeat(down, 0).repeat(across, 1)
    return _framed("YCbCr", np.dstack([light, colours])[:height, :width]).convert("RGB")


def _of_palette(index: np.ndarray, directory: Any) -> Image.Image:
    table = np.array(_all(directory, 320, ()), np.float64).reshape(3, -1).T
    levels = np.round(table / (257 if table.max() > 255 else 1)).astype(np.uint8)
    return _framed("RGB", levels[np.minimum(index, len(levels) - 1)])


def _of_lab(values: np.ndarray, layout: _Layout) -> Image.Image | None:
    """Mode LAB of CIE or ICC Lab of 8 or 16 bits; in CIE Lab a* and b* are signed."""
    if layout.bits not in (8, 16):
        return None
    levels = to_bytes(values, 0, 2**layout.bits - 1) if layout.bits == 8 else (values >> 8).astype(np.uint8)
    if layout.bits == 16:
        levels[..., 0] = to_bytes(values[..., 0], 0, 65535 if layout.photometric == 8 else 65280)
    if layout.photometric == 9:
        levels[..., 1:] ^= 0x80
    image = _framed("RGB", levels)
    return Image.frombytes("LAB", image.size, image.tobytes(), "raw", "LAB")
