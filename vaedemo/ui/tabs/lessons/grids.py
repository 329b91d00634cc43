"""Figures of lessons that are pictures: what shipped models make of the examples, in rows.

A figure is a dict fit for JSON. A label is a text, or [key of a phrase, {name: number or label}], which the page says
in its language. {"form": "grid", "rows": [{"id", "label", "cells": [{"id", "label", "src": data URI, "note": label or
None}]}]}; {"form": "sheets", "sheets": [{"id", "label", "note", "src"}]}.
"""

from typing import Any

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.data.damage import MASKS, add_noise, draw_mask
from vaedemo.maths import metrics
from vaedemo.pictures.draw import grid
from vaedemo.services.generate import PRIORS, generate
from vaedemo.services.reconstruct import Reconstruction, reconstruct
from vaedemo.services.restore.run import answers
from vaedemo.services.restore.task import Task
from vaedemo.services.walk import PATHS, decode_many, traverse, walk
from vaedemo.store.library import encode
from vaedemo.ui.server import wire
from vaedemo.ui.tabs.lessons.given import Given, model_label, model_labels

__all__ = ["GRIDS"]

Figure = dict[str, Any]
SPREAD = 0.5  # the spread at which its picture is white: the largest that values from 0 to 1 have


def _cell(name: str, x: np.ndarray, label: Any = None, note: Any = None) -> Figure:
    return {"id": name, "label": label, "src": wire.png(x), "note": note}


def _decibels(found: Reconstruction) -> str:
    return f"{found.psnr:.1f} dB"


def _original(x: np.ndarray) -> Figure:
    return _cell("original", x, ["lessons.original"])


def _grid(rows: list[tuple[str, Any, list[Figure]]]) -> Figure:
    return {"form": "grid", "rows": [{"id": name, "label": label, "cells": cells} for name, label, cells in rows]}


def _reconstructions(given: Given) -> Figure:
    """{"domain", "examples": names, "models": [[kind, d, beta], ...]}: a row a model, or where there are more models
    than examples a row an example."""
    pictures = [given.picture(name) for name in given.list("examples", 8)]
    keys = [given.key_of(model) for model in given.list("models", 8)]
    found = [[reconstruct(given.library, x, key) for x in pictures] for key in keys]
    if len(pictures) < len(keys):
        columns, labels = [], model_labels(keys)
        for i, x in enumerate(pictures):
            each = zip(keys, labels, [row[i] for row in found], strict=True)
            cells = [_cell(k.name, f.x_hat, label, _decibels(f)) for k, label, f in each]
            columns.append((f"example-{i}", None, [_original(x), *cells]))
        return _grid(columns)
    first = [_cell(f"original-{i}", x) for i, x in enumerate(pictures)]
    rows = [("original", ["lessons.original"], first)]
    for key, row in zip(keys, found, strict=True):
        cells = [_cell(f"{key.name}-{i}", f.x_hat, None, _decibels(f)) for i, f in enumerate(row)]
        rows.append((key.name, model_label(key), cells))
    return _grid(rows)


def _dimensions(given: Given) -> Figure:
    """{"domain", "example", "kinds", "dims"}: a row a kind, a column a latent dimension."""
    x, rows = given.picture(given.text("example")), []
    for kind in given.list("kinds", 3):
        cells = []
        for d in given.list("dims", 8):
            found = reconstruct(given.library, x, given.key_of([kind, d]))
            cells.append(_cell(found.key.name, found.x_hat, ["lessons.dims", {"d": d}], _decibels(found)))
        rows.append((str(kind), [f"kind.{kind}"], [_original(x), *cells]))
    return _grid(rows)


def _traversal(given: Given) -> Figure:
    """{"domain", "model", "rows", "n", "span", "example" or nothing}: a row a dimension, the most important first."""
    key, z = given.key_of(given["model"]), None
    if "example" in given:
        z = encode(given.library, given.picture(given.text("example")), key)[0]
    rows, n, span = given.whole("rows", 1, 12), given.whole("n", 2, 15), given.number("span", 0.1, 10)
    found = traverse(given.library, z, key, span=span, n=n, rows=rows)
    unit, told = found.importance.unit, []
    for d, pictures in zip(found.dims, found.x_hat, strict=True):
        carried = ["lessons.nats", {"value": wire.rounded(found.importance.value[d], 2)}] if unit == "nats" else ""
        cells = [_cell(f"{d}-{i}", x) for i, x in enumerate(pictures)]
        told.append((f"z{d + 1}", ["lessons.coordinate", {"i": int(d) + 1, "carried": carried}], cells))
    return _grid(told)


def _between(given: Given) -> Figure:
    """{"domain", "a", "b", "models", "n", "path", "pixels"}: a row a model, from example a to example b; with pixels
    true a row first in which the two pictures are faded into each other."""
    a, b = (given.picture(given.text(name)) for name in ("a", "b"))
    n, path = given.whole("n", 3, 15), given.choice("path", tuple(PATHS), "straight")
    rows: list[tuple[str, Any, list[Figure]]] = []
    if given.get("pixels") is True:
        faded = [(1 - t) * a + t * b for t in np.linspace(0, 1, n, dtype=np.float32)]
        rows.append(("pixels", ["lessons.pixels"], [_cell(f"pixels-{i}", x) for i, x in enumerate(faded)]))
    for key in map(given.key_of, given.list("models", 4)):
        start, end = (encode(given.library, x, key)[0] for x in (a, b))
        found = walk(given.library, start, end, key, n, path)
        cells = [_cell(f"{key.name}-{i}", x) for i, x in enumerate(found.x_hat)]
        rows.append((key.name, model_label(key), cells))
    return _grid(rows)


def _samples(given: Given) -> Figure:
    """{"domain", "d", "sources": [[kind, prior], ...], "side", "seed", "temperature"}: a sheet of side x side samples
    each."""
    side, seed = given.whole("side", 1, 10), given.whole("seed", 0, wire.MAX_SEED)
    temperature = given.number("temperature", 0, 5) if "temperature" in given else 1.0
    sheets = []
    for source in given.list("sources", 4):
        kind, prior = source if isinstance(source, list) and len(source) == 2 else (None, None)
        key = given.key_of([kind, given["d"]])
        if prior not in PRIORS:
            raise wire.RequestError(f"a source is [kind, prior], its prior one of {', '.join(PRIORS)}")
        x = generate(given.library, key, prior, side * side, seed, temperature).x_hat
        label = ["lessons.source", {"kind": [f"kind.{kind}"], "prior": [f"lessons.prior.{prior}"]}]
        sheets.append({"id": f"{kind}-{prior}", "label": label, "note": None, "src": _sheet(x, side)})
    return {"form": "sheets", "sheets": sheets}


def _sheet(x: np.ndarray, side: int) -> str:
    return wire.data_uri(grid(x, side, 1), lossless=True)


def _cloud(given: Given) -> Figure:
    """{"domain", "example", "model", "noises", "n", "seed"}: a row a strength of epsilon: the decoded mean, then n
    samples mu + strength sigma epsilon, the same epsilon in each row."""
    key, x = given.key_of(given["model"]), given.picture(given.text("example"))
    mu, sigma = encode(given.library, x, key)
    if sigma is None:
        raise wire.RequestError(f"{key.kind} has no sigma; choose a model of kind vae")
    n, seed = given.whole("n", 1, 12), given.whole("seed", 0, wire.MAX_SEED)
    eps = torch.randn(n, key.latent_dim, generator=runtime.generator("lessons", seed)).numpy()
    rows = []
    for noise in given.list("noises", 4):
        strength = Given(given.service, {"noises": noise}).number("noises", 0, 100)
        decoded = decode_many(given.library, np.vstack([mu, mu + strength * sigma * eps]), key)
        cells = [_cell(f"{noise}-{i}", picture) for i, picture in enumerate(decoded)]
        cells[0]["label"] = ["lessons.mean"]
        rows.append((f"noise-{noise}", ["lessons.noise", {"value": noise}], cells))
    return _grid(rows)


def _restored(given: Given) -> Figure:
    """{"domain", "example", "mask" or nothing, "noise" or nothing (its sigma), "n", "seed"}: original, damaged, mean
    and spread in a row, the samples below."""
    row, x = given.library.domain(given.domain), given.picture(given.text("example"))
    n, seed = given.whole("n", 1, 16), given.whole("seed", 0, wire.MAX_SEED)
    sigma = given.number("noise", 0.02, 0.9) if "noise" in given else 0.0
    height, width = x.shape[1:]
    known = np.ones((height, width), np.float32)
    if "mask" in given:
        kind = given.choice("mask", tuple(MASKS), None)
        known = draw_mask(kind, height, width, runtime.generator("mask", seed)).numpy()
    y = x
    if sigma:
        drawn = runtime.generator("page", seed)
        y = add_noise(torch.from_numpy(x)[None], "gaussian", sigma, drawn)[0].numpy()
    noise = ("gaussian", sigma) if sigma else (None, None)
    task = Task(
        row, y, None if known.all() else known, sigma=sigma, noise=noise[0], level=noise[1], samples=n, seed=seed
    )
    (answer,) = answers(given.library, task)

    def error(picture: np.ndarray) -> str:
        mse = metrics.mse(torch.from_numpy(picture)[None], torch.from_numpy(x)[None]).item()
        return f"{metrics.psnr(torch.tensor(mse)).item():.1f} dB"

    seen = np.clip(y * known + 0.5 * (1 - known), 0, 1)
    spread = np.clip(np.broadcast_to(answer.spread, x.shape) / SPREAD, 0, 1).astype(np.float32)
    above = [_original(x), _cell("damaged", seen, ["lessons.damaged"])]
    above += [_cell("mean", answer.mean, ["lessons.samples.mean"], error(answer.mean))]
    above += [_cell("spread", spread, ["lessons.samples.spread"])]
    below = [_cell(f"sample-{i}", s, ["lessons.sample", {"i": i + 1}], error(s)) for i, s in enumerate(answer.samples)]
    return _grid([("above", None, above), ("samples", None, below)])


def _constant(given: Given) -> Figure:
    """{"domain", "values": 0 to 1, "examples"}: pictures of one value and examples, with -ELBO in nats of a VAE
    "model"."""
    key, shape = given.key_of(given["model"]), given.library.domain(given.domain).shape
    pictures = [(str(v), np.full(shape, v, np.float32)) for v in map(float, given.list("values", 4))]
    pictures += [(str(name), given.picture(name)) for name in given.list("examples", 6)]
    cells = []
    for name, x in pictures:
        found = reconstruct(given.library, x, key)
        if found.kl_nats is None or found.distortion_nats is None:
            raise wire.RequestError(f"{key.kind} gives no likelihood; choose a model of kind vae")
        nats = round(found.distortion_nats + float(found.kl_nats.sum()))
        cells.append(_cell(name, x, None, ["lessons.nats", {"value": nats}]))
    return _grid([("all", None, cells)])


GRIDS = {
    "reconstructions": _reconstructions,
    "dimensions": _dimensions,
    "traversal": _traversal,
    "between": _between,
    "samples": _samples,
    "cloud": _cloud,
    "restored": _restored,
    "constant": _constant,
}
