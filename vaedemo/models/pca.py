"""Principal components, with the calls of the other models: the best linear autoencoder. Pearson 1901."""

import math
from dataclasses import replace

import torch
from torch import nn

from vaedemo.errors import ConfigError
from vaedemo.models.autoencoder import Code, Output

__all__ = ["PCA", "fit_pca"]


class PCA(nn.Module):
    """Pictures (B, C, H, W) in [0, 1] <-> coordinates (B, D) along the directions of largest variance."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        pixels = math.prod(config.shape)
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("components", torch.zeros(config.latent_dim, pixels))
        self.register_buffer("variance", torch.ones(config.latent_dim))

    def encode(self, x):
        """Code(mu (B, D), logvar None): coordinates of x (B, C, H, W)."""
        return Code((x.flatten(1) - self.mean) @ self.components.T)

    def decode(self, z):
        """Pictures (B, C, H, W) in [0, 1] from coordinates (B, d), d <= D: the first d components are used."""
        flat = z @ self.components[: z.shape[1]] + self.mean
        return flat.unflatten(1, self.config.shape).clamp(0, 1)

    def forward(self, x, eps=None):
        mu, logvar = self.encode(x)
        return Output(self.decode(mu), mu, mu, logvar)

    def sample(self, n, generator=None, temperature=1.0):
        """n pictures from the Gaussian with the data's mean and covariance in the kept directions."""
        z = torch.randn(n, self.config.latent_dim, generator=generator).to(self.variance)
        return self.decode(z * self.variance.sqrt() * temperature)

    def first(self, latent_dim):
        """The PCA of fewer dimensions: PCA is nested, so one checkpoint holds them all."""
        fewer = PCA(replace(self.config, latent_dim=latent_dim))
        fewer.mean, fewer.components = self.mean, self.components[:latent_dim]
        fewer.variance = self.variance[:latent_dim]
        return fewer.eval()


def fit_pca(config, pictures):
    """A PCA from Pictures (uint8): the exact eigenvectors of their covariance matrix."""
    pixels, d = math.prod(config.shape), config.latent_dim
    if d > min(pixels, len(pictures)):
        raise ConfigError(
            f"{len(pictures)} pictures of {pixels} values have no {d} principal components; choose a smaller latent_dim"
        )
    model, count = PCA(config), 0
    if len(pictures) < pixels:  # from the pictures themselves: their covariance matrix is larger than they are
        x = torch.cat([x.flatten(1).double() for x in pictures.batches(4096)])
        _, singular, vectors = torch.linalg.svd(x - x.mean(0), full_matrices=False)
        model.mean.copy_(x.mean(0))
        model.components.copy_(vectors[:d])
        model.variance.copy_(singular[:d].square() / len(x))
        return model.eval()
    total, square = torch.zeros(pixels, dtype=torch.float64), torch.zeros(pixels, pixels, dtype=torch.float64)
    for x in pictures.batches(4096):
        x = x.flatten(1)
        total += x.sum(0, dtype=torch.float64)
        square += (x.T @ x).double()
        count += len(x)
    mean = total / count
    variance, vectors = torch.linalg.eigh(square / count - torch.outer(mean, mean))
    model.mean.copy_(mean)
    model.components.copy_(vectors.flip(1).T[: config.latent_dim])
    model.variance.copy_(variance.flip(0)[: config.latent_dim].clamp(min=0))
    return model.eval()
