"""The autoencoder: a picture through a few numbers and back. Hinton & Salakhutdinov 2006."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vaedemo.configs import ModelConfig
from vaedemo.maths import gaussian
from vaedemo.models.blocks import ConvDecoder, ConvEncoder, DenseDecoder, DenseEncoder
from vaedemo.models.linear import LinearDecoder, LinearEncoder

__all__ = ["Autoencoder", "Code", "Model", "Output", "networks"]


class Code(NamedTuple):
    """What an encoder gives: mu (B, D); logvar (B, D), or None where the code is a point."""

    mu: Tensor
    logvar: Tensor | None = None


class Output(NamedTuple):
    """A forward pass: x_hat (B, C, H, W) in [0, 1], z (B, D), and the code that z was drawn from."""

    x_hat: Tensor
    z: Tensor
    mu: Tensor
    logvar: Tensor | None


def networks(config: ModelConfig, outputs: int) -> tuple[nn.Module, nn.Module]:
    """(encoder with that many outputs, decoder) of a ModelConfig."""
    if config.kind.startswith("dense"):
        return DenseEncoder(config, outputs), DenseDecoder(config)
    if config.linear:
        return LinearEncoder(config, outputs), LinearDecoder(config)
    return ConvEncoder(config, outputs), ConvDecoder(config)


class Model(nn.Module):
    """Any network of KINDS: pictures (B, C, H, W) in [0, 1] <-> codes (B, D)."""

    encoder: Any  # of all but PCA
    decoder: Any

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def slow(self) -> list[nn.Parameter]:
        """What learns at a tenth of the rate: linear maps that begin as PCA, whose weights are small numbers."""
        return [*self.encoder.linear.parameters(), *self.decoder.linear.parameters()] if self.config.linear else []

    def encode(self, x: Tensor) -> Code:
        """Code of pictures x (B, C, H, W)."""
        raise NotImplementedError

    def decode(self, z: Tensor) -> Tensor:
        """Pictures (B, C, H, W) in [0, 1] from z (B, D)."""
        raise NotImplementedError

    def forward(self, x: Tensor, eps: Tensor | None = None) -> Output:
        """Output with z = mu + sigma * eps; without eps, and where the code is a point, z = mu."""
        mu, logvar = self.encode(x)
        z = mu if eps is None or logvar is None else gaussian.sample(mu, logvar, eps)
        return Output(self.decode(z), z, mu, logvar)

    def sample(self, n: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n pictures decoded from z ~ N(0, temperature^2 I), the prior of a VAE only: others give poor ones."""
        z = torch.randn(n, self.config.latent_dim, generator=generator) * temperature
        return self.decode(z.to(next(self.parameters())))


class Autoencoder(Model):
    """Trained on squared error; the decoder ends in a linear layer and is clamped for display, because squared error
    behind a sigmoid stalls at black."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.encoder, self.decoder = networks(config, config.latent_dim)

    def encode(self, x: Tensor) -> Code:
        return Code(self.encoder(x))

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z).clamp(0, 1)
