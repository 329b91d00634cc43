"""The tab "Latent space": the 2-D maps of both models, walks and their animations, and one dimension at a time."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vaedemo.services import walk as latent
from vaedemo.store.checkpoints import decoder_bytes, save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import encode
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import whole
from vaedemo.ui.server.service import Service

__all__ = ["build", "first_value", "functions", "lent_row"]

KINDS = ("ae", "vae")
MAX_STEPS = 64  # pictures of one walk
MAX_CODES = 64  # of one request
MAX_DIMS = 16  # rows of one traversal
MAX_CELLS = 16  # pictures of a row
SPAN = 3.0


def build(service: Service) -> Any:
    """The tab's component; its maps are files that the browser fetches when the tab is first seen."""
    own = [*functions(service), service.lent(lambda name: lent_row(service, name))]
    return module_html("latent", first_value(service), [*service.functions, *own])


def lent_row(service: Service, name: str) -> dict[str, Any] | None:
    """The row of a lent model's domain; None where there is no map of it."""
    lent = service.library.lent.get(name)
    return service.row(name) if lent and lent.map else None


def first_value(service: Service) -> dict[str, Any]:
    """What the page starts from: the table of models, and the domains whose maps and planes were derived. A map is of
    both kinds, which it sets side by side."""
    table, maps = service.table(), service.library.folder / "maps"
    both = [name for name, row in table.items() if all(2 in row["kinds"].get(kind, ()) for kind in KINDS)]
    return {
        "table": table,
        "maps": [name for name in both if (maps / f"{name}.json").is_file()],
        "planes": [name for name in table if (maps / f"{name}-planes.json").is_file()],
    }


def functions(service: Service) -> list[Callable[[Any], dict[str, Any]]]:
    """The server functions over a Service; each takes one dict and never raises."""

    def decode_many(request: dict[str, Any]) -> dict[str, Any]:
        """{"domain", "kind", "d", "beta", "z": [[...], ...]} -> {"x_hat": one picture a code, in order}."""
        key, codes = service.key(request), [wire.numbers(z) for z in _list(request, "z", "codes", MAX_CODES)]
        with service.models_turn:
            x_hat = latent.decode_many(service.library, codes, key)
        return {"x_hat": [wire.pack(x) for x in x_hat]}

    def walk(request: dict[str, Any]) -> dict[str, Any]:
        """{"domain", "d", "ends", "rows": [[kind, path], ...], "n"} -> {"rows": [{"kind", "path", "z": n codes,
        "x_hat": n pictures in one base64}]}. An end is {"x": picture}, or a point {"x": its picture, "kind", "z"}:
        models of that kind start from z, the others from the code of the picture."""
        rows = []
        for row in _walks(service, request):
            z = [wire.rounded(z) for z in row.z]
            rows.append({"kind": row.key.kind, "path": row.path, "z": z, "x_hat": wire.pack(row.x_hat)})
        return {"rows": rows}

    def animation(request: dict[str, Any]) -> dict[str, Any]:
        """The same with one row, and "format": "gif" or "webp" -> {"data": base64 of the file}."""
        kind, rows = wire.choice(request, "format", ("gif", "webp"), "gif").upper(), _walks(service, request)
        if len(rows) != 1:
            raise wire.RequestError("an animation shows one row; send one")
        with service.decoders_turn:
            data = latent.animation(rows[0].x_hat, kind)
        return {"data": wire.base64_text(data)}

    def traverse(request: dict[str, Any]) -> dict[str, Any]:
        """{"domain", "kind", "d", "beta", "z", "dims": [i, ...] from 0, "n"} -> {"rows": base64 of n pictures each}:
        dimension i runs from -3 to +3, of its spread where there is no prior, and the others stay as they are in z."""
        key, z = service.key(request), wire.numbers(request.get("z"))
        dims = [_whole(i, "a dimension", 0, 4095) for i in _list(request, "dims", "dimensions", MAX_DIMS)]
        n = _whole(request.get("n"), "the number of pictures", 2, MAX_CELLS)
        with service.models_turn:
            x_hat = latent.traverse(service.library, z, key, dims=dims, span=SPAN, n=n).x_hat
        return {"rows": [wire.pack(row) for row in x_hat]}

    def lentmap(request: dict[str, Any]) -> dict[str, Any]:
        """{"domain": of a lent model} -> {"about": as the file of a shipped map, "points": base64, "decoders": {kind:
        base64 of what the browser needs to decode}} of it alone: the others are the shipped ones."""
        name = wire.text(request, "domain") or ""
        lent = service.library.lent.get(name)
        if lent is None or lent.map is None:
            raise wire.RequestError("domain has to be that of a model that was trained here and has a map")
        about, points = lent.map
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            save_checkpoint(path, lent.model, lent.row.name, small=False)
            decoder = decoder_bytes(path)
        return {
            "about": about,
            "points": wire.base64_text(points),
            "decoders": {lent.key.kind: wire.base64_text(decoder)},
        }

    return [wire.answered(f) for f in (decode_many, walk, animation, traverse, lentmap)]


def _whole(value: Any, what: str, low: int, high: int) -> int:
    """As whole, and no 3.0: the page counts."""
    return whole(value if isinstance(value, int) else None, what, low, high)


def _list(request: dict[str, Any], name: str, what: str, most: int) -> list[Any]:
    values = request.get(name)
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise wire.RequestError(f"{name} has to be a list of 1 to {most} {what}")
    return values


def _walks(service: Service, request: dict[str, Any]) -> list[latent.Walk]:
    """The Walks that a request asks for."""
    row = service.library.domain(wire.text(request, "domain"))
    n, ends = _whole(request.get("n"), "the number of pictures", 2, MAX_STEPS), request.get("ends")
    if not isinstance(ends, list) or len(ends) != 2 or not all(isinstance(end, dict) for end in ends):
        raise wire.RequestError("a walk has two ends, each an object with a picture x")
    pairs = _list(request, "rows", "pairs of a kind and a path", len(KINDS) * len(latent.PATHS))
    pictures = [wire.unpack(end.get("x"), row) for end in ends]
    walks: list[latent.Walk] = []
    codes: dict[ModelKey, list[np.ndarray]] = {}
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or pair[0] not in KINDS or pair[1] not in tuple(latent.PATHS):
            raise wire.RequestError("a row is a pair: ae or vae, straight or spherical")
        key = wire.model_key(row.name, pair[0], request.get("d"))
        with service.models_turn:
            if key not in codes:
                codes[key] = [_code(service, end, x, key) for end, x in zip(ends, pictures, strict=True)]
            a, b = codes[key]
            walks.append(latent.walk(service.library, a, b, key, n, pair[1]))
    return walks


def _code(service: Service, end: dict[str, Any], x: np.ndarray, key: ModelKey) -> np.ndarray:
    """Where an end lies in the latent space of one model, (D,)."""
    if end.get("z") is not None and end.get("kind") == key.kind:
        return wire.numbers(end["z"])
    return encode(service.library, x, key)[0].astype(np.float64)
