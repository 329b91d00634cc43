"""Whatever is handed over: the right picture, or one plain sentence; and what a model is given to see of it."""

import contextlib
import re
import resource
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.hostile import HOSTILE, encoded, gif_of, png, scene
from vaedemo.errors import ConfigError, PictureError
from vaedemo.pictures.draw import grid, to_image
from vaedemo.pictures.prepare import prepare
from vaedemo.pictures.read import read

# Pillow warns of damaged metadata, and of large pictures before they are refused.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")


def plain(sentence, folder=""):
    """One sentence or two, for a person: no path, no class of Python's, no second line."""
    assert sentence.endswith(".") and sentence.count(". ") <= 1 and len(sentence) < 200
    assert not re.search(r"[/\\\n<]|Traceback|Error|Exception|line \d|0x", sentence)
    assert not folder or folder not in sentence


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_every_hostile_input_gives_the_right_picture_or_one_plain_sentence(case, tmp_path):
    source = case.make(tmp_path)
    started = time.perf_counter()
    if case.expect == "picture":
        picture = read(source)
        assert picture.mode in ("L", "RGB")
        assert case.check is None or case.check(picture)
        seen = prepare(source, channels=1, size=28, strokes="digits")
        assert seen.x.shape == (1, 28, 28) and np.isfinite(seen.x).all() and seen.size == picture.size
    else:
        with pytest.raises(PictureError) as caught:
            read(source)
        assert re.search(case.expect, str(caught.value))
        plain(str(caught.value), str(tmp_path))
        with pytest.raises(PictureError):
            prepare(source, channels=3, size=32)
    assert time.perf_counter() - started < 5


def test_there_are_as_many_hostile_inputs_as_promised():
    assert len({case.name for case in HOSTILE}) == len(HOSTILE) >= 80


HEADS = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x40\0\0\0WEBPVP8 ", b"II*\0\x08\0\0\0"]
HEADS += [b"BM", b"P5 9 9 255\n", b"P3 2 2 9 ", b"\0\0\1\0\1\0"]


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=600), head=st.sampled_from(HEADS))
def test_random_bytes_never_raise_anything_else(data, head):
    try:
        read(head + data)
    except PictureError as error:
        plain(str(error))


WHOLE = {f: encoded(scene(), f) for f in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "ICO")}


@settings(max_examples=250, deadline=None)
@given(
    data=st.sampled_from(sorted(WHOLE.values())),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.1, 1),
)
def test_damaged_files_never_raise_anything_else(data, changes, keep):
    data = bytearray(data)
    for at, value in changes:
        # Half of the changes fall into the header, where they do most harm.
        data[at % (len(data) if at % 2 else min(64, len(data)))] = value
    try:
        picture = prepare(bytes(data[: int(len(data) * keep)]), channels=3, size=32).picture
        assert picture.mode in ("L", "RGB")
    except PictureError as error:
        plain(str(error))


@settings(max_examples=100, deadline=None)
@given(
    shape=st.lists(st.integers(0, 6), max_size=4),
    dtype=st.sampled_from("u1 ? <u2 >u2 f2 f4 f8 i1 i4 u8 c8 O U2 M8[s] V3".split()),  # noqa: SIM905
    fill=st.sampled_from([0, 1]),
)
def test_arrays_of_any_shape_and_type(shape, dtype, fill):
    array = np.zeros(shape, dtype) if fill == 0 else np.ones(shape, "u1").astype(dtype, casting="unsafe")
    try:
        assert read(array).size == (shape[1], shape[0])
    except PictureError as error:
        plain(str(error))


def test_a_name_is_shown_without_its_folders_and_not_at_length(tmp_path):
    with pytest.raises(PictureError, match=r'^"secret\.png" does not exist') as caught:
        read(tmp_path / "secret.png")
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(PictureError) as caught:
        read(str(tmp_path / ("y" * 200 + ".png")))
    assert len(str(caught.value)) < 120


def test_only_the_first_frame_of_a_long_animation_is_read():
    data = gif_of(10_000)
    started = time.perf_counter()
    assert read(data).getpixel((4, 4)) == (255, 0, 0)
    assert time.perf_counter() - started < 0.5


def test_a_bomb_is_refused_before_it_takes_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PictureError, match="limit is 50 million"):
        read(png(20_000, 8_000, 8, 2, bytes(1000)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_pillow_is_left_as_it_was():
    before = Image.MAX_IMAGE_PIXELS
    for case in (b"", png(30_000, 30_000), WHOLE["PNG"]):
        with contextlib.suppress(PictureError):
            read(case)
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_big_jpeg_is_shown_small_and_its_own_size_is_kept():
    exif = Image.Exif()
    exif[0x0112] = 6
    big = scene().resize((4000, 3000))
    for format in ("JPEG", "PNG"):
        prepared = prepare(encoded(big, format, exif=exif), channels=3, size=32)
        assert prepared.size == (3000, 4000) and prepared.picture.size == (768, 1024)
        assert read(encoded(big, format, exif=exif)).size == (3000, 4000)


def test_the_picture_handed_over_is_not_changed():
    image = scene("RGBA").resize((3000, 2500))
    before = image.tobytes()
    prepare(image, channels=3, size=32)
    assert image.size == (3000, 2500) and image.tobytes() == before


@pytest.mark.parametrize("strokes", [None, "digits", "clothes"])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_picture_of_the_models_size_comes_through_bit_for_bit(strokes, fit):
    pixels = np.zeros((28, 28), np.uint8)
    pixels[3:9, 2:20] = np.random.default_rng(0).integers(1, 256, (6, 18))
    prepared = prepare(pixels, channels=1, size=28, strokes=strokes, fit=fit)
    assert not prepared.inverted and prepared.x.dtype == np.float32
    assert np.array_equal(prepared.x[0], pixels.astype(np.float32) / np.float32(255))
    assert np.array_equal(np.round(prepared.x[0] * 255).astype(np.uint8), pixels)
    assert np.array_equal(np.asarray(prepared.picture), pixels)


def test_colour_comes_through_bit_for_bit_and_grey_becomes_three_channels():
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    assert np.array_equal(prepare(pixels, channels=3, size=32).x * 255, pixels.transpose(2, 0, 1).astype(np.float32))
    x = prepare(pixels[..., 0], channels=3, size=32).x
    assert x.shape == (3, 32, 32) and np.array_equal(x[0], x[2])


def test_crop_takes_the_middle_and_pad_keeps_everything():
    wide = np.full((20, 60, 3), 200, np.uint8)
    wide[:, 20:40] = (255, 0, 0)
    wide[:, 56:] = (0, 0, 255)
    cropped = prepare(wide, channels=3, size=32, fit="crop").x
    assert np.allclose(cropped, np.array([1, 0, 0])[:, None, None], atol=0.01)
    padded = prepare(wide, channels=3, size=32, fit="pad").x
    assert np.allclose(padded[:, :10], 200 / 255, atol=0.01)  # the edge's median colour above the picture
    assert padded[2, 16, 31] > 0.9 and padded[0, 16, 31] < 0.1  # its right edge is there


def test_making_smaller_does_not_alias():
    stripes = np.tile(np.array([0, 255], np.uint8), (500, 250))
    x = prepare(stripes, channels=1, size=28).x
    assert np.abs(x - 0.5).max() < 0.02


@pytest.mark.parametrize("wrong", [{"channels": 2}, {"strokes": "shoes"}, {"fit": "stretch"}, {"polarity": "maybe"}])
def test_a_wrong_setting_is_named(wrong):
    with pytest.raises(ConfigError, match="choose from"):
        prepare(scene(), **({"channels": 1, "size": 28} | wrong))


@pytest.mark.parametrize("channels, columns, gap", [(1, 3, 2), (3, 2, 0), (1, 9, 4), (3, 1, 1)])
def test_a_grid_holds_every_picture_in_its_place(channels, columns, gap):
    x = np.random.default_rng(0).random((5, channels, 6, 4), dtype=np.float32)
    made = grid(x, columns, gap)
    columns = min(columns, 5)
    rows = -(-5 // columns)
    assert made.size == (columns * (4 + gap) - gap, rows * (6 + gap) - gap)
    assert made.mode == ("L" if channels == 1 else "RGB")
    for i in range(5):
        left, top = i % columns * (4 + gap), i // columns * (6 + gap)
        assert made.crop((left, top, left + 4, top + 6)).tobytes() == to_image(x[i]).tobytes()
    ground = np.asarray(made).astype(int).sum() - sum(np.asarray(to_image(p)).astype(int).sum() for p in x)
    values = 3 if channels == 3 else 1
    assert ground == 255 * values * (made.width * made.height - 5 * 24)


@pytest.mark.parametrize(
    "x, columns", [(np.zeros((0, 1, 4, 4)), 2), (np.zeros((1, 4, 4)), 2), (np.zeros((2, 1, 4, 4)), 0)]
)
def test_a_grid_of_nothing_is_one_sentence(x, columns):
    with pytest.raises(ConfigError):
        grid(x, columns)
