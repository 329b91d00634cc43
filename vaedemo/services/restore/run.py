"""Damaged pictures restored: many plausible answers of a conditional VAE, their mean and their spread; beside them the
plain VAE, which was not trained for it, and the classical methods. Plain numpy at the boundary.

A damaged picture y is float32 (C, H, W), in [0, 1] but for noise that was not clipped; mask is (H, W), 1 where known.
"""

from typing import NamedTuple

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.data.damage import UNKNOWN
from vaedemo.data.domains import PHOTOS, damages_of, get_domain
from vaedemo.errors import ConfigError, PictureError, UnknownModel
from vaedemo.maths import gaussian, metrics
from vaedemo.pictures import masks
from vaedemo.pictures.prepare import Placed, prepare, propose_domain
from vaedemo.services.restore import classical, photonoise
from vaedemo.services.restore.coarse import CoarseToFine, depth
from vaedemo.services.restore.tiles import Restoring
from vaedemo.store.key import ModelKey

__all__ = ["Answers", "CLOSEST", "DENOISING", "FILLING", "Figures", "GUESSED", "MAX_SAMPLES", "PHOTOS", "answers",
           "draws", "estimate_level", "guessed", "known", "measure", "photo", "photo_damage", "proposed",
           "restore_with", "seen"]  # fmt: skip

DENOISING = ("vae", "plain", *classical.DENOISERS)  # methods by their names; vae is the conditional one
PHOTO_SIDE = 64  # pixels: no domain's pictures are larger
FILLING = ("vae", "plain", "biharmonic")
MAX_SAMPLES = 16
ITERATIONS = 20  # of the plain VAE, when it fills a hole
MAX_LEVEL = 1.0
# The sample closest to the damaged picture is nearer to the clean one than the others are with these noises, of about
# one strength all over the picture; not with others, in a hole, or without noise. Of ALIKE only where the strength is
# told: else the samples hardly differ. Measured by benchmarks/restore.py --only closest, decided on held-out pictures.
CLOSEST, ALIKE = ("gaussian", "blur", "jpeg"), ("objects",)
_NORMAL = torch.special.ndtri((torch.arange(33) + 0.5) / 33)  # equally likely values of a Gaussian


class Answers(NamedTuple):
    """samples float32 (N, C, H, W) in [0, 1], decoded means of z ~ p(z | y, mask); their mean (C, H, W); spread
    (C, H, W), the standard deviation that the model leaves to each pixel (gaussian.total_std of the samples and
    p(x | z, y)); log_likelihood (N,) in nats over the known pixels, of y under each sample with p(x | z, y) and the
    noise about it. Each sample has seen y, so that says how close to the damaged picture it is, not how likely; best is
    the place of the closest, None where it was measured to be no better than any other: see CLOSEST."""

    samples: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    log_likelihood: np.ndarray
    best: int | None


class Figures(NamedTuple):
    """PSNR in dB and SSIM over the whole picture, PSNR over the hole alone (None without one)."""

    psnr: float
    ssim: float | None
    hole_psnr: float | None


def proposed(image):
    """The domain that a picture of mode L or RGB seems to be of; PHOTOS where both sides are above PHOTO_SIDE."""
    return PHOTOS if min(image.size) > PHOTO_SIDE else propose_domain(image)


def seen(image, domain):
    """float32 (C, H, W) in [0, 1]: a photograph as it is, another picture at its domain's size; never trimmed, because
    noise would be."""
    if domain == PHOTOS:
        return np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1) / np.float32(255)
    row = get_domain(domain)
    return prepare(image, channels=row.channels, size=row.size).x


def known(mask, image, domain, method="vae"):
    """masks.Fitted of a mask, any source that masks.read takes, over a picture, of a small domain cut as by seen().
    PictureError where it is of another shape, or leaves nothing to a method that needs something."""
    if domain == PHOTOS:
        placed = Placed.whole(image.size, image.size)
    else:
        row = get_domain(domain)
        placed = prepare(image, channels=row.channels, size=row.size).placed
    fitted = masks.known(masks.read(mask), placed)
    if not fitted.known.any() and (domain == PHOTOS or method == "biharmonic"):
        raise PictureError("the mask is white all over, so nothing is known; leave a part of it black")
    return fitted


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
def answers(library, y, domain, mask=None, *, level=None, n=8, seed=0, noise="gaussian"):
    """Answers of a domain's conditional VAE. level: the noise's standard deviation; None where it is not known. noise:
    its kind, of degrade.NOISES, which says whether the closest sample is worth naming.

    Known pixels of a picture without noise (level 0) come back bit for bit in every sample."""
    if not 1 <= n <= MAX_SAMPLES:
        raise ConfigError(f"the number of samples is {n}; choose 1 to {MAX_SAMPLES}")
    y, mask = _checked(y, mask, library.domain(domain).shape)
    sigma, model = _checked_level(level), library.restorer(domain)
    drawn = draws(model, library.domain(domain), y, mask, sigma, n, runtime.generator("restore", seed))
    means, scales = (t[:, 0] for t in drawn)
    spread, mean = gaussian.total_std(means, scales.square().mean(0)), means.mean(0)
    noise_std = _strength(y[0], mean, spread, mask[0]) if level is None else sigma
    variance = scales.square() + noise_std**2
    score = -0.5 * ((y - means).square() / variance + variance.log() + np.log(2 * np.pi))
    log_likelihood = (score * mask[0]).flatten(1).sum(1)
    if sigma == 0:  # put back in the mean too: the mean of equal numbers is rounded
        known = y[0].clamp(0, 1)
        means, mean = (torch.where(mask[0] > 0, known, t) for t in (means, mean))
        spread = spread * (1 - mask[0])
    named = mask.all() and sigma != 0 and noise in CLOSEST and (level is not None or domain not in ALIKE)
    best = int(log_likelihood.argmax()) if named else None
    return Answers(means.numpy(), mean.numpy(), spread.numpy(), log_likelihood.numpy(), best)


@torch.no_grad()
def estimate_level(library, y, domain, mask=None):
    """How strong the noise in y is, as a standard deviation: the mean square of what the model, not told of the noise,
    takes away, and half of the variance that it leaves open, set against what clipping leaves. (The error of a
    posterior mean is orthogonal to y, so E(y - x)^2 = E(y - mean)^2 + Var(x | y); half, because the model's mean is not
    quite that one: chosen on held-out training pictures, measured by benchmarks/restore.py.) Of photographs, and
    where there is no such model: from the finest wavelets (Donoho & Johnstone 1994)."""
    if domain == PHOTOS or not library.restores(domain):
        y, _ = _checked(y, None, None)
        return _photo_level(y[0].numpy())
    y, mask = _checked(y, mask, library.domain(domain).shape)
    made = answers(library, y[0].numpy(), domain, mask[0, 0].numpy(), level=None, n=4)
    return _strength(y[0], *map(torch.from_numpy, (made.mean, made.spread)), mask[0])


def _strength(y, mean, spread, mask):
    """estimate_level of y (C, H, W) from answers to it by a model that was not told of the noise."""
    if not mask.any():
        return 0.0
    where = mask.expand_as(y) > 0
    y, mean, spread = y[where], mean[where], spread[where]
    taken = float((y - mean).square().mean())
    left = taken + 0.5 * min(taken, float(spread.square().mean()))
    clipped = bool(y.min() >= 0 and y.max() <= 1)
    sigmas, seen = np.linspace(0, MAX_LEVEL, 101), []
    for sigma in sigmas:  # what noise of each strength would leave of this picture in a file, where it is clipped
        made_of = mean[:, None] + float(sigma) * _NORMAL
        made_of = made_of.clamp(0, 1) if clipped else made_of
        seen.append(float((made_of - mean[:, None]).square().mean()))
    return round(float(np.interp(left, seen, sigmas)), 6)


def restore_with(library, method, y, domain, mask=None, *, level=0.25, noise="gaussian", noise_level=None, clip=True,
                 seed=0):  # fmt: skip
    """float32 (C, H, W) in [0, 1]: y restored by one method of DENOISING or FILLING; of vae the mean of eight samples.

    noise and noise_level (in its own unit) choose the setting of a classical method that was tuned for it, and with
    clip, whether y was clipped to [0, 1], say what the noise's mean is (classical.unbiased)."""
    if method not in {*DENOISING, *FILLING}:
        raise ConfigError(f"no method {method!r}; choose from {', '.join(dict.fromkeys((*DENOISING, *FILLING)))}")
    if method == "vae":
        return answers(library, y, domain, mask, level=level, seed=seed).mean
    shape = None if domain == PHOTOS else library.domain(domain).shape
    y, known = _checked(y, mask, shape)
    y, known = y[0].numpy(), known[0, 0].numpy()
    shape = y.shape
    if method == "plain":
        if domain == PHOTOS:
            raise UnknownModel("there is no plain VAE of photographs; choose vae or a classical method")
        return _plain(library, y, known, domain)
    if domain == PHOTOS and photonoise.is_grey(y * known):
        y = y[:1]  # and back below: one channel is what a grey picture has
    if method == "biharmonic":
        return classical.inpaint(y, known).repeat(shape[0] // len(y), 0)
    level = 0.0 if level is None else level
    rows = [
        row for row in classical.read_settings(library.folder / domain)
        if domain != PHOTOS or row.get("channels", 3) == len(y)
    ]  # fmt: skip
    near = level if noise_level is None else noise_level
    setting = classical.setting_for(rows, method, noise, near, clip)
    made = classical.denoise(y, method, level, setting, kind=noise, level=near, clip=clip)
    return made.repeat(shape[0] // len(y), 0)


@torch.no_grad()
def _plain(library, y, known, domain):
    """The VAE that only ever saw clean pictures: encoded and decoded; of a hole again and again, with the known pixels
    put back each time. Rezende, Mohamed & Wierstra 2014, appendix F, here with means in place of draws."""
    row = library.domain(domain)
    model = library.model(ModelKey(row.name, "vae", row.anchor))
    y, known = torch.from_numpy(y)[None].clamp(0, 1), torch.from_numpy(known)[None, None]
    rounds = 1 if known.all() else ITERATIONS
    x = torch.where(known > 0, y, 0.5)
    for _ in range(rounds):
        mu, _ = model.encode(x)
        made = model.decode(mu)
        x = torch.where(known > 0, y, made)
    return (made if rounds == 1 else x)[0].numpy()


def _photo_level(y):
    """The noise's strength in a photograph; a clean one has none at all, not a millionth."""
    return round(min(photonoise.deviation(y), MAX_LEVEL), 6)


def photo_damage(y, mask=None, noise=None, level=0.0):
    """(sigma, a number or (H, W); mask (H, W) or None) as photo() takes them, of a photograph y with a noise at a level
    in its own unit, or, without one, with a noise to be found out: what salt and pepper took is missing, and the rest
    is as it was taken; noise that grows with the light has a strength of its own at each pixel."""
    y, known = _checked(y, mask, None)
    y, known = y[0].numpy(), known[0, 0].numpy()
    if noise in (None, "salt_and_pepper"):
        lost = photonoise.lost_pixels(y, told=noise is not None)
        if lost.any():
            return 0.0, known * ~lost
    sigma = _photo_level(y) if noise is None else photonoise.noise_map(y, noise, level)
    return sigma, None if mask is None else known


def guessed(mask):
    """Whether photographs' holes of this mask, (H, W) or None, are wider than those that were learnt: then they are
    filled from coarse to fine, and what is far from anything known is only a guess."""
    return mask is not None and depth(mask) > damages_of(PHOTOS).hole


GUESSED = (
    f"a part of the hole is more than {damages_of(PHOTOS).hole} pixels from anything known, further than was learnt: "
    "it is filled from coarse to fine, and far inside it is only a guess"
)


def photo(library, y, *, sigma=0.0, mask=None, seeds=(), tile=512):
    """Over the model of photographs, a tiles.Restoring, or for what is beyond the damage it learnt a CoarseToFine:
    iterate for (done, total), then read mean and samples. sigma: the noise's standard deviation, a number or (H, W);
    known pixels without noise come back as they are."""
    y, known = _checked(y, mask, None)
    if y.shape[1] != 3:
        raise PictureError(f"a photograph has 3 colours, this one {y.shape[1]}; convert it to RGB")
    if not known.any():
        raise PictureError("nothing of the photograph is known; leave a part of it unmasked")
    sigma = np.minimum(sigma, MAX_LEVEL) if np.ndim(sigma) else _checked_level(sigma)
    row, given = damages_of(PHOTOS), (library.photo_restorer(), y[0].numpy(), sigma, known[0, 0].numpy())
    options = {"seeds": seeds, "tile": tile, "overlap": 96}
    if np.max(sigma) <= row.strongest and not guessed(given[3]):
        return Restoring(*given, **options)
    return CoarseToFine(*given, reach=row.hole, strongest=row.strongest, **options)


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
