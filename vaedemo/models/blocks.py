"""Encoders and decoders, dense and convolutional, that are called alike.

encoder(x): (B, C, H, W) -> (B, outputs)        decoder(z): (B, D) -> (B, C, H, W), no final nonlinearity
"""

import math
from itertools import pairwise

from torch import Tensor, nn

from vaedemo.configs import ModelConfig

__all__ = ["ConvDecoder", "ConvEncoder", "DenseDecoder", "DenseEncoder", "Residual"]


class Residual(nn.Module):
    """x + conv(silu(conv(silu(x)))); the last convolution starts at zero, so that the block starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.act = nn.SiLU()
        for parameter in self.conv2.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.act(self.conv1(self.act(x))))


def _dense(start: int, end: int, config: ModelConfig) -> list[nn.Module]:
    """Linear layers from start to end with config.depth hidden ones between them."""
    sizes = [start, *[config.hidden] * config.depth, end]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.SiLU()]
    return layers[:-1]


def _act(config: ModelConfig) -> list[nn.Module]:
    """The nonlinearity outside the residual blocks; none at depth 0, so that the map to the code stays linear, unless
    there is a linear map beside it."""
    return [nn.SiLU()] if config.depth or config.linear else []


def _levels(config: ModelConfig) -> list[tuple[int, int]]:
    """(width, number of residual blocks) of each size, the largest first."""
    *larger, smallest = config.widths
    return [*((width, 1) for width in larger), (smallest, config.blocks)]


class ConvEncoder(nn.Sequential):
    """(B, C, S, S) -> (B, outputs): a strided convolution and residual blocks a level, then linear layers."""

    def __init__(self, config: ModelConfig, outputs: int) -> None:
        layers: list[nn.Module] = []
        before = config.channels
        for width, blocks in _levels(config):
            layers.append(nn.Conv2d(before, width, 4 if before == config.channels else 3, stride=2, padding=1))
            layers += [Residual(width) for _ in range(blocks)]
            before = width
        neck = outputs // config.side**2 if config.spatial else config.neck
        layers += [*_act(config), nn.Conv2d(before, neck, 1), nn.Flatten()]
        layers += [] if config.spatial else _dense(neck * config.side**2, outputs, config)
        super().__init__(*layers)


class ConvDecoder(nn.Sequential):
    """(B, D) -> (B, C, S, S): the encoder mirrored; the last doubling is a pixel shuffle (Shi et al. 2016). `beside`:
    how many channels more the first convolution of the largest level takes, the layer of number `largest`."""

    def __init__(self, config: ModelConfig, beside: int = 0) -> None:
        place = (config.neck, config.side, config.side)
        layers = [] if config.spatial else [*_dense(config.latent_dim, math.prod(place), config), *_act(config)]
        layers += [nn.Unflatten(1, place)]
        before, largest = config.neck, 0
        for i, (width, blocks) in enumerate(reversed(_levels(config))):
            layers += [nn.Upsample(scale_factor=2)] if i else []
            largest = len(layers)
            more = beside if i == len(config.widths) - 1 else 0
            layers += [nn.Conv2d(before + more, width, 3, padding=1), *(Residual(width) for _ in range(blocks))]
            before = width
        layers += [*_act(config), nn.Conv2d(before, 4 * config.channels, 3, padding=1), nn.PixelShuffle(2)]
        super().__init__(*layers)
        self.largest = largest


class DenseEncoder(nn.Sequential):
    """(B, C, H, W) -> (B, outputs) through config.depth hidden layers."""

    def __init__(self, config: ModelConfig, outputs: int) -> None:
        super().__init__(nn.Flatten(), *_dense(math.prod(config.shape), outputs, config))


class DenseDecoder(nn.Sequential):
    """(B, D) -> (B, C, H, W) through config.depth hidden layers."""

    def __init__(self, config: ModelConfig) -> None:
        layers = _dense(config.latent_dim, math.prod(config.shape), config)
        super().__init__(*layers, nn.Unflatten(1, config.shape))
