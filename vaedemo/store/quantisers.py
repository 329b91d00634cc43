"""Files of quantisers: all of a domain's in one; of each model steps, centres, and the counts one after another."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vaedemo.errors import CheckpointError
from vaedemo.maths.quantise import Quantiser
from vaedemo.store.checkpoints import QUANTISERS, read_tensors, write_tensors

__all__ = ["load_quantiser", "save_quantisers"]

PARTS = ("step", "centre", "lengths", "counts")


def save_quantisers(
    path: str | os.PathLike[str], quantisers: Mapping[str, Quantiser], domain: str, record: dict[str, Any] | None = None
) -> None:
    """Write {model's name: Quantiser} as one file with a record (a dict: how they were fitted)."""
    tensors: dict[str, np.ndarray] = {}
    for name, found in quantisers.items():
        lengths = np.array([len(c) for c in found.counts], np.uint16)
        values = (found.step, found.centre, lengths, np.concatenate(found.counts).astype(np.uint16))
        tensors |= {f"{name}/{part}": value for part, value in zip(PARTS, values, strict=True)}
    write_tensors(path, QUANTISERS, tensors, domain, record=record or {})


def load_quantiser(path: str | os.PathLike[str], name: str, latent_dim: int) -> Quantiser | None:
    """The Quantiser of a model of this name and latent dimension in a file; None if it is not there, or no file."""
    if not Path(path).is_file():
        return None
    found = read_tensors(path, QUANTISERS, [f"{name}/{part}" for part in PARTS]).tensors
    if not found:
        return None
    try:
        step, centre, lengths, counts = (found[f"{name}/{part}"] for part in PARTS)
        ends = np.cumsum(lengths, dtype=np.int64)
        whole = step.shape == centre.shape == lengths.shape == (latent_dim,) and ends[-1] == len(counts)
        whole = whole and bool(np.isfinite([step, centre]).all() and (step > 0).all() and (lengths % 2 == 0).all())
    except (KeyError, ValueError, TypeError):
        whole = False
    if not whole or lengths.min() < 2:
        raise CheckpointError(f"{Path(path).name} has a damaged quantiser of {name}; restore it or derive it anew")
    return Quantiser(step, centre, tuple(np.split(counts.astype(np.int64), ends[:-1])))
