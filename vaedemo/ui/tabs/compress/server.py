"""The tab "Compress": a photograph in real bytes, its file, and what other codecs make of it."""

import base64
import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from vaedemo.services.codec import basis, compare, stacks
from vaedemo.services.codec.rivals import rivals
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import example_names
from vaedemo.ui.server.jobs import Step
from vaedemo.ui.server.photographs import MAX_FILE, Found, Opened, lossless, opened
from vaedemo.ui.server.service import Service

__all__ = ["Compression", "build"]

Request = dict[str, Any]
TILES = 64  # of a basis
STACKS = {"digits": ("digits", False), "white": ("digits", True), "fashion": ("fashion", False)}


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
        own = (self.beside, self.curves, self.open, self.basis, self.stack, self.published)
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
            "stacks": self._stacks(),
            "published": [name for name in _published() if name != "source"],
        }

    def _stacks(self) -> list[str]:
        """Names of the pictures that there is a lossless model for."""
        have = {domain: self.library.has_exact(domain, "lossless") for domain, _ in STACKS.values()}
        return [name for name, (domain, _) in STACKS.items() if have[domain]]

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
        """{"source": {"upload"}} of a .vae file -> {"picture": data URI}, what opened() tells, and
        "job" for crop() and file()."""
        given = request.get("source")
        path = self.service.uploads.path(given.get("upload") if isinstance(given, dict) else None)
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
        with self.service.models_turn:
            picture, told = opened(self.library, data)
            shown = lossless(picture)
        works = {"open": iter([compare.Progress(1, 1)])}
        return {"picture": shown, **told, **self.photographs.added(works, picture[..., 0].size, Opened(picture))}

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

    def stack(self, request: Request) -> Request:
        """{"pictures": one of STACKS} -> a job whose steps push its pictures onto a stack and pop them again: {"job",
        "total", "pictures": [base64 of uint8 (1, 28, 28), ...]}."""
        name = wire.choice(request, "pictures", STACKS, next(iter(STACKS)))
        x = self._stack(name)
        works = {"stack": stacks.shown(self.library, x)}
        answer = self.photographs.added(works, x.size, _Stack(x))
        return answer | {"pictures": [base64.b64encode(a.tobytes()).decode() for a in x]}

    def _stack(self, name: str) -> np.ndarray:
        """uint8 (N, 28, 28): the examples of a domain as its models see them."""
        domain, white = STACKS[name]
        sources = [{"example": example, "domain": domain} for example in example_names(domain)]
        seen = [self.service.prepare({"source": source, "domain": domain})["x"] for source in sources]
        x = np.stack([wire.unpack(one, domain)[0] for one in seen])
        levels = np.rint(255 * x).astype(np.uint8)
        return np.where(levels > 127, np.uint8(255), np.uint8(0)) if white else levels

    def published(self, request: Request) -> Request:
        """{} -> {"curves": {name: {"bpp", "psnr", "ms_ssim"}} that others published for Kodak's pictures, "ours": the
        same of this codec, or null before it was measured}."""
        curves = {name: curve for name, curve in _published().items() if name != "source"}
        return {"curves": curves, "ours": self.library.kodak()}


@dataclass
class _Stack:
    """Pictures that are pushed and popped, as the page is told of it."""

    x: np.ndarray

    def answer(self, step: Step) -> Request:
        """What a step tells the page."""
        found: stacks.Shown = step.progress
        told: Request = {}
        if found.step:
            bits = {name: round(getattr(found.step, name), 1) for name in ("taken", "pixels", "prior")}
            told["pushed"] = {"first": found.first, "last": found.last, **bits, "stack": found.step.stack}
        if found.back is not None:
            told["popped"] = {"first": found.first, "last": found.last}
        if found.result and found.others and found.hashes:
            size = len(found.result.data)
            rates = {"vaedemo": size, **found.others}
            told["verdict"] = {
                "rates": [
                    {"name": n, "bytes": b, "bpp": wire.rounded(8 * b / self.x.size, 4)} for n, b in rates.items()
                ],
                "model": f"{found.result.domain}, {found.result.kind}",
                "before": found.hashes[0],
                "after": found.hashes[1],
            }
        return told


def _tiles(found: basis.Tiles) -> list[Request]:
    return [
        {
            "x": base64.b64encode(tile.transpose(2, 0, 1).tobytes()).decode(),
            "share": wire.rounded(float(share), 3),
            "number": int(number) + 1,
        }
        for tile, share, number in zip(*found, strict=True)
    ]
