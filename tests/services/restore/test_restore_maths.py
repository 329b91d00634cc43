"""The arithmetic of restoration, of models whose answers are known: each figure is computed a second time."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import norm

from tests.services.restore.calls import answers, by, estimated, photo, task
from vaedemo import runtime
from vaedemo.data.damage import UNKNOWN
from vaedemo.data.domains import DOMAINS, get_domain
from vaedemo.errors import ConfigError, PictureError, UnknownDomain
from vaedemo.services.restore import classical, networks, photonoise, run
from vaedemo.services.restore import task as asked
from vaedemo.services.restore.run import measure
from vaedemo.services.restore.task import FILLING, check, domain_of, seen, task_of


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
        self.network, self.plain, self.asked = Drawn(), Halved(), []

    def domain(self, name):
        return get_domain(name)

    def home(self, domain):
        return get_domain(domain, DOMAINS).name

    def restorer(self, domain):
        self.asked.append(domain)
        return self.network

    def restores(self, domain):
        return domain != "fashion"

    def model(self, *words):
        self.asked += words
        return self.plain

    restorable = DOMAINS

    def restoring(self, preferred):
        return preferred


@pytest.fixture
def shelf():
    return Shelf()


def damaged():
    """A damaged digit: noise about a half that was not clipped."""
    return (0.5 + 0.4 * np.random.default_rng(0).standard_normal((1, 28, 28))).astype(np.float32)


def two_thirds():
    """Two thirds of a digit are known."""
    return (np.random.default_rng(1).random((28, 28)) < 0.67).astype(np.float32)


@pytest.fixture
def y():
    return damaged()


@pytest.fixture
def mask():
    return two_thirds()


def drawn(n, seed=0):
    """The means and the scales (n, 1, 28, 28) of Drawn."""
    g = runtime.generator("restore", seed)
    means, scales = (torch.rand(n, 1, 1, 28, 28, generator=g)[:, 0] for _ in range(2))
    return means.double().numpy(), 0.1 + 0.3 * scales.double().numpy()


@pytest.mark.parametrize(("n", "seed", "level"), [(5, 0, 0.25), (16, 3, 1), (1, 0, 0.1)])
def test_answers_written_out(n, seed, level, shelf, y, mask):
    made = answers(shelf, y, "digits", mask, sigma=level, samples=n, seed=seed)
    means, scales = drawn(n, seed)
    assert np.allclose(made.samples, means) and np.allclose(made.mean, means.mean(0), atol=1e-6)
    between = means.var(0, ddof=1) if n > 1 else 0
    assert np.allclose(made.spread, np.sqrt(between + (scales**2).mean(0)), rtol=1e-4)
    logs = norm.logpdf(y, means, np.sqrt(scales**2 + level**2)) * mask
    assert made.log_likelihood == pytest.approx(logs.sum((1, 2, 3)), rel=1e-4) and made.log_likelihood.shape == (n,)
    (given,) = shelf.network.given
    assert torch.equal(given[0][0], torch.from_numpy(y * mask)) and np.array_equal(given[1][0, 0], mask)
    assert given[2].shape == (1, 1, 1, 1) and given[2].item() == pytest.approx(level) and given[3] == n
    assert shelf.asked == ["digits"] and made.best is None


def test_eight_answers_of_seed_0_to_unknown_noise_in_a_whole_picture_are_the_usual(shelf, y):
    made = answers(shelf, y, "digits")
    means, scales = drawn(8)
    assert np.allclose(made.samples, means) and shelf.network.given[0][2].item() == UNKNOWN == -1
    spread = np.sqrt(means.var(0, ddof=1) + (scales**2).mean(0))
    tensors = (torch.from_numpy(v).float() for v in (y, means.mean(0), spread))
    found = networks.strength(*tensors, torch.ones(1, 28, 28))
    assert found > 0.1
    logs = norm.logpdf(y, means, np.sqrt(scales**2 + found**2)).sum((1, 2, 3))
    assert made.log_likelihood == pytest.approx(logs, rel=1e-4) and made.best == logs.argmax()


def test_without_noise_what_is_known_is_put_back_and_certain(shelf, y, mask):
    made = answers(shelf, y, "digits", mask, sigma=0, samples=3)
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
    made = answers(shelf, y, domain, mask, sigma=level, samples=3, noise=noise)
    assert made.best == (made.log_likelihood.argmax() if named else None)


def test_how_many_and_how_strong_may_be_asked_for(shelf, y):
    for n in (0, 17):
        with pytest.raises(ConfigError, match=f"^the number of samples is {n}; choose 1 to 16$"):
            answers(shelf, y, "digits", samples=n)
    for level in (-0.01, 1.01):
        with pytest.raises(ConfigError, match=f"^the noise's strength is {level}; choose 0 to 1, in units of"):
            answers(shelf, y, "digits", sigma=level)
    assert answers(shelf, np.full((1, 28, 28), -20), "digits", sigma=1, samples=1).samples.shape == (1, 1, 28, 28)
    with pytest.raises(PictureError, match="far outside 0 to 1; give 0 to 1$"):
        answers(shelf, np.full((1, 28, 28), -20.1), "digits")


def test_a_mask_is_what_is_above_zero(shelf, y):
    levels = np.where(np.arange(28) < 9, 0.0, 0.2) * np.ones((28, 1))
    levels[0] = -1
    answers(shelf, y, "digits", levels, sigma=0.1, samples=1)
    assert np.array_equal(shelf.network.given[0][1][0, 0], levels > 0)
    with pytest.raises(PictureError, match="^the mask is 20 x 14 pixels, the picture 28 x 28; give both one size$"):
        answers(shelf, y, "digits", np.ones((14, 20)))


def test_a_damaged_picture_is_an_array_of_its_shape_in_any_precision(shelf, y):
    made = by(shelf, "plain", y.astype(np.float64), "digits")
    assert made.dtype == np.float32 and np.array_equal(made, by(shelf, "plain", y, "digits"))
    with pytest.raises(PictureError, match="^a damaged picture is an array of numbers$"):
        answers(shelf, "a picture", "digits")
    with pytest.raises(PictureError, match=r"^a damaged picture has shape \(3, height, width\), this one \(40, 40\)$"):
        photo(shelf, np.zeros((40, 40)))
    for method in ("tv", "plain", "biharmonic"):
        with pytest.raises(PictureError, match=r"has shape \(1, 28, 28\), this one \(1, 28, 30\)$"):
            by(shelf, method, np.zeros((1, 28, 30)), "digits")


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
        assert networks.strength(level + math.sqrt(square) * sign, level, 0 * mean, mask) == pytest.approx(
            sigma, abs=2e-6
        )
        narrow = level + math.sqrt(square / 1.3) * sign  # with .5 * .6 of that left open
        left = torch.full_like(mean, math.sqrt(0.6 * square / 1.3))
        assert networks.strength(narrow, level, left, mask) == pytest.approx(sigma, abs=2e-6)
        narrow = level + math.sqrt(square / 1.5) * sign  # no more is left open than was taken
        assert networks.strength(narrow, level, 9 + 0 * mean, mask) == pytest.approx(sigma, abs=2e-6)


def test_a_strength_is_of_what_is_known():
    mean, mask = torch.full((2, 16, 16), 0.5), torch.ones(1, 16, 16)
    mask[..., 5:] = 0
    y = mean + math.sqrt(alone(0.4)[0]) * torch.tensor([1.0, -1.0]).repeat(8)[:, None]
    y[..., 5:] = 3
    found = networks.strength(y, mean, torch.where(mask > 0, 0.0, 1.0).expand(2, -1, -1), mask)
    assert found == pytest.approx(0.4, abs=2e-6)
    assert networks.strength(y, mean, mean, 0 * mask) == 0
    grey = torch.linspace(0, 1, 256).view(1, 16, 16)  # black and white are values of a file
    found = networks.strength(grey, mean[:1], 0 * grey, mask**0)
    assert alone(found)[0] == pytest.approx((grey - 0.5).square().mean().item(), abs=3e-5)
    third = networks.strength(grey / 3, mean[:1] / 3, 0 * grey, mask**0)
    assert third == round(third, 6) and 0 < third < 0.2
    assert networks.strength(5 * grey, 0 * grey, 0 * grey, mask**0) == 1


def test_an_estimated_level_is_the_strength_seen_by_four_answers(shelf, y, mask):
    found = estimated(shelf, y, "digits", mask)
    means, scales = drawn(4)
    spread = np.sqrt(means.var(0, ddof=1) + (scales**2).mean(0))
    tensors = (torch.from_numpy(v).float() for v in (y, means.mean(0), spread, mask[None]))
    assert found == pytest.approx(networks.strength(*tensors), abs=1e-5) and found > 0
    (given,) = shelf.network.given
    assert np.array_equal(given[1][0, 0], mask) and given[2].item() == -1 and given[3] == 4
    whole = estimated(shelf, y, "digits")
    assert torch.equal(shelf.network.given[1][1], torch.ones(1, 1, 28, 28)) and whole != found


def test_where_no_model_restores_the_finest_wavelets_tell_the_level(shelf):
    noise = np.random.default_rng(0).standard_normal((1, 28, 28)).astype(np.float32)
    want = round(photonoise.deviation(0.5 + 0.2 * noise), 6)
    assert estimated(shelf, 0.5 + 0.2 * noise, "fashion") == want == pytest.approx(0.2, rel=0.2)
    colour = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((3, 40, 50)).astype(np.float32)
    found = estimated(shelf, colour, "photos")
    assert found == round(photonoise.deviation(colour), 6) == pytest.approx(0.1, rel=0.2)
    assert estimated(shelf, 4 * (colour - 0.5) / 0.1, "photos") == 1 and not shelf.asked


def test_draws_of_a_batch_are_told_one_strength(generator):
    y, known = torch.rand(2, 1, 28, 28, generator=generator), torch.ones(2, 1, 28, 28)
    known[..., 4:9, :] = 0
    model = Drawn()
    means, scales = networks.draws(model, get_domain("digits"), y, known, 1 / 3, 3, generator)
    assert means.shape == scales.shape == (3, 2, 1, 28, 28)
    (given,) = model.given
    assert torch.equal(given[0], y * known) and torch.equal(given[2], torch.full((2, 1, 1, 1), 1 / 3))


def test_ssim_needs_eleven_pixels_a_side():
    y = np.random.default_rng(0).random((1, 11, 14), np.float32)
    assert measure(y.astype(np.float64), y).ssim == pytest.approx(1)
    for small in (y[:, :10], y[:, :, :10]):
        assert measure(small, small).ssim is None


def test_a_picture_is_a_photograph_where_both_sides_are_longer_than_any_domains(monkeypatch, shelf):
    monkeypatch.setattr(asked, "propose_domain", lambda image: "fashion")
    for size, small in (((65, 65), False), ((64, 65), True), ((400, 64), True)):
        image = Image.new("L", size)
        assert domain_of(shelf, None, image).name == domain_of(shelf, "", image).name
        assert domain_of(shelf, None, image) is DOMAINS["fashion" if small else "photos"]
        assert domain_of(shelf, "digits", image) is DOMAINS["digits"]
    with pytest.raises(UnknownDomain, match="^no domain 'cats'; choose from digits, fashion, objects, shapes, photos$"):
        domain_of(shelf, "cats", image)


def test_a_picture_is_seen_as_its_domain_has_it_or_as_it_is():
    colours = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    whole = seen(Image.fromarray(colours), DOMAINS["photos"])
    assert whole.dtype == np.float32 and np.array_equal((whole * 255).round(), colours.transpose(2, 0, 1))
    grey = seen(Image.fromarray(colours[..., 0]), DOMAINS["photos"])
    assert grey.shape == (3, 40, 60) and whole.max() <= 1
    assert seen(Image.fromarray(colours), DOMAINS["objects"]).shape == (3, 32, 32)
    digit = np.zeros((28, 28), np.uint8)
    digit[3:5, 2:9] = 255
    assert np.array_equal(seen(Image.fromarray(digit), DOMAINS["digits"])[0], digit / np.float32(255))  # not moved


def test_a_mask_lies_over_the_picture_as_it_is_seen():
    image, white = Image.new("RGB", (200, 100)), np.zeros((100, 200), np.uint8)

    def known(domain, method="vae"):
        return task_of(image, DOMAINS[domain], Image.fromarray(white), method=method).known[0]

    white[:, 160:] = 255
    assert known("objects").all()  # what is cut off
    assert np.array_equal(known("photos"), white == 0)
    white[:, 100:] = 255
    assert np.array_equal(known("digits"), np.arange(28) < 14 * np.ones((28, 1)))
    white[:] = 255
    for words in (("photos", "vae"), ("digits", "biharmonic")):
        with pytest.raises(PictureError, match="^the mask is white all over, so nothing is known; leave a part"):
            known(*words)
    for words in (("digits",), ("digits", "vae"), ("digits", "plain")):
        assert not known(*words).any()


def test_a_note_says_what_a_mask_leaves_and_where_a_photograph_is_guessed():
    image, white = Image.new("RGB", (200, 100)), np.zeros((100, 200), np.uint8)

    def note(method="vae", domain="photos"):
        return task_of(image, DOMAINS[domain], Image.fromarray(white), method=method).note

    assert note().startswith("Nothing is marked") and task_of(image, DOMAINS["photos"]).note is None
    white[20:80, 20:80] = 255
    assert note().startswith("a part of the hole is more than 24 pixels from anything known")
    assert note("biharmonic") is None and note(domain="digits") is None


def test_several_small_pictures_are_restored_at_once_and_photographs_one_by_one(shelf, y, mask):
    made = run.answers(shelf, task(np.stack([y, y[:, ::-1]]), "digits", mask, sigma=0.2, samples=3))
    assert len(made) == 2 and made[0].samples.shape == (3, 1, 28, 28) and made[1].log_likelihood.shape == (3,)
    assert np.array_equal(shelf.network.given[0][1][:, 0], [mask, mask])
    made = run.answers(shelf, task(np.stack([y] * 230), "digits", sigma=0.2, samples=1))
    assert len(made) == 230 and [len(g[0]) for g in shelf.network.given[1:]] == [100, 100, 30]
    with pytest.raises(PictureError, match="^2 photographs were given at once; give one$"):
        task(np.zeros((2, 3, 20, 20)), "photos", samples=0)


def test_progress_is_told_before_anything_is_done_and_ends_with_the_answers(shelf, y):
    steps = run.run(shelf, task(np.stack([y] * 230), "digits", sigma=0.2, samples=1))
    assert next(steps) == run.Progress(0, 3) and not shelf.network.given
    rest = list(steps)
    assert [p.done for p in rest] == [1, 2, 3] and [len(p.answers) for p in rest] == [0, 0, 230]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nlm", FILLING, None, None), "no method 'nlm'; choose from vae, plain, biharmonic"),
        (("vae", FILLING, 25, None), "the noise's strength is 25; choose 0 to 1, in units of the whole range"),
        (("vae", FILLING, float("nan"), None), "the noise's strength is nan"),
        (("vae", FILLING, 0.1, 17), "the number of samples is 17; choose 1 to 16"),
        (("plain", FILLING, 0.1, None), "the method plain is told of no noise"),
    ],
)
def test_what_can_be_asked_of_no_picture_is_refused(words, says):
    with pytest.raises(ConfigError, match=f"^{says}"):
        check(*words)
    check("plain", FILLING, 0.0, 16)
