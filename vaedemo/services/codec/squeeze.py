"""What else stores small grey pictures without loss: PNG, lossless WebP, gzip and bz2, each in the better one of two
ways: all pictures in one, or each by itself."""

import bz2
import gzip
from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

__all__ = ["rivals"]

COLUMNS = 25  # pictures in a row of a sheet
LARGEST = 16_000  # pixels that a side of a WebP may have


def rivals(white: bool) -> dict[str, Callable[[np.ndarray], int]]:
    """{name: the bytes that pictures uint8 (N, H, W) take}. white: they are 0 and 255, and are given as single bits."""

    def raw(x: np.ndarray) -> bytes:
        return np.packbits(x > 0).tobytes() if white else x.tobytes()

    def better(squeeze: Callable[[bytes], bytes]) -> Callable[[np.ndarray], int]:
        return lambda x: min(len(squeeze(raw(x))), sum(len(squeeze(raw(one))) for one in x))

    return {
        "PNG": _in_pillow("PNG", white),
        "WebP, lossless": _in_pillow("WEBP", white),
        "gzip -9": better(lambda data: gzip.compress(data, 9)),
        "bz2 -9": better(lambda data: bz2.compress(data, 9)),
    }


def _saved(image: Image.Image, kind: str) -> int:
    """Bytes of a picture's file."""
    file = BytesIO()
    if kind == "PNG":
        image.save(file, kind, optimize=True)
    else:
        image.save(file, kind, lossless=True, quality=100, method=6)
    return file.tell()


def _in_pillow(kind: str, white: bool) -> Callable[[np.ndarray], int]:
    """Bytes of pictures in a format: the better one of one sheet and files by themselves."""

    def size(x: np.ndarray) -> int:
        (count, height, width), columns = x.shape, min(COLUMNS, len(x))
        padded = np.zeros((-(-count // columns) * columns, height, width), np.uint8)
        padded[:count] = x
        sheet = padded.reshape(-1, columns, height, width).transpose(0, 2, 1, 3).reshape(-1, columns * width)
        first, *each = (Image.fromarray(a).convert("1" if white and kind == "PNG" else "L") for a in (sheet, *x))
        sheets, step = [first], LARGEST // height * height
        if kind == "WEBP":
            tops = range(0, first.height, step)
            sheets = [first.crop((0, top, first.width, min(top + step, first.height))) for top in tops]
        return min(sum(_saved(image, kind) for image in images) for images in (sheets, each))

    return size
