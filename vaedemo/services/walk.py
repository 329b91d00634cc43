"""Moving about in a latent space: walks between two codes, one dimension at a time. Plain numpy at the boundary.

importance() says which dimensions carry something, traverse() shows what; animation(), strip_image() and grid_image()
make pictures of the result.
"""

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from vaedemo.errors import CheckpointError, ConfigError
from vaedemo.pictures.draw import grid, to_image
from vaedemo.store.inputs import checked_codes
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = [
    "Importance",
    "MAX_CODES",
    "MAX_STEPS",
    "PATHS",
    "Traversal",
    "Walk",
    "animation",
    "decode_many",
    "grid_image",
    "importance",
    "spherical",
    "straight",
    "strip_image",
    "traversal_image",
    "traverse",
    "walk",
]

MAX_CODES = 1024  # of one call
MAX_STEPS = 128  # codes of a walk, or of a row of a traversal
BATCH = 64  # codes that are decoded at once
ROWS = 10  # of a traversal, unless its dimensions are named
NEARLY = 1e-6  # sine of the angle below which two directions count as one line
HOLD = 5  # the ends of an animation stand for so many frames' time


class Walk(NamedTuple):
    """z (n, D); x_hat float32 (n, C, H, W) in [0, 1]; step_mse (n - 1,), the mean squared difference of neighbouring
    pictures: equal steps are a smooth walk, one large step a sudden change."""

    key: ModelKey
    path: str
    z: np.ndarray
    x_hat: np.ndarray
    step_mse: np.ndarray


class Importance(NamedTuple):
    """What each dimension carries over the test set, value (D,) in `unit`: "nats", the mean KL of a VAE's posterior
    from its prior, or "variance" of the code. order (D,): most important first. active (D,) bool: whether the variance
    of a VAE's mean exceeds 0.01 (Burda et al. 2016); everywhere else True. mean and std (D,) of the codes."""

    value: np.ndarray
    order: np.ndarray
    active: np.ndarray
    unit: str
    mean: np.ndarray
    std: np.ndarray


class Traversal(NamedTuple):
    """One row a dimension. dims (R,); values (R, n) which each takes; x_hat float32 (R, n, C, H, W) in [0, 1]; z (D,),
    the code from which all the other dimensions are taken."""

    key: ModelKey
    dims: np.ndarray
    values: np.ndarray
    x_hat: np.ndarray
    z: np.ndarray
    importance: Importance


def _shares(a: np.ndarray, b: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b as float64 (D,), and n numbers from 0 to 1 (n, 1)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ConfigError(f"a path joins two codes of one length; these have shapes {a.shape} and {b.shape}")
    _require_count("the number of codes of a path", n, 2, MAX_STEPS)
    return a, b, np.linspace(0, 1, n)[:, None]


def _require_count(what: str, n: Any, low: int, high: int) -> None:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not low <= n <= high:
        raise ConfigError(f"{what} is {n!r}; choose a whole number from {low} to {high}")


def straight(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """n codes (n, D) at equal distances on the straight line from a to b, both (D,), ends included."""
    a, b, t = _shares(a, b, n)
    return (1 - t) * a + t * b


def spherical(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """n codes (n, D) at equal angles on the arc about the origin from a to b, both (D,), ends included; the distance
    from the origin goes evenly from |a| to |b|. White 2016, section 2.1, where both have one length.

    In many dimensions the prior's samples lie near a sphere, and the straight line leaves it. Where there is no arc,
    because the codes lie on one line through the origin or one is zero, the path is straight.
    """
    a, b, t = _shares(a, b, n)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not min(lengths) > 0:
        return straight(a, b, n)
    u, v = a / lengths[0], b / lengths[1]
    # This form of the angle is exact for small and for large ones, unlike the arc cosine.
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if np.sin(angle) < NEARLY:
        return straight(a, b, n)
    direction = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    z = ((1 - t) * lengths[0] + t * lengths[1]) * direction
    z[0], z[-1] = a, b
    return z


PATHS = {"straight": straight, "spherical": spherical}


@torch.no_grad()
def decode_many(library: Library, z: Any, key: ModelKey) -> np.ndarray:
    """Mean pictures float32 (N, C, H, W) in [0, 1] of codes z (N, D), N from 1 to 1024, by a ModelKey's model."""
    z = checked_codes(z, key.latent_dim)
    _require_count("the number of codes", len(z), 1, MAX_CODES)
    model = library.model(key)
    return torch.cat([model.decode(part) for part in z.split(BATCH)]).numpy()


def walk(library: Library, a: np.ndarray, b: np.ndarray, key: ModelKey, n: int = 9, path: str = "straight") -> Walk:
    """The Walk of n codes (2 to 128) from a to b, both (D,), along one of PATHS."""
    if path not in PATHS:
        raise ConfigError(f"no path {path!r}; choose from {', '.join(PATHS)}")
    start, end = checked_codes([a, b], key.latent_dim).numpy()
    z = PATHS[path](start, end, n)
    x_hat = decode_many(library, z, key)
    steps = np.square(np.diff(x_hat, axis=0)).reshape(n - 1, -1).mean(1)
    return Walk(key, path, z, x_hat, steps)


def importance(library: Library, key: ModelKey) -> Importance:
    """The Importance of a model's dimensions, from the figures that `evaluate` measured over the test set."""
    library.model(key)  # UnknownModel, if there is none
    known = library.figures(key)
    if known is None:
        raise CheckpointError(
            f"{key.domain} {key.kind} with {key.latent_dim} numbers has no figures yet; "
            "measure them with `python -m vaedemo evaluate --write`"
        )
    mean, std = np.array(known["mu_mean"]), np.array(known["mu_std"])
    probabilistic = known.get("kl_each") is not None
    value = np.array(known["kl_each"]) if probabilistic else np.square(std)
    active = np.array(known["active"], bool) if probabilistic else np.ones(key.latent_dim, bool)
    order = np.argsort(-value, kind="stable")
    return Importance(value, order, active, "nats" if probabilistic else "variance", mean, std)


def traverse(
    library: Library,
    z: np.ndarray | None,
    key: ModelKey,
    dims: Sequence[int] | None = None,
    span: float = 3.0,
    n: int = 9,
    rows: int = ROWS,
) -> Traversal:
    """The Traversal of a code z (D,), None for the origin (for the mean code where there is no prior): each of `dims`
    (None: the `rows` most important, in order) takes n values (2 to 128) while the others stay.

    The values go from -span to +span: of a VAE the code itself, whose prior has sigma 1; else standard deviations of
    the code over the test set, about its mean.
    """
    known = importance(library, key)
    _require_count("the number of values of a row", n, 2, MAX_STEPS)
    _require_count("the number of rows", rows, 1, MAX_CODES)
    if isinstance(span, bool) or not (isinstance(span, int | float | np.number) and 0 < span <= 100):
        raise ConfigError(f"span is {span!r}; choose a number above 0, at most 100")
    chosen = known.order[:rows] if dims is None else _checked_dims(dims, key.latent_dim)
    if len(chosen) * n > MAX_CODES:
        raise ConfigError(f"{len(chosen)} rows of {n} pictures are too many; choose at most {MAX_CODES} pictures")
    prior = known.unit == "nats"
    centre, spread = (np.zeros(key.latent_dim), np.ones(key.latent_dim)) if prior else (known.mean, known.std)
    start = centre if z is None else checked_codes([z], key.latent_dim)[0].numpy().astype(float)
    values = centre[chosen, None] + np.linspace(-span, span, n) * spread[chosen, None]
    codes = np.tile(start, (len(chosen), n, 1))
    codes[np.arange(len(chosen))[:, None], np.arange(n), chosen[:, None]] = values
    x_hat = decode_many(library, codes.reshape(-1, key.latent_dim), key)
    x_hat = x_hat.reshape(len(chosen), n, *x_hat.shape[1:])
    return Traversal(key, chosen, values, x_hat, start, known)


def _checked_dims(given: Any, latent_dim: int) -> np.ndarray:
    dims = np.asarray(given)
    whole = dims.ndim == 1 and len(dims) and dims.dtype.kind in "iu"
    if not whole or dims.min() < 0 or dims.max() >= latent_dim:
        raise ConfigError(f"the dimensions are {dims.tolist()}; choose whole numbers from 0 to {latent_dim - 1}")
    return dims


def _enlarged(x: np.ndarray, side: int) -> np.ndarray:
    """Pictures (..., H, W) scaled up without smoothing to about `side` pixels."""
    scale = max(1, side // x.shape[-1])
    return np.repeat(np.repeat(x, scale, axis=-2), scale, axis=-1)


def animation(x: np.ndarray, kind: str = "GIF", side: int = 256, ms: int = 80) -> bytes:
    """Bytes of an endless animation, "GIF" or "WEBP" (lossless), there and back over pictures (n, C, H, W) in [0, 1],
    scaled up without smoothing to about `side` pixels; `ms` a picture, the two ends five times as long."""
    if kind not in ("GIF", "WEBP"):
        raise ConfigError(f"no animation {kind!r}; choose GIF or WEBP")
    frames = [to_image(_enlarged(picture, side)) for picture in x]
    times = [ms] * len(frames)
    times[0] = times[-1] = HOLD * ms
    frames, times = frames + frames[-2:0:-1], times + times[-2:0:-1]
    # Of lossless WebP, quality is effort: more of it is slower and saves little.
    options = {"lossless": True, "method": 1, "quality": 0} if kind == "WEBP" else {"optimize": False}
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=times, loop=0, **options)
    return buffer.getvalue()


def strip_image(x: np.ndarray, side: int = 128, gap: int = 4) -> Image.Image:
    """Pictures (n, C, H, W) side by side, each scaled up without smoothing to about `side` pixels, as a PIL picture."""
    return grid(_enlarged(np.asarray(x), side), len(x), gap)


def grid_image(rows: np.ndarray, labels: Sequence[str] | None = None, side: int = 64, gap: int = 2) -> Image.Image:
    """Rows of pictures (R, n, C, H, W) as a PIL picture, each scaled up without smoothing to about `side` pixels, with
    a text before each row if there are labels (R)."""
    rows = np.asarray(rows)
    sheet = grid(_enlarged(rows.reshape(-1, *rows.shape[2:]), side), rows.shape[1], gap)
    if labels is None:
        return sheet
    font = ImageFont.load_default(13)
    margin = 12 + max(round(font.getlength(label)) for label in labels)
    image = Image.new(sheet.mode, (margin + sheet.width, sheet.height), "white")
    image.paste(sheet, (margin, 0))
    draw, height = ImageDraw.Draw(image), (sheet.height + gap) / len(rows)
    for i, label in enumerate(labels):
        draw.text((margin - 6, (i + 0.5) * height - gap / 2), label, fill="black", font=font, anchor="rm")
    return image


def traversal_image(found: Traversal, side: int = 64) -> Image.Image:
    """A Traversal as a PIL picture; before each row its dimension, counted from 1, and what that carries."""
    known = found.importance
    unit = " nats" if known.unit == "nats" else ""
    labels = [f"z{d + 1}: " + (f"{known.value[d]:.2f}{unit}" if known.active[d] else "off") for d in found.dims]
    return grid_image(found.x_hat, labels, side)
