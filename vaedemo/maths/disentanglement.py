"""How far each dimension of a code stands for one factor of variation. Arrays only: codes z (N, D), factors (N, K)."""

import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaedemo.errors import ConfigError

__all__ = ["DCI", "binned", "dci", "entropy", "mig", "mutual_information", "phases"]

BINS = 20
TREES = 30
LEAF = 5  # fewest samples in a leaf of a tree


class DCI(NamedTuple):
    """disentanglement, completeness and informativeness, at most 1, more is better; importance (D, K) of each dimension
    of the code for each factor; score (K,), of which informativeness is the mean."""

    disentanglement: float
    completeness: float
    informativeness: float
    importance: np.ndarray
    score: np.ndarray


def phases(angle: np.ndarray, period: np.ndarray | float) -> np.ndarray:
    """Angles (N,) as phases in [0, 1) of a figure's symmetry, which repeats after `period` (N,): a square turned by 90
    degrees is the same picture, so no code can tell."""
    return np.mod(angle, period) / period


def binned(values: ArrayLike, bins: int = BINS) -> np.ndarray:
    """Bin numbers (N,) from 0 of continuous values (N,): `bins` bins of equal frequency, fewer where values repeat.
    Monotone maps of the values leave them unchanged."""
    values = np.asarray(values)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def entropy(labels: ArrayLike) -> float:
    """H in nats of discrete labels (N,), from their frequencies."""
    _, counts = np.unique(np.asarray(labels), return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())


def _corrected(labels: np.ndarray) -> float:
    """entropy() without the bias of a finite sample. Miller 1955."""
    return entropy(labels) + (len(np.unique(labels)) - 1) / (2 * len(labels))


def mutual_information(
    z: ArrayLike, factors: ArrayLike, bins: int = BINS, categorical: Collection[int] = (0,)
) -> tuple[np.ndarray, np.ndarray]:
    """I(z_i; v_k) in nats, (K, D), and the factors' entropies in nats, (K,), from codes z (N, D) and factors (N, K).

    Codes and factors are put into `bins` bins of equal frequency, except the factors in `categorical`, whose values are
    labels. The bias of frequencies, about (bins - 1)^2 / 2N nats, is subtracted (Miller 1955). A circular factor is
    given as its phase: bins have no order, so the seam does no harm.
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


def mig(mi: ArrayLike, entropies: ArrayLike) -> tuple[float, np.ndarray]:
    """(mean, (K,)): the mutual information gap of each factor, 0 to 1: the difference of its two largest mutual
    informations over its entropy, both from mutual_information(); 0 for a constant factor. Chen et al. 2018, section
    4.1."""
    top, entropies = -np.sort(-np.asarray(mi), axis=1), np.asarray(entropies)
    second = top[:, 1] if top.shape[1] > 1 else np.zeros(len(top))
    gaps = np.where(entropies > 0, (top[:, 0] - second) / np.where(entropies > 0, entropies, 1), 0.0)
    return float(gaps.mean()), gaps


def _concentration(values: np.ndarray) -> np.ndarray:
    """1 - H / log n of the shares of values (..., n), none negative: 1 if one has all, 0 if all are equal or 0."""
    n, total = values.shape[-1], values.sum(-1, keepdims=True)
    shares = values / np.where(total > 0, total, 1)
    terms = shares * np.log(np.where(shares > 0, shares, 1))
    return np.where(total[..., 0] > 0, 1 + terms.sum(-1) / math.log(max(n, 2)), 0.0)


def _scores(importance: np.ndarray) -> tuple[float, float]:
    """(disentanglement, completeness) from importance (D, K). Eastwood & Williams 2018, section 2: dimensions are
    weighted by their total importance, factors equally; a factor that no dimension predicts counts as 0."""
    total = importance.sum(1)
    weights = total / max(total.sum(), 1e-12)
    return float((weights * _concentration(importance)).sum()), float(_concentration(importance.T).mean())


def dci(
    z: ArrayLike,
    factors: ArrayLike,
    train: int,
    categorical: Collection[int] = (0,),
    circular: Collection[int] = (),
    seed: int = 0,
    trees: int = TREES,
) -> DCI:
    """DCI of codes z (N, D) and factors (N, K): the first `train` samples fit, the rest measure. Eastwood & Williams
    2018, with their second predictor, a random forest (30 trees, 5 samples a leaf) for each factor.

    Importance is the forest's decrease of impurity and sums to 1 over the code. The score of a categorical factor is
    the accuracy above chance, (accuracy - most frequent) / (1 - most frequent), of the others R^2; both are at least 0,
    and 0 for a constant factor. A circular factor is a phase v in [0, 1], predicted as (cos 2 pi v, sin 2 pi v).
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    z, factors = np.asarray(z, np.float64), np.asarray(factors, np.float64)
    if not 1 <= train < len(z):
        raise ConfigError(f"train is {train} of {len(z)} samples; leave some to measure")
    importances, scores = [], []
    for k, v in enumerate(factors.T):
        if k in categorical:
            forest = RandomForestClassifier(trees, min_samples_leaf=LEAF, max_features=None, random_state=seed)
        else:
            forest = RandomForestRegressor(trees, min_samples_leaf=LEAF, random_state=seed)
        if k in circular:
            v = np.stack([np.cos(2 * math.pi * v), np.sin(2 * math.pi * v)], 1)
        forest.fit(z[:train], v[:train])
        importances.append(forest.feature_importances_)
        score = forest.score(z[train:], v[train:])
        if k in categorical:
            chance = np.unique(v[train:], return_counts=True)[1].max() / len(v[train:])
            score = (score - chance) / max(1 - chance, 1e-12)
        scores.append(max(0.0, score) if np.ptp(factors[train:, k]) else 0.0)
    importance = np.array(importances).T
    return DCI(*_scores(importance), float(np.mean(scores)), importance, np.array(scores))
