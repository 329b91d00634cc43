"""What a photograph's noise is, from the photograph: grey, salt and pepper, noise that grows with the light."""

import numpy as np
import pytest
import torch

from vaedemo.data.damage import add_noise
from vaedemo.services.restore import photonoise


@pytest.fixture(scope="module")
def x():
    """A soft picture float32 (3, 96, 128) with a white sun and a black corner."""
    rng = np.random.default_rng(0)
    small = torch.from_numpy(rng.random((1, 3, 6, 8), np.float32)) * 0.8 + 0.1
    made = torch.nn.functional.interpolate(small, size=(96, 128), mode="bicubic").clamp(0.02, 0.98)[0].numpy()
    made[:, 20:44, 50:80] = 1
    made[:, 70:, :30] = 0
    return made


def damaged(x, kind, level):
    return add_noise(torch.from_numpy(x)[None], kind, level, torch.Generator().manual_seed(3))[0].numpy()


def test_grey_is_what_has_equal_channels(x):
    assert photonoise.is_grey(x[:1].repeat(3, 0)) and not photonoise.is_grey(x) and not photonoise.is_grey(x[:1])


@pytest.mark.parametrize("level", [0.05, 0.2, 0.5])
def test_the_pixels_that_salt_and_pepper_took_are_found(x, level):
    y = damaged(x, "salt_and_pepper", level)
    taken = (y != x).any(0)
    found = photonoise.lost_pixels(y)
    inside = (x > 0.01).all(0) & (x < 0.99).all(0)
    assert found[taken & inside].mean() > 0.97 and found[~taken & inside].mean() == 0
    assert found[28:36, 58:72][~taken[28:36, 58:72]].mean() < 0.3  # the sun stays
    assert np.array_equal(found, photonoise.lost_pixels(y, told=True))


@pytest.mark.parametrize(
    ("kind", "level"), [("gaussian", 0.1), ("gaussian", 0.29), ("gaussian", 0.6), ("poisson", 0.3)]
)
def test_other_noise_and_no_noise_lose_no_pixel(x, kind, level):
    assert not photonoise.lost_pixels(damaged(x, kind, level)).any()
    grey = damaged(x[:1], kind, level).repeat(3, 0)
    assert not photonoise.lost_pixels(grey).any() and not photonoise.lost_pixels(x).any()


@pytest.mark.parametrize("kind", ["poisson", "speckle"])
def test_noise_that_grows_with_the_light_has_the_strength_its_map_says(x, kind):
    y = add_noise(torch.from_numpy(x)[None], kind, 0.1, torch.Generator().manual_seed(0), clip=False)[0].numpy()
    said = photonoise.noise_map(y, kind, 0.1)
    assert said.shape == x.shape[1:] and said.dtype == np.float32
    assert np.sqrt(np.square(y - x).mean()) == pytest.approx(np.sqrt(np.square(said).mean()), rel=0.08)
    assert said[28:36, 58:72].mean() == pytest.approx(0.1, rel=0.1) and said[80:, :20].max() == 0
    assert photonoise.noise_map(y, "gaussian", 0.1) == 0.1


def test_what_clipping_does_to_averages_is_taken_back():
    rng, sigma = np.random.default_rng(0), 0.2
    for level in (0.0, 0.04, 0.97):
        clean = np.full((1, 150, 170), level, np.float32)
        y = (clean + sigma * rng.normal(size=clean.shape)).clip(0, 1).astype(np.float32)
        biased = np.full_like(clean, y.mean())  # what any average of y makes of it
        made = photonoise.unclipped(biased, y, sigma, np.ones((150, 170)))
        again = photonoise.unclipped(made, y, sigma, np.ones((150, 170)))
        assert abs(y.mean() - level) > 0.05 and abs(again.mean() - level) < 0.02
        hidden = np.ones((150, 170))
        hidden[:, 80:] = 0
        y[:, :, 80:] = 0.5  # nothing that is missing has a say
        assert np.abs(photonoise.unclipped(biased, y, sigma, hidden) - made)[:, :, :40].max() < 1e-5
        right = photonoise.unclipped(clean, y, sigma, hidden)
        assert np.abs(right - clean)[:, :, :75].max() < 0.04


def test_where_nothing_was_clipped_nothing_is_moved():
    x = np.random.default_rng(1).uniform(0.45, 0.55, (3, 60, 70)).astype(np.float32)
    y = (x + 0.1).astype(np.float32)  # an error that clipping cannot have made
    assert np.abs(photonoise.unclipped(x, y, 0.06, np.ones((60, 70))) - x).max() < 1e-3


def test_it_makes_no_difference_how_many_rows_are_worked_off_at_once(x, monkeypatch):
    y, known = damaged(x, "gaussian", 0.2), np.ones(x.shape[1:])
    known[30:50, 20:90] = 0
    whole = photonoise.unclipped(x, y, 0.2, known)
    monkeypatch.setattr(photonoise, "ROWS", 31)
    assert np.abs(photonoise.unclipped(x, y, 0.2, known) - whole).max() < 1e-5
