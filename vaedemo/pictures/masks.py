"""Masks from files: which pixels of a picture are missing, by the same rules wherever a mask is given.

read() says what a file marks. known() maps it to the pixels that are seen (Placed): a pixel is missing if anything
under it is. In a mask's file white is what is missing; in arrays 1 is what is known.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from vaedemo.errors import PictureError
from vaedemo.pictures.prepare import Placed
from vaedemo.pictures.read import Source, layers

__all__ = ["Fitted", "NOTES", "known", "read"]

NOTES = {
    "nothing": "Nothing is marked in the mask, so nothing is filled; paint white what is missing.",
    "outside": "Nothing is marked in the part of the picture that is seen, so nothing is filled; the mask marks only "
    "what is cut off.",
    "most": "The mask marks {share:.0%} of the picture as missing: white is filled and black is kept, so invert it if "
    "you meant the rest.",
}
_HALF = 127  # a level above it is light
_LABELS = 8  # a dark picture of at most so many levels is a mask of labels
_SOLID_LABELS = 64  # the same, if its dark levels are areas, which no photograph has
_PAINTS = 4  # what is opaque was painted as a mask if it has at most so many colours
_MOST = 0.9  # share of missing pixels above which a note says so
_LEAST = 8  # pixels on a side of a mask that may be scaled


class Fitted(NamedTuple):
    """known bool (H, W); note, a key of NOTES or None; the share of the pixels that is missing."""

    known: np.ndarray
    note: str | None
    share: float

    def said(self) -> str | None:
        """The note as a sentence, or None."""
        return self.note and NOTES[self.note].format(share=self.share)


def read(source: Source) -> np.ndarray:
    """What a mask marks as missing, bool (H, W), upright; source as for pictures.read.

    Light (above half) is missing, in any colour: white, or a label's. A dark picture of few levels holds labels: what
    is not 0 is missing. On a transparent ground, light paint is missing if there is dark paint too, else all paint; of
    a picture, or of a dark sheet with a hole, what is transparent.
    """
    image = layers(source)
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode in ("1", "L", "LA") else "RGBA")
        alpha = np.asarray(image.getchannel("A"))
        there = alpha.astype(int) * 2 > alpha.max()
        colours = np.asarray(image.convert("RGB"))
        return _of_levels(colours.max(2)) if there.all() else _of_alpha(colours, there)
    if image.mode == "P":
        return _of_palette(image)
    a = np.asarray(image.convert("L") if image.mode == "1" else image)
    return _of_levels(a if a.ndim == 2 else a.max(2))


def _of_levels(levels: np.ndarray) -> np.ndarray:
    shares = np.bincount(levels.ravel(), minlength=256)
    count = np.count_nonzero(shares)
    labels = shares.argmax() == 0 and count <= _SOLID_LABELS and _is_solid(levels)
    if levels.max() > _HALF:  # of labels too: 255 is unlabelled (VOC), or there are more than 127
        return levels > 0 if labels else levels > _HALF
    return (levels > 0) & (labels or count <= _LABELS)


def _is_solid(levels: np.ndarray) -> bool:
    """Whether most pixels that are dark but not 0 equal their four neighbours, unlike those of edges and noise."""
    dim, same = (levels > 0) & (levels <= _HALF), np.ones(levels.shape, bool)
    for axis in (0, 1):
        for step in (1, -1):
            same &= levels == np.roll(levels, step, axis)
    return bool(2 * np.count_nonzero(dim & same) > np.count_nonzero(dim))


def _of_palette(image: Image.Image) -> np.ndarray:
    """By the colours; if one of several is black, all others are marked; if they are all the same, by index."""
    index = np.asarray(image)
    used = np.unique(index)
    table = np.zeros((256, 3), np.uint8)
    colours = np.asarray(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    table[: len(colours)] = colours
    light, coloured = table[used].max(1), (np.ptp(table[used], axis=1) > 0).any()
    if len(used) > 1 and len(np.unique(table[used], axis=0)) == 1:
        return index > 0
    if coloured and (light == 0).any():
        return table.max(1)[index] > 0
    return _of_levels(table.max(1)[index])


def _of_alpha(colours: np.ndarray, there: np.ndarray) -> np.ndarray:
    """By colours (H, W, 3) and which of them are opaque, bool (H, W)."""
    if not there.any():
        return there
    seen = colours[there]
    light = seen.max(1) > _HALF
    paints = len(np.unique((seen >> 5).astype(int) @ [64, 8, 1]))
    if paints > _PAINTS:
        return ~there
    if light.any() and not light.all():
        return there & (colours.max(2) > _HALF)
    white = (seen.min(1) > _HALF).all()
    return there if white or there.mean() <= 0.5 else ~there


def known(missing: np.ndarray, placed: Placed) -> Fitted:
    """Fitted of what a mask marks, bool (H, W), for a picture that is seen as `placed` says. A mask of the picture's
    size or aspect lies over the picture, one of the canvas's size over what is seen."""
    size = missing.shape[::-1]
    if size != placed.size and size == placed.canvas:
        placed = Placed.whole(size, size)
    (width, height), (own_width, own_height) = placed.size, size
    alike = abs(own_width * height - own_height * width) <= max(width, height) and min(size) >= _LEAST
    if size != placed.size and not alike:
        sizes = [f"{s[0]} x {s[1]}" for s in (size, placed.size)]
        raise PictureError(f"the mask is {sizes[0]} pixels, the picture {sizes[1]}; give both one size")
    left, top, right, bottom = placed.to
    part = _under(missing, placed.box[1], placed.box[3], bottom - top, own_height / height)
    part = _under(part.T, placed.box[0], placed.box[2], right - left, own_width / width).T
    hole = np.zeros(placed.canvas[::-1], bool)
    hole[top:bottom, left:right] = part
    share = float(hole.mean())
    note = "nothing" if not missing.any() else "outside" if not share else "most" if share > _MOST else None
    return Fitted(~hole, note, share)


def _under(missing: np.ndarray, start: float, end: float, count: int, scale: float) -> np.ndarray:
    """Whether any row at least partly under each of `count` equal steps from start to end is missing, (N, M) ->
    (count, M). scale: rows of the mask in a unit of start and end."""
    edges = np.linspace(start, end, count + 1) * scale
    first = np.clip(np.floor(edges[:-1] + 1e-6), 0, len(missing)).astype(int)
    last = np.clip(np.ceil(edges[1:] - 1e-6), 0, len(missing)).astype(int)
    total = np.zeros((len(missing) + 1, missing.shape[1]), np.int32)
    np.cumsum(missing, axis=0, out=total[1:])
    return total[np.maximum(first, last)] > total[first]
