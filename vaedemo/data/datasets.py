"""Arrays of pictures: .npz files, folders, torchvision's loaders, generated shapes. Kept as uint8, given as floats."""

import functools
import hashlib
import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.data.domains import get_domain
from vaedemo.errors import DataError, PictureError
from vaedemo.pictures import shapes
from vaedemo.pictures.prepare import prepare

__all__ = ["FromFolder", "Pictures", "from_folder", "from_npz", "from_torchvision", "generated", "held_out", "load"]

MAX_FILES = 200_000  # below a folder
MINIMUM = 20  # pictures below which training on a folder makes no sense
GENERATED = {"train": 60_000, "test": 2_000}
TORCHVISION = {"digits": "MNIST", "fashion": "FashionMNIST", "objects": "CIFAR10"}


@dataclass(frozen=True)
class Pictures:
    """x uint8 (N, C, H, W); y (N,) class numbers, or None. Indexing gives float32 pictures in [0, 1]."""

    x: Tensor
    y: Tensor | None = None

    def __len__(self):
        return len(self.x)

    def __getitem__(self, rows):
        return self.x[rows].float().div_(255)

    @property
    def shape(self):
        return tuple(self.x.shape[1:])

    @functools.cached_property
    def digest(self):
        """32 hexadecimal digits that tell these pictures, in this order, from all others."""
        digest = hashlib.blake2b(repr(tuple(self.x.shape)).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.x.cpu().numpy()))
        return digest.hexdigest()

    def batches(self, size):
        """All pictures in order, float32 (size, C, H, W) at a time."""
        for first in range(0, len(self), size):
            yield self[first : first + size]

    def first(self, n):
        """The first n, or all. For figures take some(n)."""
        return self if n is None or n >= len(self) else self.rows(slice(n))

    def some(self, n, seed=0):
        """n drawn at random by a seed, in their own order, or all: the first of a set need not be like the rest (the
        first 5,000 of MNIST's test digits are the easier ones)."""
        if n is None or n >= len(self):
            return self
        return self.rows(torch.randperm(len(self), generator=runtime.generator("some", seed))[:n].sort().values)

    def rows(self, rows):
        """The Pictures of these rows, an index or a slice."""
        return Pictures(self.x[rows], None if self.y is None else self.y[rows])


def _checked(x, shape, name):
    if x.dtype != np.uint8 or x.ndim not in (3, 4):
        raise DataError(f"{name}: x is {x.dtype} of shape {x.shape}; give uint8 of shape (N, H, W, C)")
    x = x[..., None] if x.ndim == 3 else x
    if shape and x.shape[1:] != (shape[1], shape[2], shape[0]):
        raise DataError(f"{name}: pictures are {x.shape[1:]}; this domain wants {(shape[1], shape[2], shape[0])}")
    if not len(x):
        raise DataError(f"{name}: holds no pictures")
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def from_npz(path, shape=None):
    """Pictures from an .npz with x uint8 (N, H, W, C) and, optionally, y (N,); shape (C, H, W) is checked if given."""
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            x, y = file["x"], file.get("y")
    except FileNotFoundError:
        raise DataError(
            f"no file {path.name} in {path.parent}; give the folder that holds it with --data-dir, or leave "
            "--data-dir out to download the set"
        ) from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise DataError(f"{path.name} cannot be read; it has to be a whole .npz with an array x") from None
    if y is not None and len(y) != len(x):
        raise DataError(f"{path.name}: {len(x)} pictures but {len(y)} labels; they have to be as many")
    return Pictures(_checked(x, shape, path.name), None if y is None else torch.from_numpy(y.astype(np.int64)))


def from_torchvision(domain, split, root):
    """Pictures of a public set through torchvision, downloaded into root at the first call, checked by its sums."""
    try:
        import torchvision.datasets as sets
    except (ImportError, RuntimeError) as error:
        raise DataError(
            f"torchvision cannot be loaded ({str(error).splitlines()[0]}); install the one that fits torch, or give "
            ".npz files with --data-dir"
        ) from None
    try:
        loaded = getattr(sets, TORCHVISION[domain])(str(root), train=split == "train", download=True)
    except Exception as error:  # urllib's, zipfile's and torchvision's own errors share no base class
        raise DataError(
            f"{TORCHVISION[domain]} could not be downloaded ({type(error).__name__}); connect to a network, or give "
            ".npz files with --data-dir"
        ) from None
    x = np.asarray(loaded.data)
    y = torch.as_tensor(np.asarray(loaded.targets), dtype=torch.int64)
    return Pictures(_checked(x, get_domain(domain).shape, TORCHVISION[domain]), y)


class FromFolder:
    """Progress and outcome of from_folder: iterate for (done, total); then .pictures and .unreadable (names)."""

    def __init__(self, folder, size, channels):
        self.folder, self.size, self.channels = Path(folder), size, channels
        self.pictures, self.unreadable = None, []

    def __iter__(self):
        if not self.folder.is_dir():
            raise DataError(f"no folder {self.folder}; give a folder of pictures with --images")
        names = self._files()
        if not names:
            raise DataError(f"the folder {self.folder} is empty; at least {MINIMUM} pictures are needed")
        kept = []
        for done, path in enumerate(names, 1):
            try:
                x = prepare(path, channels=self.channels, size=self.size).x
                kept.append(np.round(x * 255).astype(np.uint8))
            except PictureError:
                self.unreadable.append(path.name)
            yield done, len(names)
        self.unreadable.sort()
        if len(kept) < MINIMUM:
            raise DataError(
                f"{len(kept)} pictures in {self.folder} can be read, {len(self.unreadable)} cannot; at least "
                f"{MINIMUM} are needed"
            )
        self.pictures = Pictures(torch.from_numpy(np.stack(kept)))

    def _files(self):
        """Files below the folder, sorted, each once by whatever links lead to it; hidden ones and hidden folders are
        left out, links are followed, and what cannot be opened is unreadable."""
        found, seen, waiting = [], set(), [self.folder]
        while waiting:
            path = waiting.pop()
            try:
                status = os.stat(path)
                identity = status.st_dev, status.st_ino
                if identity in seen:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    seen.add(identity)
                    with os.scandir(path) as entries:
                        names = sorted((e.name for e in entries if not e.name.startswith(".")), reverse=True)
                    waiting += [path / name for name in names]
                elif stat.S_ISREG(status.st_mode):
                    seen.add(identity)
                    found.append(path)
                    if len(found) > MAX_FILES:
                        raise DataError(
                            f"below {self.folder} and what it links to lie more than {MAX_FILES:,} files; give a "
                            "smaller folder"
                        )
            except OSError:  # a link to nothing or to itself, or no permission
                self.unreadable.append(path.name)
        return sorted(found)


def from_folder(folder, size=64, channels=3):
    """Every readable picture below a folder, cropped to its centre square and scaled; FromFolder, already run."""
    reading = FromFolder(folder, size, channels)
    for _ in reading:
        pass
    return reading


def generated(split, seed=0, n=None):
    """Pictures of the shapes domain; the splits never share a seed. y is the shape's index."""
    made = shapes.generate(n or GENERATED[split], seed=2 * seed + (split == "test"))
    return Pictures((made.x * 255).round().byte(), made.factors[:, 0].long())


def held_out(pictures, n):
    """(the rest, n pictures held out for choosing), drawn by a seed of its own, so the same for every run."""
    order = torch.randperm(len(pictures), generator=runtime.generator("held out", len(pictures)))
    return tuple(pictures.rows(rows.sort().values) for rows in (order[n:], order[:n]))


def load(domain, split, data_dir=None, download_dir="data"):
    """Pictures of a domain's "train" or "test" split: generated, or data_dir/<domain>_<split>.npz, or downloaded."""
    row = get_domain(domain)
    if domain == "shapes":
        return generated(split)
    if data_dir is not None:
        return from_npz(Path(data_dir) / f"{domain}_{split}.npz", row.shape)
    return from_torchvision(domain, split, download_dir)
