"""The task of the codec: crops of photographs, a quality each, scored by rate + lambda * distortion."""

import io
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from vaedemo import runtime
from vaedemo.configs import _option, _require
from vaedemo.data.photos import Photos
from vaedemo.models.codec import Noise
from vaedemo.models.entropy import BLOCK, LAMBDAS, QUALITY_STEPS
from vaedemo.models.objectives import Terms
from vaedemo.models.restorer import padded

__all__ = ["Compression", "Curve", "RateConfig", "bd_rate", "coded_curve", "draw", "jpeg_curve", "principal_components"]

TYPICAL = 8.0  # the loss of a picture with all its channels, much the same at any quality
JPEG_QUALITIES = (5, 8, 12, 17, 23, 30, 40, 50, 60, 70, 78, 85, 90, 94)
SIDE = 512  # of the middles of held-out photographs that are measured


@dataclass(frozen=True)
class RateConfig:
    """What the codec learns from."""

    crops: tuple[int, int] = _option((8, 128), "of codec: crops a step, and their side")
    truncated: float = _option(0.3, "of codec: share of the crops with only their first k channels, k drawn anew")

    def __post_init__(self) -> None:
        count, side = self.crops
        good = count >= 1 and BLOCK <= side <= SIDE and side % BLOCK == 0
        _require(good, f"{count} crops of {side} pixels; choose 1 or more of a multiple of {BLOCK}, at most {SIDE}")
        _require(0 <= self.truncated <= 1, f"truncated is {self.truncated}; choose 0 to 1")


class Curve(NamedTuple):
    """Bits a pixel and PSNR in dB, each the mean over the pictures, one entry a quality."""

    bpp: list[float]
    psnr: list[float]


def draw(count: int, channels: int, truncated: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Qualities float32 (count,), one in each of count equal parts of 0 .. 6 and multiples of 1 / 16, shuffled; and how
    many channels are kept, int64 (count,): all, or of a share of them a number whose logarithm is uniform."""
    top = len(LAMBDAS) - 1
    place, kept, some = torch.rand(3, count, generator=generator, dtype=torch.float64)
    place = (torch.randperm(count, generator=generator) + place) / count
    q = place * (top + 1 / QUALITY_STEPS) - 0.5 / QUALITY_STEPS
    q = ((q * QUALITY_STEPS).round() / QUALITY_STEPS).clamp(0, top)
    first = (channels**some).ceil().clamp(1, channels)
    return q.float(), torch.where(kept < truncated, first, channels).long()


def principal_components(photos: Photos, count: int, side: int = 128, crops: int = 2000) -> tuple[Tensor, Tensor]:
    """Basis (count, 768), rows in order of importance, and the standard deviation along each (count,), of 16 x 16
    blocks of training crops around mid-grey (not their mean), pixels in [0, 1] as (3, 16, 16)."""
    generator = runtime.generator("codec", "basis")
    second, blocks = torch.zeros(3 * BLOCK**2, 3 * BLOCK**2, dtype=torch.float64), 0
    for first in range(0, crops, 50):
        x = photos.crops(min(50, crops - first), side, generator).float() / 255 - 0.5
        found = F.pixel_unshuffle(x, BLOCK).permute(0, 2, 3, 1).flatten(0, 2)
        second, blocks = second + (found.T @ found).double(), blocks + len(found)
    values, vectors = torch.linalg.eigh(second / blocks)
    values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
    return vectors.T.float().contiguous(), values.clamp(min=1e-12).sqrt().float()


class Compression:
    """Crops of Photos, to be coded by a Codec: bits a pixel + lambda * squared error in grey levels, divided by
    sqrt(lambda), so that all qualities count alike. A crop with few channels weighs no more than one with all."""

    stream = "codec"

    def __init__(self, photos: Photos, model: Any, config: RateConfig) -> None:
        self.photos, self.config, self.settings = photos, config, asdict(config)
        self.channels, self.noise = model.config.channels, model.noise
        self.batches: tuple[int, ...] = config.crops[:1]
        self._jpeg: Curve | None = None

    def __len__(self) -> int:
        return len(self.photos)

    @property
    def digest(self) -> str:
        return self.photos.digest

    def begin(self, model: Any) -> None:
        """Give a new model the principal components of the training pictures."""
        model.start(*principal_components(self.photos, self.channels))

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """(x, q, keep, and the Noise of y and of z): what Codec.forward takes."""
        count, side = self.config.crops
        crops = self.photos.crops(count, side, generator)
        q, keep = draw(count, self.channels, self.config.truncated, generator)
        noise = self.noise(count, side, side, generator)
        x = crops[mine].float().div_(255).contiguous(memory_format=torch.channels_last)
        return x, *(t[mine] for t in (q, keep, *noise))

    def terms(self, model: Any, batch: tuple) -> Terms:
        """Terms whose kl is the rate: both parts of the loss, divided by sqrt(lambda) and weighted, (B,) and (B, 1)."""
        x, q, keep, *noise = batch
        out = model(x, q, keep, Noise(*noise))
        lam = LAMBDAS[0] * torch.exp2(q)
        rate = (out.bits_y + out.bits_z) / (x.shape[2] * x.shape[3]) / lam.sqrt()
        cost = lam.sqrt() * 255**2 * (out.x_hat - x).square().mean((1, 2, 3))
        weight = (TYPICAL / (rate + cost).detach()).clamp(max=1)
        weight = torch.where(keep == self.channels, 1.0, weight)
        return Terms((weight * (rate + cost)).mean(), weight * cost, (weight * rate)[:, None])

    def measure(self, model: Any) -> dict[str, float]:
        """bpp and dB at each whole quality on the middles of every other held-out photograph, and the BD-rate in per
        cent against JPEG, where the curves rise and overlap."""
        pictures = [self._middle(row) for row in self.photos.held_out[::2]]
        if self._jpeg is None:
            self._jpeg = jpeg_curve(pictures)
        curve = coded_curve(model, pictures, range(len(LAMBDAS)))
        found = {f"bpp {q}": round(bpp, 4) for q, bpp in enumerate(curve.bpp)}
        found |= {f"dB {q}": round(psnr, 3) for q, psnr in enumerate(curve.psnr)}
        difference = bd_rate(curve, self._jpeg)
        return found if difference is None else found | {"BD-rate": round(difference, 2)}

    def _middle(self, row: Any) -> np.ndarray:
        picture = self.photos.picture(row)
        top, left = (max(0, side - SIDE) // 2 for side in picture.shape[:2])
        return np.array(picture[top : top + SIDE, left : left + SIDE])


def _psnr(x_hat: np.ndarray, x: np.ndarray) -> float:
    error = np.mean((x_hat.astype(float) - x) ** 2)
    return 10 * math.log10(255**2 / max(float(error), 1e-9))


@torch.no_grad()
def coded_curve(model: Any, pictures: list[np.ndarray], qualities: Iterable[float], keep: int | None = None) -> Curve:
    """The Curve of a Codec on pictures uint8 (H, W, 3) of any size: bits as estimated from the rounded latents, PSNR of
    the reconstruction in whole grey levels. keep: how many channels; all if None."""
    device, curve = next(model.parameters()).device, Curve([], [])
    channels = None if keep is None else torch.tensor([keep], device=device)
    for q in qualities:
        rates, psnrs = [], []
        for picture in pictures:
            height, width, _ = picture.shape
            (x,) = padded(BLOCK, torch.from_numpy(picture).to(device).permute(2, 0, 1)[None].float() / 255)
            out = model(
                x.contiguous(memory_format=torch.channels_last), torch.tensor([float(q)], device=device), channels
            )
            rates.append((out.bits_y + out.bits_z).item() / (height * width))
            x_hat = out.x_hat[0, :, :height, :width].clamp(0, 1).mul(255).round().permute(1, 2, 0)
            psnrs.append(_psnr(x_hat.cpu().numpy(), picture))
        curve.bpp.append(float(np.mean(rates)))
        curve.psnr.append(float(np.mean(psnrs)))
    return curve


def jpeg_curve(pictures: list[np.ndarray]) -> Curve:
    """The Curve of Pillow's JPEG, 4:2:0 and optimised, on pictures uint8 (H, W, 3): whole files."""
    curve = Curve([], [])
    for quality in JPEG_QUALITIES:
        rates, psnrs = [], []
        for picture in pictures:
            file = io.BytesIO()
            Image.fromarray(picture).save(file, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
            rates.append(8 * file.tell() / picture[..., 0].size)
            psnrs.append(_psnr(np.asarray(Image.open(file)), picture))
        curve.bpp.append(float(np.mean(rates)))
        curve.psnr.append(float(np.mean(psnrs)))
    return curve


def bd_rate(curve: Curve, against: Curve) -> float | None:
    """Mean difference of rate in per cent at equal PSNR, over the PSNRs that both have: pchip of log rate over PSNR
    (Bjontegaard 2001). None where a curve does not rise or they have none in common."""
    first, last = max(c.psnr[0] for c in (curve, against)), min(c.psnr[-1] for c in (curve, against))
    if first >= last or any(np.any(np.diff(c.psnr) <= 0) for c in (curve, against)):
        return None
    import bjontegaard

    given = (against.bpp, against.psnr, curve.bpp, curve.psnr)
    return float(bjontegaard.bd_rate(*given, method="pchip", require_matching_points=False, min_overlap=0))
