"""What every viewer knows: JPEG, WebP, AVIF, JPEG XL and PNG, at a quality, or as near as they come to a size or PSNR.

Each as Pillow writes it: JPEG with 4:2:0, optimised tables, progressive; WebP with its most thorough search; AVIF and
JPEG XL at Pillow's defaults, the latter where its plugin is installed. Files are whole, and decoded again.
"""

import contextlib
import time
from collections.abc import Callable, Generator
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, features

from vaedemo.errors import ConfigError

__all__ = ["File", "Rival", "TRIES", "at", "decoded", "fitting", "nearest", "rivals", "spread"]


class Rival(NamedTuple):
    """How Pillow writes a format; qualities from worst to best, a single one where there is no choice; the longest side
    of a picture, in pixels."""

    format: str
    qualities: tuple[int, ...]
    options: dict[str, Any]
    side: int = 1 << 30


class File(NamedTuple):
    """A rival's file of a picture: its bytes, what they decode to (uint8 (H, W, 3)), and how long both took."""

    name: str
    quality: int
    data: bytes
    picture: np.ndarray
    encode_seconds: float
    decode_seconds: float

    @property
    def bpp(self) -> float:
        """Bits a pixel."""
        return 8 * len(self.data) / self.picture[..., 0].size


_ALL = {
    "JPEG": Rival("JPEG", tuple(range(1, 96)), {"subsampling": "4:2:0", "optimize": True, "progressive": True}, 65_500),
    "WebP": Rival("WEBP", tuple(range(101)), {"method": 6}, 16_383),
    "AVIF": Rival("AVIF", tuple(range(101)), {}, 65_536),
    "JPEG XL": Rival("JXL", tuple(range(1, 100)), {}),
    "PNG": Rival("PNG", (100,), {"optimize": True}),
}


def rivals() -> dict[str, Rival]:
    """{name: Rival} of those that this installation can write."""
    with contextlib.suppress(ImportError):
        import pillow_jxl  # noqa: F401  registers the format
    Image.init()
    without = () if features.check("avif") else ("AVIF",)  # whose plugin is there without its library
    return {name: r for name, r in _ALL.items() if r.format in Image.SAVE and name not in without}


def at(picture: np.ndarray, name: str, quality: int) -> File:
    """The file of a picture uint8 (H, W, 3). ConfigError where it is not among rivals(), or has no such quality."""
    rival = rivals().get(name)
    if rival is None or quality not in rival.qualities:
        choices = ", ".join(f"{n} ({r.qualities[0]} to {r.qualities[-1]})" for n, r in rivals().items())
        raise ConfigError(f"no {name} of quality {quality}; choose from {choices}")
    start, file = time.perf_counter(), BytesIO()
    Image.fromarray(picture).save(file, rival.format, quality=quality, **rival.options)
    written = time.perf_counter()
    made = decoded(name, file.getvalue())
    return File(name, quality, file.getvalue(), made, written - start, time.perf_counter() - written)


def decoded(name: str, data: bytes) -> np.ndarray:
    """The picture uint8 (H, W, 3) of a rival's file."""
    with Image.open(BytesIO(data), formats=[_ALL[name].format]) as image:
        return np.array(image.convert("RGB"))


def fitting(picture: np.ndarray) -> dict[str, Rival]:
    """Those of rivals() that can hold a picture uint8 (H, W, 3)."""
    return {name: rival for name, rival in rivals().items() if max(picture.shape[:2]) <= rival.side}


TRIES = 9  # at most, of nearest() among a hundred qualities


def nearest(
    picture: np.ndarray, name: str, wanted: float, measure: Callable[[File], float]
) -> Generator[None, None, File]:
    """Return the file whose measure, which grows with quality, is nearest to what is wanted; by bisection, yielding
    after each try."""
    qualities = rivals()[name].qualities
    low, high = -1, len(qualities)  # of which nothing is known yet
    best: tuple[float, File] | None = None
    while high - low > 1:
        middle = (low + high) // 2
        file = at(picture, name, qualities[middle])
        value = measure(file)
        low, high = (middle, high) if value <= wanted else (low, middle)
        if best is None or abs(value - wanted) < best[0]:
            best = abs(value - wanted), file
        yield
    assert best is not None
    return best[1]


def spread(name: str, points: int) -> list[int]:
    """So many qualities, evenly over all there are, worst first."""
    qualities = rivals()[name].qualities
    return sorted({qualities[round(i * (len(qualities) - 1) / max(1, points - 1))] for i in range(points)})
