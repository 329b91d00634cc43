"""Noise and masks: what happens to a picture before it is restored. Pictures are float (B, C, H, W) in [0, 1], masks 1
where the picture is known.

NOISES and MASKS are the tables; random_corruption mixes them for training. PHOTO_MASKS are the masks that photographs
are learnt with. All is drawn from a torch.Generator, the masks of photographs from a numpy one.
"""

import io
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from vaedemo.errors import ConfigError

__all__ = [
    "Corruption",
    "MASKS",
    "NOISES",
    "Noise",
    "PHOTO_MASKS",
    "UNKNOWN",
    "add_noise",
    "draw_mask",
    "expected",
    "photo_mask",
    "random_corruption",
    "strength",
    "text_mask",
]

Draws = torch.Generator | None
Drawn = Callable[[int, int, Draws, float | None], Tensor]  # a mask of a height and a width
UNKNOWN = -1.0  # in a level map: how strong the noise is, is not known
BLUR_SIGMA = 0.04  # standard deviation of the Gaussian noise that comes with a blur
WORDS = ("autoencoder", "latent", "noise", "Gauss", "prior", "posterior", "sample", "mean", "0123456789", "KL", "VAE")


class Corruption(NamedTuple):
    """A batch to restore: y (B, C, H, W), not clipped to [0, 1] where its noise was not, 0 where unknown; mask
    (B, 1, H, W), 1 where known; level (B, 1, 1, 1), the noise's standard deviation, or UNKNOWN."""

    y: Tensor
    mask: Tensor
    level: Tensor


class Noise(NamedTuple):
    """A row of NOISES: apply(x, level (B, 1, 1, 1), generator) -> y unclipped; the weakest and the strongest level
    that is useful, a usual one, and `sigma`: a level's standard deviation on a picture whose values vary by a half;
    `mean`: E y of a pixel x, not clipped and clipped, float64 like x, each from (x, level)."""

    apply: Callable[[Tensor, Tensor, Any], Tensor]
    weakest: float
    strongest: float
    usual: float
    sigma: Callable[[Any], Any]
    mean: tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]


def _like(x: Tensor, generator: Draws) -> Tensor:
    return torch.randn(x.shape, generator=generator).to(x)


def _gaussian(x: Tensor, level: Tensor, generator: Draws) -> Tensor:
    return x + level * _like(x, generator)


def _salt_and_pepper(x: Tensor, level: Tensor, generator: Draws) -> Tensor:
    u = torch.rand(len(x), 1, *x.shape[2:], generator=generator).to(x)
    return torch.where(u < level / 2, 0.0, torch.where(u < level, 1.0, x))


def _speckle(x: Tensor, level: Tensor, generator: Draws) -> Tensor:
    return x + x * level * _like(x, generator)


def _poisson(x: Tensor, level: Tensor, generator: Draws) -> Tensor:
    peak = level.clamp(min=1e-3) ** -2
    return (torch.poisson((x.clamp(min=0) * peak).cpu(), generator=generator)).to(x) / peak


def _blur(x: Tensor, level: Tensor, generator: Draws) -> Tensor:
    sigma = level.flatten().clamp(min=1e-3)
    reach = max(1, math.ceil(3 * sigma.max().item()))
    at = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-at.square() / (2 * sigma[:, None] ** 2))
    kernel = kernel / kernel.sum(1, keepdim=True)
    b, c, h, w = x.shape
    kernel = kernel.repeat_interleave(c, 0)[:, None]
    flat = F.pad(x.reshape(1, b * c, h, w), (reach,) * 4, "replicate" if reach >= min(h, w) else "reflect")
    flat = F.conv2d(F.conv2d(flat, kernel[..., None], groups=b * c), kernel[:, :, None], groups=b * c)
    return flat.reshape(x.shape) + BLUR_SIGMA * _like(x, generator)


def _jpeg(x: Tensor, level: Tensor, generator: Draws) -> Tensor:
    found = []
    for picture, quality in zip(x, level.flatten().tolist(), strict=True):
        levels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        buffer = io.BytesIO()
        Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels).save(buffer, "JPEG", quality=round(quality))
        back = torch.from_numpy(np.array(Image.open(buffer))).to(x) / 255
        found.append(back[None] if back.ndim == 2 else back.permute(2, 0, 1))
    return torch.stack(found)


def _same(x: np.ndarray, level: float) -> np.ndarray:
    return x


def _clipped_gaussian(x: np.ndarray, sigma: float | np.ndarray) -> np.ndarray:
    """E clip(x + sigma n, 0, 1), n ~ N(0, 1). Foi 2009."""
    from scipy.special import ndtr

    sigma = np.maximum(sigma, 1e-12)
    low, high = -x / sigma, (1 - x) / sigma
    density = np.exp(-0.5 * low**2) - np.exp(-0.5 * high**2)
    return x * (ndtr(high) - ndtr(low)) + sigma * density / math.sqrt(2 * math.pi) + ndtr(-high)


def _clipped_poisson(x: np.ndarray, level: float) -> np.ndarray:
    """E min(k / peak, 1), k ~ Poisson(x peak), by E[k; k < n] = x peak P(k < n - 1)."""
    from scipy.special import pdtr

    peak = max(level, 1e-3) ** -2
    n, photons = math.ceil(peak), np.maximum(x, 0) * peak  # n of them or more are white
    return x * (pdtr(n - 2, photons) if n > 1 else 0.0) + 1 - pdtr(n - 1, photons)


def _salted(x: np.ndarray, level: float) -> np.ndarray:
    return (1 - level) * x + level / 2


NOISES = {
    # level: standard deviation
    "gaussian": Noise(_gaussian, 0.02, 0.9, 0.25, lambda s: s, (_same, _clipped_gaussian)),
    # level: share of the pixels that turn black or white
    "salt_and_pepper": Noise(_salt_and_pepper, 0.02, 0.7, 0.2, lambda p: (p / 2) ** 0.5, (_salted, _salted)),
    # level: standard deviation of a factor on each value, so black stays black
    "speckle": Noise(_speckle, 0.05, 1.0, 0.4, lambda s: s / 2, (_same, lambda x, s: _clipped_gaussian(x, s * x))),
    # level: 1 / sqrt(photons a white value stands for), its standard deviation there
    "poisson": Noise(_poisson, 0.02, 0.7, 0.3, lambda s: s / 2**0.5, (_same, _clipped_poisson)),
    # level: standard deviation of the blur in pixels; Gaussian noise of BLUR_SIGMA comes with it
    "blur": Noise(
        _blur, 0.3, 2.5, 1.0, lambda s: BLUR_SIGMA + 0 * s, (_same, lambda x, _: _clipped_gaussian(x, BLUR_SIGMA))
    ),
    # level: quality as Pillow counts it; a low one is the strong one
    "jpeg": Noise(_jpeg, 90.0, 5.0, 20.0, lambda q: (100 - q) / 1000, (_same, _same)),
}


def _noise(kind: str) -> Noise:
    if kind not in NOISES:
        raise ConfigError(f"no noise {kind!r}; choose from {', '.join(NOISES)}")
    return NOISES[kind]


def add_noise(
    x: Tensor, kind: str, level: float | Tensor, generator: torch.Generator | None, clip: bool = True
) -> Tensor:
    """y of x (B, C, H, W) in [0, 1] at a level in the noise's own unit (NOISES), one number or (B, 1, 1, 1).

    clip=True: values as a file holds them. clip=False: as the literature on denoising has them.
    """
    row = _noise(kind)
    level = torch.as_tensor(level, dtype=x.dtype, device=x.device).expand(len(x), 1, 1, 1)
    low, high = sorted((0.0 if kind != "jpeg" else 1.0, 100.0))
    if not bool(((level >= low) & (level <= high)).all()):
        raise ConfigError(f"a level of {kind} is {level.max().item():g}; choose {low:g} to {high:g}")
    y = row.apply(x, level, generator)
    return y.clamp(0, 1) if clip else y


def strength(kind: str, level: Any) -> Any:
    """Nominal standard deviation of a noise at a level: what a level map holds, known without the clean picture."""
    return _noise(kind).sigma(level)


def expected(x: np.ndarray, kind: str, level: float, clip: bool = True) -> np.ndarray:
    """E y of a pixel whose true value is x, float64 like x in [0, 1], under a noise at a level: what an average of many
    such pixels tends to. It grows with x. clip: as add_noise has it; of a blur, E y of the blurred value."""
    return _noise(kind).mean[bool(clip)](np.asarray(x, np.float64), float(level))


def _uniform(generator: Draws, low: float, high: float) -> float:
    return low + (high - low) * torch.rand((), generator=generator).item()


def _integer(generator: Draws, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def _without(height: int, width: int, top: int, left: int, rows: int, columns: int) -> Tensor:
    known = torch.ones(height, width)
    known[top : top + rows, left : left + columns] = 0
    return known


def _block(height: int, width: int, generator: Draws, amount: float | None) -> Tensor:
    rows, columns = (max(1, round((amount or 0.5) * n)) for n in (height, width))
    return _without(height, width, (height - rows) // 2, (width - columns) // 2, rows, columns)


def _anywhere(height: int, width: int, generator: Draws, amount: float | None) -> Tensor:
    rows, columns = (max(1, round(_uniform(generator, 0.15, 0.65) * n)) for n in (height, width))
    top, left = _integer(generator, 0, height - rows), _integer(generator, 0, width - columns)
    return _without(height, width, top, left, rows, columns)


def _random(height: int, width: int, generator: Draws, amount: float | None) -> Tensor:
    missing = _uniform(generator, 0.25, 0.95) if amount is None else amount
    return (torch.rand(height, width, generator=generator) >= missing).float()


def _lines(height: int, width: int, generator: Draws, amount: float | None) -> Tensor:
    thick = max(1, round(min(height, width) / 28))
    known = torch.ones(height, width)
    step = _integer(generator, 3, 7) * thick if amount is None else max(2, round(thick / max(amount, 1e-3)))
    across = _integer(generator, 0, 1)
    for start in range(_integer(generator, 0, step - 1), (height, width)[across], step):
        (known.T if across else known)[start : start + thick] = 0
    return known


def _sheet(height: int, width: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (width, height), 255)
    return image, ImageDraw.Draw(image)


def _read(image: Image.Image) -> Tensor:
    return torch.from_numpy((np.asarray(image) > 127).astype(np.float32))


def _text(height: int, width: int, generator: Draws, amount: float | None) -> Tensor:
    image, draw = _sheet(height, width)
    size = max(8, round(min(height, width) / 4))
    font, step = ImageFont.load_default(size), round(size * 1.25)
    for top in range(-_integer(generator, 0, step // 2), height, step):
        words = [WORDS[_integer(generator, 0, len(WORDS) - 1)] for _ in range(1 + 2 * width // (5 * size))]
        draw.text((-_integer(generator, 0, 2 * size), top), " ".join(words), font=font, fill=0)
    return _read(image)


def _brush(height: int, width: int, generator: Draws, amount: float | None) -> Tensor:
    image, draw = _sheet(height, width)
    for _ in range(_integer(generator, 1, 3)):
        thick = max(2, round(_uniform(generator, 0.07, 0.25) * min(height, width)))
        points = [(_integer(generator, 0, width - 1), _integer(generator, 0, height - 1)) for _ in range(4)]
        draw.line(points, fill=0, width=thick, joint="curve")
        for x, y in points:
            draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=0)
    return _read(image)


# Named after what is missing; `amount`, where a mask has one, is the share that is missing. The number is the mask's
# weight among those to train with.
MASKS: dict[str, tuple[Drawn, float]] = {
    "left": (lambda h, w, *_: _without(h, w, 0, 0, h, round(w / 2)), 2),
    "right": (lambda h, w, *_: _without(h, w, 0, round(w / 2), h, w), 2),
    "top": (lambda h, w, *_: _without(h, w, 0, 0, round(h / 2), w), 2),
    "bottom": (lambda h, w, *_: _without(h, w, round(h / 2), 0, h, w), 2),
    "block": (_block, 4),  # amount: share of the width and of the height
    "anywhere": (_anywhere, 2),  # a block of any place and size
    "random": (_random, 6),
    "lines": (_lines, 1),
    "text": (_text, 1),
    "brush": (_brush, 3),
}


def draw_mask(
    kind: str, height: int, width: int, generator: torch.Generator | None, amount: float | None = None
) -> Tensor:
    """A mask float32 (height, width), 1 where known, 0 where missing; amount: see MASKS, drawn or usual if None."""
    if kind not in MASKS:
        raise ConfigError(f"no mask {kind!r}; choose from {', '.join(MASKS)}")
    if amount is not None and not 0 <= amount <= 1:
        raise ConfigError(f"the amount that is missing is {amount}; choose 0 to 1")
    return MASKS[kind][0](height, width, generator, amount)


def _random_noise(x: Tensor, generator: Draws) -> tuple[Tensor, Tensor]:
    """(y, level) with a kind, a strength and clipping or none drawn for each picture; half of them are Gaussian."""
    kinds = list(NOISES)
    weights = torch.tensor([5.0] + [1.0] * (len(kinds) - 1))
    drawn = torch.multinomial(weights, len(x), replacement=True, generator=generator)
    share = torch.rand(len(x), 1, 1, 1, generator=generator).to(x)
    clip = torch.rand(len(x), 1, 1, 1, generator=generator).to(x) < 0.5
    y, level = x.clone(), torch.zeros_like(share)
    for i, kind in enumerate(kinds):
        rows = (drawn == i).nonzero()[:, 0].to(x.device)
        if len(rows):
            noise = NOISES[kind]
            at = noise.weakest + (noise.strongest - noise.weakest) * share[rows]
            y[rows], level[rows] = noise.apply(x[rows], at, generator), noise.sigma(at)
    return torch.where(clip, y.clamp(0, 1), y), level


def random_corruption(x: Tensor, generator: torch.Generator) -> Corruption:
    """Corruption of x (B, C, H, W) in [0, 1] for training: a random noise (45 %), a random mask (40 %), or both.

    Every third level is UNKNOWN, so that a model learns to do without; a picture without noise has level 0.
    """
    n, _, height, width = x.shape
    part = torch.rand(n, generator=generator)
    y, level = _random_noise(x, generator)
    noisy, masked = (part < 0.6).view(-1, 1, 1, 1).to(x.device), (part >= 0.45).tolist()
    y, level = torch.where(noisy, y, x), torch.where(noisy, level, torch.zeros_like(level))
    masks, shares = zip(*MASKS.values(), strict=True)
    drawn = torch.multinomial(torch.tensor(shares).float(), n, replacement=True, generator=generator)
    mask = torch.ones(n, 1, height, width)
    for i, kind in enumerate(drawn.tolist()):
        if masked[i]:
            mask[i, 0] = masks[kind](height, width, generator, None)
    mask = mask.to(x)
    untold = (torch.rand(n, 1, 1, 1, generator=generator) < 1 / 3).to(x.device)
    return Corruption(y * mask, mask, torch.where(untold, torch.full_like(level, UNKNOWN), level))


PHOTO_MASKS = {"strokes": 0.3, "scratches": 0.15, "text": 0.25, "holes": 0.25, "pixels": 0.05}  # share of each
LETTERS = list("etaoinshrdlucmfwypvbgkjqxzETAOINSHRDLU0123456789.,!?")


def photo_mask(side: int, rng: np.random.Generator, kind: str | None = None) -> np.ndarray:
    """A mask to learn photographs from, bool (side, side), True where known; missing are strokes, scratches, text,
    holes or single pixels (PHOTO_MASKS), drawn if None."""
    kind = kind or rng.choice(list(PHOTO_MASKS), p=list(PHOTO_MASKS.values()))
    if kind == "pixels":
        return ~(rng.random((side, side)) < rng.uniform(0.1, 0.8))
    if kind == "text":
        return text_mask(side, side, rng, size=int(rng.integers(9, 33)), bold=int(rng.integers(0, 2)))
    image, draw = _sheet(side, side)
    for _ in range(int(rng.integers(1, {"strokes": 5, "scratches": 9, "holes": 4}[kind]))):
        if kind == "holes":
            w, h = rng.integers(6, 49, 2)
            x, y = rng.uniform(-w / 2, side - w / 2), rng.uniform(-h / 2, side - h / 2)
            (draw.ellipse if rng.random() < 0.5 else draw.rectangle)((x, y, x + w, y + h), fill=0)
            continue
        points, angle = [rng.uniform(0, side, 2)], rng.uniform(0, 2 * math.pi)
        bend, width = (0.2, rng.integers(1, 4)) if kind == "scratches" else (0.9, rng.integers(3, 25))
        for _ in range(int(rng.integers(1, 7))):
            angle += rng.normal(0, bend)
            points.append(points[-1] + rng.uniform(8, side / 3) * np.array([math.cos(angle), math.sin(angle)]))
        draw.line([tuple(p) for p in points], fill=0, width=int(width), joint="curve")
        if kind == "strokes":
            for x, y in points:
                draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=0)
    return np.asarray(image) > 127


def text_mask(height: int, width: int, rng: np.random.Generator, size: int = 20, bold: int = 1) -> np.ndarray:
    """Lines of random words, bool (height, width), False under the letters; size and extra stroke width in pixels."""
    image, draw = _sheet(height, width)
    font = ImageFont.load_default(size=size)
    for top in range(int(rng.integers(-size, size)), height, int(size * rng.uniform(1.2, 2.5))):
        words = ["".join(rng.choice(LETTERS, int(rng.integers(2, 10)))) for _ in range(2 + width // (3 * size))]
        draw.text((int(rng.integers(-2 * size, 1)), top), " ".join(words), fill=0, font=font, stroke_width=bold)
    return np.asarray(image) > 127
