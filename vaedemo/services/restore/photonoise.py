"""What a photograph's noise is, seen from the photograph: whether it is grey, which pixels salt and pepper took, how
strong noise that grows with the light is at each pixel, and what clipping the noise did to its averages. Photographs
are float32 (3, H, W) in [0, 1].
"""

import warnings
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

from vaedemo.data.damage import expected, strength

__all__ = ["deviation", "is_grey", "level", "lost_pixels", "noise_map", "unclipped"]

WINDOW = 7  # pixels a side: what a pixel is compared with
SAME = 0.6  # share of a window that is as black or as white: then it is the picture that is
FEWEST = 0.005  # share of the pixels below which black and white ones are the picture's own
RARER = 0.2  # share of the lost pixels that are of the rarer colour: there are as many black ones as white ones
TOGETHER = 0.15  # lost pixels have a lost one of their colour beside them by chance; letters and edges mostly do
FAR = 0.15  # from what is around it: most lost pixels are, the black and white ones of a picture are not
STEPS = 1025  # places at which the mean of clipped noise is known
AROUND = 19  # pixels a side of a box that averages twice: chosen on held-out photographs
ROWS = 512  # that are worked off at once, so that memory stays bounded
QUIET = 0.25  # the rest's deviation against how far lost pixels are from it: above it other noise is there too


def is_grey(y: Any) -> bool:
    """Whether red, green and blue are equal at every pixel, as in a file of mode L."""
    return len(y) == 3 and bool((y[0] == y[1]).all()) and bool((y[1] == y[2]).all())


def deviation(y: np.ndarray) -> float:
    """The standard deviation of the noise in y, from its finest wavelets. Donoho & Johnstone 1994."""
    from skimage.restoration import estimate_sigma

    with warnings.catch_warnings():  # a flat or a tiny picture has no detail, whose median is not a number
        warnings.simplefilter("ignore")
        return float(np.nan_to_num(estimate_sigma(np.asarray(y), channel_axis=0)).mean())


def level(y: np.ndarray) -> float:
    """The strength of the noise in y, at most 1; a clean photograph has none at all, not a millionth."""
    return round(min(deviation(y), 1.0), 6)


def lost_pixels(y: np.ndarray, told: bool = False) -> np.ndarray:
    """bool (H, W), True where salt and pepper took the pixel: all its values are 0, or all are 1, and too few around it
    are, so that it is no dark or overexposed part. Not told that this is the noise, none unless there are many and the
    rest is much quieter: other noise that is clipped has black and white pixels too."""
    y = np.asarray(y)
    pepper, salt = (
        extreme & (uniform_filter(extreme.astype(np.float32), WINDOW, mode="nearest") < SAME)
        for extreme in ((y <= 0).all(0), (y >= 1).all(0))
    )
    lost = pepper | salt
    if told or not lost.any():
        return lost
    kept = uniform_filter((~lost).astype(np.float32), WINDOW, mode="nearest").clip(1e-6)
    around = np.stack([uniform_filter(np.where(lost, 0, one), WINDOW, mode="nearest") for one in y]) / kept
    far = np.abs(y - around).mean(0)[lost] > FAR
    quiet = deviation(np.where(lost, around, y)) < QUIET * np.abs(y - around)[:, lost].mean()
    both = min(pepper.sum(), salt.sum()) > RARER * lost.sum()
    pairs = sum(int((e[:, 1:] & e[:, :-1]).sum()) for e in (pepper, salt))
    alone = pairs < (0.5 * lost.mean() + TOGETHER) * lost.sum()
    taken = lost.mean() > FEWEST and both and alone and far.mean() > 0.5 and quiet
    return lost if taken else np.zeros_like(lost)


def noise_map(y: np.ndarray, kind: str, level: float) -> float | np.ndarray:
    """The noise's standard deviation float32 (H, W) where it grows with the light, which is averaged around each pixel;
    a number for noise that is the same everywhere."""
    if kind not in ("poisson", "speckle"):
        return float(strength(kind, level))
    light = uniform_filter(np.asarray(y, np.float32).mean(0).clip(0, 1), WINDOW, mode="nearest")
    return (level * (np.sqrt(light) if kind == "poisson" else light)).astype(np.float32)


def unclipped(x: np.ndarray, y: np.ndarray, sigma: float, mask: np.ndarray) -> np.ndarray:
    """x (C, H, W), restored from y with noise of one sigma that was clipped to [0, 1], where mask (H, W) is 1: float32
    in [0, 1], with its averages over some 30 pixels moved to where those of y say they are.

    A network that learnt more noise that was not clipped leaves a part of what clipping does: black under noise is grey
    in the mean (Foi 2009). y - E clip(x + sigma n) averages to zero if x is right, and to the slope of that mean times
    the error if not. The averages' own noise counts where it is less than clipping moves: without clipping x stays."""
    at = np.linspace(0, 1, STEPS)
    mean = expected(at, "gaussian", sigma)
    slope, moved = np.gradient(mean, at), np.empty(np.shape(x), np.float32)
    noise = sigma**2 * (2 / (3 * AROUND)) ** 2  # the variance of white noise averaged so
    reach, height = 2 * (AROUND // 2), np.shape(x)[1]
    for top in range(0, height, ROWS):
        first = max(0, top - reach)
        rows, own = slice(first, top + ROWS + reach), slice(top - first, top - first + ROWS)
        known = np.asarray(mask[rows], np.float32)
        seen = _around(known).clip(1e-6)
        for result, one, damaged in zip(moved, x[:, rows], y[:, rows], strict=True):
            there, rise = (np.interp(one, at, curve).astype(np.float32) for curve in (mean, slope))
            bias = (_around(np.abs(there - one) * known) / seen) ** 2
            error = _around((damaged - there) * known) / _around(rise * known).clip(1e-6)
            result[top : top + ROWS] = (one + error * bias / (bias + noise)).clip(0, 1)[own]
    return moved


def _around(one: np.ndarray) -> np.ndarray:
    """Averages of one (H, W) around each pixel."""
    return uniform_filter(uniform_filter(one, AROUND, mode="reflect"), AROUND, mode="reflect")
