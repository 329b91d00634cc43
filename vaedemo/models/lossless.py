"""A VAE whose arithmetic is exact, for lossless compression by bits back: every machine has the same probabilities.

    x in whole levels -> mu and log2 sigma of z, in steps of 1 / 32, from integer networks (ExactConv)
    z = k / 32, k whole -> the parameters of every pixel's distribution, on grids
    p(k) = N(0, 32^2) and q(k | x) = N(mu, sigma^2) within 1/2 of each k

Bernoulli for black and white pictures, a mixture of discretised logistics (Salimans et al. 2017, without its coupling)
for 256 levels. Townsend, Bird & Barber 2019; exact networks: models/entropy.py.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.configs import LOSSLESS, _option, _require
from vaedemo.maths import gaussian
from vaedemo.models.entropy import LOG2_SCALE, SCALE_GRID, ExactConv, nearest
from vaedemo.models.objectives import Terms

__all__ = ["Levels", "Lossless", "LosslessConfig", "Output", "Posterior", "STEPS"]

STEPS = 32  # a unit of z
PATCH = 4  # pixels a side of a position of the networks
FLOOR = 2.0**-24  # the least probability of a level
WEIGHTS = (-8.0, 8.0)  # log2 of a component's weight, multiples of 1 / 8
SPREADS, SPREAD_GRID = (-2.0, 6.0), 4.0  # log2 of a component's scale in levels, multiples of 1 / 4


@dataclass(frozen=True)
class LosslessConfig:
    """Sizes of a lossless VAE of square grey pictures."""

    kind: str = _option("lossless", "lossless, or lossless-binary: of pixels that are black or white")
    size: int = _option(28, "height and width of a picture in pixels, a multiple of 4")
    latent_dim: int = _option(40, "numbers that describe a picture")
    components: int = _option(5, "logistics of the mixture of a pixel of 256 levels")
    width: int = _option(64, "channels at a quarter of the size")
    hidden: int = _option(256, "units of the dense layers beside the code")
    neck: int = _option(8, "channels in which the feature map meets the dense layers")

    def __post_init__(self) -> None:
        _require(self.size % PATCH == 0, f"size is {self.size}; choose a multiple of {PATCH}")
        least = min(self.latent_dim, self.width, self.hidden, self.neck)
        _require(least >= 1, f"a size is {least}; choose 1 or more")
        _require(1 <= self.components <= 8, f"components is {self.components}; choose 1 to 8")

    @property
    def binary(self) -> bool:
        return self.kind == LOSSLESS[1]

    @property
    def variational(self) -> bool:
        return True


class Posterior(NamedTuple):
    """q(k | x) of each z in steps: whole means, and log2 of the deviations, multiples of 1 / 8; both (B, D)."""

    mean: Tensor
    log2_scale: Tensor


class Levels(NamedTuple):
    """The mixture of each pixel, all (B, K, H, W): log2 weights not normalised, means in levels (whole), and log2 of
    the scales in levels."""

    weight: Tensor
    mean: Tensor
    spread: Tensor


class Output(NamedTuple):
    """x_hat (B, 1, H, W) in [0, 1]."""

    x_hat: Tensor


class Lossless(nn.Module):
    """The networks. In float64 they are exact; in float32 (training) they round as much, with gradients."""

    def __init__(self, config: LosslessConfig) -> None:
        super().__init__()
        self.config, c, side = config, config, config.size // PATCH
        pixels, outputs = PATCH**2, 1 if config.binary else 3 * config.components
        self.look = nn.Sequential(
            ExactConv(pixels, c.width), ExactConv(c.width, c.width), ExactConv(c.width, c.neck, 1)
        )
        self.code = nn.Sequential(
            ExactConv(c.neck * side**2, c.hidden, 1), ExactConv(c.hidden, 2 * c.latent_dim, 1, last=True, bound=512.0)
        )
        self.open = nn.Sequential(ExactConv(c.latent_dim, c.hidden, 1), ExactConv(c.hidden, c.neck * side**2, 1))
        self.draw = nn.Sequential(
            ExactConv(c.neck, c.width),
            ExactConv(c.width, c.width),
            ExactConv(c.width, pixels * outputs, 1, last=True, bound=512.0),
        )
        if not config.binary:
            self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        """The mixtures start with narrow components at black and white, and wide ones between."""
        k = self.config.components
        at = torch.linspace(-127.5, 127.5, k) / 64 if k > 1 else torch.zeros(1)
        wide = torch.full((k,), 3.0)
        wide[[0, -1]] = -2.0 if k > 1 else 3.0
        last = self.draw[-1]
        assert isinstance(last, ExactConv)
        last.bias.copy_(torch.cat([torch.zeros(k), at, wide]).repeat_interleave(PATCH**2))

    def seen(self, x: Tensor) -> Tensor:
        """x uint8 (B, 1, H, W), 0 and 1 if Bernoulli, as the networks see it: multiples of 1 / 64 within +-2."""
        return 2 * x.float() - 1 if self.config.binary else (x.float() - 128) / 64

    def encode(self, x: Tensor) -> Posterior:
        """Posterior of pictures as they are seen, (B, 1, H, W)."""
        features = self.look(F.pixel_unshuffle(x, PATCH)).flatten(1)[:, :, None, None]
        mean, scale = self.code(features)[:, :, 0, 0].chunk(2, 1)
        return Posterior(nearest(STEPS * mean), nearest(scale + 4, SCALE_GRID, LOG2_SCALE))

    def decode(self, steps: Tensor) -> Tensor:
        """What the likelihood is made of, (B, outputs, H, W), from z in steps (B, D): logits of a Bernoulli, multiples
        of 1 / 64, or what `levels` takes."""
        side = self.config.size // PATCH
        z = nearest(steps / STEPS, 64.0, 8.0)[:, :, None, None]
        features = self.open(z).unflatten(1, (self.config.neck, side**2)).reshape(len(z), -1, side, side)
        return F.pixel_shuffle(self.draw(features), PATCH)

    def levels(self, theta: Tensor) -> Levels:
        """The mixtures of what `decode` gave."""
        weight, mean, spread = theta.chunk(3, 1)
        return Levels(
            nearest(weight, SCALE_GRID, WEIGHTS),
            nearest(128 + 64 * mean, 1.0, (0.0, 255.0)),
            nearest(spread, SPREAD_GRID, SPREADS),
        )

    def distortion(self, theta: Tensor, x: Tensor) -> Tensor:
        """-log p(x | z) in nats a picture, (B,), of x uint8 (B, 1, H, W)."""
        x = x.float()
        if self.config.binary:
            return F.binary_cross_entropy_with_logits(theta, x, reduction="none").flatten(1).sum(1)
        weight, mean, spread = self.levels(theta)
        inverse = torch.exp2(-spread)
        low, high = ((x + s - mean) * inverse for s in (-0.5, 0.5))
        above = torch.where(x < 255, torch.sigmoid(-high), 0.0)
        below = torch.where(x > 0, torch.sigmoid(low), 0.0)
        mass = torch.where(low > 0, torch.sigmoid(-low) - above, torch.sigmoid(high) - below)  # which does not cancel
        mass = torch.where((x == 255) & (low <= 0), 1 - below, mass)
        share = torch.softmax(weight * math.log(2), 1)
        return -((share * mass).sum(1) + FLOOR).log().flatten(1).sum(1)

    def mean(self, theta: Tensor) -> Tensor:
        """Mean pictures in [0, 1], (B, 1, H, W), of what `decode` gave."""
        if self.config.binary:
            return theta.sigmoid()
        weight, mean, _ = self.levels(theta)
        return (torch.softmax(weight * math.log(2), 1) * mean).sum(1, keepdim=True) / 255

    def forward(self, x: Tensor) -> Output:
        """The mean picture of the mean z of pictures in [0, 1], (B, 1, H, W)."""
        level = (x * (1 if self.config.binary else 255)).round()
        return Output(self.mean(self.decode(self.encode(self.seen(level)).mean)))

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Mean pictures of n draws from the prior, (n, 1, H, W) in [0, 1]."""
        return self.mean(self.decode(nearest(STEPS * torch.randn(n, self.config.latent_dim, generator=generator))))

    def terms(self, x: Tensor, eps: Tensor) -> Terms:
        """Terms of pictures x uint8 (B, 1, H, W) with eps (B, D) ~ N(0, I): z is not rounded here."""
        mean, log2_scale = self.encode(self.seen(x))
        mu, logvar = mean / STEPS, 2 * math.log(2) * (log2_scale - math.log2(STEPS))
        kl = gaussian.kl(mu, logvar)
        theta = self.decode(STEPS * gaussian.sample(mu, logvar, eps))
        cost = self.distortion(theta.float(), x)
        return Terms(cost.mean() + kl.sum(1).mean(), cost, kl)
