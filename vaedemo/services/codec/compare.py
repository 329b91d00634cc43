"""One photograph through the codec and what every viewer knows: side by side, over all rates, over all channels.

Each is a generator of Progress, so that it can be shown while it goes on, and stopped.
"""

import time
from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np

from vaedemo.configs import _require
from vaedemo.maths.metrics import MS_SSIM_SIDE
from vaedemo.models.entropy import QUALITY_STEPS
from vaedemo.services.codec import photos, rivals
from vaedemo.services.codec.container import HEADER, Photo, unpack
from vaedemo.services.codec.files import LEVELS, Wish, compress, decompress
from vaedemo.services.codec.judge import Figures, judge, psnr
from vaedemo.store.library import Library

__all__ = ["MEASURES", "OURS", "Point", "Progress", "Row", "beside", "curves", "ladder", "steps_of"]

OURS = "vaedemo"  # the codec's name beside the others
POINTS = 7  # of a curve


class Row(NamedTuple):
    """A codec's whole file of a picture: its own quality, what it decodes to (uint8 (H, W, 3)), seconds."""

    name: str
    quality: float
    data: bytes
    picture: np.ndarray
    figures: Figures
    encode_seconds: float
    decode_seconds: float


class Point(NamedTuple):
    """A point of a curve: a codec's name, channels where they are few, the codec's own quality, whole bytes."""

    name: str
    channels: int | None
    quality: float
    bytes: int
    figures: Figures


class Progress(NamedTuple):
    """Steps that are done, of all, and what the last one found."""

    done: int
    total: int
    found: Row | Point | None = None


def _ms_ssim(x_hat: np.ndarray, x: np.ndarray) -> float:
    return judge(x_hat, x).ms_ssim or 0.0


# What can be made equal: the function that measures a rival's file of a picture.
MEASURES: dict[str, Callable[[rivals.File, np.ndarray], float]] = {
    "size": lambda file, _: len(file.data),
    "psnr": lambda file, picture: psnr(file.picture, picture),
    "ms_ssim": lambda file, picture: _ms_ssim(file.picture, picture),
}


def beside(library: Library, picture: np.ndarray, data: bytes, measure: str) -> Generator[Progress]:
    """A Row of the codec's own file of a picture uint8 (H, W, 3), and one a rival, whose quality is the one that comes
    nearest to it in a measure of MEASURES. ConfigError where a picture is too small for the measure."""
    _require(measure in MEASURES, f"no measure {measure!r}; choose from {', '.join(MEASURES)}")
    small = min(picture.shape[:2]) < MS_SSIM_SIDE
    told = f"a side of the picture has fewer than {MS_SSIM_SIDE} pixels, too few for MS-SSIM; choose psnr"
    _require(measure != "ms_ssim" or not small, told)
    names = list(rivals.fitting(picture))
    total = 1 + rivals.TRIES * len(names)
    yield Progress(0, total)
    own = _own(library, picture, data)
    yield Progress(1, total, own)
    wanted = {"size": len(data), "psnr": own.figures.psnr, "ms_ssim": own.figures.ms_ssim or 0.0}[measure]
    for i, name in enumerate(names):
        search = rivals.nearest(picture, name, wanted, lambda file: MEASURES[measure](file, picture))
        done, last = 1 + rivals.TRIES * i, 1 + rivals.TRIES * (i + 1)
        while True:
            try:
                next(search)
            except StopIteration as end:
                yield Progress(last, total, _row(end.value, picture))
                break
            done += 1
            if done < last:
                yield Progress(done, total)


def _row(file: rivals.File, picture: np.ndarray) -> Row:
    figures = judge(file.picture, picture)
    return Row(file.name, file.quality, file.data, file.picture, figures, file.encode_seconds, file.decode_seconds)


def _own(library: Library, picture: np.ndarray, data: bytes) -> Row:
    """The Row of a .vae file, its seconds taken anew (of a refined one without the refining)."""
    file = unpack(data)
    assert isinstance(file, Photo)
    codec, _ = library.codec()
    start = time.perf_counter()
    photos.encode(codec, photos.analyse(codec, picture, file.quality), file.quality, file.channels)
    written = time.perf_counter()
    found = decompress(library, file).picture
    read = time.perf_counter()
    quality = 100 * file.quality * QUALITY_STEPS / LEVELS
    return Row(OURS, quality, data, found, judge(found, picture), written - start, read - written)


def curves(library: Library, picture: np.ndarray, points: int = POINTS) -> Generator[Progress]:
    """Points of the codec and of its rivals, PNG left out, over all their qualities, worst first."""
    names = [name for name, rival in rivals.fitting(picture).items() if len(rival.qualities) > 1]
    qualities = {name: rivals.spread(name, points) for name in names}
    done, total = 0, points + sum(map(len, qualities.values()))
    yield Progress(0, total)
    for i in range(points):
        *_, last = compress(library, picture, Wish(100 * i / (points - 1)))
        assert last.result is not None
        done, found = done + 1, judge(last.result.picture, picture)
        yield Progress(done, total, Point(OURS, None, 100 * last.result.level / LEVELS, len(last.result.data), found))
    for name, of_name in qualities.items():
        for quality in of_name:
            file = rivals.at(picture, name, quality)
            done, found = done + 1, judge(file.picture, picture)
            yield Progress(done, total, Point(name, None, quality, len(file.data), found))


def steps_of(most: int) -> list[int]:
    """Numbers of channels to choose from: powers of two, and all."""
    return [*(2**i for i in range(most.bit_length()) if 2**i < most), most]


def ladder(library: Library, picture: np.ndarray, quality: float) -> Generator[Progress]:
    """Points of the first 1, 2, 4, ... channels alone at a quality of 0 to 100, and of all."""
    codec, _ = library.codec()
    numbers, level = steps_of(codec.config.channels), round(quality / 100 * LEVELS)
    total, (height, width, _) = len(numbers), picture.shape
    yield Progress(0, total)
    latents = photos.analyse(codec, picture, level / QUALITY_STEPS)
    for done, channels in enumerate(numbers, 1):
        coded = photos.encode(codec, latents, level / QUALITY_STEPS, channels)
        shown = photos.synthesise(codec, coded.known, level / QUALITY_STEPS, (height, width))
        found = judge(shown, picture)
        yield Progress(done, total, Point(OURS, channels, quality, HEADER + len(coded.payload), found))
