"""Photographs through the codec, for every tab that shows them: work a step a request, and pictures that lose nothing.

What is sent to be looked at is lossless: a codec's errors are not to be mixed with another one's. A photograph of more
than SHOWN pixels comes scaled down, and the part that is looked at closely by crop().
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from vaedemo.errors import CodecError, PictureError
from vaedemo.models.entropy import QUALITY_STEPS
from vaedemo.pictures.read import read_with_changes
from vaedemo.services.codec import compare, rivals
from vaedemo.services.codec.container import HEADER, Photo, unpack
from vaedemo.services.codec.files import LEVELS, MAX_PIXELS, Compressed, Progress, Try, Wish, compress, decompress
from vaedemo.services.codec.judge import Figures, judge, psnr
from vaedemo.store.library import Library
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import example_names, page_source
from vaedemo.ui.server.jobs import Job, Jobs, Step

if TYPE_CHECKING:
    from vaedemo.ui.server.service import Service

__all__ = ["ASKED", "Found", "LIMIT", "MAX_FILE", "Opened", "Photographs", "lossless", "opened", "sizes", "wish_of"]

Request = dict[str, Any]
Box = tuple[slice, slice]
EXAMPLES = "objects"  # the domain whose examples are photographs
SHOWN = 2_000_000  # pixels of a picture that is sent whole
SIDE = 16_383  # pixels that a WebP may have
CROP = 2_000_000  # pixels of a part
LIMIT = 0.1  # mean error of a pixel at which the map saturates, of values in [0, 1]
TOTAL_PIXELS = 40_000_000  # of all that wait; the oldest give way
MAX_FILE = 25_000_000  # bytes of a compressed file
MAX_SECONDS = 120  # of refining
ASKED = ("quality", "bytes", "bpp", "psnr")


@dataclass
class _Coding:
    """What a compression is about; the result, once it is there."""

    picture: np.ndarray
    given: int | None  # bytes of the file that was uploaded
    live: bool
    result: Compressed | None = None
    halted: bool = False  # whether what is refined is to be kept as it is now

    def answer(self, step: Step) -> Request:
        """What a step tells the page."""
        progress: Progress = step.progress
        found: Request = {"tried": [_tried(one) for one in progress.tried]}
        if progress.refined:
            at, seconds, bits, dB = progress.refined
            found["refined"] = {
                "step": at,
                "seconds": wire.rounded(seconds),
                "bits": round(bits),
                "psnr": wire.rounded(dB),
            }
        if progress.result:
            self.result = progress.result
            found |= self._shown(progress.result)
        return found

    def parts(self, box: Box) -> dict[str, np.ndarray]:
        """The pictures within a box, and the error."""
        assert self.result is not None
        x, x_hat = self.picture[box], self.result.picture[box]
        return {"original": x, "result": x_hat, "error": _error(x_hat, x)}

    def _shown(self, result: Compressed) -> Request:
        x_hat, x = result.picture, self.picture
        figures = Figures(psnr(x_hat, x), None, None) if self.live else judge(x_hat, x)
        most = float(result.bits.max())
        heat = np.rint(255 * result.bits / max(most, 1e-9)).astype(np.uint8)
        return {
            "result": lossless(x_hat),
            "error_map": lossless(_error(x_hat, x)),
            "figures": {name: wire.rounded(value) for name, value in figures._asdict().items()},
            **sizes(len(result.data), x),
            "ratio_to_file": None if self.given is None else wire.rounded(self.given / len(result.data), 4),
            "quality": wire.rounded(100 * result.level / LEVELS, 4),
            "channels": result.channels,
            "heat": {
                "width": heat.shape[1],
                "height": heat.shape[0],
                "data": base64.b64encode(heat.tobytes()).decode(),
                "most": wire.rounded(most, 3),
            },
        }


@dataclass
class Opened:
    """What a compressed file decoded to, which has no original."""

    picture: np.ndarray

    def answer(self, step: Step) -> Request:
        """There is nothing to tell."""
        return {}

    def parts(self, box: Box) -> dict[str, np.ndarray]:
        """The pictures within a box."""
        return {"result": self.picture[box]}


@dataclass
class Found:
    """Of a comparison: rows and points as the page shows them; files: those of the rows."""

    picture: np.ndarray
    files: list[tuple[str, bytes]] = field(default_factory=list)

    def parts(self, box: Box) -> dict[str, np.ndarray]:
        """What each codec but our own made of the part within a box, and its error, by the row's number."""
        found: dict[str, np.ndarray] = {}
        for i, (name, data) in enumerate(self.files):
            if name != compare.OURS:
                x_hat = rivals.decoded(name, data)[box]
                found |= {f"made{i}": x_hat, f"error{i}": _error(x_hat, self.picture[box])}
        return found

    def answer(self, step: Step) -> Request:
        """What a step tells the page."""
        found = step.progress.found
        if isinstance(found, compare.Row):
            self.files.append((found.name, found.data))
            return {"row": self._row(found)}
        return {} if found is None else {"point": self._point(found)}

    def _row(self, row: compare.Row) -> Request:
        return {
            "name": row.name,
            "quality": wire.rounded(row.quality, 4),
            **sizes(len(row.data), self.picture),
            **{name: wire.rounded(value) for name, value in row.figures._asdict().items()},
            "encode": wire.rounded(row.encode_seconds, 3),
            "decode": wire.rounded(row.decode_seconds, 3),
            "picture": lossless(row.picture),
            "error_map": lossless(_error(row.picture, self.picture)),
        }

    def _point(self, point: compare.Point) -> Request:
        return {
            "name": point.name,
            "channels": point.channels,
            "quality": wire.rounded(point.quality, 4),
            **sizes(point.bytes, self.picture),
            **{name: wire.rounded(value) for name, value in point.figures._asdict().items()},
        }


class Photographs:
    """Server functions over a Service; each takes one dict and never raises (its owner wraps them)."""

    def __init__(self, service: "Service") -> None:
        self.service = service
        self.jobs = Jobs(TOTAL_PIXELS, "This is no longer here; choose the picture again.")
        self.functions = (self.photo, self.begin, self.step, self.finish, self.stop, self.crop, self.file, self.ladder)

    @property
    def there(self) -> bool:
        """Whether there is a codec."""
        return self.library.has_exact("photos", "codec")

    def first_value(self) -> Request:
        """What the page knows before it asks: {"row": that of a table of domains, "channels": numbers of them to choose
        from, "limit": mean error at which the map saturates}."""
        names = list(example_names(EXAMPLES))
        kinds = {"kinds": {}, "betas": {}, "like": EXAMPLES}
        row = {"channels": 3, "size": None, "strokes": None, "examples": names, **kinds}
        return {"row": row, "channels": compare.steps_of(self.library.coded_channels()), "limit": LIMIT}

    @property
    def library(self) -> Library:
        """The Service's models."""
        return self.service.library

    def photo(self, request: Request) -> Request:
        """{"source"} -> {"domain": "photos", "original", "width", "height", "changes": what reading did to it, "given":
        bytes of the uploaded file or null}."""
        x, changes, given = self.opened(request.get("source"))
        size = {"width": x.shape[1], "height": x.shape[0]}
        with self.service.decoders_turn:
            original = lossless(x)
        return {"domain": "photos", "original": original, **size, "changes": list(changes), "given": given}

    def begin(self, request: Request) -> Request:
        """{"source", one of "quality", "bytes", "bpp", "psnr", "channels" or null, "refine": seconds or null, "live":
        whether figures that take long are left out} -> a job to be worked off by step(): {"job", "total"}."""
        wish = wish_of(request)
        x, _, given = self.opened(request.get("source"))
        about = _Coding(x, given, request.get("live") is True)
        works = {"compress": compress(self.library, x, wish, lambda: about.halted)}
        return self.added(works, x[..., 0].size, about)

    def opened(self, source: Any) -> tuple[np.ndarray, tuple[str, ...], int | None]:
        """(picture uint8 (H, W, 3), what reading did to it, bytes of its file or None) of what the page sends."""
        with self.service.decoders_turn:
            found = page_source(self.service, source)
            picture, changes = read_with_changes(found)
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError(
                    f"This photograph has {picture.width * picture.height / 1e6:.1f} million pixels; the limit is "
                    f"{MAX_PIXELS // 10**6} million, so scale it down first."
                )
            x = np.asarray(picture.convert("RGB"))
        given = found.stat().st_size if isinstance(found, Path) else None
        return x, changes, given

    def added(self, works: Mapping[str, Any], pixels: int, about: Any) -> Request:
        """{"job", "total"} of new work; about.answer(step) gives what a step tells the page."""
        with self.service.models_turn:
            job = Job(works, pixels, about)
        return {"job": self.jobs.add(job), "total": job.total}

    def step(self, request: Request) -> Request:
        """{"job"} -> {"done", "total"} and what that step found."""
        job = self.jobs.get(request.get("job"))
        with self.service.models_turn:
            step = job.step()
            return {"done": job.done, "total": job.total, **job.about.answer(step)}

    def finish(self, request: Request) -> Request:
        """{"job"} -> {}: refining ends, and what it has gained is kept."""
        about = self.jobs.get(request.get("job")).about
        if isinstance(about, _Coding):
            about.halted = True
        return {}

    def stop(self, request: Request) -> Request:
        """{"job"} -> {}: what was worked off is forgotten."""
        self.jobs.drop(request.get("job"))
        return {}

    def done(self, request: Request) -> tuple[_Coding, Compressed]:
        """What a finished compression of a request's "job" was about, and its result."""
        about = self.jobs.get(request.get("job")).about
        if not isinstance(about, _Coding) or about.result is None:
            raise PictureError("This photograph is not finished; wait for it.")
        return about, about.result

    def crop(self, request: Request) -> Request:
        """{"job", "box": [left, top, width, height] in pixels} -> {"box", "parts": {name: data URI}}: that part of each
        picture that the job is about, at its own size."""
        about = self.jobs.get(request.get("job")).about
        if isinstance(about, _Coding) and about.result is None:
            raise PictureError("This photograph is not finished; wait for it.")
        if not isinstance(about, _Coding | Found | Opened):
            raise wire.RequestError("this job has no pictures")
        left, top, width, height = _box(request.get("box"), about.picture.shape)
        if width * height > CROP:
            raise wire.RequestError(f"a part has at most {CROP // 10**6} million pixels")
        with self.service.decoders_turn:
            parts = about.parts((slice(top, top + height), slice(left, left + width)))
            uris = {name: lossless(a) for name, a in parts.items()}
        return {"box": [left, top, width, height], "parts": uris}

    def file(self, request: Request) -> Request:
        """{"job", "which": "vae" or "png"} -> {"data": base64 of the compressed file, or of what it decodes to}."""
        about = self.jobs.get(request.get("job")).about
        if wire.choice(request, "which", ("vae", "png"), "vae") == "vae":
            return {"data": base64.b64encode(self.done(request)[1].data).decode()}
        picture, buffer = about.picture if isinstance(about, Opened) else self.done(request)[1].picture, BytesIO()
        with self.service.decoders_turn:
            Image.fromarray(picture).save(buffer, "PNG", compress_level=4)
        return {"data": base64.b64encode(buffer.getvalue()).decode()}

    def ladder(self, request: Request) -> Request:
        """{"job": a finished one} -> another one, whose steps find "point" of the first 1, 2, 4, ... channels."""
        about, result = self.done(request)
        quality = 100 * result.level / LEVELS
        x = about.picture
        return self.added({"ladder": compare.ladder(self.library, x, quality)}, x[..., 0].size, Found(x))


def lossless(picture: np.ndarray) -> str:
    """A picture uint8 (H, W) or (H, W, 3) as a data URI that loses nothing but size, above SHOWN pixels."""
    image = Image.fromarray(picture)
    if (share := max((image.width * image.height / SHOWN) ** 0.5, max(image.size) / SIDE)) > 1:
        width, height = (max(1, int(side / share)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX)
    buffer = BytesIO()
    # WebP at its fastest: a third of PNG's time, in three quarters of its bytes.
    image.save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def sizes(count: int, picture: np.ndarray) -> Request:
    """What a file of so many bytes means for a picture uint8 (H, W, 3)."""
    return {
        "bytes": count,
        "bpp": wire.rounded(8 * count / picture[..., 0].size, 4),
        "ratio": wire.rounded(picture.size / count, 4),
    }


def opened(library: Library, data: bytes) -> tuple[np.ndarray, Request]:
    """(picture uint8 (H, W, 3), {"width", "height", "bytes", "bpp", "ratio", "quality", "channels": that are whole,
    "in_part": that are there in part, "coded": that the file has, "missing": bytes that were cut off}) of the file of a
    compressed photograph."""
    if len(data) > MAX_FILE:
        raise CodecError(f"The file is larger than {MAX_FILE // 10**6} MB; choose one that `compress` wrote.")
    file = unpack(data)
    if not isinstance(file, Photo):
        raise CodecError("The file holds small pictures; open it with `python -m vaedemo decompress`.")
    found = decompress(library, file)
    width, height = file.size
    told = {
        "width": width,
        "height": height,
        **sizes(HEADER + len(file.payload), found.picture),
        "quality": wire.rounded(100 * file.quality * QUALITY_STEPS / LEVELS, 4),
        "channels": found.channels,
        "in_part": found.in_part,
        "coded": file.channels,
        "missing": file.missing,
    }
    return found.picture, told


def wish_of(request: Request) -> Wish:
    """The Wish of a request, its numbers checked for type; its limits are Wish's own."""
    given: Request = {name: request.get(name) for name in (*ASKED, "channels", "refine")}
    for name, value in given.items():
        if value is not None and not wire.is_number(value):
            raise wire.RequestError(f"{name} has to be a number")
        if value is not None and name in ("bytes", "channels") and value % 1:
            raise wire.RequestError(f"{name} has to be a whole number")
    if (given["refine"] or 0) > MAX_SECONDS:
        raise wire.RequestError(f"refine has to be at most {MAX_SECONDS} seconds here; the command line has no limit")
    whole = {name: int(given[name]) for name in ("bytes", "channels") if given[name] is not None}
    return Wish(**given | whole)


def _error(x_hat: np.ndarray, x: np.ndarray) -> np.ndarray:
    """uint8 (H, W): the mean error of a pixel's three values, 255 at LIMIT and above."""
    error = np.abs(x_hat.astype(np.int16) - x).sum(2, dtype=np.uint16)
    table = np.rint(np.arange(3 * 255 + 1) / (3 * LIMIT)).clip(0, 255).astype(np.uint8)
    return table[error]


def _tried(one: Try) -> Request:
    return {
        "quality": wire.rounded(100 * one.level / LEVELS, 4),
        "channels": one.channels,
        "bytes": one.bytes,
        "psnr": wire.rounded(one.psnr),
    }


def _box(given: Any, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """left, top, width and height of a part, moved into a picture of this shape."""
    if not isinstance(given, list) or len(given) != 4 or not all(map(wire.is_number, given)):
        raise wire.RequestError("box has to be [left, top, width, height]")
    left, top, width, height = (round(min(max(v, 0), 1e6)) for v in given)
    left, top = min(left, shape[1] - 1), min(top, shape[0] - 1)
    return left, top, max(1, min(width, shape[1] - left)), max(1, min(height, shape[0] - top))
