"""How far each number of a code stands for one factor of variation. Arrays only: codes z (N, D), factors (N, K)."""

import math
from typing import NamedTuple

import numpy as np

from vaedemo.errors import ConfigError

__all__ = ["DCI", "binned", "dci", "entropy", "mig", "mutual_information", "phases"]

BINS = 20
TREES = 30
LEAF = 5  # samples in a leaf of a tree, at least


class DCI(NamedTuple):
    """disentanglement, completeness and informativeness, each at most 1, more is better; importance (D, K) of each
    number of the code for each factor; score (K,), of which informativeness is the mean."""

    disentanglement: float
    completeness: float
    informativeness: float
    importance: np.ndarray
    score: np.ndarray


def phases(angle, period):
    """Angles (N,) within the symmetry of each figure, whose picture repeats after `period` (N,): from 0 to 1. What
    turns a square by 90 degrees leaves no trace in the picture, and no code can tell it."""
    return np.mod(angle, period) / period


def binned(values, bins=BINS):
    """Bin numbers (N,) from 0 of continuous values (N,): `bins` bins of equal frequency, fewer where values repeat.
    They do not change under any monotone map of the values."""
    values = np.asarray(values)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def entropy(labels):
    """H in nats of discrete labels (N,), from their frequencies."""
    _, counts = np.unique(np.asarray(labels), return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())


def _corrected(labels):
    """entropy() without the bias of a finite sample. Miller 1955."""
    return entropy(labels) + (len(np.unique(labels)) - 1) / (2 * len(labels))


def mutual_information(z, factors, bins=BINS, categorical=(0,)):
    """I(z_i; v_k) in nats, (K, D), and the factors' entropies in nats, (K,), from codes z (N, D) and factors (N, K).

    Codes and factors are put into `bins` bins of equal frequency, but for the factors named in `categorical`, whose
    values are labels. Frequencies overstate it by some (bins - 1)^2 / 2N nats, which is taken off (Miller 1955). A
    circular factor is given as its phase: bins know no order, so the seam does no harm.
    """
    codes = [binned(column, bins) for column in np.asarray(z).T]
    factors = np.asarray(factors)
    mi, entropies = np.empty((factors.shape[1], len(codes))), np.empty(factors.shape[1])
    for k, v in enumerate(factors.T):
        v = np.unique(v, return_inverse=True)[1] if k in categorical else binned(v, bins)
        entropies[k] = _corrected(v)
        for i, c in enumerate(codes):
            mi[k, i] = _corrected(c) + entropies[k] - _corrected(c * (v.max() + 1) + v)
    return np.maximum(mi, 0), entropies


def mig(mi, entropies):
    """(mean, (K,)): the mutual information gap, of each factor the difference of the two largest mutual informations
    over the factor's entropy, 0 to 1, from mutual_information(). Chen et al. 2018, section 4.1. Of a factor that never
    changes nothing can be told: its gap is 0."""
    top, entropies = -np.sort(-np.asarray(mi), axis=1), np.asarray(entropies)
    second = top[:, 1] if top.shape[1] > 1 else np.zeros(len(top))
    gaps = np.where(entropies > 0, (top[:, 0] - second) / np.where(entropies > 0, entropies, 1), 0.0)
    return float(gaps.mean()), gaps


def _concentration(values):
    """1 - H / log n of the shares of values (..., n), none negative: 1 when one has all, 0 when all have the same, and
    0 when there is nothing to share."""
    n, total = values.shape[-1], values.sum(-1, keepdims=True)
    shares = values / np.where(total > 0, total, 1)
    terms = shares * np.log(np.where(shares > 0, shares, 1))
    return np.where(total[..., 0] > 0, 1 + terms.sum(-1) / math.log(max(n, 2)), 0.0)


def _scores(importance):
    """(disentanglement, completeness) from importance (D, K). Eastwood & Williams 2018, section 2: the numbers of the
    code weigh as much as depends on them, those that nothing depends on not at all; the factors weigh alike, and one
    that no number tells of is not captured completely but not at all, 0."""
    of_code = importance.sum(1)
    weights = of_code / max(of_code.sum(), 1e-12)
    return float((weights * _concentration(importance)).sum()), float(_concentration(importance.T).mean())


def dci(z, factors, train, categorical=(0,), circular=(), seed=0, trees=TREES):
    """DCI of codes z (N, D) and factors (N, K): the first `train` samples fit, the rest measure. Eastwood & Williams
    2018, with their second choice of predictor: a random forest (30 trees, 5 samples a leaf) for each factor.

    Importance is the forest's decrease of impurity, summing to 1 over the code. The score of a categorical factor is
    the accuracy on the rest, above chance and scaled: (accuracy - most frequent) / (1 - most frequent); of the others
    R^2; none below 0, and 0 of a factor that never changes. A circular factor is a phase v in [0, 1], predicted as
    (cos 2 pi v, sin 2 pi v) by one forest.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    z, factors = np.asarray(z, np.float64), np.asarray(factors, np.float64)
    if not 1 <= train < len(z):
        raise ConfigError(f"train is {train} of {len(z)} samples; leave some to measure")
    importance, score = [], []
    for k, v in enumerate(factors.T):
        if k in categorical:
            forest = RandomForestClassifier(trees, min_samples_leaf=LEAF, max_features=None, random_state=seed)
        else:
            forest = RandomForestRegressor(trees, min_samples_leaf=LEAF, random_state=seed)
        if k in circular:
            v = np.stack([np.cos(2 * math.pi * v), np.sin(2 * math.pi * v)], 1)
        forest.fit(z[:train], v[:train])
        importance.append(forest.feature_importances_)
        got = forest.score(z[train:], v[train:])
        if k in categorical:
            chance = np.unique(v[train:], return_counts=True)[1].max() / len(v[train:])
            got = (got - chance) / max(1 - chance, 1e-12)
        score.append(max(0.0, got) if np.ptp(factors[train:, k]) else 0.0)
    importance, score = np.array(importance).T, np.array(score)
    return DCI(*_scores(importance), float(score.mean()), importance, score)
