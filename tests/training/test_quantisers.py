"""How the steps of a model's code are chosen."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.conftest import small
from vaedemo.data.datasets import Pictures
from vaedemo.models.pca import fit_pca
from vaedemo.store.checkpoints import QUANTISERS
from vaedemo.store.library import Library
from vaedemo.training import quantisers
from vaedemo.training.recipes import RECIPES


class Linear:
    """A decoder x_hat = z A of pictures (1, 2, 2), whose encoder knows the code."""

    def __init__(self, gains):
        self.matrix = torch.diag(torch.tensor(gains))

    def encode(self, x):
        return SimpleNamespace(mu=x.flatten(1))

    def decode(self, z):
        return (z @ self.matrix).reshape(-1, 1, 2, 2)


def test_sensitivity_of_a_linear_decoder_is_that_of_its_rows():
    model, z = Linear([1.0, 3.0, 0.5, 0.0]), torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    found = quantisers.sensitivity(model, z, z.std(0))
    assert found == pytest.approx([1 / 4, 9 / 4, 0.25 / 4, 0], rel=1e-3, abs=1e-9)  # a mean over four values


@pytest.fixture(scope="module")
def noise():
    generator = torch.Generator().manual_seed(1)
    return Pictures((torch.rand(3000, 1, 2, 2, generator=generator) * 255).byte())


def test_a_number_without_effect_is_rounded_away_and_the_others_add_the_same_error(noise):
    found = quantisers.fit_model(Linear([0.9, 0.5, 0.25, 0.0]), noise)
    step = found.quantiser.step
    assert step[1] / step[0] == pytest.approx(0.9 / 0.5, rel=1e-3)
    assert step[2] / step[0] == pytest.approx(0.9 / 0.25, rel=1e-3)
    assert len(found.quantiser.counts[3]) == 2  # one integer, and any other
    assert 0.9 * quantisers.GROWTH < found.growth <= quantisers.GROWTH


def test_the_error_of_principal_components_grows_by_two_per_cent_in_one_step_for_all(blobs):
    pca = fit_pca(small("pca", latent_dim=6), blobs)
    found = quantisers.fit_model(pca, blobs)
    assert found.quantiser.step == pytest.approx(
        np.full(6, found.quantiser.step[0]), rel=0.1
    )  # pictures are cut to [0, 1]
    assert 0.8 * quantisers.GROWTH < found.growth <= quantisers.GROWTH
    again = quantisers.fit_model(pca, blobs)
    assert np.array_equal(found.quantiser.step, again.quantiser.step)


def test_every_shipped_model_has_a_quantiser_of_the_training_set():
    library = Library()
    assert {r.domain for r in RECIPES if r.file == QUANTISERS.file} == {key.domain for key in library.model_keys()}
    for key in library.model_keys():
        found = library.quantiser(key)
        assert found is not None and len(found.step) == len(found.counts) == key.latent_dim
        assert {int(c.sum()) for c in found.counts} == {quantisers.PICTURES}
