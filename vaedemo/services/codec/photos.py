"""A photograph of any size to the bytes of a .vae file and back, through a Codec.

    picture -> y -> z, and r = round(y - mu) -> bytes -> r, mu -> y_hat -> picture

mu and the probabilities come from integer networks in float64 (models/entropy.py): encoder and decoder know y_hat bit
for bit, whatever the machine. Only the way from y_hat to pixels is in floating point, as it is in any picture viewer.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.models.codec import Codec
from vaedemo.models.entropy import BLOCK, Part
from vaedemo.models.restorer import padded
from vaedemo.services.codec.coder import Encoder, Stack
from vaedemo.services.codec.tables import Tables, logistic, normal, scale_index

__all__ = ["Coded", "Decoded", "Known", "Latents", "analyse", "decode", "encode", "synthesise"]

TILE, HALO = 48, 8  # blocks a side, and around it: more than the networks see (six)
LARGE = 8_192  # blocks of a photograph from which on freed memory is given back between two steps, or it adds up


class Latents(NamedTuple):
    """What the encoder's networks say of a picture: y float32 (1, M, H/16, W/16), z (1, Z, H/64, W/64), rounded up."""

    y: Tensor
    z: Tensor


class Known(NamedTuple):
    """What a file says: y_hat, float64 (1, M, H/16, W/16) in steps, the same squashed (`seen`), and h, from z."""

    y_hat: Tensor
    seen: Tensor
    h: Tensor


class Coded(NamedTuple):
    """payload of a file; what it says; bits float64 (H/16, W/16): how many each position took, z's shared out; each
    float64 (M,): how many each channel of y took."""

    payload: bytes
    known: Known
    bits: np.ndarray
    each: np.ndarray


class Decoded(NamedTuple):
    """What a file says; how many of the first channels are whole, and how many more are there in part."""

    known: Known
    whole: int
    in_part: int


def _spans(blocks: int) -> Iterator[tuple[slice, slice, slice]]:
    """Along one side: (blocks of a tile, the same and what lies around it, the tile's blocks within that)."""
    for first in range(0, blocks, TILE):
        last = min(first + TILE, blocks)
        low, high = max(0, first - HALO), min(blocks, last + HALO)
        yield slice(first, last), slice(low, high), slice(first - low, last - low)


def _times(span: slice, factor: int) -> slice:
    return slice(span.start * factor, span.stop * factor)


def _tidied(size: torch.Size | tuple[int, int]) -> None:
    """Between two steps on a photograph of size (..., H/16, W/16)."""
    if size[-1] * size[-2] >= LARGE:
        runtime.hand_back()


def _quality(quality: float) -> Tensor:
    return torch.tensor([float(quality)])


@torch.no_grad()
def analyse(model: Codec, picture: np.ndarray, quality: float) -> Latents:
    """Latents of a picture uint8 (H, W, 3) at a quality in [0, 6], tile by tile."""
    height, width = (-(-side // BLOCK) for side in picture.shape[:2])
    q, y = _quality(quality), torch.empty(1, model.config.channels, height, width)
    x = torch.tensor(picture).permute(2, 0, 1)[None]
    half = runtime.bfloat16_available(x.device)
    for rows, outer, inner in _spans(height):
        for columns, around, within in _spans(width):
            part = x[:, :, _times(outer, BLOCK), _times(around, BLOCK)].float() / 255
            (part,) = padded(BLOCK, part)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                found = model.analyse(part.contiguous(memory_format=torch.channels_last), q)
            y[:, :, rows, columns] = found[:, :, inner, within]
        _tidied(y.shape)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        return Latents(y, model.hyper_latents(y))


def _walk(model: Codec, size: tuple[int, int], quality: float, channels: int, coder: Any) -> Known:
    """What encoder and decoder do alike: ask `coder` for the integers of z and of every part of y. size (H/16, W/16).

    coder.channel(name, c, where, mean, index, tables) gives a channel's integers at the positions `where`, float64
    (H, W); zeros, which leave the means as they are, where a file has ended.
    """
    q, height, width = _quality(quality), -(-size[0] // 4), -(-size[1] // 4)
    mean, scale = (t[0, :, 0, 0].numpy() for t in model.entropy.prior(q, torch.float64))
    z_round = torch.zeros(1, model.config.hyper, height, width, dtype=torch.float64)
    everywhere = np.ones((height, width), bool)
    for c, index in enumerate(scale_index(scale)):
        r = coder.channel(
            "z", c, everywhere, np.full((height, width), mean[c]), np.full(height * width, index), logistic
        )
        z_round[0, c] = torch.from_numpy(r)
    hyper = model.entropy.hyper_synthesis(z_round + torch.from_numpy(mean)[:, None, None], q, size)
    numbers = torch.arange(model.config.channels)
    keep = (numbers < channels).double()[None, :, None, None]

    def symbols(part: Part, mu: Tensor, log2_scale: Tensor) -> Tensor:
        _tidied(size)
        r, where = torch.zeros_like(mu), part.where.numpy()
        index = scale_index(log2_scale[0].numpy())
        for i, c in enumerate(range(part.first, min(part.last, channels))):
            r[0, i] = torch.from_numpy(coder.channel("y", c, where, mu[0, i].numpy(), index[i][where], normal))
        return r

    return Known(*model.entropy.latents(hyper, q, keep, symbols), hyper.h)


class _Writer:
    """Rounds latents and hands them to an Encoder; counts bits."""

    def __init__(self, latents: Latents) -> None:
        self.latents, self.encoder = {"y": latents.y[0].numpy(), "z": latents.z[0].numpy()}, Encoder()
        self.bits = {name: np.zeros(t.shape[1:]) for name, t in self.latents.items()}
        self.each = {name: np.zeros(len(t)) for name, t in self.latents.items()}

    def channel(
        self, name: str, c: int, where: np.ndarray, mean: np.ndarray, index: np.ndarray, tables: Tables
    ) -> np.ndarray:
        r = np.where(where, np.floor(self.latents[name][c] - mean + 0.5), 0)
        bits = self.encoder.integers(r[where].astype(np.int64), index, tables)
        self.bits[name][where] += bits
        self.each[name][c] += bits.sum()
        return r


class _Reader:
    """Pops integers from a Stack; zeros after the end of a file that was cut."""

    def __init__(self, payload: bytes, cut: bool) -> None:
        self.stack, self.cut, self.ended = Stack(payload), cut, False
        self.found: dict[int, int] = {}  # positions of each channel of y

    def channel(
        self, name: str, c: int, where: np.ndarray, mean: np.ndarray, index: np.ndarray, tables: Tables
    ) -> np.ndarray:
        r = np.zeros(where.shape)
        if self.ended:
            return r
        if self.cut:
            r[where], known = self.stack.pop_known(index, tables)
            self.ended, count = not known.all(), int(known.sum())
        else:
            r[where], count = self.stack.pop(index, tables), len(index)
        if name == "y":
            self.found[c] = self.found.get(c, 0) + count
        return r


@torch.no_grad()
def encode(model: Codec, latents: Latents, quality: float, channels: int) -> Coded:
    """The file's payload of the first so many channels."""
    writer, size = _Writer(latents), (latents.y.shape[2], latents.y.shape[3])
    known = _walk(model, size, quality, channels, writer)
    payload = writer.encoder.payload()
    writer.encoder = Encoder()  # what it held takes as much as y
    _tidied(size)
    shared = np.repeat(np.repeat(writer.bits["z"] / 16, 4, 0), 4, 1)[: size[0], : size[1]]
    return Coded(payload, known, writer.bits["y"] + shared, writer.each["y"])


@torch.no_grad()
def decode(
    model: Codec, payload: bytes, size: tuple[int, int], quality: float, channels: int, cut: bool = False
) -> Decoded:
    """What a payload says. Where it was cut, y_hat is the predicted mean; size (H/16, W/16)."""
    reader, every = _Reader(payload, cut), size[0] * size[1]
    known = _walk(model, size, quality, channels, reader)
    whole = next((c for c in range(channels) if reader.found.get(c) != every), channels)
    return Decoded(known, whole, sum(count > 0 for c, count in reader.found.items() if c >= whole))


@torch.no_grad()
def synthesise(model: Codec, known: Known, quality: float, size: tuple[int, int]) -> np.ndarray:
    """The picture uint8 (H, W, 3) of size (H, W), tile by tile."""
    q, (height, width) = _quality(quality), size
    picture = np.empty((height, width, 3), np.uint8)
    half = runtime.bfloat16_available(known.h.device)
    for rows, outer, inner in _spans(known.h.shape[2]):
        for columns, around, within in _spans(known.h.shape[3]):
            y_hat, seen, h = (
                t[:, :, outer, around].float().contiguous(memory_format=torch.channels_last) for t in known
            )
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                x_hat = model.synthesise(y_hat, seen, h, q)
            x_hat = x_hat[0, :, _times(inner, BLOCK), _times(within, BLOCK)].clamp(0, 1).mul(255).round().byte()
            there = picture[_times(rows, BLOCK), _times(columns, BLOCK)]
            there[:] = x_hat.permute(1, 2, 0).numpy()[: there.shape[0], : there.shape[1]]
        _tidied(known.h.shape)
    return picture
