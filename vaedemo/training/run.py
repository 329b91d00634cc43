"""A run from its config to a folder: the checkpoint, the resolved config, the log, and pictures of how it went."""

import contextlib
import io
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vaedemo import runtime
from vaedemo.configs import RESTORING, ModelConfig, TrainConfig
from vaedemo.data.damage import random_corruption
from vaedemo.data.datasets import Pictures
from vaedemo.data.photos import Photos
from vaedemo.errors import CheckpointError, TrainingError, VaedemoError
from vaedemo.models import CONFIGS, build_model
from vaedemo.models.pca import fit_pca
from vaedemo.store.checkpoints import RUN_FILE, load_checkpoint, save_checkpoint, warm_start, write_atomic
from vaedemo.training.loop import STABLE, Progress, Task, fit, process_group, read_state, require_same_run
from vaedemo.training.tasks import task_of
from vaedemo.training.tasks.crops import CropConfig

__all__ = ["Run", "estimate_seconds", "publish", "run"]


class Run(NamedTuple):
    """One training run: what, how, where, the checkpoint that its first weights are taken from (or None), and what the
    crops of a network for photographs are like."""

    domain: str
    model: Any
    train: TrainConfig
    folder: Path
    start: Path | None = None
    crops: CropConfig | None = None

    @property
    def state(self) -> Path:
        return Path(self.folder) / "state.pt"

    @property
    def started_from(self) -> str | None:
        """The name of that checkpoint; of one of another domain, the domain's."""
        if self.start is None:
            return None
        return self.start.stem if self.start.parent.name in (self.domain, self.start.stem) or self.start.name == RUN_FILE else self.start.parent.name


def _finished(job: Run, task: Task | None, digest: str) -> bool:
    """Whether the folder holds this very run, finished; TrainingError where it holds another one, finished or not. A
    run that was shorter, and can be gone on with, is not finished."""
    file = Path(job.folder) / RUN_FILE
    before = read_state(job.state)
    if before is not None and task is not None:
        require_same_run(before, job.model, job.train, task, job.state.name)
        return False
    if not file.exists():
        return False
    record = load_checkpoint(file)[2]
    other = record.get("digest") != digest
    if not other and record.get("started_from") == job.started_from:
        if _json(_described(job)) == _read(file.with_name("config.json")):
            return True
        if task is not None and (stable := read_state(job.state.with_name(STABLE))):
            require_same_run(stable, job.model, job.train, task, STABLE)
            return False
    raise TrainingError(
        f"{file.parent.parent.name}/{file.parent.name} holds a finished model of other "
        f"{'pictures' if other else 'settings'}; choose another --name or --out, or replace it with --overwrite"
    )


def run(
    job: Run,
    pictures: Pictures | Photos,
    held_out: Pictures,
    *,
    device: torch.device | None = None,
    overwrite: bool = False,
) -> Iterator[Progress]:
    """Carry out a Run on pictures; yields Progress. The folder then holds model.safetensors, config.json, log.json,
    losses.png, reconstructions.png (of held_out pictures) and samples.png. An interrupted run is gone on with, and of a
    finished one nothing is left to do; one of other pictures or settings is a TrainingError. With overwrite both are
    begun anew."""
    device = device or runtime.default_device()
    rank, world = process_group()
    folder = Path(job.folder)
    model, task, began = build_model(job.model, job.train.seed), None, time.monotonic()
    if job.model.kind != "pca":
        task = task_of(model, pictures, job.train, held_out, job.crops, job.domain)
    digest = task.digest if task else pictures.digest
    try:
        if _finished(job, task, digest) and not overwrite:
            return
    except (CheckpointError, TrainingError):
        if not overwrite:
            raise
        if not rank:
            for path in (job.state, job.state.with_name(STABLE)):
                path.unlink(missing_ok=True)
    if not rank:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / "config.json", _json(_described(job)))
    log = _earlier(folder, job.state)
    if task is None:
        model = fit_pca(job.model, pictures)
        seconds, steps, epochs = time.monotonic() - began, 0, 0.0
    else:
        if job.start is not None and not job.state.exists():
            warm_start(model, job.start)
        yield from _logged(fit(model, task, job.train, device=device, state_path=job.state), log, job, rank)
        seconds, steps, epochs = log[-1]["seconds"], log[-1]["steps"], job.train.epochs
    if rank:
        return
    record = {
        "seconds": round(seconds, 1),
        "hardware": runtime.hardware(device) + (f", {world} processes" if world > 1 else ""),
        "steps": steps,
        "pictures": len(pictures if task is None else task),
        "digest": digest,
        "started_from": job.started_from,
    }
    record |= {} if job.train.steps and task else {"epochs": epochs}
    record |= {"held_out_psnr": log[-1]["measured"]} if log and log[-1].get("measured") else {}
    model.to("cpu")
    save_checkpoint(folder / RUN_FILE, model, job.domain, record)
    write_atomic(folder / "log.json", _json(log))
    _draw(folder, model, log, held_out)
    job.state.unlink(missing_ok=True)


def _logged(steps: Iterator[Progress], log: list[dict], job: Run, rank: int) -> Iterator[Progress]:
    """The Progress of a run, kept in its log, which is written now and then and where the run is stopped."""
    file, written = Path(job.folder) / "log.json", time.monotonic()
    try:
        for progress in steps:
            while log and log[-1]["step"] >= progress.step:  # steps that ran after the state they are resumed from
                log.pop()
            log.append(progress._asdict())
            if not rank and time.monotonic() - written >= job.train.save_every:
                write_atomic(file, _json(log))
                written = time.monotonic()
            yield progress
    except (KeyboardInterrupt, GeneratorExit):
        steps.close()
        if not rank:
            with contextlib.suppress(VaedemoError):
                write_atomic(file, _json(log))
        raise


def _described(job):
    return {"domain": job.domain, "model": asdict(job.model), "train": asdict(job.train)}


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _json(value):
    return json.dumps(value, indent=1).encode()


def _earlier(folder, state):
    """The log so far of a run that is gone on with."""
    try:
        return json.loads((folder / "log.json").read_text()) if state.exists() else []
    except (OSError, ValueError):
        return []


def estimate_seconds(model_config, train_config, pictures, device=None):
    """How long a run will take here, in seconds, from timing 12 steps of it on real pictures."""
    if model_config.kind == "pca":
        return 1.0
    few = pictures.first(2 * train_config.batch_size)
    steps = len(pictures) // min(train_config.batch_size, len(pictures)) * train_config.epochs
    short = replace(train_config, epochs=12 / max(1, len(few) // min(train_config.batch_size, len(few))))
    model = build_model(model_config, train_config.seed)
    for _ in fit(model, few, replace(short, epochs=short.epochs / 3), device=device):
        pass  # warms up
    start = time.monotonic()
    done = [progress.steps for progress in fit(model, few, short, device=device)]
    return (time.monotonic() - start) / done[-1] * steps


@torch.no_grad()
def _draw(folder, model, log, held_out):
    from matplotlib.figure import Figure  # half a second that only a finished run has to spend

    if log:
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        steps = [p["step"] for p in log]
        for name, colour in (("loss", "#555555"), ("distortion", "#2a9d5c"), ("kl", "#d1495b")):
            if any(p[name] for p in log):
                axes.plot(steps, [p[name] for p in log], label=name, color=colour, linewidth=1)
        axes.set(xlabel="step", ylabel="nats a picture" if model.config.variational else "squared error a picture")
        if min(p["loss"] for p in log) > 0:  # the loss of a Gaussian likelihood is a density's, and falls below zero
            axes.set_yscale("log")
        axes.legend(frameon=False)
        _save(figure, folder / "losses.png")
    x, generator = held_out[:16], runtime.generator("samples", 0)
    if model.config.kind in RESTORING:
        damaged = random_corruption(x, generator)
        means, _ = model.samples(*damaged, 8, generator)
        _grid(torch.cat([x, damaged.y.clamp(0, 1), means.mean(0)]), 16, folder / "reconstructions.png")
        _grid(means.flatten(0, 1), 16, folder / "samples.png")
        return
    _grid(torch.cat([x, model(x).x_hat]), 16, folder / "reconstructions.png")
    _grid(model.sample(64, generator), 8, folder / "samples.png")


def _save(figure, path):
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=120)
    write_atomic(path, buffer.getvalue())


def _grid(x, columns, path):
    """Pictures (N, C, H, W) in [0, 1] as one PNG, columns a row, two pixels a pixel."""
    from PIL import Image

    n, c, h, w = x.shape
    rows = -(-n // columns)
    x = torch.cat([x, x.new_zeros(rows * columns - n, c, h, w)])
    sheet = x.unflatten(0, (rows, columns)).permute(0, 3, 1, 4, 2).reshape(rows * h, columns * w, c)
    levels = (sheet * 255).round().byte().numpy()
    picture = Image.fromarray(levels[..., 0] if c == 1 else levels)
    buffer = io.BytesIO()
    picture.resize((2 * columns * w, 2 * rows * h), Image.Resampling.NEAREST).save(buffer, "PNG")
    write_atomic(path, buffer.getvalue())


def publish(folder, target):
    """Copy a finished run's checkpoint to its place among the shipped ones."""
    source = Path(folder) / RUN_FILE
    if not source.exists():
        raise CheckpointError(f"the run in {Path(folder).name} is not finished; train it to its end first")
    write_atomic(target, source.read_bytes())
