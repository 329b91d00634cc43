"""Encoders and decoders: dense and convolutional, the same call. An encoder ends in numbers, a decoder starts at them.

encoder(x): (B, C, H, W) -> (B, outputs)        decoder(z): (B, D) -> (B, C, H, W), no final nonlinearity
"""

import math

from torch import nn

__all__ = ["ConvDecoder", "ConvEncoder", "DenseDecoder", "DenseEncoder", "Residual"]


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


def _dense(start, end, config):
    """Linear layers from start to end with config.depth hidden ones between them."""
    sizes = [start, *[config.hidden] * config.depth, end]
    layers = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after), nn.SiLU()]
    return layers[:-1]


def _act(config):
    """Nonlinearity outside the residual blocks; none where depth is 0, so that a linear code passes unbent."""
    return [nn.SiLU()] if config.depth else []


def _levels(widths, blocks):
    """(width, number of residual blocks) for each size, the largest picture first."""
    return [(w, blocks if i == len(widths) - 1 else 1) for i, w in enumerate(widths)]


class ConvEncoder(nn.Sequential):
    """(B, C, S, S) -> (B, outputs): a strided convolution and residual blocks a level, then linear layers."""

    def __init__(self, config, outputs):
        side = config.size // 2 ** len(config.widths)
        layers, before = [], config.channels
        for width, blocks in _levels(config.widths, config.blocks):
            layers.append(nn.Conv2d(before, width, 4 if before == config.channels else 3, stride=2, padding=1))
            layers += [Residual(width) for _ in range(blocks)]
            before = width
        layers += [*_act(config), nn.Conv2d(before, config.neck, 1), nn.Flatten()]
        layers += _dense(config.neck * side**2, outputs, config)
        super().__init__(*layers)


class ConvDecoder(nn.Sequential):
    """(B, D) -> (B, C, S, S): the encoder mirrored; the last doubling is a pixel shuffle (Shi et al. 2016)."""

    def __init__(self, config):
        side = config.size // 2 ** len(config.widths)
        layers = _dense(config.latent_dim, config.neck * side**2, config)
        layers += [*_act(config), nn.Unflatten(1, (config.neck, side, side))]
        before = config.neck
        for i, (width, blocks) in enumerate(reversed(_levels(config.widths, config.blocks))):
            if i == 0:
                layers.append(nn.Conv2d(before, width, 3, padding=1))
            else:
                layers += [nn.Upsample(scale_factor=2), nn.Conv2d(before, width, 3, padding=1)]
            layers += [Residual(width) for _ in range(blocks)]
            before = width
        layers += [*_act(config), nn.Conv2d(before, 4 * config.channels, 3, padding=1), nn.PixelShuffle(2)]
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
