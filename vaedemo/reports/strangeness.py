"""How strange known and foreign pictures are to each VAE of a domain: what a picture's own score is held against."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tqdm

from vaedemo.data.datasets import Pictures
from vaedemo.errors import DataError
from vaedemo.services.anomaly import codes, learn_usual, scores
from vaedemo.store.checkpoints import STRANGENESS
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.strangeness import Known, Reference, save_references

__all__ = ["reference", "write_references"]

TRAINING = 2_000  # pictures that tell what is usual
KNOWN, FOREIGN = 1_000, 500  # test pictures of the domain, and of each other set
Load = Callable[[str, str], Pictures]  # of a split and a domain


def write_references(library: Library, domain: str, load: Load, others: list[str]) -> dict[str, Any] | None:
    """Write the references of a domain's VAEs; how many, and of which pictures, a dict, or None where there is no VAE
    with a mixture and PCA beside it. Sets of pictures that are not at hand are left out."""
    keys = [key for key in library.model_keys(domain) if key.kind == "vae" and library.has_mixture(key)]
    keys = [key for key in keys if key.latent_dim in library.dims(domain, "pca")]
    if not keys:
        return None
    training = load("train", domain).some(TRAINING)
    sets = {domain: load("test", domain).some(KNOWN)}
    for name in others:
        if name != domain:
            with contextlib.suppress(DataError):
                sets[name] = load("test", name).some(FOREIGN).as_of(library.domain(domain).shape)
    found = {}
    for key in tqdm.tqdm(keys, desc=f"{domain} strangeness", disable=None, unit="model"):
        found[key.name] = reference(library, key, training, sets)._replace(weights=library.weights(key))
    path, told = library.folder / domain / STRANGENESS.file, {"training": len(training)}
    told |= {name: len(x) for name, x in sets.items()}
    save_references(path, found, domain, {"pictures": told})
    return {"models": len(found), "pictures": told, "bytes": path.stat().st_size}


def reference(library: Library, key: ModelKey, training: Pictures, sets: dict[str, Pictures]) -> Reference:
    """The Reference of a ModelKey's model: what is usual of training Pictures, and the scores of sets of others by
    name, its own domain's among them. It names no weights."""
    usual = learn_usual(library, training[:].numpy(), key)
    measured = {name: scores(library, x[:].numpy(), key, usual=usual) for name, x in sets.items()}
    return Reference(usual, measured, "", _known(library, sets[key.domain], key))


def _known(library: Library, pictures: Pictures, key: ModelKey) -> Known:
    labels = np.zeros(len(pictures), int) if pictures.y is None else pictures.y.numpy()
    return Known(labels, codes(library, pictures[:].numpy(), key))
