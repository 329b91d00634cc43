"""The command train: one model, what is missing, or a domain of one's own; draws fit's Progress as a bar."""

import dataclasses
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
import tqdm
import tyro

from vaedemo import datasets, runtime
from vaedemo.configs import RESTORING, ModelConfig, TrainConfig
from vaedemo.errors import ConfigError
from vaedemo.library import CHECKPOINTS
from vaedemo.recipes import recipe, recipes
from vaedemo.runs import Run, estimate_seconds, publish, run
from vaedemo.training import process_group

__all__ = ["Train"]

HELD_OUT = 0.1  # share of a folder's pictures that is not trained on
CHOOSING = 2_000  # pictures of a domain's training set that a restoring model is not trained on
MODEL_FIELDS = ("likelihood", "blocks", "hidden", "depth", "neck")


def _choices(config, names):
    """A dataclass of the named fields of a config, each optional, with the help that the config carries."""
    fields = [f for f in dataclasses.fields(config) if f.name in names]
    rows = [
        (f.name, Annotated[f.type | None, tyro.conf.arg(help=f"{f.metadata['help']} (left out: the recipe's)")],
         dataclasses.field(default=None))
        for f in fields
    ]  # fmt: skip
    return dataclasses.make_dataclass(f"{config.__name__}Choices", rows, frozen=True)


ModelChoices = _choices(ModelConfig, MODEL_FIELDS)
TrainChoices = _choices(TrainConfig, [f.name for f in dataclasses.fields(TrainConfig) if f.name != "seed"])


def _chosen(choices):
    return {k: v for k, v in asdict(choices).items() if v is not None}


@dataclass(frozen=True)
class Train:
    """Train a model (--domain, --kind, --latent-dim), a model of your own pictures (--images), or all that is missing
    (--all). An interrupted run goes on when the same command is given again. Runs under torchrun too."""

    model: ModelChoices
    train: TrainChoices
    domain: str | None = None
    """digits, fashion, objects or shapes; with --all only this one"""
    kind: str = "vae"
    """ae, vae, dense, dense-vae, pca, or conditional (restores noise and holes)"""
    latent_dim: int = 2
    """numbers that describe a picture (of a conditional model: its recipe's)"""
    beta: float = 1.0
    """of a vae: weight of the KL term"""
    all: bool = False
    """train every shipped model that is missing, cheapest first"""
    images: Path | None = None
    """a folder of your own pictures instead of a domain"""
    size: int = 64
    """of your own pictures: height and width in pixels"""
    channels: int = 3
    """of your own pictures: 1 for grey, 3 for colour"""
    data_dir: Path | None = None
    """folder with DOMAIN_train.npz and DOMAIN_test.npz; without it the public sets are downloaded"""
    out: Path = Path("runs")
    """folder of the runs; a run is a folder in it"""
    start: Path | None = None
    """a checkpoint whose weights are the first ones wherever they fit (left out: the recipe's)"""
    checkpoints: Path = CHECKPOINTS
    """with --all: where finished models go"""
    threads: int | None = None
    """processor threads; PyTorch's choice if left out"""
    dry_run: bool = False
    """print the resolved config and the estimated time, and stop"""
    json: bool = False
    """print JSON"""
    seed: int = 0
    """of the first weights, the order of the pictures and the noise"""

    def run(self):
        runtime.set_threads(self.threads)
        rank, _ = process_group()
        for job, load in self._jobs():
            pictures, held_out = load()
            if self.dry_run:
                _announce(job, pictures, self.json)
                continue
            target = self.checkpoints / job.domain / f"{job.folder.name}.safetensors"
            bar, shown = None, dict(file=sys.stderr, disable=True if rank else None, unit="step")
            for progress in run(job, pictures, held_out):
                bar = bar or tqdm.tqdm(total=progress.steps, desc=f"{job.domain} {job.folder.name}", **shown)
                bar.set_postfix(loss=f"{progress.loss:.2f}", refresh=False)
                bar.update(progress.step - bar.n)
            if bar is not None:
                bar.close()
            if rank:
                continue
            if self.all:
                publish(job.folder, target)
            _report(job.folder, self.json)

    def _jobs(self):
        """(Run, function that loads its pictures) for each model that is to be trained."""
        if self.images is not None:
            yield self._own(), self._own_pictures
            return
        if self.all:
            for r in recipes([self.domain] if self.domain else None):
                if (self.checkpoints / r.domain / r.file).exists():
                    continue
                start = self.checkpoints / r.domain / r.start if r.start else None
                train = dataclasses.replace(r.train, seed=self.seed, **_chosen(self.train))
                yield Run(r.domain, r.model, train, self._folder(r), start), lambda d=r.domain: self._domain_pictures(d)
            return
        if self.domain is None:
            raise ConfigError("nothing to train; give --domain, --images FOLDER or --all")
        r = recipe(self.domain, self.kind, self.latent_dim, self.beta)
        model = dataclasses.replace(r.model, **_chosen(self.model))
        train = dataclasses.replace(r.train, seed=self.seed, **_chosen(self.train))
        start = self.checkpoints / r.domain / r.start if r.start and model == r.model else None
        start = self.start or (start if start is not None and start.exists() else None)
        yield Run(r.domain, model, train, self._folder(r), start), lambda: self._pictures_for(r)

    def _folder(self, r):
        return self.out / r.domain / r.file.removesuffix(".safetensors")

    def _pictures_for(self, r):
        """What a model that restores is chosen and calibrated by is held out of its training set."""
        if r.model.kind not in RESTORING:
            return self._domain_pictures(r.domain)
        return datasets.held_out(datasets.load(r.domain, "train", self.data_dir), CHOOSING)

    def _domain_pictures(self, domain):
        return tuple(datasets.load(domain, split, self.data_dir) for split in ("train", "test"))

    def _own(self):
        settings = {"kind": self.kind, "latent_dim": self.latent_dim, "channels": self.channels, "size": self.size}
        levels = 1
        while self.size % 2 ** (levels + 1) == 0 and self.size // 2 ** (levels + 1) >= 7:
            levels += 1
        widths = (16, 32)[:levels] if levels < 3 else (8, 16, 32, 32, 32)[:levels]
        hidden = 512 if self.kind.startswith("dense") else max(128, 2 * self.latent_dim)
        model = ModelConfig(**settings, beta=self.beta, widths=widths, hidden=hidden)
        model = dataclasses.replace(model, **_chosen(self.model))
        train = dataclasses.replace(TrainConfig(epochs=100, seed=self.seed), **_chosen(self.train))
        return Run("own", model, train, self.out / "own" / f"{self.kind}-{self.latent_dim}")

    def _own_pictures(self):
        reading, bar = datasets.FromFolder(self.images, self.size, self.channels), None
        for done, total in reading:
            bar = bar or tqdm.tqdm(total=total, desc="reading pictures", unit="file", disable=None)
            bar.update(done - bar.n)
        bar.close()
        if reading.unreadable:
            names = ", ".join(reading.unreadable[:5]) + (" ..." if len(reading.unreadable) > 5 else "")
            count = len(reading.unreadable)
            files = "1 file" if count == 1 else f"{count} files"
            print(f"vaedemo: {files} could not be read as pictures: {names}", file=sys.stderr)
        x = reading.pictures.x
        x = x[torch.randperm(len(x), generator=runtime.generator("held out"))]  # the same split for every seed
        held_out = max(1, round(HELD_OUT * len(x)))
        return datasets.Pictures(x[held_out:]), datasets.Pictures(x[:held_out])


def _announce(job, pictures, as_json):
    seconds = estimate_seconds(job.model, job.train, pictures)
    resolved = {"domain": job.domain, "model": asdict(job.model), "train": asdict(job.train),
                "starts_from": job.start.stem if job.start else None, "folder": str(job.folder),
                "estimated_seconds": round(seconds)}  # fmt: skip
    if as_json:
        print(json.dumps(resolved))
        return
    for key, value in resolved.items():
        print(f"{key}: {value}")


def _report(folder, as_json):
    import vaedemo.checkpoints as checkpoints

    _, domain, record = checkpoints.load_checkpoint(folder / "model.safetensors")
    if as_json:
        print(json.dumps({"domain": domain, "folder": str(folder), **record}))
    else:
        print(f"{domain} {folder.name}: trained in {record['seconds'] / 60:.1f} min; {folder / 'model.safetensors'}")
