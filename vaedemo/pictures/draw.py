"""Arrays as PIL pictures."""

import numpy as np
from PIL import Image

from vaedemo.errors import ConfigError

__all__ = ["grid", "to_image"]


def to_image(x: np.ndarray) -> Image.Image:
    """A PIL picture, L or RGB, from float32 (C, H, W) in [0, 1]."""
    levels = np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))


def grid(x: np.ndarray, columns: int, gap: int = 2) -> Image.Image:
    """Pictures float32 (N, C, H, W) in [0, 1] as one PIL picture, L or RGB, row by row, with `gap` white pixels between
    them; cells left over are white."""
    x = np.asarray(x, np.float32)
    if x.ndim != 4 or not len(x) or columns < 1 or gap < 0:
        raise ConfigError(f"a grid is made of pictures (N, C, H, W) and 1 or more columns, not {x.shape} and {columns}")
    n, channels, height, width = x.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    # Each cell holds a picture and the gap to its right and below; the last gaps are cut off.
    sheet = np.ones((rows * columns, channels, height + gap, width + gap), np.float32)
    sheet[:n, :, :height, :width] = x
    sheet = sheet.reshape(rows, columns, *sheet.shape[1:]).transpose(2, 0, 3, 1, 4)
    sheet = sheet.reshape(channels, rows * (height + gap), columns * (width + gap))
    return to_image(sheet[:, : rows * (height + gap) - gap, : columns * (width + gap) - gap])
