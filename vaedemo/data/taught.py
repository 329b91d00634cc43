"""What a class trains on in the page: a sheet of pictures that ships, drawn shapes, or pictures of one's own."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError, DataError
from vaedemo.pictures import shapes
from vaedemo.pictures.draw import grid

__all__ = ["FILE", "FOLLOWED", "SHEETS", "Taught", "drawn", "read_sheet", "write_sheet"]

FILE = "sheet.webp"  # of a domain, beside its models
SHEETS = ("digits", "fashion")  # domains whose pictures may ship
TAUGHT, UNSEEN = 2000, 500  # pictures that are learned from, and pictures of the same kind that are not
FOLLOWED = 8  # pictures whose reconstructions are followed
COLUMNS = 50
DRAWN_SIZE = 32  # of shapes: as large as 2,000 of them can be learned from in a lesson


class Taught(NamedTuple):
    """Pictures that a model learns from, and others of their kind that it never sees; none of them of one's own."""

    seen: Pictures
    unseen: Pictures

    def followed(self) -> torch.Tensor:
        """(FOLLOWED, C, H, W): the pictures whose reconstructions a class follows: half of them learned from, half
        never seen; of one's own all learned from."""
        half = FOLLOWED // 2
        if len(self.unseen) < FOLLOWED:
            return self.seen[:FOLLOWED]
        return torch.cat([self.seen[:half], self.unseen[half:FOLLOWED]])


def write_sheet(pictures: Pictures, path: Path) -> int:
    """Write the first pictures of each class, in turn, as one picture without gaps or loss; gives its bytes. The class
    of picture i is i modulo their number, so that the sheet needs no list of them."""
    if pictures.y is None:
        raise ConfigError("a sheet is made of pictures with classes")
    classes = int(pictures.y.max()) + 1
    each = (TAUGHT + UNSEEN) // classes
    rows = torch.stack([(pictures.y == c).nonzero()[:each, 0] for c in range(classes)], 1).flatten()
    path.parent.mkdir(parents=True, exist_ok=True)
    grid(pictures[rows].numpy(), COLUMNS, gap=0).save(path, lossless=True, quality=90, method=6)
    return path.stat().st_size


def read_sheet(path: Path, shape: tuple[int, int, int], classes: int) -> Taught:
    """The Taught of a sheet that write_sheet made of pictures (C, H, W) with so many classes."""
    try:
        with Image.open(path) as image:
            levels = np.asarray(image.convert("RGB"))  # WebP has no grey
    except (OSError, ValueError):
        raise DataError(f"{path.name} is missing or damaged; write it again with `derive --only sheet`") from None
    channels, height, width = shape
    count = TAUGHT + UNSEEN
    coloured = channels == 1 and bool((levels != levels[..., :1]).any())
    if coloured or levels.shape[:2] != (count // COLUMNS * height, COLUMNS * width):
        raise DataError(f"{path.name} is no sheet of {count} pictures; write it again with `derive --only sheet`")
    cells = levels[..., :channels].reshape(count // COLUMNS, height, COLUMNS, width, channels).transpose(0, 2, 4, 1, 3)
    x = torch.from_numpy(np.ascontiguousarray(cells.reshape(count, channels, height, width)))
    return _parted(Pictures(x, torch.arange(count) % classes))


def drawn(seed: int = 0) -> Taught:
    """Shapes drawn anew; their class is square, ellipse or heart."""
    made = shapes.generate(TAUGHT + UNSEEN, seed, DRAWN_SIZE)
    return _parted(Pictures(made.x.mul(255).round().byte(), made.factors[:, 0].long()))


def _parted(pictures: Pictures) -> Taught:
    return Taught(pictures.rows(slice(TAUGHT)), pictures.rows(slice(TAUGHT, None)))
