"""Arrays of pictures: .npz files, folders, torchvision's loaders, generated shapes. Stored as uint8, read as floats."""

import functools
import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo import runtime
from vaedemo.data.domains import get_domain
from vaedemo.errors import DataError, PictureError
from vaedemo.pictures import shapes
from vaedemo.pictures.prepare import prepare

__all__ = ["FromFolder", "Pictures", "from_npz", "from_torchvision", "generated", "held_out", "load"]

HELD_OUT = 5_000  # training pictures that everything is chosen by
MAX_FILES = 200_000  # below a folder
MINIMUM = 20  # pictures that training on a folder needs
GENERATED = {"train": 60_000, "test": 2_000}  # shapes
GREY = (0.299, 0.587, 0.114)  # weights of red, green and blue, Rec. 601
TORCHVISION = {"digits": "MNIST", "fashion": "FashionMNIST", "objects": "CIFAR10"}


@dataclass(frozen=True)
class Pictures:
    """x uint8 (N, C, H, W); y (N,) class numbers, or None. Indexing gives float32 pictures in [0, 1]."""

    x: Tensor
    y: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Any) -> Tensor:
        return self.x[rows].float().div_(255)

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W) of a picture."""
        return tuple(self.x.shape[1:])

    @functools.cached_property
    def digest(self) -> str:
        """32 hexadecimal digits that identify these pictures in this order."""
        digest = hashlib.blake2b(repr(tuple(self.x.shape)).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.x.cpu().numpy()).data)
        return digest.hexdigest()

    def batches(self, size: int) -> Iterator[Tensor]:
        """All pictures in order, float32 (size, C, H, W) at a time."""
        for first in range(0, len(self), size):
            yield self[first : first + size]

    def first(self, n: int | None) -> "Pictures":
        """The first n, or all; figures need some(n)."""
        return self if n is None or n >= len(self) else self.rows(slice(n))

    def some(self, n: int | None) -> "Pictures":
        """n drawn at random from a fixed seed, in their own order, or all: the first of a set may differ from the rest
        (the first 5,000 of MNIST's test digits are easier)."""
        if n is None or n >= len(self):
            return self
        return self.rows(torch.randperm(len(self), generator=runtime.generator("some", 0))[:n].sort().values)

    def as_of(self, shape: tuple[int, ...]) -> "Pictures":
        """These pictures as those of another domain, of shape (C, H, W): coloured ones grey (Rec. 601) where that has
        one channel, grey ones in three equal channels where it has three, resized bilinearly without aliasing."""
        channels, *size = shape
        x = self.x.float()
        if channels == 1 and x.shape[1] == 3:
            x = (x * torch.tensor(GREY)[:, None, None]).sum(1, keepdim=True)
        if list(x.shape[2:]) != size:
            x = F.interpolate(x, size=size, mode="bilinear", antialias=True)
        return Pictures(x.expand(-1, channels, -1, -1).round().clamp(0, 255).byte().contiguous(), self.y)

    def rows(self, rows: Any) -> "Pictures":
        """The Pictures of these rows, an index or a slice."""
        return Pictures(self.x[rows], None if self.y is None else self.y[rows])


def _checked(x: np.ndarray, shape: tuple[int, ...] | None, name: str) -> Tensor:
    if x.dtype != np.uint8 or x.ndim not in (3, 4):
        raise DataError(f"{name}: x is {x.dtype} of shape {x.shape}; give uint8 of shape (N, H, W, C)")
    x = x[..., None] if x.ndim == 3 else x
    if shape and x.shape[1:] != (shape[1], shape[2], shape[0]):
        raise DataError(f"{name}: pictures are {x.shape[1:]}; this domain wants {(shape[1], shape[2], shape[0])}")
    if not len(x):
        raise DataError(f"{name}: holds no pictures")
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def from_npz(path: str | Path, shape: tuple[int, ...] | None = None) -> Pictures:
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


def from_torchvision(domain: str, split: str, root: str | Path) -> Pictures:
    """Pictures of a public set from torchvision, downloaded into root at the first call, its checksums verified."""
    try:
        import torchvision.datasets as sets
    except (ImportError, RuntimeError) as error:
        raise DataError(
            f"torchvision cannot be loaded ({str(error).splitlines()[0]}); install the version that fits torch, or "
            "give .npz files with --data-dir"
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
    """Reads a folder: iterate for (done, total); then .pictures, and .unreadable, their names."""

    pictures: Pictures

    def __init__(self, folder: str | Path, size: int, channels: int) -> None:
        self.folder, self.size, self.channels = Path(folder), size, channels
        self.unreadable: list[str] = []

    def __iter__(self) -> Iterator[tuple[int, int]]:
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

    def _files(self) -> list[Path]:
        """Files below the folder, sorted, each once however many links lead to it; hidden files and folders are left
        out, and what cannot be opened is unreadable."""
        found: list[Path] = []
        seen, waiting = set(), [self.folder]
        while waiting:
            path = waiting.pop()
            try:
                status = os.stat(path)
                identity = status.st_dev, status.st_ino
                if identity in seen:
                    continue
                seen.add(identity)
                if stat.S_ISDIR(status.st_mode):
                    names = sorted((name for name in os.listdir(path) if not name.startswith(".")), reverse=True)
                    waiting += [path / name for name in names]
                elif stat.S_ISREG(status.st_mode):
                    found.append(path)
            except OSError:  # a link to nothing or to itself, or no permission
                self.unreadable.append(path.name)
            if len(found) > MAX_FILES:
                raise DataError(
                    f"below {self.folder} and what it links to lie more than {MAX_FILES:,} files; give a smaller folder"
                )
        return sorted(found)


def generated(split: str, n: int | None = None) -> Pictures:
    """Pictures of shapes, y being the shape's index; the splits do not share a seed."""
    x, factors = shapes.generate(n or GENERATED[split], seed=int(split == "test"))
    return Pictures((x * 255).round().byte(), factors[:, 0].long())


def held_out(pictures: Pictures, n: int | None = None) -> tuple[Pictures, Pictures]:
    """(the rest, n pictures held out to choose by), the same in every run; by default 5,000, of small sets a tenth."""
    n = min(HELD_OUT, max(1, len(pictures) // 10)) if n is None else n
    order = torch.randperm(len(pictures), generator=runtime.generator("held out", len(pictures)))
    return pictures.rows(order[n:].sort().values), pictures.rows(order[:n].sort().values)


def load(domain: str, split: str, data_dir: str | Path | None = None, download_dir: str | Path = "data") -> Pictures:
    """Pictures of a domain's "train" or "test" split: generated, or data_dir/<domain>_<split>.npz, or downloaded."""
    row = get_domain(domain)
    if domain == "shapes":
        return generated(split)
    if data_dir is not None:
        return from_npz(Path(data_dir) / f"{domain}_{split}.npz", row.shape)
    return from_torchvision(domain, split, download_dir)
