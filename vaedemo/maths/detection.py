"""How well a score tells foreign pictures from known ones. Higher is stranger; scores are arrays (N,) of known and (M,)
of foreign pictures."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaedemo.errors import ConfigError

__all__ = ["Auroc", "auroc", "pixel_auroc", "stranger_share", "threshold"]


class Auroc(NamedTuple):
    """The probability in [0, 1] that a foreign picture scores higher than a known one, and its standard error."""

    value: float
    error: float


def _scores(values: ArrayLike, what: str, least: int = 1) -> np.ndarray:
    found = np.asarray(values, dtype=np.float64).reshape(-1)
    if len(found) < least or np.isnan(found).any():
        raise ConfigError(f"there are {len(found)} {what} scores, or some are not numbers; give {least} or more")
    return found


def auroc(known: ArrayLike, foreign: ArrayLike) -> Auroc:
    """The area under the ROC curve: Mann & Whitney's statistic, ties counting half. Its error is over both samples, two
    pictures of each at least (DeLong, DeLong & Clarke-Pearson 1988)."""
    from scipy.stats import rankdata

    a, b = _scores(known, "known", 2), _scores(foreign, "foreign", 2)
    ranks = rankdata(np.concatenate([a, b]))
    # For each known picture the share of foreign ones above it, and for each foreign one that of known ones below it.
    above = 1 - (ranks[: len(a)] - rankdata(a)) / len(b)
    below = (ranks[len(a) :] - rankdata(b)) / len(a)
    error = np.sqrt(above.var(ddof=1) / len(a) + below.var(ddof=1) / len(b))
    return Auroc(float(below.mean()), float(error))


def threshold(known: ArrayLike, false_alarms: float) -> float:
    """The lowest score above which stranger_share is at most false_alarms, a share in (0, 1): of further known pictures
    no more are above it in the mean. ConfigError where the known ones are too few to tell so small a share."""
    scores = np.sort(_scores(known, "known"))
    least = 1 / (len(scores) + 1)
    # The rounding keeps 0.1 of 9 + 1 pictures one picture, though 0.1 * 10 need not be 1.
    allowed = int(round(false_alarms / least, 9)) if 0 < false_alarms < 1 else 0
    if allowed < 1:
        raise ConfigError(
            f"the share of false alarms is {false_alarms!r}; of {len(scores)} known pictures it can be {least:.2g} or "
            "more, and less than 1"
        )
    return float(scores[-allowed])


def stranger_share(known: ArrayLike, score: float) -> float:
    """The share in (0, 1] of pictures at least as strange as one that scores so, itself counted among the known: the p
    value of a conformal test, uniform for a picture that is known too. Vovk, Gammerman & Shafer 2005, section 2.2."""
    scores = _scores(known, "known")
    return float(((scores >= score).sum() + 1) / (len(scores) + 1))


def pixel_auroc(scores: ArrayLike, damaged: ArrayLike) -> Auroc:
    """The probability that a damaged pixel scores higher than a whole one, over all pixels of all pictures together:
    scores (N, ...) and damaged, bool of that shape. Its error is over the pictures, two of them at least, whose pixels
    are alike (Obuchowski 1997)."""
    from scipy.stats import rankdata

    where = np.asarray(damaged, dtype=bool)
    where = where.reshape(len(where), -1)
    values = _scores(scores, "pixels'").reshape(where.shape)
    hurt, n = where.sum(1), len(where)
    whole = where.shape[1] - hurt
    if n < 2 or not hurt.sum() or not whole.sum():
        raise ConfigError(f"{n} pictures have {hurt.sum()} damaged pixels of {where.size}; give two pictures with both")
    ranks = rankdata(values).reshape(where.shape)
    # For each damaged pixel the share of whole ones below it, for each whole one that of damaged ones above it.
    below, above = np.zeros(where.shape), np.zeros(where.shape)
    below[where] = (ranks[where] - rankdata(values[where])) / whole.sum()
    above[~where] = 1 - (ranks[~where] - rankdata(values[~where])) / hurt.sum()
    value = below.sum() / hurt.sum()
    pull = (below.sum(1) - hurt * value) / hurt.sum() + (above.sum(1) - whole * value) / whole.sum()
    return Auroc(float(value), float(np.sqrt(n / (n - 1) * np.square(pull).sum())))
