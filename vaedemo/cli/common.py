"""What the commands share: options, results as JSON, pictures to write, and names fit for a terminal."""

import io
import json
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, PngImagePlugin

from vaedemo.errors import ConfigError, DataError, PictureError
from vaedemo.store.checkpoints import CHECKPOINTS, write_atomic

if TYPE_CHECKING:  # what PyTorch is not needed for does not wait for it
    from vaedemo.data.datasets import Pictures
    from vaedemo.store.library import Library

__all__ = ["Command", "OfModel", "figures", "files_of", "harmless", "own_or_public", "shown", "write_picture"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """What every command takes."""

    json: bool = False
    """print JSON"""
    seed: int = 0
    """of all that is drawn at random; accepted too where nothing is"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def tell(self, result: Any, text: str) -> None:
        """Print a result: as JSON if that is asked for, else in words."""
        print(json.dumps(result, indent=1) if self.json else text)


@dataclass(frozen=True, kw_only=True)
class OfModel(Command):
    """What commands take that work with one model."""

    domain: str | None = None
    """digits, fashion, objects, shapes or one of your own; if left out proposed from the picture, digits without one"""
    kind: str | None = None
    """ae, vae, dense or pca; if left out vae (of reconstruct ae), or where a domain has none what it has"""
    latent_dim: int | None = None
    """numbers that describe a picture; if left out a code's length, or the domain's largest"""
    beta: float = 1.0
    """of a vae"""


def harmless(text: str) -> str:
    """Text without what breaks a line, turns its direction or cannot be written: such characters become _."""
    return "".join("_" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)


def shown(path: str | os.PathLike[str]) -> str:
    """A file's name, harmless on a terminal; files in JSON have their exact names."""
    return harmless(Path(path).name or os.fspath(path))


def files_of(folder: Path) -> list[Path]:
    """The files of a folder, sorted, but for hidden ones."""
    try:
        return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError:
        raise PictureError("the folder cannot be opened; check its name and its permissions") from None


def figures(result: Any, *left_out: str) -> dict[str, Any]:
    """A result's fields fit for JSON: its ModelKey's four first, arrays as lists, without those left out."""
    fields = result.key._asdict() | {k: v for k, v in result._asdict().items() if k not in ("key", *left_out)}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in fields.items()}


def own_or_public(library: "Library", domain: str, split: str, data_dir: Path | None = None) -> "Pictures":
    """Pictures of a domain's "train", "held-out" or "test" split: of one that is not shipped from data_dir, or the test
    split that its training kept beside its models."""
    from vaedemo.data import datasets
    from vaedemo.data.domains import DOMAINS

    if split == "held-out":
        return datasets.held_out(own_or_public(library, domain, "train", data_dir))[1]
    row = library.domain(domain)
    if domain in DOMAINS:
        return datasets.load(domain, split, data_dir)
    name = f"{domain}_{split}.npz"
    folder = Path(data_dir) if data_dir is not None else library.folder / domain
    if data_dir is None and not (folder / name).is_file():
        raise DataError(f"there are no pictures to {split} {domain}; give the folder that holds {name} with --data-dir")
    return datasets.from_npz(folder / name, row.shape)


def write_picture(image: Image.Image, path: Path, text: Mapping[str, str] | None = None) -> None:
    """Write a PIL picture in the format that the path's ending names; text: {name: value} that a PNG is to carry."""
    buffer = io.BytesIO()
    kind = Image.registered_extensions().get(path.suffix.lower())
    options: dict[str, Any] = {}
    if kind == "PNG" and text:
        options["pnginfo"] = PngImagePlugin.PngInfo()
        for name, value in text.items():
            options["pnginfo"].add_text(name, value)
    try:
        image.save(buffer, kind, **options)
    except (OSError, KeyError, ValueError):
        raise ConfigError(f"a picture cannot be written as {path.suffix}; choose .png, .jpg or .webp") from None
    write_atomic(path, buffer.getvalue())
