"""A photograph restored from coarse to fine, for what is beyond a PhotoVAE at full size: holes wider than those it
learnt, and stronger noise. Halving a picture halves a hole's width and white noise's strength.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_cdt
from torch import Tensor

from vaedemo.models.hierarchical import PhotoVAE
from vaedemo.services.restore.tiles import OVERLAP, Tiles, Window, tile_count

__all__ = ["CoarseToFine", "depth", "halved"]

Level = tuple[Tensor, Tensor, Tensor]  # y, sigma and mask at one size


def depth(known: np.ndarray | Tensor) -> float:
    """Pixels from the middle of the widest hole of a mask (H, W), nonzero where known, to what is known, counted like a
    king's moves; infinite where nothing is."""
    known = np.asarray(known) > 0
    if known.all():
        return 0
    return int(distance_transform_cdt(~known, "chessboard").max()) if known.any() else float("inf")


def halved(y: Tensor, sigma: Tensor, mask: Tensor) -> Level:
    """(y, sigma, mask) at half the size, odd sides filled up: averages of the known pixels, where there is one.

    y (3, H, W), sigma and mask (H, W); the mean of m values with noise has sigma_i^2 summed up / m^2."""
    _, height, width = y.shape
    parts = [F.pad(t[None], (0, width % 2, 0, height % 2), mode="replicate") for t in (y, sigma[None], mask[None])]
    y, sigma, mask = parts
    share = F.avg_pool2d(mask, 2)
    count = (4 * share).clamp(min=1)
    y = 4 * F.avg_pool2d(y * mask, 2) / count
    sigma = 2 * F.avg_pool2d(sigma.square() * mask, 2).sqrt() / count
    return y[0], sigma[0, 0], (share > 0)[0, 0].float()


class CoarseToFine:
    """As tiles.Tiles, whose seeds and tile are the options: iterate for (done, total) tiles, then read mean, samples
    and spread. A model that fills holes `reach` pixels deep and removes noise up to `strongest` starts at the size
    where all are, and each size starts from the one before. Where noise is stronger than that at full size, the result
    is no finer than the finest size that is not."""

    def __init__(
        self, model: PhotoVAE, y: Any, sigma: Any, mask: Any, reach: float, strongest: float, **options: Any
    ) -> None:
        full, known = torch.as_tensor(y), torch.as_tensor(mask).float()
        level = (full, torch.as_tensor(sigma, dtype=torch.float32).expand(known.shape), known)
        self.levels, self._reach, self._strongest = [level], reach, strongest
        while min(level[0].shape[1:]) > 1 and (depth(level[2]) > reach or self._loud(level)):
            level = halved(*level)
            self.levels.append(level)
        self._model, self._options = model, options
        sides = [tuple(level[2].shape) for level in self.levels if level is self.levels[-1] or not self._loud(level)]
        self.total = sum(tile_count(height, width, model.stride, options["tile"], OVERLAP) for height, width in sides)
        self.mean, self.samples = torch.zeros_like(full), full.new_zeros(len(options["seeds"]), *full.shape)
        self.spread: Tensor | None = None
        self.part: tuple[Window, Tensor] | None = None  # as Tiles has it, of the size that is worked on

    def _loud(self, level: Level) -> bool:
        return float((level[1] * level[2]).max()) > self._strongest

    def __iter__(self) -> Iterator[tuple[int, int]]:
        before, spread, pictures = 0, None, list[Tensor]()
        for level in reversed(self.levels):
            guesses = [_doubled(picture, level[0].shape[1:]) for picture in pictures] or None
            if guesses and self._loud(level):
                pictures, spread = guesses, None if spread is None else _doubled(spread, level[0].shape[1:])
                continue
            clipped = None if level is self.levels[0] else False  # averages of clipped values are not
            job = Tiles(self._model, *level, guesses=guesses, clipped=clipped, **self._options)
            for done, _ in job:
                self.part = job.part
                yield before + done, self.total
            before, pictures, spread = before + job.total, [job.mean, *job.samples], job.spread
        for own, picture in zip((self.mean, *self.samples), pictures, strict=True):
            own.copy_(picture)
        self.spread = spread


def _doubled(picture: Tensor, size: Sequence[int]) -> Tensor:
    """(3, h, w) at twice its size, cut to a size, in [0, 1]."""
    wide = F.interpolate(picture[None], scale_factor=2, mode="bicubic", align_corners=False)[0].clamp(0, 1)
    return wide[:, : size[0], : size[1]]
