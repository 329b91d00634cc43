"""How well a score tells foreign pictures from known ones. Higher is stranger; scores are arrays (N,) of known and (M,)
of foreign pictures."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaedemo.errors import ConfigError

__all__ = ["Auroc", "auroc", "stranger_share", "threshold"]


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
    """The lowest score above which lies at most this share, in [0, 1), of the known pictures; none of them at 0."""
    if not 0 <= false_alarms < 1:
        raise ConfigError(f"the share of false alarms is {false_alarms!r}; choose 0 or more, and less than 1")
    scores = np.sort(_scores(known, "known"))
    # The rounding keeps 0.1 of 10 pictures one picture, though 0.1 * 10 need not be 1.
    allowed = int(np.floor(round(false_alarms * len(scores), 9)))
    return float(scores[len(scores) - 1 - allowed])


def stranger_share(known: ArrayLike, score: float) -> float:
    """The share in (0, 1] of pictures at least as strange as one that scores so, itself counted among the known: the p
    value of a conformal test, uniform for a picture that is known too. Vovk, Gammerman & Shafer 2005, section 2.2."""
    scores = _scores(known, "known")
    return float(((scores >= score).sum() + 1) / (len(scores) + 1))
