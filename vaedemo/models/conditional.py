"""A conditional VAE that restores: q(z|x, y, mask), p(z|y, mask), p(x|z, y, mask), one network for noise and holes.

Sohn et al. 2015; VAEAC, Ivanov, Figurnov & Vetrov 2019; two levels of z from the top down, the proposal told as a
correction of the prior: Soenderby et al. 2016, Vahdat & Kautz 2020. It works at half resolution (FFDNet, Zhang et al.
2018), the folded pixels as channels.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.maths import gaussian
from vaedemo.models.blocks import Residual

__all__ = ["Answer", "Conditional"]

LOG_SCALE = (-4.0, 0.7)  # of a pixel's Gaussian: from 0.018, four grey levels, to 2
PRIOR_LOGVAR, SHIFT_LOGVAR = 4.0, 4.0  # a log-variance and its correction stay within +- these


class Answer(NamedTuple):
    """What a z says of a picture: mean and log_scale of a Gaussian a pixel, (B, C, H, W), not clamped to [0, 1]; kl
    (B,) in nats, None where z came from the prior."""

    mean: Tensor
    log_scale: Tensor
    kl: Tensor | None


def _fold(size):
    return 2 if size <= 32 else 4


class Conditional(nn.Module):
    """Damaged pictures -> plausible clean ones. config.latent_dim numbers of z are dense, config.neck a position of a
    map (7 x 7 of 28 x 28 pictures); config.widths: channels at the folded picture and at half of that."""

    def __init__(self, config):
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
        self.see = nn.Sequential(
            nn.Conv2d((2 * c + 1) * pixels, wide, 3, padding=1), nn.SiLU(),
            nn.Conv2d(wide, deep, 3, stride=2, padding=1), Residual(deep),
        )  # fmt: skip
        self.seen = nn.Sequential(nn.SiLU(), nn.Conv2d(deep, n, 1), nn.Flatten(), nn.Linear(numbers, h))
        self.shift_dense = nn.Linear(h, 2 * d)
        self.spread = nn.Sequential(nn.Linear(d + h, numbers), nn.Unflatten(1, (n, side, side)), nn.Conv2d(n, deep, 1))
        self.top = Residual(deep)
        self.prior_map = nn.Conv2d(deep, 2 * n, 1)
        self.shift_map = nn.Sequential(nn.SiLU(), nn.Conv2d(deep, 2 * n, 3, padding=1))
        self.join = nn.Conv2d(n, deep, 3, padding=1)
        self.middle = Residual(deep)
        self.rise = nn.Conv2d(deep, wide, 3, padding=1)
        self.last = nn.Sequential(
            Residual(wide), Residual(wide), nn.SiLU(), nn.Conv2d(wide, 3 * c * pixels, 3, padding=1),
            nn.PixelShuffle(self.fold),
        )  # fmt: skip
        for layer in (self.prior_dense, self.shift_dense, self.prior_map, self.shift_map[1]):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def condition(self, y, mask, level):
        """Features of the damaged picture: (y, mask, folded map, smaller map, numbers). Computed once for all samples.

        y (B, C, H, W), 0 where unknown; mask (B, 1, H, W); level (B, 1, 1, 1), or UNKNOWN (degrade.py).
        """
        given = torch.cat([y, mask, level.expand_as(mask)], 1)
        wide = self.look(F.pixel_unshuffle(given, self.fold))
        deep = self.lower(wide)
        return y, mask, wide, deep, self.context(deep)

    def answer(self, condition, eps_dense, eps_map, x=None):
        """Answer of z drawn with eps_dense (B, latent_dim) and eps_map (B, neck, side, side) ~ N(0, I): from the
        prior, or with the clean x from the proposal, and then with its KL to the prior."""
        y, mask, wide, deep, context = condition
        seen = None if x is None else self.see(F.pixel_unshuffle(torch.cat([x, y, mask], 1), self.fold))
        shift = None if x is None else self.shift_dense(F.silu(self.seen(seen) + context))
        z, first = _draw(self.prior_dense(context), shift, eps_dense)
        t = self.top(deep + self.spread(torch.cat([z.to(context.dtype), context], 1)))
        shift = None if x is None else self.shift_map(t + seen)
        z, second = _draw(self.prior_map(F.silu(t)), shift, eps_map)
        t = self.middle(t + self.join(z.to(t.dtype)))
        t = wide + self.rise(F.interpolate(t, scale_factor=2))
        mean, log_scale, gate = self.last(t).float().chunk(3, 1)
        low, high = LOG_SCALE
        log_scale = (low + F.softplus(log_scale - 2 - low)).clamp(max=high)
        mean = mean + torch.sigmoid(gate) * y * mask  # little noise: mostly what is there
        return Answer(mean, log_scale, None if x is None else first + second)

    @property
    def noise_shapes(self):
        """Shapes of the eps_dense and the eps_map of one answer."""
        return (self.config.latent_dim,), (self.config.neck, self.side, self.side)

    def noise(self, n, generator=None):
        """(eps_dense, eps_map) ~ N(0, I) for n answers."""
        return tuple(torch.randn(n, *shape, generator=generator) for shape in self.noise_shapes)

    def samples(self, y, mask, level, n, generator=None):
        """(means, scales), each float32 (n, B, C, H, W), of n draws from p(z|y, mask) for every picture, in pairs
        (gaussian.pairs); the means clamped to [0, 1]. Known pixels are not put back."""
        eps = [gaussian.pairs(n, len(y), *s, generator=generator).flatten(0, 1).to(y) for s in self.noise_shapes]
        condition = tuple(t.repeat(n, *[1] * (t.ndim - 1)) for t in self.condition(y, mask, level))
        got = self.answer(condition, *eps)
        return got.mean.clamp(0, 1).unflatten(0, (n, -1)), got.log_scale.exp().unflatten(0, (n, -1))


def _draw(prior, shift, eps):
    """(z, KL to the prior (B,) or None): z from the prior's (mu, logvar), or from the prior moved by a shift."""
    mu, logvar = prior.float().chunk(2, 1)
    logvar = PRIOR_LOGVAR * torch.tanh(logvar / PRIOR_LOGVAR)
    if shift is None:
        return mu + torch.exp(0.5 * logvar) * eps, None
    move, log_ratio = shift.float().chunk(2, 1)
    log_ratio = SHIFT_LOGVAR * torch.tanh(log_ratio / SHIFT_LOGVAR)
    kl = 0.5 * (move.square() * torch.exp(-logvar) + log_ratio.exp() - 1 - log_ratio)
    return mu + move + torch.exp(0.5 * (logvar + log_ratio)) * eps, kl.flatten(1).sum(1)
