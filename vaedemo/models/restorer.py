"""What the networks that restore have in common: damaged pictures in, any number of plausible clean ones out.

A network reads a damaged picture once, encode(y, sigma, mask), and answers as often as is asked, decode(features, eps).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.maths import gaussian

__all__ = ["Answer", "Restorer", "Samples", "padded", "zeroed"]


class Answer(NamedTuple):
    """What a z says of a picture: mean and log_scale of a Gaussian a value, (B, C, H, W), not clamped to [0, 1]; kl
    (B,) in nats, None where z came from the prior."""

    mean: Tensor
    log_scale: Tensor
    kl: Tensor | None


class Samples(NamedTuple):
    """n plausible clean pictures of each damaged one, float32 (n, B, C, H, W): means in [0, 1], and the standard
    deviations that p(x | z, y) leaves to each value."""

    means: Tensor
    scales: Tensor


class Restorer(nn.Module):
    """A network that restores."""

    @property
    def stride(self) -> int:
        """What the sides of its pictures are multiples of, in pixels."""
        return 1

    @property
    def temperature(self) -> float:
        """By which the prior's draws are multiplied."""
        return 1.0

    def encode(self, y: Tensor, sigma: Tensor, mask: Tensor) -> Any:
        """Features, with rows() for some of the pictures, of y (B, C, H, W), 0 where unknown; sigma (B, 1, H, W) the
        noise's standard deviation, or UNKNOWN (damage.py); mask (B, 1, H, W), 1 where known."""
        raise NotImplementedError

    def decode(self, features: Any, eps: Any = None, x: Tensor | None = None) -> Answer:
        """Answer of z drawn with eps, {level: (B, ...)} ~ N(0, I) of noise_shapes(), without eps of its mean: from the
        prior, or with the clean x from the posterior, and then with its KL to the prior."""
        raise NotImplementedError

    def noise_shapes(self, height: int, width: int) -> Mapping[Any, tuple[int, ...]]:
        """{level: shape} of one picture's eps; the sides are multiples of stride."""
        raise NotImplementedError

    def samples(
        self, y: Tensor, mask: Tensor, sigma: Tensor, n: int, generator: torch.Generator | None = None
    ) -> Samples:
        """Samples from p(x | y, mask) of y (B, C, H, W) with masks (B, 1, H, W) and sigma (B, 1, 1, 1), in pairs
        (gaussian.pairs). Known pixels are not put back."""
        b, _, height, width = y.shape
        y, mask, sigma = padded(self.stride, y, mask, sigma.expand_as(mask))
        shapes = self.noise_shapes(*y.shape[2:])
        eps = {level: gaussian.pairs(n, b, *s, generator=generator).flatten(0, 1) for level, s in shapes.items()}
        eps = {level: self.temperature * e.to(y) for level, e in eps.items()}
        found = self.decode(self.encode(y * mask, sigma, mask).rows(torch.arange(b).repeat(n)), eps)
        mean, log_scale = (t[..., :height, :width].unflatten(0, (n, b)) for t in found[:2])
        return Samples(mean.clamp(0, 1), log_scale.exp())


def padded(stride: int, *pictures: Tensor) -> list[Tensor]:
    """Pictures (B, C, H, W) with their last rows and columns repeated up to multiples of stride."""
    below, right = (-side % stride for side in pictures[0].shape[2:])
    return [F.pad(t, (0, right, 0, below), mode="replicate") for t in pictures]


def zeroed(*layers: nn.Module) -> None:
    """Set all weights of some layers to 0, so that what they add is nothing at first."""
    for layer in layers:
        for weight in layer.parameters():
            nn.init.zeros_(weight)
