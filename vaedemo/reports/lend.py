"""A model that was trained in the page, made ready for the other tabs: what the shipped models have beside their
weights is derived of it too, from the pictures that it learned from."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import Domain, own_domain
from vaedemo.data.taught import Taught
from vaedemo.maths.mixtures import Mixture, fit_mixture
from vaedemo.reports.strangeness import reference
from vaedemo.store.key import ModelKey
from vaedemo.store.lent import Lent, lent_name
from vaedemo.store.library import Library
from vaedemo.store.maps import draw_map, encodings
from vaedemo.training.quantisers import fit_model

__all__ = ["lend"]

USUAL, KNOWN, FOREIGN = 500, 250, 150  # pictures that tell what is usual and what is strange: a few, as one waits


@torch.no_grad()
def lend(library: Library, model: Any, taught: Taught, like: str | None, others: Mapping[str, Pictures]) -> Lent:
    """A model made Lent, rounded to half precision as every shipped one is, which the library knows from then on. like:
    the domain whose pictures it learned from, None of one's own; others: pictures of other kinds by name."""
    model, config = model.half().float().eval(), model.config
    kind, d = "vae" if config.variational else "ae", config.latent_dim
    name = lent_name(kind)
    row = (
        replace(library.domain(like), channels=config.channels, size=config.size)
        if like
        else own_domain(name, [config])
    )
    row = replace(row, name=name, like=like, latent_dims=(d,), likelihood=config.likelihood, betas={}, anchor=d)
    quantiser = fit_model(model, taught.seen.some(USUAL)).quantiser
    lent = Lent(row, ModelKey(name, kind, d), model, _mixtures(model, taught.seen), quantiser)
    library.lent.put(lent)
    try:
        _derive(library, lent, row, taught, others)
    except BaseException:
        library.lent.drop(name)
        raise
    return lent


def _mixtures(model: Any, pictures: Pictures) -> dict[int | None, Mixture]:
    """Of the codes of all pictures under None, and of each class under its number."""
    codes, _ = encodings(model, pictures)
    found: dict[int | None, Mixture] = {None: fit_mixture(codes)}
    if pictures.y is not None:
        labels = pictures.y.numpy()
        found |= {c: fit_mixture(codes[labels == c]) for c in range(labels.max() + 1)}
    return found


def _derive(library: Library, lent: Lent, row: Domain, taught: Taught, others: Mapping[str, Pictures]) -> None:
    """The map and the reference of a lent model, where there is what they are held against."""
    if not row.like or not len(taught.unseen):
        return
    d = lent.key.latent_dim
    if d == 2 and all(d in library.dims(row.name, kind) for kind in ("ae", "vae")):
        lent.map = draw_map(library, taught.unseen, row.name)
    if lent.key.kind == "vae" and d in library.dims(row.name, "pca"):
        sets = {row.name: taught.unseen.some(KNOWN)} | {n: x.some(FOREIGN).as_of(row.shape) for n, x in others.items()}
        lent.reference = reference(library, lent.key, taught.seen.some(USUAL), sets)
