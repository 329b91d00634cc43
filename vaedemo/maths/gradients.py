"""Oriented gradients: how steep a picture is in each direction and place, a description that knows strokes and seams
better than pixels do. After Dalal & Triggs 2005, with soft windows in place of cells and blocks."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo.errors import PictureError

__all__ = ["DIRECTIONS", "STRIDE", "gradients"]

DIRECTIONS = 9  # of the gradient, evenly over the whole turn
STRIDE = 4  # pixels from one place to the next
SHARPEST, WINDOW = 0.5, 2.0  # standard deviations in pixels: of the blur before the gradient, of the window after it
BATCH = 1000  # pictures at once
TINY = 1e-6  # added to a length before it divides


def gradients(x: Tensor, contrast: float = 1.0) -> Tensor:
    """float32 (N, 9 * (H / 4) * (W / 4)) of grey pictures x (N, 1, H, W) in [0, 1], both sides multiples of 4: square
    roots of the gradient's length by direction, weighed by cos^2 of the angle to each of 9 directions where that is
    acute, in a Gaussian window about every fourth pixel. contrast: 1 keeps the picture's contrast, 0 divides by the
    length of all its figures, so that a paler picture has the same."""
    if x.ndim != 4 or x.shape[1] != 1 or x.shape[2] % STRIDE or x.shape[3] % STRIDE or not x.numel():
        raise PictureError(
            f"pictures are of shape {tuple(x.shape)}; give some of (N, 1, H, W), both sides multiples of {STRIDE}"
        )
    return torch.cat([_described(part.float(), contrast) for part in x.split(BATCH)])


def _described(x: Tensor, contrast: float) -> Tensor:
    x = _blurred(x, SHARPEST)
    slope = torch.tensor([-0.5, 0.0, 0.5], dtype=x.dtype, device=x.device)
    across = F.conv2d(x, slope.view(1, 1, 1, 3), padding=(0, 1))
    down = F.conv2d(x, slope.view(1, 1, 3, 1), padding=(1, 0))
    angle, length = torch.atan2(down, across), torch.hypot(down, across)
    turns = torch.arange(DIRECTIONS, device=x.device).view(1, -1, 1, 1) * (2 * math.pi / DIRECTIONS)
    steep = length * F.relu(torch.cos(angle - turns)).square()
    start = STRIDE // 2
    found = _blurred(steep, WINDOW)[:, :, start::STRIDE, start::STRIDE].flatten(1)
    return (found / (found.norm(dim=1, keepdim=True) + TINY).pow(1 - contrast)).sqrt()


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """x (N, C, H, W) under a Gaussian window of that standard deviation, black beyond the edges."""
    reach = math.ceil(3 * sigma)
    at = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    window = torch.exp(-at.square() / (2 * sigma**2))
    window = (window / window.sum()).expand(x.shape[1], 1, -1)
    x = F.conv2d(x, window[..., None], padding=(reach, 0), groups=x.shape[1])
    return F.conv2d(x, window[:, :, None], padding=(0, reach), groups=x.shape[1])
