"""Commands about maps: derive (what is shipped beside the models), map (a domain's map as a picture)."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tqdm
from PIL import Image, ImageDraw

from vaedemo.cli.classical import derive_classical, derive_photos
from vaedemo.cli.common import own_or_public, write_picture
from vaedemo.cli.learned import derive_classifier, derive_mixtures
from vaedemo.cli.outputs import planned, require_ending
from vaedemo.data.domains import DOMAINS, PHOTOS
from vaedemo.errors import ConfigError
from vaedemo.pictures.draw import grid
from vaedemo.reports import factors
from vaedemo.services.restore import classical
from vaedemo.store import maps
from vaedemo.store.classifiers import FILE as CLASSIFIER
from vaedemo.store.library import CHECKPOINTS, Library
from vaedemo.store.mixtures import FILE as MIXTURES

__all__ = ["DERIVED", "Derive", "Map"]

VIEWS = ("points", "grid", "density")
PAPER, RING = (246, 246, 243), (128, 130, 136)
SHOWN_TILES = 20  # a side of the grid view
BLUES = np.array([[246, 246, 243], [158, 202, 225], [49, 130, 189], [8, 48, 107], [4, 16, 40]], float)


def _maps(library, domain, load, seed):
    folder = library.folder / maps.FOLDER
    described = maps.write_map(library, load("test"), domain, folder)
    planes = maps.write_planes(library, load("test"), domain, folder)
    files = [folder / f"{name}.{end}" for name in (domain, f"{domain}-planes") for end in ("json", "bin")]
    bytes_ = sum(path.stat().st_size for path in files)
    return {"points": described["count"], "planes": len(planes["models"]), "bytes": bytes_}


def _factors(library, domain, load, seed):
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
# What --only names: function of (library, domain, load(split) -> Pictures, seed) that writes files and says what it
# made, or None where a domain has nothing of the kind. In the order in which they need each other.
DERIVED = {
    "classifier": derive_classifier,
    "mixtures": derive_mixtures,
    "maps": _maps,
    "factors": _factors,
    "classical": derive_classical,
}


@dataclass(frozen=True)
class Derive:
    """Make what is shipped beside the models: maps of their latent spaces, and what else is computed from them once."""

    only: str | None = None
    """one of them; all if left out"""
    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; all the shipped if left out; photos only for classical"""
    data_dir: Path | None = None
    """folder with DOMAIN_train.npz and DOMAIN_test.npz; without it the public sets are downloaded"""
    overwrite: bool = False
    """make anew what is there already, which is refused otherwise"""
    seed: int = 0
    """of everything that is drawn"""
    json: bool = False
    """print JSON"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self):
        if self.only is not None and self.only not in DERIVED:
            raise ConfigError(f"--only is {self.only!r}; choose from {', '.join(DERIVED)}")
        if self.domain == PHOTOS:
            return self._photos()
        library, report = Library(self.checkpoints), []
        domains = [library.domain(self.domain).name] if self.domain else list(DOMAINS)
        names = [self.only] if self.only else list(DERIVED)
        written = [
            library.folder / file.format(domain)
            for domain in domains for name in names if name != "factors" or domain in FACTORED for file in WRITTEN[name]
        ]  # fmt: skip
        planned([], written, overwrite=self.overwrite)
        for domain in tqdm.tqdm(domains, disable=None, unit="domain"):
            sets = {}

            def load(split, domain=domain, sets=sets):
                if split not in sets:
                    sets[split] = own_or_public(library, domain, split, self.data_dir)
                return sets[split]

            for name in names:
                made = DERIVED[name](library, domain, load, self.seed)
                if made is not None:
                    report.append({"domain": domain, "made": name, **made})
                    if not self.json:
                        print(f"{domain} {name}: {json.dumps(made)}")
        if self.json:
            print(json.dumps(report, indent=1))

    def _photos(self):
        """Of photographs there is only the tuning of the classical methods, on DATA_DIR/photos."""
        if self.only not in (None, "classical"):
            raise ConfigError(f"there is no {self.only} of photographs; choose classical")
        if self.data_dir is None:
            raise ConfigError("photographs are not downloaded; give --data-dir, a folder with photos/cid22 and clic")
        library = Library(self.checkpoints)
        planned([], [library.folder / PHOTOS / classical.FILE], overwrite=self.overwrite)
        made = derive_photos(library, self.data_dir / PHOTOS, self.seed)
        print(json.dumps([{"domain": PHOTOS, "made": "classical", **made}]) if self.json else f"photos: {made}")


@dataclass(frozen=True)
class Map:
    """Draw the map of a latent space: where the test pictures lie, or what is decoded where."""

    out: Path
    """the picture to write; its ending names the format, and one that is there already is replaced"""
    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; digits if left out and there are models of them"""
    kind: str | None = None
    """ae or vae; if left out vae, or where a domain has none what it has"""
    latent_dim: int = 2
    """2, or more: then the plane of the codes' two leading principal components"""
    beta: float = 1.0
    """of a vae with more than 2 numbers"""
    view: str = "points"
    """points (a colour a class), density, or grid (decoded pictures)"""
    side: int = 800
    """pixels a side"""
    seed: int = 0
    """accepted like everywhere; nothing here is random"""
    json: bool = False
    """print the axes as JSON"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self):
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
        folder, said = self.checkpoints / maps.FOLDER, {"domain": domain, "kind": kind}
        if self.latent_dim == 2:
            found = maps.read_map(folder, domain, kind)
            low, high, mean, axes = found.low, found.high, np.zeros(2), np.eye(2)
        else:
            found = maps.read_plane(folder, key)
            (low, high), mean, axes = maps.box(found.points), found.mean, found.components
            said["explained"] = found.explained.tolist()
        if self.view == "grid":
            image = _grid(model, mean, axes, low, high, self.side)
        elif self.view == "density":
            image = _density(found.points, low, high, self.side)
        else:
            image = _points(found.points, found.labels, low, high, self.side)
        if kind == "vae":
            _rings(image, -axes @ mean, low, high)
        write_picture(image, self.out)
        said |= {"latent_dim": self.latent_dim, "low": low.tolist(), "high": high.tolist(), "points": len(found.points)}
        if self.json:
            print(json.dumps(said, indent=1))
            return
        share = f", {sum(said['explained']):.0%} of the variance" if "explained" in said else ""
        print(
            f"{domain}, {kind}, {self.latent_dim} numbers: {said['points']} test pictures{share}; axes "
            f"{low[0]:.2f} to {high[0]:.2f}, {low[1]:.2f} to {high[1]:.2f}"
        )


def _pixels(points, low, high, side):
    share = (points - low) / (high - low)
    return np.stack([share[:, 0], 1 - share[:, 1]], 1) * side


def _points(points, labels, low, high, side):
    image = Image.new("RGB", (2 * side, 2 * side), PAPER)  # twice as large, then halved: smooth discs
    draw, radius = ImageDraw.Draw(image), max(2.0, side / 200)
    for (x, y), label in zip(_pixels(points, low, high, 2 * side), labels, strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=maps.COLOURS[label % len(maps.COLOURS)])
    return image.resize((side, side), Image.Resampling.BOX)


def _density(points, low, high, side, cells=100):
    edges = [np.linspace(low[k], high[k], cells + 1) for k in (0, 1)]
    counts = np.histogram2d(points[:, 0], points[:, 1], edges)[0].T[::-1]
    level = np.sqrt(np.clip(counts / max(np.quantile(counts[counts > 0], 0.99), 1), 0, 1)) * (len(BLUES) - 1)
    first = np.minimum(level.astype(int), len(BLUES) - 2)
    colours = BLUES[first] + (level - first)[..., None] * (BLUES[first + 1] - BLUES[first])
    return Image.fromarray(colours.round().astype(np.uint8)).resize((side, side), Image.Resampling.BILINEAR)


@torch.no_grad()
def _grid(model, mean, axes, low, high, side):
    """Decoded pictures all over the plane mean + a axes[0] + b axes[1], a and b from low to high."""
    step = (np.arange(SHOWN_TILES) + 0.5) / SHOWN_TILES
    a, b = np.meshgrid(low[0] + (high - low)[0] * step, high[1] - (high - low)[1] * step)
    z = torch.from_numpy(mean + np.stack([a, b], -1).reshape(-1, 2) @ axes).float()
    image = grid(torch.cat([model.decode(part) for part in z.split(100)]).numpy(), SHOWN_TILES, gap=0).convert("RGB")
    return image.resize((side, side), Image.Resampling.BOX if side < image.width else Image.Resampling.BICUBIC)


def _rings(image, centre, low, high):
    """Circles of the prior at 1, 2 and 3 sigma, to scale; in a plane of more dimensions it is N(centre, I)."""
    draw = ImageDraw.Draw(image)
    (x, y), scale = _pixels(centre[None], low, high, image.width)[0], image.width / (high - low)[0]
    for sigma in (1, 2, 3):
        r = sigma * scale
        draw.ellipse((x - r, y - r, x + r, y + r), outline=RING, width=max(1, image.width // 400))
