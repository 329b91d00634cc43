"""Diagonal Gaussians: sample, kl, log_prob, cdf. Pure functions; mu and logvar have one shape."""

import math

import torch

__all__ = ["cdf", "kl", "log_prob", "pairs", "sample", "total_std"]


def sample(mu, logvar, eps):
    """z = mu + sigma * eps, the reparametrisation trick; all of one shape. Kingma & Welling 2014, section 2.4."""
    return mu + torch.exp(0.5 * logvar) * eps


def pairs(n, *shape, generator=None):
    """float32 (n, *shape) ~ N(0, I), every second draw minus the one before it. Each is a fair draw, and the mean
    of what is linear in an even number of them is exact (antithetic variates, Hammersley & Morton 1956)."""
    drawn = torch.randn((n + 1) // 2, *shape, generator=generator)
    return torch.stack([drawn, -drawn], 1).flatten(0, 1)[:n]


def kl(mu, logvar):
    """KL(N(mu, sigma^2) || N(0, 1)) in nats for each dimension, shape of mu. Kingma & Welling 2014, appendix B."""
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)  # never negative by rounding, unlike exp(logvar) - 1


def log_prob(x, mu, logvar):
    """log N(x; mu, sigma^2) in nats for each element, broadcast over the three shapes."""
    return -0.5 * (math.log(2 * math.pi) + logvar + (x - mu).square() * torch.exp(-logvar))


def cdf(x, mu, logvar):
    """P(X <= x) for X ~ N(mu, sigma^2), for each element, in [0, 1]."""
    return torch.special.ndtr((x - mu) * torch.exp(-0.5 * logvar))


def total_std(means, variance):
    """Standard deviation, shape of variance, of a draw from one of n equally likely distributions: that of their means
    (n, ...) and the mean of their own variances together (law of total variance). n - 1 below the line."""
    between = means.var(0) if len(means) > 1 else 0.0
    return (between + variance).sqrt()
