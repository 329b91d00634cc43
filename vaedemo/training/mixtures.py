"""How the mixtures over a model's codes are fitted."""

from typing import Any

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.data.datasets import Pictures
from vaedemo.maths import gaussian
from vaedemo.maths.mixtures import Mixture, fit_mixture

__all__ = ["MOST", "codes", "fit_model"]

PICTURES = 20_000  # training pictures that mixtures are fitted to
# (components for all classes, for one), where not 10 and 3, or 1 beyond SMALL dimensions for the sake of size: figures
# that turn and wander trace rings, which ten components cannot follow.
COMPONENTS = {"shapes": (100, 30)}
SMALL = 16
MOST = 128  # dimensions: beyond them ten covariances take more room than the model
BATCH = 500


@torch.no_grad()
def codes(model: Any, pictures: Pictures, seed: int = 0) -> np.ndarray:
    """Codes float32 (N, D) of Pictures: of a VAE one sample of each posterior, which is what its decoder was trained
    on; the means alone lie closer together and gave worse samples on pictures held out (README)."""
    noise, parts = runtime.generator("codes", seed), []
    for x in pictures.batches(BATCH):
        mu, logvar = model.encode(x)
        eps = torch.randn(mu.shape, generator=noise)
        parts.append(mu if logvar is None else gaussian.sample(mu, logvar, eps))
    return torch.cat(parts).numpy()


def fit_model(model: Any, pictures: Pictures, domain: str, seed: int = 0) -> dict[int | None, Mixture]:
    """{label: Mixture} of a model over Pictures, the first 20,000 of a seeded choice: None for all classes together,
    and one for each class where they are labelled."""
    chosen = torch.randperm(len(pictures), generator=runtime.generator("mixtures", seed))[:PICTURES]
    z = codes(model, Pictures(pictures.x[chosen]), seed)
    many, few = COMPONENTS.get(domain, (10, 3 if z.shape[1] <= SMALL else 1))
    found: dict[int | None, Mixture] = {None: fit_mixture(z, many, seed)}
    if pictures.y is None:
        return found
    y = pictures.y[chosen].numpy()
    return found | {int(label): fit_mixture(z[y == label], few, seed) for label in np.unique(y)}
