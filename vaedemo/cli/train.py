"""The command train: one model, all that is missing, or a domain of one's own; draws fit's Progress as a bar."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import tqdm
import tyro

from vaedemo import runtime
from vaedemo.cli import own
from vaedemo.cli.common import Command
from vaedemo.cli.learned import derive_classifier, derive_finder, derive_mixtures, derive_quantisers
from vaedemo.configs import KINDS, RESTORING, ModelConfig, TrainConfig
from vaedemo.data import datasets
from vaedemo.data.domains import DOMAINS, checked_name
from vaedemo.data.photos import middles, open_photos
from vaedemo.errors import ConfigError, DataError
from vaedemo.models.hierarchical import PhotoConfig
from vaedemo.store.checkpoints import RUN_FILE, load_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS, Library
from vaedemo.training.loop import process_group
from vaedemo.training.recipes import Recipe, Stage, ordered, recipe
from vaedemo.training.run import Run, described, estimate_seconds, publish, run
from vaedemo.training.tasks.codec import RateConfig
from vaedemo.training.tasks.crops import CropConfig

__all__ = ["Train"]

CHOOSING = 2_000  # pictures of a domain's training set that a restoring model is not trained on
MODEL_FIELDS = ("likelihood", "gamma", "widths", "blocks", "hidden", "depth", "neck", "linear", "spatial")
# What ships and is no run of its own.
LEARNED = {
    "classifier": derive_classifier,
    "finder": derive_finder,
    "mixtures": derive_mixtures,
    "quantisers": derive_quantisers,
}


def _choices(config: Any, names: tuple[str, ...] | None = None) -> Any:
    """A dataclass of the named fields of a config (None: of all but its seed), each optional, with the help that the
    config carries."""
    fields: list[Any] = [f for f in dataclasses.fields(config) if (f.name in names if names else f.name != "seed")]
    rows: list[Any] = []
    for f in fields:
        told = tyro.conf.arg(help=f"{f.metadata['help']} (left out: the recipe's)")
        rows.append((f.name, Annotated[f.type | None, told], dataclasses.field(default=None)))
    return dataclasses.make_dataclass(f"{config.__name__}Choices", rows, frozen=True)


ModelChoices = _choices(ModelConfig, MODEL_FIELDS)
TrainChoices = _choices(TrainConfig)
PhotoChoices = _choices(PhotoConfig, ("temperature",))
CropChoices = _choices(CropConfig)
RateChoices = _choices(RateConfig)


def _chosen(choices: Any) -> dict[str, Any]:
    return {k: v for k, v in asdict(choices).items() if v is not None}


@dataclass(frozen=True, kw_only=True)
class Train(Command):
    """Train a model (--domain, --kind, --latent-dim), a model of your own pictures (--images), or all that is missing
    (--all). An interrupted run goes on when the same command is given again. Runs under torchrun too."""

    model: ModelChoices  # type: ignore[valid-type]
    train: TrainChoices  # type: ignore[valid-type]
    photo: PhotoChoices  # type: ignore[valid-type]
    crops: CropChoices  # type: ignore[valid-type]
    codec: RateChoices  # type: ignore[valid-type]
    domain: str | None = None
    """digits, fashion, objects, shapes or photos; with --all only this one"""
    kind: str = "vae"
    """ae, vae, tc-vae, dense, dense-vae, pca, conditional or photo-restore (restore noise and holes), lossless or
    lossless-binary (code exactly), or codec (compresses photos)"""
    latent_dim: int = 2
    """numbers that describe a picture (of a conditional model: its recipe's)"""
    beta: float = 1.0
    """of a vae: weight of the KL term"""
    all: bool = False
    """train all that ships and is missing, cheapest first, in as many runs as its recipe has"""
    images: Path | None = None
    """a folder of your own pictures instead of a domain; links are followed, hidden files and folders left out"""
    name: str = "own"
    """of your own pictures: the name of their domain, one for each set of pictures"""
    size: int = 64
    """of your own pictures: height and width in pixels"""
    channels: int = 3
    """of your own pictures: 1 for grey, 3 for colour"""
    data_dir: Path | None = None
    """folder with DOMAIN_train.npz, DOMAIN_test.npz and photos/; without it the public sets are downloaded"""
    hold_out: bool = False
    """leave 5,000 training pictures out (of small sets a tenth), the same in every run, to choose by: `evaluate --split
    held-out` measures on them. Of what was chosen so the recipes do it anyway; what restores has its own 2,000"""
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

    def run(self) -> None:
        runtime.set_threads(self.threads)
        rank, _ = process_group()
        for job, load in self._jobs():
            try:
                self._carry_out(job, load, rank)
            except KeyboardInterrupt:
                resumes = "stopped; the run goes on from here when the same command is given again"
                lost = "stopped before anything was saved; the same command begins from the start"
                raise KeyboardInterrupt(resumes if job.state.is_file() else lost) from None

    def _carry_out(self, job: Run, load: Callable, rank: int) -> None:
        pictures, held_out = load()
        if self.dry_run:
            resolved = described(job) | {"starts_from": job.start.stem if job.start else None}
            resolved |= {"folder": str(job.folder)}
            resolved |= {"estimated_seconds": round(estimate_seconds(job, pictures, held_out))}
            lines = "\n".join(f"{key}: {value}" for key, value in resolved.items())
            print(json.dumps(resolved) if self.json else lines)
            return
        if self.images is not None:
            own.require_same_pictures(self.out, job, held_out, self.overwrite)
        bar, shown = None, {"file": sys.stderr, "disable": True if rank else None, "unit": "step"}
        for progress in run(job, pictures, held_out, overwrite=self.overwrite):
            bar = bar or tqdm.tqdm(total=progress.steps, desc=f"{job.domain} {job.folder.name}", **shown)
            bar.set_postfix(loss=f"{progress.loss:.2f}", refresh=False)
            bar.update(progress.step - bar.n)
        if bar is not None:
            bar.close()
        if rank:
            return
        if self.images is not None:
            own.keep(self.out, job, held_out, self.seed)
        _, domain, record = load_checkpoint(job.folder / RUN_FILE)
        if self.json:
            print(json.dumps({"domain": domain, "folder": str(job.folder), **record}))
        else:
            minutes = record["seconds"] / 60
            print(f"{domain} {job.folder.name}: trained in {minutes:.1f} min; {job.folder / RUN_FILE}")
        if self.images is not None and not self.json:
            print(own.what_next(self.out, job))

    def _jobs(self) -> Iterator[tuple[Run, Callable]]:
        """(Run, function that loads its pictures) for each run to carry out; of a recipe that is no run, or when
        its last run is done, the file is put in its place."""
        if self.images is not None:
            images = self.images
            yield self._own(images), lambda: own.pictures(images, self.size, self.channels)
            return
        if not self.all:
            yield self._one()
            return
        for r in ordered([self.domain] if self.domain else None):
            target = self.checkpoints / r.path
            if target.exists():
                continue
            if r.kind in LEARNED:
                self._learn(r)
                continue
            yield from self._stages(r)
            if not self.dry_run and not process_group()[0]:
                publish(self._folder(r, len(r.stages)), target)

    def _learn(self, r: Recipe) -> None:
        """Train a classifier or a finder, or fit mixtures or quantisers; by one process."""
        if self.dry_run or process_group()[0]:
            return
        learn: Callable[..., Any] = LEARNED[r.kind]
        told = learn(Library(self.checkpoints), r.domain, self._split(r.domain), self.seed)
        print(json.dumps({"domain": r.domain, "made": r.kind, **told}) if self.json else f"{r.path}: {told}")

    def _stages(self, r: Recipe) -> Iterator[tuple[Run, Callable]]:
        start = self.checkpoints / r.start if r.start else None
        for number, stage in enumerate(r.stages, 1):
            folder = self._folder(r, number)
            job = Run(r.domain, r.model, self._train(stage), folder, start, stage.crops, self._holds_out(r))
            yield job, lambda: self._pictures_for(r)
            start = folder / RUN_FILE

    def _one(self) -> tuple[Run, Callable]:
        """One run. What restores or compresses is a recipe's first run, or with --start its last."""
        if self.domain is None:
            raise ConfigError("nothing to train; give --domain, --images FOLDER or --all")
        r = recipe(self.domain, self.kind, self.latent_dim, self.beta)
        photo = isinstance(r.model, PhotoConfig)
        chosen = _chosen(self.photo if photo else self.model)
        model = dataclasses.replace(r.model, **chosen) if isinstance(r.model, PhotoConfig | ModelConfig) else r.model
        start = self.checkpoints / r.start if r.start and (photo or model == r.model) else None
        start = self.start or (start if start is not None and start.exists() else None)
        hold_out = self._holds_out(r)
        if hold_out and start is not None and not load_checkpoint(start)[2].get("held_out"):
            if self.start is not None:
                raise ConfigError(f"{start.name} learned from the pictures that are held out; leave --start out")
            start = None
        stage = r.stages[-1 if start else 0]
        choices = {CropConfig: self.crops, RateConfig: self.codec}
        crops = dataclasses.replace(stage.crops, **_chosen(choices[type(stage.crops)])) if stage.crops else None
        job = Run(r.domain, model, self._train(stage), self._folder(r, len(r.stages)), start, crops, hold_out)
        return job, lambda: self._pictures_for(r)

    def _train(self, stage: Stage) -> TrainConfig:
        chosen = _chosen(self.train)
        if "epochs" in chosen:  # the recipe's number of steps is no wish of whoever names epochs
            chosen = {"steps": 0} | chosen
        return dataclasses.replace(stage.train, seed=self.seed, **chosen)

    def _folder(self, r: Recipe, number: int) -> Path:
        """Of a recipe's run of this number, from 1: the last has the model's name."""
        return self.out / r.domain / (r.name if number == len(r.stages) else f"{r.name}-{number}")

    def _pictures_for(self, r: Recipe) -> tuple[Any, datasets.Pictures]:
        """(training pictures, test pictures); what a model that restores is chosen and calibrated by is held out of its
        training set."""
        if r.domain in DOMAINS and not DOMAINS[r.domain].size:
            if self.data_dir is None:
                raise DataError("photographs are not downloaded; give --data-dir, a folder with photos/cid22 and clic")
            photos = open_photos(self.data_dir / r.domain)
            return photos, middles(photos)
        load = self._split(r.domain)
        if r.kind in (*RESTORING, "photo-restore"):
            return datasets.held_out(load("train"), CHOOSING)
        return datasets.held_out(load("train")) if self._holds_out(r) else (load("train"), load("test"))

    def _holds_out(self, r: Recipe) -> bool:
        """Whether a recipe's model leaves pictures of the training set out that it is chosen by."""
        return isinstance(r.model, ModelConfig) and r.kind in KINDS and (self.hold_out or r.hold_out)

    def _split(self, domain: str) -> Callable[[str], datasets.Pictures]:
        return lambda split: datasets.load(domain, split, self.data_dir)

    def _own(self, images: Path) -> Run:
        if self.domain is not None or self.all:
            other = "--all" if self.all else f"--domain {self.domain}"
            raise ConfigError(f"--images trains on pictures of your own and {other} does not; leave one of them out")
        if self.out.resolve().is_relative_to(images.resolve()):
            raise ConfigError("the run would be written among the pictures that are read; choose another --out")
        model = own.model_config(self.kind, self.latent_dim, self.channels, self.size, self.beta)
        model = dataclasses.replace(model, **_chosen(self.model))
        train = dataclasses.replace(TrainConfig(epochs=100, seed=self.seed), **_chosen(self.train))
        key = ModelKey(checked_name(self.name), model.kind, model.latent_dim, model.beta)
        return Run(key.domain, model, train, self.out / key.domain / key.name)
