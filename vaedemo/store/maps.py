"""Maps of latent spaces, computed once and shipped: where the codes of the test pictures lie.

draw_map:     the 2-D map of a domain, AE and VAE: a box, and the codes of the test pictures; write_map: as two files
write_planes: for every larger dimension the plane of the two leading principal components, and the codes seen in it
read_map, read_plane: the same files as arrays.

What is decoded at a point of a map the browser computes itself, from the decoder (ui/page/maths/decoder.js): a sheet of
decoded pictures, blended, would be as large and wrong where the codes lie densely (benchmarks/atlas.py).
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from vaedemo.data.datasets import Pictures
from vaedemo.errors import CheckpointError
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = [
    "COLOURS",
    "COUNT",
    "FOLDER",
    "KINDS",
    "LatentMap",
    "PRIOR_REACH",
    "Plane",
    "box",
    "draw_map",
    "encodings",
    "plane",
    "read_map",
    "read_plane",
    "write_map",
    "write_planes",
]

FOLDER = "maps"  # below the checkpoints
KINDS = ("ae", "vae")  # whose latent spaces are mapped
COUNT, PLANE_COUNT = 10_000, 2_000  # test pictures in a map, in a plane
PRIOR_REACH = 3.5  # sigmas of the prior that a VAE's map shows at least
INSIDE = 0.995  # share of the codes that a map holds at least
# Ten colours that colour-blind people can tell apart (after Okabe & Ito 2008 and Tol 2021), on light and dark paper.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#9a7b2d", "#8f5fbf", "#a8a800", "#7a7f87")


class LatentMap(NamedTuple):
    """A model's 2-D map: the box low, high (2,); the codes of test pictures (N, 2) and their class numbers (N,); sigma
    (2,), median of the posteriors', and sigmas (N, 2), or None."""

    low: np.ndarray
    high: np.ndarray
    points: np.ndarray
    labels: np.ndarray
    sigma: np.ndarray | None
    sigmas: np.ndarray | None


class Plane(NamedTuple):
    """Two leading principal components of codes: mean (D,), components (2, D), orthonormal, explained (2,): their share
    of the variance; points (N, 2) and labels (N,) of test pictures."""

    mean: np.ndarray
    components: np.ndarray
    explained: np.ndarray
    points: np.ndarray
    labels: np.ndarray


@torch.no_grad()
def encodings(model: Any, pictures: Pictures) -> tuple[np.ndarray, np.ndarray | None]:
    """(mu (N, D), sigma (N, D) or None) of Pictures, float64."""
    codes = [model.encode(x) for x in pictures.batches(500)]
    mu = torch.cat([c.mu for c in codes]).double().numpy()
    return mu, None if codes[0].logvar is None else torch.cat([(0.5 * c.logvar).exp() for c in codes]).double().numpy()


def box(points: np.ndarray, least: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(low, high), each (2,): a square around INSIDE of the points (N, 2) of each axis, and -least..least."""
    tail = (1 - INSIDE) / 4
    low = np.minimum(np.quantile(points, tail, axis=0), -least or np.inf)
    high = np.maximum(np.quantile(points, 1 - tail, axis=0), least or -np.inf)
    centre, half = (low + high) / 2, 1.03 * (high - low).max() / 2
    return centre - half, centre + half


def _quantised(points: np.ndarray) -> tuple[dict[str, list[float]], bytes]:
    """({"low", "high"}, uint16 bytes) of points (N, 2)."""
    low, high = points.min(0), points.max(0)
    levels = np.round((points - low) / np.maximum(high - low, 1e-12) * 65535).astype("<u2")
    return {"low": _list(low), "high": _list(high)}, levels.tobytes()


def _restored(
    blob: bytes, offset: int, count: int, reach: dict[str, list[float]], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """(points (N, 2), class numbers (N,)) of what _labels and _quantised wrote."""
    if len(blob) < offset + 4 * count:
        raise CheckpointError(f"the map {name} is damaged; make it again with `python -m vaedemo derive`")
    low, high = np.array(reach["low"]), np.array(reach["high"])
    levels = np.frombuffer(blob, "<u2", 2 * count, offset).reshape(count, 2)
    return low + (high - low) * levels / 65535, np.frombuffer(blob, np.uint8, count)


def _list(values: Any, digits: int = 6) -> list[float]:
    return [float(f"{v:.{digits}g}") for v in np.asarray(values).ravel()]


def _labels(pictures: Pictures) -> bytes:
    """Class numbers as bytes, padded to an even number of them."""
    labels = np.zeros(len(pictures)) if pictures.y is None else pictures.y.numpy()
    data = labels.astype(np.uint8).tobytes()
    return data + b"\0" * (len(data) % 2)


def draw_map(library: Library, pictures: Pictures, domain: str) -> tuple[dict[str, Any], bytes]:
    """The 2-D map of a domain from its test Pictures: (what tells how to read it, bytes). In the latter the points of
    each model, then the sigma of the VAE's posteriors, all in the order of the pictures."""
    row, pictures = library.domain(domain), pictures.first(COUNT)
    models: dict[str, dict[str, Any]] = {}
    blob, spreads = _labels(pictures), b""
    kinds = KINDS if row.classes else [kind for kind in KINDS if 2 in library.dims(domain, kind)]
    for kind in kinds:
        points, sigma = encodings(library.model(ModelKey(domain, kind, 2)), pictures)
        low, high = box(points, 0 if sigma is None else PRIOR_REACH)
        reach, levels = _quantised(points)
        blob += levels
        models[kind] = {
            "low": _list(low),
            "high": _list(high),
            "reach": reach,
            "sigma": None if sigma is None else _list(np.median(sigma, 0)),
        }
        if sigma is not None:  # behind the points of all models
            reach, spreads = _quantised(sigma)
            models[kind]["sigmas"] = reach | {"offset": len(_labels(pictures)) + 4 * len(pictures) * len(kinds)}
    blob += spreads
    described = {
        "domain": domain,
        "size": row.size,
        "channels": row.channels,
        "classes": list(classes := row.classes or (row.name,)),
        "colours": list(COLOURS[: len(classes)]),
        "count": len(pictures),
        "models": models,
    }
    return described, blob


def write_map(library: Library, pictures: Pictures, domain: str, folder: Path) -> dict[str, Any]:
    """What draw_map gives, as <domain>.json and <domain>.bin in folder."""
    described, blob = draw_map(library, pictures, domain)
    write_atomic(folder / f"{domain}.bin", blob)
    write_atomic(folder / f"{domain}.json", json.dumps(described).encode())
    return described


def plane(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean, components, explained) of codes (N, D), as in Plane: eigenvectors of their covariance, the larger
    coordinate positive."""
    mean = codes.mean(0)
    variance, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes.T)))
    components = vectors.T[::-1][:2]
    largest = np.abs(components).argmax(1)
    components = components * np.sign(components[[0, 1], largest])[:, None]
    return mean, components, variance[::-1][:2] / variance.sum()


def write_planes(library: Library, pictures: Pictures, domain: str, folder: Path) -> dict[str, Any]:
    """The planes of every ae and vae of more than two dimensions, every beta, from test Pictures."""
    shown = pictures.first(PLANE_COUNT)
    models, blob = {}, _labels(shown)
    for key in library.model_keys(domain):
        if key.kind not in KINDS or key.latent_dim <= 2:
            continue
        codes, _ = encodings(library.model(key), pictures.first(COUNT))
        mean, components, explained = plane(codes)
        reach, levels = _quantised((codes[: len(shown)] - mean) @ components.T)
        models[key.name] = {
            "mean": _list(mean, 5),
            "components": [_list(c, 5) for c in components],
            "explained": _list(explained, 4),
            "reach": reach,
            "offset": len(blob),
        }
        blob += levels
    write_atomic(folder / f"{domain}-planes.bin", blob)
    described = {"count": len(shown), "labels": True, "models": models}
    write_atomic(folder / f"{domain}-planes.json", json.dumps(described).encode())
    return described


def _files(folder: Path, name: str) -> tuple[dict[str, Any], bytes]:
    """(what <name>.json says, bytes of <name>.bin)."""
    try:
        described = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return described, (folder / f"{name}.bin").read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"there is no map {name}; make it with `python -m vaedemo derive --only maps`") from None
    except (OSError, ValueError):
        raise CheckpointError(f"the map {name} is damaged; make it again with `python -m vaedemo derive`") from None


def read_map(folder: Path, domain: str, kind: str) -> LatentMap:
    """The LatentMap of a domain and kind ("ae" or "vae") from the folder of the maps."""
    described, blob = _files(folder, domain)
    if kind not in described["models"]:
        raise CheckpointError(f"{domain} has no map of kind {kind!r}; choose from {', '.join(described['models'])}")
    own, count = described["models"][kind], described["count"]
    offset = count + count % 2 + 4 * count * list(described["models"]).index(kind)
    points, labels = _restored(blob, offset, count, own["reach"], domain)
    sigma = None if own["sigma"] is None else np.array(own["sigma"])
    spread = own.get("sigmas")
    sigmas = None if spread is None else _restored(blob, spread["offset"], count, spread, domain)[0]
    return LatentMap(np.array(own["low"]), np.array(own["high"]), points, labels, sigma, sigmas)


def read_plane(folder: Path, key: ModelKey) -> Plane:
    """The Plane of a ModelKey's model from the folder of the maps, with its points."""
    name = f"{key.domain}-planes"
    described, blob = _files(folder, name)
    own = described["models"].get(key.name)
    if own is None:
        raise CheckpointError(
            f"{key.domain} has no plane of {key.kind} with {key.latent_dim} numbers and beta {key.beta:g}"
        )
    points, labels = _restored(blob, own["offset"], described["count"], own["reach"], name)
    mean, components, explained = (np.array(own[name]) for name in ("mean", "components", "explained"))
    return Plane(mean, components, explained, points, labels)
