"""One-class detection: what is learnt, the scores against their definition, seeds, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vaedemo.errors import ConfigError, PictureError
from vaedemo.maths.detection import auroc
from vaedemo.maths.gradients import gradients
from vaedemo.services import oneclass
from vaedemo.services.oneclass import SETTINGS, OneClassConfig, distances, learn, nearest, strangeness

SMALL = OneClassConfig(latent_dim=4, hidden=32, steps=60, neighbours=3)


@pytest.fixture(scope="module")
def known(blobs):
    return blobs[:120]


@pytest.fixture(scope="module")
def others(blobs):
    """80 spots that were not learnt from, and the same with a second one opposite."""
    x = blobs[120:]
    return x, torch.maximum(x, x.flip(2, 3))


@pytest.fixture(scope="module")
def detector(known):
    return learn(known, SMALL, seed=1)


def test_what_is_unlike_the_class_is_stranger(detector, others):
    same, twice = (strangeness(detector, x) for x in others)
    assert same.shape == (80,) and same.dtype == np.float64
    assert auroc(same, twice).value > 0.8


def test_strangeness_is_the_logs_of_the_distances(known, others):
    detector = learn(known, replace(SMALL, error_weight=0.5, steps=5))
    error, code, made = distances(detector, others[0])
    expected = np.log(code) + np.log(made) + 0.5 * np.log(error)
    assert strangeness(detector, others[0]) == pytest.approx(expected, abs=1e-4)


def test_distances_are_those_of_their_definition(detector, known, others):
    def passed(x):
        described = (gradients(x, SMALL.contrast) - detector.mean) / detector.scale
        code = detector.model.encode(described.view(-1, 1, 21, 21)).mu
        return described, code, detector.model.decoder(code).flatten(1)

    def three_nearest(x, known):
        return (x[:, None] - known[None]).norm(dim=2).sort(1).values[:, :3].mean(1)

    with torch.no_grad():
        _, codes, made = passed(known)
        described, code, x_hat = passed(others[0])
        expected = [(x_hat - described).norm(dim=1), three_nearest(code, codes), three_nearest(described, made)]
    for found, values in zip(distances(detector, others[0]), expected, strict=True):
        assert found.shape == (80,) and found == pytest.approx(values.numpy(), rel=2e-3)


def test_a_seed_gives_the_same_again_and_another_another(known, others, detector):
    again, other = learn(known, SMALL, seed=1), learn(known, SMALL, seed=2)
    found = strangeness(detector, others[0])
    assert (strangeness(again, others[0]) == found).all()
    assert (strangeness(other, others[0]) != found).any()


def test_a_picture_is_as_strange_whatever_stands_beside_it(detector, others, monkeypatch):
    found = strangeness(detector, others[0])
    monkeypatch.setattr(oneclass, "BATCH", 7)
    assert strangeness(detector, others[0].flip(0))[::-1] == pytest.approx(found, abs=1e-3)


def test_paler_pictures_are_as_strange_where_contrast_is_levelled(detector, others):
    assert strangeness(detector, 0.5 * others[0]) == pytest.approx(strangeness(detector, others[0]), abs=0.01)


def test_the_nearest_are_averaged():
    known, x = torch.tensor([[0.0], [1.0], [4.0]]), torch.tensor([[0.0], [5.0]])
    assert nearest(known, x, 2).tolist() == [0.5, 2.5]
    assert nearest(known, x, 9).tolist() == pytest.approx([5 / 3, 10 / 3])


def test_two_pictures_are_enough(others):
    assert np.isfinite(strangeness(learn(others[0][:2], replace(SMALL, steps=1)), others[0][:3])).all()


@pytest.mark.parametrize(
    ("x", "error", "said"),
    [
        (torch.zeros(1, 1, 28, 28), ConfigError, "the number of pictures is 1; give 2 or more"),
        (torch.zeros(5, 3, 28, 28), PictureError, "multiples of 4"),
        (torch.zeros(5, 1, 28, 32), ConfigError, "give square ones"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(x, error, said):
    with pytest.raises(error, match=said):
        learn(x, SMALL)


def test_other_sizes_than_the_learnt_are_refused(detector):
    with pytest.raises(PictureError, match="of 28 x 28, as the class"):
        strangeness(detector, torch.zeros(2, 1, 32, 32))


@pytest.mark.parametrize(
    ("name", "value"),
    [("contrast", 1.5), ("error_weight", -1), ("noise", -0.1), ("code_noise", -1), ("neighbours", 0), ("steps", 0)],
)
def test_settings_are_checked(name, value):
    with pytest.raises(ConfigError, match=f"{name} is {value}; choose"):
        OneClassConfig(**{name: value})


def test_both_sets_have_settings():
    assert set(SETTINGS) == {"digits", "fashion"}
