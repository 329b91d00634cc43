"""What the commands share: a picture read and made ready for a domain, one written, and a name fit for a terminal."""

import io
import os
import unicodedata
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from vaedemo.data import datasets
from vaedemo.data.domains import DOMAINS, get_domain
from vaedemo.errors import ConfigError, DataError
from vaedemo.pictures.prepare import prepare, propose_domain
from vaedemo.pictures.read import read
from vaedemo.store.checkpoints import write_atomic

__all__ = ["figures", "harmless", "own_or_public", "read_picture", "shown", "write_picture"]


def harmless(text):
    """Text without what breaks a line, turns its direction or cannot be written: such characters become _."""
    return "".join("_" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)


def shown(path):
    """A file's name, harmless on a terminal; files in JSON have their exact names."""
    return harmless(Path(path).name or os.fspath(path))


def figures(made, *left_out):
    """A result's fields fit for JSON: its ModelKey's four first, arrays as lists, without those left out."""
    fields = made.key._asdict() | {k: v for k, v in made._asdict().items() if k not in ("key", *left_out)}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in fields.items()}


def read_picture(path, domain=None, fit="crop", polarity="auto", *, library=None):
    """(x float32 (C, H, W) in [0, 1], name of the domain): a file as a domain's models see it, None for the domain that
    suits it, of a library one that has models."""
    source = read(path)
    if library is None:
        row = get_domain(domain or propose_domain(source))
    else:
        row = library.domain(domain or library.proposed(source))
    made = prepare(source, channels=row.channels, size=row.shape[1], strokes=row.strokes, fit=fit, polarity=polarity)
    return made.x, row.name


def own_or_public(library, domain, split, data_dir=None):
    """Pictures of a domain's "train" or "test" split: of one that is not shipped from data_dir, or the test split that
    its training kept beside its models."""
    row = library.domain(domain)
    if domain in DOMAINS:
        return datasets.load(domain, split, data_dir)
    name = f"{domain}_{split}.npz"
    folder = Path(data_dir) if data_dir is not None else library.folder / domain
    if data_dir is None and not (folder / name).is_file():
        raise DataError(f"there are no pictures to {split} {domain}; give the folder that holds {name} with --data-dir")
    return datasets.from_npz(folder / name, row.shape)


def write_picture(image, path, text=None):
    """Write a PIL picture in the format that the path's ending names; text: {name: value} that a PNG is to carry."""
    buffer = io.BytesIO()
    kind = Image.registered_extensions().get(path.suffix.lower())
    options = {}
    if kind == "PNG" and text:
        options["pnginfo"] = PngImagePlugin.PngInfo()
        for name, value in text.items():
            options["pnginfo"].add_text(name, value)
    try:
        image.save(buffer, kind, **options)
    except (OSError, KeyError, ValueError):
        raise ConfigError(f"a picture cannot be written as {path.suffix}; choose .png, .jpg or .webp") from None
    write_atomic(path, buffer.getvalue())
