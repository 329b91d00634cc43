"""A code rounded to whole steps, so that it can be entropy-coded, and how often each integer was met in training."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Quantiser", "fit_quantiser"]

BOUND = 500  # largest integer with a count of its own
LARGEST = 2**22  # integer of a code, however far it is from all that training saw


@dataclass(frozen=True, eq=False)
class Quantiser:
    """step and centre float32 (D,); counts: for each number of the code int64 (2 * bound + 2,), how many training
    pictures had each of the integers -bound .. bound, and last how many any other."""

    step: np.ndarray
    centre: np.ndarray
    counts: tuple[np.ndarray, ...]

    def integers(self, z: np.ndarray) -> np.ndarray:
        """int64 (..., D) of codes (..., D): how many steps from the centre."""
        return np.rint((np.asarray(z, np.float64) - self.centre) / self.step).clip(-LARGEST, LARGEST).astype(np.int64)

    def codes(self, n: np.ndarray) -> np.ndarray:
        """float32 (..., D) of integers (..., D), the middles of the steps."""
        return (self.centre + n * self.step.astype(np.float64)).astype(np.float32)


def fit_quantiser(z: np.ndarray, step: np.ndarray) -> Quantiser:
    """The Quantiser of training codes z (N, D) with these steps (D,), centred on their means."""
    step, centre = np.asarray(step, np.float32), z.mean(0, dtype=np.float64).astype(np.float32)
    n = Quantiser(step, centre, ()).integers(z)
    return Quantiser(step, centre, tuple(_counts(column) for column in n.T))


def _counts(n: np.ndarray) -> np.ndarray:
    bound = min(int(np.abs(n).max()), BOUND)
    return np.bincount(np.where(np.abs(n) <= bound, n + bound, 2 * bound + 1), minlength=2 * bound + 2)
