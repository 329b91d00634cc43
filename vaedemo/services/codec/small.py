"""What the code of a small picture costs as bytes: rounded to the steps of its model's quantiser, each number coded by
how often training pictures had it; and PNG and WebP of the same picture."""

from functools import cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
import torch

from vaedemo.errors import CodecError
from vaedemo.maths import metrics
from vaedemo.maths.quantise import Quantiser
from vaedemo.pictures.draw import to_image
from vaedemo.services.codec.coder import Encoder, Queue, Stack, shortest
from vaedemo.services.codec.tables import Table, counted
from vaedemo.store.inputs import checked_codes, checked_picture
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["Coded", "apart", "decoded", "encoded", "lossless_bytes", "together"]

# WebP's most thorough search takes twenty times as long, for 0.6 % of digits, and makes objects larger.
FORMATS = {"png": {"optimize": True}, "webp": {"lossless": True}}


class Coded(NamedTuple):
    """data: the code as bytes, from which `decoded` gives z (D,), rounded; bits_each float64 (D,): -log2 of the
    probability of each number, which is what it costs as a part of a longer file; x_hat float32 (C, H, W), what the
    model makes of the rounded code, and its mse and psnr (dB) against the picture; ratio: the picture's bytes by
    these, which are counted as one at least."""

    key: ModelKey
    data: bytes
    z: np.ndarray
    bits_each: np.ndarray
    x_hat: np.ndarray
    mse: float
    psnr: float
    ratio: float

    @property
    def bits(self) -> float:
        return float(self.bits_each.sum())


@cache
def _tables(quantiser: Quantiser) -> tuple[Table, ...]:
    return tuple(map(counted, quantiser.counts))


@torch.no_grad()
def encoded(library: Library, x: np.ndarray, key: ModelKey, z: np.ndarray) -> Coded | None:
    """The code z (D,) of a picture x (C, H, W) in [0, 1], its encoder's or an edited one, as bytes; None where no
    quantiser was derived for the ModelKey's model."""
    quantiser = library.quantiser(key)
    if quantiser is None:
        return None
    pictures, tables = checked_picture(x, library.domain(key.domain)), _tables(quantiser)
    n = quantiser.integers(checked_codes([z], key.latent_dim)[0].numpy())
    data, bits = shortest(n, np.arange(key.latent_dim), tables.__getitem__)
    rounded = quantiser.codes(n)
    x_hat = library.model(key).decode(torch.from_numpy(rounded)[None])
    error = metrics.mse(x_hat, pictures)
    psnr = metrics.psnr(error).item()
    ratio = pictures.numel() / max(1, len(data))
    return Coded(key, data, rounded, bits, x_hat[0].numpy(), error.item(), psnr, ratio)


def decoded(library: Library, data: bytes, key: ModelKey) -> np.ndarray:
    """The code float32 (D,) of the bytes that `encoded` gave for a ModelKey's model."""
    quantiser = library.quantiser(key)
    if quantiser is None:
        raise CodecError(f"no quantiser was derived for {key}; run `python -m vaedemo derive --only quantisers`")
    return quantiser.codes(Queue(data).pop(np.arange(key.latent_dim), _tables(quantiser).__getitem__))


def together(quantiser: Quantiser, z: np.ndarray) -> tuple[bytes, np.ndarray]:
    """(codes (N, D) on one stack, as Stack.payload gives it; float64 (N, D): bits of each number)."""
    encoder, n = Encoder(), quantiser.integers(z)
    bits = encoder.integers(n.reshape(-1), np.tile(np.arange(z.shape[1]), len(z)), _tables(quantiser).__getitem__)
    return encoder.payload(), bits.reshape(n.shape)


def apart(quantiser: Quantiser, payload: bytes, count: int) -> np.ndarray:
    """The codes float32 (count, D), rounded, of the payload that `together` gave."""
    dims = len(quantiser.step)
    n = Stack(payload).pop(np.tile(np.arange(dims), count), _tables(quantiser).__getitem__)
    return quantiser.codes(n.reshape(count, dims))


def lossless_bytes(x: np.ndarray) -> dict[str, int]:
    """{"png", "webp"}: bytes of the files without loss that Pillow writes of a picture (C, H, W) in [0, 1]."""
    image, sizes = to_image(x), {}
    for name, options in FORMATS.items():
        image.save(file := BytesIO(), name, **options)
        sizes[name] = len(file.getvalue())
    return sizes
