"""Think longer: the latents of one photograph, improved by gradient descent; decoder and file format stay as they are.

Stochastic Gumbel annealing (Yang, Bamler & Mandt 2020): each latent is drawn to one of its two nearest integers, at a
temperature that falls, so that the gradient sees what rounding will do. The chances of the two are in proportion to how
near they are, which is better than the article's (Perugachi-Diaz, Gansekoele & Bhulai 2024).
"""

import math
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.models.codec import Codec
from vaedemo.models.entropy import BLOCK, LAMBDAS, Part, bits_logistic, bits_normal
from vaedemo.models.restorer import padded
from vaedemo.services.codec.photos import Latents

__all__ = ["Step", "refine"]

RATE, FALL = 0.01, 3.5  # Adam's rate in steps of quantisation; how far the temperature's logarithm falls
WARM = 0.3  # share of the time before it begins to fall
HOT = 0.5  # the temperature until then

Draw = Callable[[Tensor], Tensor]


class Step(NamedTuple):
    """After so many steps: bits of the whole picture and PSNR in dB, of latents that are not quite rounded yet."""

    step: int
    seconds: float
    bits: float
    psnr: float


def _annealed(v: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """v drawn towards one of its two nearest integers."""
    low = v.detach().floor()
    part = (v - low).clamp(1e-4, 1 - 1e-4)
    noise = torch.logit(torch.rand(v.shape, generator=generator).clamp(1e-6, 1 - 1e-6))  # of two Gumbels a difference
    return low + torch.sigmoid((torch.logit(part) / temperature + noise) / temperature)


def _coded(model: Codec, y: Tensor, z: Tensor, q: Tensor, kept: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """(bits, x_hat) of latents whose distances from their means are rounded by `draw`."""
    mean, scale = model.entropy.prior(q, z.dtype)
    r = draw(z - mean)
    bits = [bits_logistic(r, scale).sum()]
    hyper = model.entropy.hyper_synthesis(r + mean, q, (y.shape[2], y.shape[3]))

    def symbols(part: Part, mu: Tensor, log2_scale: Tensor) -> Tensor:
        here = slice(part.first, part.last)
        r = draw(y[:, here] - mu)
        bits.append((bits_normal(r, log2_scale) * part.where * kept[:, here]).sum())
        return r

    y_hat, seen = model.entropy.latents(hyper, q, kept, symbols)
    return torch.stack(bits).sum(), model.synthesise(y_hat, seen, hyper.h, q)


def refine(
    model: Codec,
    picture: np.ndarray,
    latents: Latents,
    quality: float,
    channels: int,
    seconds: float,
    halted: Callable[[], bool] = lambda: False,
    seed: int = 0,
) -> Generator[Step, None, Latents]:
    """Improve the Latents of a picture uint8 (H, W, 3) for so many seconds, or until halted; yields a Step each time,
    returns them."""
    start, q = time.monotonic(), torch.tensor([float(quality)])
    (x,) = padded(BLOCK, torch.tensor(picture).permute(2, 0, 1)[None].float() / 255)
    height, width, _ = picture.shape
    weight = LAMBDAS[0] * 2.0**quality * 255**2 * height * width
    y, z = (t.clone().requires_grad_() for t in latents)
    optimizer, generator = torch.optim.Adam([y, z], RATE), runtime.generator("refine", seed)
    kept, half = model.kept(torch.tensor([channels]), y), runtime.bfloat16_available(y.device)
    step, share = 0, 0.0
    while share < 1 and not halted():
        temperature = HOT * math.exp(-FALL * max(0.0, share - WARM) / (1 - WARM))
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, 2 * (1 - share))
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            draw = partial(_annealed, temperature=temperature, generator=generator)
            bits, x_hat = _coded(model, y, z, q, kept, draw)
        error = (x_hat - x)[:, :, :height, :width].square().mean()
        optimizer.zero_grad()
        ((bits + weight * error) / (height * width)).backward()
        optimizer.step()
        step, share = step + 1, (time.monotonic() - start) / seconds
        yield Step(step, time.monotonic() - start, bits.item(), float(-10 * error.detach().log10()))
    return Latents(y.detach(), z.detach())
