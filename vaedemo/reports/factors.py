"""Which number of a code follows which factor of the pictures: every model of shapes, whose factors are known.

The sample is drawn anew, from a seed that no training set has. The code is what the model transmits: a VAE's
z = mu + sigma * eps, one sample a picture, so that a number lost in the noise of its posterior tells nothing; mu of
the others. Of the angle only the phase within the figure's symmetry is asked for: see disentanglement.phases().
"""

import json
from typing import NamedTuple

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.data.domains import get_domain
from vaedemo.maths import gaussian, metrics
from vaedemo.maths.disentanglement import DCI, dci, mig, mutual_information, phases
from vaedemo.pictures import shapes
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.maps import FOLDER

__all__ = ["FILE", "FactorFigures", "FactorSample", "factor_models", "factor_sample", "measure", "measure_codes",
           "write_factors"]  # fmt: skip

FILE = f"{FOLDER}/shapes-factors.json"
COUNT = 7000
TRAIN = 5000  # of them, for the forests of DCI
BATCH = 250
SHAPE, ANGLE = shapes.FACTORS.index("shape"), shapes.FACTORS.index("angle")


class FactorSample(NamedTuple):
    """x float32 (N, 1, S, S); factors (N, 5) as shapes.FACTORS, the angle as its phase from 0 to 1; and the seed."""

    x: torch.Tensor
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


def factor_sample(seed=0, n=COUNT):
    """n pictures of random factors, as FactorSample."""
    values = shapes.sample_factors(n, runtime.generator("factors", seed))
    x = torch.cat([shapes.draw(part, get_domain("shapes").size) for part in values.split(4096)])
    factors = values.double().numpy()
    factors[:, ANGLE] = phases(factors[:, ANGLE], np.array(shapes.PERIODS)[factors[:, SHAPE].astype(int)])
    return FactorSample(x, factors, seed)


@torch.no_grad()
def measure(model, sample, train=None):
    """FactorFigures of a model of shapes over a FactorSample; the first `train` pictures (5 of 7 parts if left out)
    fit the forests of DCI."""
    codes = [model.encode(x) for x in sample.x.split(BATCH)]
    z, active = torch.cat([code.mu for code in codes]), np.ones(model.config.latent_dim, bool)
    if codes[0].logvar is not None:
        active = metrics.active_units(z).numpy()
        eps = torch.randn(z.shape, generator=runtime.generator("factors noise", sample.seed))
        z = gaussian.sample(z, torch.cat([code.logvar for code in codes]), eps)
    return measure_codes(z.double().numpy(), sample, train)._replace(active=active)


def measure_codes(z, sample, train=None):
    """FactorFigures of any codes z (N, D) of the pictures of a FactorSample; every number counts as active."""
    mi, entropies = mutual_information(z, sample.factors, categorical=(SHAPE,))
    score, gaps = mig(mi, entropies)
    scores = dci(z, sample.factors, train or len(z) * TRAIN // COUNT, categorical=(SHAPE,), circular=(ANGLE,))
    return FactorFigures(mi, entropies, score, gaps, scores, np.ones(z.shape[1], bool))


def factor_models(library):
    """ModelKeys of every model of shapes that is measured, sorted."""
    return sorted(key for key in library.model_keys("shapes") if key.kind in ("ae", "pca", "vae"))


def write_factors(library, seed=0, n=COUNT):
    """Measure every ae, pca and vae of shapes in the library, write the figures into its folder as
    maps/shapes-factors.json, and return what it says: {"vae-10-beta4": {"mi", "entropy", "mig", "dci", "active"}}."""
    sample, report = factor_sample(seed, n), {}
    for key in factor_models(library):
        made = measure(library.model(key), sample)
        report[key.name] = {
            "mi": made.mi.round(4).tolist(),
            "entropy": made.entropy.round(4).tolist(),
            "mig": round(made.mig, 4),
            "dci": {score: round(getattr(made.dci, score), 4) for score in DCI._fields[:3]},
            "active": made.active.tolist(),
        }
    write_atomic(library.folder / FILE, json.dumps(report, separators=(",", ":")).encode())
    return report
