"""Rows of `derive` that learn from training pictures: a domain's classifier, the mixtures over its models' codes."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import torch
import tqdm

from vaedemo import runtime
from vaedemo.data.datasets import Pictures
from vaedemo.maths.mixtures import Mixture
from vaedemo.models.classifier import accuracy, build_classifier
from vaedemo.store.classifiers import FILE as CLASSIFIER
from vaedemo.store.classifiers import save_classifier
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.mixtures import FILE as MIXTURES
from vaedemo.store.mixtures import mixture_name, save_mixtures
from vaedemo.training.loop import Progress, fit
from vaedemo.training.mixtures import PICTURES, fit_model
from vaedemo.training.recipes import classifier_recipe, mirrored
from vaedemo.training.tasks.classes import Classes

__all__ = ["derive_classifier", "derive_mixtures"]


def _shown(steps: Iterable[Progress], name: str) -> Progress:
    """The last Progress, after a bar has told of all."""
    with tqdm.tqdm(desc=name, disable=None, unit="step") as bar:
        for progress in steps:
            bar.total = progress.steps
            bar.update(progress.step - bar.n)
    return progress


def derive_classifier(
    library: Library, domain: str, load: Callable[[str], Pictures], seed: int
) -> dict[str, Any] | None:
    """Train a domain's classifier and write it; what was made, a dict. load(split) gives Pictures."""
    if not library.domain(domain).classes:
        return None
    path, pictures = library.folder / domain / CLASSIFIER, load("train")
    recipe = classifier_recipe(domain)
    train, model = replace(recipe.train, seed=seed), build_classifier(recipe.model, seed)
    task = Classes(pictures, train, mirrored=mirrored(domain))
    progress = _shown(fit(model, task, train), f"{domain} classifier")
    model.to("cpu").requires_grad_(False)
    record = {
        "epochs": train.epochs,
        "steps": progress.steps,
        "pictures": len(pictures),
        "seconds": round(progress.seconds, 1),
        "accuracy": round(accuracy(model, load("test")), 4),
        "hardware": runtime.hardware(torch.device("cpu")),
    }
    save_classifier(path, model, domain, record)
    return record | {"bytes": path.stat().st_size}


def derive_mixtures(library: Library, domain: str, load: Callable[[str], Pictures], seed: int) -> dict[str, Any]:
    """Fit mixtures to the codes of a domain's autoencoders and VAEs and write them; what was made, a dict."""
    path = library.folder / domain / MIXTURES
    found: dict[str, Mixture] = {}
    for kind in ("ae", "vae"):
        for d in library.dims(domain, kind):
            made = fit_model(library.model(key := ModelKey(domain, kind, d)), load("train"), domain, seed)
            found |= {mixture_name(key, label): mixture for label, mixture in made.items()}
    record = {"pictures": min(PICTURES, len(load("train"))), "seed": seed}
    save_mixtures(path, found, domain, record)
    return {"mixtures": len(found), "bytes": path.stat().st_size}
