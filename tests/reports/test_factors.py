"""Factors of shapes: the sample, its symmetries, and the file of figures."""

import json
import math

import numpy as np
import pytest
import torch

from vaedemo.configs import ModelConfig
from vaedemo.models import build_model
from vaedemo.pictures.shapes import PERIODS, draw
from vaedemo.reports.factors import FILE, factor_sample, measure, write_factors
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    for kind, d, beta in (("ae", 2, 1.0), ("vae", 3, 1.0), ("vae", 3, 4.0)):
        config = ModelConfig(kind=kind, latent_dim=d, beta=beta, size=64, widths=(4, 4), hidden=8)
        save_checkpoint(root / "shapes" / ModelKey("shapes", kind, d, beta).file, build_model(config, seed=1), "shapes")
    return Library(root)


@pytest.mark.parametrize("shape", range(3))
def test_a_figure_turned_by_its_period_is_the_same(shape):
    angles = torch.tensor([0.3, 0.3 + PERIODS[shape], 0.3 + PERIODS[shape] / 2])
    factors = torch.stack([torch.tensor([shape, 0.9, a, 0.5, 0.5]) for a in angles])
    same, turned, half = draw(factors)
    assert (same - turned).abs().max() < 1e-3 and (same - half).abs().max() > 0.5


def test_a_sample_is_uniform_and_repeats_itself():
    sample = factor_sample(3, 500)
    assert sample.x.shape == (500, 1, 64, 64) and sample.factors.shape == (500, 5)
    assert np.array_equal(factor_sample(3, 500).factors, sample.factors)
    assert not np.array_equal(factor_sample(4, 500).factors, sample.factors)
    phase = sample.factors[:, 2]
    assert 0 <= phase.min() < 0.02 and 0.98 < phase.max() < 1
    assert phase.mean() == pytest.approx(0.5, abs=4 / math.sqrt(12 * 500))


def test_figures_of_every_model_are_written(library):
    made = write_factors(library, n=210)
    report = json.loads((library.folder / FILE).read_text())
    assert report == made and list(report) == ["ae-2", "vae-3", "vae-3-beta4"]
    for name, row in report.items():
        d = int(name.split("-")[1])
        assert np.shape(row["mi"]) == (5, d) and len(row["entropy"]) == 5 and len(row["active"]) == d
        assert 0 <= row["mig"] <= 1 and set(row["dci"]) == {"disentanglement", "completeness", "informativeness"}
    assert report["vae-3"]["entropy"][0] == pytest.approx(math.log(3), abs=0.05)


def test_a_model_that_is_the_factors_scores_one():
    class Oracle:
        config = ModelConfig(kind="ae", latent_dim=5, size=64)

        def encode(self, x):
            return next(self.codes)

    from vaedemo.models.autoencoder import Code

    sample = factor_sample(0, 1500)
    model = Oracle()
    model.codes = (Code(torch.tensor(part)) for part in np.split(sample.factors, 6))
    made = measure(model, sample._replace(x=sample.x[:1500]))
    assert made.mig > 0.95 and min(made.dci[:3]) > 0.95 and made.active.all()
