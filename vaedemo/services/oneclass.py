"""One-class detection: learn from pictures of one class, then tell how strange others are to it.

A picture is described by its oriented gradients (maths/gradients.py). A small dense autoencoder learns to free those of
the class from noise (Vincent et al. 2010). A picture is strange where its code is far from the codes of the class, its
description from what the autoencoder makes of the class, and from what it makes of the picture itself: the logs of the
three distances are added, so that none needs a scale.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from vaedemo.configs import ModelConfig, TrainConfig, _option, _require
from vaedemo.errors import ConfigError, PictureError
from vaedemo.maths.gradients import DIRECTIONS, STRIDE, gradients
from vaedemo.models import build_model
from vaedemo.models.objectives import Terms
from vaedemo.training.loop import fit

__all__ = [
    "Detector",
    "Distances",
    "LEAST",
    "OneClassConfig",
    "SETTINGS",
    "combined",
    "distances",
    "learn",
    "nearest",
    "strangeness",
]

LEAST = 2  # pictures that a class has at least
BATCH = 1000  # pictures at once
TINY = 1e-6  # added to a distance before its logarithm


@dataclass(frozen=True)
class OneClassConfig:
    """What a Detector is made of. The first two differ between digits and clothes; the rest is the same for both."""

    contrast: float = _option(0.0, "1 keeps a picture's contrast, 0 levels it")
    error_weight: float = _option(2.0, "of the error's log, beside 1 of each of the other two")
    latent_dim: int = _option(32, "numbers that describe a picture")
    hidden: int = _option(512, "units of the hidden layer before the code, and of that after it")
    noise: float = _option(1.0, "added to descriptions in training, in their standard deviations")
    code_noise: float = _option(0.1, "added to codes in training")
    neighbours: int = _option(10, "nearest of the class, whose distances are averaged")
    steps: int = _option(1500, "updates of the network")

    def __post_init__(self) -> None:
        _require(0 <= self.contrast <= 1, f"contrast is {self.contrast}; choose 0 to 1")
        for name in ("error_weight", "noise", "code_noise"):
            _require(getattr(self, name) >= 0, f"{name} is {getattr(self, name)}; choose 0 or more")
        for name in ("neighbours", "steps"):
            _require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}; choose 1 or more")


# Chosen on training pictures held out: `python benchmarks/oneclass.py`.
SETTINGS = {"digits": OneClassConfig(), "fashion": OneClassConfig(contrast=1.0, error_weight=0.25)}


class Detector(NamedTuple):
    """What was learnt of a class. mean (F,) and scale, a number: what its descriptions are standardised by; model: the
    autoencoder of those; codes (N, D) and x_hat (N, F): of the class, its codes and what they are decoded to."""

    config: OneClassConfig
    mean: Tensor
    scale: Tensor
    model: Any
    codes: Tensor
    x_hat: Tensor


class Distances(NamedTuple):
    """float64 (N,) each. error: of a description from what the autoencoder makes of it; code: of the code from the
    nearest codes of the class; made: of the description from the nearest that it makes of the class."""

    error: np.ndarray
    code: np.ndarray
    made: np.ndarray


class _Denoising:
    """The Task: give descriptions (N, F) back from noisy ones, through a noisy code."""

    stream, digest = "oneclass", ""

    def __init__(self, described: Tensor, config: OneClassConfig, batch_size: int) -> None:
        self.described, self.config = described, config
        self.batches: tuple[int, ...] = (min(batch_size, len(described)),)
        self.settings: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self.described)

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """(descriptions, the same with noise, noise of their codes)."""
        rows = torch.randint(len(self), self.batches, generator=generator)
        clean = self.described[rows]
        noisy = clean + self.config.noise * torch.randn(clean.shape, generator=generator)
        code = self.config.code_noise * torch.randn(len(rows), self.config.latent_dim, generator=generator)
        return clean[mine], noisy[mine], code[mine]

    def terms(self, model: nn.Module, batch: tuple) -> Terms:
        clean, noisy, code = batch
        squared = (_decoded(model, _encoded(model, noisy) + code) - clean).square().sum(1)
        return Terms(squared.mean(), squared, None)

    def measure(self, model: nn.Module) -> dict[str, float]:
        return {}


def _encoded(model: Any, described: Tensor) -> Tensor:
    """Codes (N, D) of descriptions (N, F), which the network sees as a picture: a mosaic of all directions."""
    return model.encode(described.view(-1, *model.config.shape)).mu.float()


def _decoded(model: Any, codes: Tensor) -> Tensor:
    """Descriptions (N, F) of codes (N, D), not clamped."""
    return model.decoder(codes).float().flatten(1)


def learn(x: Tensor, config: OneClassConfig, seed: int = 0) -> Detector:
    """The Detector of a class from its pictures x, float32 (N, 1, S, S) in [0, 1], S a multiple of 4."""
    if len(x) < LEAST:
        raise ConfigError(f"the number of pictures is {len(x)}; give {LEAST} or more of the class")
    described = gradients(x, config.contrast)
    mean = described.mean(0)
    scale = (described - mean).square().mean().sqrt() + TINY
    described = (described - mean) / scale
    side = round(described.shape[1] ** 0.5)
    if side * side != described.shape[1]:
        raise ConfigError(f"pictures are of shape {tuple(x.shape[1:])}; give square ones")
    shape = ModelConfig("dense", config.latent_dim, size=side, hidden=config.hidden)
    training = TrainConfig(steps=config.steps, lr=2e-3, weight_decay=0.01, warmup=100, average=0.99, seed=seed)
    model = build_model(shape, seed)
    for _ in fit(model, _Denoising(described, config, training.batch_size), training, device=x.device):
        pass
    with torch.no_grad():
        codes = _encoded(model, described)
        return Detector(config, mean, scale, model, codes, _decoded(model, codes))


@torch.no_grad()
def distances(detector: Detector, x: Tensor) -> Distances:
    """Distances of pictures x, float32 (N, 1, S, S) in [0, 1], of the class's size."""
    side = detector.model.config.size * STRIDE // round(DIRECTIONS**0.5)
    if x.shape[2:] != (side, side):
        raise PictureError(f"pictures are of shape {tuple(x.shape)}; give some of {side} x {side}, as the class")
    found, count = [], detector.config.neighbours
    for part in x.split(BATCH):
        described = (gradients(part, detector.config.contrast) - detector.mean) / detector.scale
        codes = _encoded(detector.model, described)
        error = (_decoded(detector.model, codes) - described).norm(dim=1)
        found.append(
            torch.stack([error, nearest(detector.codes, codes, count), nearest(detector.x_hat, described, count)])
        )
    return Distances(*torch.cat(found, 1).double().numpy())


def strangeness(detector: Detector, x: Tensor) -> np.ndarray:
    """How strange pictures x, float32 (N, 1, S, S) in [0, 1], are to a class, float64 (N,), higher for stranger ones:
    the logs of the three Distances, error_weight times that of the error."""
    return combined(distances(detector, x), detector.config.error_weight)


def combined(found: Distances, error_weight: float) -> np.ndarray:
    """The strangeness (N,) that Distances come to."""
    error, code, made = (np.log(d + TINY) for d in found)
    return code + made + error_weight * error


def nearest(known: Tensor, x: Tensor, count: int) -> Tensor:
    """Mean distance of each row of x (M, F) to its `count` nearest rows of known (N, F), or to all of fewer, (M,)."""
    return torch.cdist(x, known).topk(min(count, len(known)), largest=False).values.mean(1)
