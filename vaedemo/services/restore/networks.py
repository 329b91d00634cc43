"""Small pictures restored by networks, a batch at a time: many plausible answers of a conditional VAE, their mean and
their spread; how strong the noise is, seen by it; and the plain VAE, which was not trained for it.

Pictures are float32 (B, C, H, W), masks (B, 1, H, W), 1 where known.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.data.damage import UNKNOWN
from vaedemo.data.domains import Domain
from vaedemo.maths import gaussian
from vaedemo.models.restorer import Restorer, Samples

__all__ = ["Answer", "CLOSEST", "draws", "estimated", "plain", "posterior", "strength"]

ITERATIONS = 20  # of the plain VAE, when it fills a hole
# The sample closest to the damaged picture is nearer to the clean one than the others are with these noises, of about
# one strength all over the picture; not with others, in a hole, or without noise. Of ALIKE only where the strength is
# told: else the samples hardly differ. Measured by benchmarks/restore.py --only closest, decided on held-out pictures.
CLOSEST, ALIKE = ("gaussian", "blur", "jpeg"), ("objects",)
_NORMAL = torch.special.ndtri((torch.arange(33) + 0.5) / 33)  # equally likely values of a Gaussian
NONE = np.empty(0, np.float32)


class Answer(NamedTuple):
    """A restored picture, float32 (C, H, W) in [0, 1]; and of a network, whose mean it is, else empty: samples
    (N, C, H, W), decoded means of z ~ p(z | y, mask); spread (C, H, W), the standard deviation that is left to each
    value (gaussian.total_std of the samples and p(x | z, y)); log_likelihood (N,) in nats over the known pixels, of y
    under each sample with p(x | z, y) and the noise about it. Each sample has seen y, so that says how close to the
    damaged picture it is, not how likely; best is the place of the closest, None where it was measured to be no better
    than any other: see CLOSEST. sigma: the noise's strength as the method was told it; estimated: as measured."""

    mean: np.ndarray
    samples: np.ndarray = NONE
    spread: np.ndarray = NONE
    log_likelihood: np.ndarray = NONE
    best: int | None = None
    sigma: float | None = None
    estimated: float | None = None


def draws(
    model: Restorer, domain: Domain, y: Tensor, mask: Tensor, sigma: float, n: int, generator: torch.Generator
) -> Samples:
    """Samples of pictures y at one sigma, or UNKNOWN. Where a mirrored picture is one of the domain too, pairs of draws
    run on flipped input by turns (self-ensemble, Timofte, Rothe & Van Gool 2016): the network's own leanings to one
    side average out."""
    found = []
    for k, axes in enumerate(domain.mirrors):
        count = sum(1 for i in range(n) if i // 2 % len(domain.mirrors) == k)
        if count:
            given = ((y * mask).flip(axes), mask.flip(axes), torch.full((len(y), 1, 1, 1), float(sigma)))
            back = [axis + 1 for axis in axes]
            found.append([t.flip(back) for t in model.samples(*given, count, generator)])
    return Samples(*(torch.cat(parts) for parts in zip(*found, strict=True)))


@torch.no_grad()
def posterior(
    model: Restorer,
    domain: Domain,
    y: Tensor,
    mask: Tensor,
    sigma: float | None,
    n: int,
    generator: torch.Generator,
    noise: str = "gaussian",
) -> list[Answer]:
    """Answers to pictures y with masks; sigma: the noise's standard deviation, None where it is not known; noise: its
    kind, which says whether the closest sample is worth naming.

    Known pixels of pictures without noise (sigma 0) come back bit for bit in every sample."""
    means, scales = draws(model, domain, y, mask, UNKNOWN if sigma is None else sigma, n, generator)
    spread, mean = gaussian.total_std(means, scales.square().mean(0)), means.mean(0)
    each = zip(y, mean, spread, mask, strict=True)
    noise_std = torch.tensor([strength(*one) if sigma is None else sigma for one in each], dtype=y.dtype)
    variance = scales.square() + noise_std.view(-1, 1, 1, 1) ** 2
    score = -0.5 * ((y - means).square() / variance + variance.log() + np.log(2 * np.pi))
    log_likelihood = (score * mask).flatten(2).sum(2)
    if sigma == 0:  # put back in the mean too: the mean of equal numbers is rounded
        known = y.clamp(0, 1)
        means, mean = (torch.where(mask > 0, known, t) for t in (means, mean))
        spread = spread * (1 - mask)
    named = sigma != 0 and noise in CLOSEST and (sigma is not None or domain.name not in ALIKE)
    whole = mask.flatten(1).all(1).tolist()
    arrays = [t.numpy() for t in (mean, means.transpose(0, 1), spread, log_likelihood.T)]
    found = []
    for i in range(len(y)):
        x_hat, samples, left, near = (t[i] for t in arrays)
        found.append(Answer(x_hat, samples, left, near, int(near.argmax()) if named and whole[i] else None, sigma))
    return found


def estimated(model: Restorer, domain: Domain, y: Tensor, mask: Tensor) -> list[float]:
    """How strong the noise in each of the pictures y is, as a standard deviation, seen by four samples of a model that
    is not told of it."""
    answers = posterior(model, domain, y, mask, None, 4, runtime.generator("restore", 0))
    pairs = [(torch.from_numpy(answer.mean), torch.from_numpy(answer.spread)) for answer in answers]
    return [strength(one, *pair, known) for one, pair, known in zip(y, pairs, mask, strict=True)]


def strength(y: Tensor, mean: Tensor, spread: Tensor, mask: Tensor) -> float:
    """The noise's standard deviation in a picture y (C, H, W), from the mean and the spread of a model that was not
    told of it: the mean square of what the model takes away, and half of the variance that it leaves open, set against
    what clipping leaves. (The error of a posterior mean is orthogonal to y, so E(y - x)^2 = E(y - mean)^2 +
    Var(x | y); half, because the model's mean is not quite that one: chosen on held-out training pictures, measured by
    benchmarks/restore.py.)"""
    if not mask.any():
        return 0.0
    where = mask.expand_as(y) > 0
    y, mean, spread = y[where], mean[where], spread[where]
    taken = float((y - mean).square().mean())
    left = taken + 0.5 * min(taken, float(spread.square().mean()))
    clipped = bool(y.min() >= 0 and y.max() <= 1)
    sigmas, seen = np.linspace(0, 1, 101), []
    for sigma in sigmas:  # what noise of each strength would leave of this picture in a file, where it is clipped
        noisy = mean[:, None] + float(sigma) * _NORMAL
        noisy = noisy.clamp(0, 1) if clipped else noisy
        seen.append(float((noisy - mean[:, None]).square().mean()))
    return round(float(np.interp(left, seen, sigmas)), 6)


@torch.no_grad()
def plain(model: torch.nn.Module, y: Tensor, mask: Tensor) -> Tensor:
    """Pictures y restored by a VAE that only ever saw clean ones, (B, C, H, W): encoded and decoded; holes, where any
    of the batch has one, again and again, with the known pixels put back each time. Rezende, Mohamed & Wierstra 2014,
    appendix F, here with means in place of draws."""
    y, whole = y.clamp(0, 1), bool(mask.all())
    x = torch.where(mask > 0, y, 0.5)
    for _ in range(1 if whole else ITERATIONS):
        x_hat = model.decode(model.encode(x)[0])  # type: ignore[operator]
        x = torch.where(mask > 0, y, x_hat)
    return x_hat if whole else x
