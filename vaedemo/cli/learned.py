"""Rows of `derive` that learn from training pictures: a domain's classifier, the mixtures over its models' codes."""

import torch
import tqdm

from vaedemo import runtime
from vaedemo.models.classifier import accuracy, build_classifier
from vaedemo.store.classifiers import FILE as CLASSIFIER
from vaedemo.store.classifiers import save_classifier
from vaedemo.store.key import ModelKey
from vaedemo.store.mixtures import FILE as MIXTURES
from vaedemo.store.mixtures import mixture_name, save_mixtures
from vaedemo.training.classifier import classifier_recipe, fit_classifier
from vaedemo.training.mixtures import PICTURES, fit_model

__all__ = ["derive_classifier", "derive_mixtures"]


def derive_classifier(library, domain, load, seed):
    """Train a domain's classifier and write it; what was made, a dict. load(split) gives Pictures."""
    if not library.domain(domain).classes:
        return None
    path, pictures = library.folder / domain / CLASSIFIER, load("train")
    recipe = classifier_recipe(domain, seed)
    model = build_classifier(recipe.model, seed)
    with tqdm.tqdm(desc=f"{domain} classifier", disable=None, unit="step") as bar:
        for step in fit_classifier(model, pictures, recipe.train, mirrored=recipe.mirrored):
            bar.total = step.steps
            bar.update(step.step - bar.n)
    record = {
        "epochs": recipe.train.epochs,
        "steps": step.steps,
        "pictures": len(pictures),
        "seconds": round(step.seconds, 1),
        "accuracy": round(accuracy(model, load("test")), 4),
        "hardware": runtime.hardware(torch.device("cpu")),
    }
    save_classifier(path, model, domain, record)
    return record | {"bytes": path.stat().st_size}


def derive_mixtures(library, domain, load, seed):
    """Fit mixtures to the codes of a domain's autoencoders and VAEs and write them; what was made, a dict."""
    path, found = library.folder / domain / MIXTURES, {}
    for kind in ("ae", "vae"):
        for d in library.dims(domain, kind):
            made = fit_model(library.model(key := ModelKey(domain, kind, d)), load("train"), domain, seed)
            found |= {mixture_name(key, label): mixture for label, mixture in made.items()}
    record = {"pictures": min(PICTURES, len(load("train"))), "seed": seed}
    save_mixtures(path, found, domain, record)
    return {"mixtures": len(found), "bytes": path.stat().st_size}
