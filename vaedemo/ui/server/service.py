"""What the page asks of the server: a dict in, a dict out, and no state but the loaded models and the uploads.

domain:  everything about a domain's models that the page draws        prepare: a source -> the picture x a model sees
look:    x -> reconstructions by one model or by all                    decode:  a code z -> its picture
"""

import functools
import os
import threading

import torch
from PIL import Image

from vaedemo.data.domains import get_domain
from vaedemo.errors import PictureError
from vaedemo.maths import metrics
from vaedemo.pictures import shapes
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.examples import EXAMPLES, example
from vaedemo.pictures.prepare import prepare, propose_domain
from vaedemo.pictures.read import read
from vaedemo.services.reconstruct import reconstruct
from vaedemo.store.library import decode
from vaedemo.ui.server import wire
from vaedemo.ui.server.uploads import Uploads

__all__ = ["FITS", "POLARITIES", "Service", "example_names"]

FITS = ("crop", "pad")
POLARITIES = ("auto", "keep", "invert")
SHOWN = 512  # longest side of the original as the page shows it
THUMB = 72
MAX_MODELS = 64  # of one request
MAX_DATA_URI = 8_000_000  # characters of a drawing or a webcam picture

# Examples of the shapes domain: shape, size, angle, x, y as in shapes.FACTORS.
_SHAPES = {
    "heart": (2, 1.0, 0.0, 0.5, 0.5),
    "square": (0, 0.9, 0.35, 0.42, 0.46),
    "ellipse": (1, 1.0, 0.8, 0.55, 0.5),
    "small heart": (2, 0.6, 2.4, 0.35, 0.62),
    "small square": (0, 0.55, 0.0, 0.66, 0.36),
    "small ellipse": (1, 0.6, 2.1, 0.62, 0.66),
}


def example_names(domain):
    """Names of the examples of a domain; one that is not shipped has the photographs, which any model can be shown."""
    return tuple(_SHAPES) if domain == "shapes" else EXAMPLES.get(domain, EXAMPLES["objects"])


@functools.cache
def _example(domain, name):
    """The example itself, upright, at most SHOWN pixels a side."""
    if domain != "shapes":
        return example(domain if domain in EXAMPLES else "objects", name)
    x = shapes.draw(torch.tensor([_SHAPES[name]]), get_domain("shapes").size)
    return to_image(x[0].numpy())


@functools.cache
def _thumbnail(domain, name):
    image = _example(domain, name)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return wire.data_uri(image.crop((left, top, left + side, top + side)).resize((THUMB, THUMB), Image.Resampling.BOX))


class Service:
    """The page's server functions over a Library; each takes one dict and never raises."""

    def __init__(self, library, upload_folder):
        self.library = library
        self.uploads = Uploads(upload_folder)
        # More models at once than cores only makes everyone wait longer; big pictures cost memory besides.
        self.models_turn = threading.Semaphore(max(1, min(4, os.cpu_count() or 1)))
        self.decoders_turn = threading.Semaphore(2)
        self.functions = [wire.answered(f) for f in (self.domain, self.prepare, self.look, self.decode)]

    def table(self):
        """Domains with their shape and the models that exist, for the page's first paint."""
        return {name: self._row(name) for name in self.library.domains}

    def _row(self, name):
        row, library = self.library.domain(name), self.library
        return {
            "channels": row.channels,
            "size": row.size,
            "strokes": row.strokes,
            "examples": list(example_names(name)),
            "kinds": {kind: library.dims(name, kind) for kind in library.kinds(name)},
            "betas": {str(d): betas for d in row.betas if len(betas := library.betas(name, d)) > 1},
        }

    def domain(self, request):
        """{"domain"} -> figures of its models over the test set, and its examples with thumbnails."""
        name = self.library.domain(wire.text(request, "domain")).name
        figures = {key.name: self._figures(key) for key in self.library.model_keys(name)}
        shown = [{"name": e, "thumb": _thumbnail(name, e)} for e in example_names(name)]
        return {"domain": name, "figures": figures, "examples": shown}

    def _figures(self, key):
        known = self.library.figures(key)
        if known is None:
            return None
        return {
            "psnr": wire.rounded(known["psnr"]),
            "mse": wire.rounded(known["mse"]),
            "mean": wire.rounded(known["mu_mean"], 3),
            "std": wire.rounded(known["mu_std"], 3),
            "active": known.get("active"),
            "kl": wire.rounded(known.get("kl_each"), 3),
        }

    def prepare(self, request):
        """{"source": {"example" | "upload" | "data"}, "domain" or null, "fit", "polarity", "models"} -> the picture x
        for that domain (null: the proposed one), the original to show, and results of `models` as look() gives them."""
        fit = wire.choice(request, "fit", FITS, "crop")
        polarity = wire.choice(request, "polarity", POLARITIES, "auto")
        wanted = wire.text(request, "domain")
        row = self.library.domain(wanted) if wanted is not None else None
        source = request.get("source")
        if not isinstance(source, dict):
            raise wire.RequestError("a source is an object with one of example, upload, data")
        with self.decoders_turn:
            picture = self.source(source)
            if not isinstance(picture, Image.Image):
                picture = read(picture)
            proposed = source["domain"] if "example" in source else propose_domain(picture)
            if row is None:
                row = self.library.domain(self.library.modelled(proposed))
            made = prepare(
                picture, channels=row.channels, size=row.size, strokes=row.strokes, fit=fit, polarity=polarity
            )
            made.picture.thumbnail((SHOWN, SHOWN), Image.Resampling.HAMMING)
            original = wire.data_uri(made.picture)
        x = wire.pack(made.x)
        return {
            "x": x,
            "domain": row.name,
            "proposed": proposed,
            "inverted": made.inverted,
            "blank": bool(made.x.max() - made.x.min() < 0.02),
            "original": original,
            "width": made.size[0],
            "height": made.size[1],
            "results": self._results(wire.unpack(x, row), row.name, request.get("models", [])),
        }

    def source(self, source):
        """The example's picture, the uploaded file's path or the bytes of a source."""
        if "example" in source:
            domain, name = wire.text(source, "domain"), wire.text(source, "example")
            if name not in example_names(self.library.domain(domain).name):
                raise wire.RequestError(f"there is no example {name!r} of {domain}")
            return _example(domain, name)
        if "upload" in source:
            return self.uploads.path(source["upload"])
        if "data" in source:
            data = source["data"]
            head, _, body = data.partition(",") if isinstance(data, str) else ("", "", "")
            if not (head.startswith("data:image/") and head.endswith(";base64")):
                raise PictureError("This is not a picture; choose a PNG, JPEG, WebP, GIF, TIFF or BMP file.")
            return wire.base64_bytes(body, "the picture", MAX_DATA_URI)
        raise wire.RequestError("a source is an object with one of example, upload, data")

    def look(self, request):
        """{"x", "domain", "models": [[kind, d, beta], ...]} -> {"results": one a model, in order}."""
        row = self.library.domain(wire.text(request, "domain"))
        return {"results": self._results(wire.unpack(request.get("x"), row), row.name, request.get("models"))}

    def _results(self, x, domain, wanted):
        if not isinstance(wanted, list) or len(wanted) > MAX_MODELS:
            raise wire.RequestError(f"models has to be a list of at most {MAX_MODELS}")
        results = []
        for item in wanted:
            if not isinstance(item, list) or not 2 <= len(item) <= 3:
                raise wire.RequestError("a model is named by [kind, latent dimension, beta]")
            with self.models_turn:
                made = reconstruct(self.library, x, wire.model_key(domain, *item))
            results.append(_result(made))
        return results

    def key(self, request):
        """The ModelKey of a request's "domain", "kind", "d" and "beta"."""
        name = self.library.domain(wire.text(request, "domain")).name
        return wire.model_key(name, request.get("kind"), request.get("d"), request.get("beta", 1.0))

    def decode(self, request):
        """{"domain", "kind", "d", "beta", "z", "x" or null} -> {"x_hat"}, with x also mse, psnr and ssim."""
        key = self.key(request)
        z = wire.numbers(request.get("z"))
        x = None if request.get("x") is None else wire.unpack(request["x"], self.library.domain(key.domain))
        with self.models_turn:
            x_hat = decode(self.library, z, key)
        answer = {"x_hat": wire.pack(x_hat)}
        if x is not None:
            a, b = torch.from_numpy(x_hat)[None], torch.from_numpy(x)[None]
            error = metrics.mse(a, b)
            answer |= {
                "mse": wire.rounded(error.item()),
                "psnr": wire.rounded(metrics.psnr(error).item()),
                "ssim": wire.rounded(metrics.ssim(a, b).item()),
            }
        return answer


def _result(made):
    """A Reconstruction for the browser."""
    return {
        "key": made.key.name,
        "kind": made.key.kind,
        "d": made.key.latent_dim,
        "beta": made.key.beta,
        "x_hat": wire.pack(made.x_hat),
        "z": wire.rounded(made.z),
        "sigma": wire.rounded(made.sigma),
        "mse": wire.rounded(made.mse),
        "psnr": wire.rounded(made.psnr),
        "ssim": wire.rounded(made.ssim),
        "bytes": made.latent_bytes,
        "picture_bytes": made.picture_bytes,
        "unusual": made.unusual,
        "distortion": wire.rounded(made.distortion_nats),
        "kl": wire.rounded(made.kl_nats),
    }
