"""Pictures that were never drawn: codes from a prior or a fitted mixture, decoded; and arithmetic with codes.

normal: N(0, I), the prior of a VAE and no more than a guess for an autoencoder. mixture: the Gaussians fitted to the
codes of training pictures, all classes or one. gaussian: PCA's own, with the variances of its directions.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.data.domains import Domain
from vaedemo.errors import ConfigError
from vaedemo.models.classifier import judge
from vaedemo.store.inputs import checked_codes, checked_picture
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = [
    "Combination",
    "MAX_TEMPERATURE",
    "PRIORS",
    "Samples",
    "arithmetic",
    "best_prior",
    "generate",
    "priors",
    "sample_codes",
]

PRIORS = ("normal", "mixture", "gaussian")
MAX_TEMPERATURE = 5.0
BLOCK = 64  # samples whose noise is drawn at once, and that are decoded at once


class Samples(NamedTuple):
    """z (N, D); x_hat float32 (N, C, H, W) in [0, 1], mean pictures. label (N,), the most probable class by the
    domain's classifier, and its probability confidence (N,); None where that was not asked for."""

    z: np.ndarray
    x_hat: np.ndarray
    label: np.ndarray | None
    confidence: np.ndarray | None


class Combination(NamedTuple):
    """A - B + C: codes (3, D) of the three pictures, z (D,), and its picture x_hat float32 (C, H, W) in [0, 1]."""

    codes: np.ndarray
    z: np.ndarray
    x_hat: np.ndarray


def priors(kind: str) -> tuple[str, ...]:
    """What codes of a kind of model can be drawn from, the simplest first."""
    if kind == "pca":
        return ("gaussian",)
    return ("normal", "mixture") if kind in ("ae", "vae") else ("normal",)


def best_prior(library: Library, domain: str, kind: str) -> str:
    """The best of the priors of a kind of model for which a domain has what they need."""
    return [p for p in priors(kind) if p != "mixture" or library.mixed(domain)][-1]


def _noise(n: int, latent_dim: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(u (n,) uniform in [0, 1), eps (n, D) ~ N(0, I)). Drawn in whole blocks, so that sample i is the same for every
    n above it."""
    uniform, normal = [], []
    for block in range(-(-n // BLOCK)):
        source = runtime.generator("generate", seed, block)
        uniform.append(torch.rand(BLOCK, generator=source, dtype=torch.float64))
        normal.append(torch.randn(BLOCK, latent_dim, generator=source))
    return torch.cat(uniform)[:n].numpy(), torch.cat(normal)[:n].numpy()


def _checked(row: Domain, kind: str, prior: str, n: int, temperature: float, label: int | None) -> None:
    if prior not in priors(kind):
        raise ConfigError(f"{kind!r} has no prior {prior!r}; choose from {', '.join(priors(kind))}")
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ConfigError(f"the number of samples is {n!r}; choose 1 or more")
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not (number and 0 <= temperature <= MAX_TEMPERATURE):
        raise ConfigError(f"temperature is {temperature!r}; choose 0 to {MAX_TEMPERATURE:g}")
    if label is None:
        return
    if prior != "mixture":
        raise ConfigError(f"one class alone can be drawn from a mixture, not from {prior!r}; leave the class out")
    if not row.classes:
        raise ConfigError(f"{row.name} has no classes; leave the class out")
    if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < len(row.classes):
        raise ConfigError(f"no class {label!r} of {row.name}; choose 0 to {len(row.classes) - 1}")


def sample_codes(
    library: Library,
    key: ModelKey,
    prior: str,
    n: int,
    seed: int = 0,
    temperature: float = 1.0,
    label: int | None = None,
) -> np.ndarray:
    """n codes of a model, float32 (n, D), from a prior of PRIORS that fits its kind; temperature scales their
    spread (of a mixture within each component); label, the number of a class, draws from that class's mixture."""
    _checked(library.domain(key.domain), key.kind, prior, n, temperature, label)
    model = library.model(key)
    mixture = library.mixture(key, label) if prior == "mixture" else None
    u, eps = _noise(n, key.latent_dim, seed)
    if mixture is not None:
        return mixture.place(u, eps, temperature)
    return (eps if prior == "normal" else eps * model.variance.sqrt().numpy()) * np.float32(temperature)


@torch.no_grad()
def generate(
    library: Library,
    key: ModelKey,
    prior: str,
    n: int,
    seed: int = 0,
    temperature: float = 1.0,
    label: int | None = None,
    *,
    judged: bool = False,
) -> Samples:
    """Samples of a model: arguments as for sample_codes; with judged also what the domain's classifier, if it
    has one, sees in them."""
    z = sample_codes(library, key, prior, n, seed, temperature, label)
    model = library.model(key)
    x_hat = torch.cat([model.decode(part) for part in torch.from_numpy(z).split(BLOCK)])
    if not judged or not library.judged(key.domain):
        return Samples(z, x_hat.numpy(), None, None)
    confidence, found = judge(library.classifier(key.domain), x_hat).probabilities.max(1)
    return Samples(z, x_hat.numpy(), found.numpy(), confidence.numpy())


@torch.no_grad()
def arithmetic(library: Library, xs: Sequence[np.ndarray], key: ModelKey) -> Combination:
    """The Combination A - B + C of three pictures xs, each float32 (C, H, W) in [0, 1], by their (mean) codes."""
    if len(xs) != 3:
        raise ConfigError(f"arithmetic takes three pictures, A - B + C; these are {len(xs)}")
    model, row = library.model(key), library.domain(key.domain)
    codes = model.encode(torch.cat([checked_picture(x, row) for x in xs])).mu
    z = checked_codes((codes[0] - codes[1] + codes[2])[None], key.latent_dim)
    return Combination(codes.numpy(), z[0].numpy(), model.decode(z)[0].numpy())
