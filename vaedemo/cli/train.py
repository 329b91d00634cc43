"""The command train: one model, what is missing, or a domain of one's own; draws fit's Progress as a bar."""

import dataclasses
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import tqdm
import tyro

from vaedemo import runtime
from vaedemo.cli import own
from vaedemo.configs import RESTORING, ModelConfig, TrainConfig
from vaedemo.data import datasets
from vaedemo.data.domains import checked_name
from vaedemo.errors import ConfigError
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS
from vaedemo.training.loop import process_group
from vaedemo.training.recipes import recipe, recipes
from vaedemo.training.run import Run, estimate_seconds, publish, run

__all__ = ["Train"]

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
    """a folder of your own pictures instead of a domain; links are followed, hidden files and folders left out"""
    name: str = "own"
    """of your own pictures: the name of their domain, one for each set of pictures"""
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
    overwrite: bool = False
    """begin anew where the run's folder holds a finished model or an interrupted run of other pictures or settings"""
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
            try:
                self._carry_out(job, load, rank)
            except KeyboardInterrupt:
                raise KeyboardInterrupt(_stopped(job)) from None

    def _carry_out(self, job, load, rank):
        pictures, held_out = load()
        if self.dry_run:
            _announce(job, pictures, self.json)
            return
        if self.images is not None:
            own.require_same_pictures(self.out, job, held_out, self.overwrite)
        bar, shown = None, dict(file=sys.stderr, disable=True if rank else None, unit="step")
        for progress in run(job, pictures, held_out, overwrite=self.overwrite):
            bar = bar or tqdm.tqdm(total=progress.steps, desc=f"{job.domain} {job.folder.name}", **shown)
            bar.set_postfix(loss=f"{progress.loss:.2f}", refresh=False)
            bar.update(progress.step - bar.n)
        if bar is not None:
            bar.close()
        if rank:
            return
        if self.all:
            publish(job.folder, self.checkpoints / job.domain / f"{job.folder.name}.safetensors")
        if self.images is not None:
            own.keep(self.out, job, held_out, self.seed)
        _report(job.folder, self.json)
        if self.images is not None and not self.json:
            print(own.what_next(self.out, job))

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
        if self.domain is not None or self.all:
            other = "--all" if self.all else f"--domain {self.domain}"
            raise ConfigError(f"--images trains on pictures of your own and {other} does not; leave one of them out")
        own.require_apart(self.images, self.out)
        model = own.model_config(self.kind, self.latent_dim, self.channels, self.size, self.beta)
        model = dataclasses.replace(model, **_chosen(self.model))
        train = dataclasses.replace(TrainConfig(epochs=100, seed=self.seed), **_chosen(self.train))
        key = ModelKey(checked_name(self.name), model.kind, model.latent_dim, model.beta)
        return Run(key.domain, model, train, self.out / key.domain / key.name)

    def _own_pictures(self):
        return own.pictures(self.images, self.size, self.channels)


def _stopped(job):
    """The truth about what a stopped run left behind."""
    if (job.folder / "state.pt").is_file():
        return "stopped; the run goes on from here when the same command is given again"
    return "stopped before anything was saved; the same command begins from the start"


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
    import vaedemo.store.checkpoints as checkpoints

    _, domain, record = checkpoints.load_checkpoint(folder / "model.safetensors")
    if as_json:
        print(json.dumps({"domain": domain, "folder": str(folder), **record}))
    else:
        print(f"{domain} {folder.name}: trained in {record['seconds'] / 60:.1f} min; {folder / 'model.safetensors'}")
