"""Files of mixtures: all of a domain's in one, float16, of each covariance the lower Cholesky factor, packed."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.maths.mixtures import Mixture
from vaedemo.store.checkpoints import MIXTURES, read_tensors, write_tensors
from vaedemo.store.key import ModelKey

__all__ = ["load_mixture", "mixture_name", "save_mixtures"]

SMALLEST = 6.2e-5  # of a factor's diagonal, the smallest ordinary number of float16


def mixture_name(key: ModelKey, label: int | None = None) -> str:
    """The name of the mixture of a ModelKey in its domain's file: vae-32/all, or vae-32/class3."""
    return f"{key.name}/{'all' if label is None else f'class{label}'}"


def save_mixtures(
    path: str | os.PathLike[str], mixtures: Mapping[str, Mixture], domain: str, record: dict[str, Any] | None = None
) -> None:
    """Write {name: Mixture} as one file with a record (a dict: how they were fitted). A mixture is one tensor, a row a
    component: weight, mean, the lower triangle of the factor row by row."""
    tensors = {}
    for name, mixture in mixtures.items():
        factors = mixture.factors.copy()
        diagonal = np.einsum("kii->ki", factors)
        np.maximum(diagonal, SMALLEST, out=diagonal)
        packed = factors[:, *np.tril_indices(mixture.means.shape[1])]
        rows = np.concatenate([mixture.weights[:, None], mixture.means, packed], axis=1)
        if not (np.abs(rows) < np.finfo(np.float16).max).all():
            raise ConfigError(f"{name} has values beyond half precision; fit it to codes within 60000")
        tensors[name] = rows.astype(np.float16)
    write_tensors(path, MIXTURES, tensors, domain, record=record or {})


def load_mixture(path: str | os.PathLike[str], name: str) -> Mixture:
    """The Mixture of this name in a file, float32; UnknownModel if it is not there."""
    found = read_tensors(path, MIXTURES, [name]).tensors
    if name not in found:
        raise UnknownModel(f"no mixture {name} in {Path(path).name}; choose another model, or all classes")
    rows = found[name].astype(np.float32)
    d = (math.isqrt(8 * rows.shape[1] + 1) - 3) // 2 if rows.ndim == 2 else 0  # (d + 1)(d + 2) / 2 numbers a row
    whole = d >= 1 and rows.shape[1] == (d + 1) * (d + 2) // 2 and len(rows) > 0 and bool(np.isfinite(rows).all())
    if whole:
        factors = np.zeros((len(rows), d, d), np.float32)
        factors[:, *np.tril_indices(d)] = rows[:, 1 + d :]
        whole = rows[:, 0].min() >= 0 and rows[:, 0].sum() > 0 and np.einsum("kii->ki", factors).min() > 0
    if not whole:
        raise CheckpointError(f"{Path(path).name} has a damaged mixture {name}; restore it or derive it anew")
    return Mixture(rows[:, 0] / rows[:, 0].sum(), rows[:, 1 : 1 + d], factors)
