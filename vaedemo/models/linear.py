"""A linear map beside a convolutional network: encoder and decoder that start as PCA and go on from there.

The last layer of either network starts at zero, so that the first step is already as good as PCA with as many numbers.
The decoder's network sees the linear map's picture too, at the size of its largest maps: what is to be corrected.
"""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.configs import ModelConfig
from vaedemo.models.blocks import ConvDecoder, ConvEncoder

__all__ = ["Beside", "LinearDecoder", "LinearEncoder", "Plus"]


def _silent(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class Plus(nn.Module):
    """What the linear map gives, plus the network's correction: a (B, D) and b (B, D or more), or pictures."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b if a.shape == b.shape else torch.cat([a + b[:, : a.shape[1]], b[:, a.shape[1] :]], 1)


def _seen(picture: Tensor) -> Tensor:
    """Pixels as a network sees them, about 0 and as large as its own maps: it learns faster (docs/LOG.md)."""
    return 4 * (picture - 0.5)


class Beside(nn.Module):
    """Maps (B, N, S, S), and beside them a picture (B, C, 2S, 2S) with its 2 x 2 pixels as channels, -2 to 2."""

    def forward(self, maps: Tensor, picture: Tensor) -> Tensor:
        return torch.cat([maps, F.pixel_unshuffle(_seen(picture), 2)], 1)


class LinearEncoder(nn.Module):
    """(B, C, S, S) -> (B, outputs): the first latent_dim outputs are linear in the pixels, plus a ConvEncoder's."""

    scale: Tensor  # (D,): that of the code, so that its numbers are about as large

    def __init__(self, config: ModelConfig, outputs: int) -> None:
        super().__init__()
        self.linear: nn.Module = nn.Linear(math.prod(config.shape), config.latent_dim)
        if config.spatial:
            patch = config.size // config.side
            self.linear = nn.Conv2d(config.channels, config.neck, patch, stride=patch)
        self.register_buffer("scale", torch.ones(config.latent_dim))
        self.correction, self.plus = ConvEncoder(config, outputs), Plus()
        _silent(self.correction[-2 if config.spatial else -1])  # the last one, or before what flattens its maps

    def steps(self, x: Tensor) -> Iterator[tuple[nn.Module, Tensor]]:
        """(layer, its output), one after another."""
        code = self.linear(x if isinstance(self.linear, nn.Conv2d) else x.flatten(1)).flatten(1) / self.scale
        yield self.linear, code
        x = _seen(x)
        for layer in self.correction:
            x = layer(x)
            yield layer, x
        yield self.plus, self.plus(code, x)

    def forward(self, x: Tensor) -> Tensor:
        *_, (_, out) = self.steps(x)
        return out


class LinearDecoder(nn.Module):
    """(B, D) -> (B, C, S, S): a picture that is linear in the code, plus a ConvDecoder's, which sees that picture."""

    scale: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.shape: tuple[int, ...] = config.shape
        self.place: tuple[int, ...] = (config.latent_dim,)
        self.linear: nn.Module = nn.Linear(config.latent_dim, math.prod(config.shape))
        if config.spatial:
            patch, self.place = config.size // config.side, (config.neck, config.side, config.side)
            self.linear = nn.ConvTranspose2d(config.neck, config.channels, patch, stride=patch)
        self.register_buffer("scale", torch.ones(config.latent_dim))
        whole = ConvDecoder(config, beside=4 * config.channels)
        layers, largest = list(whole), whole.largest
        self.inner, self.outer = nn.Sequential(*layers[:largest]), nn.Sequential(*layers[largest:])
        self.beside, self.plus = Beside(), Plus()
        _silent(self.outer[-2])

    def steps(self, z: Tensor) -> Iterator[tuple[nn.Module, Tensor]]:
        """(layer, its output), one after another."""
        picture = self.linear((z * self.scale).unflatten(1, self.place)).reshape(-1, *self.shape)
        yield self.linear, picture
        for layer in self.inner:
            z = layer(z)
            yield layer, z
        z = self.beside(z, picture)
        yield self.beside, z
        for layer in self.outer:
            z = layer(z)
            yield layer, z
        yield self.plus, self.plus(picture, z)

    def forward(self, z: Tensor) -> Tensor:
        *_, (_, out) = self.steps(z)
        return out
