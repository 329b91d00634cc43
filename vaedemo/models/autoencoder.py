"""The autoencoder: a picture through a few numbers and back. Hinton & Salakhutdinov 2006."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from vaedemo.models.blocks import ConvDecoder, ConvEncoder, DenseDecoder, DenseEncoder

__all__ = ["Autoencoder", "Code", "Output", "networks"]


class Code(NamedTuple):
    """What an encoder says of pictures: mu (B, D); logvar (B, D), or None where the code is a point."""

    mu: Tensor
    logvar: Tensor | None = None


class Output(NamedTuple):
    """A forward pass: x_hat (B, C, H, W) in [0, 1], z (B, D), and the code it was drawn from."""

    x_hat: Tensor
    z: Tensor
    mu: Tensor
    logvar: Tensor | None


def networks(config, outputs):
    """(encoder with that many outputs, decoder) of a ModelConfig."""
    if config.kind.startswith("dense"):
        return DenseEncoder(config, outputs), DenseDecoder(config)
    return ConvEncoder(config, outputs), ConvDecoder(config)


class Autoencoder(nn.Module):
    """Pictures (B, C, H, W) in [0, 1] <-> codes (B, D); trained on squared error.

    The decoder is linear at its end and clamped for display: squared error behind a sigmoid stalls at black.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = networks(config, config.latent_dim)

    def encode(self, x):
        """Code(mu (B, D), logvar None) from x (B, C, H, W)."""
        return Code(self.encoder(x))

    def decode(self, z):
        """Pictures (B, C, H, W) in [0, 1] from z (B, D)."""
        return self.decoder(z).clamp(0, 1)

    def forward(self, x, eps=None):
        """Output of encoding and decoding; eps is accepted so that every model is called alike."""
        mu, logvar = self.encode(x)
        return Output(self.decode(mu), mu, mu, logvar)

    def sample(self, n, generator=None, temperature=1.0):
        """n pictures decoded from z ~ N(0, temperature^2 I). An autoencoder has no prior: expect poor ones."""
        z = torch.randn(n, self.config.latent_dim, generator=generator) * temperature
        return self.decode(z.to(next(self.parameters())))
