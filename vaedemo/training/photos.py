"""Train a PhotoVAE: a generator of records, resumable, and so made that a finished run can be gone on with for longer.

The learning rate rises, stays, and falls only over the last part (Hu et al. 2024, WSD). Where it starts to fall the
state is kept apart as stable.pt: with more steps asked for, a run goes on from there.

    python -m vaedemo.photos_training --data data/photos
    python -m vaedemo.photos_training --data data/photos --start checkpoints/photos/restore.safetensors \\
        --folder runs/photos/holes \\
        --train '{"steps": 9000, "lr": 0.001, "hole_steps": 2, "kl_warmup": 300, "cooldown": 0.5}'
    python -m vaedemo.photos_training --domain objects --data data --start checkpoints/photos/restore.safetensors \\
        --folder runs/objects/photo-restore --model '{"temperature": 0.5}' \\
        --train '{"steps": 4500, "lr": 0.0003, "honest": 0.5, "kl_warmup": 1, "cooldown": 0.7}'
"""

import copy
import io
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from vaedemo import runtime
from vaedemo.configs import _option, _require
from vaedemo.data import datasets
from vaedemo.data.damage import draw_mask, photo_mask, random_corruption, text_mask
from vaedemo.data.domains import get_domain
from vaedemo.data.photos import Damaged, damage, mask_bank, open_photos
from vaedemo.errors import NotFinite, TrainingError
from vaedemo.maths import metrics
from vaedemo.models.hierarchical import PhotoConfig, PhotoVAE, log_prob
from vaedemo.models.restorer import padded
from vaedemo.store.checkpoints import save_checkpoint, warm_start, write_atomic
from vaedemo.training.loop import require_one_process

__all__ = ["Crops", "Losses", "PhotoProgress", "PhotoTrainConfig", "Small", "fit", "held_out_psnr", "losses", "rate"]

FLOORS = ((3 / 255) ** 2, (8 / 255) ** 2)  # added to a squared error, of noise and of holes, before its logarithm


@dataclass(frozen=True)
class PhotoTrainConfig:
    """One run. Of every three steps some are of small noisy crops and hole_steps of larger crops with holes."""

    steps: int = _option(24_000, "updates in all")
    cooldown: float = _option(0.3, "share of the steps, at the end, over which the learning rate falls to zero")
    lr: float = _option(2e-3, "highest learning rate of AdamW")
    warmup: int = _option(300, "steps over which the learning rate rises")
    kl_warmup: int = _option(2000, "steps over which the weight of the KL term rises to one")
    free: float = _option(0.01, "nats a value below which the KL term costs nothing: keeps the latents in use")
    sampled: float = _option(0.5, "weight of the bound (the VAE's part) beside the mean pass (the regression's part)")
    honest: float = _option(0.0, "weight of the prior's draws: of the error of a pair's mean, and of the scales")
    noise_crops: tuple[int, int] = _option((12, 64), "crops a step of noise, and their side")
    grey: float = _option(0.0, "share of the crops that are turned grey")
    hole_steps: int = _option(1, "of every three steps: those of crops with holes")
    hole_crops: tuple[int, int] = _option((6, 96), "crops a step of holes, and their side")
    weight_decay: float = _option(1e-4, "decoupled weight decay")
    clip: float = _option(0.5, "gradient norm above which gradients are scaled down")
    average: float = _option(0.999, "decay of the averaged weights, which are the ones kept")
    seed: int = _option(0, "of the first weights, the crops and the noise")
    save_every: float = _option(90.0, "seconds between resumable states")
    measure_every: float = _option(300.0, "seconds between measurements on the held-out photographs")

    def __post_init__(self):
        _require(self.steps >= 1, f"steps is {self.steps}; choose 1 or more")
        _require(0 <= self.cooldown <= 1, f"cooldown is {self.cooldown}; choose 0 to 1")
        _require(0 <= self.hole_steps <= 3, f"hole_steps is {self.hole_steps}; choose 0 to 3")
        _require(0 < self.lr < 1, f"lr is {self.lr}; choose between 0 and 1, for example 0.002")

    @property
    def stable(self):
        """The step at which the learning rate starts to fall."""
        return self.steps - round(self.cooldown * self.steps)


class Losses(NamedTuple):
    """A step's loss and its parts in nats a value: mean = log of the mean pass's error; bound = minus the ELBO with
    kl in it; kl alone; all scalars."""

    loss: Tensor
    mean: Tensor
    bound: Tensor
    kl: Tensor


class PhotoProgress(NamedTuple):
    """Where a run stands; the parts of the loss are means since the record before; psnr is of the averaged weights on
    held-out photographs in dB, a dict by task, or None between measurements."""

    step: int
    steps: int
    loss: float
    mean: float
    bound: float
    kl: float
    lr: float
    seconds: float
    psnr: dict | None


def rate(step, config):
    """The learning rate of a step, from 0: up, level, and down to zero in a straight line."""
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    return config.lr * min(1.0, (config.steps - step) / max(1, config.steps - config.stable))


def _log_error(square, region, floor):
    """0.5 log of the mean squared error over a region of each picture that has any of it, and which have: the
    Gaussian's negative log-likelihood with the best sigma for the picture, up to a constant."""
    count = region.sum((1, 2, 3)) * square.shape[1]
    error = (square * region).sum((1, 2, 3)) / count.clamp(min=1)
    return 0.5 * torch.log(error + floor), (count > 0).float()


def _mean_error(square, mask, sigma):
    """Mean of _log_error over the noise and over the holes of each picture."""
    noisy = mask * (sigma != 0)  # below zero where its strength is not told
    parts = [_log_error(square, region, floor) for region, floor in zip((noisy, 1 - mask), FLOORS, strict=True)]
    return sum((v * w).sum() for v, w in parts) / sum(w.sum() for _, w in parts).clamp(min=1)


def losses(model, batch, generator, share, kl_weight=1.0, sampled=0.5, free=0.0, honest=0.0):
    """Losses of a Damaged batch: its first pictures through the mean pass, the last share through the posterior.

    The mean pass (z at the prior's mean) is scored by the log of its squared error, apart for noise and for holes, so
    that both count alike; the posterior pass by the ELBO over the values that are not known exactly, with free nats
    (Kingma et al. 2016) a value. honest is the weight of opposite draws from the prior: the error of their mean, and
    the likelihood of one of them, which moves the scales alone.
    """
    features = model.encode(*batch[1:])
    count = len(batch.x)
    first = count - round(share * count)
    plain, rest = slice(0, first), slice(first, count)
    square = (model.decode(features.rows(plain)).mean - batch.x[plain]).square()
    value = _mean_error(square, batch.mask[plain], batch.sigma[plain])

    shapes = model.noise_shapes(*batch.x.shape[2:])
    eps = {i: torch.randn(count - first, *s, generator=generator) for i, s in shapes.items()}
    x, sigma, mask = batch.x[rest], batch.sigma[rest], batch.mask[rest]
    drawn = model.decode(features.rows(rest), eps, x)
    unknown = 1 - mask * (sigma == 0)
    dims = (x.shape[1] * unknown.sum((1, 2, 3))).clamp(min=1)
    nll = -(log_prob(x, drawn.mean, drawn.log_scale) * unknown).sum((1, 2, 3)) / dims
    some = (unknown.sum((1, 2, 3)) > 0).float()
    kl = (drawn.kl / dims * some).sum() / some.sum().clamp(min=1)
    bound = (nll * some).sum() / some.sum().clamp(min=1) + kl_weight * (kl - free).clamp(min=0)
    loss = value + sampled * bound
    if honest:
        # The posterior knows x, so its passes never show what a draw from the prior is worth. Here the mean of a draw
        # and its opposite learns it, which does not make draws alike, and the scales learn how wrong a draw is.
        one, other = (model.decode(features.rows(rest), {i: side * e for i, e in eps.items()}) for side in (1, -1))
        nll = -(log_prob(x, one.mean.detach(), one.log_scale) * unknown).sum((1, 2, 3)) / dims
        both = _mean_error(((one.mean + other.mean) / 2 - x).square(), mask, sigma)
        loss = loss + honest * (both + (nll * some).sum() / some.sum().clamp(min=1))
    return Losses(loss, value, bound, kl)


TASKS = {"15": 15, "25": 25, "50": 50, "text": 0, "strokes": 0, "holes": 0}


@torch.no_grad()
def held_out_psnr(model, photos, tasks=TASKS, side=256, limit=None):
    """Mean PSNR in dB of the mean pass on the middle of each held-out photograph, clamped to [0, 1], a dict by task:
    noise of sigma 15, 25 and 50 (not clipped) over all pixels; text, strokes and holes over the damaged ones."""
    found = {task: [] for task in tasks}
    half = runtime.bfloat16_available(torch.device("cpu"))
    for number, row in enumerate(photos.held_out[:limit]):
        picture = photos.picture(row)
        side = min(side, *picture.shape[:2]) // model.config.stride * model.config.stride
        top, left = ((s - side) // 2 for s in picture.shape[:2])
        x = torch.from_numpy(picture[top : top + side, left : left + side].transpose(2, 0, 1).copy())[None] / 255
        for task, level in tasks.items():
            sigma = torch.full((1, 1, side, side), level / 255)
            noise = torch.randn(x.shape, generator=runtime.generator("measure", task, number))
            mask = torch.ones(1, 1, side, side)
            if not level:
                rng = np.random.default_rng(number)
                known = text_mask(side, side, rng) if task == "text" else photo_mask(side, rng, task)
                mask[0, 0] = torch.from_numpy(known)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                mean = model((x + sigma * noise) * mask, sigma, mask).mean
            square = (mean.clamp(0, 1) - x).square()
            region = torch.ones_like(mask) if level else 1 - mask
            if region.sum():
                found[task].append(metrics.psnr((square * region).sum() / (3 * region.sum())).item())
    return {task: round(sum(v) / len(v), 3) for task, v in found.items()}


def _state(path, fingerprint):
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch.load raises whatever its reader meets in a damaged file
        raise TrainingError(f"{path.name} is damaged; delete it to go on from another state") from None
    if state.get("fingerprint") != fingerprint:
        raise TrainingError(f"{path.name} is of a run with other settings; delete it or choose another folder")
    return state


def _start(folder, config, fingerprint):
    """The state to go on from: the latest, unless it belongs to the fall of a shorter run."""
    state = _state(folder / "state.pt", fingerprint)
    if state and state["step"] > state["stable"] and state["stable"] != config.stable:
        return _state(folder / "stable.pt", fingerprint)
    return state


class Crops:
    """What fit() learns photographs from: its domain, how many pictures it has, batch(step, generator) -> (Damaged,
    share that goes through the posterior), and psnr(model) on held-out ones by task. holes is a mask bank, one of
    2048 if None."""

    domain = "photos"

    def __init__(self, photos, config, holes=None):
        self.photos, self.config = photos, config
        self.holes = mask_bank(seed=config.seed) if holes is None else holes

    def __len__(self):
        return sum(map(len, self.photos.train.values()))

    def batch(self, step, generator):
        holed = step % 3 >= 3 - self.config.hole_steps
        crops = self.photos.crops(*(self.config.hole_crops if holed else self.config.noise_crops), generator)
        noisy, broken, share = (0.5, 1.0, 0.5) if holed else (1.0, 0.1, 1 / 3)
        return damage(crops, self.holes, generator, noisy=noisy, broken=broken, grey=self.config.grey), share

    def psnr(self, model):
        return held_out_psnr(model, self.photos)


WEAK = 75 / 255  # the strongest noise of photographs
HOLES = ("left", "block", "random")  # of small pictures, measured beside noise; random: 80 % of the pixels


class Small:
    """The same of a domain's small pictures, damaged as those of the conditional models (degrade.random_corruption)."""

    def __init__(self, pictures, held_out, domain, stride, count=64):
        self.pictures, self.held_out, self.domain = pictures, held_out, domain
        self.stride, self.count = stride, count
        row = get_domain(domain)
        self.mirrors = row.mirrors
        self.tasks = {str(s): s for s in ((0.25, 0.5, 0.75) if row.strokes else (0.1, 0.25))} | dict.fromkeys(HOLES, 0)

    def __len__(self):
        return len(self.pictures)

    def batch(self, step, generator):
        x = self.pictures[torch.randint(len(self.pictures), (self.count,), generator=generator)]
        turned = torch.randint(len(self.mirrors), (len(x), 1, 1, 1), generator=generator)
        x = sum(torch.where(turned == i, x.flip(axes), 0) for i, axes in enumerate(self.mirrors))
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
    def psnr(self, model):
        x, found = self.held_out.some(200)[:], {}
        for task, level in self.tasks.items():
            generator = runtime.generator("measure", task)
            mask = torch.ones(len(x), 1, *x.shape[2:])
            if not level:
                amount = 0.8 if task == "random" else None
                mask = torch.stack([draw_mask(task, *x.shape[2:], generator, amount) for _ in x])[:, None]
            y = (x + level * torch.randn(x.shape, generator=generator)) * mask
            mean = model(*padded(model.config.stride, y, torch.full_like(mask, level), mask)).mean
            square = (mean[..., : x.shape[2], : x.shape[3]].clamp(0, 1) - x).square()
            region = torch.ones_like(mask) if level else 1 - mask
            error = (square * region).sum((1, 2, 3)) / (x.shape[1] * region.sum((1, 2, 3)))
            found[task] = round(metrics.psnr(error).mean().item(), 3)
        return found


def fit(model, source, config, folder, *, log_every=50, started_from=None):
    """Train model in place on Crops or Small; yields PhotoProgress. The folder gets state.pt, stable.pt, log.jsonl and,
    at each measurement and at the end, model.safetensors (the averaged weights, which model holds at the end too)."""
    require_one_process("a network for photographs")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lasting = {k: v for k, v in asdict(config).items() if k not in ("steps", "cooldown", "save_every", "measure_every")}
    fingerprint = json.dumps([asdict(model.config), lasting])
    device = torch.device("cpu")
    model.to(device, memory_format=torch.channels_last).train()
    averaged = copy.deepcopy(model).eval().requires_grad_(False)
    parameters, average = list(model.parameters()), list(averaged.parameters())
    optimizer = torch.optim.AdamW(
        parameters, lr=config.lr, betas=(0.9, 0.98), weight_decay=config.weight_decay, fused=True
    )
    step, before = 0, 0.0
    if state := _start(folder, config, fingerprint):
        step, before = state["step"], state["seconds"]
        model.load_state_dict(state["model"])
        averaged.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
    half = runtime.bfloat16_available(device)
    began = saved = measured = time.monotonic()

    def save(name):
        buffer = io.BytesIO()
        torch.save(
            {"fingerprint": fingerprint, "step": step, "stable": config.stable,
             "seconds": before + time.monotonic() - began, "model": model.state_dict(),
             "averaged": averaged.state_dict(), "optimizer": optimizer.state_dict()},
            buffer,
        )  # fmt: skip
        write_atomic(folder / name, buffer.getvalue())

    def publish(psnr):
        record = {"seconds": round(before + time.monotonic() - began, 1), "hardware": runtime.hardware(device),
                  "steps": step, "pictures": len(source), "started_from": started_from,
                  "held_out_psnr": psnr}  # fmt: skip
        save_checkpoint(folder / "model.safetensors", averaged, source.domain, record)

    sums, count = [0.0] * 4, 0
    while step < config.steps:
        if step == config.stable:
            save("stable.pt")
        generator = runtime.generator("photos", config.seed, step)
        batch, share = source.batch(step, generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            weight = min(1.0, step / max(1, config.kl_warmup))
            terms = losses(model, batch, generator, share, weight, config.sampled, config.free, config.honest)
        if not math.isfinite(terms.loss.item()):
            raise NotFinite(f"the loss is {terms.loss.item()} at step {step}; try a lower lr than {config.lr:g}")
        optimizer.zero_grad(set_to_none=True)
        terms.loss.backward()
        nn.utils.clip_grad_norm_(parameters, config.clip, foreach=True)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, config)
        optimizer.step()
        step += 1
        decay = min(config.average, (1 + step) / (10 + step))
        torch._foreach_lerp_(average, [p.data for p in parameters], 1 - decay)
        sums, count = [a + t.item() for a, t in zip(sums, terms, strict=True)], count + 1
        if step % log_every and step != config.steps:
            continue
        now, last, psnr = time.monotonic(), step == config.steps, None
        if last or now - measured >= config.measure_every:
            psnr, measured = source.psnr(averaged), time.monotonic()
            publish(psnr)
        if last or psnr or now - saved >= config.save_every:
            save("state.pt")
            saved = time.monotonic()
        record = PhotoProgress(
            step, config.steps, *(s / count for s in sums), rate(step - 1, config), before + now - began, psnr
        )
        sums, count = [0.0] * 4, 0
        with open(folder / "log.jsonl", "a") as file:
            file.write(json.dumps(record._asdict()) + "\n")
        yield record
    model.load_state_dict(averaged.state_dict())
    model.eval()


def _main():
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data/photos")
    parser.add_argument("--folder", default="runs/photos/restore")
    parser.add_argument("--model", type=json.loads, default={}, help="fields of PhotoConfig as JSON")
    parser.add_argument("--train", type=json.loads, default={}, help="fields of PhotoTrainConfig as JSON")
    parser.add_argument("--domain", help="small pictures of this domain, DATA/DOMAIN_train.npz, instead of photographs")
    parser.add_argument("--start", help="a checkpoint whose weights are the first ones")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    runtime.set_threads(args.threads)
    values = [{k: tuple(v) if isinstance(v, list) else v for k, v in d.items()} for d in (args.model, args.train)]
    channels = get_domain(args.domain).channels if args.domain else 3
    config, train = PhotoConfig(**{"channels": channels, **values[0]}), PhotoTrainConfig(**values[1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(train.seed)
        model = PhotoVAE(config)
    if args.start:
        warm_start(model, args.start)
    if args.domain is None:
        source = Crops(open_photos(args.data), train)
    else:
        pictures = datasets.held_out(datasets.load(args.domain, "train", Path(args.data)), 2000)
        source = Small(*pictures, args.domain, config.stride)
    for p in fit(model, source, train, args.folder, started_from=args.start and Path(args.start).parent.name):
        if p.psnr or p.step % 500 == 0:
            print(f"{p.step}/{p.steps} {p.seconds:.0f} s loss {p.loss:.3f} mean {p.mean:.3f} bound {p.bound:.3f} "
                  f"kl {p.kl:.4f} lr {p.lr:.1e} {p.psnr or ''}", flush=True)  # fmt: skip


if __name__ == "__main__":
    _main()
