"""Masks as the page sends them: painted ones, of as many pixels as the pad has."""

import math
from typing import Any

import numpy as np

from vaedemo.ui.server import wire

__all__ = ["MAX_MASK", "larger", "mask_of"]

MAX_MASK = 1024  # pixels a side of a painted mask


def mask_of(given: Any, width: int, height: int) -> np.ndarray:
    """float32 (height, width), 1 where known, from base64 bytes of that size, or of another one in an object."""
    if given is None:
        return np.ones((height, width), np.float32)
    own = given if isinstance(given, dict) else {"width": width, "height": height, "data": given}
    sides = [wire.whole(own, side, 1, MAX_MASK) for side in ("height", "width")]
    data = wire.base64_bytes(own.get("data"), "the mask", 4 * MAX_MASK**2 // 3 + 8)
    if len(data) != math.prod(sides):
        raise wire.RequestError(f"the mask is {len(data)} bytes, not {sides[1]} x {sides[0]}")
    known = np.frombuffer(data, np.uint8).reshape(sides) > 0
    return larger(known, width, height).astype(np.float32)


def larger(known: np.ndarray, width: int, height: int) -> np.ndarray:
    """A mask (H, W) at another size, each pixel from the one that lies under its first corner."""
    if known.shape == (height, width):
        return known
    sides = known.shape
    return known[(np.arange(height) * sides[0] // height)[:, None], np.arange(width) * sides[1] // width]
