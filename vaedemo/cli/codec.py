"""The commands compress, decompress and info: photographs as .vae files."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tqdm
import tyro
from PIL import Image

from vaedemo.cli.common import Command, shown, write_picture
from vaedemo.cli.outputs import planned
from vaedemo.errors import CodecError
from vaedemo.pictures.read import read
from vaedemo.services.codec.container import HEADER, Container, unpack
from vaedemo.services.codec.files import LEVELS, Wish, compress, decompress
from vaedemo.services.codec.judge import psnr
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.library import Library

__all__ = ["Compress", "Decompress", "Info"]

LARGEST = 1_000_000_000  # bytes of a .vae file


@dataclass(frozen=True, kw_only=True)
class Compress(Command):
    """Write a photograph as a .vae file: at a quality, or as good as a size allows, or as small as a PSNR allows."""

    picture: tyro.conf.Positional[Path]
    """the photograph: any format that Pillow reads"""
    out: tyro.conf.Positional[Path]
    """the .vae file to write; one that is there already is replaced"""
    quality: float | None = None
    """0 (smallest) to 100 (best); 50 if nothing else is asked for"""
    bytes: int | None = None
    """as good as fits in so many bytes"""
    bpp: float | None = None
    """as good as fits in so many bits a pixel"""
    psnr: float | None = None
    """as small as a PSNR in dB allows"""
    channels: int | None = None
    """numbers that describe a block of 16 x 16 pixels; all 320 if left out"""

    def run(self) -> None:
        named = (self.quality, self.bytes, self.bpp, self.psnr)
        quality = 50.0 if named == (None,) * 4 else self.quality
        wish = Wish(quality, self.bytes, self.bpp, self.psnr, self.channels)
        planned([self.out], inputs=[self.picture], ending=".vae")
        library, picture = Library(self.checkpoints), np.asarray(read(self.picture).convert("RGB"))
        with tqdm.tqdm(unit="step", leave=False, disable=None) as bar:
            for progress in compress(library, picture, wish):
                bar.total = progress.total
                bar.update(progress.done - bar.n)
        made = progress.result
        assert made is not None
        write_atomic(self.out, made.data)
        size, pixels = len(made.data), picture[..., 0].size
        said: dict[str, Any] = {
            "bytes": size,
            "bpp": round(8 * size / pixels, 4),
            "ratio": round(picture.size / size, 2),
            "ratio_to_file": round(os.path.getsize(self.picture) / size, 2),
            "psnr": round(psnr(made.picture, picture), 3),
            "quality": round(100 * made.level / LEVELS, 2),
            "channels": made.channels,
            "tried": [one._asdict() for one in progress.tried],
        }
        lines = []
        for one in progress.tried[:-1] if quality is None else ():
            at = "" if one.psnr is None else f", {one.psnr:.2f} dB"
            lines.append(
                f"tried quality {100 * one.level / LEVELS:.0f}, {one.channels} channels: {one.bytes:,} bytes{at}"
            )
        lines.append(
            f"{shown(self.out)}: {size:,} bytes, {said['bpp']:.3f} bits a pixel, {said['ratio']:.1f} x smaller than raw"
            f" pixels, {said['ratio_to_file']:.1f} x than the file; PSNR {said['psnr']:.2f} dB, quality "
            f"{said['quality']:.0f}, {made.channels} channels"
        )
        self.tell(said, "\n".join(lines))


def _bytes_of(path: Path) -> bytes:
    """A .vae file's bytes."""
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST)
    except (OSError, ValueError):
        raise CodecError(f"{shown(path)} cannot be opened; check its name and its permissions") from None


@dataclass(frozen=True, kw_only=True)
class Decompress(Command):
    """Write the photograph of a .vae file as a picture; of a file that was cut short what is there."""

    file: tyro.conf.Positional[Path]
    """the .vae file"""
    out: tyro.conf.Positional[Path]
    """the picture to write; its ending names the format, and one that is there already is replaced"""

    def run(self) -> None:
        planned([self.out], inputs=[self.file])
        opened = decompress(Library(self.checkpoints), _bytes_of(self.file), shown(self.file))
        write_picture(Image.fromarray(opened.picture), self.out)
        said = _told(opened.file) | {"channels_decoded": opened.channels}
        width, height = opened.file.size
        missing = f"; {opened.file.missing:,} bytes are missing" if opened.file.missing else ""
        which = f"{opened.channels} of {opened.file.channels} channels"
        self.tell(said, f"{shown(self.out)}: {width} x {height}, {which}{missing}")


@dataclass(frozen=True, kw_only=True)
class Info(Command):
    """Tell what a .vae file says of itself."""

    file: tyro.conf.Positional[Path]
    """the .vae file"""

    def run(self) -> None:
        said = _told(unpack(_bytes_of(self.file), shown(self.file)))
        self.tell(said, "\n".join(f"{name:10} {value}" for name, value in said.items()))


def _told(file: Container) -> dict[str, Any]:
    width, height = file.size
    size = HEADER + file.told
    return {
        "size": f"{width} x {height}",
        "bytes": size,
        "missing": file.missing,
        "bpp": round(8 * size / (width * height), 4),
        "quality": round(100 * file.quality * 16 / LEVELS, 2),
        "channels": file.channels,
        "model": file.model.hex(),
    }
