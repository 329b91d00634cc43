"""How similar two pictures are, and how many bits they cost. Pictures are (B, C, H, W) in [0, 1]."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["active_units", "bits_per_dim", "mse", "psnr", "ssim"]

PSNR_CAP = 100.0  # dB, for equal pictures, whose PSNR has no finite value


def mse(x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of each picture, (B,)."""
    return (x - y).square().flatten(1).mean(1)


def psnr(error: Tensor | float) -> Tensor:
    """Peak signal-to-noise ratio in dB from a mean squared error of pictures in [0, 1]; any shape."""
    return (-10 * torch.log10(torch.as_tensor(error).clamp(min=1e-30))).clamp(max=PSNR_CAP)


def _window(channels: int, like: Tensor, size: int = 11, sigma: float = 1.5) -> Tensor:
    distance = torch.arange(size, dtype=like.dtype, device=like.device) - size // 2
    line = torch.exp(-distance.square() / (2 * sigma**2))
    line = line / line.sum()
    return torch.outer(line, line).expand(channels, 1, size, size)


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Structural similarity of each picture, (B,), at most 1. Wang et al. 2004: 11 x 11 Gaussian window, sigma 1.5,
    K1 0.01, K2 0.03, mean over the channels and the windows that lie wholly inside. ValueError below 11 pixels."""
    if min(x.shape[2:]) < 11:
        raise ValueError(f"pictures of {tuple(x.shape[2:])} are too small for SSIM; give sides of at least 11")
    channels = x.shape[1]
    window = _window(channels, x)

    def blur(t: Tensor) -> Tensor:
        return F.conv2d(t, window, groups=channels)

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    index = (2 * mx * my + c1) * (2 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return index.flatten(1).mean(1)


def bits_per_dim(nats: float, shape: tuple[int, ...]) -> float:
    """Bits a channel value from nats a picture; shape (C, H, W)."""
    return nats / (math.prod(shape) * math.log(2))


def active_units(mu: Tensor, threshold: float = 0.01) -> Tensor:
    """Which dimensions are active, bool (D,), from posterior means (N, D): variance over the data above the threshold;
    none for a single picture. Burda et al. 2016, section 4.2."""
    return mu.var(0) > threshold if len(mu) > 1 else torch.zeros(mu.shape[1], dtype=torch.bool)
