"""A run from its config to a folder: the checkpoint, the resolved config, the log, and pictures of how it went."""

import contextlib
import io
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import torch

from vaedemo import runtime
from vaedemo.configs import RESTORING
from vaedemo.data.damage import random_corruption
from vaedemo.errors import CheckpointError, TrainingError, VaedemoError
from vaedemo.models import build_model
from vaedemo.models.pca import fit_pca
from vaedemo.store.checkpoints import RUN_FILE, load_checkpoint, save_checkpoint, warm_start, write_atomic
from vaedemo.training.loop import fit, process_group, read_state, require_same_run

__all__ = ["Run", "estimate_seconds", "publish", "run"]


class Run(NamedTuple):
    """One training run: what, how, where, and the checkpoint that its first weights are taken from (or None)."""

    domain: str
    model: object
    train: object
    folder: Path
    start: Path | None = None


def _finished(job, pictures, state):
    """Whether the folder holds this very run, finished; TrainingError where it holds another one, finished or not."""
    file = Path(job.folder) / RUN_FILE
    before = read_state(state)
    if before is not None:
        require_same_run(before, job.model, job.train, pictures, state.name)
        return False
    if not file.exists():
        return False
    record = load_checkpoint(file)[2]
    other = record.get("digest") != pictures.digest
    same_start = record.get("started_from") == (job.start.stem if job.start else None)
    if not other and same_start and _json(_described(job)) == _read(file.with_name("config.json")):
        return True
    raise TrainingError(
        f"{file.parent.parent.name}/{file.parent.name} holds a finished model of other "
        f"{'pictures' if other else 'settings'}; choose another --name or --out, or replace it with --overwrite"
    )


def run(job, pictures, held_out, *, device=None, overwrite=False):
    """Carry out a Run on Pictures; yields Progress. The folder then holds model.safetensors, config.json, log.json,
    losses.png, reconstructions.png (of held_out pictures) and samples.png. An interrupted run is gone on with, and of a
    finished one nothing is left to do; one of other pictures or settings is a TrainingError. With overwrite both are
    begun anew."""
    device = device or runtime.default_device()
    rank, world = process_group()
    folder = Path(job.folder)
    state = folder / "state.pt"
    try:
        if _finished(job, pictures, state) and not overwrite:
            return
    except (CheckpointError, TrainingError):
        if not overwrite:
            raise
        if not rank:
            state.unlink(missing_ok=True)
    if not rank:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(
            folder / "config.json",
            _json(_described(job)),
        )
    log, model, began = _earlier(folder, state), build_model(job.model, job.train.seed), time.monotonic()
    if job.model.kind == "pca":
        model = fit_pca(job.model, pictures)
        seconds, steps = time.monotonic() - began, 0
    else:
        if job.start is not None and not state.exists():
            warm_start(model, job.start)
        written = began
        try:
            for progress in fit(model, pictures, job.train, device=device, state_path=state):
                while log and log[-1]["step"] >= progress.step:  # steps that ran after the state they are resumed from
                    log.pop()
                log.append(progress._asdict())
                if not rank and time.monotonic() - written >= job.train.save_every:
                    write_atomic(folder / "log.json", _json(log))
                    written = time.monotonic()
                yield progress
        except (KeyboardInterrupt, GeneratorExit):
            if not rank:
                with contextlib.suppress(VaedemoError):
                    write_atomic(folder / "log.json", _json(log))
            raise
        seconds, steps = (log[-1]["seconds"], log[-1]["steps"]) if log else (0.0, 1)
    if rank:
        return
    record = {
        "seconds": round(seconds, 1),
        "hardware": runtime.hardware(device) + (f", {world} processes" if world > 1 else ""),
        "epochs": job.train.epochs if steps else 0,
        "steps": steps,
        "pictures": len(pictures),
        "digest": pictures.digest,
        "started_from": job.start.stem if job.start else None,
    }
    model.to("cpu")
    save_checkpoint(folder / RUN_FILE, model, job.domain, record)
    write_atomic(folder / "log.json", _json(log))
    _draw(folder, model, log, held_out)
    state.unlink(missing_ok=True)


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
