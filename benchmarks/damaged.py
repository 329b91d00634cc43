"""The part `damage` of benchmarks/anomaly.py: how well a map tells the pixels that somebody painted over, erased or
stained on a test picture (vaedemo.data.painted).

Rows: what ships (services.damaged); |x - x_hat| of an autoencoder, a VAE and PCA, as it is, blurred over 3 x 3 pixels,
and with the latent dimension and the blur that are best on held-out training pictures; and patches left out and filled
in by the network that restores (RIAD: Zavrtanik, Kristan & Skocaj 2021), the blur chosen likewise.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from common import median_ms
from torch import Tensor

from benchmarks.tables.cells import mean_and_error
from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.data.painted import PAINTS, Painted, paint
from vaedemo.maths.detection import auroc, pixel_auroc
from vaedemo.services.damaged import damage_map
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

BLURS = (1, 3, 5, 7)  # pixels a side of the square that a map is averaged over
PATCHES, SETS = (2, 4, 8), 3  # sides of the patches that are left out, in as many disjoint sets
DRAWS = 2  # fillings of each hole
HELD_OUT, TUNED = 2_000, 100  # training pictures that no network that fills has seen; of these, for tuning
BATCH = 100
Maps = dict[str, np.ndarray]  # of a kind of damage: (N, H, W)
Method = Callable[[Tensor], Tensor]  # pictures (N, C, H, W) -> map (N, H, W)


def damaged(library: Library, args: argparse.Namespace) -> dict[str, Any]:
    """{domain: {pictures: of each kind, shares: {kind: % of the pixels}, rows, one_ms}}; a row is {method, chosen,
    auroc: {kind: (%, error)}, mean: (%, error), each: (%, error)}: over all pixels of all pictures of a kind, the mean
    of the kinds, and the mean over the pictures of each one's own."""
    found = {}
    for domain in SIZED:
        test = datasets.load(domain, "test", args.data_dir).some(len(PAINTS) * args.pictures_damaged)[:]
        painted = _painted(test, domain, "test")
        held_out = datasets.held_out(datasets.load(domain, "train", args.data_dir), HELD_OUT)[1]
        tuning = _painted(held_out.some(len(PAINTS) * min(TUNED, args.pictures_damaged))[:], domain, "tuning")
        rows = []
        for method, chosen, maps in _methods(library, domain, tuning, painted):
            rows.append({"method": method, "chosen": chosen, **_measured(maps, painted)})
            print(domain, method, chosen, [round(v, 1) for v in rows[-1]["mean"]], flush=True)
        found[domain] = {
            "pictures": len(test) // len(PAINTS),
            "shares": {kind: 100 * p.damaged.double().mean().item() for kind, p in painted.items()},
            "rows": rows,
            "one_ms": median_ms(partial(damage_map, library, domain=domain), test[: args.times + 1].numpy()),
        }
    return found


def _painted(x: Tensor, domain: str, use: str) -> dict[str, Painted]:
    """Every third picture with damage of a kind, so that the kinds are measured on different pictures."""
    return {
        kind: paint(x[i :: len(PAINTS)], kind, runtime.generator("painted", use, domain, kind))
        for i, kind in enumerate(PAINTS)
    }


def _methods(library: Library, domain: str, tuning: dict[str, Painted], painted: dict[str, Painted]) -> Any:
    """(method, what was chosen, its maps) of each."""
    yield "finder", "", {kind: damage_map(library, p.y.numpy(), domain) for kind, p in painted.items()}
    for kind in ("ae", "vae", "pca"):
        usual = ModelKey(domain, kind, library.domain(domain).anchor)
        maps = _each(_error(library, usual), painted)
        yield f"{kind} error", f"d = {usual.latent_dim}", maps
        yield f"{kind} error, 3 x 3", f"d = {usual.latent_dim}", _blurred(maps, 3)
        tried = [_each(_error(library, usual._replace(latent_dim=d)), tuning) for d in library.dims(domain, kind)]
        i, blur = _best(tried, tuning)
        best = usual._replace(latent_dim=library.dims(domain, kind)[i])
        maps = _blurred(_each(_error(library, best), painted), blur)
        yield f"{kind} error, tuned", f"d = {best.latent_dim}, {blur} x {blur}", maps
    filled = _filled(library, domain)
    _, blur = _best([_each(filled, tuning)], tuning)
    yield "left out and filled", f"{blur} x {blur}", _blurred(_each(filled, painted), blur)


@torch.no_grad()
def _each(method: Method, painted: dict[str, Painted]) -> Maps:
    return {kind: torch.cat([method(y) for y in p.y.split(BATCH)]).numpy() for kind, p in painted.items()}


def _blurred(maps: Maps, blur: int) -> Maps:
    """Each pixel's mean over a square, the edge repeated."""
    reach, found = blur // 2, {}
    for kind, values in maps.items():
        padded = F.pad(torch.from_numpy(values)[:, None], (reach,) * 4, mode="replicate")
        found[kind] = F.avg_pool2d(padded, blur, 1)[:, 0].numpy()
    return found


def _best(tried: list[Maps], tuning: dict[str, Painted]) -> tuple[int, int]:
    """(which maps, which blur) have the highest mean AUROC."""
    choices = [(i, blur) for i in range(len(tried)) for blur in BLURS]
    return max(choices, key=lambda c: _measured(_blurred(tried[c[0]], c[1]), tuning, whole=False)["mean"][0])


def _error(library: Library, key: ModelKey) -> Method:
    """|x - x_hat|, the mean over the channels."""
    model = library.model(key)
    return lambda y: (y - model.decode(model.encode(y).mu)).abs().mean(1)


def _filled(library: Library, domain: str) -> Method:
    """The mean over the sizes of |x - x_hat| where a patch was left out and filled in."""
    model, side = library.restorer(domain), SIZED[domain].shape[1]

    def method(y: Tensor) -> Tensor:
        generator, error = runtime.generator("left out"), torch.zeros(len(y), side, side)
        for patch in PATCHES:
            across = -(-side // patch)
            which = torch.randperm(across**2, generator=generator).view(across, across) % SETS
            which = which.repeat_interleave(patch, 0).repeat_interleave(patch, 1)[:side, :side]
            for number in range(SETS):
                known = (which != number).float().expand(len(y), 1, side, side)
                sigma = torch.zeros(len(y), 1, 1, 1)
                x_hat = model.samples(y * known, known, sigma, DRAWS, generator).means.mean(0)
                error += (y - x_hat).abs().mean(1) * (which == number) / len(PATCHES)
        return error

    return method


def _measured(maps: Maps, painted: dict[str, Painted], whole: bool = True) -> dict[str, Any]:
    """auroc, mean and, if whole, each, as in `damaged`."""
    where = {kind: p.damaged.numpy() for kind, p in painted.items()}
    areas = {kind: [100 * v for v in pixel_auroc(maps[kind], where[kind])] for kind in maps}
    values, errors = np.array(list(areas.values())).T
    found = {"auroc": areas, "mean": [float(values.mean()), float(np.sqrt(np.square(errors).sum()) / len(errors))]}
    if whole:
        pairs = [pair for kind in maps for pair in zip(maps[kind], where[kind], strict=True)]
        found["each"] = list(
            mean_and_error([100 * auroc(s[~d], s[d]).value for s, d in pairs if min(d.sum(), (~d).sum()) > 1])
        )
    return found
