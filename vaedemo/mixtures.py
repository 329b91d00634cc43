"""Mixtures of Gaussians with full covariance, fitted to the codes of a model: where its pictures really lie.

Sampled instead of N(0, I) they make an autoencoder generate, and a VAE generate better (Ghosh et al. 2020, section 4).
All mixtures of a domain are one file: float16, of each covariance the lower Cholesky factor, packed.
"""

import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from vaedemo import gaussian, runtime
from vaedemo.checkpoints import write_atomic
from vaedemo.datasets import Pictures
from vaedemo.errors import CheckpointError, ConfigError, UnknownModel

__all__ = [
    "FILE",
    "Mixture",
    "codes",
    "fit_mixture",
    "fit_model",
    "load_mixture",
    "mixture_name",
    "mixture_names",
    "save_mixtures",
]

FILE = "mixtures.safetensors"
FORMAT = "vaedemo mixtures 1"
REGULARISATION = 1e-3  # added to the variances of codes that were scaled to variance 1
PER_COMPONENT = 100  # codes that a component has at least, on average
PICTURES = 20_000  # training pictures that mixtures are fitted to
# (components for all classes, for one), where not 10 and 3, or 1 beyond SMALL dimensions for the sake of size: figures
# that turn and wander trace rings, which ten components cannot follow.
COMPONENTS = {"shapes": (100, 30)}
SMALL = 16
BATCH = 500
SMALLEST = 6.2e-5  # of a factor's diagonal, the smallest ordinary number of float16


class Mixture(NamedTuple):
    """weights (K,), which sum to 1; means (K, D); factors (K, D, D), the lower Cholesky factors of the covariances."""

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray

    def place(self, u, eps, temperature=1.0):
        """Codes float32 (N, D) from noise: u (N,) uniform in [0, 1) chooses the component, eps (N, D) ~ N(0, I) the
        place in it. temperature scales the spread within each component; at 0 its mean is left."""
        last = len(self.weights) - 1
        chosen = np.minimum(np.searchsorted(np.cumsum(self.weights), u, side="right"), last)
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
            logs.append(np.log(np.maximum(weight, 1e-30)) - 0.5 * (whitened**2).sum(0) - size)
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


@torch.no_grad()
def codes(model, pictures, seed=0):
    """Codes float32 (N, D) of Pictures: of a VAE one sample of each posterior, which is what its decoder was trained
    on; the means alone lie closer together and gave worse samples on pictures held out (README)."""
    noise, parts = runtime.generator("codes", seed), []
    for x in pictures.batches(BATCH):
        mu, logvar = model.encode(x)
        eps = torch.randn(mu.shape, generator=noise)
        parts.append(mu if logvar is None else gaussian.sample(mu, logvar, eps))
    return torch.cat(parts).numpy()


def fit_model(model, pictures, domain, seed=0):
    """{label: Mixture} of a model over Pictures, the first 20,000 of a seeded choice: None for all classes together,
    and one for each class where they are labelled."""
    chosen = torch.randperm(len(pictures), generator=runtime.generator("mixtures", seed))[:PICTURES]
    z = codes(model, Pictures(pictures.x[chosen]), seed)
    many, few = COMPONENTS.get(domain, (10, 3 if z.shape[1] <= SMALL else 1))
    found = {None: fit_mixture(z, many, seed)}
    if pictures.y is None:
        return found
    y = pictures.y[chosen].numpy()
    return found | {int(label): fit_mixture(z[y == label], few, seed) for label in np.unique(y)}


def mixture_name(kind, latent_dim, label=None):
    """The name of a mixture in its file: vae-32/all, or vae-32/class3."""
    return f"{kind}-{latent_dim}/{'all' if label is None else f'class{label}'}"


def save_mixtures(path, mixtures, domain, record=None):
    """Write {name: Mixture} as one file with a record (a dict: how they were fitted). A mixture is one tensor, a row a
    component: weight, mean, the lower triangle of the factor row by row."""
    tensors = {}
    for name, mixture in mixtures.items():
        factors = mixture.factors.copy()
        diagonal = np.einsum("kii->ki", factors)
        np.maximum(diagonal, SMALLEST, out=diagonal)
        packed = factors[:, *np.tril_indices(mixture.means.shape[1])]
        rows = np.concatenate([mixture.weights[:, None], mixture.means, packed], axis=1)
        if not (np.abs(rows) < np.finfo(np.float16).max).all():
            raise ConfigError(f"{name} has values beyond half precision; fit it to codes within 60000")
        tensors[name] = rows.astype(np.float16)
    metadata = {"format": FORMAT, "domain": domain, "record": json.dumps(record or {})}
    write_atomic(path, save(tensors, metadata))


def _open(path):
    path = Path(path)
    try:
        file = safe_open(str(path), framework="np")
    except FileNotFoundError:
        raise CheckpointError(
            f"no {path.name} of {path.parent.name}; make it with `python -m vaedemo derive --only mixtures`"
        ) from None
    except (SafetensorError, OSError):
        raise CheckpointError(f"{path.name} is cut or no safetensors file; restore it or derive it anew") from None
    if (file.metadata() or {}).get("format") != FORMAT:
        raise CheckpointError(f"{path.name} holds no mixtures of this version ({FORMAT}); derive it anew")
    return file


def mixture_names(path):
    """Names of the mixtures of a file, sorted."""
    with _open(path) as file:
        return sorted(file.keys())


def load_mixture(path, name):
    """The Mixture of this name in a file, float32; UnknownModel if it is not there."""
    with _open(path) as file:
        if name not in file.keys():  # noqa: SIM118 - not a mapping
            raise UnknownModel(f"no mixture {name} in {Path(path).name}; choose another model, or all classes")
        rows = file.get_tensor(name).astype(np.float32)
    d = (math.isqrt(8 * rows.shape[1] + 1) - 3) // 2 if rows.ndim == 2 else 0  # (d + 1)(d + 2) / 2 numbers a row
    if d < 1 or rows.shape[1] != (d + 1) * (d + 2) // 2 or not len(rows):
        raise CheckpointError(f"{Path(path).name} has a damaged mixture {name}; restore it or derive it anew")
    factors = np.zeros((len(rows), d, d), np.float32)
    factors[:, *np.tril_indices(d)] = rows[:, 1 + d :]
    whole = np.isfinite(rows).all() and rows[:, 0].min() >= 0 and np.einsum("kii->ki", factors).min() > 0
    if not whole or not rows[:, 0].sum() > 0:
        raise CheckpointError(f"{Path(path).name} has a damaged mixture {name}; restore it or derive it anew")
    return Mixture(rows[:, 0] / rows[:, 0].sum(), rows[:, 1 : 1 + d], factors)
