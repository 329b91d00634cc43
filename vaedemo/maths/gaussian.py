"""Diagonal Gaussians: sample, kl, log_prob. Pure functions; mu and logvar have one shape."""

import math

import torch
from torch import Tensor

__all__ = ["kl", "log_prob", "pairs", "sample", "total_std"]


def sample(mu: Tensor, logvar: Tensor, eps: Tensor) -> Tensor:
    """z = mu + sigma * eps, the reparametrisation trick; all of one shape. Kingma & Welling 2014, section 2.4."""
    return mu + torch.exp(0.5 * logvar) * eps


def pairs(n: int, *shape: int, generator: torch.Generator | None = None) -> Tensor:
    """float32 (n, *shape) ~ N(0, I) in antithetic pairs: every second draw is minus the one before it. The mean over
    an even number of draws is exact for linear functions. Hammersley & Morton 1956."""
    half = torch.randn((n + 1) // 2, *shape, generator=generator)
    return torch.stack([half, -half], 1).flatten(0, 1)[:n]


def kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, 1)) in nats for each dimension, shape of mu. Kingma & Welling 2014, appendix B."""
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)  # never negative by rounding, unlike exp(logvar) - 1


def log_prob(x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(x; mu, sigma^2) in nats for each element, broadcast over the three shapes."""
    return -0.5 * (math.log(2 * math.pi) + logvar + (x - mu).square() * torch.exp(-logvar))


def total_std(means: Tensor, variance: Tensor) -> Tensor:
    """Standard deviation of an equal mixture of n distributions, shape of variance: the variance of their means
    (n, ...), with n - 1 below the line, plus the mean of their own variances (law of total variance)."""
    between = means.var(0) if len(means) > 1 else 0.0
    return (between + variance).sqrt()
