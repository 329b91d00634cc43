"""Mixtures of Gaussians with full covariance, fitted to the codes of a model: where its pictures really lie.

Sampled instead of N(0, I) they make an autoencoder generate, and a VAE generate better (Ghosh et al. 2020, section 4).
All mixtures of a domain are one file: float16, of each covariance the lower Cholesky factor, packed.
"""

from typing import NamedTuple

import numpy as np
import torch

from vaedemo.errors import ConfigError

__all__ = [
    "Mixture",
    "fit_mixture",
]

REGULARISATION = 1e-3  # added to the variances of codes that were scaled to variance 1
PER_COMPONENT = 100  # codes that a component has at least, on average


class Mixture(NamedTuple):
    """weights (K,), which sum to 1; means (K, D); factors (K, D, D), the lower Cholesky factors of the covariances."""

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray

    def place(self, u, eps, temperature=1.0):
        """Codes float32 (N, D) from noise: u (N,) uniform in [0, 1) chooses the component, eps (N, D) ~ N(0, I) the
        place in it. temperature scales the spread within each component; at 0 its mean is left."""
        upto = np.cumsum(self.weights, dtype=np.float64)
        chosen = np.searchsorted(upto / upto[-1], u, side="right")  # never a component that has no weight
        z = self.means[chosen].astype(np.float32)
        for k in np.unique(chosen):
            rows = chosen == k
            z[rows] += temperature * (eps[rows] @ self.factors[k].T)
        return z

    def sample(self, n, generator, temperature=1.0):
        """n codes, float32 (n, D), drawn with a torch.Generator."""
        u = torch.rand(n, generator=generator, dtype=torch.float64).numpy()
        eps = torch.randn(n, self.means.shape[1], generator=generator).numpy()
        return self.place(u, eps, temperature)

    def log_prob(self, z):
        """Log density in nats of codes z (N, D), (N,)."""
        from scipy.linalg import solve_triangular
        from scipy.special import logsumexp

        logs = []
        for weight, mean, factor in zip(self.weights, self.means, self.factors, strict=True):
            whitened = solve_triangular(factor, (np.asarray(z) - mean).T, lower=True)
            size = np.log(np.diag(factor)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)
            logs.append((np.log(weight) if weight > 0 else -np.inf) - 0.5 * (whitened**2).sum(0) - size)
        return logsumexp(logs, axis=0)


def fit_mixture(z, components=10, seed=0, regularisation=REGULARISATION):
    """A Mixture fitted to codes z (N, D) by expectation maximisation from k-means; fewer components where there would
    be less than 100 codes for each. Dimensions are scaled to variance 1 meanwhile, so that the regularisation, which
    is added to each variance, means the same for all."""
    from sklearn.mixture import GaussianMixture

    z = np.asarray(z, dtype=np.float64)
    if z.ndim != 2 or len(z) < 2 or not np.isfinite(z).all():
        raise ConfigError(f"codes of shape {z.shape} make no mixture; give (N, D), finite, of two pictures or more")
    mean, scale = z.mean(0), z.std(0)
    scale = np.maximum(scale, max(1e-3 * scale.max(), 1e-6))  # a dimension that never changes stays almost still
    components = max(1, min(components, len(z) // PER_COMPONENT))
    found = GaussianMixture(components, reg_covar=regularisation, random_state=seed, max_iter=200)
    found.fit((z - mean) / scale)
    factors = np.linalg.cholesky(found.covariances_) * scale[:, None]
    return Mixture(found.weights_, found.means_ * scale + mean, factors)
