"""Commands: derive (what is shipped beside the models), map (a domain's map as a picture)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tqdm
from PIL import Image, ImageDraw

from vaedemo.cli.classical import derive_classical, derive_photos
from vaedemo.cli.common import own_or_public, write_picture
from vaedemo.cli.learned import derive_classifier, derive_mixtures
from vaedemo.cli.outputs import planned, require_ending
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import DOMAINS, SIZED
from vaedemo.errors import ConfigError
from vaedemo.models.autoencoder import Model
from vaedemo.pictures.draw import grid
from vaedemo.reports import factors
from vaedemo.services.restore import classical
from vaedemo.store import maps
from vaedemo.store.classifiers import FILE as CLASSIFIER
from vaedemo.store.library import CHECKPOINTS, Library
from vaedemo.store.mixtures import FILE as MIXTURES

__all__ = ["DERIVED", "Derive", "Map"]

Load = Callable[[str], Pictures]  # of a split
VIEWS = ("points", "grid", "density")
PAPER, RING = (246, 246, 243), (128, 130, 136)
SHOWN_TILES = 20  # a side of the grid view
BLUES = np.array([[246, 246, 243], [158, 202, 225], [49, 130, 189], [8, 48, 107], [4, 16, 40]], float)


def _maps(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any] | None:
    folder = library.folder / maps.FOLDER
    described = maps.write_map(library, load("test"), domain, folder)
    planes = maps.write_planes(library, load("test"), domain, folder)
    files = [folder / f"{name}.{end}" for name in (domain, f"{domain}-planes") for end in ("json", "bin")]
    size = sum(path.stat().st_size for path in files)
    return {"points": described["count"], "planes": len(planes["models"]), "bytes": size}


def _factors(library: Library, domain: str, load: Load, seed: int) -> dict[str, Any] | None:
    if domain not in FACTORED:
        return None
    return {"models": list(factors.write_factors(library, seed))}


FACTORED = ("shapes",)  # domains whose factors are known
WRITTEN = {  # the files of each row below, {} being the domain
    "classifier": [f"{{}}/{CLASSIFIER}"],
    "mixtures": [f"{{}}/{MIXTURES}"],
    "maps": [f"{maps.FOLDER}/{{}}{part}.{end}" for part in ("", "-planes") for end in ("json", "bin")],
    "factors": [factors.FILE],
    "classical": [f"{{}}/{classical.FILE}"],
}
# What --only names: a function of (library, domain, load, seed) that writes files and reports on them, or gives None if
# a domain has nothing of the kind. Each may need those before it.
DERIVED = {
    "classifier": derive_classifier,
    "mixtures": derive_mixtures,
    "maps": _maps,
    "factors": _factors,
    "classical": derive_classical,
}


@dataclass(frozen=True)
class Derive:
    """Compute what is shipped beside the models: maps of their latent spaces, classifiers, mixtures and settings."""

    only: str | None = None
    """classifier, mixtures, maps, factors or classical; all if left out"""
    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; all the shipped if left out; photos only for classical"""
    data_dir: Path | None = None
    """folder with DOMAIN_train.npz and DOMAIN_test.npz; without it the public sets are downloaded"""
    overwrite: bool = False
    """replace what is there already, which is refused otherwise"""
    seed: int = 0
    """seed of everything random"""
    json: bool = False
    """print JSON"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self) -> None:
        if self.only is not None and self.only not in DERIVED:
            raise ConfigError(f"--only is {self.only!r}; choose from {', '.join(DERIVED)}")
        if self.domain in DOMAINS and not DOMAINS[self.domain].size:
            return self._photos()
        library, report = Library(self.checkpoints), []
        domains = [library.domain(self.domain).name] if self.domain else list(SIZED)
        names = [self.only] if self.only else list(DERIVED)
        written = [
            library.folder / file.format(domain)
            for domain in domains
            for name in names
            if name != "factors" or domain in FACTORED
            for file in WRITTEN[name]
        ]
        planned([], written, overwrite=self.overwrite)
        for domain in tqdm.tqdm(domains, disable=None, unit="domain"):

            @cache
            def load(split: str, domain: str = domain) -> Pictures:
                return own_or_public(library, domain, split, self.data_dir)

            for name in names:
                row = DERIVED[name](library, domain, load, self.seed)
                if row is not None:
                    report.append({"domain": domain, "made": name, **row})
                    if not self.json:
                        print(f"{domain} {name}: {json.dumps(row)}")
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
        row = derive_photos(library, self.data_dir / "photos", self.seed)
        print(json.dumps([{"domain": "photos", "made": "classical", **row}]) if self.json else f"photos: {row}")


@dataclass(frozen=True)
class Map:
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
    seed: int = 0
    """accepted as everywhere, but nothing here is random"""
    json: bool = False
    """print the axes as JSON"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self) -> None:
        if self.view not in VIEWS:
            raise ConfigError(f"--view is {self.view!r}; choose from {', '.join(VIEWS)}")
        if not 100 <= self.side <= 4000:
            raise ConfigError(f"--side is {self.side}; choose 100 to 4000")
        require_ending(self.out)
        planned([self.out])
        library = Library(self.checkpoints)
        domain = library.domain(self.domain or library.modelled("digits")).name
        key = library.key(domain, self.kind, self.latent_dim, self.beta)
        model, kind = library.model(key), key.kind
        folder = self.checkpoints / maps.FOLDER
        report: dict[str, Any] = {"domain": domain, "kind": kind}
        if self.latent_dim == 2:
            found = maps.read_map(folder, domain, kind)
            points, labels, mean, axes = found.points, found.labels, np.zeros(2), np.eye(2)
            low, high = found.low, found.high
        else:
            plane = maps.read_plane(folder, key)
            points, labels, mean, axes = plane.points, plane.labels, plane.mean, plane.components
            low, high = maps.box(points)
            report["explained"] = plane.explained.tolist()
        if self.view == "grid":
            image = _grid(model, mean, axes, low, high, self.side)
        elif self.view == "density":
            image = _density(points, low, high, self.side)
        else:
            image = _points(points, labels, low, high, self.side)
        if kind == "vae":
            _rings(image, -axes @ mean, low, high)
        write_picture(image, self.out)
        report |= {"latent_dim": self.latent_dim, "low": low.tolist(), "high": high.tolist(), "points": len(points)}
        if self.json:
            print(json.dumps(report, indent=1))
            return
        share = f", {sum(report['explained']):.0%} of the variance" if "explained" in report else ""
        print(
            f"{domain}, {kind}, {self.latent_dim} numbers: {len(points)} test pictures{share}; axes "
            f"{low[0]:.2f} to {high[0]:.2f}, {low[1]:.2f} to {high[1]:.2f}"
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


def _density(points: np.ndarray, low: np.ndarray, high: np.ndarray, side: int, cells: int = 100) -> Image.Image:
    edges = [np.linspace(low[k], high[k], cells + 1) for k in (0, 1)]
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
