"""Commands: derive (what is shipped beside the models), map (a domain's map as a picture)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import tqdm
from PIL import Image, ImageDraw

from vaedemo.cli.common import Command, own_or_public, write_picture
from vaedemo.cli.learned import (
    Load,
    derive_classical,
    derive_classifier,
    derive_finder,
    derive_mixtures,
    derive_photos,
    derive_quantisers,
)
from vaedemo.cli.outputs import planned
from vaedemo.data import taught
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import DOMAINS, SIZED
from vaedemo.errors import ConfigError
from vaedemo.models.autoencoder import Model
from vaedemo.pictures.draw import grid
from vaedemo.reports import factors, strangeness
from vaedemo.services.restore import classical
from vaedemo.store import maps
from vaedemo.store.checkpoints import CLASSIFIER, FINDER, MIXTURES, QUANTISERS, STRANGENESS
from vaedemo.store.library import Library

__all__ = ["DERIVED", "Derive", "Derived", "Map"]

VIEWS = ("points", "grid", "density")
PAPER, RING = (246, 246, 243), (128, 130, 136)
SHOWN_TILES = 20  # a side of the grid view
MAPS = tuple(f"{maps.FOLDER}/{{}}{part}.{end}" for part in ("", "-planes") for end in ("json", "bin"))  # {}: the domain
BLUES = np.array([[246, 246, 243], [158, 202, 225], [49, 130, 189], [8, 48, 107], [4, 16, 40]], float)


def _maps(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any] | None:
    folder = library.folder / maps.FOLDER
    described = maps.write_map(library, load("test"), domain, folder)
    planes = maps.write_planes(library, load("test"), domain, folder)
    size = sum((library.folder / file.format(domain)).stat().st_size for file in MAPS)
    return {"points": described["count"], "planes": len(planes["models"]), "bytes": size}


def _factors(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any]:
    return {"models": list(factors.write_factors(library, seed))}


def _strangeness(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any] | None:
    # Shapes are generated; the pictures of other domains may not be at hand for one of one's own.
    return strangeness.write_references(library, domain, load, list(SIZED) if domain in SIZED else ["shapes"])


def _sheet(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any]:
    return {"bytes": taught.write_sheet(load("train"), library.folder / domain / taught.FILE)}


class Derived(NamedTuple):
    """A row of DERIVED: a function of (library, domain, load, seed) that writes the files and reports on them, or gives
    None where a domain has nothing of the kind; the files, {} being the domain; the only domains that have any."""

    write: Callable[[Library, str, Load, int], dict[str, Any] | None]
    files: tuple[str, ...]
    only: tuple[str, ...] = ()


# What --only names. Each may need those before it.
DERIVED = {
    "classifier": Derived(derive_classifier, (f"{{}}/{CLASSIFIER.file}",)),
    "mixtures": Derived(derive_mixtures, (f"{{}}/{MIXTURES.file}",)),
    "quantisers": Derived(derive_quantisers, (f"{{}}/{QUANTISERS.file}",)),
    "maps": Derived(_maps, MAPS),
    "strangeness": Derived(_strangeness, (f"{{}}/{STRANGENESS.file}",)),
    "factors": Derived(_factors, (factors.FILE,), only=("shapes",)),
    "finder": Derived(derive_finder, (f"{{}}/{FINDER.file}",)),
    "classical": Derived(derive_classical, (f"{{}}/{classical.FILE}",)),
    "sheet": Derived(_sheet, (f"{{}}/{taught.FILE}",), only=taught.SHEETS),
}


@dataclass(frozen=True, kw_only=True)
class Derive(Command):
    """Compute what is shipped beside the models: maps of their latent spaces, classifiers, finders of damage,
    mixtures, quantisers, settings, and pictures to train on in the page."""

    only: str | None = None
    """classifier, mixtures, quantisers, maps, strangeness, factors, finder, classical or sheet; all if left out"""
    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; all the shipped if left out; photos only for classical"""
    data_dir: Path | None = None
    """folder with DOMAIN_train.npz and DOMAIN_test.npz; without it the public sets are downloaded"""
    overwrite: bool = False
    """replace what is there already, which is refused otherwise"""

    def run(self) -> None:
        if self.only is not None and self.only not in DERIVED:
            raise ConfigError(f"--only is {self.only!r}; choose from {', '.join(DERIVED)}")
        if self.domain in DOMAINS and not DOMAINS[self.domain].size:
            return self._photos()
        library, report = Library(self.checkpoints), []
        domains = [library.domain(self.domain).name] if self.domain else list(SIZED)
        rows = {name: row for name, row in DERIVED.items() if self.only in (None, name)}
        wanted = {d: {n: row for n, row in rows.items() if not row.only or d in row.only} for d in domains}
        files = [file.format(d) for d in domains for row in wanted[d].values() for file in row.files]
        planned([], [library.folder / file for file in files], overwrite=self.overwrite)
        for domain in tqdm.tqdm(domains, disable=None, unit="domain"):

            @cache
            def load(split: str, domain: str = domain) -> Pictures:
                return own_or_public(library, domain, split, self.data_dir)

            for name, row in wanted[domain].items():
                if (told := row.write(library, domain, load, self.seed)) is not None:
                    report.append({"domain": domain, "made": name, **told})
                    if not self.json:
                        print(f"{domain} {name}: {json.dumps(told)}")
        if self.json:
            print(json.dumps(report, indent=1))

    def _photos(self) -> None:
        """Of photographs only the classical methods are tuned, on DATA_DIR/photos."""
        if self.only not in (None, "classical"):
            raise ConfigError(f"there is no {self.only} of photographs; choose classical")
        if self.data_dir is None:
            raise ConfigError("photographs are not downloaded; give --data-dir, a folder with photos/cid22 and clic")
        library = Library(self.checkpoints)
        planned([], [library.folder / "photos" / classical.FILE], overwrite=self.overwrite)
        told = derive_photos(library, self.data_dir / "photos", self.seed)
        self.tell([{"domain": "photos", "made": "classical", **told}], f"photos: {told}")


@dataclass(frozen=True, kw_only=True)
class Map(Command):
    """Draw the map of a latent space: where the test pictures lie, or what each place decodes to."""

    out: Path
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; digits if left out and there are models of them"""
    kind: str | None = None
    """ae or vae; if left out vae, or the kind that the domain has"""
    latent_dim: int = 2
    """2, or more: then the plane of the codes' two leading principal components"""
    beta: float = 1.0
    """of a vae with more than 2 numbers"""
    view: str = "points"
    """points (a colour a class), density, or grid (decoded pictures)"""
    side: int = 800
    """pixels a side"""

    def run(self) -> None:
        if self.view not in VIEWS:
            raise ConfigError(f"--view is {self.view!r}; choose from {', '.join(VIEWS)}")
        if not 100 <= self.side <= 4000:
            raise ConfigError(f"--side is {self.side}; choose 100 to 4000")
        planned([self.out])
        library = Library(self.checkpoints)
        domain = library.domain(self.domain or library.modelled("digits")).name
        key = library.key(domain, self.kind, self.latent_dim, self.beta)
        model, folder = library.model(key), self.checkpoints / maps.FOLDER
        report: dict[str, Any] = {"domain": domain, "kind": key.kind}
        share = ""
        if self.latent_dim == 2:
            low, high, points, labels, *_ = maps.read_map(folder, domain, key.kind)
            mean, axes = np.zeros(2), np.eye(2)
        else:
            mean, axes, explained, points, labels = maps.read_plane(folder, key)
            low, high = maps.box(points)
            report["explained"], share = explained.tolist(), f", {explained.sum():.0%} of the variance"
        if self.view == "grid":
            image = _grid(model, mean, axes, low, high, self.side)
        elif self.view == "density":
            image = _density(points, low, high, self.side)
        else:
            image = _points(points, labels, low, high, self.side)
        if key.kind == "vae":
            _rings(image, -axes @ mean, low, high)
        write_picture(image, self.out)
        report |= {"latent_dim": self.latent_dim, "low": low.tolist(), "high": high.tolist(), "points": len(points)}
        self.tell(
            report,
            f"{domain}, {key.kind}, {self.latent_dim} numbers: {len(points)} test pictures{share}; axes "
            f"{low[0]:.2f} to {high[0]:.2f}, {low[1]:.2f} to {high[1]:.2f}",
        )


def _pixels(points: np.ndarray, low: np.ndarray, high: np.ndarray, side: int) -> np.ndarray:
    share = (points - low) / (high - low)
    return np.stack([share[:, 0], 1 - share[:, 1]], 1) * side


def _points(points: np.ndarray, labels: np.ndarray, low: np.ndarray, high: np.ndarray, side: int) -> Image.Image:
    image = Image.new("RGB", (2 * side, 2 * side), PAPER)  # twice as large, then halved: smooth discs
    draw, radius = ImageDraw.Draw(image), max(2.0, side / 200)
    for (x, y), label in zip(_pixels(points, low, high, 2 * side), labels, strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=maps.COLOURS[label % len(maps.COLOURS)])
    return image.resize((side, side), Image.Resampling.BOX)


def _density(points: np.ndarray, low: np.ndarray, high: np.ndarray, side: int) -> Image.Image:
    edges = [np.linspace(low[k], high[k], 101) for k in (0, 1)]
    counts = np.histogram2d(points[:, 0], points[:, 1], edges)[0].T[::-1]
    level = np.sqrt(np.clip(counts / max(np.quantile(counts[counts > 0], 0.99), 1), 0, 1)) * (len(BLUES) - 1)
    first = np.minimum(level.astype(int), len(BLUES) - 2)
    colours = BLUES[first] + (level - first)[..., None] * (BLUES[first + 1] - BLUES[first])
    return Image.fromarray(colours.round().astype(np.uint8)).resize((side, side), Image.Resampling.BILINEAR)


@torch.no_grad()
def _grid(
    model: Model, mean: np.ndarray, axes: np.ndarray, low: np.ndarray, high: np.ndarray, side: int
) -> Image.Image:
    """Decoded pictures all over the plane mean + a axes[0] + b axes[1], a and b from low to high."""
    step = (np.arange(SHOWN_TILES) + 0.5) / SHOWN_TILES
    a, b = np.meshgrid(low[0] + (high - low)[0] * step, high[1] - (high - low)[1] * step)
    z = torch.from_numpy(mean + np.stack([a, b], -1).reshape(-1, 2) @ axes).float()
    image = grid(torch.cat([model.decode(part) for part in z.split(100)]).numpy(), SHOWN_TILES, gap=0).convert("RGB")
    return image.resize((side, side), Image.Resampling.BOX if side < image.width else Image.Resampling.BICUBIC)


def _rings(image: Image.Image, centre: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Circles of the prior at 1, 2 and 3 sigma, to scale; in a plane of more dimensions it is N(centre, I)."""
    draw = ImageDraw.Draw(image)
    (x, y), scale = _pixels(centre[None], low, high, image.width)[0], image.width / (high - low)[0]
    for sigma in (1, 2, 3):
        r = sigma * scale
        draw.ellipse((x - r, y - r, x + r, y + r), outline=RING, width=max(1, image.width // 400))
