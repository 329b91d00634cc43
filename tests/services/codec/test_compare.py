"""A photograph beside other codecs, over rates and over channels; the basis as pictures."""

from itertools import pairwise

import numpy as np
import pytest

from vaedemo.errors import ConfigError
from vaedemo.services.codec import basis, compare, rivals
from vaedemo.services.codec.files import Wish, compress
from vaedemo.store.library import Library

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def library():
    return Library()


@pytest.fixture(scope="module")
def photograph():
    from vaedemo.pictures.examples import example

    return np.asarray(example("objects", "coffee").convert("RGB"))[100:292, 100:356]


@pytest.fixture(scope="module")
def own(library, photograph):
    *_, last = compress(library, photograph, Wish(quality=60))
    return last.result


@pytest.mark.parametrize("measure", compare.MEASURES)
def test_the_others_come_as_near_as_they_can(library, photograph, own, measure):
    start, *steps = compare.beside(library, photograph, own.data, measure)
    names = [compare.OURS, *rivals.rivals()]
    dones = [s.done for s in steps]
    assert start.done == 0 and dones == sorted(set(dones)) and dones[-1] == start.total
    rows = {s.found.name: s.found for s in steps if s.found}
    assert list(rows) == names
    mine = rows[compare.OURS]
    assert (
        mine.data == own.data and np.array_equal(mine.picture, own.picture) and mine.quality == pytest.approx(60, abs=1)
    )
    for name in ("JPEG", "WebP"):
        row = rows[name]
        far = {
            "size": abs(len(row.data) / len(own.data) - 1) / 0.05,
            "psnr": abs(row.figures.psnr - mine.figures.psnr) / 0.4,
            "ms_ssim": abs(row.figures.ms_ssim - mine.figures.ms_ssim) / 0.01,
        }
        assert far[measure] < 1
    assert rows["PNG"].figures.psnr > 99


def test_a_picture_too_small_for_a_measure(library):
    x = np.zeros((64, 300, 3), np.uint8)
    with pytest.raises(ConfigError, match="161 pixels, too few for MS-SSIM; choose psnr"):
        next(compare.beside(library, x, b"", "ms_ssim"))
    with pytest.raises(ConfigError, match="no measure 'beauty'; choose from size, psnr, ms_ssim"):
        next(compare.beside(library, x, b"", "beauty"))


def test_curves_rise(library, photograph):
    start, *steps = compare.curves(library, photograph, points=3)
    assert start.total == len(steps)
    for name in {s.found.name for s in steps}:
        points = [s.found for s in steps if s.found.name == name]
        assert [p.bytes for p in points] == sorted(p.bytes for p in points) and len(points) >= 2
        assert points[0].figures.psnr < points[-1].figures.psnr
    assert "PNG" not in {s.found.name for s in steps}


def test_more_channels_are_better_and_larger(library, photograph, own):
    start, *steps = compare.ladder(library, photograph, 60)
    points = [s.found for s in steps]
    assert [p.channels for p in points] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 320] and start.total == 10
    psnrs = [p.figures.psnr for p in points]
    assert all(b > a - 0.05 for a, b in pairwise(psnrs)) and psnrs[-1] > psnrs[0] + 6
    assert points[-1].bytes == len(own.data)


def test_the_learned_channels_come_by_their_bits(library, own):
    codec, _ = library.codec()
    found = basis.learned(codec, own.each, 64)
    assert found.tiles.shape == (64, 16, 16, 3) and found.tiles.dtype == np.uint8
    assert (np.diff(found.share) <= 0).all() and 0.5 < found.share.sum() <= 1
    assert len(set(found.number)) == 64


def test_the_bits_of_channels_are_those_of_places(own):
    assert own.each.sum() <= own.bits.sum() < 1.05 * own.each.sum() + 2000  # besides those of z


def test_jpegs_cosines_are_orthogonal_and_in_zigzag_order():
    found = basis.cosines()
    flat = found.tiles[..., 0].reshape(64, -1) / 127.5 - 1
    gram = flat @ flat.T
    assert np.abs(gram - np.diag(np.diag(gram)))[1:, 1:].max() < 1.5
    assert (found.tiles[0] == 255).all()
    changes = [(np.diff(np.sign(flat[i].reshape(8, 8)[0])) != 0).sum() for i in range(4)]
    assert changes == [0, 1, 0, 0]  # constant, one change across, one down, two down


def test_principal_components_of_a_picture(photograph):
    found = basis.principal(photograph, 64)
    assert found.tiles.shape == (64, 16, 16, 3)
    assert (np.diff(found.share) <= 1e-12).all() and 0.9 < found.share.sum() <= 1.0001
    assert len(basis.principal(photograph[:32, :48], 64).tiles) == 6
    assert len(basis.principal(photograph[:15, :48], 64).tiles) == 0
