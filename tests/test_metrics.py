import math

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from vaedemo import metrics


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


def test_flat_pictures_have_an_ssim_and_equal_ones_a_psnr():
    grey = torch.full((1, 3, 16, 16), 0.5)
    assert metrics.ssim(grey, grey).item() == pytest.approx(1)
    black = torch.zeros_like(grey)
    assert metrics.ssim(black, black).item() == pytest.approx(1)
    luminance = 1e-4 / (0.25 + 1e-4)  # 2 mx my + c1 over mx^2 + my^2 + c1; nothing varies in either
    assert metrics.ssim(grey, black).item() == pytest.approx(luminance, rel=1e-3)
    assert metrics.psnr(metrics.mse(grey, grey)).item() == metrics.PSNR_CAP


def test_active_units_of_one_picture_are_none():
    assert metrics.active_units(torch.ones(1, 3)).tolist() == [False] * 3


def test_bits_per_dim():
    assert metrics.bits_per_dim(784 * math.log(2), (1, 28, 28)) == pytest.approx(1)


def test_active_units():
    rng = np.random.default_rng(0)
    mu = torch.from_numpy(rng.normal(size=(1000, 3)) * np.array([1.0, 0.05, 0.2]))
    assert metrics.active_units(mu).tolist() == [True, False, True]
