"""Probability tables of integers, themselves integers, so that every machine codes with the same ones.

The mass of each integer is rounded to a multiple of 2^-24. No mass lies so near to where the rounding changes that the
last digits of a machine's erfc or tanh could matter: a test holds the distance. What constriction then computes with
them are single additions, multiplications and divisions in float64, which are the same everywhere.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import constriction
import numpy as np

from vaedemo.models.entropy import LOG2_SCALE, PRECISION, REACH, SCALE_GRID

__all__ = ["Table", "Tables", "counted", "logistic", "normal", "scale_index", "scale_of"]

TAIL = 2.0**-22  # about the mass of all that a table leaves to its last entry


class Table(NamedTuple):
    """model: constriction's, of the symbols 0 .. 2 * bound for the integers -bound .. bound, and 2 * bound + 1 for any
    other; counts int64: their probabilities in units of 2^-24; bound: the largest integer with an entry."""

    model: Any
    counts: np.ndarray
    bound: int


Tables = Callable[[int], Table]  # of a scale's index


def scale_index(log2_scale: np.ndarray) -> np.ndarray:
    """Which of the scales, int64 from 0, of multiples of 1 / 8 within LOG2_SCALE."""
    return np.rint((log2_scale - LOG2_SCALE[0]) * SCALE_GRID).astype(np.int64)


def scale_of(index: int) -> float:
    """The scale, in steps, of an index."""
    return 2.0 ** (LOG2_SCALE[0] + index / SCALE_GRID)


def _table(upper: Callable[[float], float], scale: float, bound: int) -> Table:
    """Of a symmetric distribution: upper(t) is the mass above t >= 0, in scales."""
    edges = [upper((k - 0.5) / scale) for k in range(1, bound + 2)]  # above 0.5, 1.5, ...
    above = np.diff(edges) * -1.0
    mass = np.concatenate([above[::-1], [1 - 2 * edges[0]], above, [2 * edges[-1]]])
    counts = np.maximum(np.rint(mass * 2.0**PRECISION), 1).astype(np.int64)
    counts[bound] += 2**PRECISION - counts.sum()
    return _coded(counts, bound)


def _coded(counts: np.ndarray, bound: int) -> Table:
    # constriction gives each symbol one unit, and shares out the others by these weights, which are as many.
    model = constriction.stream.model.Categorical((counts - 1).astype(np.float64), perfect=False)
    return Table(model, counts, bound)


def counted(counts: np.ndarray) -> Table:
    """Of how often (2 * bound + 2,) the integers -bound .. bound and any other were met; half a time more each
    (Krichevsky & Trofimov 1981), so that none is impossible. Whole numbers only."""
    bound, weights = len(counts) // 2 - 1, 2 * counts.astype(np.int64) + 1
    shares = 1 + weights * (2**PRECISION - len(counts)) // weights.sum()
    shares[np.argmax(shares)] += 2**PRECISION - shares.sum()
    return _coded(shares, bound)


@cache
def normal(index: int) -> Table:
    """Masses of N(0, scale^2) within 1/2 of each integer."""
    scale = scale_of(index)
    return _table(lambda t: 0.5 * math.erfc(t / math.sqrt(2)), scale, max(1, math.ceil(REACH * scale)))


@cache
def logistic(index: int) -> Table:
    """Masses of a logistic of this scale within 1/2 of each integer."""
    scale = scale_of(index)
    return _table(lambda t: 0.5 - 0.5 * math.tanh(t / 2), scale, max(1, math.ceil(-math.log(TAIL / 2) * scale)))
