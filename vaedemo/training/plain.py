"""Training without finesse, for a class: every step is the one that the articles draw, and that script.py writes out.

fit is faster and better (warm-up, averaged weights, clipped gradients, bfloat16); here nothing stands between the loss
and the weights but Adam, so that a rate that is too high, or a KL term that is weighed too much, shows what it does.
The same settings and pictures give the same weights, bit by bit, on the same machine with the same number of threads.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vaedemo.configs import ModelConfig, _option, _require
from vaedemo.data.datasets import Pictures
from vaedemo.errors import NotFinite
from vaedemo.maths import gaussian
from vaedemo.models import objectives
from vaedemo.models.registry import build_model

__all__ = ["CHANGEABLE", "Change", "LOSSES", "Plain", "PlainConfig", "Step"]

BATCH = 64  # pictures a step, or all where there are fewer
LOSSES, LIKELIHOODS = ("sum", "mean"), ("bernoulli", "gaussian")
SIZES = (28, 32, 48, 64)
CHANGEABLE = ("beta", "lr", "loss")  # settings that a run may change on its way: they leave the network as it is
CHANGES = 8


class Change(NamedTuple):
    """From this step on a setting has this value."""

    step: int
    name: str
    value: Any


@dataclass(frozen=True)
class PlainConfig:
    """A run in front of a class."""

    kind: str = _option("dense-vae", "ae, vae (convolutional), dense or dense-vae")
    latent_dim: int = _option(2, "numbers that describe a picture")
    width: int = _option(256, "units of the hidden layer; of convolutional kinds eight times their channels")
    depth: int = _option(1, "hidden dense layers on each side of the code; 0 leaves a linear map")
    beta: float = _option(1.0, "weight of the KL term")
    lr: float = _option(2e-3, "learning rate of Adam")
    loss: str = _option("sum", "distortion of a picture: sum over its pixels, or their mean, which weighs the KL more")
    likelihood: str = _option("bernoulli", "of a VAE: bernoulli, or gaussian with one sigma")
    sigma: float = _option(0.0, "of a gaussian likelihood: held at this value; 0 learns it")
    seed: int = _option(0, "of the first weights, the order of the pictures and epsilon")
    steps: int = _option(1000, "updates of the weights")
    changes: tuple[Change, ...] = _option((), "settings that change on the way")

    def __post_init__(self) -> None:
        kinds = ("ae", "vae", "dense", "dense-vae")
        _require(self.kind in kinds, f"no kind {self.kind!r}; choose from {', '.join(kinds)}")
        _require(2 <= self.latent_dim <= 64, f"latent_dim is {self.latent_dim}; choose 2 to 64")
        _require(32 <= self.width <= 512, f"width is {self.width}; choose 32 to 512")
        _require(self.width % 8 == 0, f"width is {self.width}; choose a multiple of 8")
        _require(0 <= self.depth <= 3, f"depth is {self.depth}; choose 0 to 3")
        _require(0 <= self.beta <= 1000, f"beta is {self.beta}; choose 0 to 1000")
        _require(1e-5 <= self.lr <= 1, f"lr is {self.lr}; choose 0.00001 to 1")
        _require(self.loss in LOSSES, f"no loss {self.loss!r}; choose from {', '.join(LOSSES)}")
        known = ", ".join(LIKELIHOODS)
        _require(self.likelihood in LIKELIHOODS, f"no likelihood {self.likelihood!r}; choose from {known}")
        _require(self.sigma == 0 or 0.01 <= self.sigma <= 1, f"sigma is {self.sigma}; choose 0.01 to 1, or 0")
        _require(0 <= self.seed < 2**31, f"seed is {self.seed}; choose 0 to {2**31 - 1}")
        _require(1 <= self.steps <= 10_000, f"steps is {self.steps}; choose 1 to 10,000")
        _require(len(self.changes) <= CHANGES, f"{len(self.changes)} changes are too many; keep {CHANGES} at most")
        for change in self.changes:
            _require(change.name in CHANGEABLE, f"{change.name!r} cannot change; choose from {', '.join(CHANGEABLE)}")
            _require(0 <= change.step <= 10_000, f"a change at step {change.step}; choose 0 to 10,000")
            replace(self, changes=(), **{change.name: change.value})  # which looks at the value

    def at(self, step: int) -> "PlainConfig":
        """The settings that hold for a step, from 0."""
        held = {c.name: c.value for c in sorted(self.changes, key=lambda c: c.step) if c.step <= step}
        return replace(self, changes=(), **held)

    def model_config(self, shape: tuple[int, ...]) -> ModelConfig:
        """The network of pictures (C, H, W). Its beta is what the KL weighs against a distortion summed over pixels."""
        channels, size, _ = shape
        _require(size in SIZES, f"pictures are {size} pixels wide; choose from {', '.join(map(str, SIZES))}")
        dense, last = self.kind.startswith("dense"), self.at(self.steps)
        return ModelConfig(
            kind=self.kind,
            latent_dim=self.latent_dim,
            channels=channels,
            size=size,
            likelihood=self.likelihood if self.kind.endswith("vae") else "gaussian",
            beta=last.beta * (math.prod(shape) if last.loss == "mean" else 1),
            sigma=self.sigma,
            widths=(32, 32) if dense else (self.width // 8,) * (2 if size <= 32 else 3),
            blocks=0,
            hidden=self.width if dense else 128,
            depth=self.depth,
        )


class Step(NamedTuple):
    """A step that was taken, its number counted from 1: loss in the units of the chosen loss; distortion and kl, means
    over the batch, in nats a picture (squared error summed over pixels for an autoencoder); norm of all gradients; and
    of the batch's first picture x and x_hat (C, H, W), mu, logvar, eps and z (D,), of an autoencoder mu and z alone."""

    number: int
    loss: float
    distortion: float
    kl: float
    norms: dict[str, float]
    x: Tensor
    x_hat: Tensor
    mu: Tensor
    z: Tensor
    logvar: Tensor | None = None
    eps: Tensor | None = None


class Plain:
    """A run under way: a model, Adam, and the generator of orders and epsilon."""

    def __init__(self, config: PlainConfig, pictures: Pictures) -> None:
        self.config, self.pictures = config, pictures
        self.model = build_model(config.model_config(pictures.shape), config.seed).train()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.lr)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.number, self._order = 0, torch.empty(0, dtype=torch.long)

    def batch(self) -> tuple[Tensor, Tensor | None]:
        """(x (B, C, H, W) in [0, 1], eps (B, D) or None): each epoch in an order of its own."""
        size = min(BATCH, len(self.pictures))
        if len(self._order) < size:
            self._order = torch.randperm(len(self.pictures), generator=self.generator)
        rows, self._order = self._order[:size], self._order[size:]
        if not self.model.config.variational:
            return self.pictures[rows], None
        return self.pictures[rows], torch.randn(size, self.config.latent_dim, generator=self.generator)

    def step(self) -> Step:
        """One update. NotFinite where the loss or a gradient is not; the weights are then those before it."""
        now, model = self.config.at(self.number), self.model
        x, eps = self.batch()
        mu, logvar = model.encode(x)
        if eps is None:
            z, theta = mu, model.decoder(mu)
            cost, rate = (theta - x).square().flatten(1).sum(1), None
        else:
            z = gaussian.sample(mu, logvar, eps)
            theta = model.likelihood_parameters(z)
            cost, rate = objectives.distortion(model, theta, x), gaussian.kl(mu, logvar).sum(1)
        loss = cost.mean() / (x[0].numel() if now.loss == "mean" else 1)
        if rate is not None:
            loss = loss + now.beta * rate.mean()
        if not math.isfinite(loss.item()):
            raise NotFinite(f"the loss is {loss.item()} after {self.number} steps; try a lower learning rate")
        self.optimizer.zero_grad()
        loss.backward()
        norms = dict(_norms(model))
        if not all(map(math.isfinite, norms.values())):
            raise NotFinite(f"a gradient is not finite after {self.number} steps; try a lower learning rate")
        for group in self.optimizer.param_groups:
            group["lr"] = now.lr
        self.optimizer.step()
        self.number += 1
        theta = theta.detach()[0]
        x_hat = model.mean(theta) if model.config.variational else theta.clamp(0, 1)
        first = {"x": x[0], "x_hat": x_hat, "mu": mu.detach()[0], "z": z.detach()[0]}
        if logvar is not None and eps is not None:
            first |= {"logvar": logvar.detach()[0], "eps": eps[0]}
        kl = 0.0 if rate is None else rate.mean().item()
        return Step(self.number, loss.item(), cost.mean().item(), kl, norms, **first)


def _norms(model: Any) -> Iterator[tuple[str, float]]:
    """(layer, norm of the gradients of its weights and biases) of each layer that has some, the encoder's first."""
    for name, layer in model.named_modules():
        own = [p.grad for p in layer.parameters(recurse=False) if p.grad is not None]
        if own:
            label = "log_sigma" if not name else f"{name} {type(layer).__name__}"
            yield label, math.sqrt(sum(g.square().sum().item() for g in own))
