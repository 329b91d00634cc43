"""What each method of restoration is told, and what is done to a photograph's answer."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.services.restore.calls import by, estimated, photo, task
from tests.services.restore.test_restore_maths import Shelf, damaged, drawn, two_thirds
from vaedemo.data.domains import DOMAINS, get_domain
from vaedemo.errors import ConfigError, PictureError, UnknownModel
from vaedemo.services.restore import classical, photonoise, run
from vaedemo.services.restore import task as asked_of
from vaedemo.store.key import ModelKey


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def y():
    return damaged()


@pytest.fixture
def mask():
    return two_thirds()


def test_a_plain_vae_sees_a_whole_picture_once_and_a_hole_twenty_times(shelf, y, mask):
    made = by(shelf, "plain", y, "digits")
    assert np.allclose(made, 0.5 * y.clip(0, 1) + 0.1) and made.dtype == np.float32
    assert shelf.asked == [ModelKey("digits", "vae", get_domain("digits").anchor)] and len(shelf.plain.seen) == 1
    shelf.plain.seen.clear()
    made, known = by(shelf, "plain", y, "digits", mask), mask > 0
    assert len(shelf.plain.seen) == 20
    start, second = shelf.plain.seen[0].detach().numpy()[0], shelf.plain.seen[1].detach().numpy()[0]
    assert (start[:, ~known] == 0.5).all() and np.allclose(second[:, ~known], 0.35)
    assert np.array_equal(made[:, known], y.clip(0, 1)[:, known]) and np.array_equal(start[:, known], made[:, known])
    assert np.allclose(made[:, ~known], 0.2, atol=1e-5)
    with pytest.raises(UnknownModel, match="^there is no plain VAE of photographs"):
        by(shelf, "plain", np.zeros((3, 20, 20)), "photos")


def test_the_method_vae_is_the_mean_of_eight(shelf, y, mask):
    made = by(shelf, "vae", y, "digits", mask, seed=3)
    assert np.allclose(made, drawn(8, 3)[0].mean(0), atol=1e-6)
    assert shelf.network.given[0][2].item() == 0.25 and np.array_equal(shelf.network.given[0][1][0, 0], mask)
    made = by(shelf, "vae", y, "digits", sigma=0.5)
    assert np.allclose(made, drawn(8)[0].mean(0), atol=1e-6)
    assert np.allclose(shelf.network.given[1][2], 0.5) and shelf.network.given[1][1].all()
    with pytest.raises(
        ConfigError, match="^no method 'magic'; choose from vae, plain, nlm, wavelet, tv, median, biharm"
    ):
        by(shelf, "magic", y, "digits")


@pytest.fixture
def told(monkeypatch):
    """What the classical methods are told; they answer with one eighth of the first channels."""
    found = SimpleNamespace(rows=[{"channels": 1}, {"channels": 3}, {}])

    def setting_for(rows, *words):
        found.chosen, found.words = rows, words
        return "a setting"

    def denoise(y, *words, **named):
        found.y, found.given, found.named = y, words, named
        return y / 8

    def inpaint(y, known):
        found.y, found.known = y, known
        return y / 4

    def read_settings(folder):
        found.folder = folder
        return found.rows

    for changed in (setting_for, denoise, inpaint, read_settings):
        monkeypatch.setattr(classical, changed.__name__, changed)
    return found


def test_a_classical_method_is_told_the_noise_and_its_setting(shelf, y, told):
    made = by(shelf, "tv", y, "digits", sigma=0.2, noise="poisson", level=0.3, clip=False)
    assert np.array_equal(made, y / 8) and told.folder == shelf.folder / "digits"
    assert told.words == ("tv", "poisson", 0.3, False) and told.chosen == told.rows
    assert told.given == ("tv", 0.2, "a setting") and told.named == {"kind": "poisson", "level": 0.3, "clip": False}
    by(shelf, "median", y, "digits")
    assert told.words == ("median", "gaussian", 0.25, True)
    assert told.given == ("median", 0.25, "a setting") and told.named == {
        "kind": "gaussian",
        "level": 0.25,
        "clip": True,
    }
    by(shelf, "median", y, "digits", sigma=None)
    assert told.words[2] == told.given[1] == told.named["level"] == estimated(shelf, y, "digits")


def test_of_a_grey_photograph_one_channel_is_restored_and_given_back_three_times(shelf, told):
    grey = np.random.default_rng(0).random((1, 20, 30), np.float32)
    colour, mask = np.random.default_rng(0).random((3, 20, 30), np.float32), np.ones((20, 30))
    mask[:5] = 0
    for y, channels in ((grey.repeat(3, 0), 1), (colour, 3)):
        made = by(shelf, "tv", y, "photos")
        assert np.array_equal(made, y / 8) and np.array_equal(told.y, y[:channels])
        assert told.chosen == [{"channels": 1}] if channels == 1 else told.chosen == [{"channels": 3}, {}]
        filled = by(shelf, "biharmonic", y, "photos", mask)
        assert np.array_equal(filled, y / 4) and np.array_equal(told.y, y[:channels])
        assert np.array_equal(told.known, mask)
    under = grey.repeat(3, 0) + np.where(mask > 0, 0, colour)  # what lies under the hole may have any colour
    for y in (under, under * mask):
        assert by(shelf, "biharmonic", y, "photos", mask).shape == (3, 20, 30) and len(told.y) == 1
    objects = np.random.default_rng(0).random((1, 32, 32), np.float32).repeat(3, 0)
    by(shelf, "tv", objects, "objects")
    assert len(told.y) == 3 and told.chosen == told.rows  # a small picture keeps its channels


def test_a_photographs_noise_is_a_hole_a_map_or_a_number(monkeypatch):
    y, mask = np.random.default_rng(0).random((3, 20, 30), np.float32), np.ones((20, 30))
    mask[:4] = 0
    lost, asked = np.zeros((20, 30), bool), []
    lost[2:7, 5] = True

    def lost_pixels(seen, told):
        assert np.array_equal(seen, y)
        asked.append(told)
        return lost

    def noise_map(seen, kind, level):
        assert np.array_equal(seen, y)
        return kind, level

    def told(mask, noise=None, level=0.0):
        return task(y, "photos", mask, noise=noise, level=level, samples=0).told

    monkeypatch.setattr(photonoise, "lost_pixels", lost_pixels)
    monkeypatch.setattr(photonoise, "noise_map", noise_map)
    for noise in (None, "salt_and_pepper"):
        for given, rest in ((mask, mask * ~lost), (None, 1.0 * ~lost)):
            sigma, known = told(given, noise, 0.2)
            assert sigma == 0 and np.array_equal(known, rest)
    assert asked == [False, False, True, True]
    sigma, known = told(mask, "speckle", 0.3)
    assert sigma == ("speckle", 0.3) and np.array_equal(known, mask)
    sigma, known = told(None, "poisson")
    assert sigma == ("poisson", 0.0) and known.all() and len(asked) == 4
    lost[:] = False
    sigma, known = told(mask)
    assert sigma == round(photonoise.deviation(y), 6) > 0 and np.array_equal(known, mask)
    assert told(None, "salt_and_pepper", 0.2)[0] == ("salt_and_pepper", 0.2)


def test_a_hole_deeper_than_was_learnt_is_guessed():
    reach = DOMAINS["photos"].damages.hole
    for depth, guess in ((reach, False), (reach + 1, True)):
        mask = np.ones((200, 200))
        mask[10 : 10 + 2 * depth - 1, 20 : 20 + 2 * depth - 1] = 0
        assert task(np.zeros((3, 200, 200)), "photos", mask, samples=0).guessed == guess
    for mask in (None, np.ones((9, 9))):
        assert not task(np.zeros((3, 9, 9)), "photos", mask, samples=0).guessed
    assert not task(np.zeros((1, 28, 28)), "digits", np.zeros((28, 28))).guessed


def test_a_photograph_beyond_what_was_learnt_goes_from_coarse_to_fine(shelf, monkeypatch):
    for name in ("Tiles", "CoarseToFine"):
        monkeypatch.setattr(run, name, lambda *given, name=name, **options: (name, given, options))
    y, row = np.random.default_rng(0).random((3, 80, 90), np.float32), DOMAINS["photos"].damages
    usual = {"tile": 512, "seeds": range(0)}
    name, (model, seen, sigma, known), options = photo(shelf, y)
    assert name == "Tiles" and model is shelf.network and options == usual
    assert np.array_equal(seen, y) and sigma == 0 and np.array_equal(known, np.ones((80, 90)))
    for strength, said in ((row.strongest, "Tiles"), (row.strongest + 0.01, "CoarseToFine"), (1, "CoarseToFine")):
        name, given, options = photo(shelf, y, sigma=strength, seeds=(4, 5), tile=256)
        assert name == said and given[2] == strength and options == {"seeds": range(4, 6), "tile": 256}
        assert given[4:] == (() if said == "Tiles" else (row.hole, row.strongest))
    strengths = np.full((80, 90), 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(asked_of.Task, "told", property(lambda task: (strengths, task.mask[0])))
        assert photo(shelf, y, sigma=None)[0] == "Tiles"
        strengths[0, 0] = 7
        name, given, _ = photo(shelf, y, sigma=None)
        assert name == "CoarseToFine" and given[2].max() == 1 and given[2].min() == 0.1
    mask = np.ones((80, 90))
    mask[:, :49] = 0
    assert photo(shelf, y, mask=mask)[0] == "CoarseToFine"
    mask[:, 20:] = 1
    name, given, _ = photo(shelf, y, mask=mask)
    assert name == "Tiles" and np.array_equal(given[3], mask)
    with pytest.raises(PictureError, match="^nothing of the photograph is known"):
        photo(shelf, y, mask=0 * mask)
    with pytest.raises(ConfigError, match="^the noise's strength is 2; choose 0 to 1"):
        photo(shelf, y, sigma=2)
    with pytest.raises(PictureError, match="^a photograph has 3 colours, this one 1"):
        photo(shelf, y[:1])
