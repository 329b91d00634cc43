"""How a decoded photograph compares with the original: whole pictures, 8 bits, all three colours."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo.maths import metrics

__all__ = ["Figures", "judge", "psnr"]


class Figures(NamedTuple):
    """psnr in dB over all values; ssim, and ms_ssim, None of pictures that are too small for them."""

    psnr: float
    ssim: float | None
    ms_ssim: float | None


def psnr(x_hat: np.ndarray, x: np.ndarray) -> float:
    """In dB, of pictures uint8 (H, W, 3)."""
    error = sum(float(np.square(a.astype(np.int32) - b).sum()) for a, b in zip(x_hat, x, strict=True))
    return float(metrics.psnr(error / x.size / 255**2))


def _tensor(x: np.ndarray) -> Tensor:
    return torch.tensor(x).permute(2, 0, 1)[None].float() / 255


@torch.no_grad()
def judge(x_hat: np.ndarray, x: np.ndarray) -> Figures:
    """Figures of x_hat uint8 (H, W, 3) against x."""
    a, b, side = _tensor(x_hat), _tensor(x), min(x.shape[:2])
    ssim = metrics.ssim(a, b).item() if side >= metrics.SSIM_SIDE else None
    ms_ssim = metrics.ms_ssim(a, b).item() if side >= metrics.MS_SSIM_SIDE else None
    return Figures(psnr(x_hat, x), ssim, ms_ssim)
