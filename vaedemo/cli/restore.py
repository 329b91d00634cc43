"""The commands denoise and inpaint: damaged pictures restored, one or a folder of them."""

import json
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import tqdm
import tyro

from vaedemo.cli import terminal
from vaedemo.cli.common import Command, files_of, shown, write_picture
from vaedemo.cli.outputs import TAG, distinct, planned, require_ending, tag
from vaedemo.data.domains import Domain, get_domain
from vaedemo.errors import ConfigError, PictureError
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.read import read
from vaedemo.services.restore.run import Figures, measure, run
from vaedemo.services.restore.task import DENOISING, FILLING, check, domain_of, seen, task_of
from vaedemo.store.library import Library

__all__ = ["Denoise", "Inpaint"]

WHITE_SPREAD = 0.25  # standard deviation that is drawn white

PICTURE = (
    "a picture in any format that Pillow reads, or a folder of pictures. For a small domain give it at the model's own "
    "size (28 x 28, 32 x 32 or 64 x 64) and light on dark, as the model sees it: of another size the centre square is "
    "scaled, and nothing is trimmed or inverted. A photograph keeps its size"
)
DOMAIN = (
    "digits, fashion, objects, shapes or photos; if left out photos where both sides are above 64 pixels, else the one "
    "that the picture seems to be of, which heavy damage can hide"
)
NUMBER = (
    "of the method vae: plausible answers, 1 to 16, whose mean is written; 8 if left out. A photograph's answer is not "
    "made of samples: it has some (4 if left out, at most 8) only with --each or --spread"
)
MASK = (
    "a picture of the same shape: WHITE (above half) MARKS WHAT IS MISSING and is filled, black is kept; labels (0 and "
    "1), and strokes or holes in a transparent picture, are understood too. Of a folder one mask for all, or a folder "
    "with files of the same names"
)


@dataclass(frozen=True, kw_only=True)
class _Restoring(Command):
    """What the two commands share: everything but the method's name, the noise and the mask."""

    picture: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="IN", help=PICTURE)]
    out: Path
    """the picture to write, whose ending names the format (one that is there is replaced); of a folder the folder to
    write to, as PNG under the picture's name, with its ending where two would be one file"""
    domain: Annotated[str | None, tyro.conf.arg(help=DOMAIN)] = None
    samples: Annotated[int | None, tyro.conf.arg(help=NUMBER)] = None
    each: bool = False
    """write the samples too, beside OUT: OUT-1.png, OUT-2.png, ..."""
    spread: bool = False
    """write the spread, the standard deviation left to each pixel, as OUT-spread.png: black 0, white 0.25 and more"""
    clean: Path | None = None
    """the undamaged picture, or a folder with files of the same names; PSNR and SSIM against it are printed"""
    json: bool = False
    """print the figures as JSON, of a folder as a list; "file" is the exact name (bytes that are no UTF-8 as Python's
    os.fsdecode has them)"""
    overwrite: bool = False
    """replace files of a folder, samples and spreads that are there already and that another command wrote; what is
    read is never written over"""

    mask: Path | None
    method: str
    sigma: float | None

    methods: ClassVar[tuple[str, ...]]

    def run(self) -> None:
        library, folder = Library(self.checkpoints), os.path.isdir(self.picture)
        self._check(library)
        jobs, rows, left_out = self._jobs(library), [], []
        for source, target in tqdm.tqdm(jobs, unit="picture", disable=None if folder else True):
            try:
                rows.append(self._one(library, source, target))
            except PictureError as error:
                if not folder:
                    raise
                left_out.append((shown(source), str(error)))
        if left_out:
            names = ", ".join(name for name, _ in left_out[:5]) + (" ..." if len(left_out) > 5 else "")
            count = "1 file was" if len(left_out) == 1 else f"{len(left_out)} files were"
            line = f"{count} left out: {names}; the first because: {left_out[0][1]}"
            if not rows:
                raise PictureError(line)
            terminal.say(line)
        if self.json:
            print(json.dumps(rows if folder else rows[0], indent=1))
            return
        for row in rows:
            print(_line(row))
            if row.get("note"):
                terminal.say(f"{row['file']}: {row['note']}")

    def _check(self, library: Library) -> None:
        check(self.method, self.methods, self.sigma, self.samples)
        if self.domain is not None:
            get_domain(self.domain, library.restorable)
        if self.method != "vae" and (self.samples is not None or self.each or self.spread):
            raise ConfigError(f"the method {self.method} has one answer; leave --samples, --each and --spread to vae")

    def _count(self, row: Domain | None) -> int:
        """How many samples are drawn; a photograph's answer is not made of them."""
        if row is not None and row.size is None and not (self.each or self.spread):
            return 0
        count = self.samples or (row.damages.usual_samples if row else 8)
        if row is not None and row.size is None and self.spread and count < 2:
            raise ConfigError("one sample has no spread; give --samples 2 or more")
        return count

    def _jobs(self, library: Library) -> list[tuple[Path, Path]]:
        """[(picture's file, file to write)] of one picture, or of every file of a folder; all that will be written is
        checked."""
        if not os.path.isdir(self.picture):  # which takes names of any length
            require_ending(self.out)
            inputs = [self.picture, *filter(None, (self.mask, self.clean))]
            named = self._names(library, self.out)[1:]
            tags = {path: self._tag(self.picture) for path in named if path.exists()}
            planned([self.out], named, inputs=inputs, overwrite=self.overwrite, tags=tags)
            return [(self.picture, self.out)]
        if os.path.lexists(self.out) and not os.path.isdir(self.out):
            raise ConfigError(f"{shown(self.out)} is a file; give a folder to write a folder's pictures to")
        if os.path.realpath(self.out) == os.path.realpath(self.picture):
            raise ConfigError("the pictures would be written over those that are read; give another folder")
        files = files_of(self.picture)
        if not files:
            raise PictureError("there is no file in the folder; give a picture or a folder of pictures")
        targets = distinct(files, self.out, partial(self._names, library))
        inputs = list(files)
        for path in filter(None, (self.mask, self.clean)):
            inputs += files_of(path) if os.path.isdir(path) else [path]
        results = {path: source for source, target in targets.items() for path in self._names(library, target)}
        tags = {path: self._tag(source) for path, source in results.items() if path.exists()}
        planned([], results, inputs=inputs, overwrite=self.overwrite, tags=tags)
        return list(targets.items())

    def _names(self, library: Library, target: Path) -> list[Path]:
        """The paths that go with a result: itself, its samples and their spread."""
        count = self._count(None if self.domain is None else get_domain(self.domain, library.restorable))
        ends = [f"-{i + 1}" for i in range(count if self.each else 0)] + ["-spread"] * self.spread
        return [target, *(target.with_name(f"{target.stem}{end}.png") for end in ends)]

    def _tag(self, source: Path) -> str:
        """What a result comes from: the same command on the same picture makes the same one again."""
        try:
            mask = None if self.mask is None else _partner(self.mask, source, "mask")
        except PictureError:
            mask = None
        chosen = self.method, self.domain, self.sigma, self.samples, self.seed, os.path.realpath(self.checkpoints)
        return tag(type(self).__name__, *chosen, source, mask)

    def _one(self, library: Library, source: Path, target: Path) -> dict[str, Any]:
        """One picture restored and written; its row of figures."""
        image = read(source)
        row = domain_of(library, self.domain, image)
        mask = None if self.mask is None else _partner(self.mask, source, "mask")
        options = {"method": self.method, "sigma": self.sigma, "samples": self._count(row), "seed": self.seed}
        task = task_of(image, row, mask, estimate=True, **options)
        clean = None
        if self.clean is not None:
            clean = seen(read(_partner(self.clean, source, "clean picture")), row)
        start = time.perf_counter()
        with tqdm.tqdm(unit="tile", leave=False, disable=True if row.size else None) as bar:
            for progress in run(library, task):
                bar.total = progress.total
                bar.update(progress.done - bar.n)
        seconds, (answer,) = time.perf_counter() - start, progress.answers
        figures = (None,) * 3 if clean is None else measure(answer.mean, clean, task.mask[0])
        pictures, origin = {"": answer.mean}, {TAG: self._tag(source)}
        if self.each:
            pictures |= {f"-{i}": sample for i, sample in enumerate(answer.samples, 1)}
        if self.spread:
            pictures["-spread"] = answer.spread.mean(0, keepdims=True) / WHITE_SPREAD
        for end, picture in pictures.items():
            path = target.with_name(f"{target.stem}{end}.png") if end else target
            write_picture(to_image(picture), path, origin)
        said: dict[str, Any] = {"file": source.name, "domain": row.name, "method": self.method}
        said |= {"sigma": _rounded(answer.sigma), "estimated": _rounded(answer.estimated), "seconds": round(seconds, 3)}
        said |= {name: _rounded(v) for name, v in zip(Figures._fields, figures, strict=True)}
        return said | {"seed": self.seed} | ({} if mask is None else {"note": task.note})


@dataclass(frozen=True, kw_only=True)
class Denoise(_Restoring):
    """Take the noise out of a picture, or out of every picture of a folder."""

    method: str = "vae"
    """vae (trained to restore), plain (the VAE of clean pictures; small domains), nlm, wavelet, tv or median"""
    sigma: float | None = None
    """the noise's standard deviation, of values in [0, 1]; estimated if left out, but the small vae does without it"""

    methods: ClassVar[tuple[str, ...]] = DENOISING
    mask: Annotated[Path | None, tyro.conf.Fixed, tyro.conf.Suppress] = None


@dataclass(frozen=True, kw_only=True)
class Inpaint(_Restoring):
    """Fill what a mask says is missing of a picture, or of every picture of a folder; white marks what is missing."""

    mask: Annotated[Path, tyro.conf.arg(help=MASK)]
    method: str = "vae"
    """vae (trained to restore), plain (the VAE of clean pictures; small domains) or biharmonic"""
    sigma: float = 0.0
    """of the method vae: standard deviation of noise on what is known, of values in [0, 1]; at 0 it is kept exactly"""

    methods: ClassVar[tuple[str, ...]] = FILLING


def _partner(path: Path, source: Path, what: str) -> Path:
    """The file that goes with a picture: the path, or of a folder its file of the picture's name, or else stem."""
    if not os.path.isdir(path):
        return path
    files = files_of(path)
    found = [p for p in files if p.name == source.name] or [p for p in files if p.stem == source.stem]
    if not found:
        raise PictureError(f"there is no {what} for {shown(source)}; give it the same name")
    return found[0]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def _line(row: dict[str, Any]) -> str:
    """A row of figures in words."""
    noise = f"noise {row['sigma']:.3g}" if row["sigma"] is not None and row["estimated"] is None else None
    noise = f"noise estimated as {row['estimated']:.3g}" if row["estimated"] is not None else noise
    psnr, ssim, hole = (row[name] for name in Figures._fields)
    parts = [row["domain"], row["method"], noise, f"{row['seconds']:.1f} s"]
    parts += [psnr is not None and f"PSNR {psnr:.2f} dB", ssim is not None and f"SSIM {ssim:.3f}"]
    parts += [hole is not None and f"PSNR {hole:.2f} dB in the hole"]
    return f"{shown(row['file'])}: {', '.join(part for part in parts if part)}"
