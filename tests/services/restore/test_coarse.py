"""Photographs from coarse to fine: halving by closed forms, wide holes without grey, noise beyond what was learnt."""

import numpy as np
import pytest
import torch

from tests.services.restore.calls import by, photo, task
from vaedemo.data.domains import DOMAINS
from vaedemo.errors import PictureError
from vaedemo.models.hierarchical import fill_holes
from vaedemo.services.restore import coarse
from vaedemo.services.restore.run import measure
from vaedemo.store.library import Library

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def library():
    return Library()


def test_a_holes_depth_is_counted_from_its_middle():
    known = np.ones((40, 60))
    assert coarse.depth(known) == 0
    known[10:21, 5:50] = 0
    assert coarse.depth(known) == 6
    known[:, 30:] = 0
    assert coarse.depth(known) == 30 and coarse.depth(np.zeros((3, 3))) == float("inf")


def test_halving_averages_what_is_known_and_its_noise():
    y = torch.arange(24.0).reshape(1, 4, 6).expand(3, 4, 6)
    mask = torch.ones(4, 6)
    mask[:2, :2] = 0  # all of a block
    mask[0, 2] = 0  # one of four
    half, sigma, known = coarse.halved(y, torch.full((4, 6), 0.6), mask)
    assert known.tolist() == [[0, 1, 1], [1, 1, 1]]
    assert half[0, 0, 1] == pytest.approx((3 + 8 + 9) / 3) and half[0, 1, 0] == pytest.approx((12 + 13 + 18 + 19) / 4)
    assert sigma[0, 1] == pytest.approx(0.6 / 3**0.5) and sigma[1, 1] == pytest.approx(0.3)
    assert [t.shape[-2:] for t in coarse.halved(y[:, :3, :5], sigma=torch.ones(3, 5), mask=torch.ones(3, 5))] == [
        (2, 3)
    ] * 3


def test_a_guess_fills_without_a_seam_and_a_perfect_one_comes_back():
    y = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4), size=64, mode="bicubic").clamp(0, 1)
    mask = torch.ones(1, 1, 64, 64)
    mask[:, :, :, :40] = 0
    assert torch.allclose(fill_holes(y * mask, mask, y), y, atol=1e-6)
    brighter = fill_holes(y * mask, mask, y - 0.1)
    assert (brighter - y)[:, :, :, 36:40].abs().max() < 0.02 and torch.equal(brighter * mask, y * mask)


@pytest.mark.parametrize("kind", ["left", "block", "all but a corner"])
def test_a_wide_hole_is_filled_from_coarse_to_fine_and_never_grey(library, kind):
    y = np.zeros((3, 150, 210), np.float32) + np.array([0.85, 0.4, 0.1], np.float32)[:, None, None]
    y[:, ::2] += 0.04  # so that it is no flat picture
    mask = np.ones((150, 210))
    if kind == "left":
        mask[:, :105] = 0
    elif kind == "block":
        mask[30:120, 40:170] = 0
    else:
        mask[20:] = mask[:, 20:] = 0
    assert task(y, "photos", mask, samples=0).guessed
    job = photo(library, y, mask=mask, seeds=(1, 2), tile=128)
    steps = list(job)
    assert steps == [(i + 1, job.total) for i in range(job.total)]
    assert np.abs(job.mean.numpy() - y)[:, mask == 0].max() < 0.2  # mid-grey is 0.35 and more away
    assert np.abs(job.mean.numpy() - y)[:, mask > 0].max() < 1e-6
    assert not torch.equal(*job.samples)


def test_a_hole_that_was_learnt_is_filled_at_full_size_alone(library):
    mask = np.ones((100, 120))
    mask[20:68, 30:100] = 0
    assert coarse.depth(mask) == DOMAINS["photos"].damages.hole
    y = np.random.default_rng(0).random((3, 100, 120), np.float32)
    assert not task(y, "photos", mask, samples=0).guessed
    assert not hasattr(photo(library, y, mask=mask), "levels")


def test_nothing_known_is_refused(library):
    with pytest.raises(PictureError, match="nothing of the photograph is known"):
        photo(library, np.zeros((3, 40, 40)), mask=np.zeros((40, 40)))


def test_noise_beyond_what_was_learnt_is_taken_off_a_smaller_picture(library):
    rows, columns = np.mgrid[:128, :160] / 160
    x = np.stack([0.5 + 0.3 * np.sin(6 * rows), columns, 0.6 - 0.3 * columns]).astype(np.float32)
    y = (x + 0.6 * np.random.default_rng(1).normal(size=x.shape)).astype(np.float32)
    job = photo(library, y, sigma=0.6)
    list(job)
    assert measure(job.mean.numpy(), x).psnr > 24


@pytest.mark.parametrize("sigma", [15 / 255, 50 / 255])
def test_a_grey_photograph_stays_grey_and_is_better_than_the_classical_methods(library, sigma):
    from skimage import data

    x = (data.camera()[100:228, 180:308] / 255).astype(np.float32)[None].repeat(3, 0)
    y = x + sigma * np.random.default_rng(0).normal(size=x.shape[1:]).astype(np.float32)
    job = photo(library, y, sigma=sigma, seeds=(3,))
    list(job)
    for made in (job.mean.numpy(), job.samples[0].numpy()):
        assert (made[0] == made[1]).all() and (made[1] == made[2]).all()
    ours = measure(job.mean.numpy(), x).psnr
    for method in ("nlm", "wavelet", "tv", "median"):
        made = by(library, method, y, "photos", sigma=sigma, clip=False)
        assert (made[0] == made[1]).all() and measure(made, x).psnr < ours


def test_a_grey_photograph_is_seen_transposed_too(library):
    y = np.random.default_rng(2).normal(0.5, 0.3, (1, 64, 64)).astype(np.float32).repeat(3, 0)
    made = [photo(library, one, sigma=0.1) for one in (y, y.transpose(0, 2, 1))]
    assert all(list(job) for job in made)
    assert torch.allclose(made[0].mean, made[1].mean.mT, atol=0.01)  # the two passes, in bfloat16
    assert not torch.allclose(made[0].mean, made[0].mean.mT, atol=0.05)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_darkest_and_the_brightest_keep_their_means_under_clipped_noise(library, channels):
    x = np.full((3, 128, 128), 0.03, np.float32)
    x[:, 64:] = 0.95
    noise = 0.196 * np.random.default_rng(0).normal(size=(channels, 128, 128)).astype(np.float32)
    job = photo(library, (x + noise).clip(0, 1), sigma=0.196)
    list(job)
    means = [float(job.mean[:, rows].mean()) for rows in (slice(8, 56), slice(72, 120))]
    assert means == pytest.approx([0.03, 0.95], abs=0.012)


def test_salt_and_pepper_is_filled_and_far_better_than_a_median(library):
    from skimage import data

    from vaedemo.data.damage import add_noise

    x = np.moveaxis(data.astronaut()[60:188, 150:278] / 255, -1, 0).astype(np.float32)
    y = add_noise(torch.from_numpy(x)[None], "salt_and_pepper", 0.2, torch.Generator().manual_seed(0))[0].numpy()
    job = photo(library, y, sigma=None)
    list(job)
    median = by(library, "median", y, "photos", sigma=0.3)
    assert measure(job.mean.numpy(), x).psnr > measure(median, x).psnr + 3


@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_samples_have_a_spread_where_a_hole_is_wide_and_where_noise_is_stronger_than_learnt(library, sigma):
    y, mask = np.full((3, 64, 96), 0.5, np.float32), np.ones((64, 96), bool)
    mask[:, 20:90] = sigma > 0
    job = photo(library, y, sigma=sigma, mask=mask, seeds=(1, 2))
    assert isinstance(job, coarse.CoarseToFine) and job.spread is None
    assert [*job]
    assert job.spread.shape == (3, 64, 96) and torch.isfinite(job.spread).all()
    assert job.spread[:, :, 50].min() > 0 and (sigma > 0 or not job.spread[:, mask].any())
    alone = photo(library, y, sigma=sigma, mask=mask)
    assert [*alone] and alone.spread is None
