"""Endpoints of compression: compress, decompress."""

import base64
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vaedemo.errors import CodecError
from vaedemo.pictures.read import read
from vaedemo.services.codec import files
from vaedemo.services.codec.files import LEVELS
from vaedemo.services.codec.judge import judge
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import source_of
from vaedemo.ui.server.photographs import ASKED, MAX_FILE, opened, sizes, wish_of
from vaedemo.ui.server.schema import EXAMPLE
from vaedemo.ui.server.service import Service

__all__ = ["functions"]

USUAL = 50  # quality


def functions(service: Service) -> tuple[Callable[..., dict], ...]:
    """compress and decompress over a Service."""

    def compress(
        picture: str | dict | list,
        quality: float | None = None,
        bytes: int | None = None,
        bpp: float | None = None,
        psnr: float | None = None,
        channels: int | None = None,
        refine: float | None = None,
    ) -> dict:
        """A photograph as a compressed file. picture: in any form that reconstruct takes, of any size up to 16 million
        pixels. At most one of quality (0 to 100, 50 if none is given), bytes and bpp (as good as fits), psnr (as small
        as it allows, dB). channels: how many numbers describe a block of 16 x 16 pixels, null for all. refine: seconds,
        at most 120, for which the numbers of this picture are improved. Gives file, the .vae file in base64; picture,
        what it decodes to, as a PNG data URI; bytes, bpp, ratio (against three bytes a pixel); quality and channels;
        psnr in dB, ssim and ms_ssim, null of pictures too small for them; tried: the search."""
        asked = dict(zip(ASKED, (quality, bytes, bpp, psnr), strict=True)) | {"channels": channels, "refine": refine}
        if all(asked[name] is None for name in ASKED):
            asked["quality"] = USUAL
        wish, source = wish_of(asked), source_of(service, picture)
        with service.decoders_turn:
            x = np.asarray(read(source).convert("RGB"))
        steps, last = files.compress(service.library, x, wish), files.Progress(0, 1, ())
        while last.result is None:  # each takes its own turn: refining may last
            with service.models_turn:
                last = next(steps)
        result = last.result
        with service.models_turn:
            figures = judge(result.picture, x)
        return {
            "file": base64.b64encode(result.data).decode(),
            "picture": wire.png(result.picture.transpose(2, 0, 1).astype(np.float32) / 255),
            "width": x.shape[1],
            "height": x.shape[0],
            **sizes(len(result.data), x),
            "quality": wire.rounded(100 * result.level / LEVELS, 4),
            "channels": result.channels,
            **{name: wire.rounded(value) for name, value in figures._asdict().items()},
            "tried": [one.bytes for one in last.tried],
        }

    def decompress(file: str | dict) -> dict:
        """The photograph of a compressed file. file: one that compress wrote, as a file (handle_file), a data URI or
        base64; of one that was cut short what is there. Gives picture as a PNG data URI, width and height, bytes, bpp
        and ratio of the file, its quality, how many channels are whole, in_part how many more are there in part, how
        many were coded, and how many bytes are missing: what is missing is as the model predicts it."""
        data = _bytes(source_of(service, file))
        with service.models_turn:
            found, told = opened(service.library, data)
        return {"picture": wire.png(found.transpose(2, 0, 1).astype(np.float32) / 255), **told}

    def example() -> dict:  # Gradio's snippets quote no text that may be something else
        return {"path": f"data:application/octet-stream;base64,{compress(EXAMPLE)['file']}"}

    if service.photographs.there:
        decompress.examples = {"file": functools.cache(example)}  # type: ignore[attr-defined]
    return compress, decompress


def _bytes(source: Any) -> bytes:
    """The bytes of a source that is a file or was one."""
    if isinstance(source, Path):
        with open(source, "rb") as file:
            return file.read(MAX_FILE + 1)
    if not isinstance(source, bytes):
        raise CodecError("A compressed file is a file, a data URI or base64 text; this is none.")
    return source
