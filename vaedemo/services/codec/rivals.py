"""What every viewer knows: JPEG, WebP, AVIF, JPEG XL and PNG, at a quality, or as near as they come to a size or PSNR.

Each as Pillow writes it: JPEG with 4:2:0, optimised tables, progressive; WebP with its most thorough search; AVIF and
JPEG XL at Pillow's defaults, the latter where its plugin is installed. Files are whole, and decoded again.
"""

import contextlib
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, features

from vaedemo.errors import ConfigError

__all__ = ["File", "Rival", "at", "nearest", "rivals", "spread"]


class Rival(NamedTuple):
    """How Pillow writes a format; qualities from worst to best, a single one where there is no choice."""

    format: str
    qualities: tuple[int, ...]
    options: dict[str, Any]


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
    "JPEG": Rival("JPEG", tuple(range(1, 96)), {"subsampling": "4:2:0", "optimize": True, "progressive": True}),
    "WebP": Rival("WEBP", tuple(range(101)), {"method": 6}),
    "AVIF": Rival("AVIF", tuple(range(101)), {}),
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
    with Image.open(BytesIO(file.getvalue()), formats=[rival.format]) as image:
        decoded = np.array(image.convert("RGB"))
    return File(name, quality, file.getvalue(), decoded, written - start, time.perf_counter() - written)


def nearest(picture: np.ndarray, name: str, wanted: float, measure: Callable[[File], float]) -> File:
    """The file whose measure, which grows with quality, is nearest to what is wanted; by bisection."""
    qualities, found = rivals()[name].qualities, dict[int, File]()

    def look(i: int) -> float:
        if i not in found:
            found[i] = at(picture, name, qualities[i])
        return measure(found[i])

    low, high = 0, len(qualities) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if look(middle) <= wanted else (low, middle)
    best = min({low, high}, key=lambda i: abs(look(i) - wanted))
    return found[best]


def spread(name: str, points: int) -> list[int]:
    """So many qualities, evenly over all there are, worst first."""
    qualities = rivals()[name].qualities
    return sorted({qualities[round(i * (len(qualities) - 1) / max(1, points - 1))] for i in range(points)})
