"""Tasks of a network for photographs (PhotoVAE): crops of photographs, or a domain's small pictures, damaged."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.configs import _option, _require
from vaedemo.data.damage import draw_mask, photo_mask, random_corruption, text_mask
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import get_domain
from vaedemo.data.photos import Damaged, Photos, damage, mask_bank
from vaedemo.maths import metrics
from vaedemo.models.hierarchical import log_prob
from vaedemo.models.objectives import Terms
from vaedemo.models.restorer import padded

__all__ = ["CropConfig", "Crops", "SmallPictures", "held_out_psnr", "losses"]

FLOORS = ((3 / 255) ** 2, (8 / 255) ** 2)  # added to a squared error, of noise and of holes, before its logarithm
WEAK = 75 / 255  # the strongest noise of photographs
HOLES = ("left", "block", "random")  # of small pictures, measured beside noise; random: 80 % of the pixels
TASKS = {"15": 15, "25": 25, "50": 50, "text": 0, "strokes": 0, "holes": 0}  # of photographs, measured


@dataclass(frozen=True)
class CropConfig:
    """What a network for photographs learns from, and what its loss weighs. Of every three steps some are of small
    noisy crops and hole_steps of larger crops with holes."""

    kl_warmup: int = _option(2000, "of photo-restore: steps over which the weight of the KL term rises to one")
    free: float = _option(0.01, "of photo-restore: nats a value below which the KL term costs nothing")
    sampled: float = _option(0.5, "of photo-restore: weight of the bound (the VAE's part) beside the mean pass")
    honest: float = _option(0.0, "of photo-restore: weight of the prior's draws: of a pair's mean, and of the scales")
    noise_crops: tuple[int, int] = _option((12, 64), "of photo-restore: crops a step of noise, and their side")
    grey: float = _option(0.0, "of photo-restore: share of the crops that are turned grey")
    hole_steps: int = _option(1, "of photo-restore: of every three steps, those of crops with holes")
    hole_crops: tuple[int, int] = _option((6, 96), "of photo-restore: crops a step of holes, and their side")

    def __post_init__(self) -> None:
        _require(0 <= self.hole_steps <= 3, f"hole_steps is {self.hole_steps}; choose 0 to 3")
        _require(0 <= self.grey <= 1, f"grey is {self.grey}; choose 0 to 1")
        for count, side in (self.noise_crops, self.hole_crops):
            _require(count >= 1 and 8 <= side <= 128, f"{count} crops of {side} pixels; choose 1 or more of 8 to 128")


def _log_error(square: Tensor, region: Tensor, floor: float) -> tuple[Tensor, Tensor]:
    """0.5 log of the mean squared error over a region of each picture that has any of it, and which have: the
    Gaussian's negative log-likelihood with the best sigma for the picture, up to a constant."""
    count = region.sum((1, 2, 3)) * square.shape[1]
    error = (square * region).sum((1, 2, 3)) / count.clamp(min=1)
    return 0.5 * torch.log(error + floor), (count > 0).float()


def _mean_error(square: Tensor, mask: Tensor, sigma: Tensor) -> Tensor:
    """Mean of _log_error over the noise and over the holes of each picture."""
    noisy = mask * (sigma != 0)  # below zero where its strength is not told
    parts = [_log_error(square, region, floor) for region, floor in zip((noisy, 1 - mask), FLOORS, strict=True)]
    values, weights = (torch.cat(found) for found in zip(*parts, strict=True))
    return _mean(values, weights)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1)


def losses(
    model: Any, batch: Damaged, eps: Mapping[int, Tensor], first: int, config: CropConfig, kl_weight: float = 1.0
) -> Terms:
    """Terms of a Damaged batch in nats a value: its first pictures go through the mean pass, whose log error is the
    distortion (1,), the rest through the posterior drawn with eps, whose kl is (1, 1).

    The mean pass (z at the prior's mean) is scored by the log of its squared error, apart for noise and for holes, so
    that both count alike; the posterior pass by the ELBO over the values that are not known exactly, with free nats
    (Kingma et al. 2016) a value. honest is the weight of opposite draws from the prior: the error of their mean, and
    the likelihood of one of them, which moves the scales alone.
    """
    features = model.encode(*batch[1:])
    plain, rest = slice(0, first), slice(first, None)
    square = (model.decode(features.rows(plain)).mean - batch.x[plain]).square()
    value = _mean_error(square, batch.mask[plain], batch.sigma[plain])

    x, sigma, mask = batch.x[rest], batch.sigma[rest], batch.mask[rest]
    drawn = model.decode(features.rows(rest), eps, x)
    unknown = 1 - mask * (sigma == 0)
    dims = (x.shape[1] * unknown.sum((1, 2, 3))).clamp(min=1)
    some = (unknown.sum((1, 2, 3)) > 0).float()

    def nll(mean: Tensor, log_scale: Tensor) -> Tensor:
        return _mean(-(log_prob(x, mean, log_scale) * unknown).sum((1, 2, 3)) / dims, some)

    kl = _mean(drawn.kl / dims, some)
    bound = nll(drawn.mean, drawn.log_scale) + kl_weight * (kl - config.free).clamp(min=0)
    loss = value + config.sampled * bound
    if config.honest:
        # The posterior knows x, so its passes never show what a draw from the prior is worth. Here the mean of a draw
        # and its opposite learns it, which does not make draws alike, and the scales learn how wrong a draw is.
        one, other = (model.decode(features.rows(rest), {i: side * e for i, e in eps.items()}) for side in (1, -1))
        both = _mean_error(((one.mean + other.mean) / 2 - x).square(), mask, sigma)
        loss = loss + config.honest * (both + nll(one.mean.detach(), one.log_scale))
    return Terms(loss, value.view(1), kl.view(1, 1))


class _Restoration:
    """What both tasks share: damaged(step, generator) -> (Damaged, share that goes through the posterior).

    Where several processes share a batch, means over pictures are those of a process's own.
    """

    stream = "photos"

    def __init__(self, pictures: Any, model: Any, config: CropConfig) -> None:
        self.pictures, self.noise_shapes = pictures, model.noise_shapes
        self.config, self.settings = config, asdict(config)

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def digest(self) -> str:
        return self.pictures.digest

    def damaged(self, step: int, generator: torch.Generator) -> tuple[Damaged, float]:
        raise NotImplementedError

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """(x, y, sigma, mask, eps of each level, how many go through the mean pass, weight of the KL term)."""
        damaged, share = self.damaged(step, generator)
        count = len(damaged.x)
        first = count - round(share * count)
        shapes = self.noise_shapes(*damaged.x.shape[2:]).values()
        eps = [torch.randn(count - first, *s, generator=generator) for s in shapes]
        places = torch.arange(count)[mine]
        here = int((places < first).sum())
        weight = min(1.0, step / max(1, self.config.kl_warmup))
        return *(t[mine] for t in damaged), *(e[places[here:] - first] for e in eps), here, weight

    def terms(self, model: Any, batch: tuple) -> Terms:
        x, y, sigma, mask, *eps, first, weight = batch
        noise = dict(zip(self.noise_shapes(*x.shape[2:]), eps, strict=True))
        return losses(model, Damaged(x, y, sigma, mask), noise, first, self.config, weight)


class Crops(_Restoration):
    """Crops of Photos. holes is a mask bank, one of 2048 if None."""

    def __init__(
        self, photos: Photos, model: Any, config: CropConfig, seed: int = 0, holes: Tensor | None = None
    ) -> None:
        super().__init__(photos, model, config)
        self.holes = mask_bank(seed=seed) if holes is None else holes
        steps = ((config.noise_crops, 3 - config.hole_steps), (config.hole_crops, config.hole_steps))
        self.batches = tuple(crops[0] for crops, often in steps if often)

    def damaged(self, step: int, generator: torch.Generator) -> tuple[Damaged, float]:
        config, holed = self.config, step % 3 >= 3 - self.config.hole_steps
        crops = self.pictures.crops(*(config.hole_crops if holed else config.noise_crops), generator)
        noisy, broken, share = (0.5, 1.0, 0.5) if holed else (1.0, 0.1, 1 / 3)
        return damage(crops, self.holes, generator, noisy=noisy, broken=broken, grey=config.grey), share

    def measure(self, model: Any) -> dict[str, float]:
        return held_out_psnr(model, self.pictures)


class SmallPictures(_Restoration):
    """The small Pictures of a domain, count a step, damaged as those of the conditional models
    (damage.random_corruption); measured on held-out ones."""

    def __init__(
        self, pictures: Pictures, held_out: Pictures, domain: str, model: Any, config: CropConfig, count: int = 64
    ) -> None:
        super().__init__(pictures, model, config)
        self.held_out, self.stride = held_out, model.config.stride
        self.batches: tuple[int, ...] = (count,)
        row = get_domain(domain)
        self.mirrors = row.mirrors
        self.tasks = {str(s): s for s in ((0.25, 0.5, 0.75) if row.strokes else (0.1, 0.25))} | dict.fromkeys(HOLES, 0)

    def damaged(self, step: int, generator: torch.Generator) -> tuple[Damaged, float]:
        x = self.pictures[torch.randint(len(self.pictures), (self.batches[0],), generator=generator)]
        turned = torch.randint(len(self.mirrors), (len(x), 1, 1, 1), generator=generator)
        x = torch.stack([torch.where(turned == i, x.flip(axes), 0) for i, axes in enumerate(self.mirrors)]).sum(0)
        y, mask, level = random_corruption(x, generator)
        # Every second one as photographs are damaged: with weak Gaussian noise, which is the hardest to gain on, and
        # which a network that comes from there forgets otherwise.
        plain = torch.arange(len(x)).view(-1, 1, 1, 1) % 2 == 0
        sigma = WEAK * torch.rand(len(x), 1, 1, 1, generator=generator)
        noisy = x + sigma * torch.randn(x.shape, generator=generator)
        noisy = torch.where(torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5, noisy.clamp(0, 1), noisy)
        y, mask, level = (torch.where(plain, *t) for t in ((noisy, y), (torch.ones_like(mask), mask), (sigma, level)))
        return Damaged(*padded(self.stride, x, y, level.expand_as(mask), mask)), 0.4

    @torch.no_grad()
    def measure(self, model: Any) -> dict[str, float]:
        x, found = self.held_out.some(200)[:], {}
        for task, level in self.tasks.items():
            generator = runtime.generator("measure", task)
            mask = torch.ones(len(x), 1, *x.shape[2:])
            if not level:
                amount = 0.8 if task == "random" else None
                mask = torch.stack([draw_mask(task, x.shape[2], x.shape[3], generator, amount) for _ in x])[:, None]
            y = (x + level * torch.randn(x.shape, generator=generator)) * mask
            given = padded(self.stride, y, torch.full_like(mask, level), mask)
            mean = model(*_like(model, *given)).mean.cpu()
            square = (mean[..., : x.shape[2], : x.shape[3]].clamp(0, 1) - x).square()
            region = torch.ones_like(mask) if level else 1 - mask
            error = (square * region).sum((1, 2, 3)) / (x.shape[1] * region.sum((1, 2, 3)))
            found[task] = round(metrics.psnr(error).mean().item(), 3)
        return found


def _like(model: Any, *given: Tensor) -> list[Tensor]:
    """Tensors where the model is."""
    device = next(model.parameters()).device
    return [t.to(device) for t in given]


@torch.no_grad()
def held_out_psnr(model: Any, photos: Photos) -> dict[str, float]:
    """Mean PSNR in dB of the mean pass on the middle of each held-out photograph, clamped to [0, 1], a dict by task:
    noise of sigma 15, 25 and 50 (not clipped) over all pixels; text, strokes and holes over the damaged ones."""
    found: dict[str, list[float]] = {task: [] for task in TASKS}
    device = next(model.parameters()).device
    half = runtime.bfloat16_available(device)
    side = 256
    for number, row in enumerate(photos.held_out):
        side = min(side, *row[2:]) // model.config.stride * model.config.stride
        x = photos.middle(row, side)[None] / 255
        for task, level in TASKS.items():
            sigma = torch.full((1, 1, side, side), level / 255)
            noise = torch.randn(x.shape, generator=runtime.generator("measure", task, number))
            mask = torch.ones(1, 1, side, side)
            if not level:
                rng = np.random.default_rng(number)
                known = text_mask(side, side, rng) if task == "text" else photo_mask(side, rng, task)
                mask[0, 0] = torch.from_numpy(known)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                mean = model(*_like(model, (x + sigma * noise) * mask, sigma, mask)).mean.cpu()
            square = (mean.clamp(0, 1) - x).square()
            region = torch.ones_like(mask) if level else 1 - mask
            if region.sum():
                found[task].append(metrics.psnr((square * region).sum() / (3 * region.sum())).item())
    return {task: round(sum(v) / len(v), 3) for task, v in found.items()}
