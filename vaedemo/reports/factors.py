"""Which dimension of a code follows which factor: every model of shapes, whose factors are known.

The sample is drawn from a seed of its own. The code is what the model transmits: a VAE's z = mu + sigma * eps, one
sample a picture, so that a dimension that is lost in its posterior's noise tells nothing; mu of other models. Of the
angle only the phase within the figure's symmetry counts: see disentanglement.phases().
"""

import json
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.configs import CONVOLUTIONAL
from vaedemo.maths import gaussian, metrics
from vaedemo.maths.disentanglement import DCI, dci, mig, mutual_information, phases
from vaedemo.models.autoencoder import Model
from vaedemo.pictures import shapes
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.maps import FOLDER

__all__ = [
    "FILE",
    "FactorFigures",
    "FactorSample",
    "factor_models",
    "factor_sample",
    "measure",
    "measure_codes",
    "write_factors",
]

FILE = f"{FOLDER}/shapes-factors.json"
COUNT = 7000
TRAIN = 5000  # of them, for the forests of DCI
BATCH = 250
SHAPE, ANGLE = shapes.FACTORS.index("shape"), shapes.FACTORS.index("angle")


class FactorSample(NamedTuple):
    """x float32 (N, 1, S, S); factors (N, 5) as shapes.FACTORS, the angle as its phase in [0, 1); the seed."""

    x: Tensor
    factors: np.ndarray
    seed: int


class FactorFigures(NamedTuple):
    """mi (5, D) and entropy (5,) in nats; mig, the mean of gaps (5,); dci; active (D,) bool, of a VAE whether the
    variance of mu exceeds 0.01, else True."""

    mi: np.ndarray
    entropy: np.ndarray
    mig: float
    gaps: np.ndarray
    dci: DCI
    active: np.ndarray


def factor_sample(seed: int = 0, n: int = COUNT) -> FactorSample:
    """n pictures of random factors, as FactorSample."""
    values = shapes.sample_factors(n, runtime.generator("factors", seed))
    x = torch.cat([shapes.draw(part) for part in values.split(4096)])
    factors = values.double().numpy()
    factors[:, ANGLE] = phases(factors[:, ANGLE], np.array(shapes.PERIODS)[factors[:, SHAPE].astype(int)])
    return FactorSample(x, factors, seed)


@torch.no_grad()
def measure(model: Model, sample: FactorSample, train: int | None = None) -> FactorFigures:
    """FactorFigures of a model of shapes over a FactorSample; the forests of DCI are fitted to the first `train`
    pictures, or to 5 / 7 of them."""
    codes = [model.encode(x) for x in sample.x.split(BATCH)]
    mu, logvars = torch.cat([code.mu for code in codes]), [code.logvar for code in codes if code.logvar is not None]
    if not logvars:
        return measure_codes(mu.double().numpy(), sample, train)
    eps = torch.randn(mu.shape, generator=runtime.generator("factors noise", sample.seed))
    z = gaussian.sample(mu, torch.cat(logvars), eps)
    figures = measure_codes(z.double().numpy(), sample, train)
    return figures._replace(active=metrics.active_units(mu).numpy())


def measure_codes(z: np.ndarray, sample: FactorSample, train: int | None = None) -> FactorFigures:
    """FactorFigures of any codes z (N, D) of a FactorSample's pictures; every dimension counts as active."""
    mi, entropies = mutual_information(z, sample.factors, categorical=(SHAPE,))
    score, gaps = mig(mi, entropies)
    scores = dci(z, sample.factors, train or len(z) * TRAIN // COUNT, categorical=(SHAPE,), circular=(ANGLE,))
    return FactorFigures(mi, entropies, score, gaps, scores, np.ones(z.shape[1], bool))


def factor_models(library: Library) -> list[ModelKey]:
    """ModelKeys of every model of shapes that is measured, sorted."""
    return sorted(key for key in library.model_keys("shapes") if key.kind in (*CONVOLUTIONAL, "pca"))


def write_factors(library: Library, seed: int = 0, n: int = COUNT) -> dict[str, dict]:
    """Measure every model of factor_models, write maps/shapes-factors.json into the library's folder, and return its
    contents: {"vae-10-beta4": {"mi", "entropy", "mig", "dci", "active"}}."""
    sample, report = factor_sample(seed, n), {}
    for key in factor_models(library):
        figures = measure(library.model(key), sample)
        report[key.name] = {
            "mi": figures.mi.round(4).tolist(),
            "entropy": figures.entropy.round(4).tolist(),
            "mig": round(figures.mig, 4),
            "dci": {score: round(getattr(figures.dci, score), 4) for score in DCI._fields[:3]},
            "active": figures.active.tolist(),
        }
    write_atomic(library.folder / FILE, json.dumps(report, separators=(",", ":")).encode())
    return report
