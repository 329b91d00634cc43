"""A method for pictures applied to a large one strip by strip, so that it shows how far it is and can be stopped."""

from collections.abc import Callable, Iterator

import numpy as np

__all__ = ["Strips"]

Method = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of y (C, H, W) and mask (H, W)
STRIP = 120_000  # pixels
MARGIN = 24  # rows beyond a strip that a method sees: what is further away hardly counts for any of them


class Strips:
    """Iterate for (done, total) strips of rows; then `mean`, float32 (C, H, W), is function(y, mask) of all of y and
    mask, but for what a method takes from further than MARGIN rows; or in one piece."""

    def __init__(self, function: Method, y: np.ndarray, mask: np.ndarray, strips: bool = True) -> None:
        self.function, self.y, self.mask = function, y, mask
        self.mean = np.zeros(y.shape, np.float32)
        self._rows = max(MARGIN, STRIP // y.shape[2]) if strips else y.shape[1]
        self.total = -(-y.shape[1] // self._rows)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for done in range(self.total):
            top, height = done * self._rows, self.y.shape[1]
            bottom, first = min(top + self._rows, height), max(0, top - MARGIN)
            part = slice(first, min(height, bottom + MARGIN))
            restored = self.function(self.y[:, part], self.mask[part])
            self.mean[:, top:bottom] = restored[:, top - first : bottom - first]
            yield done + 1, self.total
