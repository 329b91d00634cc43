"""A run from its config to a folder: the checkpoint, the resolved config, the log, and pictures of how it went."""

import contextlib
import io
import json
import math
import time
from collections.abc import Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor

from vaedemo import runtime
from vaedemo.configs import CODING, PHOTO_RESTORING, RESTORING, TrainConfig
from vaedemo.data.damage import random_corruption
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import DOMAINS
from vaedemo.data.photos import Photos
from vaedemo.errors import CheckpointError, TrainingError, VaedemoError
from vaedemo.models import build_model
from vaedemo.models.pca import fit_pca
from vaedemo.pictures.draw import grid
from vaedemo.store.checkpoints import RUN_FILE, load_checkpoint, save_checkpoint, warm_start, write_atomic
from vaedemo.training.loop import STABLE, Progress, Task, fit, process_group, read_state, require_same_run
from vaedemo.training.tasks import task_of
from vaedemo.training.tasks.codec import Compression, RateConfig
from vaedemo.training.tasks.crops import CropConfig
from vaedemo.training.tasks.epochs import Reconstruction

__all__ = ["Run", "described", "estimate_seconds", "publish", "run"]


class Run(NamedTuple):
    """One training run: what, how, where, the checkpoint that its first weights are taken from (or None), what the
    crops of a network for photographs are like, and whether pictures are held out of the training set to choose by."""

    domain: str
    model: Any
    train: TrainConfig
    folder: Path
    start: Path | None = None
    crops: CropConfig | RateConfig | None = None
    hold_out: bool = False

    @property
    def state(self) -> Path:
        return Path(self.folder) / "state.pt"

    @property
    def started_from(self) -> str | None:
        """The name of that checkpoint, or of its run; of a shipped one of another domain, the domain's."""
        if self.start is None:
            return None
        if self.start.name == RUN_FILE:
            return self.start.parent.name
        other = self.start.parent.name
        return other if other in DOMAINS and other != self.domain else self.start.stem


def _finished(job: Run, task: Task) -> bool:
    """Whether the folder holds this very run, finished; TrainingError where it holds another one, finished or not. A
    run that was shorter, and can be gone on with, is not finished."""
    file = Path(job.folder) / RUN_FILE
    before = read_state(job.state)
    if before is not None:
        require_same_run(before, job.model, job.train, task, job.state.name)
        return False
    if not file.exists():
        return False
    record = load_checkpoint(file)[2]
    other = record.get("digest") != task.digest
    if not other and record.get("started_from") == job.started_from:
        config = file.with_name("config.json")
        if config.is_file() and config.read_bytes() == _json(described(job)):
            return True
        if stable := read_state(job.state.with_name(STABLE)):
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
) -> Generator[Progress]:
    """Carry out a Run on pictures; yields Progress. The folder then holds model.safetensors, config.json, log.json,
    losses.png, reconstructions.png (of held_out pictures) and, but of a codec, samples.png. An interrupted run is gone
    on with, and of a finished one nothing is left to do; one of other pictures or settings is a TrainingError. With
    overwrite both are begun anew."""
    device = device or runtime.default_device()
    rank, world = process_group()
    folder = Path(job.folder)
    model, began = build_model(job.model, job.train.seed), time.monotonic()
    task = task_of(model, pictures, job.train, held_out, job.crops, job.domain)
    try:
        if _finished(job, task) and not overwrite:
            return
    except (CheckpointError, TrainingError):
        if not overwrite:
            raise
        if not rank:
            for path in (job.state, job.state.with_name(STABLE)):
                path.unlink(missing_ok=True)
    if not rank:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / "config.json", _json(described(job)))
    log = _earlier(folder, job.state)
    pca = job.model.kind == "pca"
    if pca:
        assert isinstance(pictures, Pictures)  # of photographs there is no PCA
        model = fit_pca(job.model, pictures)
        seconds, steps = time.monotonic() - began, 0
    else:
        _begin(job, model, task)
        yield from _logged(fit(model, task, job.train, device=device, state_path=job.state), log, job, rank)
        seconds, steps = (log[-1]["seconds"], log[-1]["steps"]) if log else (0.0, 1)
    if rank:
        return
    earlier = _before(job)
    record = {
        "seconds": round(seconds + earlier[0], 1),
        "hardware": runtime.hardware(device) + (f", {world} processes" if world > 1 else ""),
        "steps": steps + earlier[1],
        "pictures": len(task),
        "digest": task.digest,
        "started_from": job.started_from,
    }
    record |= {"held_out": len(held_out)} if job.hold_out else {}
    record |= {} if pca else {"lr": job.train.lr, "seed": job.train.seed}
    record |= {} if job.train.steps and not pca else {"epochs": 0 if pca else job.train.epochs}
    name = "held_out" if job.model.kind in CODING else "held_out_psnr"
    record |= {name: log[-1]["measured"]} if log and log[-1].get("measured") else {}
    model.to("cpu")
    save_checkpoint(folder / RUN_FILE, model, job.domain, record)
    write_atomic(folder / "log.json", _json(log))
    _draw(folder, model, log, held_out)
    job.state.unlink(missing_ok=True)


def _begin(job: Run, model: Any, task: Task) -> None:
    """The first weights of a run, unless it is gone on with."""
    if job.state.exists():
        return
    if job.start is not None:
        warm_start(model, job.start)
    elif isinstance(task, Compression | Reconstruction):
        task.begin(model)


def _before(job: Run) -> tuple[float, int]:
    """(seconds, steps) of the runs that a run goes on from, if it starts from the same network's weights."""
    if job.start is None or job.start.name != RUN_FILE:
        return 0.0, 0
    model, _, record = load_checkpoint(job.start)
    return (record["seconds"], record["steps"]) if model.config == job.model else (0.0, 0)


def _logged(steps: Generator[Progress], log: list[dict], job: Run, rank: int) -> Generator[Progress]:
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


def described(job: Run) -> dict[str, Any]:
    """A Run's domain and settings by name, as its config.json holds them."""
    crops = {} if job.crops is None else {"crops": asdict(job.crops)}
    return {"domain": job.domain, "model": asdict(job.model), "train": asdict(job.train)} | crops


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def _earlier(folder: Path, state: Path) -> list[dict]:
    """The log so far of a run that is gone on with."""
    try:
        return json.loads((folder / "log.json").read_text()) if state.exists() else []
    except (OSError, ValueError):
        return []


def estimate_seconds(job: Run, pictures: Pictures | Photos, held_out: Pictures) -> float:
    """How long a run will take here, in seconds, from timing 12 steps of it on its pictures."""
    if job.model.kind == "pca":
        return 1.0
    model = build_model(job.model, job.train.seed)
    task, records = task_of(model, pictures, job.train, held_out, job.crops, job.domain), []
    for steps in (4, 12):  # the first warm up
        records = list(fit(model, task, replace(job.train, steps=steps, measure_every=math.inf)))
    return records[-1].seconds / 12 * (job.train.steps or len(task) // task.batches[0] * job.train.epochs)


@torch.no_grad()
def _draw(folder: Path, model: Any, log: list[dict], held_out: Pictures) -> None:
    from matplotlib.figure import Figure  # half a second that only a finished run has to spend

    if log:
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        steps = [p["step"] for p in log]
        for name, colour in (("loss", "#555555"), ("distortion", "#2a9d5c"), ("kl", "#d1495b")):
            if any(p[name] for p in log):
                axes.plot(steps, [p[name] for p in log], label=name, color=colour, linewidth=1)
        axes.set(xlabel="step", ylabel=_unit(model.config))
        if min(p["loss"] for p in log) > 0:  # the loss of a Gaussian likelihood is a density's, and falls below zero
            axes.set_yscale("log")
        axes.legend(frameon=False)
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=120)
        write_atomic(folder / "losses.png", buffer.getvalue())
    x, generator = held_out[:16], runtime.generator("samples", 0)
    if model.config.kind in CODING:
        coded = [model(x, torch.full((len(x),), q)).x_hat.clamp(0, 1) for q in (0.0, 3.0, 6.0)]
        _grid(torch.cat([x, *coded]), 16, folder / "reconstructions.png")
        return
    if model.config.kind in (*RESTORING, *PHOTO_RESTORING):
        damaged = random_corruption(x, generator)
        means, _ = model.samples(*damaged, 8, generator)
        _grid(torch.cat([x, damaged.y.clamp(0, 1), means.mean(0)]), 16, folder / "reconstructions.png")
        _grid(means.flatten(0, 1), 16, folder / "samples.png")
        return
    _grid(torch.cat([x, model(x).x_hat]), 16, folder / "reconstructions.png")
    _grid(model.sample(64, generator), 8, folder / "samples.png")


def _unit(config: Any) -> str:
    if config.kind in CODING:
        return "(bits a pixel + lambda x squared error) / sqrt(lambda)"
    if config.kind in PHOTO_RESTORING:
        return "nats a value"
    return "nats a picture" if config.variational else "squared error a picture"


def _grid(x: Tensor, columns: int, path: Path) -> None:
    """Pictures (N, C, H, W) in [0, 1] as one PNG, columns a row, two pixels a pixel."""
    picture = grid(x.numpy(), columns, gap=0)
    buffer = io.BytesIO()
    picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(buffer, "PNG")
    write_atomic(path, buffer.getvalue())


def publish(folder: Path, target: Path) -> None:
    """Copy a finished run's checkpoint to its place among the shipped ones."""
    source = Path(folder) / RUN_FILE
    if not source.exists():
        raise CheckpointError(f"the run in {Path(folder).name} is not finished; train it to its end first")
    write_atomic(target, source.read_bytes())
