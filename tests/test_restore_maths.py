"""The arithmetic of restoration, of models whose answers are known: each figure is computed a second time."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import norm

from vaedemo import classical, photonoise, pictures, restore, runtime
from vaedemo.degrade import UNKNOWN
from vaedemo.domains import damages_of, get_domain
from vaedemo.errors import ConfigError, PictureError, UnknownModel
from vaedemo.restore import PHOTOS, answers, photo, photo_damage, restore_with


class Drawn:
    """A restorer whose draws are noise: means in [0, 1] and scales of .1 to .4, of which it keeps what it was given."""

    def __init__(self):
        self.given = []

    def samples(self, y, mask, level, n, generator):
        self.given.append((y, mask, level, n))
        means, scales = (torch.rand(n, *y.shape, generator=generator, requires_grad=True) for _ in range(2))
        return means, 0.1 + 0.3 * scales


class Halved:
    """A plain VAE that gives half of what it sees, and a tenth."""

    def __init__(self):
        self.seen = []

    def encode(self, x):
        self.seen.append(x)
        return x.requires_grad_(), None

    def decode(self, mu):
        return 0.5 * mu + 0.1


class Shelf:
    """A library of such models."""

    folder = classical.Path("nowhere")

    def __init__(self):
        self.restoring, self.plain, self.asked = Drawn(), Halved(), []

    def domain(self, name):
        return get_domain(name)

    def restorer(self, domain):
        self.asked.append(domain)
        return self.restoring

    def restores(self, domain):
        return domain != "fashion"

    def model(self, *words):
        self.asked.append(words)
        return self.plain

    def photo_restorer(self):
        return "the model of photographs"


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture(scope="module")
def y():
    """A damaged digit: noise about a half that was not clipped."""
    return (0.5 + 0.4 * np.random.default_rng(0).standard_normal((1, 28, 28))).astype(np.float32)


@pytest.fixture(scope="module")
def mask():
    """Two thirds of a digit are known."""
    return (np.random.default_rng(1).random((28, 28)) < 0.67).astype(np.float32)


def drawn(n, seed=0):
    """The means and the scales (n, 1, 28, 28) of Drawn."""
    g = runtime.generator("restore", seed)
    means, scales = (torch.rand(n, 1, 1, 28, 28, generator=g)[:, 0] for _ in range(2))
    return means.double().numpy(), 0.1 + 0.3 * scales.double().numpy()


@pytest.mark.parametrize(("n", "seed", "level"), [(5, 0, 0.25), (16, 3, 1), (1, 0, 0.1)])
def test_answers_written_out(n, seed, level, shelf, y, mask):
    made = answers(shelf, y, "digits", mask, level=level, n=n, seed=seed)
    means, scales = drawn(n, seed)
    assert np.allclose(made.samples, means) and np.allclose(made.mean, means.mean(0), atol=1e-6)
    between = means.var(0, ddof=1) if n > 1 else 0
    assert np.allclose(made.spread, np.sqrt(between + (scales**2).mean(0)), rtol=1e-4)
    logs = norm.logpdf(y, means, np.sqrt(scales**2 + level**2)) * mask
    assert made.log_likelihood == pytest.approx(logs.sum((1, 2, 3)), rel=1e-4) and made.log_likelihood.shape == (n,)
    (given,) = shelf.restoring.given
    assert torch.equal(given[0][0], torch.from_numpy(y * mask)) and np.array_equal(given[1][0, 0], mask)
    assert given[2].shape == (1, 1, 1, 1) and given[2].item() == pytest.approx(level) and given[3] == n
    assert shelf.asked == ["digits"] and made.best is None


def test_eight_answers_of_seed_0_to_unknown_noise_in_a_whole_picture_are_the_usual(shelf, y):
    made = answers(shelf, y, "digits")
    means, scales = drawn(8)
    assert np.allclose(made.samples, means) and shelf.restoring.given[0][2].item() == UNKNOWN == -1
    spread = np.sqrt(means.var(0, ddof=1) + (scales**2).mean(0))
    tensors = (torch.from_numpy(v).float() for v in (y, means.mean(0), spread))
    found = restore._strength(*tensors, torch.ones(1, 28, 28))
    assert found > 0.1
    logs = norm.logpdf(y, means, np.sqrt(scales**2 + found**2)).sum((1, 2, 3))
    assert made.log_likelihood == pytest.approx(logs, rel=1e-4) and made.best == logs.argmax()


def test_without_noise_what_is_known_is_put_back_and_certain(shelf, y, mask):
    made = answers(shelf, y, "digits", mask, level=0, n=3)
    means, scales = drawn(3)
    known = mask > 0
    for picture, own in zip((*made.samples, made.mean), (*means, means.mean(0)), strict=True):
        assert np.array_equal(picture[:, known], y.clip(0, 1)[:, known])
        assert np.allclose(picture[:, ~known], own[:, ~known], atol=1e-6)
    spread = np.sqrt(means.var(0, ddof=1) + (scales**2).mean(0))
    assert np.allclose(made.spread, spread * (1 - mask), rtol=1e-4)
    logs = norm.logpdf(y, means, scales) * mask
    assert made.log_likelihood == pytest.approx(logs.sum((1, 2, 3)), rel=1e-4)


@pytest.mark.parametrize(
    ("domain", "noise", "level", "hole", "named"),
    [
        ("digits", "gaussian", 0.2, False, True),
        ("digits", "blur", 0.2, False, True),
        ("digits", "jpeg", None, False, True),
        ("digits", "poisson", 0.2, False, False),
        ("digits", "gaussian", 0.2, True, False),
        ("digits", "gaussian", None, True, False),
        ("digits", "gaussian", 0, False, False),
        ("objects", "gaussian", 0.2, False, True),
        ("objects", "gaussian", None, False, False),
    ],
)
def test_the_closest_is_named_where_that_was_measured(domain, noise, level, hole, named, shelf):
    shape = get_domain(domain).shape
    y, mask = np.full(shape, 0.4, np.float32), np.ones(shape[1:])
    mask[3, 4] = 1 - hole
    made = answers(shelf, y, domain, mask, level=level, n=3, noise=noise)
    assert made.best == (made.log_likelihood.argmax() if named else None)


def test_how_many_and_how_strong_may_be_asked_for(shelf, y):
    for n in (0, 17):
        with pytest.raises(ConfigError, match=f"^the number of samples is {n}; choose 1 to 16$"):
            answers(shelf, y, "digits", n=n)
    for level in (-0.01, 1.01):
        with pytest.raises(ConfigError, match=f"^the noise's strength is {level}; choose 0 to 1, or leave it out$"):
            answers(shelf, y, "digits", level=level)
    assert answers(shelf, np.full((1, 28, 28), -20), "digits", level=1, n=1).samples.shape == (1, 1, 28, 28)
    with pytest.raises(PictureError, match="far outside 0 to 1; give 0 to 1$"):
        answers(shelf, np.full((1, 28, 28), -20.1), "digits")


def test_a_mask_is_what_is_above_zero(shelf, y):
    levels = np.where(np.arange(28) < 9, 0.0, 0.2) * np.ones((28, 1))
    levels[0] = -1
    answers(shelf, y, "digits", levels, level=0.1, n=1)
    assert np.array_equal(shelf.restoring.given[0][1][0, 0], levels > 0)
    with pytest.raises(PictureError, match="^the mask is 20 x 14 pixels, the picture 28 x 28; give both one size$"):
        answers(shelf, y, "digits", np.ones((14, 20)))


def test_a_damaged_picture_is_an_array_of_its_shape_in_any_precision(shelf, y):
    made = restore_with(shelf, "plain", y.astype(np.float64), "digits")
    assert made.dtype == np.float32 and np.array_equal(made, restore_with(shelf, "plain", y, "digits"))
    with pytest.raises(PictureError, match="^a damaged picture is an array of numbers$"):
        answers(shelf, "a picture", "digits")
    with pytest.raises(PictureError, match=r"^a damaged picture has shape \(3, height, width\), this one \(40, 40\)$"):
        photo(shelf, np.zeros((40, 40)))
    for method in ("tv", "plain", "biharmonic"):
        with pytest.raises(PictureError, match=r"has shape \(1, 28, 28\), this one \(1, 28, 30\)$"):
            restore_with(shelf, method, np.zeros((1, 28, 30)), "digits")


def alone(sigma, mean=0.5):
    """What Gaussian noise of this strength leaves on average of a value between black and white: the mean square."""
    at = norm.ppf((np.arange(33) + 0.5) / 33)
    return np.square(np.clip(mean + sigma * at, 0, 1) - mean).mean(), np.square(sigma * at).mean()


@pytest.mark.parametrize("sigma", [0.03, 0.25, 0.6])
def test_a_strength_is_what_the_model_took_away_and_half_of_what_it_leaves_open(sigma):
    """Halves of a picture on either side of the mean; a grid point is given back exactly."""
    sign = torch.tensor([1.0, -1.0]).repeat(8).expand(1, 16, 16)
    mean, mask = torch.full((1, 16, 16), 0.5), torch.ones(1, 16, 16)
    clipped, plain = alone(sigma)
    low, high = mean - 1, mean + 0.5  # of values below black and above white, which no file holds
    for square, level in ((clipped, mean), (plain, low), (plain, high)):
        assert restore._strength(level + math.sqrt(square) * sign, level, 0 * mean, mask) == pytest.approx(
            sigma, abs=2e-6
        )
        narrow = level + math.sqrt(square / 1.3) * sign  # with .5 * .6 of that left open
        left = torch.full_like(mean, math.sqrt(0.6 * square / 1.3))
        assert restore._strength(narrow, level, left, mask) == pytest.approx(sigma, abs=2e-6)
        narrow = level + math.sqrt(square / 1.5) * sign  # no more is left open than was taken
        assert restore._strength(narrow, level, 9 + 0 * mean, mask) == pytest.approx(sigma, abs=2e-6)


def test_a_strength_is_of_what_is_known():
    mean, mask = torch.full((2, 16, 16), 0.5), torch.ones(1, 16, 16)
    mask[..., 5:] = 0
    y = mean + math.sqrt(alone(0.4)[0]) * torch.tensor([1.0, -1.0]).repeat(8)[:, None]
    y[..., 5:] = 3
    found = restore._strength(y, mean, torch.where(mask > 0, 0.0, 1.0).expand(2, -1, -1), mask)
    assert found == pytest.approx(0.4, abs=2e-6)
    assert restore._strength(y, mean, mean, 0 * mask) == 0
    grey = torch.linspace(0, 1, 256).view(1, 16, 16)  # black and white are values of a file
    found = restore._strength(grey, mean[:1], 0 * grey, mask**0)
    assert alone(found)[0] == pytest.approx((grey - 0.5).square().mean().item(), abs=3e-5)
    third = restore._strength(grey / 3, mean[:1] / 3, 0 * grey, mask**0)
    assert third == round(third, 6) and 0 < third < 0.2
    assert restore._strength(5 * grey, 0 * grey, 0 * grey, mask**0) == 1


def test_an_estimated_level_is_the_strength_seen_by_four_answers(shelf, y, mask):
    found = restore.estimate_level(shelf, y, "digits", mask)
    means, scales = drawn(4)
    spread = np.sqrt(means.var(0, ddof=1) + (scales**2).mean(0))
    tensors = (torch.from_numpy(v).float() for v in (y, means.mean(0), spread, mask[None]))
    assert found == pytest.approx(restore._strength(*tensors), abs=1e-5) and found > 0
    (given,) = shelf.restoring.given
    assert np.array_equal(given[1][0, 0], mask) and given[2].item() == -1 and given[3] == 4
    whole = restore.estimate_level(shelf, y, "digits")
    assert torch.equal(shelf.restoring.given[1][1], torch.ones(1, 1, 28, 28)) and whole != found


def test_where_no_model_restores_the_finest_wavelets_tell_the_level(shelf):
    noise = np.random.default_rng(0).standard_normal((1, 28, 28)).astype(np.float32)
    want = round(photonoise.deviation(0.5 + 0.2 * noise), 6)
    assert restore.estimate_level(shelf, 0.5 + 0.2 * noise, "fashion") == want == pytest.approx(0.2, rel=0.2)
    colour = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((3, 40, 50)).astype(np.float32)
    found = restore.estimate_level(shelf, colour, PHOTOS)
    assert found == round(photonoise.deviation(colour), 6) == pytest.approx(0.1, rel=0.2)
    assert restore.estimate_level(shelf, 4 * (colour - 0.5) / 0.1, PHOTOS) == 1 and not shelf.asked


def test_draws_of_a_batch_are_told_one_strength(generator):
    y, known = torch.rand(2, 1, 28, 28, generator=generator), torch.ones(2, 1, 28, 28)
    known[..., 4:9, :] = 0
    model = Drawn()
    means, scales = restore.draws(model, "digits", y, known, 1 / 3, 3, generator)
    assert means.shape == scales.shape == (3, 2, 1, 28, 28)
    (given,) = model.given
    assert torch.equal(given[0], y * known) and torch.equal(given[2], torch.full((2, 1, 1, 1), 1 / 3))


def test_a_plain_vae_sees_a_whole_picture_once_and_a_hole_twenty_times(shelf, y, mask):
    made = restore_with(shelf, "plain", y, "digits")
    assert np.allclose(made, 0.5 * y.clip(0, 1) + 0.1) and made.dtype == np.float32
    assert shelf.asked == [("digits", "vae", get_domain("digits").anchor)] and len(shelf.plain.seen) == 1
    shelf.plain.seen.clear()
    made, known = restore_with(shelf, "plain", y, "digits", mask), mask > 0
    assert len(shelf.plain.seen) == 20
    start, second = shelf.plain.seen[0].detach().numpy()[0], shelf.plain.seen[1].detach().numpy()[0]
    assert (start[:, ~known] == 0.5).all() and np.allclose(second[:, ~known], 0.35)
    assert np.array_equal(made[:, known], y.clip(0, 1)[:, known]) and np.array_equal(start[:, known], made[:, known])
    assert np.allclose(made[:, ~known], 0.2, atol=1e-5)
    with pytest.raises(UnknownModel, match="^there is no plain VAE of photographs"):
        restore_with(shelf, "plain", np.zeros((3, 20, 20)), PHOTOS)


def test_the_method_vae_is_the_mean_of_eight(shelf, y, mask):
    made = restore_with(shelf, "vae", y, "digits", mask, seed=3)
    assert np.allclose(made, drawn(8, 3)[0].mean(0), atol=1e-6)
    assert shelf.restoring.given[0][2].item() == 0.25 and np.array_equal(shelf.restoring.given[0][1][0, 0], mask)
    made = restore_with(shelf, "vae", y, "digits", level=0.5)
    assert np.allclose(made, drawn(8)[0].mean(0), atol=1e-6)
    assert np.allclose(shelf.restoring.given[1][2], 0.5) and shelf.restoring.given[1][1].all()
    with pytest.raises(
        ConfigError, match="^no method 'magic'; choose from vae, plain, nlm, wavelet, tv, median, biharm"
    ):
        restore_with(shelf, "magic", y, "digits")


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
    made = restore_with(shelf, "tv", y, "digits", level=0.2, noise="poisson", noise_level=0.3, clip=False)
    assert np.array_equal(made, y / 8) and told.folder == shelf.folder / "digits"
    assert told.words == ("tv", "poisson", 0.3, False) and told.chosen == told.rows
    assert told.given == ("tv", 0.2, "a setting") and told.named == {"kind": "poisson", "level": 0.3, "clip": False}
    restore_with(shelf, "median", y, "digits")
    assert told.words == ("median", "gaussian", 0.25, True)
    assert told.given == ("median", 0.25, "a setting") and told.named == {
        "kind": "gaussian",
        "level": 0.25,
        "clip": True,
    }
    restore_with(shelf, "median", y, "digits", level=None)
    assert told.words[2] == told.given[1] == told.named["level"] == 0


def test_of_a_grey_photograph_one_channel_is_restored_and_given_back_three_times(shelf, told):
    grey = np.random.default_rng(0).random((1, 20, 30), np.float32)
    colour, mask = np.random.default_rng(0).random((3, 20, 30), np.float32), np.ones((20, 30))
    mask[:5] = 0
    for y, channels in ((grey.repeat(3, 0), 1), (colour, 3)):
        made = restore_with(shelf, "tv", y, PHOTOS)
        assert np.array_equal(made, y / 8) and np.array_equal(told.y, y[:channels])
        assert told.chosen == [{"channels": 1}] if channels == 1 else told.chosen == [{"channels": 3}, {}]
        filled = restore_with(shelf, "biharmonic", y, PHOTOS, mask)
        assert np.array_equal(filled, y / 4) and np.array_equal(told.y, y[:channels])
        assert np.array_equal(told.known, mask)
    under = grey.repeat(3, 0) + np.where(mask > 0, 0, colour)  # what lies under the hole may have any colour
    for y in (under, under * mask):
        assert restore_with(shelf, "biharmonic", y, PHOTOS, mask).shape == (3, 20, 30) and len(told.y) == 1
    objects = np.random.default_rng(0).random((1, 32, 32), np.float32).repeat(3, 0)
    restore_with(shelf, "tv", objects, "objects")
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

    monkeypatch.setattr(photonoise, "lost_pixels", lost_pixels)
    monkeypatch.setattr(photonoise, "noise_map", noise_map)
    for noise in (None, "salt_and_pepper"):
        for given, rest in ((mask, mask * ~lost), (None, 1.0 * ~lost)):
            sigma, known = photo_damage(y, given, noise, 0.2)
            assert sigma == 0 and np.array_equal(known, rest)
    assert asked == [False, False, True, True]
    sigma, known = photo_damage(y, mask, "speckle", 0.3)
    assert sigma == ("speckle", 0.3) and np.array_equal(known, mask)
    assert photo_damage(y, None, "poisson") == (("poisson", 0.0), None) and len(asked) == 4
    lost[:] = False
    sigma, known = photo_damage(y, mask)
    assert sigma == round(photonoise.deviation(y), 6) > 0 and np.array_equal(known, mask)
    assert photo_damage(y, None, "salt_and_pepper", 0.2) == (("salt_and_pepper", 0.2), None)


def test_a_hole_deeper_than_was_learnt_is_guessed():
    reach = damages_of(PHOTOS).hole
    for depth, guess in ((reach, False), (reach + 1, True)):
        mask = np.ones((200, 200))
        mask[10 : 10 + 2 * depth - 1, 20 : 20 + 2 * depth - 1] = 0
        assert restore.guessed(mask) == guess
    assert not restore.guessed(None) and not restore.guessed(np.ones((9, 9)))


def test_a_photograph_beyond_what_was_learnt_goes_from_coarse_to_fine(shelf, monkeypatch):
    for name in ("Restoring", "CoarseToFine"):
        monkeypatch.setattr(restore, name, lambda *given, name=name, **options: (name, given, options))
    y, row = np.random.default_rng(0).random((3, 80, 90), np.float32), damages_of(PHOTOS)
    usual = {"tile": 512, "overlap": 96, "seeds": ()}
    name, (model, seen, sigma, known), options = photo(shelf, y)
    assert name == "Restoring" and model == shelf.photo_restorer() and options == usual
    assert np.array_equal(seen, y) and sigma == 0 and np.array_equal(known, np.ones((80, 90)))
    coarse = usual | {"reach": row.hole, "strongest": row.strongest}
    for strength, said in ((row.strongest, "Restoring"), (row.strongest + 0.01, "CoarseToFine"), (1, "CoarseToFine")):
        name, given, options = photo(shelf, y, sigma=strength, seeds=(4, 5), tile=256)
        assert name == said and given[2] == strength
        assert options == {**(usual if said == "Restoring" else coarse), "seeds": (4, 5), "tile": 256}
    strengths = np.full((80, 90), 0.1)
    assert photo(shelf, y, sigma=strengths)[0] == "Restoring"
    strengths[0, 0] = 7
    name, given, _ = photo(shelf, y, sigma=strengths)
    assert name == "CoarseToFine" and given[2].max() == 1 and given[2].min() == 0.1
    mask = np.ones((80, 90))
    mask[:, :49] = 0
    assert photo(shelf, y, mask=mask)[0] == "CoarseToFine"
    mask[:, 20:] = 1
    name, given, _ = photo(shelf, y, mask=mask)
    assert name == "Restoring" and np.array_equal(given[3], mask)
    with pytest.raises(PictureError, match="^nothing of the photograph is known"):
        photo(shelf, y, mask=0 * mask)
    with pytest.raises(ConfigError, match="^the noise's strength is 2; choose 0 to 1"):
        photo(shelf, y, sigma=2)
    with pytest.raises(PictureError, match="^a photograph has 3 colours, this one 1"):
        photo(shelf, y[:1])


def test_ssim_needs_eleven_pixels_a_side():
    y = np.random.default_rng(0).random((1, 11, 14), np.float32)
    assert restore.measure(y.astype(np.float64), y).ssim == pytest.approx(1)
    for small in (y[:, :10], y[:, :, :10]):
        assert restore.measure(small, small).ssim is None


def test_a_picture_is_a_photograph_where_both_sides_are_longer_than_any_domains(monkeypatch):
    monkeypatch.setattr(pictures, "propose_domain", lambda image: image)
    for size, small in (((65, 65), False), ((64, 65), True), ((400, 64), True)):
        image = Image.new("L", size)
        assert restore.proposed(image) == (image if small else PHOTOS)


def test_a_picture_is_seen_as_its_domain_has_it_or_as_it_is():
    colours = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    seen = restore.seen(Image.fromarray(colours), PHOTOS)
    assert seen.dtype == np.float32 and np.array_equal((seen * 255).round(), colours.transpose(2, 0, 1))
    grey = restore.seen(Image.fromarray(colours[..., 0]), PHOTOS)
    assert grey.shape == (3, 40, 60) and seen.max() <= 1
    assert restore.seen(Image.fromarray(colours), "objects").shape == (3, 32, 32)
    digit = np.zeros((28, 28), np.uint8)
    digit[3:5, 2:9] = 255
    assert np.array_equal(restore.seen(Image.fromarray(digit), "digits")[0], digit / np.float32(255))  # not moved


def test_a_mask_lies_over_the_picture_as_it_is_seen():
    image, white = Image.new("RGB", (200, 100)), np.zeros((100, 200), np.uint8)
    white[:, 160:] = 255
    assert restore.known(Image.fromarray(white), image, "objects").known.all()  # what is cut off
    fitted = restore.known(Image.fromarray(white), image, PHOTOS)
    assert np.array_equal(fitted.known, white == 0)
    white[:, 100:] = 255
    assert np.array_equal(
        restore.known(Image.fromarray(white), image, "digits").known, np.arange(28) < 14 * np.ones((28, 1))
    )
    white[:] = 255
    for domain, method in ((PHOTOS, "vae"), ("digits", "biharmonic")):
        with pytest.raises(PictureError, match="^the mask is white all over, so nothing is known; leave a part"):
            restore.known(Image.fromarray(white), image, domain, method)
    for words in (("digits",), ("digits", "vae"), ("digits", "plain")):
        assert not restore.known(Image.fromarray(white), image, *words).known.any()
