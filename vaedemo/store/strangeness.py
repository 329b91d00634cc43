"""Files of how strange known and foreign pictures are to a domain's models: a picture's own scores mean little without
them. All of a domain's in one file: of each model what is usual, and of each set of pictures every score."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vaedemo.errors import CheckpointError
from vaedemo.store.checkpoints import STRANGENESS, read_tensors, write_tensors

__all__ = ["Known", "Reference", "Usual", "load_reference", "save_references"]

# They stand where the name of a set of pictures would, and are none.
USUAL, KNOWN = "=training", "=known"


class Usual(NamedTuple):
    """Of training pictures: mean -ELBO in nats; mean (S,) and covariance (S, S) of their statistics."""

    nats: float
    mean: np.ndarray
    covariance: np.ndarray


class Known(NamedTuple):
    """Of the domain's own test pictures: their classes, int64 (N,), and mean codes, float32 (N, D), kept in half
    precision."""

    labels: np.ndarray
    codes: np.ndarray


class Reference(NamedTuple):
    """What is usual, and scores: {set of pictures: {name of a score: float32 (N,)}} of test pictures, the domain's own
    under its name, and others; weights: the hash of the model's in hexadecimal digits, to which all of it belongs.
    known is of those same test pictures of its own."""

    usual: Usual
    scores: dict[str, dict[str, np.ndarray]]
    weights: str
    known: Known | None = None


def save_references(
    path: str | os.PathLike[str], found: Mapping[str, Reference], domain: str, record: dict[str, Any] | None = None
) -> None:
    """Write {model's name: Reference} as one file with a record (a dict: of how many pictures)."""
    tensors: dict[str, np.ndarray] = {}
    for name, reference in found.items():
        sets: dict[str, dict[str, Any]] = {USUAL: reference.usual._asdict()}
        if reference.known is not None:
            sets[KNOWN] = reference.known._asdict()
        for source, values in (sets | reference.scores).items():
            for k, v in values.items():
                kind = np.float16 if k == "codes" else np.float32
                tensors[f"{name}/{source}/{k}"] = np.atleast_1d(np.asarray(v, kind))
    weights = {name: reference.weights for name, reference in found.items()}
    write_tensors(path, STRANGENESS, tensors, domain, record=(record or {}) | {"weights": weights})


def load_reference(path: str | os.PathLike[str], name: str) -> Reference | None:
    """The Reference of a model of this name in a file; None if it is not there, or no file."""
    if not Path(path).is_file():
        return None
    whole = read_tensors(path, STRANGENESS, [])
    names = [n for n in whole.names if n.startswith(f"{name}/")]
    if not names:
        return None
    sets: dict[str, dict[str, np.ndarray]] = {}
    for full, values in read_tensors(path, STRANGENESS, names).tensors.items():
        if values.dtype not in (np.float32, np.float16) or not values.size or not np.isfinite(values).all():
            raise _damaged(path, full)
        _, source, last = full.split("/")
        sets.setdefault(source, {})[last] = values.astype(np.float32)
    usual = sets.pop(USUAL, {})
    if set(usual) != set(Usual._fields) or usual["covariance"].shape != usual["mean"].shape * 2:
        raise _damaged(path, f"{name}/{USUAL}")
    if np.linalg.eigvalsh(usual["covariance"].astype(float)).min() <= 0:
        raise _damaged(path, f"{name}/{USUAL}")
    weights = json.loads(whole.metadata.get("record", "{}")).get("weights", {}).get(name, "")
    known = sets.pop(KNOWN, None)
    if known is not None and (set(known) != set(Known._fields) or known["labels"].shape != known["codes"].shape[:1]):
        raise _damaged(path, f"{name}/{KNOWN}")
    own = None if known is None else Known(known["labels"].astype(np.int64), known["codes"])
    return Reference(Usual(float(usual["nats"][0]), usual["mean"], usual["covariance"]), sets, weights, own)


def _damaged(path: str | os.PathLike[str], name: str) -> CheckpointError:
    return CheckpointError(f"{Path(path).name} has damaged scores {name}; restore it or derive it anew")
