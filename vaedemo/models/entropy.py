"""The codec's entropy model: means and scales of every latent, exact on any machine.

All inputs, weights and activations are integers times a power of two. In float32 (training) the same numbers are kept
by rounding; in float64 every product and every sum is an integer below 2^53 times a power of two, so that the order of
summation, the number of threads and the machine do not matter.

Sources: hyperprior with mean and scale, Minnen, Balle & Toderici 2018; slices of channels, Minnen & Singh 2020;
checkerboard, He et al. 2021; integer networks for probabilities, Balle, Johnston & Minnen 2019.
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

__all__ = [
    "BLOCK",
    "CodecConfig",
    "EntropyModel",
    "ExactConv",
    "Hyper",
    "LAMBDAS",
    "LOG2_SCALE",
    "PRECISION",
    "Part",
    "QUALITY_STEPS",
    "REACH",
    "bits_coded",
    "bits_logistic",
    "bits_normal",
    "interpolate",
    "nearest",
    "pointwise",
]

LAMBDAS = tuple(0.0012 * 2.0**i for i in range(7))  # bits a pixel for squared error in grey levels; q = 0 .. 6
QUALITY_STEPS = 16  # q is a multiple of 1 / 16, so that interpolating the exact tables is exact
BLOCK = 16  # pixels a side of a position of y
GRID = 64.0  # activations, means and tables of the entropy model are multiples of 1 / 64
ACTIVATION, LATENT = 32.0, 512.0  # bounds of hidden activations and of latents as the entropy model sees them
SCALE_GRID, LOG2_SCALE = 8.0, (-3.5, 7.0)  # log2 of a standard deviation in steps: multiples of 1 / 8 in these bounds
PRECISION, REACH = 24, 5.2  # of the coder's tables: bits of a probability, and deviations up to which they have entries
ESCAPE = 6  # bits, and one for each doubling, of what an integer beyond its table exceeds it by
WEIGHT_BITS = 8
CHANNELS = 32  # of a slice, whose probabilities are worked out at a time
AT_ONCE = 2_000_000  # numbers of patches that an exact convolution multiplies at a time
UP = 96  # channels between the two doublings of z


@dataclass(frozen=True)
class CodecConfig:
    """Sizes of the codec; 5.35 M parameters as they stand."""

    kind: str = _option("codec", "codec")
    channels: int = _option(320, "M, numbers that describe a block of 16 x 16 pixels")
    slices: tuple[int, ...] = _option((16, 32, 64, 208), "channels coded together")
    two_step: int = _option(2, "slices, from the first, in two checkerboard steps")
    hidden: tuple[int, ...] = _option((96, 96, 128, 160), "channels of the hidden layers that predict each slice")
    layers: tuple[int, ...] = _option((1, 1, 2, 2), "hidden layers that predict each slice")
    hyper: int = _option(48, "channels of the hyper-latent z")
    context: int = _option(128, "channels of h, what z says about each position of y")
    width: int = _option(64, "channels of the corrections at a quarter of the size")
    rising: tuple[int, int] = _option((80, 56), "channels of the synthesis at an eighth and at a quarter of the size")
    trunk: int = _option(192, "channels of the corrections at a sixteenth of the size")
    inner: int = _option(128, "channels within a residual block of the trunk, and of the hyper-analysis")

    def __post_init__(self) -> None:
        total = sum(self.slices)
        _require(total == self.channels, f"slices {self.slices} sum to {total}; make it channels = {self.channels}")
        _require(
            len(self.slices) == len(self.hidden) == len(self.layers),
            "slices, hidden and layers have unequal lengths; give one entry a slice in each",
        )
        _require(min(self.slices + self.hidden + self.layers) >= 1, "give sizes of 1 or more in slices, hidden, layers")
        _require(0 <= self.two_step <= len(self.slices), f"two_step is {self.two_step}; choose 0 to {len(self.slices)}")
        _require(self.hyper >= self.slices[0], f"hyper is {self.hyper}; choose {self.slices[0]} (slices[0]) or more")
        _require(self.channels <= 3 * BLOCK**2, f"channels is {self.channels}; choose at most {3 * BLOCK**2}")


class Part(NamedTuple):
    """Where an entropy-coded part of y lies: its channels [first, last) and its positions, bool (H, W)."""

    first: int
    last: int
    where: Tensor


class Hyper(NamedTuple):
    """What z says about each position of y: features h (B, context, H, W), and a first guess mu of the first slice."""

    h: Tensor
    mu: Tensor


class _Round(torch.autograd.Function):
    """Nearest multiple of 1 / grid, halves up, within [low, high]. The gradient passes, except where it leads further
    out of the bounds."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: float, low: float | None, high: float | None) -> Tensor:
        y = torch.floor(x * grid + 0.5) / grid
        ctx.bounds = low, high
        if low is not None:
            ctx.save_for_backward(x)
            y = y.clamp(low, high)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple:
        low, high = ctx.bounds
        if low is not None:
            (x,) = ctx.saved_tensors
            further = ((x > high) & (gradient < 0)) | ((x < low) & (gradient > 0))
            gradient = gradient.masked_fill(further, 0)
        return gradient, None, None, None


def nearest(x: Tensor, grid: float = 1.0, bound: float | tuple[float, float] | None = None) -> Tensor:
    """x on the grid of multiples of 1 / grid and within +-bound (or a pair of bounds), straight-through: see _Round."""
    low, high = bound if isinstance(bound, tuple) else (None if bound is None else -bound, bound)
    return _Round.apply(x, grid, low, high)


def _squash(y: Tensor) -> Tensor:
    """Latents as the networks see them: slope 1 + 1/32 within +-4 and 1/32 beyond, a multiple of 1 / 64 if exact."""
    y = y.clamp(-LATENT, LATENT)
    return nearest(y.clamp(-4, 4) + y / 32, GRID)


def interpolate(table: Tensor, q: Tensor) -> Tensor:
    """Rows of a table (levels, C) at q (B,) between them, (B, C, 1, 1)."""
    low = q.floor().long().clamp(0, table.shape[0] - 2)
    part = (q - low).to(table.dtype)[:, None]
    return (table[low] * (1 - part) + table[low + 1] * part)[:, :, None, None]


def _exact_table(table: Tensor, q: Tensor, dtype: torch.dtype, bound: float | tuple[float, float] = LATENT) -> Tensor:
    """interpolate, of entries on the grid and rounded to it: exact in float32 and float64, q a multiple of 1 / 16."""
    return nearest(interpolate(nearest(table, GRID).to(dtype), q.to(dtype)), GRID, bound)


def bits_normal(v: Tensor, log2_scale: Tensor) -> Tensor:
    """-log2 of the mass that N(0, sigma^2) has within 1/2 of v, elementwise; not clamped: far tails have a gradient."""
    v, inverse = v.abs(), torch.exp2(-log2_scale)
    upper, lower = (torch.special.log_ndtr((s - v) * inverse) for s in (0.5, -0.5))
    return -(upper + torch.log(-torch.expm1((lower - upper).clamp(max=-1e-6)))) / math.log(2)


def bits_coded(r: Tensor, log2_scale: Tensor) -> Tensor:
    """bits_normal of integers r, in far tails no more than the coder takes, whose tables end there."""
    bound = (REACH * torch.exp2(log2_scale)).ceil().clamp(min=1)
    beyond = r.abs() - bound
    most = PRECISION + torch.where(beyond > 0, ESCAPE + beyond.clamp(min=1).log2().floor(), 0.0)
    return torch.minimum(bits_normal(r, log2_scale), most)


def bits_logistic(v: Tensor, log2_scale: Tensor) -> Tensor:
    """-log2 of the mass that a logistic of scale s has within 1/2 of v, elementwise."""
    v, inverse = v.abs(), torch.exp2(-log2_scale)
    upper, lower = (F.logsigmoid((s - v) * inverse) for s in (0.5, -0.5))
    return -(upper + torch.log(-torch.expm1((lower - upper).clamp(max=-1e-6)))) / math.log(2)


class ExactConv(nn.Module):
    """A convolution whose weights are 8-bit integers times a power of two for each output channel.

    If `last`, the output is only rounded to the grid; else a leaky ReLU of slope 1/8, the grid and +-32 follow.
    float64 input runs in integers (`integers`), any other in its own arithmetic with the same rounded weights.
    """

    def __init__(self, before: int, after: int, size: int = 3, last: bool = False, bound: float = ACTIVATION) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(after, before, size, size))
        self.bias = nn.Parameter(torch.zeros(after))
        self.last, self.bound = last, bound
        nn.init.kaiming_normal_(self.weight, a=0.125)
        if last:
            nn.init.zeros_(self.weight)

    def exponents(self) -> Tensor:
        """Integer k of each output channel, (O, 1, 1, 1): weights are multiples of 2^-k and below 128 of them."""
        peak = self.weight.detach().abs().amax((1, 2, 3), keepdim=True).double().clamp(min=1e-12)
        _, exponent = torch.frexp(peak * (2**WEIGHT_BITS / (2**WEIGHT_BITS - 1)))  # peak * 128 / 127.5 < 2^exponent
        return (WEIGHT_BITS - 1 - exponent).clamp(0, 14)

    def rounded(self) -> Tensor:
        """Weights as the coder sees them, on their grid, with the gradient of the weights."""
        step = torch.exp2(-self.exponents().to(self.weight.dtype))
        limit = 2.0 ** (WEIGHT_BITS - 1) - 1
        return _Round.apply(self.weight / step, 1.0, -limit, limit) * step

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """(B, C, H, W) multiples of 1 / 64 -> (B, O, H, W) multiples of 1 / 64. In float64 rows are the output channels
        that are wanted; all if left out."""
        if x.dtype == torch.float64:
            return self._exact(x, rows, GRID)
        weight, bias, pad = self.rounded(), nearest(self.bias, GRID), self.weight.shape[-1] // 2
        if self.last:  # bfloat16 has 8 bits: too few for means
            with torch.autocast(x.device.type, enabled=False):
                y = F.conv2d(x, weight, bias, padding=pad) if pad else pointwise(x, weight.flatten(1), bias)
                return nearest(y, GRID, self.bound)
        x = F.conv2d(x, weight, None, padding=pad).float() + bias[:, None, None]
        return nearest(F.leaky_relu(x, 0.125), GRID, self.bound)

    def integers(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """The same in integers: x and result hold 64 times the numbers, in int64 or in float64, exact."""
        return self._exact(x, rows, 1.0)

    def _exact(self, x: Tensor, rows: Tensor | None, grid: float) -> Tensor:
        """Of x that is to be rounded to multiples of 1 / grid; a few lines at a time, copies included, for memory."""
        chosen = slice(None) if rows is None else rows
        shift = self.exponents()[chosen]
        weight = torch.floor(self.weight.detach()[chosen].double() * torch.exp2(shift.double()) + 0.5).clamp(-127, 127)
        weight = weight.to(x.dtype).flatten(1)
        shift = shift.flatten().to(torch.int64)
        bias = torch.floor(self.bias.detach()[chosen].double() * GRID + 0.5).to(torch.int64) << shift
        bias = bias.to(x.dtype)[:, None]
        shift = shift if self.last else shift + 3  # an eighth below zero: one shift more
        one = (torch.ones_like(shift) << shift)[:, None].to(x.dtype)
        size, (height, width) = self.weight.shape[-1], x.shape[2:]
        result, pad = x.new_empty(len(x), len(weight), height, width), size // 2
        lines = max(1, AT_ONCE // (weight.shape[1] * width))
        for top in range(0, height, lines):
            low, high = top - pad, min(top + lines, height) + pad
            some = x[:, :, max(low, 0) : high]
            some = some if grid == 1 else torch.floor(some * grid + 0.5)
            some = F.pad(some, (pad, pad, max(-low, 0), max(high - height, 0)))
            sums = weight @ _patches(some, size) + bias
            if not self.last:
                sums = torch.where(sums > 0, sums * 8, sums)
            sums = torch.div(2 * sums + one, 2 * one, rounding_mode="floor")
            sums = sums.clamp(-self.bound * GRID, self.bound * GRID)
            result[:, :, top : top + lines] = sums.unflatten(2, (-1, width))
        return result if grid == 1 else result.div_(grid)


def pointwise(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A 1 x 1 convolution as one matrix product, weight (O, C): faster on one thread where channels come last."""
    return F.linear(x.permute(0, 2, 3, 1), weight, bias).permute(0, 3, 1, 2)


def _patches(x: Tensor, size: int) -> Tensor:
    """(B, C, H + size - 1, W + size - 1) -> (B, C * size^2, H * W); of any dtype."""
    if size == 1:
        return x.flatten(2)
    height, width = (side - size + 1 for side in x.shape[2:])
    shifted = [x[:, :, i : i + height, j : j + width] for i in range(size) for j in range(size)]
    return torch.stack(shifted, 2).flatten(1, 2).flatten(2)


class _Context(nn.Module):
    """Mean and log2 scale of a slice from h and the earlier slices; in two steps if it is a checkerboard's.

    body(x) gives features, channels the parameters of every position; second(features, r) corrects them by what the
    neighbours' symbols r (zero where not yet known) say, in part by a linear map.
    """

    def __init__(self, before: int, width: int, hidden: list[int], two_step: bool) -> None:
        super().__init__()
        sizes = [before, *hidden]
        self.body = nn.Sequential(*(ExactConv(a, b) for a, b in pairwise(sizes)))
        self.head = ExactConv(hidden[-1], 2 * width, 1, last=True, bound=LATENT)
        self.two_step = two_step
        if two_step:
            self.linear = ExactConv(width, width, 3, last=True, bound=LATENT)
            self.neighbours = ExactConv(hidden[-1] + width, hidden[-1])
            self.correct = ExactConv(hidden[-1], 2 * width, 1, last=True, bound=LATENT)

    def channels(self, features: Tensor, first: int, last: int) -> Tensor:
        """The parameters of channels first .. last - 1 of the slice: of the first step, if there are two."""
        width = len(self.head.bias) // 2
        if last - first == width:
            return self.head(features)
        numbers = torch.arange(first, last, device=features.device)
        return self.head(features, torch.cat([numbers, width + numbers]))

    def second(self, features: Tensor, r: Tensor, given: Tensor) -> Tensor:
        more = self.correct(self.neighbours(torch.cat([features, _squash(r)], 1)))
        return given + more + F.pad(self.linear(r), (0, 0, 0, 0, 0, r.shape[1]))


class _Growing:
    """A tensor (B, C, H, W) to which channels are added. In float64 they have their places from the start: of a large
    photograph a second copy would take 0.1 GB."""

    def __init__(self, like: Tensor, channels: int) -> None:
        shape = (len(like), channels, *like.shape[2:])
        self._whole = like.new_empty(shape) if like.dtype == torch.float64 else None
        self._parts, self._count = list[Tensor](), 0

    def add(self, x: Tensor) -> None:
        if self._whole is None:
            self._parts.append(x)
        else:
            self._whole[:, self._count : self._count + x.shape[1]] = x
        self._count += x.shape[1]

    def so_far(self) -> Tensor:
        """The channels that were added."""
        return torch.cat(self._parts, 1) if self._whole is None else self._whole[:, : self._count]


class EntropyModel(nn.Module):
    """Means and scales of y from z, the quality and the part of y that is already known. Exact: see the module."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        c, levels = config, len(LAMBDAS)
        self.config = config
        self.z_mean = nn.Parameter(torch.zeros(levels, c.hyper))
        self.z_scale = nn.Parameter(torch.zeros(levels, c.hyper))  # log2
        self.level = nn.Parameter(torch.zeros(levels, c.context))
        self.scale = nn.Parameter(torch.zeros(levels, c.channels))  # log2, of each channel by itself
        self.direct = ExactConv(c.slices[0], c.slices[0], 1, last=True, bound=LATENT)  # z to the first slice's means
        self.up1 = ExactConv(c.hyper, 4 * UP)
        self.up2 = ExactConv(UP, 4 * c.context)
        self.slices = nn.ModuleList()
        before = c.context
        for i, width in enumerate(c.slices):
            self.slices.append(_Context(before, width, c.layers[i] * [c.hidden[i]], i < c.two_step))
            before += width

    def linear_maps(self) -> list[nn.Parameter]:
        """Weights of the linear maps of symbols, one a slice in two steps."""
        nets: Any = self.slices
        return [net.linear.weight for net in nets if net.two_step]

    def prior(self, q: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Mean and log2 scale (multiples of 1 / 8) of z's logistic distribution at q (B,), both (B, Z, 1, 1)."""
        scale = _exact_table(self.z_scale, q, dtype, LOG2_SCALE)
        return _exact_table(self.z_mean, q, dtype), nearest(scale, SCALE_GRID, LOG2_SCALE)

    def hyper_synthesis(self, z_hat: Tensor, q: Tensor, size: tuple[int, int]) -> Hyper:
        """z_hat (B, Z, H/4, W/4) -> what it says about each of size = (H, W) positions."""
        h = F.pixel_shuffle(self.up2(F.pixel_shuffle(self.up1(_squash(z_hat)), 2)), 2)
        mu = self.direct(z_hat[:, : self.config.slices[0]]).repeat_interleave(4, 2).repeat_interleave(4, 3)
        h = h[:, :, : size[0], : size[1]] + _exact_table(self.level, q, h.dtype)
        return Hyper(h, mu[:, :, : size[0], : size[1]])

    def latents(
        self, hyper: Hyper, q: Tensor, keep: Tensor, symbols: Callable[[Part, Tensor, Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """y_hat = r + mu of all channels, and the same squashed: one walk for training, encoder and decoder.

        symbols(part, mu, log2_scale) gives the integers r of a part, (B, channels, H, W); those outside part.where are
        not used. keep (B, M, 1, 1) is one where a channel is coded; the others of y_hat are zero.
        """
        h, direct = hyper
        nets: Any = self.slices
        own = _exact_table(self.scale, q, h.dtype)
        board = torch.arange(h.shape[2], device=h.device)[:, None] + torch.arange(h.shape[3], device=h.device)
        anchors, first = board % 2 == 0, 0
        everywhere = torch.ones_like(anchors)
        y_hat, known = (_Growing(h, self.config.channels + more) for more in (0, h.shape[1]))
        known.add(h)
        for net, width in zip(nets, self.config.slices, strict=True):
            features = net.body(known.so_far())
            # one step of many channels takes memory: exact ones are done some at a time
            step = CHANNELS if h.dtype == torch.float64 and not net.two_step else width
            for low in range(first, first + width, step):
                high = min(low + step, first + width)
                here, kept = slice(low, high), keep[:, low:high]
                given = net.channels(features, low - first, high - first)
                if not first:
                    given = given + F.pad(direct[:, here], (0, 0, 0, 0, 0, high - low))
                mu, scale = self._divided(given, own[:, here])
                r = symbols(Part(low, high, anchors if net.two_step else everywhere), mu, scale) * kept
                if net.two_step:
                    r = r * anchors
                    mu2, scale = self._divided(net.second(features, r, given), own[:, here])
                    r2 = symbols(Part(low, high, ~anchors), mu2, scale) * kept
                    r, mu = torch.where(anchors, r, r2), torch.where(anchors, mu, mu2)
                found = (r + mu) * kept
                y_hat.add(found)
                known.add(_squash(found))
            first += width
        return y_hat.so_far(), known.so_far()[:, h.shape[1] :]

    @staticmethod
    def _divided(given: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        mu, scale = given.chunk(2, 1)
        return mu, nearest(scale + own, SCALE_GRID, LOG2_SCALE)
