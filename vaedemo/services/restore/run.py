"""A Task carried out: which network or method restores it, in one piece, in tiles, or from coarse to fine."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from vaedemo import runtime
from vaedemo.errors import PictureError
from vaedemo.maths import metrics
from vaedemo.services.restore import classical, networks, photonoise
from vaedemo.services.restore.coarse import CoarseToFine, depth
from vaedemo.services.restore.strips import Strips
from vaedemo.services.restore.task import Task
from vaedemo.services.restore.tiles import Tiles
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["Answer", "Figures", "Progress", "answers", "estimate", "measure", "run"]

BATCH = 100  # small pictures at once
TILE, OVERLAP = 512, 96  # pixels of a photograph's tiles
NONE = np.empty(0, np.float32)


class Answer(NamedTuple):
    """A restored picture, float32 (C, H, W) in [0, 1], a network's the mean of what is plausible; its samples
    (N, C, H, W), their spread (C, H, W), log_likelihood (N,) and best as networks.Posterior has them, the arrays empty
    where there is none; sigma: the noise's strength as the method was told it, and estimated: as it was measured."""

    mean: np.ndarray
    samples: np.ndarray = NONE
    spread: np.ndarray = NONE
    log_likelihood: np.ndarray = NONE
    best: int | None = None
    sigma: float | None = None
    estimated: float | None = None


class Progress(NamedTuple):
    """How much of a Task is done, in steps of about equal work; with the last step an Answer a picture."""

    done: int
    total: int
    answers: tuple[Answer, ...] = ()


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
    if task.domain.size is None or not library.restores(task.domain.name):
        return [photonoise.level(one) for one in task.y]
    y, mask = _tensors(task, slice(None))
    return networks.estimated(library.restorer(task.domain.name), task.domain, y, mask)


def _tensors(task: Task, part: slice) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(task.y[part]), torch.from_numpy(task.mask[part][:, None])


def _small(library: Library, task: Task) -> Iterator[Progress]:
    """Pictures of one size, BATCH at a time."""
    total, found = -(-len(task.y) // BATCH), []
    yield Progress(0, total)
    wanted = task.sigma is None and task.method != "plain" and (task.method != "vae" or task.estimate)
    strengths = estimate(library, task) if wanted else [None] * len(task.y)
    generator = runtime.generator("restore", task.seed)
    for done in range(total):
        part = slice(done * BATCH, (done + 1) * BATCH)
        if task.method == "vae":
            found += _sampled(library, task, part, generator)
        elif task.method == "plain":
            found += _plain(library, task, part)
        else:
            each = zip(task.y[part], task.mask[part], strengths[part], strict=True)
            found += [_by_method(library, task, *one) for one in each]
        if done + 1 < total:
            yield Progress(done + 1, total)
    yield Progress(total, total, tuple(a._replace(estimated=e) for a, e in zip(found, strengths, strict=True)))


def _sampled(library: Library, task: Task, part: slice, generator: torch.Generator) -> list[Answer]:
    model = library.restorer(task.domain.name)
    made = networks.posterior(
        model, task.domain, *_tensors(task, part), task.sigma, task.samples, generator, task.noise or "gaussian"
    )
    arrays = (made.mean, made.samples.transpose(0, 1), made.spread, made.log_likelihood.T)
    each = zip(*(t.numpy() for t in arrays), made.best, strict=True)
    return [Answer(mean, samples, spread, log, best, task.sigma) for mean, samples, spread, log, best in each]


def _plain(library: Library, task: Task, part: slice) -> list[Answer]:
    if task.known is not None and task.known.all():  # nothing is missing
        return [Answer(y, sigma=task.sigma) for y in task.y[part]]
    model = library.model(ModelKey(task.domain.name, "vae", task.domain.anchor))
    return [Answer(x.numpy(), sigma=task.sigma) for x in networks.plain(model, *_tensors(task, part))]


def _by_method(library: Library, task: Task, y: np.ndarray, mask: np.ndarray, strength: float | None = None) -> Answer:
    """One picture, or a part of it, by a classical method. Of a grey photograph one channel is restored."""
    sigma = task.sigma if task.sigma is not None else strength or 0.0
    grey = task.domain.size is None and photonoise.is_grey(y * mask)
    given = y[:1] if grey else y
    if task.method == "biharmonic":
        made = classical.inpaint(given, mask)
    else:
        rows = classical.read_settings(library.folder / task.domain.name)
        rows = [row for row in rows if task.domain.size or row.get("channels", 3) == len(given)]
        kind, level = task.noise or "gaussian", sigma if task.level is None else task.level
        setting = classical.setting_for(rows, task.method, kind, level, task.clip)
        made = classical.denoise(given, task.method, sigma, setting, kind=kind, level=level, clip=task.clip)
    return Answer(made.repeat(len(y) // len(given), 0), sigma=sigma)


def _photograph(library: Library, task: Task) -> Iterator[Progress]:
    """A picture of any size."""
    measured = estimate(library, task)[0] if task.sigma is None and task.noise is None else None
    if task.method == "vae":
        yield from _in_steps(_network(library, task), measured if task.sigma is None else task.sigma, measured)
        return

    def method(y: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return _by_method(library, task, y, mask, measured).mean

    if task.strips:
        yield from _in_steps(Strips(method, task.y[0], task.mask[0]), task.sigma, measured)
        return
    yield Progress(0, 1)
    answer = _by_method(library, task, task.y[0], task.mask[0], measured)
    yield Progress(1, 1, (answer._replace(estimated=measured),))


def _network(library: Library, task: Task, tile: int = TILE) -> Tiles | CoarseToFine:
    """Over the model of photographs; from coarse to fine for what is beyond the damage that it learnt."""
    row, (sigma, mask) = task.domain.damages, task.told
    sigma, reach = np.minimum(sigma, 1.0), row.hole or np.inf
    model, seeds = library.restorer(task.domain.name), range(task.seed, task.seed + task.samples)
    options: dict[str, Any] = {"seeds": seeds, "tile": tile, "overlap": OVERLAP}
    if np.max(sigma) <= row.strongest and depth(mask) <= reach:
        return Tiles(model, task.y[0], sigma, mask, **options)
    return CoarseToFine(model, task.y[0], sigma, mask, reach=reach, strongest=row.strongest, **options)


def _in_steps(work: Any, sigma: float | None, estimated: float | None) -> Iterator[Progress]:
    """Progress of Tiles, CoarseToFine or Strips."""
    yield Progress(0, work.total)
    for done, total in work:
        if done < total:
            yield Progress(done, total)
    answer = Answer(np.asarray(work.mean), sigma=sigma, estimated=estimated)
    if not isinstance(work, Strips) and len(work.samples):
        answer = answer._replace(samples=work.samples.numpy(), spread=work.spread.numpy())
    yield Progress(work.total, work.total, (answer,))


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
    ssim = metrics.ssim(a, b).item() if min(a.shape[2:]) >= 11 else None
    return Figures(metrics.psnr(metrics.mse(a, b)).item(), ssim, hole)
