"""A Task carried out: which network or method restores it, in one piece, in tiles, or from coarse to fine."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.errors import PictureError
from vaedemo.maths import metrics
from vaedemo.services.restore import classical, networks, photonoise
from vaedemo.services.restore.coarse import CoarseToFine, depth
from vaedemo.services.restore.networks import Answer
from vaedemo.services.restore.strips import Strips
from vaedemo.services.restore.task import Task
from vaedemo.services.restore.tiles import TILE, Tiles, Window
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["Answer", "Figures", "Progress", "answers", "estimate", "measure", "run"]

BATCH = 100  # small pictures at once


class Progress(NamedTuple):
    """How much of a Task is done, in steps of about equal work; with the last step an Answer a picture. part: of a
    photograph, before its last step, what the latest one found: (box as shares of the picture: left, top, right,
    bottom; float32 (3, h, w) in [0, 1]), unblended; of what is worked off in strips None."""

    done: int
    total: int
    answers: tuple[Answer, ...] = ()
    part: tuple[Window, np.ndarray] | None = None


class Figures(NamedTuple):
    """PSNR in dB and SSIM over the whole picture, PSNR over the hole alone (None without one)."""

    psnr: float
    ssim: float | None
    hole_psnr: float | None


def run(library: Library, task: Task) -> Iterator[Progress]:
    """Progress of a Task: the first says how much there is to do, before anything is done, the last has the Answers."""
    return _small(library, task) if task.domain.size else _photograph(library, task)


def answers(library: Library, task: Task) -> tuple[Answer, ...]:
    """The Answers of a Task, one a picture."""
    *_, last = run(library, task)
    return last.answers


def estimate(library: Library, task: Task) -> list[float]:
    """How strong the noise in each picture is, as a standard deviation, by the model that restores; of photographs, and
    where there is no such model: from the finest wavelets (Donoho & Johnstone 1994)."""
    if task.domain.size is None:
        return [task.measured]
    if not library.restores(task.domain.name):
        return [photonoise.level(one) for one in task.y]
    return networks.estimated(library.restorer(task.domain.name), task.domain, *_tensors(task, slice(None)))


def _tensors(task: Task, part: slice) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(task.y[part]), torch.from_numpy(task.mask[part][:, None])


def _small(library: Library, task: Task) -> Iterator[Progress]:
    """Pictures of one size, BATCH at a time."""
    total, found = -(-len(task.y) // BATCH), list[Answer]()
    yield Progress(0, total)
    wanted = task.sigma is None and task.method != "plain" and (task.method != "vae" or task.estimate)
    measured = estimate(library, task) if wanted else [None] * len(task.y)
    generator = runtime.generator("restore", task.seed)
    for done in range(total):
        found += _batch(library, task, slice(done * BATCH, (done + 1) * BATCH), measured, generator)
        if done + 1 < total:
            yield Progress(done + 1, total)
    yield Progress(total, total, tuple(a._replace(estimated=e) for a, e in zip(found, measured, strict=True)))


def _batch(
    library: Library, task: Task, part: slice, measured: Sequence[float | None], generator: torch.Generator
) -> list[Answer]:
    row = task.domain
    if task.method == "vae":
        y, mask = _tensors(task, part)
        model, noise = library.restorer(row.name), task.noise or "gaussian"
        return networks.posterior(model, row, y, mask, task.sigma, task.samples, generator, noise)
    if task.method == "plain":
        if task.known is not None and task.known.all():  # nothing is missing
            return [Answer(y, sigma=task.sigma) for y in task.y[part]]
        model = library.model(ModelKey(row.name, "vae", row.anchor))
        return [Answer(x.numpy(), sigma=task.sigma) for x in networks.plain(model, *_tensors(task, part))]
    sigmas = [m if task.sigma is None else task.sigma for m in measured[part]]
    each = zip(task.y[part], task.mask[part], sigmas, strict=True)
    return [Answer(_by_method(library, task, *one), sigma=one[2]) for one in each]


def _by_method(library: Library, task: Task, y: np.ndarray, mask: np.ndarray, sigma: float | None) -> np.ndarray:
    """One picture, or a part of it, by a classical method. Of a grey photograph one channel is restored."""
    sigma, given = sigma or 0.0, y[:1] if task.domain.size is None and photonoise.is_grey(y * mask) else y
    if task.method == "biharmonic":
        restored = classical.inpaint(given, mask)
    else:
        rows = classical.read_settings(library.folder / library.home(task.domain))
        rows = [row for row in rows if task.domain.size or row.get("channels", 3) == len(given)]
        kind, level = task.noise or "gaussian", sigma if task.level is None else task.level
        setting = classical.setting_for(rows, task.method, kind, level, task.clip)
        restored = classical.denoise(given, task.method, sigma, setting, kind=kind, level=level, clip=task.clip)
    return restored.repeat(len(y) // len(given), 0)


def _photograph(library: Library, task: Task) -> Iterator[Progress]:
    """A picture of any size."""
    measured = task.measured if task.sigma is None and task.noise is None else None
    sigma = measured if task.sigma is None else task.sigma

    def method(y: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return _by_method(library, task, y, mask, sigma)

    by_network = task.method == "vae"
    work = _network(library, task) if by_network else Strips(method, task.y[0], task.mask[0], task.strips)
    yield Progress(0, work.total)
    for done, total in work:
        if done < total:
            part = None if isinstance(work, Strips) or work.part is None else (work.part[0], work.part[1].numpy())
            yield Progress(done, total, part=part)
    answer = Answer(np.asarray(work.mean), sigma=sigma, estimated=measured)
    if not isinstance(work, Strips) and work.spread is not None:
        answer = answer._replace(samples=work.samples.numpy(), spread=work.spread.numpy())
    yield Progress(work.total, work.total, (answer,))


def _network(library: Library, task: Task, tile: int = TILE) -> Tiles | CoarseToFine:
    """Over the model of photographs; from coarse to fine for what is beyond the damage that it learnt."""
    row, (sigma, mask) = task.domain.damages, task.told
    sigma, reach = np.minimum(sigma, 1.0), row.hole or np.inf
    model, seeds = library.restorer(task.domain.name), range(task.seed, task.seed + task.samples)
    if np.max(sigma) <= row.strongest and depth(mask) <= reach:
        return Tiles(model, task.y[0], sigma, mask, seeds=seeds, tile=tile)
    return CoarseToFine(model, task.y[0], sigma, mask, reach, row.strongest, seeds=seeds, tile=tile)


def measure(x_hat: np.ndarray, clean: np.ndarray, mask: np.ndarray | None = None) -> Figures:
    """Figures of a restored picture against the clean one, both float32 (C, H, W) in [0, 1]; mask (H, W), 1 where it
    was known."""
    a, b = (torch.as_tensor(np.asarray(v, np.float32))[None] for v in (x_hat, clean))
    if a.shape != b.shape:
        sizes = [" x ".join(map(str, t.shape[:1:-1])) for t in (b, a)]
        raise PictureError(f"the clean picture is {sizes[0]} pixels, the restored one {sizes[1]}; give both one size")
    hole = None
    if mask is not None and (np.asarray(mask) == 0).any():
        where = torch.as_tensor(np.asarray(mask) == 0).float()
        error = ((a - b).square() * where).sum() / (where.sum() * a.shape[1])
        hole = metrics.psnr(error).item()
    ssim = metrics.ssim(a, b).item() if min(a.shape[2:]) >= metrics.SSIM_SIDE else None
    return Figures(metrics.psnr(metrics.mse(a, b)).item(), ssim, hole)
