"""Training on a folder of one's own pictures: how they are read and kept, the network for them, and what comes next."""

import io
import shlex
import sys
from pathlib import Path

import numpy as np
import torch
import tqdm

from vaedemo import runtime
from vaedemo.cli import terminal
from vaedemo.cli.common import harmless
from vaedemo.configs import RESTORING, ModelConfig
from vaedemo.data import datasets
from vaedemo.errors import TrainingError
from vaedemo.reports.evaluate import evaluate_model, write_figures
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.training.recipes import restoring_config
from vaedemo.training.run import Run

__all__ = ["keep", "model_config", "pictures", "require_same_pictures", "what_next"]

HELD_OUT, MOST_HELD_OUT = 0.1, 2_000  # share of a folder's pictures that is not trained on, and how many at most
MEASURED, BOUND_SAMPLES = 200, 20  # held-out pictures that are measured at once, and samples of the bound


def model_config(kind: str, latent_dim: int, channels: int, size: int, beta: float) -> ModelConfig:
    """The ModelConfig that suits pictures of one's own: halved as often as the size allows, down to 7 pixels."""
    if kind in RESTORING:
        return restoring_config(channels, size)
    levels = 1
    while size % 2 ** (levels + 1) == 0 and size // 2 ** (levels + 1) >= 7:
        levels += 1
    widths = (16, 32)[:levels] if levels < 3 else (8, 16, 32, 32, 32)[:levels]
    hidden = 512 if kind.startswith("dense") else max(128, 2 * latent_dim)
    return ModelConfig(kind, latent_dim, channels, size, beta=beta, widths=widths, hidden=hidden)


def pictures(folder: Path, size: int, channels: int) -> tuple[datasets.Pictures, datasets.Pictures]:
    """(pictures to train on, pictures held out) of a folder; what was skipped is named on the error stream."""
    reading = datasets.FromFolder(folder, size, channels)
    with tqdm.tqdm(desc="reading pictures", unit="file", disable=None, file=sys.stderr) as bar:
        for done, total in reading:
            bar.total = total
            bar.update(done - bar.n)
    if reading.unreadable:
        names = ", ".join(map(harmless, reading.unreadable[:5])) + (" ..." if len(reading.unreadable) > 5 else "")
        count = len(reading.unreadable)
        terminal.say(f"{'1 file' if count == 1 else f'{count} files'} could not be read as pictures: {names}")
    assert reading.pictures is not None  # too few are a DataError
    x = reading.pictures.x
    x = x[torch.randperm(len(x), generator=runtime.generator("held out"))]  # the same split for every seed
    held_out = min(MOST_HELD_OUT, max(1, round(HELD_OUT * len(x))))
    return datasets.Pictures(x[held_out:]), datasets.Pictures(x[:held_out])


def _kept(out: Path, job: Run) -> Path:
    return Path(out) / job.domain / f"{job.domain}_test.npz"


def require_same_pictures(out: Path, job: Run, held_out: datasets.Pictures, overwrite: bool) -> None:
    """TrainingError where a domain's models were trained on other pictures: one name is one set of pictures."""
    path = _kept(out, job)
    if overwrite or not path.is_file():
        return
    if datasets.from_npz(path).digest != held_out.digest:
        raise TrainingError(
            f"{job.domain} holds models of other pictures, or of another --size or --channels; choose another --name"
        )


def keep(out: Path, job: Run, held_out: datasets.Pictures, seed: int) -> None:
    """Keep the held-out pictures beside the models, and measure the model over them: `evaluate`, `traverse` and the
    page need both."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=held_out.x.numpy().transpose(0, 2, 3, 1))
    write_atomic(_kept(out, job), buffer.getvalue())
    if job.model.kind in RESTORING:
        return
    library, key = Library(out), ModelKey(job.domain, job.model.kind, job.model.latent_dim, job.model.beta)
    for d in library.dims(key.domain, "pca") if key.kind == "pca" else [key.latent_dim]:
        key = key._replace(latent_dim=d)
        row = evaluate_model(library, held_out.first(MEASURED), key, bound_samples=BOUND_SAMPLES, seed=seed)
        write_figures(out, [row])


def what_next(out: Path, job: Run) -> str:
    """The commands that use a model of one's own, ready to be copied."""
    common = f"--checkpoints {shlex.quote(str(out))} --domain {job.domain}"
    model = f" --kind {job.model.kind} --latent-dim {job.model.latent_dim}"
    model += "" if job.model.beta == 1 else f" --beta {job.model.beta:g}"
    restores = job.model.kind in RESTORING
    command = f"{'denoise' if restores else 'reconstruct'} PICTURE --out out.png {common}{'' if restores else model}"
    return f"use it:   python -m vaedemo {command}\nthe page: VAEDEMO_CHECKPOINTS={shlex.quote(str(out))} python app.py"
