"""The code of one picture improved by gradient descent: what the encoder, which answers for all pictures at once, lost.

Of a VAE mu and log sigma climb this picture's objective, -(distortion + beta * KL), its ELBO at beta 1. How far they
come is the amortisation gap (Cremer, Li & Duvenaud 2018), or at least a part of it. Of other models z falls on the
squared error.
"""

import math
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.maths import gaussian, metrics
from vaedemo.models import objectives
from vaedemo.store.inputs import checked_picture
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["Answer", "Improved", "Progress", "improve"]

ROUNDS, STEPS = 50, 6  # steps of a round
SAMPLES = 8  # of a step, in antithetic pairs
WATCHED, JUDGED = 64, 512  # samples that are the same in every round, and before and after
# Adam's rate at first, in standard deviations: of a VAE's posterior, and else of a number over the test set.
RATE, PLAIN_RATE = 0.1, 0.03


class Answer(NamedTuple):
    """z float32 (D,), of a VAE the posterior's mean, and its sigma (D,) or None; x_hat float32 (C, H, W), decoded from
    z, with mse, psnr (dB) and ssim; objective_nats of a VAE, the mean of 512 samples."""

    z: np.ndarray
    sigma: np.ndarray | None
    x_hat: np.ndarray
    mse: float
    psnr: float
    ssim: float
    objective_nats: float | None


class Improved(NamedTuple):
    """The encoder's answer and the improved one. Of a VAE gap_nats, by how much its objective grew, with its standard
    error: the same noise for both."""

    before: Answer
    after: Answer
    gap_nats: float | None
    gap_error: float | None


class Progress(NamedTuple):
    """Rounds that are done, of all; after so many steps objective_nats, of 64 samples, None without a posterior, and
    psnr in dB of the code there; with the last the result."""

    done: int
    total: int
    step: int
    objective_nats: float | None
    psnr: float
    result: Improved | None = None


class _Sought(NamedTuple):
    """What is looked for: the best code of x (1, C, H, W) by a model; where the encoder puts it, mu and logvar (1, D)
    or None, and the scale (1, D) in which it is moved."""

    model: Any
    x: Tensor
    mu: Tensor
    logvar: Tensor | None
    scale: Tensor

    def at(self, moves: Tensor) -> tuple[Tensor, Tensor | None]:
        """(mu, logvar or None) after moves (2, D): of mu in scales, of logvar."""
        return self.mu + self.scale * moves[:1], None if self.logvar is None else self.logvar + moves[1:]

    def each(self, moves: Tensor, eps: Tensor) -> Tensor:
        """-objective in nats of each sample eps (n, D), (n,)."""
        mu, logvar = self.at(moves)
        assert logvar is not None
        theta = self.model.likelihood_parameters(gaussian.sample(mu, logvar, eps))
        cost = objectives.distortion(self.model, theta, self.x.expand(len(eps), -1, -1, -1), discretised=True)
        return cost + self.model.config.beta * gaussian.kl(mu, logvar).sum()

    def error(self, moves: Tensor) -> Tensor:
        """Mean squared error of the code's picture, a scalar."""
        return metrics.mse(self.model.decode(self.at(moves)[0]), self.x)[0]


def improve(library: Library, x: np.ndarray, key: ModelKey, seed: int = 0) -> Generator[Progress]:
    """Progress on the code of a picture x (C, H, W) in [0, 1] by a ModelKey's model, from its encoder's; the last has
    the result, the best code of all rounds."""
    sought = _sought(library, x, key)
    noise = runtime.generator("improve", seed)
    watched = gaussian.pairs(WATCHED, key.latent_dim, generator=runtime.generator("improve watched", seed))
    moves = torch.zeros(2, key.latent_dim, requires_grad=True)
    rate = PLAIN_RATE if sought.logvar is None else RATE
    optimizer = torch.optim.Adam([moves], rate)
    best, (least, objective, psnr) = moves.detach().clone(), _looked(sought, moves, watched)
    yield Progress(0, ROUNDS, 0, objective, psnr)
    for done in range(1, ROUNDS + 1):
        for step in range((done - 1) * STEPS, done * STEPS):
            optimizer.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / (ROUNDS * STEPS)))
            optimizer.zero_grad()
            _loss(sought, moves, noise).backward()
            optimizer.step()
        loss, objective, psnr = _looked(sought, moves, watched)
        if loss < least:
            best, least = moves.detach().clone(), loss
        found = _judged(sought, best, seed) if done == ROUNDS else None
        yield Progress(done, ROUNDS, done * STEPS, objective, psnr, found)


@torch.no_grad()
def _sought(library: Library, x: np.ndarray, key: ModelKey) -> _Sought:
    pictures, model = checked_picture(x, library.domain(key.domain)), library.model(key)
    mu, logvar = model.encode(pictures)
    if logvar is not None:
        return _Sought(model, pictures, mu, logvar, torch.exp(0.5 * logvar))
    figures = library.figures(key)
    spread = torch.tensor(figures["mu_std"])[None] if figures else mu.square().mean().sqrt().expand_as(mu)
    return _Sought(model, pictures, mu, None, spread.clamp(min=1e-3))


@torch.enable_grad()
def _loss(sought: _Sought, moves: Tensor, noise: torch.Generator) -> Tensor:
    if sought.logvar is None:
        return sought.error(moves)
    return sought.each(moves, gaussian.pairs(SAMPLES, moves.shape[1], generator=noise)).mean()


@torch.no_grad()
def _looked(sought: _Sought, moves: Tensor, watched: Tensor) -> tuple[float, float | None, float]:
    """(what is to be small, objective in nats or None, PSNR in dB)."""
    error = sought.error(moves)
    psnr = metrics.psnr(error).item()
    if sought.logvar is None:
        return error.item(), None, psnr
    loss = sought.each(moves, watched).mean().item()
    return loss, -loss, psnr


@torch.no_grad()
def _judged(sought: _Sought, moves: Tensor, seed: int) -> Improved:
    """The encoder's answer and that after these moves, of noise that the search has not seen."""
    eps = gaussian.pairs(JUDGED, moves.shape[1], generator=runtime.generator("improve judged", seed))
    before, after = (_answer(sought, m, eps) for m in (torch.zeros_like(moves), moves))
    if sought.logvar is None:
        return Improved(before, after, None, None)
    gains = sought.each(torch.zeros_like(moves), eps) - sought.each(moves, eps)
    pairs = gains.unflatten(0, (-1, 2)).mean(1)  # two samples of an antithetic pair depend on each other
    return Improved(before, after, pairs.mean().item(), (pairs.std() / len(pairs) ** 0.5).item())


def _answer(sought: _Sought, moves: Tensor, eps: Tensor) -> Answer:
    mu, logvar = sought.at(moves)
    x_hat, error = sought.model.decode(mu), sought.error(moves)
    return Answer(
        mu[0].numpy(),
        None if logvar is None else torch.exp(0.5 * logvar)[0].numpy(),
        x_hat[0].numpy(),
        mse=error.item(),
        psnr=metrics.psnr(error).item(),
        ssim=metrics.ssim(x_hat, sought.x).item(),
        objective_nats=None if logvar is None else -sought.each(moves, eps).mean().item(),
    )
