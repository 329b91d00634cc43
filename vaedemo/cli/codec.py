"""The commands compress, decompress and info: photographs as .vae files."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tqdm
import tyro
from PIL import Image

from vaedemo.cli.common import Command, files_of, shown, write_picture
from vaedemo.cli.outputs import planned
from vaedemo.errors import CodecError, ConfigError, PictureError
from vaedemo.pictures.read import read, read_with_changes
from vaedemo.services.codec import stacks
from vaedemo.services.codec.container import HEADER, STACK_HEADER, Photo, Pictures, unpack
from vaedemo.services.codec.files import LEVELS, Wish, compress, decompress
from vaedemo.services.codec.judge import psnr
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.library import Library

__all__ = ["Compress", "Decompress", "Info"]

# What reading did to a picture, in words that follow "the picture was".
CHANGES = {
    "turned": "turned upright as its EXIF says",
    "converted": "converted to sRGB",
    "flattened": "laid on white where it was transparent",
    "dropped": "parted from its other metadata",
}
LARGEST = 200_000_000  # bytes of a .vae file: none that can be written has as many


@dataclass(frozen=True, kw_only=True)
class Compress(Command):
    """Write a photograph as a .vae file: at a quality, or as good as a size allows, or as small as a PSNR allows. Or a
    folder of small pictures, without loss."""

    picture: tyro.conf.Positional[Path]
    """the photograph: any format that Pillow reads; or with --lossless a folder of grey pictures of 28 x 28 pixels"""
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
    refine: float | None = None
    """seconds for which the numbers of this picture are improved: fewer bytes, or a better picture"""
    lossless: bool = False
    """code a folder of small pictures by bits back, in the order of their names"""

    def run(self) -> None:
        asked = (self.quality, self.bytes, self.bpp, self.psnr, self.channels, self.refine)
        if self.lossless and any(word is not None for word in asked):
            raise ConfigError("what is coded without loss has no quality; leave the other options out")
        planned([self.out], inputs=[self.picture], ending=".vae")
        self._folder() if self.lossless else self._photograph()

    def _photograph(self) -> None:
        searched = any(word is not None for word in (self.bytes, self.bpp, self.psnr))
        quality = 50.0 if self.quality is None and not searched else self.quality
        wish = Wish(quality, self.bytes, self.bpp, self.psnr, self.channels, self.refine)
        image, changes = read_with_changes(self.picture)
        library, picture = Library(self.checkpoints), np.asarray(image.convert("RGB"))
        del image  # of a large one 40 MB
        progress = _carried_out(compress(library, picture, wish), "step")
        result = progress.result
        write_atomic(self.out, result.data)
        size = len(result.data)
        said: dict[str, Any] = {
            "bytes": size,
            "bpp": round(8 * size / picture[..., 0].size, 4),
            "ratio": round(picture.size / size, 2),
            "ratio_to_file": round(os.path.getsize(self.picture) / size, 2),
            "psnr": round(psnr(result.picture, picture), 3),
            "quality": round(100 * result.level / LEVELS, 2),
            "channels": result.channels,
            "changes": list(changes),
            "tried": [one._asdict() for one in progress.tried],
        }
        lines = []
        for one in progress.tried[:-1] if searched else ():
            tried = f"tried quality {100 * one.level / LEVELS:.0f}, {one.channels} channels: {one.bytes:,} bytes"
            lines.append(tried if one.psnr is None else f"{tried}, {one.psnr:.2f} dB")
        lines.append(
            f"{shown(self.out)}: {size:,} bytes, {said['bpp']:.3f} bits a pixel, {said['ratio']:.1f} x smaller than raw"
            f" pixels, {said['ratio_to_file']:.1f} x than the file; PSNR {said['psnr']:.2f} dB, quality "
            f"{said['quality']:.0f}, {result.channels} channels"
        )
        if changes:
            lines.append(f"before that the picture was {', '.join(CHANGES[change] for change in changes)}")
        self.tell(said, "\n".join(lines))

    def _folder(self) -> None:
        files = files_of(self.picture)
        if not files:
            raise PictureError("there is no file in the folder; give a folder of pictures")
        x = np.stack([_small(path) for path in files])
        result = _carried_out(stacks.compress(Library(self.checkpoints), x), "picture").result
        write_atomic(self.out, result.data)
        said = {"pictures": len(x), "bytes": len(result.data), "bpp": round(8 * len(result.data) / x.size, 4)}
        said |= {"domain": result.domain, "kind": result.kind}
        self.tell(
            said,
            f"{shown(self.out)}: {len(x):,} pictures, {len(result.data):,} bytes, {said['bpp']:.4f} bits a pixel, by "
            f"{result.domain}, {result.kind}",
        )


def _carried_out(steps: Iterator[Any], unit: str) -> Any:
    """The last of some records of progress, with a bar."""
    with tqdm.tqdm(unit=unit, leave=False, disable=None) as bar:
        for progress in steps:
            bar.total = progress.total
            bar.update(progress.done - bar.n)
    return progress


def _small(path: Path) -> np.ndarray:
    """uint8 (28, 28) of a grey picture's file."""
    x = np.asarray(read(path))
    if x.ndim == 3 and (x == x[..., :1]).all():
        x = x[..., 0]
    if x.shape != (28, 28):
        raise PictureError(f"{shown(path)} is no grey picture of 28 x 28 pixels; scale it, or leave --lossless out")
    return x


def _opened(path: Path) -> Photo | Pictures:
    """What a .vae file holds."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe may not end
            raise CodecError(f"{shown(path)} is not a file; choose one that `compress` wrote")
        with open(path, "rb") as file:
            data = file.read(LARGEST)
    except OSError:
        raise CodecError(f"{shown(path)} cannot be opened; check its name and its permissions") from None
    return unpack(data, shown(path))


@dataclass(frozen=True, kw_only=True)
class Decompress(Command):
    """Write the photograph of a .vae file as a picture; of a file that was cut short what is there. Of small pictures
    without loss, all of them into a folder."""

    file: tyro.conf.Positional[Path]
    """the .vae file"""
    out: tyro.conf.Positional[Path]
    """the picture to write, whose ending names the format (one that is there is replaced); of small pictures a folder
    that is not there yet, for 00001.png, 00002.png, ..."""

    def run(self) -> None:
        file, library = _opened(self.file), Library(self.checkpoints)
        if isinstance(file, Pictures):
            return self._folder(library, file)
        planned([self.out], inputs=[self.file])
        opened = decompress(library, file, shown(self.file))
        write_picture(Image.fromarray(opened.picture), self.out)
        said = _told(file) | {"channels_decoded": opened.channels, "channels_in_part": opened.in_part}
        told = f"{shown(self.out)}: {said['size']}, {opened.channels} of {file.channels} channels"
        if file.missing:
            told += f" and {opened.in_part} more in part" if opened.in_part else ""
            told += f"; {file.missing:,} bytes are missing, and what they said is predicted"
        self.tell(said, told)

    def _folder(self, library: Library, file: Pictures) -> None:
        if os.path.lexists(self.out):
            raise ConfigError(f"{shown(self.out)} is there already; name a folder that is not")
        x = np.concatenate(list(stacks.decompress(library, file, shown(self.file))))
        for number, picture in enumerate(x, 1):
            write_picture(Image.fromarray(picture), self.out / f"{number:05}.png")
        self.tell(_told(file), f"{shown(self.out)}: {len(x):,} pictures")


@dataclass(frozen=True, kw_only=True)
class Info(Command):
    """Tell what a .vae file says of itself."""

    file: tyro.conf.Positional[Path]
    """the .vae file"""

    def run(self) -> None:
        said = _told(_opened(self.file))
        self.tell(said, "\n".join(f"{name:10} {value}" for name, value in said.items()))


def _told(file: Photo | Pictures) -> dict[str, Any]:
    if isinstance(file, Pictures):
        size = STACK_HEADER + len(file.payload)
        return {"pictures": file.count, "bytes": size, "model": file.model.hex()}
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
