"""Photographs restored: a fully convolutional conditional VAE with latents at several resolutions.

A U-Net reads the damaged picture y, the noise's strength and the mask; on the way up its decoder meets spatial
Gaussian latents, coarse first: prior p(z_l | y, mask, sigma, z_<l), posterior q(z_l | x, y, mask, sigma, z_<l).
After Sohn et al. 2015 (conditional VAE), Soenderby et al. 2016 (ladder), Zhang et al. 2018 (FFDNet: half resolution
and a noise map).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.configs import _option, _require
from vaedemo.maths import gaussian
from vaedemo.models.restorer import Answer, Restorer, zeroed

__all__ = ["Features", "PhotoConfig", "PhotoVAE", "fill_holes", "log_prob"]

FILL_LEVELS = 5  # halvings by which a hole is filled before the network sees it
FILL_ROUNDS = 20  # that then bend the filling least
LOG_SCALE = (-6.5, 0.5)  # of the picture's range: from 0.4 to 420 grey levels
UNTOLD = -0.1  # what the network sees where a strength is not told (below zero): near what it knows
SIGMA_UNIT = 5.0  # sigma of 75 grey levels enters as 1.5


@dataclass(frozen=True)
class PhotoConfig:
    """One network; entries of a tuple go from half resolution downwards, each level halving again."""

    kind: str = _option("photo-restore", "photo-restore")
    widths: tuple[int, ...] = _option((48, 72, 96, 104), "channels a level")
    blocks: tuple[int, ...] = _option((2, 2, 2, 2), "residual blocks a level on each side; of the last level in all")
    latents: tuple[int, ...] = _option((0, 4, 6, 8), "latent channels a level; 0 for a level without")
    guide: int = _option(24, "channels at half resolution of the encoder that sees the clean picture, in training only")
    channels: int = _option(3, "values a pixel")
    temperature: float = _option(1.0, "of the prior's draws, chosen on held-out pictures: below 1 they are more alike")

    def __post_init__(self) -> None:
        _require(0 < self.temperature <= 1, f"temperature is {self.temperature}; choose above 0, at most 1")
        sizes = {len(self.widths), len(self.blocks), len(self.latents)}
        _require(len(sizes) == 1, "widths, blocks and latents have unequal lengths; give one entry a level in each")
        _require(min(self.widths) >= 1 and min(self.blocks) >= 0 and min(self.latents) >= 0, "give sizes of 0 or more")
        _require(self.guide >= 1, f"guide is {self.guide}; choose 1 or more")
        _require(self.channels in (1, 3), f"channels is {self.channels}; choose 1 or 3")

    @property
    def stride(self) -> int:
        """Pixels a side that one position of the lowest level covers; pictures are padded to a multiple of it."""
        return 2 ** max(len(self.widths), FILL_LEVELS)


class Features(NamedTuple):
    """What the deterministic half knows of damaged pictures: the maps of its levels, the holes filled, what is told of
    noise and holes (B, 2, H, W), and where the picture is known exactly."""

    levels: tuple[Tensor, ...]
    filled: Tensor
    told: Tensor
    fixed: Tensor

    def rows(self, rows: Any) -> "Features":
        """The features of some pictures of the batch."""
        return Features(tuple(level[rows] for level in self.levels), *(t[rows] for t in self[1:]))


def fill_holes(
    y: Tensor, mask: Tensor, guess: Tensor | None = None, levels: int = FILL_LEVELS, rounds: int = FILL_ROUNDS
) -> Tensor:
    """y with its holes filled smoothly, (B, C, H, W); sides are multiples of 2**levels.

    First averages of known pixels at halved sizes, doubled back where none is known (Gortler et al. 1996, push-pull);
    what no level reaches becomes mid-grey. Then rounds towards the biharmonic surface through the known pixels (Chui &
    Mhaskar 2010), cut to [0, 1]: thin holes are there after twenty, wide ones stay a little flatter. With a guess of
    the whole picture (B, C, H, W) it is the difference from the guess that is filled, and that ends where no level
    reaches: so the guess meets the known pixels without a seam."""
    if bool((mask > 0).all()):
        return y
    value, known, steps = (y if guess is None else (y - guess) * mask), mask, []
    for _ in range(levels):
        steps.append((value, known))
        value, known = _averaged(value, known, F.avg_pool2d)
    for _ in range(2):  # the coarsest level: from its neighbours
        wider, reached = _averaged(value, known, lambda t, _: F.avg_pool2d(t, 3, 1, 1))
        value, known = torch.where(known > 0, value, wider), torch.maximum(known, reached)
    value = torch.where(known > 0, value, 0.5 if guess is None else 0.0)
    for finer, known in reversed(steps):
        wide = F.interpolate(value, scale_factor=2, mode="bilinear", align_corners=False)
        value = torch.where(known > 0, finer, wide)
    value = _bent_least(value, 1 - mask, rounds)
    return torch.where(mask > 0, y, (value if guess is None else guess + value).clamp(0, 1))


def _bent_least(value: Tensor, hole: Tensor, rounds: int, slowest: float = 0.5, fastest: float = 64.0) -> Tensor:
    """value changed where hole is 1, so that the sum of its squared Laplacians falls: Chebyshev's iteration between
    these eigenvalues (Golub & Varga 1961). What is further away than two pixels a round has no say, so tiles agree."""
    middle, half = (fastest + slowest) / 2, (fastest - slowest) / 2
    residual = -hole * _laplacian(_laplacian(value))
    step, ratio = residual / middle, half / middle
    for _ in range(rounds):
        value, residual = value + step, residual - hole * _laplacian(_laplacian(step))
        now = 1 / (2 * middle / half - ratio)
        step, ratio = now * ratio * step + 2 * now / half * residual, now
    return value


def _laplacian(t: Tensor) -> Tensor:
    """Of five points; beyond the edge the edge goes on."""
    t = F.pad(t, (1, 1, 1, 1), mode="replicate")
    across, down = t[..., 1:-1, :], t[..., :, 1:-1]
    return across[..., :-2] + across[..., 2:] + down[..., :-2, :] + down[..., 2:, :] - 4 * t[..., 1:-1, 1:-1]


def _averaged(value: Tensor, known: Tensor, pool: Callable[[Tensor, int], Tensor]) -> tuple[Tensor, Tensor]:
    """(averages over the known values, where there are any as 0 or 1)."""
    weight = pool(known, 2)
    return pool(value * known, 2) / weight.clamp(min=1e-6), (weight > 0).to(value)


class _Block(nn.Module):
    """x + conv(relu(conv(x))), the identity at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        zeroed(self.conv2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(x), inplace=True))


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*[_Block(width) for _ in range(count)])


class _Latent(nn.Module):
    """A stochastic level: p(z | h) and q(z | h, g), each N(mu, sigma^2) a position, and z's way back into h."""

    def __init__(self, width: int, latent: int, guide: int) -> None:
        super().__init__()
        self.prior = nn.Conv2d(width, 2 * latent, 3, padding=1)
        self.meet = nn.Conv2d(width + guide, width // 2, 1)
        self.posterior = nn.Conv2d(width // 2, 2 * latent, 3, padding=1)
        self.inject = nn.Conv2d(latent, width, 3, padding=1)
        zeroed(self.prior, self.posterior)

    def forward(self, h: Tensor, guide: Tensor | None, eps: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """(h with z in it, kl (B,) or None). Without eps z is the prior's mean; with a guide z comes from the
        posterior, written as a shift and a scale of the prior: mu_q = mu_p + sigma_p d, sigma_q = sigma_p s."""
        mu, logvar = self.prior(h).float().chunk(2, dim=1)
        logvar, kl = logvar.clamp(-8, 4), None
        if guide is not None:
            met = F.relu(self.meet(torch.cat([h, guide], 1)))
            d, logs = self.posterior(met).float().chunk(2, dim=1)
            logs = logs.clamp(-8, 2)
            kl = gaussian.kl(d, logs).sum((1, 2, 3))
            mu, logvar = mu + d * torch.exp(0.5 * logvar), logvar + logs
        z = mu if eps is None else gaussian.sample(mu, logvar, eps)
        return h + self.inject(z.to(h.dtype)), kl


class PhotoVAE(Restorer):
    """Damaged photographs (B, 3, H, W) -> clean ones. Sides are multiples of stride (see services/restore/tiles.py)."""

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__()
        self.config = config
        w, g = config.widths, [config.guide * (2 + i) // 2 for i in range(len(config.widths))]
        pairs, given = list(pairwise(w)), 4 * (config.channels + 2)
        self.stem = nn.Conv2d(given, w[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(_blocks(c, n) for c, n in zip(w, config.blocks, strict=True))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in pairs)
        self.up_blocks = nn.ModuleList(_blocks(c, n) for c, n in zip(w[:-1], config.blocks[:-1], strict=True))
        self.latent = nn.ModuleDict({str(i): _Latent(w[i], c, g[i]) for i, c in enumerate(config.latents) if c})
        self.head = nn.Conv2d(w[0], 4 * 2 * config.channels, 3, padding=1)
        zeroed(self.head)
        self.guide = nn.ModuleList(
            [nn.Conv2d(given, g[0], 3, padding=1)] + [nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(g)]
        )

    @property
    def stride(self) -> int:
        return self.config.stride

    @property
    def temperature(self) -> float:
        return self.config.temperature

    def encode(self, y: Tensor, sigma: Tensor, mask: Tensor, guess: Tensor | None = None) -> Features:
        """As Restorer has it; guess: what a hole starts from, of y's shape, or None."""
        filled = fill_holes(y, mask, guess)
        told = torch.cat([SIGMA_UNIT * sigma.clamp(min=UNTOLD) * mask, 1 - mask], 1)
        h, levels = self.stem(_folded(torch.cat([filled - 0.5, told], 1))), []
        for i, blocks in enumerate(self.down_blocks):
            h = blocks(h)
            levels.append(h)
            if i < len(self.down):
                h = self.down[i](h)
        return Features(tuple(levels), filled, told, (mask > 0) & (sigma == 0))

    def guides(self, features: Features, x: Tensor) -> list[Tensor]:
        """What the posterior sees of the clean picture x at each level."""
        g, found = _folded(torch.cat([4 * (x - features.filled), features.told], 1)), []
        for layer in self.guide:
            g = F.relu(layer(g))
            found.append(g)
        return found

    def noise_shapes(self, height: int, width: int) -> dict[int, tuple[int, ...]]:
        return {i: (c, height >> (i + 1), width >> (i + 1)) for i, c in enumerate(self.config.latents) if c}

    def decode(self, features: Features, eps: dict[int, Tensor] | None = None, x: Tensor | None = None) -> Answer:
        """As Restorer has it; without eps z is the prior's mean. Known pixels without noise come back as they are."""
        guides = None if x is None else self.guides(features, x)
        h, kl = features.levels[-1], None
        for i in reversed(range(len(features.levels))):
            if i < len(self.up):
                h = F.pixel_shuffle(self.up[i](h), 2) + features.levels[i]
            if str(i) in self.latent:
                guide = None if guides is None else guides[i]
                h, nats = self.latent[str(i)](h, guide, None if eps is None else eps[i])
                kl = nats if kl is None else kl + nats
            if i < len(self.up):
                h = self.up_blocks[i](h)
        residual, log_scale = F.pixel_shuffle(self.head(h).float(), 2).chunk(2, dim=1)
        mean = torch.where(features.fixed, features.filled, features.filled + residual)
        return Answer(mean, (log_scale - 3).clamp(*LOG_SCALE), kl)

    def forward(self, y: Tensor, sigma: Tensor, mask: Tensor, eps: dict[int, Tensor] | None = None) -> Answer:
        return self.decode(self.encode(y, sigma, mask), eps)


def _folded(t: Tensor) -> Tensor:
    """Space to depth by two, channels last."""
    return F.pixel_unshuffle(t, 2).contiguous(memory_format=torch.channels_last)


def log_prob(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """log N(x; mean, exp(log_scale)^2) in nats for each element."""
    return -0.5 * math.log(2 * math.pi) - log_scale - 0.5 * ((x - mean) * torch.exp(-log_scale)).square()
