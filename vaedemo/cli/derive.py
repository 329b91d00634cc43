"""Commands about maps: derive (what is shipped beside the models), map (a domain's map as a picture)."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tqdm
from PIL import Image, ImageDraw

from vaedemo import datasets, maps
from vaedemo.cli.common import write_picture
from vaedemo.domains import DOMAINS, get_domain
from vaedemo.errors import ConfigError
from vaedemo.library import CHECKPOINTS, Library

__all__ = ["DERIVED", "Derive", "Map"]

VIEWS = ("points", "grid", "density")
PAPER, RING = (246, 246, 243), (128, 130, 136)
SHOWN_TILES = 20  # a side of the grid view
BLUES = np.array([[246, 246, 243], [158, 202, 225], [49, 130, 189], [8, 48, 107], [4, 16, 40]], float)


def _maps(library, domain, load, seed):
    folder = library.folder / maps.FOLDER
    described = maps.write_map(library, load("test"), domain, folder)
    maps.write_planes(library, load("test"), domain, folder)
    return {kind: {"bytes": m["bytes"], "error": m["error"]} for kind, m in described["models"].items()}


# What --only names: function of (library, domain, load(split) -> Pictures, seed) that writes files and says what it
# made, or None where a domain has nothing of the kind. In the order in which they need each other.
DERIVED = {"maps": _maps}


@dataclass(frozen=True)
class Derive:
    """Make what is shipped beside the models: maps of their latent spaces, and what else is computed from them once."""

    only: str | None = None
    """one of them; all if left out"""
    domain: str | None = None
    """digits, fashion, objects or shapes; all if left out"""
    data_dir: Path | None = None
    """folder with DOMAIN_train.npz and DOMAIN_test.npz; without it the public sets are downloaded"""
    seed: int = 0
    """of everything that is drawn"""
    json: bool = False
    """print JSON"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self):
        if self.only is not None and self.only not in DERIVED:
            raise ConfigError(f"--only is {self.only!r}; choose from {', '.join(DERIVED)}")
        domains = [get_domain(self.domain).name] if self.domain else list(DOMAINS)
        names = [self.only] if self.only else list(DERIVED)
        library, report = Library(self.checkpoints), []
        for domain in tqdm.tqdm(domains, disable=None, unit="domain"):
            sets = {}

            def load(split, domain=domain, sets=sets):
                if split not in sets:
                    sets[split] = datasets.load(domain, split, self.data_dir)
                return sets[split]

            for name in names:
                made = DERIVED[name](library, domain, load, self.seed)
                if made is not None:
                    report.append({"domain": domain, "made": name, **made})
                    if not self.json:
                        print(f"{domain} {name}: {json.dumps(made)}")
        if self.json:
            print(json.dumps(report, indent=1))


@dataclass(frozen=True)
class Map:
    """Draw the map of a latent space: where the test pictures lie, or what is decoded where."""

    out: Path
    """the picture to write; its ending names the format"""
    domain: str = "digits"
    """digits, fashion, objects or shapes"""
    kind: str = "vae"
    """ae or vae"""
    latent_dim: int = 2
    """2, or more: then the plane of the codes' two leading principal components"""
    beta: float = 1.0
    """of a vae with more than 2 numbers"""
    view: str = "points"
    """points (a colour a class), density, or grid (decoded pictures; 2 numbers only)"""
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
        get_domain(self.domain)
        Library(self.checkpoints).model(self.domain, self.kind, self.latent_dim, self.beta)
        folder, said = self.checkpoints / maps.FOLDER, {"domain": self.domain, "kind": self.kind}
        if self.latent_dim == 2:
            found = maps.read_map(folder, self.domain, self.kind)
            low, high = found.low, found.high
        else:
            if self.view == "grid":
                raise ConfigError(
                    "the grid shows decoded pictures of 2 numbers; choose --view points or --latent-dim 2"
                )
            found = maps.read_plane(folder, self.domain, self.kind, self.latent_dim, self.beta)
            low, high = maps.box(found.points)
            said["explained"] = found.explained.tolist()
        if self.view == "grid":
            image = _grid(found, self.side)
        elif self.view == "density":
            image = _density(found.points, low, high, self.side)
        else:
            image = _points(found.points, found.labels, low, high, self.side)
        if self.kind == "vae" and self.latent_dim == 2:
            _rings(image, low, high)
        write_picture(image, self.out)
        said |= {"latent_dim": self.latent_dim, "low": low.tolist(), "high": high.tolist(), "points": len(found.points)}
        if self.json:
            print(json.dumps(said, indent=1))
            return
        share = f", {sum(said['explained']):.0%} of the variance" if "explained" in said else ""
        print(
            f"{self.domain}, {self.kind}, {self.latent_dim} numbers: {said['points']} test pictures{share}; axes "
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


def _grid(found, side):
    step = (np.arange(SHOWN_TILES) + 0.5) / SHOWN_TILES
    z1, z2 = np.meshgrid(
        found.low[0] + (found.high - found.low)[0] * step, found.high[1] - (found.high - found.low)[1] * step
    )
    points = np.stack([z1, z2], -1).reshape(-1, 2)
    pictures = maps.blend(found.tiles, found.low, found.high, points, found.interpolation).round().astype(np.uint8)
    pictures = pictures.reshape(SHOWN_TILES, SHOWN_TILES, *pictures.shape[1:]).transpose(0, 3, 1, 4, 2)
    sheet = pictures.reshape(SHOWN_TILES * pictures.shape[1], -1, pictures.shape[-1])
    image = Image.fromarray(sheet[..., 0] if sheet.shape[2] == 1 else sheet)
    return image.convert("RGB").resize(
        (side, side), Image.Resampling.BOX if side < image.width else Image.Resampling.BICUBIC
    )


def _rings(image, low, high):
    """Circles of the prior at 1, 2 and 3 sigma, to scale."""
    draw = ImageDraw.Draw(image)
    (x, y), scale = _pixels(np.zeros((1, 2)), low, high, image.width)[0], image.width / (high - low)[0]
    for sigma in (1, 2, 3):
        r = sigma * scale
        draw.ellipse((x - r, y - r, x + r, y + r), outline=RING, width=max(1, image.width // 400))
