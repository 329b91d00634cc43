"""TIFFs that Pillow reads wrongly or not at all: values of any depth, signed, floating point, any sample layout.

tifffile reads directories and values. Here is said what is read, and what the values mean (depths.py). TIFF 6.0;
Adobe's Technical Notes 1 and 3.
"""

import contextlib
import itertools
import math
import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from vaedemo.errors import PictureError
from vaedemo.pictures.depths import levels, require_pixels, to_bytes

__all__ = ["read", "unusual"]

_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAX_BYTES = 400_000_000  # of a picture's values, and of all its segments as they are stored
_MAX_SEGMENT = 90_000_000  # bytes of a segment that is decompressed at once
_LOSSLESS = (1, 5, 8, 32946, 32773, 34925, 50000)  # none, LZW, Deflate (two), PackBits, LZMA, Zstandard
_PILLOWS = (2, 3, 4, 6, 7)  # compressions that Pillow alone reads: of fax, JPEG
_MOSAIC = (32803, 34892)  # photometric: values of a camera's sensor
_TOO_LARGE = "{} needs more memory than there is; scale it down first."
_SECRET = (34713, 32767, 34316)  # compressions of Nikon, Sony, Panasonic
_RAW = re.compile(r"\.(3fr|arw|cr2|dcr|dng|erf|fff|iiq|k25|kdc|mef|mos|nef|nrw|pef|raw|rwl|sr2|srf|srw)\W?$")
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3}  # channels of a photometric interpretation
_KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}  # of values, by their sample format
_WHOLE = (8, 16, 32, 64)
_DEPTHS = {  # bits of a value, by its kind and the predictor: none, differences, differences of floats
    ("u", 1): (*_WHOLE, *(bits for bits in range(1, 32) if bits % 8)),
    ("u", 2): _WHOLE,
    ("i", 1): _WHOLE,
    ("i", 2): _WHOLE,
    ("f", 1): _WHOLE[1:],
    ("f", 3): _WHOLE[1:],
}


def read(data: bytes, name: str, labels: bool = False, whole: bool = False) -> Image.Image | None:
    """A decoded picture, mode L, LA, RGB, RGBA, CMYK or LAB, of a TIFF that Pillow would read wrongly; None of others.
    whole: of any TIFF that this module can read. PictureError for a camera's raw file."""
    try:
        if (page := _page(data)) is None:
            return None
        raw = _RAW.search(name.lower()) or _is_raw(data, page)
        known = _is_known(page) and _COLOURS[page.photometric] <= page.samplesperpixel
        wanted = known and (whole or not _is_plain(page))
    except Exception:  # a damaged directory: Pillow says so, or knows better
        return None
    if raw:
        raise PictureError(
            f"{name} is a camera's raw file, which cannot be read here; save it as PNG or JPEG and try again."
        )
    require_pixels((page.imagewidth, page.imagelength), name)
    if not wanted:
        return None
    if page.compression != 1 and math.prod(page.chunks) * page.bitspersample > 8 * _MAX_SEGMENT:
        if page.dtype == np.uint16 and page.bitspersample == 16 and page.photometric in (1, 2):
            return None  # Pillow truncates to 8 bits, which takes less memory
        raise PictureError(_TOO_LARGE.format(name))
    if page.photometric == 6 and page.planarconfig == 1 and page.subsampling != (1, 1):
        image = _of_halved(data, page)
    else:
        image = _picture(_values(page, name), page, name, labels)
    if image is not None:
        image.info = {"icc_profile": page.iccprofile} if isinstance(page.iccprofile, bytes) else {}
        exif = Image.Exif()
        exif[0x0112] = page.tags.valueof(274, 1)
        image.info["exif"] = exif.tobytes()
    return image


def unusual(data: bytes) -> str | None:
    """What is unusual about a whole TIFF that cannot be read; None of any other file."""
    try:
        page = _page(data)
        if page is None or not page.dataoffsets or _is_known(page, (*_LOSSLESS, *_PILLOWS)):
            return None
        if any(at + count > len(data) for at, count in zip(page.dataoffsets, page.databytecounts, strict=False)):
            return None
        depths = ", ".join(map(str, np.atleast_1d(page.tags.valueof(258, 1))[:4]))
        return f"with {depths} bits a value and compression {int(page.compression)}"
    except Exception:  # a damaged directory
        return None


def _page(data: bytes) -> Any:
    """The first page, as tifffile describes it; None of other files, and where there is none."""
    if data[:4] not in _HEADS:
        return None
    from tifffile import TiffFile

    # What microscopes write is read by the tags alone: its own ways look through the whole file.
    page = TiffFile(BytesIO(data), is_lsm=False, is_ndpi=False, is_scanimage=False).pages.first
    if 262 not in page.tags:
        page.photometric = 2 if page.samplesperpixel > 2 else 1
    return page


def _is_raw(data: bytes, page: Any) -> bool:
    """Whether it is a camera's raw file: marked as one, or a thumbnail with a sensor's values after it."""
    if data[8:10] == b"CR" or 50706 in page.tags:  # Canon's, and Adobe's DNG
        return True
    below = _some(page.pages or (), 8)
    every = [page, *below, *_some(page.parent.pages, 5)]
    if any(p.photometric in _MOSAIC or p.compression in _SECRET or 33422 in p.tags for p in every):
        return True
    larger = any(p.imagewidth > page.imagewidth for p in below)
    return bool(below) and (page.subfiletype & 1 == 1 or (larger and 271 in page.tags))


def _some(pages: Iterable[Any], most: int) -> list[Any]:
    """The first pages, up to one that is damaged."""
    found: list[Any] = []
    with contextlib.suppress(Exception):
        found.extend(itertools.islice(pages, most))
    return found


def _is_plain(page: Any) -> bool:
    """Whether Pillow reads it right."""
    if _KINDS[page.sampleformat] != "u" or page.photometric == 9 or page.fillorder == 2:
        return False
    if page.photometric == 6 and page.compression == 1:
        return False
    return page.bitspersample == 8 or (page.bitspersample in (1, 2, 4) and page.samplesperpixel == 1)


def _is_known(page: Any, compressions: tuple[int, ...] = _LOSSLESS) -> bool:
    """Whether this module reads it, or would if it were compressed in one of the given ways."""
    return (
        page.compression in compressions
        and page.photometric in _COLOURS
        and page.bitspersample in _DEPTHS.get((_KINDS.get(page.sampleformat, ""), page.predictor), ())
        and page.imagedepth == 1
    )


def _values(page: Any, name: str) -> np.ndarray:
    """The stored values, (H, W, samples)."""
    if page.nbytes > _MAX_BYTES:
        raise PictureError(_TOO_LARGE.format(name))
    segments, counts = math.prod(page.chunked), page.databytecounts
    found = min(len(counts), len(page.dataoffsets)) >= segments and all(counts) and sum(counts) <= _MAX_BYTES
    if not found and not page.is_contiguous:
        raise ValueError("segments are missing, or lie upon each other")
    values = page.asarray(squeeze=False, maxworkers=1)[:, 0]  # (1, H, W, samples), or (samples, H, W, 1)
    values = values.transpose(1, 2, 0, 3).reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
    return values.view(np.uint8) if values.dtype == bool else values


def _picture(values: np.ndarray, page: Any, name: str, labels: bool) -> Image.Image | None:
    """The picture of values (H, W, samples)."""
    colours = _COLOURS[page.photometric]
    seen, bits = values[..., :colours], page.bitspersample
    if page.photometric == 3:
        return _of_palette(seen[..., 0], page.colormap)
    if page.photometric in (8, 9):
        return _of_lab(seen, page)
    shown = levels(seen, name, bits, _declared(page), labels)
    if page.photometric == 0:
        shown = 255 - shown
    if colours == 4:
        return _framed("CMYK", shown)
    if page.photometric == 6:
        return _framed("YCbCr", shown).convert("RGB")
    usual = (2,) if page.samplesperpixel == 4 and colours == 3 else (0,)
    extra = (page.extrasamples or usual)[0] if page.samplesperpixel > colours else 0
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


def _declared(page: Any) -> tuple[float, float] | None:
    """(low, high) of floats from SMinSampleValue and SMaxSampleValue, or None."""
    if page.dtype.kind != "f" or 340 not in page.tags or 341 not in page.tags:
        return None
    low, high = float(np.min(page.tags.valueof(340))), float(np.max(page.tags.valueof(341)))
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _of_halved(data: bytes, page: Any) -> Image.Image | None:
    """Subsampled YCbCr: blocks of luma, then Cb and Cr (TIFF 6.0, section 21); None if it is compressed, of more than 8
    bits or in tiles, which Pillow may read."""
    across, down = page.subsampling or (2, 2)
    if page.compression != 1 or page.bitspersample != 8 or page.is_tiled or not {across, down} <= {1, 2, 4}:
        return None
    segments = zip(page.dataoffsets, page.databytecounts, strict=True)
    stored = np.frombuffer(b"".join(data[at : at + count] for at, count in segments), np.uint8)
    rows, blocks = -(-page.imagelength // down), -(-page.imagewidth // across)
    stored = stored.reshape(rows, blocks, across * down + 2)
    light = stored[..., :-2].reshape(rows, blocks, down, across).swapaxes(1, 2).reshape(rows * down, blocks * across)
    colours = stored[..., -2:].repeat(down, 0).repeat(across, 1)
    return _framed("YCbCr", np.dstack([light, colours])[: page.imagelength, : page.imagewidth]).convert("RGB")


def _of_palette(index: np.ndarray, table: np.ndarray) -> Image.Image:
    levels = np.round(table.T / (257 if table.max() > 255 else 1)).astype(np.uint8)
    return _framed("RGB", levels[np.minimum(index, len(levels) - 1)])


def _of_lab(values: np.ndarray, page: Any) -> Image.Image | None:
    """Mode LAB of CIE or ICC Lab of 8 or 16 bits; in CIE Lab a* and b* are signed."""
    if page.bitspersample not in (8, 16):
        return None
    levels = to_bytes(values, 0, 255) if page.bitspersample == 8 else (values >> 8).astype(np.uint8)
    if page.bitspersample == 16:
        levels[..., 0] = to_bytes(values[..., 0], 0, 65535 if page.photometric == 8 else 65280)
    if page.photometric == 9:
        levels[..., 1:] ^= 0x80
    image = _framed("RGB", levels)
    return Image.frombytes("LAB", image.size, image.tobytes(), "raw", "LAB")
