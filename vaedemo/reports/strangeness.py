"""How strange known and foreign pictures are to each VAE of a domain: what a picture's own score is held against."""

from collections.abc import Callable, Iterator
from typing import Any

import tqdm

from vaedemo.data.datasets import Pictures
from vaedemo.services.anomaly import scores, usual
from vaedemo.store.checkpoints import STRANGENESS
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.strangeness import Reference, save_references

__all__ = ["references", "write_references"]

TRAINING = 2_000  # pictures that tell what is usual
KNOWN, FOREIGN = 1_000, 500  # test pictures of the domain, and of each other set
Load = Callable[[str, str], Pictures]  # of a split and a domain


def references(library: Library, domain: str, load: Load, others: list[str]) -> Iterator[tuple[str, Reference]]:
    """(name of a VAE, its Reference) of each of a domain's with beta 1, known by a library that holds what is usual."""
    shape = library.domain(domain).shape
    sets = {domain: load("test", domain).some(KNOWN)}
    sets |= {name: load("test", name).some(FOREIGN).as_of(shape) for name in others if name != domain}
    keys = [key for key in library.model_keys(domain) if library.reference(key)]
    for key in tqdm.tqdm(keys, desc=f"{domain} strangeness", disable=None, unit="model"):
        found = library.reference(key)
        assert found is not None
        yield key.name, Reference(found.usual, {name: scores(library, x[:].numpy(), key) for name, x in sets.items()})


def write_references(library: Library, domain: str, load: Load, others: list[str]) -> dict[str, Any] | None:
    """Write the references of a domain's VAEs; how many, a dict, or None where it has none, or lacks what they need."""
    dims = set(library.dims(domain, "vae")) & set(library.dims(domain, "pca"))
    if not dims or not library.mixed(domain):
        return None
    path, training = library.folder / domain / STRANGENESS.file, load("train", domain).some(TRAINING)[:].numpy()
    keys = [ModelKey(domain, "vae", d) for d in sorted(dims)]
    # First what is usual, on which scores rest; then the scores.
    save_references(path, {key.name: Reference(usual(library, key, training), {}) for key in keys}, domain)
    found = dict(references(Library(library.folder), domain, load, others))
    save_references(path, found, domain, {"training": TRAINING, "known": KNOWN, "foreign": FOREIGN})
    return {"models": len(found), "bytes": path.stat().st_size}
