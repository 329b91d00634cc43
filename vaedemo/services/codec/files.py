"""Photographs to .vae files and back: at a quality, or as well as a size, a rate or a PSNR allows.

What is asked for is searched among 97 qualities by bisection: files grow with quality. Where even the lowest takes too
many bytes, channels are left out, the least important first.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vaedemo.configs import _option, _require
from vaedemo.errors import CodecError
from vaedemo.models.codec import Codec
from vaedemo.models.entropy import BLOCK, LAMBDAS, QUALITY_STEPS
from vaedemo.services.codec import photos
from vaedemo.services.codec.container import HEADER, MAX_SIDE, Photo, pack
from vaedemo.services.codec.judge import psnr
from vaedemo.services.codec.refine import Step, refine
from vaedemo.store.library import Library

__all__ = [
    "Compressed",
    "Decompressed",
    "LEVELS",
    "MAX_PIXELS",
    "Progress",
    "Try",
    "Wish",
    "compress",
    "decompress",
]

MAX_PIXELS = 16_000_000  # of a picture: more would take more than 2 GB
REFINED = 4_000_000  # of a picture whose latents are refined: gradients take 450 bytes a pixel
LEVELS = QUALITY_STEPS * (len(LAMBDAS) - 1)  # steps of quality; quality 100 is this one


@dataclass(frozen=True)
class Wish:
    """How a photograph is to be compressed: exactly one of the first four."""

    quality: float | None = _option(None, "0 (smallest) to 100 (best)")
    bytes: int | None = _option(None, "as good as fits in a file of so many bytes")
    bpp: float | None = _option(None, "as good as fits in so many bits a pixel")
    psnr: float | None = _option(None, "as small as a PSNR in dB allows")
    channels: int | None = _option(None, "numbers that describe a block of 16 x 16 pixels; all if left out")
    refine: float | None = _option(None, "seconds for which the numbers of this picture are improved")

    def __post_init__(self) -> None:
        given = [n for n in ("quality", "bytes", "bpp", "psnr") if getattr(self, n) is not None]
        _require(
            len(given) == 1, f"{' and '.join(given) or 'nothing'} was asked for; give one of quality, bytes, bpp, psnr"
        )
        if self.quality is not None:
            _require(0 <= self.quality <= 100, f"quality is {self.quality:g}; choose 0 to 100")
        for name in ("bytes", "bpp", "psnr", "channels", "refine"):
            value = getattr(self, name)
            _require(value is None or 0 < value < 1e12, f"{name} is {str(value)[:20]}; choose more than 0")


class Try(NamedTuple):
    """A step of the search: level of quality (0 .. 96), channels, the file's bytes, and the PSNR in dB if it counts."""

    level: int
    channels: int
    bytes: int
    psnr: float | None = None


class Compressed(NamedTuple):
    """data: the file; picture uint8 (H, W, 3): what it decodes to; level; channels; bits float64 (H/16, W/16): what
    each position took, without the header; each float64 (M,): what each channel took."""

    data: bytes
    picture: np.ndarray
    level: int
    channels: int
    bits: np.ndarray
    each: np.ndarray


class Progress(NamedTuple):
    """Steps that are done, of about so many; what was tried; while latents are refined how far that is; with the last
    step the result."""

    done: int
    total: int
    tried: tuple[Try, ...]
    result: Compressed | None = None
    refined: Step | None = None


class Decompressed(NamedTuple):
    """picture uint8 (H, W, 3); what the file says; how many channels were whole, and how many more there in part: of a
    file that was cut short, the numbers that are missing are as the model predicts them."""

    picture: np.ndarray
    file: Photo
    channels: int
    in_part: int


class _Search:
    """The files of one picture at several levels of quality and numbers of channels."""

    def __init__(self, codec: Codec, identity: bytes, picture: np.ndarray, total: int) -> None:
        self.codec, self.identity, self.picture, self.total = codec, identity, picture, total
        self.tried: list[Try] = []
        self._latents: tuple[int, photos.Latents] | None = None
        self._coded: tuple[tuple[int, int], photos.Coded] | None = None

    def _analysed(self, level: int) -> photos.Latents:
        """What photos.analyse gives; the last is kept."""
        if self._latents is None or self._latents[0] != level:
            self._latents = None
            self._latents = level, photos.analyse(self.codec, self.picture, level / QUALITY_STEPS)
        return self._latents[1]

    def _encoded(self, level: int, channels: int) -> photos.Coded:
        """What photos.encode gives; the last is kept."""
        if self._coded is None or self._coded[0] != (level, channels):
            self._coded = None  # before there is another one: of a large photograph 0.3 GB
            coded = photos.encode(self.codec, self._analysed(level), level / QUALITY_STEPS, channels)
            self._coded = (level, channels), coded
        return self._coded[1]

    def _shown(self, coded: photos.Coded, level: int) -> np.ndarray:
        height, width, _ = self.picture.shape
        return photos.synthesise(self.codec, coded.known, level / QUALITY_STEPS, (height, width))

    def stages(self, level: int, channels: int) -> Generator[Progress]:
        """The analysis, then the coding, which are all that a known quality needs before its result."""
        self._analysed(level)
        yield Progress(1, self.total, ())
        self._encoded(level, channels)
        yield Progress(2, self.total, ())

    def at(self, level: int, channels: int, measured: bool = False) -> Try:
        coded = self._encoded(level, channels)
        found = psnr(self._shown(coded, level), self.picture) if measured else None
        self.tried.append(Try(level, channels, HEADER + len(coded.payload), found))
        return self.tried[-1]

    def result(self, level: int, channels: int) -> Progress:
        coded, (height, width, _) = self._encoded(level, channels), self.picture.shape
        self._latents = None  # what is left to do is to decode
        data = pack(self.identity, (width, height), level / QUALITY_STEPS, channels, coded.payload)
        result = Compressed(data, self._shown(coded, level), level, channels, coded.bits, coded.each)
        return Progress(self.total, self.total, tuple(self.tried), result)

    def _judged(self, coded: photos.Coded, level: int) -> tuple[float, float]:
        """(bits a pixel + lambda * squared error in grey levels, PSNR in dB)."""
        found = psnr(self._shown(coded, level), self.picture)
        weight = LAMBDAS[0] * 2 ** (level / QUALITY_STEPS)
        return 8 * len(coded.payload) / self.picture[..., 0].size + weight * 255**2 * 10 ** (-found / 10), found

    def refine(
        self, level: int, channels: int, wish: Wish, limit: float, halted: Callable[[], bool]
    ) -> Generator[Progress]:
        """Improve the latents for wish.refine seconds; they are kept where rate + lambda * distortion fell, the file
        stays within a limit of bytes, and the picture reaches the PSNR that is wished for."""
        seconds = wish.refine or 0.0
        before, quality = self._encoded(level, channels), level / QUALITY_STEPS
        refining = refine(self.codec, self.picture, self._analysed(level), quality, channels, seconds, halted)
        first = max(self.total - math.ceil(seconds) - 1, len(self.tried))
        while True:
            try:
                step = next(refining)
            except StopIteration as end:
                coded = photos.encode(self.codec, end.value, quality, channels)
                break
            yield Progress(min(first + int(step.seconds), self.total - 1), self.total, tuple(self.tried), refined=step)
        (cost, found), (cost_before, _) = (self._judged(one, level) for one in (coded, before))
        fits = HEADER + len(coded.payload) <= limit and (wish.psnr is None or found >= wish.psnr)
        self._coded = (level, channels), coded if fits and cost < cost_before else before

    def largest(self, top: int, good: Callable[[int], bool]) -> Generator[Progress, None, int]:
        """The largest of 0 .. top that is good, where all below it are too, or -1; by bisection."""
        low, high = -1, top
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if good(middle) else (low, middle - 1)
            yield Progress(min(len(self.tried), self.total - 1), self.total, tuple(self.tried))
        return low


def _require_pixels(count: int, told: str, most: int = MAX_PIXELS) -> None:
    if count > most:
        what = "the limit" if most == MAX_PIXELS else "the limit of what can be refined"
        limit = f"{what} is {most // 10**6} million, so scale it down first."
        raise CodecError(f"{told} {count / 1e6:,.0f} million pixels; {limit}")


def compress(
    library: Library, picture: np.ndarray, wish: Wish, halted: Callable[[], bool] = lambda: False
) -> Generator[Progress]:
    """Progress of a picture uint8 (H, W, 3); the last has the result. Once halted, refining keeps what it has gained.
    CodecError where the wish cannot be fulfilled."""
    _require_pixels(picture[..., 0].size, "The picture has")
    if max(picture.shape[:2]) > MAX_SIDE:
        raise CodecError(f"A side of the picture has more than {MAX_SIDE:,} pixels; scale it down first.")
    if wish.refine is not None:
        _require_pixels(picture[..., 0].size, "The picture has", REFINED)
    codec, identity = library.codec()
    most = codec.config.channels
    channels = most if wish.channels is None else wish.channels
    _require(channels <= most, f"channels is {channels}; choose 1 to {most}")
    steps = 3 if wish.quality is not None else 1 + LEVELS.bit_length()
    search, limit = _Search(codec, identity, picture, steps + math.ceil(wish.refine or 0)), math.inf
    yield Progress(0, search.total, ())
    if wish.quality is not None:
        level = round(wish.quality / 100 * LEVELS)
        yield from search.stages(level, channels)
    elif (wanted := wish.psnr) is not None:
        level = 1 + (yield from search.largest(LEVELS, lambda i: (search.at(i, channels, True).psnr or 0) < wanted))
        if level > LEVELS:
            best = max(one.psnr or 0 for one in search.tried)
            raise CodecError(f"a PSNR of {wanted:g} dB is out of reach; ask for {best:.1f} dB at most.")
    else:
        limit = wish.bytes or int((wish.bpp or 0) * picture[..., 0].size / 8)
        level = yield from search.largest(LEVELS, lambda i: search.at(i, channels).bytes <= limit)
        if level < 0:
            level, least = 0, search.at(0, 0).bytes
            if least > limit:
                raise CodecError(f"{limit:,} bytes are too few; this picture takes at least {least:,}.")
            channels = yield from search.largest(channels - 1, lambda k: search.at(0, k).bytes <= limit)
    if wish.refine is not None:
        yield from search.refine(level, channels, wish, limit, halted)
    yield search.result(level, channels)


def decompress(library: Library, file: Photo, name: str = "This file") -> Decompressed:
    """The picture of a file; of one that was cut short, what is there."""
    width, height = file.size
    _require_pixels(width * height, f"{name} says that it has")
    codec, identity = library.codec()
    if file.model != identity:
        raise CodecError(f"{name} was written with another model; open it with the version that wrote it.")
    if file.channels > codec.config.channels or file.quality > LEVELS / QUALITY_STEPS:
        raise CodecError(f"{name} is damaged; get another copy of it.")
    blocks = -(-height // BLOCK), -(-width // BLOCK)
    known, whole, part = photos.decode(codec, file.payload, blocks, file.quality, file.channels, file.missing > 0)
    return Decompressed(photos.synthesise(codec, known, file.quality, (height, width)), file, whole, part)
