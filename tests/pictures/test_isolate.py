"""Figures found, trimmed and placed as MNIST and Fashion-MNIST were made; the domain told from the picture."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.hostile import scene
from vaedemo.pictures import shapes
from vaedemo.pictures.examples import EXAMPLES, example
from vaedemo.pictures.isolate import dark_on_light
from vaedemo.pictures.prepare import prepare, propose_domain


def seen(picture, strokes="digits", **settings):
    prepared = prepare(picture, channels=1, size=28, strokes=strokes, **settings)
    return prepared.x[0], prepared.inverted


def box(x):
    rows, columns = np.flatnonzero((x > 0.2).any(1)), np.flatnonzero((x > 0.2).any(0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def paper_photo(name, seed=0, size=(600, 800)):
    """A digit on warm paper, off its middle, lit from one side, with noise and two specks of dirt."""
    rng = np.random.default_rng(seed)
    ink = 1 - np.asarray(example("digits", name), float) / 255
    page = np.zeros(size)
    page[280:560, 90:370] = ink
    page[40:44, 700:704] = page[500:503, 600:604] = 1
    light = np.linspace(1, 0.55, size[1])[None, :, None]
    colour = (np.array([0.86, 0.82, 0.75]) * (1 - page[..., None] * 0.85)) * light + rng.normal(0, 0.015, (*size, 3))
    return Image.fromarray(np.uint8(colour.clip(0, 1) * 255)).filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize("name", EXAMPLES["digits"])
def test_a_digit_is_placed_as_in_mnist(name):
    x, inverted = seen(example("digits", name))
    assert inverted and x.max() == 1 and x[0].max() == 0
    assert max(box(x)) in (19, 20, 21)
    mass = x.sum()
    assert abs((x.sum(0) * np.arange(28)).sum() / mass - 14) <= 0.6
    assert abs((x.sum(1) * np.arange(28)).sum() / mass - 14) <= 0.6


@pytest.mark.parametrize("name", EXAMPLES["digits"])
def test_a_photo_of_paper_shows_the_same_digit(name):
    x, _ = seen(example("digits", name))
    photo, inverted = seen(paper_photo(name))
    assert inverted
    # The centre of mass may fall on the other side of a half pixel.
    shifts = [np.roll(photo, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    assert max(np.corrcoef(x.ravel(), s.ravel())[0, 1] for s in shifts) > 0.88
    assert (photo == 0).mean() > 0.6  # no paper is left


def test_place_and_size_of_a_digit_do_not_matter():
    digit = example("digits", "three")
    page = Image.new("L", (900, 700), 250)
    page.paste(digit.resize((200, 200), Image.Resampling.LANCZOS), (650, 40))
    assert np.abs(seen(page)[0] - seen(digit)[0]).mean() < 0.02


def test_polarity_is_recognised_and_can_be_settled():
    dark = example("digits", "seven")
    light = Image.fromarray(255 - np.asarray(dark))
    assert dark_on_light(dark) and not dark_on_light(light)
    a, b = seen(dark), seen(light)
    assert (a[1], b[1]) == (True, False) and np.abs(a[0] - b[0]).max() < 0.02
    assert seen(dark, polarity="keep")[1] is False and seen(light, polarity="invert")[1] is True
    exact = np.asarray(dark.resize((28, 28)))
    assert np.array_equal(seen(exact, polarity="keep")[0], exact / np.float32(255))
    assert np.array_equal(seen(exact, polarity="auto")[0], (255 - exact) / np.float32(255))


def test_a_fine_pen_does_not_fade():
    page = Image.new("L", (800, 800), 255)
    ImageDraw.Draw(page).line([(300, 120), (500, 120), (380, 680)], fill=0, width=4)
    x, _ = seen(page)
    assert x.max() == 1 and (x > 0.5).sum() > 40


@pytest.mark.parametrize("strokes", ["digits", "clothes"])
@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(280, 280), (1, 1), (5000, 1), (1, 5000), (3, 3)])
def test_a_blank_picture_gives_darkness(strokes, level, size):
    x, _ = seen(Image.new("L", size, level), strokes)
    assert x.max() == 0


def test_blank_paper_with_grain_gives_darkness():
    grain = np.random.default_rng(0).normal(200, 5, (300, 300)).clip(0, 255).astype(np.uint8)
    assert seen(grain)[0].max() == 0


def test_clothes_fill_the_picture_and_keep_their_tones():
    for name in EXAMPLES["fashion"]:
        x, inverted = seen(example("fashion", name), "clothes")
        assert inverted and max(box(x)) >= 27
        assert (x == 0).any() and len(np.unique(x)) > 30


def test_colour_domains_can_have_strokes_too():
    prepared = prepare(example("digits", "two"), channels=3, size=32, strokes="digits")
    assert prepared.x.shape == (3, 32, 32) and prepared.x.max() == 1


@pytest.mark.parametrize("domain", sorted(EXAMPLES))
def test_the_examples_are_recognised(domain):
    for name in EXAMPLES[domain]:
        assert propose_domain(example(domain, name)) == domain


def test_photos_of_paper_generated_shapes_and_scenes_are_recognised():
    assert all(propose_domain(paper_photo(name)) == "digits" for name in EXAMPLES["digits"])
    made = shapes.generate(60, seed=11).x[:, 0].mul(255).round().byte().numpy()
    assert np.mean([propose_domain(x) == "shapes" for x in made]) >= 0.95
    assert propose_domain(scene()) == "objects"
    noise = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    assert propose_domain(noise) == "objects"


@pytest.mark.parametrize("size", [(1, 1), (5000, 1), (1, 5000), (2, 3)])
def test_any_picture_gets_a_proposal(size):
    for mode in ("L", "RGB"):
        assert propose_domain(Image.new(mode, size, "white")) in ("digits", "fashion", "objects", "shapes")
