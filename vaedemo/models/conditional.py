"""A conditional VAE that restores: q(z|x, y, mask), p(z|y, mask), p(x|z, y, mask), one network for noise and holes.

Sohn et al. 2015; VAEAC, Ivanov, Figurnov & Vetrov 2019; two levels of z from the top down, the proposal told as a
correction of the prior: Soenderby et al. 2016, Vahdat & Kautz 2020. It works at half resolution (FFDNet, Zhang et al.
2018), the folded pixels as channels.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.configs import ModelConfig
from vaedemo.models.blocks import Residual
from vaedemo.models.restorer import Answer, Restorer, zeroed

__all__ = ["Conditional"]

LOG_SCALE = (-4.0, 0.7)  # of a pixel's Gaussian: from 0.018, four grey levels, to 2
PRIOR_LOGVAR, SHIFT_LOGVAR = 4.0, 4.0  # a log-variance and its correction stay within +- these


class _Features(NamedTuple):
    """The damaged picture and its mask, the folded map, the smaller map, and numbers."""

    y: Tensor
    mask: Tensor
    wide: Tensor
    deep: Tensor
    context: Tensor

    def rows(self, rows: Any) -> "_Features":
        """The features of some pictures of the batch."""
        return _Features(*(t[rows] for t in self))


def _fold(size: int) -> int:
    return 2 if size <= 32 else 4


class Conditional(Restorer):
    """Damaged pictures -> plausible clean ones. config.latent_dim numbers of z are dense, config.neck a position of a
    map (7 x 7 of 28 x 28 pictures); config.widths: channels at the folded picture and at half of that."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.fold = _fold(config.size)
        pixels, side = self.fold**2, config.size // self.fold // 2
        wide, deep = config.widths
        c, d, n, h = config.channels, config.latent_dim, config.neck, config.hidden
        self.side = side
        self.look = nn.Sequential(nn.Conv2d((c + 2) * pixels, wide, 3, padding=1), Residual(wide))
        self.lower = nn.Sequential(nn.Conv2d(wide, deep, 3, stride=2, padding=1), Residual(deep), Residual(deep))
        numbers = n * side**2
        self.context = nn.Sequential(nn.SiLU(), nn.Conv2d(deep, n, 1), nn.Flatten(), nn.Linear(numbers, h), nn.SiLU())
        self.prior_dense = nn.Linear(h, 2 * d)
        first = nn.Conv2d((2 * c + 1) * pixels, wide, 3, padding=1)
        self.see = nn.Sequential(first, nn.SiLU(), nn.Conv2d(wide, deep, 3, stride=2, padding=1), Residual(deep))
        self.seen = nn.Sequential(nn.SiLU(), nn.Conv2d(deep, n, 1), nn.Flatten(), nn.Linear(numbers, h))
        self.shift_dense = nn.Linear(h, 2 * d)
        self.spread = nn.Sequential(nn.Linear(d + h, numbers), nn.Unflatten(1, (n, side, side)), nn.Conv2d(n, deep, 1))
        self.top = Residual(deep)
        self.prior_map = nn.Conv2d(deep, 2 * n, 1)
        self.shift_map = nn.Sequential(nn.SiLU(), nn.Conv2d(deep, 2 * n, 3, padding=1))
        self.join = nn.Conv2d(n, deep, 3, padding=1)
        self.middle = Residual(deep)
        self.rise = nn.Conv2d(deep, wide, 3, padding=1)
        refine = (Residual(wide), Residual(wide), nn.SiLU())
        self.last = nn.Sequential(*refine, nn.Conv2d(wide, 3 * c * pixels, 3, padding=1), nn.PixelShuffle(self.fold))
        zeroed(self.prior_dense, self.shift_dense, self.prior_map, self.shift_map[1])

    def encode(self, y: Tensor, sigma: Tensor, mask: Tensor) -> _Features:
        given = torch.cat([y, mask, sigma.expand_as(mask)], 1)
        wide = self.look(F.pixel_unshuffle(given, self.fold))
        deep = self.lower(wide)
        return _Features(y, mask, wide, deep, self.context(deep))

    def wide(
        self, features: _Features, eps: dict[str, Tensor] | None = None, x: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """(what the last layers see, (B, widths[0], S / fold, S / fold); KL (B,) or None), as decode has it."""
        y, mask, wide, deep, context = features
        eps = eps or {}
        seen = None if x is None else self.see(F.pixel_unshuffle(torch.cat([x, y, mask], 1), self.fold))
        shift = None if x is None else self.shift_dense(F.silu(self.seen(seen) + context))
        z, first = _draw(self.prior_dense(context), shift, eps.get("dense"))
        t = self.top(deep + self.spread(torch.cat([z.to(context.dtype), context], 1)))
        shift = None if x is None else self.shift_map(t + seen)
        z, second = _draw(self.prior_map(F.silu(t)), shift, eps.get("map"))
        t = self.middle(t + self.join(z.to(t.dtype)))
        kl = None if first is None or second is None else first + second
        return wide + self.rise(F.interpolate(t, scale_factor=2)), kl

    def decode(self, features: _Features, eps: dict[str, Tensor] | None = None, x: Tensor | None = None) -> Answer:
        y, mask, *_ = features
        t, kl = self.wide(features, eps, x)
        mean, log_scale, gate = self.last(t).float().chunk(3, 1)
        low, high = LOG_SCALE
        log_scale = (low + F.softplus(log_scale - 2 - low)).clamp(max=high)
        mean = mean + torch.sigmoid(gate) * y * mask  # little noise: mostly what is there
        return Answer(mean, log_scale, kl)

    def noise_shapes(self, height: int = 0, width: int = 0) -> dict[str, tuple[int, ...]]:
        return {"dense": (self.config.latent_dim,), "map": (self.config.neck, self.side, self.side)}

    def noise(self, n: int, generator: torch.Generator | None = None) -> tuple[Tensor, ...]:
        """eps ~ N(0, I) for n answers, in the order of noise_shapes()."""
        return tuple(torch.randn(n, *shape, generator=generator) for shape in self.noise_shapes().values())


def _draw(prior: Tensor, shift: Tensor | None, eps: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """(z, KL to the prior (B,) or None): z from the prior's (mu, logvar), or from the prior moved by a shift."""
    mu, logvar = prior.float().chunk(2, 1)
    eps = torch.zeros_like(mu) if eps is None else eps
    logvar = PRIOR_LOGVAR * torch.tanh(logvar / PRIOR_LOGVAR)
    if shift is None:
        return mu + torch.exp(0.5 * logvar) * eps, None
    move, log_ratio = shift.float().chunk(2, 1)
    log_ratio = SHIFT_LOGVAR * torch.tanh(log_ratio / SHIFT_LOGVAR)
    kl = 0.5 * (move.square() * torch.exp(-logvar) + log_ratio.exp() - 1 - log_ratio)
    return mu + move + torch.exp(0.5 * (logvar + log_ratio)) * eps, kl.flatten(1).sum(1)
