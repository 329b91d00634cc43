"""Damaged pictures restored: many plausible answers of a conditional VAE, their mean and their spread; beside them the
plain VAE, which was not trained for it, and the classical methods. Plain numpy at the boundary.

A damaged picture y is float32 (C, H, W), in [0, 1] but for noise that was not clipped; mask is (H, W), 1 where known.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from vaedemo import classical, metrics, pictures, runtime
from vaedemo.degrade import UNKNOWN
from vaedemo.domains import get_domain
from vaedemo.errors import ConfigError, PictureError, UnknownModel
from vaedemo.tiles import Restoring

__all__ = ["Answers", "DENOISING", "FILLING", "Figures", "MAX_SAMPLES", "PHOTOS", "answers", "draws", "estimate_level",
           "known", "measure", "photo", "proposed", "restore_with", "seen"]  # fmt: skip

PHOTOS = "photos"  # what stands for a domain where the picture keeps its size
DENOISING = ("vae", "plain", *classical.DENOISERS)  # methods by their names; vae is the conditional one
PHOTO_SIDE = 64  # pixels: no domain's pictures are larger
FILLING = ("vae", "plain", "biharmonic")
MAX_SAMPLES = 16
ITERATIONS = 20  # of the plain VAE, when it fills a hole
MAX_LEVEL = 1.0
_NORMAL = torch.special.ndtri((torch.arange(33) + 0.5) / 33)  # equally likely values of a Gaussian


class Answers(NamedTuple):
    """samples float32 (N, C, H, W) in [0, 1], decoded means of z ~ p(z | y, mask); their mean (C, H, W); spread
    (C, H, W), the standard deviation that the model leaves to each pixel: the samples' variance and that of
    p(x | z, y) together; log_likelihood (N,), log p(y | z) in nats over the known pixels, and the place of the best."""

    samples: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    log_likelihood: np.ndarray
    best: int


class Figures(NamedTuple):
    """PSNR in dB and SSIM over the whole picture, PSNR over the hole alone (None without one)."""

    psnr: float
    ssim: float | None
    hole_psnr: float | None


def proposed(image):
    """The domain that a picture of mode L or RGB seems to be of; PHOTOS where both sides are above PHOTO_SIDE."""
    return PHOTOS if min(image.size) > PHOTO_SIDE else pictures.propose_domain(image)


def seen(image, domain):
    """float32 (C, H, W) in [0, 1]: a photograph as it is, another picture at its domain's size; never trimmed, because
    noise would be."""
    if domain == PHOTOS:
        return np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1) / np.float32(255)
    row = get_domain(domain)
    return pictures.prepare(image, channels=row.channels, size=row.size).x


def known(mask, image, domain, method="vae"):
    """bool (H, W), True where a mask's picture is black: of a small domain at its size, cut as the picture was.
    PictureError where it is of another size, or leaves nothing to a method that needs something."""
    size = image.size if domain == PHOTOS else (get_domain(domain).size,) * 2
    mask = mask.convert("L")
    if mask.size != size:
        if mask.size != image.size:
            sizes = [f"{s[0]} x {s[1]}" for s in (mask.size, image.size)]
            raise PictureError(f"the mask is {sizes[0]} pixels, the picture {sizes[1]}; give both one size")
        side = min(mask.size)
        left, top = (mask.width - side) // 2, (mask.height - side) // 2
        mask = mask.crop((left, top, left + side, top + side)).resize(size, Image.Resampling.NEAREST)
    black = np.asarray(mask) <= 127
    if not black.any() and (domain == PHOTOS or method == "biharmonic"):
        raise PictureError("the mask is white all over, so nothing is known; leave a part of it black")
    return black


def _checked(y, mask, shape):
    """(y, mask) as tensors (1, C, H, W) and (1, 1, H, W); PictureError where they make no damaged picture."""
    try:
        y = torch.as_tensor(np.asarray(y, np.float32))
    except (TypeError, ValueError):
        raise PictureError("a damaged picture is an array of numbers") from None
    if y.ndim != 3 or (shape is not None and tuple(y.shape) != shape) or not y.numel():
        raise PictureError(f"a damaged picture has shape {shape or '(3, height, width)'}, this one {tuple(y.shape)}")
    if not torch.isfinite(y).all() or y.abs().max() > 20:
        raise PictureError("the picture holds values that are not numbers or far outside 0 to 1; give 0 to 1")
    if mask is None:
        return y[None], torch.ones(1, 1, *y.shape[1:])
    mask = torch.as_tensor(np.asarray(mask) > 0).float()
    if tuple(mask.shape) != tuple(y.shape[1:]):
        sizes = " x ".join(map(str, mask.shape[::-1])), " x ".join(map(str, y.shape[:0:-1]))
        raise PictureError(f"the mask is {sizes[0]} pixels, the picture {sizes[1]}; give both one size")
    return y[None], mask[None, None]


def _checked_level(level):
    if level is None:
        return UNKNOWN
    if not 0 <= level <= MAX_LEVEL:
        raise ConfigError(f"the noise's strength is {level:g}; choose 0 to {MAX_LEVEL:g}, or leave it out")
    return float(level)


def draws(model, domain, y, mask, sigma, n, generator):
    """(means, scales) as model.samples has them, each (n, B, C, H, W), of pictures y (B, C, H, W) at one sigma. Where a
    mirrored picture is one of the domain too, pairs of draws take turns at looking into the mirrors (self-ensemble,
    Timofte, Rothe & Van Gool 2016): the network's own leanings to one side average out."""
    mirrors, found = get_domain(domain).mirrors, []
    for k, axes in enumerate(mirrors):
        count = sum(1 for i in range(n) if i // 2 % len(mirrors) == k)
        if count:
            given = ((y * mask).flip(axes), mask.flip(axes), torch.full((len(y), 1, 1, 1), float(sigma)))
            back = [axis + 1 for axis in axes]
            found.append([t.flip(back) for t in model.samples(*given, count, generator)])
    return tuple(torch.cat(parts) for parts in zip(*found, strict=True))


@torch.no_grad()
def answers(library, y, domain, mask=None, *, level=None, n=8, seed=0):
    """Answers of a domain's conditional VAE. level: the noise's standard deviation; None where it is not known.

    Known pixels of a picture without noise (level 0) come back bit for bit in every sample."""
    if not 1 <= n <= MAX_SAMPLES:
        raise ConfigError(f"the number of samples is {n}; choose 1 to {MAX_SAMPLES}")
    y, mask = _checked(y, mask, library.domain(domain).shape)
    sigma, model = _checked_level(level), library.restorer(domain)
    drawn = draws(model, library.domain(domain), y, mask, sigma, n, runtime.generator("restore", seed))
    means, scales = (t[:, 0] for t in drawn)
    variance = scales.square() + max(sigma, 0.0) ** 2
    score = -0.5 * ((y - means).square() / variance + variance.log() + np.log(2 * np.pi))
    log_likelihood = (score * mask[0]).flatten(1).sum(1)
    spread = (means.var(0, correction=0) + scales.square().mean(0)).sqrt()
    mean = means.mean(0)
    if sigma == 0:  # put back in the mean too: the mean of equal numbers is rounded
        known = y[0].clamp(0, 1)
        means, mean = (torch.where(mask[0] > 0, known, t) for t in (means, mean))
        spread = spread * (1 - mask[0])
    return Answers(means.numpy(), mean.numpy(), spread.numpy(), log_likelihood.numpy(), int(log_likelihood.argmax()))


@torch.no_grad()
def estimate_level(library, y, domain, mask=None):
    """How strong the noise in y is, as a standard deviation: the mean square of what the model, not told of the noise,
    takes away, and half of the variance that it leaves open, set against what clipping leaves. (The error of a
    posterior mean is orthogonal to y, so E(y - x)^2 = E(y - mean)^2 + Var(x | y); half, because the model's mean is not
    quite that one: chosen on held-out training pictures, measured by benchmarks/restore.py.) Of photographs, and
    where there is no such model: from the finest wavelets (Donoho & Johnstone 1994)."""
    if domain == PHOTOS or not library.restores(domain):
        from skimage.restoration import estimate_sigma

        y, _ = _checked(y, None, None)
        with warnings.catch_warnings():  # a flat or a tiny picture has no detail, whose median is not a number
            warnings.simplefilter("ignore")
            found = np.nan_to_num(estimate_sigma(y[0].numpy(), channel_axis=0))
        return round(float(min(found.mean(), MAX_LEVEL)), 6)
    y, mask = _checked(y, mask, library.domain(domain).shape)
    if not mask.any():
        return 0.0
    made = answers(library, y[0].numpy(), domain, mask[0, 0].numpy(), level=None, n=4)
    where = mask[0].expand_as(y[0]) > 0
    y, mean, spread = y[0][where], torch.from_numpy(made.mean)[where], torch.from_numpy(made.spread)[where]
    taken = float((y - mean).square().mean())
    left = taken + 0.5 * min(taken, float(spread.square().mean()))
    sigmas, seen = np.linspace(0, MAX_LEVEL, 101), []
    clipped = bool(y.min() >= 0 and y.max() <= 1)
    for sigma in sigmas:  # what noise of each strength would leave of this picture in a file, where it is clipped
        made_of = mean[:, None] + float(sigma) * _NORMAL
        made_of = made_of.clamp(0, 1) if clipped else made_of
        seen.append(float((made_of - mean[:, None]).square().mean()))
    return round(float(np.interp(left, seen, sigmas)), 6)


def restore_with(library, method, y, domain, mask=None, *, level=0.25, noise="gaussian", noise_level=None, clip=True,
                 seed=0):  # fmt: skip
    """float32 (C, H, W) in [0, 1]: y restored by one method of DENOISING or FILLING; of vae the mean of eight samples.

    noise and noise_level (in its own unit) choose the setting of a classical method that was tuned for it."""
    if method not in {*DENOISING, *FILLING}:
        raise ConfigError(f"no method {method!r}; choose from {', '.join(dict.fromkeys((*DENOISING, *FILLING)))}")
    if method == "vae":
        return answers(library, y, domain, mask, level=level, seed=seed).mean
    shape = None if domain == PHOTOS else library.domain(domain).shape
    y, known = _checked(y, mask, shape)
    y, known = y[0].numpy(), known[0, 0].numpy()
    if method == "plain":
        if domain == PHOTOS:
            raise UnknownModel("there is no plain VAE of photographs; choose vae or a classical method")
        return _plain(library, y, known, domain)
    if method == "biharmonic":
        return classical.inpaint(y, known)
    level = 0.0 if level is None else level
    rows = classical.read_settings(library.folder / domain)
    near = level if noise_level is None else noise_level
    return classical.denoise(y, method, level, classical.setting_for(rows, method, noise, near, clip))


@torch.no_grad()
def _plain(library, y, known, domain):
    """The VAE that only ever saw clean pictures: encoded and decoded; of a hole again and again, with the known pixels
    put back each time. Rezende, Mohamed & Wierstra 2014, appendix F, here with means in place of draws."""
    row = library.domain(domain)
    model = library.model(row.name, "vae", row.anchor)
    y, known = torch.from_numpy(y)[None].clamp(0, 1), torch.from_numpy(known)[None, None]
    rounds = 1 if known.all() else ITERATIONS
    x = torch.where(known > 0, y, 0.5)
    for _ in range(rounds):
        mu, _ = model.encode(x)
        made = model.decode(mu)
        x = torch.where(known > 0, y, made)
    return (made if rounds == 1 else x)[0].numpy()


def photo(library, y, *, sigma=0.0, mask=None, seeds=(), tile=512):
    """A tiles.Restoring over the model of photographs: iterate for (done, total), then read mean and samples. sigma:
    the noise's standard deviation; known pixels without noise come back as they are."""
    y, mask = _checked(y, mask, None)
    if y.shape[1] != 3:
        raise PictureError(f"a photograph has 3 colours, this one {y.shape[1]}; convert it to RGB")
    return Restoring(
        library.photo_restorer(), y[0].numpy(), _checked_level(sigma), mask[0, 0].numpy(), seeds=seeds, tile=tile,
        overlap=96,
    )  # fmt: skip


def measure(x_hat, clean, mask=None):
    """Figures of a restored picture against the clean one, both float32 (C, H, W) in [0, 1]."""
    a, b = (torch.as_tensor(np.asarray(v, np.float32))[None] for v in (x_hat, clean))
    if a.shape != b.shape:
        sizes = [" x ".join(map(str, t.shape[:1:-1])) for t in (b, a)]
        raise PictureError(f"the clean picture is {sizes[0]} pixels, the restored one {sizes[1]}; give both one size")
    hole = None
    if mask is not None and (np.asarray(mask) == 0).any():
        where = torch.as_tensor(np.asarray(mask) == 0).float()
        error = ((a - b).square() * where).sum() / (where.sum() * a.shape[1])
        hole = metrics.psnr(error).item()
    ssim = metrics.ssim(a, b).item() if min(a.shape[2:]) >= 11 else None
    return Figures(metrics.psnr(metrics.mse(a, b)).item(), ssim, hole)
