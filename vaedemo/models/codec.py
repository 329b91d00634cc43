"""A compressive VAE for photographs of any size: linear transforms, convolutional corrections, an exact entropy model.

    x in [0, 1] -> y = gain(q) * (linear(x) + correction(x))   M channels a block of 16 x 16 pixels, unit: a step
    z = round(hyper_analysis(y))                               one position for 64 x 64 pixels
    h = hyper_synthesis(z) -> mu and sigma of y                slice by slice, each sees the earlier ones
    r = round(y - mu), which the file holds; y_hat = r + mu
    x_hat = linear((y_hat + predicted residual) / gain(q)) + correction

It is a VAE (Balle, Laparra & Simoncelli 2017): the posterior is uniform of width one around y, the rate is the KL term
and lambda plays beta. Sources besides those of the entropy model: latent residual prediction, Minnen & Singh 2020;
gains, Cui et al. 2021; noise for the rate and straight-through rounding for the decoder, Balle et al. 2018; shallow
synthesis, Yang & Mandt 2023.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.models.entropy import (
    BLOCK,
    LAMBDAS,
    LOG2_SCALE,
    CodecConfig,
    EntropyModel,
    Part,
    bits_coded,
    bits_logistic,
    bits_normal,
    interpolate,
    nearest,
    pointwise,
)
from vaedemo.models.restorer import zeroed

__all__ = ["Analysis", "Codec", "Coded", "Noise", "Synthesis"]


class Coded(NamedTuple):
    """What a forward pass gives: x_hat (B, 3, H, W) not clipped; bits of y and of z a picture, both (B,)."""

    x_hat: Tensor
    bits_y: Tensor
    bits_z: Tensor


class Noise(NamedTuple):
    """Uniform on [-1/2, 1/2): of y (B, M, H / 16, W / 16) and of z (B, Z, H / 64, W / 64), shapes rounded up."""

    y: Tensor
    z: Tensor


class _Residual(nn.Module):
    """x + conv(act(conv(act(x)))); the last convolution starts at zero, so that the block starts as the identity."""

    def __init__(self, width: int, hidden: int | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, hidden or width, 3, padding=1)
        self.conv2 = nn.Conv2d(hidden or width, width, 3, padding=1)
        zeroed(self.conv2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.leaky_relu(self.conv1(F.leaky_relu(x, 0.1)), 0.1))


class _Level(nn.Module):
    """x * (1 + a(q)) + b(q), both starting at zero: tells the quality to a network (after Perez et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(len(LAMBDAS), 2 * width))

    def forward(self, x: Tensor, q: Tensor) -> Tensor:
        a, b = interpolate(self.table, q).chunk(2, 1)
        return x * (1 + a) + b


class Analysis(nn.Module):
    """Correction of the linear analysis: x (B, 3, H, W) around zero -> (B, M, H / 16, W / 16)."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        n, m = config.width, config.width + 32
        self.start = nn.Conv2d(48, n, 3, padding=1)
        self.level = _Level(n)
        self.body = nn.Sequential(
            _Residual(n),
            nn.Conv2d(n, m, 3, 2, 1),
            _Residual(m),
            _Residual(m),
            nn.Conv2d(m, config.trunk, 3, 2, 1),
            _Residual(config.trunk, config.inner),
        )
        self.level2 = _Level(config.trunk)
        self.end = nn.Conv2d(config.trunk, config.channels, 1)
        zeroed(self.end)

    def forward(self, x: Tensor, q: Tensor) -> Tensor:
        x = self.body(self.level(self.start(F.pixel_unshuffle(4 * x, 4)), q))
        return self.end(F.leaky_relu(self.level2(x, q), 0.1))


class Synthesis(nn.Module):
    """Correction of the rounding and of the linear synthesis."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        m, t, n = config.channels, config.trunk, config.width
        eighth, quarter = config.rising
        self.start = nn.Conv2d(2 * m + config.context, t, 1)
        self.level = _Level(t)
        self.trunk = _Residual(t, config.inner)
        self.residual = nn.Conv2d(t, m, 1)
        self.up1 = nn.Conv2d(t, 4 * eighth, 1)
        self.middle = nn.Sequential(_Residual(eighth), _Residual(eighth))
        self.up2 = nn.Conv2d(eighth, 4 * quarter, 3, padding=1)
        self.join = nn.Conv2d(quarter + 48, n, 3, padding=1)
        self.level2 = _Level(n)
        last = nn.Conv2d(n, 48, 3, padding=1)
        self.end = nn.Sequential(_Residual(n), _Residual(n), nn.LeakyReLU(0.1), last, nn.PixelShuffle(4))
        zeroed(self.residual, last)

    def features(self, y_hat: Tensor, seen: Tensor, h: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        """Features (B, trunk, H / 16, W / 16), and the residual of the rounding in steps, (B, M, H / 16, W / 16) within
        +-1/2."""
        f = self.trunk(self.level(self.start(torch.cat([2 * y_hat, seen, h / 4], 1)), q))
        return f, 0.5 * torch.tanh(self.residual(F.leaky_relu(f, 0.1)).float())

    def forward(self, f: Tensor, linear: Tensor, q: Tensor) -> Tensor:
        """Features and the linear synthesis (B, 3, H, W) -> x_hat around zero, (B, 3, H, W)."""
        f = F.pixel_shuffle(self.up1(F.leaky_relu(f, 0.1)), 2)
        f = F.pixel_shuffle(self.up2(F.leaky_relu(self.middle(f), 0.1)), 2)
        f = self.join(torch.cat([f, F.pixel_unshuffle(4 * linear, 4)], 1))
        return linear + self.end(self.level2(f, q)).float()


class Codec(nn.Module):
    """The whole model; `start` gives it the basis that it begins with. q is a multiple of 1 / 16 in [0, 6], a picture's
    quality: lambda = LAMBDAS[q], in between a power of two."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config
        m, levels = config.channels, torch.tensor(LAMBDAS, dtype=torch.float64)
        gain = 255 / (12 * 2.16 / levels).sqrt()  # 1 / step; a step in grey levels is sqrt(12 * 2.16 / lambda)
        log_gain = gain.log().float()[:, None].repeat(1, m)
        self.analysis_basis = nn.Parameter(torch.zeros(m, 3 * BLOCK**2))
        self.synthesis_basis = nn.Parameter(torch.zeros(m, 3 * BLOCK**2))
        self.log_gain, self.log_ungain = nn.Parameter(log_gain.clone()), nn.Parameter(-log_gain)
        self.analysis, self.synthesis = Analysis(config), Synthesis(config)
        self.hyper_analysis = nn.Sequential(
            nn.Conv2d(m + config.slices[0], config.inner, 1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(config.inner, config.inner, 3, 2, 1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(config.inner, config.hyper, 3, 2, 1),
        )
        self.entropy = EntropyModel(config)
        self.z_share = nn.Parameter(torch.zeros(config.slices[0]))

    precise = ("analysis_basis", "synthesis_basis")  # weights that a checkpoint does not store in 8 bits

    @property
    def slow(self) -> list[nn.Parameter]:
        """Parameters that learn at a tenth of the rate: entries near 1/28, and maps of symbols that are often large."""
        return [self.analysis_basis, self.synthesis_basis, *self.entropy.linear_maps()]

    @torch.no_grad()
    def start(self, basis: Tensor, deviation: Tensor) -> None:
        """Begin as a linear block transform. basis (>= M, 768): rows in order of importance, orthonormal, pixels as
        (3, 16, 16); deviation (>= M,): the standard deviation of each coefficient for pixels in [0, 1].

        y begins with its deviations in steps, and z with a quarter of the mean over 4 x 4 positions of those of the
        first channels of y that are a block's mean."""
        m, width, entropy = self.config.channels, self.config.slices[0], self.entropy
        self.analysis_basis.copy_(basis[:m])
        self.synthesis_basis.copy_(basis[:m])
        steps = deviation[:m].to(self.log_gain) * self.log_gain.exp()
        entropy.scale.copy_(steps.log2().clamp(*LOG2_SCALE))
        flat = self.analysis_basis[:width].unflatten(1, (3, -1)).sum(2).norm(dim=1) / BLOCK  # 1 for a constant block
        self.z_share.copy_(flat / 4)
        entropy.direct.weight.copy_(torch.diag(4.0 * (flat > 0.5))[:, :, None, None])
        entropy.z_scale.fill_(-1)  # a logistic's scale is 0.55 of its deviation
        entropy.z_scale[:, :width] = (0.55 * steps[:, :width] * self.z_share).log2().clamp(-1, LOG2_SCALE[1])

    def analyse(self, x: Tensor, q: Tensor) -> Tensor:
        """x (B, 3, H, W) in [0, 1], sides multiples of 16; q (B,) in [0, 6] -> y (B, M, H/16, W/16) in steps."""
        x = x - 0.5
        blocks = F.pixel_unshuffle(x, BLOCK)
        with torch.autocast(x.device.type, enabled=False):
            linear = pointwise(blocks, self.analysis_basis)
        return (linear + self.analysis(x, q).float()) * interpolate(self.log_gain, q).exp()

    def hyper_latents(self, y: Tensor) -> Tensor:
        """y -> z (B, Z, H/64, W/64), sides rounded up."""
        first = y[:, : self.config.slices[0]]
        z = self.hyper_analysis(torch.cat([y.clamp(-4, 4) + y / 32, first / 8], 1)).float()
        means = F.avg_pool2d(first, 4, ceil_mode=True) * self.z_share[:, None, None]
        return z + F.pad(means, (0, 0, 0, 0, 0, z.shape[1] - means.shape[1]))

    def synthesise(self, y_hat: Tensor, seen: Tensor, h: Tensor, q: Tensor) -> Tensor:
        """y_hat in steps, `seen` (the same squashed) and h, all at (H / 16, W / 16) -> x_hat (B, 3, H, W), not
        clipped."""
        ungain = interpolate(self.log_ungain, q).exp()
        f, residual = self.synthesis.features(y_hat * ungain, seen, h, q)
        with torch.autocast(y_hat.device.type, enabled=False):
            blocks = pointwise((y_hat + residual) * ungain, self.synthesis_basis.t())
        return self.synthesis(f, F.pixel_shuffle(blocks, BLOCK), q) + 0.5

    def forward(self, x: Tensor, q: Tensor, keep: Tensor | None = None, noise: Noise | None = None) -> Coded:
        """Rate and reconstruction of x (B, 3, H, W) in [0, 1] at q (B,); H and W are multiples of 16.

        With noise (training) the rate is that of y plus the noise, and the decoder sees y rounded straight through;
        without both are of the rounded. keep (B,) is how many channels are coded; all if None.
        """
        y = self.analyse(x, q)
        z = self.hyper_latents(y)
        kept = self.kept(keep, y)
        mean, scale = self.entropy.prior(q, z.dtype)
        z_round = nearest(z - mean)
        bits_z = bits_logistic(z_round if noise is None else z - mean + noise.z, scale).sum((1, 2, 3))
        hyper = self.entropy.hyper_synthesis(z_round + mean, q, (y.shape[2], y.shape[3]))
        bits = []

        def symbols(part: Part, mu: Tensor, log2_scale: Tensor) -> Tensor:
            here = slice(part.first, part.last)
            v = y[:, here] - mu
            r = nearest(v)
            each = bits_coded(r, log2_scale) if noise is None else bits_normal(v + noise.y[:, here], log2_scale)
            bits.append((each * part.where * kept[:, here]).sum((1, 2, 3)))
            return r

        y_hat, seen = self.entropy.latents(hyper, q, kept, symbols)
        return Coded(self.synthesise(y_hat, seen, hyper.h, q), torch.stack(bits).sum(0), bits_z)

    def kept(self, keep: Tensor | None, y: Tensor) -> Tensor:
        """(B, M, 1, 1) like y: one for the first keep[b] channels, zero for the others; one for all if keep is None."""
        if keep is None:
            return y.new_ones(len(y), self.config.channels, 1, 1)
        numbers = torch.arange(self.config.channels, device=y.device)
        return (numbers < keep[:, None]).to(y.dtype)[:, :, None, None]

    def noise(self, count: int, height: int, width: int, generator: torch.Generator) -> Noise:
        """The Noise of a batch of pictures of height x width."""
        shapes = ((self.config.channels, BLOCK), (self.config.hyper, 4 * BLOCK))
        return Noise(
            *(torch.rand(count, c, -(-height // s), -(-width // s), generator=generator) - 0.5 for c, s in shapes)
        )
