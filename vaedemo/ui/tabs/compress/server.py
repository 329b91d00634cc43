"""The tab "Compress": a photograph in real bytes, its file, and what other codecs make of it."""

import base64
import functools
import json
from importlib import resources
from typing import Any

from vaedemo.services.codec import basis, compare
from vaedemo.services.codec.rivals import rivals
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.photographs import MAX_FILE, Found, lossless, opened
from vaedemo.ui.server.service import Service

__all__ = ["Compression", "build"]

Request = dict[str, Any]
TILES = 64  # of a basis


def build(service: Service) -> Any:
    """The tab's component; its pictures are asked for when it is first seen."""
    own = Compression(service)
    return module_html("compress", own.first_value(), own.functions)


@functools.cache
def _published() -> dict[str, Any]:
    return json.loads(resources.files("vaedemo.services.codec").joinpath("published.json").read_text(encoding="utf-8"))


class Compression:
    """Server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service: Service) -> None:
        self.service, self.library, self.photographs = service, service.library, service.photographs
        own = (self.beside, self.curves, self.open, self.basis, self.published)
        self.functions = [wire.answered(f) for f in (*self.photographs.functions, *own, service.domain)]

    def first_value(self) -> Request:
        """What the page knows before it asks."""
        if not self.photographs.there:
            return {"table": {}, "any": bool(self.library.entries)}
        first = self.photographs.first_value()
        return {
            "table": {"photos": first.pop("row")},
            **first,
            "names": [compare.OURS, *rivals()],
            "published": [name for name in _published() if name != "source"],
        }

    def beside(self, request: Request) -> Request:
        """{"job": a finished compression, "measure": "size", "psnr" or "ms_ssim"} -> another one, whose steps find a
        "row" of each codec."""
        about, result = self.photographs.done(request)
        measure = wire.choice(request, "measure", compare.MEASURES, "size")
        x = about.picture
        works = {"beside": compare.beside(self.library, x, result.data, measure)}
        return self.photographs.added(works, x[..., 0].size, Found(x))

    def curves(self, request: Request) -> Request:
        """{"job": a finished compression} -> another one, whose steps find a "point" of each codec's curve."""
        about, _ = self.photographs.done(request)
        x = about.picture
        return self.photographs.added({"curves": compare.curves(self.library, x)}, x[..., 0].size, Found(x))

    def open(self, request: Request) -> Request:
        """{"source": {"upload"}} of a .vae file -> {"picture": data URI} and what opened() tells."""
        given = request.get("source")
        path = self.service.uploads.path(given.get("upload") if isinstance(given, dict) else None)
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
        with self.service.models_turn:
            picture, told = opened(self.library, data)
        return {"picture": lossless(picture), **told}

    def basis(self, request: Request) -> Request:
        """{"job": a finished compression} -> {"learned", "cosines", "principal": [{"x": base64 of uint8 (3, S, S),
        "share", "number"}, ...]}, the dearest first."""
        about, result = self.photographs.done(request)
        codec, _ = self.library.codec()
        with self.service.models_turn:
            found = {
                "learned": basis.learned(codec, result.each, TILES),
                "cosines": basis.cosines(),
                "principal": basis.principal(about.picture, TILES),
            }
        return {name: _tiles(tiles) for name, tiles in found.items()}

    def published(self, request: Request) -> Request:
        """{} -> {"curves": {name: {"bpp", "psnr", "ms_ssim"}} that others published for Kodak's pictures, "ours": the
        same of this codec, or null before it was measured}."""
        curves = {name: curve for name, curve in _published().items() if name != "source"}
        return {"curves": curves, "ours": self.library.measured("photos", "kodak")}


def _tiles(found: basis.Tiles) -> list[Request]:
    return [
        {
            "x": base64.b64encode(tile.transpose(2, 0, 1).tobytes()).decode(),
            "share": wire.rounded(float(share), 3),
            "number": int(number) + 1,
        }
        for tile, share, number in zip(*found, strict=True)
    ]
