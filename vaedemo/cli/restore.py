"""The commands denoise and inpaint: damaged pictures restored, one or a folder of them."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
import tqdm
import tyro

from vaedemo.cli import terminal
from vaedemo.cli.common import shown, write_picture
from vaedemo.cli.outputs import TAG, distinct, planned, require_ending, tag
from vaedemo.errors import ConfigError, PictureError, UnknownDomain
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.read import read
from vaedemo.services.restore import run as restore
from vaedemo.store.library import CHECKPOINTS, Library

__all__ = ["Denoise", "Inpaint"]

SAMPLES, PHOTO_SAMPLES = 8, 4  # where the number is left out
MAX_PHOTO_SAMPLES = 8  # each takes 12 bytes a pixel
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


class _Made(NamedTuple):
    """A restored picture float32 (C, H, W); its samples, none of a method that has one answer; their spread or None."""

    x_hat: np.ndarray
    samples: list
    spread: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class _Restore:
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
    seed: int = 0
    """of the samples"""
    json: bool = False
    """print the figures as JSON, of a folder as a list; "file" is the exact name (bytes that are no UTF-8 as Python's
    os.fsdecode has them)"""
    overwrite: bool = False
    """replace files of a folder, samples and spreads that are there already and that another command wrote; what is
    read is never written over"""
    checkpoints: Path = CHECKPOINTS
    """folder of the models"""

    def run(self):
        library, folder = Library(self.checkpoints), os.path.isdir(self.picture)
        self._check(library)
        jobs, rows, left_out = self._jobs(), [], []
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

    def _check(self, library):
        domains = [*library.domains, restore.PHOTOS]
        if self.method not in self.methods:
            raise ConfigError(f"no method {self.method!r}; choose from {', '.join(self.methods)}")
        if self.domain is not None and self.domain not in domains:
            raise UnknownDomain(f"no domain {self.domain!r}; choose from {', '.join(domains)}")
        if self.sigma is not None and not 0 <= self.sigma <= 1:
            raise ConfigError(
                f"--sigma is {self.sigma:g}; choose 0 to 1, in units of the whole range (25 of 255 levels are 0.098)"
            )
        if self.samples is not None and not 1 <= self.samples <= restore.MAX_SAMPLES:
            raise ConfigError(f"--samples is {self.samples}; choose 1 to {restore.MAX_SAMPLES}")
        if self.method != "vae" and (self.samples is not None or self.each or self.spread):
            raise ConfigError(f"the method {self.method} has one answer; leave --samples, --each and --spread to vae")
        if self.method in ("plain", "biharmonic") and self.sigma:
            raise ConfigError(f"the method {self.method} is told of no noise; leave --sigma to another one")

    def _jobs(self):
        """[(picture's file, file to write)] of one picture, or of every file of a folder; all that will be written is
        checked."""
        if not os.path.isdir(self.picture):  # which takes names of any length
            require_ending(self.out)
            inputs = [self.picture, *filter(None, (self.mask, self.clean))]
            named = self._names(self.out)[1:]
            tags = {path: self._tag(self.picture) for path in named if path.exists()}
            planned([self.out], named, inputs=inputs, overwrite=self.overwrite, tags=tags)
            return [(self.picture, self.out)]
        if os.path.lexists(self.out) and not os.path.isdir(self.out):
            raise ConfigError(f"{shown(self.out)} is a file; give a folder to write a folder's pictures to")
        if os.path.realpath(self.out) == os.path.realpath(self.picture):
            raise ConfigError("the pictures would be written over those that are read; give another folder")
        files = _files(self.picture)
        if not files:
            raise PictureError("there is no file in the folder; give a picture or a folder of pictures")
        targets = distinct(files, self.out, self._names)
        inputs = list(files)
        for path in filter(None, (self.mask, self.clean)):
            inputs += _files(path) if os.path.isdir(path) else [path]
        named = {path: source for source, target in targets.items() for path in self._names(target)}
        tags = {path: self._tag(source) for path, source in named.items() if path.exists()}
        planned([], named, inputs=inputs, overwrite=self.overwrite, tags=tags)
        return list(targets.items())

    def _names(self, target):
        """The paths that go with a result: itself, its samples and their spread."""
        count = self.samples or (PHOTO_SAMPLES if self.domain == restore.PHOTOS else SAMPLES)
        ends = [f"-{i + 1}" for i in range(count if self.each else 0)] + ["-spread"] * self.spread
        return [target, *(target.with_name(f"{target.stem}{end}.png") for end in ends)]

    def _tag(self, source):
        """What a result comes from: the same command on the same picture makes the same one again."""
        try:
            mask = None if self.mask is None else _partner(self.mask, source, "mask")
        except PictureError:
            mask = None
        chosen = self.method, self.domain, self.sigma, self.samples, self.seed, os.path.realpath(self.checkpoints)
        return tag(type(self).__name__, *chosen, source, mask)

    def _one(self, library, source, target):
        """One picture restored and written; its row of figures."""
        image = read(source)
        domain = self.domain or library.restoring(restore.proposed(image))
        row = domain if domain == restore.PHOTOS else library.domain(domain)
        y, mask, clean, note = restore.seen(image, row), None, None, {}
        if self.mask is not None:
            fitted = restore.known(_partner(self.mask, source, "mask"), image, row, self.method)
            mask = fitted.known
            guess = domain == restore.PHOTOS and self.method == "vae" and restore.guessed(mask)
            note = {"note": fitted.said() or (restore.GUESSED if guess else None)}
        if self.clean is not None:
            clean = restore.seen(read(_partner(self.clean, source, "clean picture")), row)
        start = time.perf_counter()
        level, estimated = self._levels(library, y, domain)
        made = self._restored(library, y, domain, mask, level)
        seconds = time.perf_counter() - start
        figures = (None,) * 3 if clean is None else restore.measure(made.x_hat, clean, mask)
        made_of = {TAG: self._tag(source)}
        write_picture(to_image(made.x_hat), target, made_of)
        for i, sample in enumerate(made.samples if self.each else (), 1):
            write_picture(to_image(sample), target.with_name(f"{target.stem}-{i}.png"), made_of)
        if self.spread:
            heat = to_image(made.spread.mean(0, keepdims=True) / WHITE_SPREAD)
            write_picture(heat, target.with_name(f"{target.stem}-spread.png"), made_of)
        said = {"file": source.name, "domain": domain, "method": self.method}
        said |= {"sigma": _rounded(level), "estimated": _rounded(estimated), "seconds": round(seconds, 3)}
        said |= {name: _rounded(v) for name, v in zip(restore.Figures._fields, figures, strict=True)}
        return said | {"seed": self.seed} | note

    def _levels(self, library, y, domain):
        """(the noise's strength as the method is told it or None, the estimate or None): the models of small pictures
        do without being told, and the plain one knows of no noise."""
        if self.sigma is not None:
            return self.sigma, None
        if self.method == "plain":
            return None, None
        estimated = restore.estimate_level(library, y, domain)
        return (None if self.method == "vae" and domain != restore.PHOTOS else estimated), estimated

    def _restored(self, library, y, domain, mask, level):
        if self.method == "plain" and domain != restore.PHOTOS and mask is not None and mask.all():
            return _Made(y, [], None)  # nothing is missing
        if self.method != "vae":
            return _Made(restore.restore_with(library, self.method, y, domain, mask, level=level), [], None)
        if domain != restore.PHOTOS:
            n = self.samples or SAMPLES
            made = restore.answers(library, y, domain, mask, level=level, n=n, seed=self.seed)
            return _Made(made.mean, list(made.samples), made.spread)
        n = (self.samples or PHOTO_SAMPLES) if self.each or self.spread else 0
        if n > MAX_PHOTO_SAMPLES:
            raise ConfigError(f"--samples is {n}; choose 1 to {MAX_PHOTO_SAMPLES} for photographs")
        if self.spread and n < 2:
            raise ConfigError("one sample has no spread; give --samples 2 or more")
        if self.sigma is None:
            level, mask = restore.photo_damage(y, mask)
        job = restore.photo(library, y, sigma=level, mask=mask, seeds=range(self.seed, self.seed + n))
        with tqdm.tqdm(unit="tile", leave=False, disable=None) as bar:
            for done, bar.total in job:
                bar.update(done - bar.n)
        samples = [sample.numpy() for sample in job.samples]
        return _Made(job.mean.numpy(), samples, job.spread.numpy() if self.spread else None)


@dataclass(frozen=True, kw_only=True)
class Denoise(_Restore):
    """Take the noise out of a picture, or out of every picture of a folder."""

    method: str = "vae"
    """vae (trained to restore), plain (the VAE of clean pictures; small domains), nlm, wavelet, tv or median"""
    sigma: float | None = None
    """the noise's standard deviation, of values in [0, 1]; estimated if left out, but the small vae does without it"""

    methods: ClassVar[tuple[str, ...]] = restore.DENOISING
    mask: ClassVar[Path | None] = None


@dataclass(frozen=True, kw_only=True)
class Inpaint(_Restore):
    """Fill what a mask says is missing of a picture, or of every picture of a folder; white marks what is missing."""

    mask: Annotated[Path, tyro.conf.arg(help=MASK)]
    method: str = "vae"
    """vae (trained to restore), plain (the VAE of clean pictures; small domains) or biharmonic"""
    sigma: float = 0.0
    """of the method vae: standard deviation of noise on what is known, of values in [0, 1]; at 0 it is kept exactly"""

    methods: ClassVar[tuple[str, ...]] = restore.FILLING


def _files(folder):
    """The files of a folder, sorted, but for hidden ones."""
    try:
        return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError:
        raise PictureError("the folder cannot be opened; check its permissions") from None


def _partner(path, source, what):
    """The file that goes with a picture: the path, or of a folder its file of the picture's name, or else stem."""
    if not os.path.isdir(path):
        return path
    files = _files(path)
    found = [p for p in files if p.name == source.name] or [p for p in files if p.stem == source.stem]
    if not found:
        raise PictureError(f"there is no {what} for {shown(source)}; give it the same name")
    return found[0]


def _rounded(value):
    return None if value is None else float(f"{value:.5g}")


def _line(row):
    """A row of figures in words."""
    noise = f"noise {row['sigma']:.3g}" if row["sigma"] is not None and row["estimated"] is None else None
    noise = f"noise estimated as {row['estimated']:.3g}" if row["estimated"] is not None else noise
    psnr, ssim, hole = (row[name] for name in restore.Figures._fields)
    parts = [row["domain"], row["method"], noise, f"{row['seconds']:.1f} s"]
    parts += [psnr is not None and f"PSNR {psnr:.2f} dB", ssim is not None and f"SSIM {ssim:.3f}"]
    parts += [hole is not None and f"PSNR {hole:.2f} dB in the hole"]
    return f"{shown(row['file'])}: {', '.join(part for part in parts if part)}"
