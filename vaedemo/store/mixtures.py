"""Files of mixtures: all of a domain's in one, float16, of each covariance the lower Cholesky factor, packed."""

import json
import math
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.maths.mixtures import Mixture
from vaedemo.store.checkpoints import write_atomic

__all__ = ["FILE", "load_mixture", "mixture_name", "mixture_names", "save_mixtures"]

FILE = "mixtures.safetensors"


FORMAT = "vaedemo mixtures 1"


SMALLEST = 6.2e-5  # of a factor's diagonal, the smallest ordinary number of float16


def mixture_name(key, label=None):
    """The name of the mixture of a ModelKey in its domain's file: vae-32/all, or vae-32/class3."""
    return f"{key.name}/{'all' if label is None else f'class{label}'}"


def save_mixtures(path, mixtures, domain, record=None):
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
    metadata = {"format": FORMAT, "domain": domain, "record": json.dumps(record or {})}
    write_atomic(path, save(tensors, metadata))


def _open(path):
    path = Path(path)
    try:
        file = safe_open(str(path), framework="np")
    except FileNotFoundError:
        raise CheckpointError(
            f"no {path.name} of {path.parent.name}; make it with `python -m vaedemo derive --only mixtures`"
        ) from None
    except (SafetensorError, OSError):
        raise CheckpointError(f"{path.name} is cut or no safetensors file; restore it or derive it anew") from None
    if (file.metadata() or {}).get("format") != FORMAT:
        raise CheckpointError(f"{path.name} holds no mixtures of this version ({FORMAT}); derive it anew")
    return file


def mixture_names(path):
    """Names of the mixtures of a file, sorted."""
    with _open(path) as file:
        return sorted(file.keys())


def load_mixture(path, name):
    """The Mixture of this name in a file, float32; UnknownModel if it is not there."""
    with _open(path) as file:
        if name not in file.keys():  # noqa: SIM118 - not a mapping
            raise UnknownModel(f"no mixture {name} in {Path(path).name}; choose another model, or all classes")
        rows = file.get_tensor(name).astype(np.float32)
    d = (math.isqrt(8 * rows.shape[1] + 1) - 3) // 2 if rows.ndim == 2 else 0  # (d + 1)(d + 2) / 2 numbers a row
    if d < 1 or rows.shape[1] != (d + 1) * (d + 2) // 2 or not len(rows):
        raise CheckpointError(f"{Path(path).name} has a damaged mixture {name}; restore it or derive it anew")
    factors = np.zeros((len(rows), d, d), np.float32)
    factors[:, *np.tril_indices(d)] = rows[:, 1 + d :]
    whole = np.isfinite(rows).all() and rows[:, 0].min() >= 0 and np.einsum("kii->ki", factors).min() > 0
    if not whole or not rows[:, 0].sum() > 0:
        raise CheckpointError(f"{Path(path).name} has a damaged mixture {name}; restore it or derive it anew")
    return Mixture(rows[:, 0] / rows[:, 0].sum(), rows[:, 1 : 1 + d], factors)
