"""How good generated pictures are, measured on a classifier's features (N, F) of real and generated pictures.

frechet is one distance for everything; precision and density ask whether samples look real, recall and coverage whether
they show all that is real. Figures depend on N: compare only those of equally many real and generated pictures.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from vaedemo.errors import ConfigError

__all__ = [
    "DensityCoverage",
    "PrecisionRecall",
    "class_entropy",
    "confident_share",
    "density_coverage",
    "frechet",
    "precision_recall",
]

ROWS = 1000  # of a distance matrix at a time
SURE = 0.9  # probability above which a class counts as recognised
NONE = "there are no pictures to measure; give one or more"


class PrecisionRecall(NamedTuple):
    """precision: share of samples among the real pictures; recall: share of real pictures among the samples."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """density: mean number of real balls around a sample, over k, about 1 for real pictures and not bounded by it;
    coverage: share in [0, 1] of the real balls that hold a sample."""

    density: float
    coverage: float


def _features(values: Any, least: int = 2) -> Tensor:
    values = torch.as_tensor(values)
    if values.ndim != 2 or len(values) < least:
        raise ConfigError(f"features have shape {tuple(values.shape)}; give {least} rows or more of (N, F)")
    if not torch.isfinite(values).all():
        raise ConfigError("the features hold values that are not finite; look at the samples that gave them")
    return values.double()


def frechet(a: Any, b: Any) -> float:
    """Squared Frechet distance of the Gaussians with the moments of features a (N, F) and b (M, F), 0 or more.

    |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a^1/2 C_b C_a^1/2)^1/2): Dowson & Landau 1982; of Inception's features it is
    the FID of Heusel et al. 2017. The product is symmetric, so its root follows from its eigenvalues; those that
    rounding puts below zero are clamped.
    """
    a, b = _features(a), _features(b)
    values, vectors = torch.linalg.eigh(torch.cov(a.T).reshape(a.shape[1], -1))
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    other = torch.cov(b.T).reshape(b.shape[1], -1)
    product = root @ other @ root
    cross = torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=0).sqrt().sum()
    distance = (a.mean(0) - b.mean(0)).square().sum() + values.clamp(min=0).sum() + other.trace() - 2 * cross
    return max(0.0, distance.item())


def _radii(values: Tensor, k: int) -> Tensor:
    """Distance of each row to its k-th nearest other row, (N,)."""
    if len(values) <= k:
        raise ConfigError(f"{len(values)} pictures have no {k} neighbours each; give more pictures or a smaller k")
    # The row itself, at distance 0, is the first of the k + 1 smallest.
    parts = [torch.cdist(part, values).topk(k + 1, largest=False).values[:, k] for part in values.split(ROWS)]
    return torch.cat(parts)


def _inside(points: Tensor, centres: Tensor, radii: Tensor) -> tuple[Tensor, Tensor]:
    """(number of balls around each point (N,), whether each ball holds a point (M,))."""
    around, held = [], torch.zeros(len(centres), dtype=torch.bool)
    for part in points.split(ROWS):
        within = torch.cdist(part, centres) <= radii
        around.append(within.sum(1))
        held |= within.any(0)
    return torch.cat(around), held


def precision_recall(real: Any, fake: Any, k: int = 3) -> PrecisionRecall:
    """PrecisionRecall of features real (N, F), fake (M, F): which points lie in a ball of the other set, whose
    radius reaches its k-th neighbour. Kynkaanniemi et al. 2019."""
    real, fake = _features(real), _features(fake)
    among_real, _ = _inside(fake, real, _radii(real, k))
    among_fake, _ = _inside(real, fake, _radii(fake, k))
    return PrecisionRecall((among_real > 0).double().mean().item(), (among_fake > 0).double().mean().item())


def density_coverage(real: Any, fake: Any, k: int = 5) -> DensityCoverage:
    """DensityCoverage of features real (N, F), fake (M, F), with balls around the real ones only, so that one outlier
    among the samples counts for little. Naeem et al. 2020."""
    real, fake = _features(real), _features(fake)
    around, held = _inside(fake, real, _radii(real, k))
    return DensityCoverage(around.double().mean().item() / k, held.double().mean().item())


def confident_share(probabilities: Any, threshold: float = SURE) -> float:
    """Share in [0, 1] of the rows of probabilities (N, classes) whose largest exceeds the threshold."""
    if not len(probabilities):
        raise ConfigError(NONE)
    return (torch.as_tensor(probabilities).amax(1) > threshold).double().mean().item()


def class_entropy(probabilities: Any) -> float:
    """Entropy in nats of the most probable classes of probabilities (N, classes); at most log(classes)."""
    if not len(probabilities):
        raise ConfigError(NONE)
    probabilities = torch.as_tensor(probabilities)
    share = torch.bincount(probabilities.argmax(1), minlength=probabilities.shape[1]).double() / len(probabilities)
    return -torch.special.xlogy(share, share).sum().item()
