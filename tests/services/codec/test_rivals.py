"""Other formats: their own files, found by quality, size and PSNR."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vaedemo.errors import ConfigError
from vaedemo.services.codec import rivals
from vaedemo.services.codec.judge import judge, psnr


@pytest.fixture(scope="module")
def busy():
    """uint8 (200, 240, 3): soft waves with noise on them."""
    g = np.random.default_rng(0)
    down, across = np.mgrid[0:200, 0:240]
    soft = np.stack([np.sin(down / a + across / b) for a, b in g.uniform(5, 30, (3, 2))], 2)
    return (127.5 + 90 * soft + g.normal(0, 12, soft.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", rivals.rivals())
def test_a_file_is_the_format_s_own_and_decodes_to_what_is_told(busy, name):
    file = rivals.at(busy, name, rivals.rivals()[name].qualities[-1])
    image = Image.open(BytesIO(file.data))
    assert image.format == rivals.rivals()[name].format and image.size == (240, 200)
    assert np.array_equal(np.asarray(image.convert("RGB")), file.picture)
    assert file.bpp == pytest.approx(8 * len(file.data) / 48_000)
    assert min(file.encode_seconds, file.decode_seconds) > 0


def test_pillow_brings_jpeg_webp_avif_and_png():
    assert {"JPEG", "WebP", "PNG", "AVIF"} <= set(rivals.rivals())


def test_png_loses_nothing(busy):
    assert np.array_equal(rivals.at(busy, "PNG", 100).picture, busy)


def searched(picture, name, wanted, measure):
    search, tries = rivals.nearest(picture, name, wanted, measure), 0
    while True:
        try:
            next(search)
            tries += 1
        except StopIteration as end:
            assert 1 <= tries < rivals.TRIES
            return end.value


@pytest.mark.parametrize("name", ["JPEG", "WebP"])
def test_the_nearest_size_and_the_nearest_psnr(busy, name):
    every = [rivals.at(busy, name, q) for q in rivals.rivals()[name].qualities]
    for size in (2_000, 9_000, 10**9):
        best = min(abs(len(f.data) - size) for f in every)
        assert abs(len(searched(busy, name, size, lambda file: len(file.data)).data) - size) <= best + 0.02 * size
    best = min(abs(psnr(f.picture, busy) - 30) for f in every)
    found = searched(busy, name, 30, lambda file: psnr(file.picture, busy))
    assert abs(psnr(found.picture, busy) - 30) <= best + 0.05


def test_qualities_are_spread_from_worst_to_best():
    assert rivals.spread("JPEG", 5) == [1, 25, 48, 71, 95]
    assert rivals.spread("PNG", 5) == [100]


def test_a_picture_that_a_format_cannot_hold():
    assert {"JPEG", "PNG"} <= set(rivals.fitting(np.zeros((2, 17_000, 3), np.uint8)))
    assert "WebP" not in rivals.fitting(np.zeros((2, 17_000, 3), np.uint8))
    assert "JPEG" not in rivals.fitting(np.zeros((70_000, 1, 3), np.uint8))


def test_a_format_that_is_not_there_is_named(busy):
    with pytest.raises(ConfigError, match=r"no GIF of quality 5; choose from JPEG \(1 to 95\)"):
        rivals.at(busy, "GIF", 5)


def test_equal_pictures_are_judged_equal(busy):
    found = judge(busy, busy)
    assert found.psnr == 100 and found.ssim == pytest.approx(1) and found.ms_ssim == pytest.approx(1)
    small = judge(busy[:20, :20], busy[:20, :20])
    assert small.ms_ssim is None and small.ssim == pytest.approx(1)
    assert judge(busy[:9], busy[:9]).ssim is None
    other = (busy.astype(int) + 1).clip(0, 255).astype(np.uint8)
    assert psnr(other, busy) == pytest.approx(10 * np.log10(255**2 / np.mean((other.astype(int) - busy) ** 2)))
