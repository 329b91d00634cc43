"""Figures of lessons that are charts: what was measured of the shipped models, or is computed of them here.

A figure is a dict fit for JSON; a label is as in grids.py. {"form": "bars", "unit": label, "bars": [{"id", "label",
"parts": [{"token", "value"}]}], "legend": [{"token", "label"}]}; {"form": "columns", "title", "unit", "sets": [{"id",
"label", "token", "values"}], "first": number under the first column}; {"form": "histogram", "title", "low", "high",
"sets": [{"id", "label", "token", "values": shares}]}; {"form": "points", "panels": [{"id", "label", "low", "high",
"points": [[x, y, class], ...]}], "classes", "colours"}.
"""

import json
import math
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image

from vaedemo import runtime
from vaedemo.errors import CheckpointError
from vaedemo.maths import gaussian
from vaedemo.models import objectives
from vaedemo.pictures.draw import to_image
from vaedemo.services.reconstruct import reconstruct
from vaedemo.services.walk import importance
from vaedemo.store.inputs import checked_picture
from vaedemo.store.key import ModelKey
from vaedemo.store.maps import COLOURS, read_map
from vaedemo.ui.server import wire
from vaedemo.ui.tabs.lessons.given import Given, model_label, model_labels

__all__ = ["CHARTS"]

Figure = dict[str, Any]
BINS = 48
TOKENS = {"ae": "ae", "vae": "vae", "tc-vae": "vae", "pca": "pca", "dense": "dense", "dense-vae": "dense"}
# What `evaluate` measured, {name: of its figures}.
MEASURED = {
    "mse": lambda f: f["mse"],
    "psnr": lambda f: f["psnr"],
    "elbo": lambda f: -f["elbo"],
    "bound": lambda f: f["nll_bound"],
    "kl": lambda f: f["kl"],
    "active": lambda f: f["active_units"],
    "bits": lambda f: f["coded_bits"],
}


def _bar(name: str, label: Any, **parts: float) -> Figure:
    return {"id": name, "label": label, "parts": [{"token": t, "value": wire.rounded(v, 7)} for t, v in parts.items()]}


def _bars(unit: str, bars: list[Figure], legend: dict[str, str] | None = None) -> Figure:
    named = [{"token": token, "label": [label]} for token, label in (legend or {}).items()]
    return {"form": "bars", "unit": [unit], "bars": bars, "legend": named}


def _measured(given: Given) -> Figure:
    """{"domain" or nothing, "models": [[kind, d, beta] or [domain, kind, d, beta], ...], "quantity"; "by": a kind, to
    divide by its figure at the same latent dimension}: a bar a model, over the test set."""
    quantity = given.choice("quantity", tuple(MEASURED), None)
    keys, values = [], []
    for model in given.list("models", 12):
        other = isinstance(model, list) and len(model) > 2 and isinstance(model[1], str)
        key = given.key_of(model[1:], given.library.domain(model[0]).name) if other else given.key_of(model)
        value = _value(given, key, quantity)
        if "by" in given:
            value /= _value(given, given.key_of([given.text("by"), key.latent_dim], key.domain), quantity)
        keys.append(key)
        values.append(value)
    named = [f"{k.domain}-{k.name}" if len({key.domain for key in keys}) > 1 else k.name for k in keys]
    each = zip(keys, named, model_labels(keys), values, strict=True)
    bars = [_bar(name, label, **{TOKENS[key.kind]: value}) for key, name, label, value in each]
    return _bars(f"lessons.unit.{quantity}" if "by" not in given else "lessons.unit.by", bars)


def _value(given: Given, key: ModelKey, quantity: str) -> float:
    try:
        return float(MEASURED[quantity](given.figures(key)))
    except (KeyError, TypeError):
        raise wire.RequestError(f"{quantity} is not measured of {key.kind}; choose another quantity or kind") from None


def _terms(given: Given) -> Figure:
    """{"domain", "models", "scale": "nats" or "bits"}: distortion and KL on one another, over the test set."""
    unit = given.choice("scale", ("nats", "bits"), "nats")
    scale = 1.0 if unit == "nats" else 1 / float(np.log(2))
    bars, keys = [], [given.key_of(model) for model in given.list("models", 12)]
    for key, label in zip(keys, model_labels(keys), strict=True):
        distortion, kl = (_value(given, key, "elbo") - _value(given, key, "kl"), _value(given, key, "kl"))
        bars.append(_bar(key.name, label, rec=distortion * scale, kl=kl * scale))
    return _bars(f"lessons.unit.{unit}", bars, {"rec": "lessons.rec", "kl": "lessons.kl"})


def _bounds(given: Given) -> Figure:
    """{"domain", "model"}: -ELBO of a VAE over the test set, and the importance-weighted bound."""
    key = given.key_of(given["model"])
    names = {"elbo": "score.elbo", "bound": "lessons.weighted"}
    return _bars("lessons.unit.nats", [_bar(n, [label], vae=_value(given, key, n)) for n, label in names.items()])


def _factors(given: Given) -> Figure:
    """{"domain", "models"}: the mutual information gap of each, from 0 to 1 (Chen et al. 2018)."""
    path = given.library.folder / "maps" / f"{given.domain}-factors.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CheckpointError(f"the factors of {given.domain} are not known; choose the domain shapes") from None
    keys = [key for key in map(given.key_of, given.list("models", 8)) if key.name in known]
    return _bars(
        "lessons.unit.mig", [_bar(k.name, model_label(k), **{TOKENS[k.kind]: known[k.name]["mig"]}) for k in keys]
    )


@torch.no_grad()
def _files(given: Given) -> Figure:
    """{"domain", "example", "model"}: bits of a picture in two levels: raw, as a PNG file, and by a VAE, whose
    distortion and KL are what a coder with bits back spends on average (Townsend, Bird & Barber 2019)."""
    key, x = given.key_of(given["model"]), given.picture(given.text("example"))
    binary = (x > 0.5).astype(np.float32)
    found = reconstruct(given.library, binary, key)
    if (
        found.kl_nats is None
        or found.distortion_nats is None
        or given.library.domain(key.domain).likelihood != "bernoulli"
    ):
        raise wire.RequestError("only a VAE of digits counts the bits of a picture in two levels")
    to_image(binary).convert("1", dither=Image.Dither.NONE).save(file := BytesIO(), "png", optimize=True)
    model = {"rec": found.distortion_nats / math.log(2), "kl": float(found.kl_nats.sum()) / math.log(2)}
    bars = [
        _bar("raw", ["lessons.file.raw"], epsilon=x.size),
        _bar("png", ["lessons.file.png"], epsilon=8 * len(file.getvalue())),
        _bar("model", model_label(key), **model),
    ]
    return _bars("lessons.unit.bits", bars, {"rec": "lessons.rec", "kl": "lessons.kl"})


def _units(given: Given) -> Figure:
    """{"domain", "model", "quantity": "kl" (over the test set, or of "example"), or "sigma" of "example"}: a column a
    latent variable, the most informative first."""
    key, quantity = given.key_of(given["model"]), given.choice("quantity", ("kl", "sigma"), "kl")
    order = importance(given.library, key).order
    values: np.ndarray | None = importance(given.library, key).value
    if "example" in given:
        found = reconstruct(given.library, given.picture(given.text("example")), key)
        values = found.kl_nats if quantity == "kl" else found.sigma
    if values is None or (quantity == "sigma" and "example" not in given):
        raise wire.RequestError("sigma is of a VAE and of one picture; name an example")
    one = {"id": quantity, "label": [f"lessons.{quantity}"], "token": quantity, "values": wire.rounded(values[order])}
    unit = "lessons.unit.nats" if quantity == "kl" else "lessons.unit.one"
    return {"form": "columns", "title": ["lessons.latent"], "unit": [unit], "sets": [one], "first": 1}


def _codes(given: Given) -> Figure:
    """{"domain", "kinds", "n"}: where the codes of n test pictures lie, of models with two latent variables."""
    n, panels, row = given.whole("n", 10, 3000), [], given.library.domain(given.domain)
    for kind in given.list("kinds", 2):
        found = read_map(given.library.folder / "maps", row.name, str(kind))
        points = np.c_[found.points[:n], found.labels[:n]]
        panels.append(
            {
                "id": str(kind),
                "label": [f"kind.{kind}"],
                "low": wire.rounded(found.low, 4),
                "high": wire.rounded(found.high, 4),
                "points": [[float(f"{a:.4g}"), float(f"{b:.4g}"), int(c)] for a, b, c in points],
            }
        )
    return {"form": "points", "panels": panels, "classes": list(row.classes), "colours": list(COLOURS)}


def _histogram(title: Any, sets: list[tuple[str, Any, str, np.ndarray]], low: float, high: float) -> Figure:
    """Shares of each set (name, label, token, values) within low..high; what lies outside counts at its end."""
    told = []
    for name, label, token, values in sets:
        counts, _ = np.histogram(np.clip(values, low, high), BINS, (low, high))
        told.append({"id": name, "label": label, "token": token, "values": wire.rounded(counts / len(values), 4)})
    return {"form": "histogram", "title": title, "low": low, "high": high, "sets": told}


def _scores(given: Given) -> Figure:
    """{"domain", "d", "score", "sets": domains}: how strange test pictures of several domains are to a VAE."""
    key = given.key_of(["vae", given["d"]])
    reference, score = given.library.reference(key), given.text("score")
    if reference is None:
        raise CheckpointError(f"{key} has no scores yet; derive them with `python -m vaedemo derive`")
    found = []
    for name, token in zip(given.list("sets", 4), ("mu", "sigma", "z", "epsilon"), strict=False):
        if score not in reference.scores.get(name, {}) or not isinstance(name, str):
            raise wire.RequestError(f"{key!s} has no {score[:30]!r} of {str(name)[:30]!r}; choose others")
        found.append((name, [f"domain.{name}"], token, reference.scores[name][score].astype(float)))
    everything = np.concatenate([values for *_, values in found])
    low, high = np.quantile(everything, (0.001, 0.999)).tolist()
    return _histogram(
        ["lessons.scored", {"score": [f"score.{score}"]}], found, wire.rounded(low, 3), wire.rounded(high, 3)
    )


def _lengths(given: Given) -> Figure:
    """{"dims", "n", "seed"}: how far samples of N(0, I) lie from the origin, a set a dimension."""
    n, seed, sets = given.whole("n", 100, 20_000), given.whole("seed", 0, wire.MAX_SEED), []
    for d, token in zip(given.list("dims", 3), ("epsilon", "z-soft", "z"), strict=False):
        size = Given(given.service, {"dims": d}).whole("dims", 1, 256)
        drawn = torch.randn(n, size, generator=runtime.generator("lessons", seed, size))
        sets.append((f"d{size}", ["lessons.dims", {"d": size}], token, drawn.norm(dim=1).numpy()))
    return _histogram(["lessons.lengths"], sets, 0.0, float(np.ceil(max(values.max() for *_, values in sets))))


def _gradients(given: Given) -> Figure:
    """{"domain", "example", "model", "n", "seed"}: standard deviation of a one-sample estimate of the gradient of the
    expected distortion with respect to mu, root mean square over the latent variables: through the sample z = mu +
    sigma eps (Kingma & Welling 2014), and by the score function (Williams 1992) without a baseline."""
    key, n = given.key_of(given["model"]), given.whole("n", 16, 256)
    model, seed = given.library.model(key), given.whole("seed", 0, wire.MAX_SEED)
    x = checked_picture(given.picture(given.text("example")), given.library.domain(key.domain))
    with torch.no_grad():
        mu, logvar = model.encode(x)
    if logvar is None:
        raise wire.RequestError(f"{key.kind} has no sigma; choose a model of kind vae")
    eps = torch.randn(n, key.latent_dim, generator=runtime.generator("lessons", seed))
    with torch.enable_grad():
        z = gaussian.sample(mu, logvar, eps).requires_grad_()
        cost = objectives.distortion(model, model.likelihood_parameters(z), x.expand(n, -1, -1, -1))
        (through,) = torch.autograd.grad(cost.sum(), z)
    by_score = cost.detach()[:, None] * eps / (0.5 * logvar).exp()
    spread = {name: g.std(0).square().mean().sqrt().item() for name, g in (("path", through), ("score", by_score))}
    bars = [_bar(name, [f"lessons.gradient.{name}"], z=value) for name, value in spread.items()]
    return _bars("lessons.unit.gradient", bars)


def _confident(given: Given) -> Figure:
    """{"domain", "d", "sources": ["ae+normal", ...]}: share of samples of which the classifier is sure, in percent."""
    path = given.library.folder / "maps" / "samples.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    except (OSError, ValueError, KeyError):
        raise CheckpointError("the samples are not measured yet; do it with `python -m vaedemo derive`") from None
    domain, d, bars = given.domain, given.whole("d", 1, 4096), []
    for source in given.list("sources", 6):
        found = [r for r in rows if (r["domain"], r["d"], r["source"]) == (domain, d, source)]
        if not found or "confident" not in found[0]:
            raise wire.RequestError(f"{str(source)[:30]!r} of {domain} with {d} is not measured; choose another source")
        kind, _, prior = str(source).partition("+")
        label = ["lessons.source", {"kind": [f"kind.{kind}"], "prior": [f"lessons.prior.{prior}"]}]
        bars.append(_bar(str(source), label, **{TOKENS[kind]: 100 * found[0]["confident"][0]}))
    return _bars("lessons.unit.confident", bars)


CHARTS = {
    "measured": _measured,
    "terms": _terms,
    "bounds": _bounds,
    "factors": _factors,
    "files": _files,
    "units": _units,
    "codes": _codes,
    "scores": _scores,
    "lengths": _lengths,
    "gradients": _gradients,
    "confident": _confident,
}
