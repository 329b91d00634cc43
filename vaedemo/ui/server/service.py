"""What the page asks of the server: a dict in, a dict out, and no state but the loaded models and the uploads.

domain:  everything about a domain's models that the page draws        prepare: a source -> the picture x a model sees
look:    x -> reconstructions by one model or by all                    decode:  a code z -> its picture
"""

import functools
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from vaedemo.maths import metrics
from vaedemo.services.codec.small import Coded, encoded, lossless_bytes
from vaedemo.services.reconstruct import Reconstruction, reconstruct
from vaedemo.store.inputs import seen
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import example_names, page_source, shown_example
from vaedemo.ui.server.photographs import Photographs
from vaedemo.ui.server.uploads import Uploads

__all__ = ["Service", "size", "told"]

SHOWN = 512  # longest side of the original as the page shows it
THUMB = 72
Function = Callable[[Any], dict[str, Any]]
PHOTO = 64  # pixels a side from which a picture in colour may be a photograph
MAX_MODELS = 64  # of one request


@functools.cache
def _thumbnail(domain: str, name: str) -> str:
    image = shown_example(domain, name)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return wire.data_uri(image.crop((left, top, left + side, top + side)).resize((THUMB, THUMB), Image.Resampling.BOX))


class Service:
    """The page's server functions over a Library; each takes one dict and never raises."""

    def __init__(self, library: Library, upload_folder: str | Path) -> None:
        self.library = library
        self.uploads = Uploads(upload_folder)
        # More models at once than cores only makes everyone wait longer; big pictures cost memory besides.
        self.models_turn = threading.Semaphore(max(1, min(4, os.cpu_count() or 1)))
        self.decoders_turn = threading.Semaphore(2)
        self.photographs = Photographs(self)
        self.functions = [wire.answered(f) for f in (self.domain, self.prepare, self.look, self.decode)]

    def table(self) -> dict[str, dict[str, Any]]:
        """Domains with their shape and the models that exist, for the page's first paint."""
        return {name: self.row(name) for name in self.library.domains}

    def row(self, name: str) -> dict[str, Any]:
        """A domain's row of the table. like: the domain of its examples, of a lent model."""
        library, row = self.library, self.library.domain(name)
        return {
            "channels": row.channels,
            "size": row.size,
            "strokes": row.strokes,
            "examples": list(example_names(row.like or name)),
            "kinds": {kind: library.dims(name, kind) for kind in library.kinds(name)},
            "betas": {str(d): betas for d in row.betas if len(betas := library.betas(name, d)) > 1},
            **({"like": row.like} if row.like else {}),
        }

    def lent(self, describe: Callable[[str], Any]) -> Function:
        """The server function by which a tab asks for its row of a lent model's domain, which describe(its name) gives:
        {"domain"} -> {"row": null where the tab has no use for it}."""

        def row(request: dict[str, Any]) -> dict[str, Any]:
            return {"row": describe(self.library.domain(wire.text(request, "domain")).name)}

        return wire.answered(row)

    def domain(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"domain"} -> figures of its models over the test set, and its examples with thumbnails."""
        name = self.library.domain(wire.text(request, "domain")).name
        figures = {key.name: self._figures(key) for key in self.library.model_keys(name)}
        like = self.library.domain(name).like or name
        shown = [{"name": e, "thumb": _thumbnail(like, e)} for e in example_names(like)]
        return {"domain": name, "figures": figures, "examples": shown}

    def _figures(self, key: ModelKey) -> dict[str, Any] | None:
        known = self.library.figures(key)
        return known and {
            "psnr": wire.rounded(known["psnr"]),
            "mse": wire.rounded(known["mse"]),
            "mean": wire.rounded(known["mu_mean"], 3),
            "std": wire.rounded(known["mu_std"], 5),
            "active": known.get("active"),
            "kl": wire.rounded(known.get("kl_each"), 3),
            "bits": wire.rounded(known.get("coded_bits")),
        }

    def prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"source": {"example" | "upload" | "data"}, "domain" or null, "fit", "polarity", "models", "photos": may a
        photograph stay one} -> the picture x for that domain (null: the proposed one), the original to show, and of
        `models` what look() gives; of a photograph that stays one what photographs.photo() gives."""
        domain, given = wire.text(request, "domain"), request.get("source")
        if domain is not None:
            self.library.domain(domain)
        fit, polarity = request.get("fit", "crop"), request.get("polarity", "auto")
        with self.decoders_turn:
            source = page_source(self, given)
            known = given["domain"] if given and "example" in given else None
            found, row, proposed = seen(self.library, source, domain, fit, polarity, proposed=known, propose=True)
            photo = domain is None and request.get("photos") is True and proposed == "objects"
            photo = photo and min(found.size) >= PHOTO and self.photographs.there
            original = None if photo else self.original(found.picture)
        if photo:  # which takes its own turn
            return self.photographs.photo(request) | {"proposed": "photos"}
        x, models = found.x, request.get("models", [])
        return {
            "x": wire.pack(x),
            "domain": row.name,
            "proposed": proposed,
            "inverted": found.inverted,
            "blank": bool(x.max() - x.min() < 0.02),
            "original": original,
            "width": found.size[0],
            "height": found.size[1],
            "results": self._results(wire.unpack(wire.pack(x), row), row.name, models),
            "files": lossless_bytes(x) if models else None,
        }

    @staticmethod
    def original(picture: Image.Image) -> str:
        """A picture as the page shows it beside what a model sees of it, a data URI."""
        picture.thumbnail((SHOWN, SHOWN), Image.Resampling.HAMMING)
        return wire.data_uri(picture)

    def look(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"x", "domain", "models": [[kind, d, beta], ...]} -> {"results": one a model, in order, "files": bytes of x
        as "png" and "webp"}."""
        row = self.library.domain(wire.text(request, "domain"))
        x = wire.unpack(request.get("x"), row)
        return {"results": self._results(x, row.name, request.get("models")), "files": lossless_bytes(x)}

    def _results(self, x: np.ndarray, domain: str, wanted: Any) -> list[dict[str, Any]]:
        if not isinstance(wanted, list) or len(wanted) > MAX_MODELS:
            raise wire.RequestError(f"models has to be a list of at most {MAX_MODELS}")
        results = []
        for item in wanted:
            if not isinstance(item, list) or not 2 <= len(item) <= 3:
                raise wire.RequestError("a model is named by [kind, latent dimension, beta]")
            with self.models_turn:
                found = reconstruct(self.library, x, wire.model_key(domain, *item))
                coded = encoded(self.library, x, found.key, found.z)
            _, kind, d, beta = found.key
            key = {"key": found.key.name, "kind": kind, "d": d, "beta": beta}
            results.append({**key, "x_hat": wire.pack(found.x_hat), "size": size(coded), **told(found)})
        return results

    def key(self, request: dict[str, Any]) -> ModelKey:
        """The ModelKey of a request's "domain", "kind", "d" and "beta"."""
        name = self.library.domain(wire.text(request, "domain")).name
        return wire.model_key(name, request.get("kind"), request.get("d"), request.get("beta", 1.0))

    def decode(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"domain", "kind", "d", "beta", "z", "x" or null} -> {"x_hat"}, with x also mse, psnr, ssim and size."""
        key, z = self.key(request), wire.numbers(request.get("z"))
        x = None if request.get("x") is None else wire.unpack(request["x"], self.library.domain(key.domain))
        with self.models_turn:
            x_hat = decode(self.library, z, key)
            coded = None if x is None else encoded(self.library, x, key, z)
        answer = {"x_hat": wire.pack(x_hat)}
        if x is not None:
            a, b = torch.from_numpy(x_hat)[None], torch.from_numpy(x)[None]
            error = metrics.mse(a, b)
            figures = {"mse": error, "psnr": metrics.psnr(error), "ssim": metrics.ssim(a, b)}
            answer |= {name: wire.rounded(value.item()) for name, value in figures.items()} | {"size": size(coded)}
        return answer


def told(found: Reconstruction, digits: int = 5) -> dict[str, Any]:
    """What a Reconstruction tells besides its pictures, fit for JSON; its code with so many digits."""
    return {
        "z": wire.rounded(found.z, digits),
        "sigma": wire.rounded(found.sigma, digits),
        "mse": wire.rounded(found.mse),
        "psnr": wire.rounded(found.psnr),
        "ssim": wire.rounded(found.ssim),
        "picture_bytes": found.x_hat.size,
        "unusual": found.unusual,
        "distortion": wire.rounded(found.distortion_nats),
        "kl": wire.rounded(found.kl_nats),
    }


def size(coded: Coded | None) -> dict[str, Any] | None:
    """What a code costs and what it decodes to, fit for JSON: {"bytes", "bits", "ratio", "mse", "psnr"}."""
    if coded is None:
        return None
    figures = {"bits": coded.bits, "ratio": coded.ratio, "mse": coded.mse, "psnr": coded.psnr}
    return {"bytes": len(coded.data)} | {name: wire.rounded(value) for name, value in figures.items()}
