"""Principal components, with the methods of the other models: the best linear autoencoder. Pearson 1901."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo.configs import ModelConfig
from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError
from vaedemo.models.autoencoder import Code, Model

__all__ = ["PCA", "begin_as_pca", "fit_pca"]


class PCA(Model):
    """The code is a picture's coordinates along the directions of largest variance."""

    mean: Tensor
    components: Tensor
    variance: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        pixels = math.prod(config.shape)
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("components", torch.zeros(config.latent_dim, pixels))
        self.register_buffer("variance", torch.ones(config.latent_dim))

    def encode(self, x: Tensor) -> Code:
        return Code((x.flatten(1) - self.mean) @ self.components.T)

    def decode(self, z: Tensor) -> Tensor:
        """Pictures (B, C, H, W) in [0, 1] from coordinates (B, d), d <= D, of the first d components."""
        flat = z @ self.components[: z.shape[1]] + self.mean
        return flat.unflatten(1, self.config.shape).clamp(0, 1)

    def sample(self, n: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n pictures from the Gaussian with the data's mean and covariance in the kept directions."""
        z = torch.randn(n, self.config.latent_dim, generator=generator).to(self.variance)
        return self.decode(z * self.variance.sqrt() * temperature)

    def first(self, latent_dim: int) -> "PCA":
        """The PCA of fewer dimensions: PCA is nested, so one checkpoint holds them all."""
        fewer = PCA(replace(self.config, latent_dim=latent_dim))
        fewer.mean, fewer.components = self.mean, self.components[:latent_dim]
        fewer.variance = self.variance[:latent_dim]
        return fewer.eval()


def fit_pca(config: ModelConfig, pictures: Pictures) -> PCA:
    """A PCA of Pictures (uint8): the exact eigenvectors of their covariance matrix."""
    pixels, d, n = math.prod(config.shape), config.latent_dim, len(pictures)
    if d > min(pixels, n):
        raise ConfigError(
            f"{n} pictures of {pixels} values have no {d} principal components; choose a smaller latent_dim"
        )
    if n < pixels:  # from the pictures themselves, which are smaller than their covariance matrix
        x = torch.cat([x.flatten(1).double() for x in pictures.batches(4096)])
        mean = x.mean(0)
        _, singular, components = torch.linalg.svd(x - mean, full_matrices=False)
        variance = singular.square() / n
    else:
        mean, variance, components = _principal(x.flatten(1) for x in pictures.batches(4096))
    model = PCA(config)
    model.mean.copy_(mean)
    model.components.copy_(components[:d])
    model.variance.copy_(variance[:d])
    return model.eval()


def _principal(batches: Iterable[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """(mean (P,), variance along each component (P,), components (P, P), the largest first), float64, of batches of
    float32 (B, P)."""
    total: Any = 0.0
    square: Any = 0.0
    n = 0
    for x in batches:
        total, square, n = total + x.sum(0, dtype=torch.float64), square + (x.T @ x).double(), n + len(x)
    mean = total / n
    variance, vectors = torch.linalg.eigh(square / n - torch.outer(mean, mean))
    return mean, variance.flip(0).clamp(min=0), vectors.flip(1).T


@torch.no_grad()
def begin_as_pca(model: Any, pictures: Pictures) -> None:
    """Make the linear maps of a network that has them (`linear`) those of the pictures' PCA with as many numbers, or of
    a spatial code that of each place's patch of pixels; each number of the code with variance 1."""
    config = model.config
    if config.spatial:
        patch, d = config.size // config.side, config.neck
        patches = (F.unfold(x, patch, stride=patch).transpose(1, 2).flatten(0, 1) for x in pictures.batches(1024))
        mean, variance, components = (t.float() for t in _principal(patches))
        colour = mean.view(config.channels, -1).mean(1)  # a convolution's bias is one a channel
        mean = colour.repeat_interleave(patch**2)
    else:
        d, pca = config.latent_dim, fit_pca(replace(config, kind="pca", linear=False), pictures)
        mean, variance, components = pca.mean, pca.variance, pca.components
    components, scale = components[:d], variance[:d].sqrt().clamp(min=1e-4)
    encoder, decoder = model.encoder.linear, model.decoder.linear
    encoder.weight.copy_(components.view_as(encoder.weight))
    encoder.bias.copy_(-components @ mean)
    if config.spatial:
        scale = scale.repeat_interleave(config.side**2)
        decoder.weight.copy_(components.view_as(decoder.weight))
        decoder.bias.copy_(colour)
    else:
        decoder.weight.copy_(components.T)
        decoder.bias.copy_(mean)
    for part in (model.encoder, model.decoder):
        part.scale.copy_(scale)
