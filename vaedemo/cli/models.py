"""Commands about the models there are: list, describe, evaluate."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tqdm

from vaedemo.cli.common import Command, own_or_public, shown
from vaedemo.configs import KINDS, ModelConfig
from vaedemo.errors import ConfigError, UnknownModel
from vaedemo.store.checkpoints import available
from vaedemo.store.key import ModelKey

if TYPE_CHECKING:  # `list` does not wait for PyTorch
    from vaedemo.data.datasets import Pictures
    from vaedemo.data.domains import Domain
    from vaedemo.store.library import Library

__all__ = ["Describe", "Evaluate", "List"]

# Decimals of the figures in the table of `evaluate`.
DIGITS = {"mse": 5, "pca_mse": 5, "psnr": 2, "ssim": 3, "elbo": 2, "kl": 2, "nll_bound": 2, "bits_per_dim": 3}
DIGITS["active_units"] = 0


def _checked_kind(kind: str | None) -> str | None:
    if kind is not None and kind not in KINDS:
        raise UnknownModel(f"no kind {kind!r}; choose from {', '.join(KINDS)}")
    return kind


@dataclass(frozen=True, kw_only=True)
class List(Command):
    """The models there are."""

    def run(self) -> None:
        rows, lines, total = [], [], 0
        for (domain, kind, d, beta), path, size, _ in available(self.checkpoints):
            file = path.relative_to(self.checkpoints)
            row = {"domain": domain, "kind": kind, "latent_dim": d, "beta": beta}
            rows.append(row | {"file": file.as_posix(), "bytes": size})
            weight = "" if beta == 1 else f"beta {beta:g}"
            own = file.relative_to(file.parts[0])
            lines.append(f"{domain:<8} {kind:<6} {d:>4}  {weight:<9} {size:>9,} bytes  {own}")
            total += size
        lines.append(f"{len(rows)} models, {total / 1e6:.1f} MB")
        remedy = "give the checkpoints/ of a clone as --checkpoints, or make some with train"
        self.tell(rows, "\n".join(lines) if rows else f"no models in {shown(self.checkpoints)}: {remedy}")


@dataclass(frozen=True, kw_only=True)
class Describe(Command):
    """Draw networks as they run: layers, shapes, parameters."""

    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; all of them if left out"""
    kind: str | None = None
    """ae, vae, tc-vae, dense, dense-vae or pca; ae, vae, dense and pca if left out, of your own the trained ones"""
    latent_dim: int | None = None
    """numbers that describe a picture; the domain's smallest if left out"""

    def run(self) -> None:
        from vaedemo.models.describe import drawing, layers
        from vaedemo.store.library import Library

        library, report, drawn = Library(self.checkpoints), [], []
        for name in [self.domain] if self.domain else library.domains:
            row = library.domain(name)
            usual = ("ae", "vae", "dense", "pca") if row.classes else library.kinds(name)
            for kind in usual if (own := _checked_kind(self.kind)) is None else [own]:
                config = _config(library, row, kind, self.latent_dim)
                parts = [layer._asdict() for layer in layers(config)]
                report.append({"domain": name, "kind": kind, "latent_dim": config.latent_dim, "layers": parts})
                drawn.append(f"{name}, {kind}, latent dimension {config.latent_dim}\n{drawing(config)}\n")
        self.tell(report, "\n".join(drawn))


def _config(library: "Library", row: "Domain", kind: str, latent_dim: int | None) -> ModelConfig:
    """The ModelConfig of a domain's model: of one that is not shipped the trained one's, if there is that."""
    dims = [] if row.classes else library.dims(row.name, kind)
    d = latent_dim or (dims or row.latent_dims)[0]
    return library.model(ModelKey(row.name, kind, d)).config if d in dims else row.model_config(kind, d)


@dataclass(frozen=True, kw_only=True)
class Evaluate(Command):
    """Measure models over their test sets, or over the training pictures that they were not trained on."""

    domain: str | None = None
    """digits, fashion, objects or shapes; all if left out"""
    kind: str | None = None
    """ae, vae, tc-vae, dense, dense-vae or pca; all if left out"""
    latent_dim: int | None = None
    """all if left out"""
    beta: float | None = None
    """all if left out"""
    limit: int | None = None
    """only so many of the pictures, drawn at random by a fixed seed"""
    split: Literal["test", "held-out"] = "test"
    """which pictures: the test set, or the training pictures that `train --hold-out` leaves out, to choose by. The
    latter are for models that left them out; PCA has seen them"""
    data_dir: Path | None = None
    """folder with DOMAIN_test.npz, or DOMAIN_train.npz; without it the public sets are downloaded"""
    bound_samples: int = 50
    """samples of the importance-weighted bound"""
    write: bool = False
    """write figures.json and MODELS.md into the folder of the models; figures of more pictures or samples are not
    replaced by fewer without --overwrite"""
    overwrite: bool = False
    """with --write: replace them all the same"""

    def run(self) -> None:
        from vaedemo.reports.evaluate import evaluate_model, targets, write_figures, write_models_page
        from vaedemo.store.library import Library

        self._check_options()
        library, rows = Library(self.checkpoints), []
        sets: dict[str, Pictures] = {}
        if self.domain:
            library.domain(self.domain)
        wanted = targets(library, self.domain, _checked_kind(self.kind), self.latent_dim, self.beta)
        if not wanted:
            raise UnknownModel("no model fits these choices; see what there is with `python -m vaedemo list`")
        if self.split != "test":
            wanted = self._unseen(library, wanted)
        self._check_figures(library, wanted)
        for key in tqdm.tqdm(wanted, disable=None, unit="model"):
            if key.domain not in sets:
                sets = {key.domain: own_or_public(library, key.domain, self.split, self.data_dir).some(self.limit)}
            asked = {"bound_samples": self.bound_samples, "seed": self.seed}
            rows.append(evaluate_model(library, sets[key.domain], key, **asked))
            if self.write:
                write_figures(self.checkpoints, rows[-1:])
        if self.write:
            write_models_page(self.checkpoints, library)
        lines = ["| model | d | beta | MSE | PCA's | PSNR dB | SSIM | ELBO | KL | bound | bits/dim | active |"]
        lines.append("|---|" + "---:|" * 11)
        for r in rows:
            values = (getattr(r, name) for name in DIGITS)
            cells = ["" if v is None else f"{v:.{n}f}" for v, n in zip(values, DIGITS.values(), strict=True)]
            lines.append("| " + " | ".join([f"{r.domain} {r.kind}", str(r.latent_dim), f"{r.beta:g}", *cells]) + " |")
        self.tell([row.reported() for row in rows], "\n".join(lines))

    def _check_options(self) -> None:
        for name, value in (("limit", self.limit), ("bound-samples", self.bound_samples)):
            if value is not None and value < 1:
                raise ConfigError(f"--{name} is {value}; choose 1 or more")
        if self.write and self.split != "test":
            raise ConfigError(f"--write is for figures of the test set; leave it or --split {self.split} out")

    def _unseen(self, library: "Library", wanted: list[ModelKey]) -> list[ModelKey]:
        """Those that were not trained on the pictures that are held out; of the others the names go to stderr."""
        unseen = [key for key in wanted if key.kind == "pca" or library.record(key).get("held_out")]
        if all(key.kind == "pca" for key in unseen) and (seen := [str(key) for key in wanted if key not in unseen]):
            raise ConfigError(
                f"{', '.join(seen)} learned from the pictures that are held out; train with --hold-out, or leave "
                f"--split {self.split} out"
            )
        if seen := [str(key) for key in wanted if key not in unseen]:
            print(f"left out, because they learned from these pictures: {', '.join(seen)}", file=sys.stderr)
        return unseen

    def _check_figures(self, library: "Library", wanted: list[ModelKey]) -> None:
        """ConfigError where better figures than those to be measured would be lost."""
        if not self.write or self.overwrite:
            return
        for key in wanted:
            known = library.figures(key) or {}
            fewer = self.limit is not None and self.limit < known.get("pictures", 0)
            if fewer or self.bound_samples < (known.get("bound_samples") or 0):
                what = f"{known['pictures']} pictures" if fewer else f"{known['bound_samples']} samples"
                raise ConfigError(
                    f"figures.json has figures of {key} from {what}, more than these "
                    "would be from; leave --write out, or replace them with --overwrite"
                )
