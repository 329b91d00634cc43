import math

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from vaedemo.maths import metrics


def test_mse_and_psnr_of_a_known_error():
    x = torch.zeros(2, 1, 12, 12)
    y = x + torch.tensor([0.1, 0.0])[:, None, None, None]
    assert torch.allclose(metrics.mse(x, y), torch.tensor([0.01, 0.0]))
    assert torch.allclose(metrics.psnr(metrics.mse(x, y)), torch.tensor([20.0, metrics.PSNR_CAP]))


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_scikit_images(channels, generator):
    x = torch.rand(1, channels, 32, 32, generator=generator)
    y = (x + 0.2 * torch.randn(x.shape, generator=generator)).clamp(0, 1)
    _, index = structural_similarity(
        x[0].numpy(), y[0].numpy(), channel_axis=0, data_range=1.0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    inside = index[:, 5:-5, 5:-5].mean()  # the windows that lie wholly inside
    assert metrics.ssim(x, y).item() == pytest.approx(inside, abs=1e-4)


def test_ssim_of_equal_pictures_is_one(generator):
    x = torch.rand(3, 1, 28, 28, generator=generator)
    assert torch.allclose(metrics.ssim(x, x), torch.ones(3), atol=1e-5)
    with pytest.raises(ValueError, match="too small"):
        metrics.ssim(x[..., :8, :8], x[..., :8, :8])


def test_ms_ssim_of_flat_pictures_is_luminance_at_the_last_scale():
    """Contrast and structure are 1 at all five scales, and luminance counts at the last by 0.1333 (Wang 2003)."""
    a, b = torch.full((1, 3, 176, 176), 0.5), torch.full((1, 3, 176, 176), 0.3)
    luminance = (2 * 0.15 + 1e-4) / (0.25 + 0.09 + 1e-4)
    assert metrics.ms_ssim(a, b).item() == pytest.approx(luminance**0.1333, rel=1e-3)
    assert metrics.ms_ssim(a, a).item() == pytest.approx(1)
    with pytest.raises(ValueError, match="at least 161"):
        metrics.ms_ssim(a[..., :160], b[..., :160])


def test_ms_ssim_falls_with_noise(generator):
    x = torch.rand(1, 3, 12, 12, generator=generator).repeat_interleave(16, 2).repeat_interleave(16, 3)
    noise = torch.randn(x.shape, generator=generator)
    found = [metrics.ms_ssim(x, x + sigma * noise).item() for sigma in (0, 0.05, 0.1, 0.2)]
    assert found == sorted(found, reverse=True) and found[0] == pytest.approx(1)


def test_flat_pictures_have_an_ssim_and_equal_ones_a_psnr():
    grey = torch.full((1, 3, 16, 16), 0.5)
    assert metrics.ssim(grey, grey).item() == pytest.approx(1)
    black = torch.zeros_like(grey)
    assert metrics.ssim(black, black).item() == pytest.approx(1)
    luminance = 1e-4 / (0.25 + 1e-4)  # 2 mx my + c1 over mx^2 + my^2 + c1; nothing varies in either
    assert metrics.ssim(grey, black).item() == pytest.approx(luminance, rel=1e-3)
    assert metrics.psnr(metrics.mse(grey, grey)).item() == metrics.PSNR_CAP


@pytest.mark.filterwarnings("error")
def test_active_units_of_one_picture_are_none_and_of_two_those_that_differ():
    none = metrics.active_units(torch.ones(1, 3))
    assert none.dtype == torch.bool and not none.any() and none.shape == (3,)
    two = torch.tensor([[0.0, 5.0, 0.0], [2.0, 5.0, 2.125]])
    assert metrics.active_units(two).tolist() == [True, False, True]
    assert metrics.active_units(two, threshold=2.0).tolist() == [False, False, True]  # 2 does not exceed 2


def test_bits_per_dim():
    assert metrics.bits_per_dim(784 * math.log(2), (1, 28, 28)) == pytest.approx(1)


def test_active_units():
    rng = np.random.default_rng(0)
    mu = torch.from_numpy(rng.normal(size=(1000, 3)) * np.array([1.0, 0.05, 0.2]))
    assert metrics.active_units(mu).tolist() == [True, False, True]


def test_mse_is_of_the_difference_of_each_picture():
    x = torch.tensor([0.5, 0.25])[:, None, None, None].expand(2, 3, 4, 5)
    assert torch.allclose(
        metrics.mse(x, x + torch.tensor([0.1, -0.2])[:, None, None, None]), torch.tensor([0.01, 0.04])
    )


def test_ssim_of_flat_pictures_is_its_first_factor_and_of_a_paler_one_its_second(generator):
    a, b = (torch.full((1, 1, 11, 11), v, dtype=torch.float64) for v in (0.02, 0.05))
    assert metrics.ssim(a, b).item() == pytest.approx((2 * 0.02 * 0.05 + 1e-4) / (0.02**2 + 0.05**2 + 1e-4), rel=1e-6)
    x = 0.02 * torch.rand(1, 1, 11, 11, generator=generator, dtype=torch.float64)
    distance = torch.arange(11, dtype=torch.float64) - 5
    line = torch.exp(-(distance**2) / 4.5)
    weight = torch.outer(line, line) / line.sum() ** 2
    mean = (weight * x).sum()
    variance = (weight * x * x).sum() - mean**2
    got = metrics.ssim(x, mean + 0.5 * (x - mean)).item()  # the same mean, half the contrast
    assert got == pytest.approx(((variance + 9e-4) / (1.25 * variance + 9e-4)).item(), rel=1e-9)


def test_ssim_is_one_figure_a_picture_and_refuses_a_short_side(generator):
    x = torch.rand(3, 1, 12, 14, generator=generator)
    y = torch.stack([x[0], 1 - x[1], x[2]])
    got = metrics.ssim(x, y)
    assert got.shape == (3,) and got[0] > 0.999 and got[1] < 0.5 and got[2] > 0.999
    for size in ((10, 14), (14, 10)):
        with pytest.raises(ValueError, match=rf"pictures of \({size[0]}, {size[1]}\) are too small"):
            metrics.ssim(torch.zeros(1, 1, *size), torch.zeros(1, 1, *size))
