"""How similar two pictures are, and how many bits they cost. Pictures are (B, C, H, W) in [0, 1]."""

import math

import pytorch_msssim
import torch
from torch import Tensor

__all__ = ["MS_SSIM_SIDE", "SSIM_SIDE", "active_units", "bits_per_dim", "ms_ssim", "mse", "psnr", "ssim"]

SSIM_SIDE, MS_SSIM_SIDE = 11, 161  # pixels that a picture has at least
PSNR_CAP = 100.0  # dB, for equal pictures, whose PSNR has no finite value


def mse(x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of each picture, (B,)."""
    return (x - y).square().flatten(1).mean(1)


def psnr(error: Tensor | float) -> Tensor:
    """Peak signal-to-noise ratio in dB from a mean squared error of pictures in [0, 1]; any shape."""
    return (-10 * torch.log10(torch.as_tensor(error).clamp(min=1e-30))).clamp(max=PSNR_CAP)


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Structural similarity of each picture, (B,), at most 1. Wang et al. 2004: 11 x 11 Gaussian window, sigma 1.5,
    K1 0.01, K2 0.03, mean over the channels and the windows that lie wholly inside. ValueError below 11 pixels."""
    if min(x.shape[2:]) < SSIM_SIDE:
        raise ValueError(f"pictures of {tuple(x.shape[2:])} are too small for SSIM; give sides of at least {SSIM_SIDE}")
    return pytorch_msssim.ssim(x, y, data_range=1.0, size_average=False)


def ms_ssim(x: Tensor, y: Tensor) -> Tensor:
    """Multi-scale structural similarity of each picture, (B,), at most 1: five scales, with the weights of Wang,
    Simoncelli & Bovik 2003. ValueError below 161 pixels, where the smallest scale has no window."""
    if min(x.shape[2:]) < MS_SSIM_SIDE:
        raise ValueError(f"pictures of {tuple(x.shape[2:])} are too small; give sides of at least {MS_SSIM_SIDE}")
    return pytorch_msssim.ms_ssim(x, y, data_range=1.0, size_average=False)


def bits_per_dim(nats: float, shape: tuple[int, ...]) -> float:
    """Bits a channel value from nats a picture; shape (C, H, W)."""
    return nats / (math.prod(shape) * math.log(2))


def active_units(mu: Tensor, threshold: float = 0.01) -> Tensor:
    """Which dimensions are active, bool (D,), from posterior means (N, D): variance over the data above the threshold;
    none for a single picture. Burda et al. 2016, section 4.2."""
    return mu.var(0) > threshold if len(mu) > 1 else torch.zeros(mu.shape[1], dtype=torch.bool)
