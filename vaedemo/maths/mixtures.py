"""Mixtures of Gaussians with full covariance, fitted to the codes of a model: where its pictures really lie.

Sampling them instead of N(0, I) lets an autoencoder generate, and a VAE generate better (Ghosh et al. 2020, section 4).
"""

from typing import NamedTuple

import numpy as np
import torch

from vaedemo.errors import ConfigError

__all__ = ["Mixture", "fit_mixture"]

REGULARISATION = 1e-3  # added to the variances of codes that were scaled to variance 1
PER_COMPONENT = 100  # codes that a component has at least, on average


class Mixture(NamedTuple):
    """weights (K,) that sum to 1; means (K, D); factors (K, D, D), the lower Cholesky factors of the covariances."""

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray

    def place(self, u: np.ndarray, eps: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Codes float32 (N, D) from noise: u (N,) uniform in [0, 1) chooses the component, eps (N, D) ~ N(0, I) the
        place in it. temperature scales the spread within each component; 0 gives its mean."""
        cumulative = np.cumsum(self.weights, dtype=np.float64)
        chosen = np.searchsorted(cumulative / cumulative[-1], u, side="right")  # never a component without weight
        z = self.means[chosen].astype(np.float32)
        for k in np.unique(chosen):
            rows = chosen == k
            z[rows] += temperature * (eps[rows] @ self.factors[k].T)
        return z

    def sample(self, n: int, generator: torch.Generator, temperature: float = 1.0) -> np.ndarray:
        """n codes, float32 (n, D), drawn with a torch.Generator."""
        u = torch.rand(n, generator=generator, dtype=torch.float64).numpy()
        eps = torch.randn(n, self.means.shape[1], generator=generator).numpy()
        return self.place(u, eps, temperature)

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Log density in nats of codes z (N, D), (N,)."""
        from scipy.special import logsumexp

        with np.errstate(divide="ignore"):  # a component without weight has log 0
            logs = np.log(self.weights) - np.log(np.einsum("kii->ki", self.factors)).sum(1)
        half_squared = 0.5 * self._squared(z)
        return logsumexp(logs[:, None] - half_squared, axis=0) - 0.5 * self.means.shape[1] * np.log(2 * np.pi)

    def distance(self, z: np.ndarray) -> np.ndarray:
        """Mahalanobis distance of codes z (N, D) to the nearest component, (N,), in its standard deviations."""
        return np.sqrt(self._squared(z)[self.weights > 0].min(0))

    def _squared(self, z: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances of codes to all components, (K, N)."""
        from scipy.linalg import solve_triangular

        pairs = zip(self.means, self.factors, strict=True)
        return np.stack([(solve_triangular(f, (np.asarray(z) - m).T, lower=True) ** 2).sum(0) for m, f in pairs])


def fit_mixture(z: np.ndarray, components: int = 10, seed: int = 0, regularisation: float = REGULARISATION) -> Mixture:
    """A Mixture fitted to codes z (N, D) by expectation maximisation from k-means, with at least 100 codes a component.
    Each dimension is scaled to variance 1 first, so that regularisation, which is added to each variance, means the
    same for all."""
    from sklearn.mixture import GaussianMixture

    z = np.asarray(z, dtype=np.float64)
    if z.ndim != 2 or len(z) < 2 or not np.isfinite(z).all():
        raise ConfigError(f"codes of shape {z.shape} cannot be fitted; give finite (N, D) of at least two pictures")
    mean, scale = z.mean(0), z.std(0)
    scale = np.maximum(scale, max(1e-3 * scale.max(), 1e-6))  # a constant dimension stays almost constant
    components = max(1, min(components, len(z) // PER_COMPONENT))
    fitted = GaussianMixture(components, reg_covar=regularisation, random_state=seed, max_iter=200)
    fitted.fit((z - mean) / scale)
    factors = np.linalg.cholesky(fitted.covariances_) * scale[:, None]
    return Mixture(fitted.weights_, fitted.means_ * scale + mean, factors)
