"""Server functions of the lower half of "Latent space": walks, their animations, and traversals of single dimensions.

walk:      two ends -> the codes and pictures between them, one row a model and path
animation: one such row -> a GIF or WebP, there and back
traverse:  a code -> a row of pictures for each of some dimensions
"""

import base64

import numpy as np

from vaedemo.services import walk as latent
from vaedemo.store.library import encode
from vaedemo.ui.server import wire

__all__ = ["functions"]

KINDS = ("ae", "vae")
MAX_STEPS = 64  # pictures of one walk
MAX_DIMS = 16  # rows of one traversal
MAX_CELLS = 16  # pictures of a row
SPAN = 3.0
FORMATS = {"gif": "GIF", "webp": "WEBP"}


def functions(service):
    """The server functions over a Service; each takes one dict and never raises."""

    def walk(request):
        """{"domain", "d", "ends", "rows": [[kind, path], ...], "n"} -> {"rows": [{"kind", "path", "z": n codes,
        "x_hat": n pictures in one base64}]}. An end is {"x": picture}, or a point {"x": its picture, "kind", "z"}:
        models of that kind start from z, the others from the code of the picture."""
        made = _walks(service, request)
        return {
            "rows": [
                {
                    "kind": one.key.kind,
                    "path": one.path,
                    "z": [wire.rounded(z) for z in one.z],
                    "x_hat": wire.pack(one.x_hat),
                }
                for one in made
            ]
        }

    def animation(request):
        """The same with one row, and "format": "gif" or "webp" -> {"data": base64 of the file}."""
        kind = FORMATS[wire.choice(request, "format", FORMATS, "gif")]
        made = _walks(service, request)
        if len(made) != 1:
            raise wire.RequestError("an animation shows one row; send one")
        with service.decoders_turn:
            data = latent.animation(made[0].x_hat, kind)
        return {"data": base64.b64encode(data).decode()}

    def traverse(request):
        """{"domain", "kind", "d", "beta", "z", "dims": [i, ...] from 0, "n"} -> {"rows": base64 of n pictures each}:
        dimension i runs from -3 to +3, of its spread where there is no prior, and the others stay as they are in z."""
        key, z = service.key(request), wire.numbers(request.get("z"))
        dims = request.get("dims")
        if not isinstance(dims, list) or not 1 <= len(dims) <= MAX_DIMS:
            raise wire.RequestError(f"dims has to be a list of 1 to {MAX_DIMS} dimensions")
        dims = [_whole("a dimension", i, 0, 4095) for i in dims]
        n = _whole("the number of pictures", request.get("n"), 2, MAX_CELLS)
        with service.models_turn:
            made = latent.traverse(service.library, z, key, dims=dims, span=SPAN, n=n)
        return {"rows": [wire.pack(row) for row in made.x_hat]}

    return [wire.answered(f) for f in (walk, animation, traverse)]


def _walks(service, request):
    """The Walks that a request asks for."""
    name = service.library.domain(wire.text(request, "domain")).name
    n = _whole("the number of pictures", request.get("n"), 2, MAX_STEPS)
    ends, rows = request.get("ends"), request.get("rows")
    if not isinstance(ends, list) or len(ends) != 2 or not all(isinstance(end, dict) for end in ends):
        raise wire.RequestError("a walk has two ends, each an object with a picture x")
    if not isinstance(rows, list) or not 1 <= len(rows) <= len(KINDS) * len(latent.PATHS):
        raise wire.RequestError("rows has to be a list of 1 to 4 pairs of a kind and a path")
    pictures = [wire.unpack(end.get("x"), service.library.domain(name)) for end in ends]
    walks, codes = [], {}
    for row in rows:
        if not isinstance(row, list) or len(row) != 2 or row[0] not in KINDS or row[1] not in tuple(latent.PATHS):
            raise wire.RequestError("a row is a pair: ae or vae, straight or spherical")
        key = wire.model_key(name, row[0], request.get("d"))
        with service.models_turn:
            if key not in codes:
                codes[key] = [_code(service, end, x, key) for end, x in zip(ends, pictures, strict=True)]
            walks.append(latent.walk(service.library, *codes[key], key, n=n, path=row[1]))
    return walks


def _code(service, end, x, key):
    """Where an end lies in the latent space of one model, (D,)."""
    if end.get("z") is not None and end.get("kind") == key.kind:
        return wire.numbers(end["z"])
    return encode(service.library, x, key)[0].astype(np.float64)


def _whole(what, value, low, high):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise wire.RequestError(f"{what} has to be a whole number from {low} to {high}")
    return value
