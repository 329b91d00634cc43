"""Encoders and decoders: dense and convolutional, the same call. An encoder ends in numbers, a decoder starts at them.

encoder(x): (B, C, H, W) -> (B, outputs)        decoder(z): (B, D) -> (B, C, H, W), no final nonlinearity
"""

import math

from torch import nn

__all__ = ["ConvDecoder", "ConvEncoder", "DenseDecoder", "DenseEncoder", "Residual"]

NECK = 8  # channels in which the smallest feature map is flattened: keeps the linear layers small


class Residual(nn.Module):
    """x + conv(silu(conv(silu(x)))); the last convolution starts at zero, so that the block starts as the identity."""

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.act = nn.SiLU()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x):
        return x + self.conv2(self.act(self.conv1(self.act(x))))


def _dense(config):
    """The dense layers beside the code after the first: depth - 1 of them."""
    layers = []
    for _ in range(config.depth - 1):
        layers += [nn.Linear(config.hidden, config.hidden), nn.SiLU()]
    return layers


def _levels(widths, blocks):
    """(width, number of residual blocks) for each size, the largest picture first."""
    return [(w, blocks if i == len(widths) - 1 else 1) for i, w in enumerate(widths)]


class ConvEncoder(nn.Sequential):
    """(B, C, S, S) -> (B, outputs): a strided convolution and residual blocks a level, then two linear layers."""

    def __init__(self, config, outputs):
        side = config.size // 2 ** len(config.widths)
        layers, before = [], config.channels
        for width, blocks in _levels(config.widths, config.blocks):
            layers.append(nn.Conv2d(before, width, 4 if before == config.channels else 3, stride=2, padding=1))
            layers += [Residual(width) for _ in range(blocks)]
            before = width
        layers += [nn.SiLU(), nn.Conv2d(before, NECK, 1), nn.Flatten()]
        layers += [nn.Linear(NECK * side**2, config.hidden), nn.SiLU(), *_dense(config)]
        layers.append(nn.Linear(config.hidden, outputs))
        super().__init__(*layers)


class ConvDecoder(nn.Sequential):
    """(B, D) -> (B, C, S, S): the encoder mirrored; the last doubling is a pixel shuffle (Shi et al. 2016)."""

    def __init__(self, config):
        side = config.size // 2 ** len(config.widths)
        layers = [nn.Linear(config.latent_dim, config.hidden), nn.SiLU(), *_dense(config)]
        layers += [nn.Linear(config.hidden, NECK * side**2), nn.SiLU(), nn.Unflatten(1, (NECK, side, side))]
        before = NECK
        for i, (width, blocks) in enumerate(reversed(_levels(config.widths, config.blocks))):
            if i == 0:
                layers.append(nn.Conv2d(before, width, 3, padding=1))
            else:
                layers += [nn.Upsample(scale_factor=2), nn.Conv2d(before, width, 3, padding=1)]
            layers += [Residual(width) for _ in range(blocks)]
            before = width
        layers += [nn.SiLU(), nn.Conv2d(before, 4 * config.channels, 3, padding=1), nn.PixelShuffle(2)]
        super().__init__(*layers)


class DenseEncoder(nn.Sequential):
    """(B, C, H, W) -> (B, outputs) through one hidden layer."""

    def __init__(self, config, outputs):
        pixels = math.prod(config.shape)
        super().__init__(nn.Flatten(), nn.Linear(pixels, config.hidden), nn.SiLU(), nn.Linear(config.hidden, outputs))


class DenseDecoder(nn.Sequential):
    """(B, D) -> (B, C, H, W) through one hidden layer."""

    def __init__(self, config):
        super().__init__(
            nn.Linear(config.latent_dim, config.hidden),
            nn.SiLU(),
            nn.Linear(config.hidden, math.prod(config.shape)),
            nn.Unflatten(1, config.shape),
        )
