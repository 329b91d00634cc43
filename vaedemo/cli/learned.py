"""Rows of `derive` that learn from training pictures: a domain's classifier, what finds damage in its pictures, the
mixtures over its models' codes, how these are rounded, and the settings of the classical methods for each noise."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import tqdm
from torch import Tensor

from vaedemo import runtime
from vaedemo.configs import TrainConfig
from vaedemo.data import datasets
from vaedemo.data.damage import NOISES
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import DOMAINS, SIZED
from vaedemo.data.painted import PAINTS, paint
from vaedemo.data.photos import as_grey, open_photos
from vaedemo.maths.detection import pixel_auroc
from vaedemo.maths.mixtures import Mixture
from vaedemo.models.classifier import accuracy, build_classifier
from vaedemo.models.finder import build_finder
from vaedemo.services.restore import classical
from vaedemo.store.checkpoints import (
    CLASSIFIER,
    FINDER,
    MIXTURES,
    QUANTISERS,
    save_checkpoint,
    warm_start,
    write_atomic,
)
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.mixtures import mixture_name, save_mixtures
from vaedemo.store.quantisers import save_quantisers
from vaedemo.training import quantisers
from vaedemo.training.loop import Progress, fit
from vaedemo.training.mixtures import MOST, PICTURES, fit_model
from vaedemo.training.recipes import classifier_recipe, finder_recipe, mirrored
from vaedemo.training.tasks.classes import Classes
from vaedemo.training.tasks.spoils import Spoils

__all__ = [
    "derive_classical",
    "derive_classifier",
    "derive_finder",
    "derive_mixtures",
    "derive_photos",
    "derive_quantisers",
]

Load = Callable[..., Pictures]  # of a split, of this domain or of another by its name
HELD_OUT = 2000  # training pictures that no model was trained on
TUNED = {"shapes": 8}  # of these for tuning, the first; larger pictures take longer
USUAL = 12
JUDGED = 300  # of these, on which a finder is measured
PHOTO_SIDE, PHOTO_EVERY = 96, 5  # pixels a side of the middle of every fifth held-out photograph
Case = tuple[dict[str, Any], Tensor]  # a row's kind, level and clip, and the pictures it is tuned on


def derive_classifier(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any] | None:
    """Train a domain's classifier and write it; its record, a dict."""
    if not library.domain(domain).classes:
        return None
    path, pictures = library.folder / domain / CLASSIFIER.file, load("train")
    recipe = classifier_recipe(domain)
    train, model = replace(recipe.train, seed=seed), build_classifier(recipe.model, seed)
    task = Classes(pictures, train, mirrored=mirrored(domain))
    progress = _fitted(model, task, train, f"{domain} classifier")
    record = {
        "epochs": train.epochs,
        "steps": progress.steps,
        "pictures": len(pictures),
        "seconds": round(progress.seconds, 1),
        "accuracy": round(accuracy(model, load("test")), 4),
        "hardware": runtime.hardware(torch.device("cpu")),
    }
    save_checkpoint(path, model, domain, record, CLASSIFIER)
    return record | {"bytes": path.stat().st_size}


def _fitted(model: Any, task: Any, train: TrainConfig, what: str) -> Progress:
    """Train a model; the last of its Progress."""
    with tqdm.tqdm(desc=what, disable=None, unit="step") as bar:
        for progress in fit(model, task, train):
            bar.total = progress.steps
            bar.update(progress.step - bar.n)
    model.to("cpu").requires_grad_(False)
    return progress


def derive_finder(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any] | None:
    """Train what finds damage in a shipped domain's pictures and write it; its record, a dict."""
    if domain not in SIZED:
        return None
    path, recipe = library.folder / domain / FINDER.file, finder_recipe(domain)
    pictures, held_out = datasets.held_out(load("train"), HELD_OUT)
    train, model = replace(recipe.train, seed=seed), build_finder(recipe.model, seed)
    if recipe.start:
        warm_start(model, library.folder / recipe.start)
    progress = _fitted(model, Spoils(pictures, train), train, f"{domain} finder")
    auroc, x = {}, held_out.some(JUDGED)[:]
    for kind in PAINTS:
        y, damaged = paint(x, kind, runtime.generator("finder", domain, kind))
        with torch.no_grad():
            auroc[kind] = round(100 * pixel_auroc(model(y), damaged).value, 2)
    record = {
        "epochs": train.epochs,
        "steps": progress.steps,
        "pictures": len(pictures),
        "seconds": round(progress.seconds, 1),
        "held_out_auroc": auroc,  # %, of painted damage
        "started_from": Path(recipe.start).stem if recipe.start else None,
        "hardware": runtime.hardware(torch.device("cpu")),
    }
    save_checkpoint(path, model, domain, record, FINDER)
    return record | {"bytes": path.stat().st_size}


def derive_mixtures(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any]:
    """Fit mixtures to the codes of a domain's autoencoders and VAEs and write them; how many, a dict."""
    path = library.folder / domain / MIXTURES.file
    found: dict[str, Mixture] = {}
    for kind in ("ae", "vae"):
        for d in (d for d in library.dims(domain, kind) if d <= MOST):
            fitted = fit_model(library.model(key := ModelKey(domain, kind, d)), load("train"), domain, seed)
            found |= {mixture_name(key, label): mixture for label, mixture in fitted.items()}
    record: dict[str, Any] = {"pictures": min(PICTURES, len(load("train"))), "seed": seed}
    save_mixtures(path, found, domain, record)
    return {"mixtures": len(found), "bytes": path.stat().st_size}


def derive_quantisers(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any]:
    """Choose the steps of all of a domain's models, count their training codes and write both; how many, a dict."""
    path, pictures = library.folder / domain / QUANTISERS.file, load("train")
    keys = tqdm.tqdm(library.model_keys(domain), desc=f"{domain} quantisers", disable=None, unit="model")
    found = {key.name: quantisers.fit_model(library.model(key), pictures, seed) for key in keys}
    growth = {name: round(fitted.growth, 4) for name, fitted in found.items()}
    record = {"pictures": min(quantisers.PICTURES, len(pictures)), "seed": seed, "growth": growth}
    save_quantisers(path, {name: fitted.quantiser for name, fitted in found.items()}, domain, record)
    return {"quantisers": len(found), "bytes": path.stat().st_size}


def derive_classical(library: Library, domain: str, load: Load, seed: int) -> dict[str, int]:
    """Tune the classical methods for a domain and write their settings; how many, a dict. Values as a file holds them,
    and of Gaussian noise also unclipped; the same noise for both."""
    held_out = datasets.held_out(load("train"), HELD_OUT)[1]
    x = held_out[torch.arange(min(TUNED.get(domain, USUAL), len(held_out)))]
    cases = [
        ({"kind": kind, "level": level, "clip": clip}, x)
        for kind in NOISES
        for clip in ((True, False) if kind == "gaussian" else (True,))
        for level in classical.levels(kind)
    ]
    return _tuned(library, domain, cases, seed)


def derive_photos(library: Library, folder: Path, seed: int) -> dict[str, int]:
    """The same of photographs in folder/cid22 and folder/clic, in colour and turned grey (one channel)."""
    photos = open_photos(folder)
    middles = [photos.middle(row, PHOTO_SIDE) / 255 for row in photos.held_out[::PHOTO_EVERY]]
    x, cases = torch.stack(middles), []
    for kind, (low, high, usual) in DOMAINS["photos"].damages.noises.items():
        for level in sorted({low + (high - low) / 6, usual, (low + high) / 2 + (high - low) / 4}):
            noise = {"kind": kind, "level": level, "clip": True}
            cases += [(noise | {"channels": clean.shape[1]}, clean) for clean in (x, as_grey(x)[:, :1])]
    return _tuned(library, "photos", cases, seed)


def _tuned(library: Library, domain: str, cases: list[Case], seed: int) -> dict[str, int]:
    rows, path = [], library.folder / domain / classical.FILE
    for row, x in tqdm.tqdm(cases, desc=f"{domain} classical", disable=None, unit="noise"):
        generator = runtime.generator("classical", seed, row["kind"], row["level"])
        rows.append(row | {"methods": classical.tune(x, row["kind"], row["level"], generator, row["clip"])})
    write_atomic(path, (json.dumps({"pictures": len(x), "rows": rows}, indent=1) + "\n").encode())
    classical.read_settings.cache_clear()
    return {"pictures": len(x), "rows": len(rows), "bytes": path.stat().st_size}
