"""Maps of latent spaces, computed once and shipped: what the page needs to answer a pointer without asking the server.

write_map:    the 2-D map of a domain: an atlas of decoded pictures and the codes of the test pictures, AE and VAE
write_planes: for every larger dimension the plane of the two leading principal components, and the codes seen in it
read_map, read_plane: the same files as arrays. blend: the picture at any point of a map, as the browser computes it.
"""

import io
import json
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from vaedemo.checkpoints import write_atomic
from vaedemo.domains import get_domain
from vaedemo.errors import CheckpointError

__all__ = [
    "COLOURS",
    "COUNT",
    "FOLDER",
    "GRID",
    "INTERPOLATIONS",
    "KINDS",
    "LatentMap",
    "PRIOR_REACH",
    "Plane",
    "QUALITY",
    "atlas",
    "blend",
    "box",
    "encodings",
    "from_webp",
    "hover_points",
    "model_key",
    "plane",
    "read_map",
    "read_plane",
    "to_webp",
    "write_map",
    "write_planes",
]

FOLDER = "maps"  # below the checkpoints
KINDS = ("ae", "vae")  # whose latent spaces are mapped
GRID = {"shapes": 36}  # tiles a side; 64 elsewhere: the sheet has at most 2304 pixels a side, which phones can hold
USUAL_GRID = 64
INTERPOLATION = "cubic"
INTERPOLATIONS = ("linear", "cubic")
QUALITY = 65  # of the WebP: benchmarks/atlas.py has what each choice costs
COUNT, PLANE_COUNT = 10_000, 2_000  # test pictures in a map, in a plane
PRIOR_REACH = 3.5  # sigmas of the prior that a VAE's map shows at least
INSIDE = 0.995  # share of the codes that a map holds at least
# Ten colours that colour-blind people can tell apart (after Okabe & Ito 2008 and Tol 2021), on light and dark paper.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#9a7b2d", "#8f5fbf", "#a8a800", "#7a7f87")


class LatentMap(NamedTuple):
    """A model's 2-D map: tiles uint8 (G, G, C, H, W), rows from high z2 to low; box low, high (2,); the codes of test
    pictures (N, 2) and their class numbers (N,); sigma (2,), median of the posteriors', or None."""

    tiles: np.ndarray
    low: np.ndarray
    high: np.ndarray
    points: np.ndarray
    labels: np.ndarray
    sigma: np.ndarray | None
    interpolation: str


class Plane(NamedTuple):
    """Two leading principal components of codes: mean (D,), components (2, D), orthonormal, explained (2,): their share
    of the variance; points (N, 2) and labels (N,) of test pictures, empty where only the plane was asked for."""

    mean: np.ndarray
    components: np.ndarray
    explained: np.ndarray
    points: np.ndarray
    labels: np.ndarray


def model_key(kind, latent_dim, beta=1.0):
    """The name of a model in the shipped files and in the browser: vae-8-1."""
    return f"{kind}-{latent_dim}-{beta:g}"


@torch.no_grad()
def encodings(model, pictures, chunk=500):
    """(mu (N, D), sigma (N, D) or None) of Pictures, float64."""
    codes = [model.encode(x) for x in pictures.batches(chunk)]
    mu = torch.cat([c.mu for c in codes]).double().numpy()
    return mu, None if codes[0].logvar is None else torch.cat([(0.5 * c.logvar).exp() for c in codes]).double().numpy()


def box(points, least=0.0):
    """(low, high), each (2,): a square around INSIDE of the points (N, 2) of each axis, and -least..least."""
    tail = (1 - INSIDE) / 4
    low = np.minimum(np.quantile(points, tail, axis=0), -least or np.inf)
    high = np.maximum(np.quantile(points, 1 - tail, axis=0), least or -np.inf)
    centre, half = (low + high) / 2, 1.03 * (high - low).max() / 2
    return centre - half, centre + half


@torch.no_grad()
def atlas(model, low, high, grid, chunk=256):
    """Decoded pictures uint8 (G, G, C, H, W) on a grid over the box: column i at low1 + (high1 - low1) i / (G - 1), row
    j at high2 - (high2 - low2) j / (G - 1)."""
    step = np.linspace(0, 1, grid)
    z1, z2 = np.meshgrid(low[0] + (high[0] - low[0]) * step, high[1] - (high[1] - low[1]) * step)
    z = torch.from_numpy(np.stack([z1, z2], -1).reshape(-1, 2)).float()
    pictures = torch.cat([model.decode(part) for part in z.split(chunk)])
    return (pictures * 255).round().byte().numpy().reshape(grid, grid, *pictures.shape[1:])


def _weights(t, interpolation):
    """Weights (N, 4) of the tiles at -1, 0, 1, 2 for fractions t (N,): linear, or Catmull & Rom 1974."""
    if interpolation == "linear":
        return np.stack([0 * t, 1 - t, t, 0 * t], 1)
    return 0.5 * np.stack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3], 1
    )  # fmt: skip


def blend(tiles, low, high, points, interpolation=INTERPOLATION):
    """Pictures float64 (N, C, H, W) in grey levels 0..255 at points (N, 2), from the tiles around them; points outside
    the box are moved to its edge, and tiles beyond the edge are those at the edge."""
    grid = len(tiles)
    share = np.clip((np.asarray(points) - low) / (np.asarray(high) - low), 0, 1)
    places = np.stack([share[:, 0], 1 - share[:, 1]], 1) * (grid - 1)
    first = np.minimum(places.astype(int), grid - 2)
    (columns, rows), (wx, wy) = first.T, (_weights(places[:, k] - first[:, k], interpolation) for k in (0, 1))
    made = np.zeros((len(places), *tiles.shape[2:]))
    for j in range(4):
        for i in range(4):
            weight = wy[:, j] * wx[:, i]
            if weight.any():
                near = tiles[np.clip(rows + j - 1, 0, grid - 1), np.clip(columns + i - 1, 0, grid - 1)]
                made += weight[:, None, None, None] * near
    return np.clip(made, 0, 255)


def to_webp(tiles, quality=QUALITY):
    """The atlas as one WebP sheet without gaps; quality None is lossless."""
    grid, _, channels, height, width = tiles.shape
    sheet = tiles.transpose(0, 3, 1, 4, 2).reshape(grid * height, grid * width, channels)
    buffer = io.BytesIO()
    how = {"lossless": True} if quality is None else {"quality": quality}
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(buffer, "WEBP", method=6, **how)
    return buffer.getvalue()


def from_webp(data, grid, shape):
    """Tiles uint8 (G, G, C, H, W) from the sheet; shape (C, H, W)."""
    channels, height, width = shape
    with Image.open(io.BytesIO(data)) as image:
        sheet = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return sheet.reshape(grid, height, grid, width, channels).transpose(0, 2, 4, 1, 3)


def hover_points(points, low, high, n, seed=0):
    """Points (n, 2) where a pointer may be: half anywhere in the box, half within a tenth of its side of a code."""
    random = np.random.default_rng(seed)
    anywhere = random.uniform(low, high, (n // 2, 2))
    near = points[random.integers(0, len(points), n - n // 2)] + random.normal(size=(n - n // 2, 2)) * (high - low) / 30
    return np.concatenate([anywhere, np.clip(near, low, high)])


@torch.no_grad()
def _error(model, tiles, low, high, points):
    """Difference of the blended atlas from the exact decode, in grey levels: mean, 99th percentile, largest."""
    at = hover_points(points, low, high, 1_000)
    exact = 255 * torch.cat([model.decode(z) for z in torch.from_numpy(at).float().split(250)]).numpy()
    difference = np.abs(blend(tiles, low, high, at) - exact)
    figures = {"mean": difference.mean(), "p99": np.quantile(difference, 0.99), "max": difference.max()}
    return {name: round(float(value), 2) for name, value in figures.items()}


def _quantised(points):
    """({"low", "high"}, uint16 bytes) of points (N, 2)."""
    low, high = points.min(0), points.max(0)
    levels = np.round((points - low) / np.maximum(high - low, 1e-12) * 65535).astype("<u2")
    return {"low": _list(low), "high": _list(high)}, levels.tobytes()


def _restored(blob, offset, count, reach):
    low, high = np.array(reach["low"]), np.array(reach["high"])
    levels = np.frombuffer(blob, "<u2", 2 * count, offset).reshape(count, 2)
    return low + (high - low) * levels / 65535


def _list(values, digits=6):
    return [float(f"{v:.{digits}g}") for v in np.asarray(values).ravel()]


def _labels(pictures):
    """Class numbers as bytes, padded to an even number of them."""
    labels = pictures.y.numpy().astype(np.uint8).tobytes()
    return labels + b"\0" * (len(labels) % 2)


def write_map(library, pictures, domain, folder):
    """The 2-D map of a domain from its test Pictures: <domain>.json, <domain>.bin, <domain>-<kind>.webp in folder."""
    row, pictures = get_domain(domain), pictures.first(COUNT)
    grid, models, blob = GRID.get(domain, USUAL_GRID), {}, _labels(pictures)
    for kind in KINDS:
        model = library.model(domain, kind, 2)
        points, sigma = encodings(model, pictures)
        low, high = box(points, 0 if sigma is None else PRIOR_REACH)
        data = to_webp(atlas(model, low, high, grid))
        tiles = from_webp(data, grid, row.shape)
        write_atomic(folder / f"{domain}-{kind}.webp", data)
        reach, levels = _quantised(points)
        blob += levels
        models[kind] = {
            "atlas": f"{domain}-{kind}.webp",
            "grid": grid,
            "low": _list(low),
            "high": _list(high),
            "reach": reach,
            "sigma": None if sigma is None else _list(np.median(sigma, 0)),
            "error": _error(model, tiles, low, high, points),
            "bytes": len(data),
        }
    described = {
        "domain": domain,
        "size": row.size,
        "channels": row.channels,
        "classes": list(row.classes),
        "colours": list(COLOURS[: len(row.classes)]),
        "interpolation": INTERPOLATION,
        "count": len(pictures),
        "models": models,
    }
    write_atomic(folder / f"{domain}.bin", blob)
    write_atomic(folder / f"{domain}.json", json.dumps(described).encode())
    return described


def plane(codes):
    """The Plane of codes (N, D), without points: eigenvectors of their covariance, the larger coordinate positive."""
    mean = codes.mean(0)
    variance, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes.T)))
    components = vectors.T[::-1][:2]
    largest = np.abs(components).argmax(1)
    components = components * np.sign(components[[0, 1], largest])[:, None]
    return Plane(mean, components, variance[::-1][:2] / variance.sum(), np.empty((0, 2)), np.empty(0, np.uint8))


def write_planes(library, pictures, domain, folder):
    """The planes of every ae and vae of more than two dimensions, every beta, from test Pictures."""
    shown = pictures.first(PLANE_COUNT)
    models, blob = {}, _labels(shown)
    for kind in KINDS:
        for d in library.dims(domain, kind):
            for beta in library.betas(domain, d) if kind == "vae" else (1.0,):
                if d <= 2:
                    continue
                codes, _ = encodings(library.model(domain, kind, d, beta), pictures.first(COUNT))
                found = plane(codes)
                reach, levels = _quantised((codes[: len(shown)] - found.mean) @ found.components.T)
                models[model_key(kind, d, beta)] = {
                    "mean": _list(found.mean, 5),
                    "components": [_list(c, 5) for c in found.components],
                    "explained": _list(found.explained, 4),
                    "reach": reach,
                    "offset": len(blob),
                }
                blob += levels
    write_atomic(folder / f"{domain}-planes.bin", blob)
    described = {"count": len(shown), "labels": True, "models": models}
    write_atomic(folder / f"{domain}-planes.json", json.dumps(described).encode())
    return described


def _files(folder, name):
    """(what <name>.json says, bytes of <name>.bin)."""
    try:
        described = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return described, (folder / f"{name}.bin").read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"there is no map {name}; make it with `python -m vaedemo derive --only maps`") from None
    except (OSError, ValueError):
        raise CheckpointError(f"the map {name} is damaged; make it again with `python -m vaedemo derive`") from None


def read_map(folder, domain, kind):
    """The LatentMap of a domain and kind ("ae" or "vae") from the folder of the maps."""
    shape = get_domain(domain).shape
    described, blob = _files(folder, domain)
    if kind not in described["models"]:
        raise CheckpointError(f"{domain} has no map of kind {kind!r}; choose from {', '.join(described['models'])}")
    own, count = described["models"][kind], described["count"]
    offset = count + count % 2 + 4 * count * list(described["models"]).index(kind)
    try:
        data = (folder / own["atlas"]).read_bytes()
        tiles = from_webp(data, own["grid"], shape)
        points = _restored(blob, offset, count, own["reach"])
    except (OSError, ValueError):
        raise CheckpointError(f"the map {domain} is damaged; make it again with `python -m vaedemo derive`") from None
    labels = np.frombuffer(blob, np.uint8, count)
    sigma = None if own["sigma"] is None else np.array(own["sigma"])
    low, high = np.array(own["low"]), np.array(own["high"])
    return LatentMap(tiles, low, high, points, labels, sigma, described["interpolation"])


def read_plane(folder, domain, kind, latent_dim, beta=1.0):
    """The Plane of a model from the folder of the maps, with its points."""
    described, blob = _files(folder, f"{domain}-planes")
    own = described["models"].get(model_key(kind, latent_dim, beta))
    if own is None:
        raise CheckpointError(f"{domain} has no plane of {kind} with {latent_dim} numbers and beta {beta:g}")
    points = _restored(blob, own["offset"], described["count"], own["reach"])
    labels = np.frombuffer(blob, np.uint8, described["count"])
    return Plane(*(np.array(own[name]) for name in ("mean", "components", "explained")), points, labels)
