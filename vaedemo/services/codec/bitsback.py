"""Small pictures without loss, by bits back with ANS (Townsend, Bird & Barber 2019), through a Lossless VAE.

To push a picture x: pop z from q(z | x), which takes bits off the stack; push x under p(x | z); push z under p(z). What
that costs is the -ELBO. Whoever pops in the opposite order knows x once z is known, and pushes z under q(z | x) again:
the bits that were taken are given back. The first pictures need bits to take: a stack starts with the same ones.
"""

import hashlib
from collections.abc import Callable, Generator
from functools import cache
from typing import NamedTuple

import constriction
import numpy as np
import torch

from vaedemo.errors import CodecError
from vaedemo.models.entropy import LOG2_SCALE, PRECISION, SCALE_GRID
from vaedemo.models.lossless import SPREAD_GRID, SPREADS, STEPS, WEIGHTS, Levels, Lossless
from vaedemo.services.codec.coder import Push, Stack
from vaedemo.services.codec.tables import normal, scale_index

__all__ = ["Step", "below", "decode", "encode"]

FAR = 512  # steps: 16 deviations of the prior. Bits that are popped as z may say anything, once in some million numbers
LOGIT = 16.0  # beyond it a Bernoulli's probability is within a unit of 0 or 1
_BERNOULLI = constriction.stream.model.Bernoulli(perfect=False)


class Step(NamedTuple):
    """Bits of pushing some pictures: taken off by z under q(z | x), of x under p(x | z), and of z under p(z); and how
    many bits are on the stack then."""

    pictures: int
    taken: float
    pixels: float
    prior: float
    stack: int


def _words(model: Lossless, batch: int) -> bytes:
    """The words that a stack starts with: enough for the z of a batch, always the same."""
    count = 8 + batch * model.config.latent_dim // 4
    return hashlib.shake_256(b"vaedemo").digest(4 * count)


@cache
def _chances() -> np.ndarray:
    """P(1) of logits in multiples of 1 / 64 from -LOGIT, in units of 2^-24: float64 whole numbers."""
    logits = np.arange(-64 * LOGIT, 64 * LOGIT + 1) / 64
    return np.rint(2.0**PRECISION / (1 + np.exp(-logits))).clip(1, 2**PRECISION - 1)


@cache
def _cumulated() -> np.ndarray:
    """int64 (scales, 1024): mass of a logistic below d + 1/2 levels, d = -512 .. 511, in units of 2^-24."""
    scales = 2.0 ** np.arange(SPREADS[0], SPREADS[1] + 1e-9, 1 / SPREAD_GRID)
    edges = (np.arange(-512, 512) + 0.5) / scales[:, None]
    return np.rint(2.0**PRECISION * (0.5 + 0.5 * np.tanh(edges / 2))).astype(np.int64)


@cache
def _weights() -> np.ndarray:
    """int64: 2^16 times each weight of a component."""
    logs = np.arange(WEIGHTS[0], WEIGHTS[1] + 1e-9, 1 / SCALE_GRID)
    return np.rint(2.0 ** (16 + logs)).astype(np.int64)


Below = Callable[[np.ndarray], np.ndarray]


def below(levels: Levels) -> Below:
    """The function that gives the mass of all levels below an edge 0 .. 256, of each pixel: from edges int64 (B, H, W)
    to int64 (B, H, W), in units that differ from pixel to pixel."""
    weight, mean, spread = (t.numpy() for t in levels)
    share = _weights()[np.rint((weight - WEIGHTS[0]) * SCALE_GRID).astype(np.int64)]
    row = np.rint((spread - SPREADS[0]) * SPREAD_GRID).astype(np.int64)
    start, least = 511 - mean.astype(np.int64), share.sum(1)  # which is 2^-24 of all: FLOOR

    def mass(edge: np.ndarray) -> np.ndarray:
        inside = (share * _cumulated()[row, edge[:, None] + start]).sum(1)
        return edge * least + np.where(edge <= 0, 0, np.where(edge >= 256, least << PRECISION, inside))

    return mass


class _Grey:
    """Pixels of 256 levels as eight binary decisions each, the highest bit first."""

    def __init__(self, levels: Levels) -> None:
        self.below, self.shape = below(levels), levels.mean[:, 0].shape

    def _decide(self, bit: Callable[[int, np.ndarray], np.ndarray]) -> np.ndarray:
        """The levels int64 (B, H, W), from bit(depth, P(1)) of each depth; a chance is a quotient of whole numbers."""
        x = np.zeros(self.shape, np.int64)
        low, high = self.below(x), self.below(x + 256)
        for depth in reversed(range(8)):
            middle = self.below(x + (1 << depth))
            one = bit(depth, (high - middle) / np.maximum(high - low, 1)) > 0
            x, low, high = x + (one << depth), np.where(one, middle, low), np.where(one, high, middle)
        return x

    def pushes(self, x: np.ndarray) -> list[Push]:
        pushes = list[Push]()

        def told(depth: int, chance: np.ndarray) -> np.ndarray:
            bits = (x >> depth & 1).astype(np.int32)
            pushes.append((bits.reshape(-1), _BERNOULLI, chance.reshape(-1)))
            return bits

        self._decide(told)
        return pushes

    def pop(self, stack: Stack) -> np.ndarray:
        found = self._decide(lambda _, chance: stack.get(_BERNOULLI, chance.reshape(-1)).reshape(self.shape))
        return found.astype(np.uint8)


class _BlackAndWhite:
    """Pixels 0 and 1 of logits (B, 1, H, W)."""

    def __init__(self, logits: torch.Tensor) -> None:
        place = np.rint(64 * (logits[:, 0].numpy().clip(-LOGIT, LOGIT) + LOGIT)).astype(np.int64)
        self.chance, self.shape = _chances()[place].reshape(-1) / 2.0**PRECISION, place.shape

    def pushes(self, x: np.ndarray) -> list[Push]:
        return [(x.reshape(-1).astype(np.int32), _BERNOULLI, self.chance)]

    def pop(self, stack: Stack) -> np.ndarray:
        return stack.get(_BERNOULLI, self.chance).reshape(self.shape).astype(np.uint8)


def _pixels(model: Lossless, steps: np.ndarray) -> _Grey | _BlackAndWhite:
    """The distribution of pictures given z in steps (B, D)."""
    theta = model.decode(torch.from_numpy(steps.clip(-FAR, FAR)).double())
    return _BlackAndWhite(theta) if model.config.binary else _Grey(model.levels(theta))


def _bits(pushes: list[Push]) -> float:
    """Bits of binary decisions."""
    return -sum(float(np.log2(np.where(x, p, 1 - p).clip(2.0**-PRECISION)).sum()) for x, _, p in pushes)


def _posterior(model: Lossless, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(means in steps int64 (B, D), indices of the scales (B, D)) of z given x uint8 (B, H, W)."""
    found = model.encode(model.seen(torch.from_numpy(x)[:, None]).double())
    return found.mean.numpy().astype(np.int64), scale_index(found.log2_scale.numpy())


def _prior(model: Lossless, count: int) -> np.ndarray:
    """Indices of the prior's scale for the z of so many pictures."""
    scale = np.full(count * model.config.latent_dim, np.log2(STEPS))
    assert LOG2_SCALE[0] <= scale[0] <= LOG2_SCALE[1]
    return scale_index(scale)


@torch.no_grad()
def encode(model: Lossless, x: np.ndarray, batch: int = 1) -> Generator[Step, None, bytes]:
    """Push pictures x uint8 (N, H, W), `batch` at a time, the last ones first; yields a Step for each time, returns the
    payload. A batch is faster, and takes more bits to start with."""
    stack = Stack(_words(model, batch))
    for first in reversed(range(0, len(x), batch)):
        some = x[first : first + batch]
        mean, index = _posterior(model, some)
        before = stack.bits
        steps = stack.pop(index.reshape(-1), normal).reshape(mean.shape) + mean
        taken = before - stack.bits
        pushes = _pixels(model, steps).pushes(some)
        stack.put(pushes)
        prior = stack.push(steps.reshape(-1), _prior(model, len(some)), normal).sum()
        yield Step(len(some), taken, _bits(pushes), float(prior), stack.bits)
    return stack.payload()


@torch.no_grad()
def decode(model: Lossless, payload: bytes, count: int, batch: int = 1) -> Generator[np.ndarray]:
    """Pictures uint8 (B, H, W) of a payload, `batch` at a time, as encode was given them. CodecError where the stack
    does not end as it began."""
    stack = Stack(payload)
    for first in range(0, count, batch):
        some = min(batch, count - first)
        steps = stack.pop(_prior(model, some), normal).reshape(some, -1)
        x = _pixels(model, steps).pop(stack)
        if stack.empty:  # a whole file has the words that it started with below
            raise CodecError("The file is damaged; get another copy of it.")
        mean, index = _posterior(model, x)
        stack.push((steps - mean).reshape(-1), index.reshape(-1), normal)
        yield x
    if stack.payload() != _words(model, batch):
        raise CodecError("The file is damaged; get another copy of it.")
