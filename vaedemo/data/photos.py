"""Photographs to learn from: one memory-mapped file of all of them, crops, and ways to damage a crop.

Batches are made from a torch.Generator alone, so that a run that is gone on with sees what it would have seen.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo import runtime
from vaedemo.data.damage import photo_mask
from vaedemo.data.datasets import GREY, Pictures
from vaedemo.errors import DataError

__all__ = ["Damaged", "Photos", "as_grey", "damage", "mask_bank", "middles", "open_photos"]

HELD_OUT = {"cid22": 16, "clic": 4}  # pictures of each set that are kept for choosing
SHARES = {"cid22": 0.5, "clic": 0.25, "clic-half": 0.25}  # of the training crops
FLAT = 3 / 255  # a crop whose levels vary less teaches little: drawn anew once
Row = tuple[str, int, int, int]  # of a photograph: its set, first byte, height and width


class Damaged(NamedTuple):
    """A batch to learn from: x clean, y damaged (holes zero; not clipped unless the noise was), both (B, 3, H, W) with
    x in [0, 1]; sigma (B, 1, H, W), the noise's strength in the same unit; mask (B, 1, H, W), 1 where known."""

    x: Tensor
    y: Tensor
    sigma: Tensor
    mask: Tensor


class Photos:
    """Photographs uint8 (H, W, 3) in one memory-mapped file: `train` and `held_out` list (set, first byte, H, W)."""

    def __init__(self, path: str | Path) -> None:
        index = json.loads(Path(path).with_suffix(".json").read_text())
        self.pixels = np.memmap(path, dtype=np.uint8, mode="r")
        self.held_out: list[Row] = [tuple(row[1:]) for row in index if row[0] == "held-out"]
        self.train: dict[str, list[Row]] = {}
        for split, name, *where in index:
            if split == "train":
                self.train.setdefault(name, []).append((name, *where))
        self._edges = {k: np.cumsum([h * w for *_, h, w in rows]) for k, rows in self.train.items()}

    def __len__(self) -> int:
        """How many there are to train on."""
        return sum(map(len, self.train.values()))

    @property
    def digest(self) -> str:
        """Which they are, by name and size."""
        return hashlib.blake2b(repr(self.train).encode(), digest_size=16).hexdigest()

    def picture(self, row: Row) -> np.ndarray:
        """One photograph, uint8 (H, W, 3), without a copy."""
        _, first, height, width = row
        return self.pixels[first : first + 3 * height * width].reshape(height, width, 3)

    def middle(self, row: Row, side: int) -> Tensor:
        """The middle of one photograph, uint8 (3, side, side)."""
        picture = self.picture(row)
        top, left = ((s - side) // 2 for s in picture.shape[:2])
        return torch.from_numpy(picture[top : top + side, left : left + side].transpose(2, 0, 1).copy())

    def crops(self, count: int, side: int, generator: torch.Generator) -> Tensor:
        """uint8 tensor (count, 3, side, side): from each set its share, flipped and turned at random."""
        found = []
        for numbers in torch.rand(count, 8, generator=generator, dtype=torch.float64).tolist():
            crop = self._crop(side, *numbers[:4])
            if crop.std() < 255 * FLAT:
                crop = self._crop(side, *numbers[4:8])
            turn = int(numbers[7] * 1e6) % 8
            crop = np.rot90(crop, turn % 4)
            found.append(np.ascontiguousarray((crop[:, ::-1] if turn >= 4 else crop).transpose(2, 0, 1)))
        return torch.from_numpy(np.stack(found))

    def _crop(self, side: int, which: float, where: float, top: float, left: float) -> np.ndarray:
        names = [n for n in SHARES if n in self.train]
        edges = np.cumsum([SHARES[n] for n in names])
        name = names[int(np.searchsorted(edges, which * edges[-1], side="right"))]
        rows, ends = self.train[name], self._edges[name]
        picture = self.picture(rows[int(np.searchsorted(ends, where * ends[-1], side="right"))])
        height, width, _ = picture.shape
        row, column = int(top * (height - side + 1)), int(left * (width - side + 1))
        return picture[row : row + side, column : column + side]


def open_photos(folder: str | Path) -> Photos:
    """Photos of folder/cid22 and folder/clic; the file (some 0.6 GB) is written at the first call, then kept.

    A fixed part of both is held out for choosing; the larger photographs of clic are there a second time at half size.
    """
    folder = Path(folder)
    path = folder / "train.bin"
    if not path.with_suffix(".json").exists():
        _write(folder, path)
    return Photos(path)


def _write(folder: Path, path: Path) -> None:
    from PIL import Image

    index, offset = [], 0
    with open(path, "wb") as file:
        for name, kept in HELD_OUT.items():
            files = sorted((folder / name).glob("*.png"))
            if len(files) <= kept:
                raise DataError(f"{folder / name} holds {len(files)} photographs; unpack the photographs first")
            order = torch.randperm(len(files), generator=runtime.generator("held out", name)).tolist()
            for rank, number in enumerate(order):
                picture = Image.open(files[number]).convert("RGB")
                split = "held-out" if rank < kept else "train"
                sizes = [(name, picture)]
                if name == "clic" and split == "train":
                    size = (picture.width // 2, picture.height // 2)
                    sizes.append(("clic-half", picture.resize(size, Image.Resampling.LANCZOS)))
                for label, p in sizes:
                    data = np.asarray(p)
                    file.write(data.tobytes())
                    index.append([split, label, offset, *data.shape[:2]])
                    offset += data.size
    path.with_suffix(".json").write_text(json.dumps(index))


def middles(photos: Photos, side: int = 128) -> Pictures:
    """The middle of each held-out photograph, uint8 (N, 3, side, side)."""
    return Pictures(torch.stack([photos.middle(row, side) for row in photos.held_out]))


def mask_bank(count: int = 2048, side: int = 128, seed: int = 0) -> Tensor:
    """count masks of damage.photo_mask, bool (count, side, side), True where known: drawn once, cropped anew each
    time."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(np.stack([photo_mask(side, rng) for _ in range(count)]))


def as_grey(x: Tensor) -> Tensor:
    """x (B, 3, H, W) in [0, 1] as a grey file holds it: luma of BT.601 in whole levels, the same in all channels."""
    luma = (x * torch.tensor(GREY).view(3, 1, 1)).sum(1, keepdim=True)
    return ((255 * luma).round() / 255).expand_as(x)


def damage(
    clean: Tensor, masks: Tensor, generator: torch.Generator, noisy: float = 1.0, broken: float = 0.0, grey: float = 0.0
) -> Damaged:
    """Damaged from crops uint8 (B, 3, S, S) and a mask bank; shares of the crops that get noise, holes, and that are
    turned grey first, where the noise is the same in all three channels.

    Noise: Gaussian of sigma 0 to 75 of 255, even or rising over the crop; unclipped, or clipped and rounded as a file
    holds it, or as a camera makes it (variance rising with the light, unequal in the channels, sometimes soft).
    """
    count, _, side, _ = clean.shape
    x = clean.float().div_(255)
    u = torch.rand(count, 8, 1, 1, 1, generator=generator)
    strength = torch.where(u[:, 0] < 0.85, 0.004 + 0.22 * u[:, 1], 75 / 255 * u[:, 1])
    strength = strength * (u[:, 2] < noisy)
    ramp = torch.linspace(0, 1, side).expand(side, side)
    ramp = torch.where(u[:, 3] < 0.5, ramp, ramp.T)
    sigma = torch.where(u[:, 4] < 0.08, strength * (1 - ramp * u[:, 3]), strength.expand(count, 1, side, side))
    noise = torch.randn(x.shape, generator=generator)
    if grey:
        turned = torch.rand(count, 1, 1, 1, generator=generator) < grey
        x, noise = torch.where(turned, as_grey(x), x), torch.where(turned, noise[:, :1], noise)
    camera, filed = u[:, 5] < 0.15, u[:, 5] < 0.4
    gains = 0.7 + 0.6 * torch.rand(count, 3, 1, 1, generator=generator)
    if grey:
        gains = torch.where(turned, 1.0, gains)
    light = (0.15 + x).sqrt() * gains
    light = light / light.square().mean((1, 2, 3), keepdim=True).sqrt()
    soft = F.avg_pool2d(F.pad(noise, (1, 1, 1, 1), mode="replicate"), 3, 1)
    soft = 0.6 * noise + 0.4 * soft
    soft = soft / soft.std((1, 2, 3), keepdim=True)
    noise = torch.where(camera, torch.where(u[:, 6] < 0.3, soft, noise) * light, noise)
    y = x + sigma * noise
    y = torch.where(filed, (y.clamp(0, 1) * 255).round() / 255, y)

    picks = torch.randint(len(masks), (count,), generator=generator).tolist()
    at = torch.randint(masks.shape[-1] - side + 1, (count, 2), generator=generator).tolist()
    known = torch.stack([masks[k, r : r + side, c : c + side] for k, (r, c) in zip(picks, at, strict=True)])[:, None]
    mask = (known | (u[:, 7] >= broken)).float()
    return Damaged(x, y * mask, sigma, mask)
