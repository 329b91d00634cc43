"""The page's public endpoints, by name, for gradio_client and plain HTTP; a failure is one plain sentence."""

import functools
import math

import gradio as gr
import numpy as np
from PIL import Image

from vaedemo import pictures
from vaedemo.domains import get_domain
from vaedemo.errors import PictureError, VaedemoError
from vaedemo.library import decode as decode_code
from vaedemo.library import encode as encode_picture
from vaedemo.reconstruct import reconstruct as reconstruct_picture
from vaedemo.ui import wire

__all__ = ["endpoints"]

MAX_TEXT = 35_000_000  # characters of a picture in base64
MAX_SIDE = 4096  # of a picture given as rows of numbers


def endpoints(service):
    """Add models, reconstruct, encode and decode to the Blocks that are being built."""
    library = service.library

    def models() -> list[dict]:
        """Every model there is: domain, kind, latent_dim, beta, the shape (channels, height, width) of its pictures,
        and its mean squared error and PSNR (dB) over the test set, null before they were measured."""
        listed = []
        for domain, row in service.table().items():
            for kind, dims in row["kinds"].items():
                for d in dims:
                    for beta in library.betas(domain, d) if kind == "vae" else (1.0,):
                        known = library.figures(domain, kind, d, beta) or {}
                        listed.append(
                            {
                                "domain": domain,
                                "kind": kind,
                                "latent_dim": d,
                                "beta": beta,
                                "shape": list(get_domain(domain).shape),
                                "mse": wire.rounded(known.get("mse")),
                                "psnr": wire.rounded(known.get("psnr")),
                            }
                        )
        return listed

    def reconstruct(
        picture: str | dict | list,
        domain: str = "",
        kind: str = "ae",
        latent_dim: int = 8,
        beta: float = 1.0,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """A picture through a model and back. picture: a file (handle_file), a data URI, base64 of a file, or rows of
        numbers in [0, 1], (H, W) or (H, W, 3). domain: digits, fashion, objects, shapes, or "" for the one that the
        picture suits. kind: ae, vae, dense, pca. Gives x (what the model saw) and x_hat as PNG data URIs; z; of a vae
        sigma, distortion and kl in nats; mse on [0, 1], psnr in dB, ssim; bytes of the latent and of the picture;
        unusual: whether the error exceeds that of 99 % of the test pictures."""
        x, name = _prepared(service, picture, domain, fit, polarity)
        with service.models_turn:
            made = reconstruct_picture(library, x, name, *wire.model_key(kind, latent_dim, beta))
        return {
            "domain": name,
            "kind": kind,
            "latent_dim": made.latent_dim,
            "beta": made.beta,
            "x": wire.data_uri(pictures.to_image(x), lossless=True),
            "x_hat": wire.data_uri(pictures.to_image(made.x_hat), lossless=True),
            "z": wire.rounded(made.z, 7),
            "sigma": wire.rounded(made.sigma, 7),
            "mse": wire.rounded(made.mse),
            "psnr": wire.rounded(made.psnr),
            "ssim": wire.rounded(made.ssim),
            "latent_bytes": made.latent_bytes,
            "picture_bytes": made.picture_bytes,
            "unusual": made.unusual,
            "distortion": wire.rounded(made.distortion_nats),
            "kl": wire.rounded(made.kl_nats),
        }

    def encode(
        picture: str | dict | list,
        domain: str = "",
        kind: str = "ae",
        latent_dim: int = 8,
        beta: float = 1.0,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """The code of a picture: mu, and of a vae sigma, each latent_dim numbers. Arguments as for reconstruct."""
        x, name = _prepared(service, picture, domain, fit, polarity)
        with service.models_turn:
            mu, sigma = encode_picture(library, x, name, *wire.model_key(kind, latent_dim, beta))
        return {"domain": name, "mu": wire.rounded(mu, 7), "sigma": wire.rounded(sigma, 7)}

    def decode(z: list[float], domain: str = "digits", kind: str = "ae", beta: float = 1.0) -> dict:
        """The picture of a code z, whose length is the latent dimension, as a PNG data URI and as rows of numbers in
        [0, 1], (channels, height, width)."""
        code = wire.numbers(z)
        with service.models_turn:
            x_hat = decode_code(library, code, domain, *wire.model_key(kind, len(code), beta))
        rows = [[wire.rounded(line, 4) for line in channel] for channel in x_hat]
        return {"picture": wire.data_uri(pictures.to_image(x_hat), lossless=True), "x_hat": rows}

    for function in (models, reconstruct, encode, decode):
        gr.api(_plain(function), api_name=function.__name__, concurrency_id="models")


def _plain(function):
    """The endpoint with every failure turned into gr.Error of one sentence, which is all the caller sees."""

    @functools.wraps(function)
    def endpoint(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except VaedemoError as error:
            raise gr.Error(wire.sentence(error), print_exception=False) from None

    return endpoint


def _prepared(service, picture, domain, fit, polarity):
    """(x float32 (C, H, W) in [0, 1], domain name) of a picture in any of the forms the endpoints take."""
    if not all(isinstance(word, str) for word in (domain, fit, polarity)):
        raise wire.RequestError("domain, fit and polarity have to be texts")
    row = get_domain(domain) if domain else None
    source = _read(service, picture)
    with service.decoders_turn:
        image = pictures.read(source)
        row = row or get_domain(pictures.propose_domain(image))
        made = pictures.prepare(
            image, channels=row.channels, size=row.size, strokes=row.strokes, fit=fit, polarity=polarity
        )
    return made.x, row.name


def _read(service, picture):
    """Something that pictures.read takes."""
    if isinstance(picture, dict):
        return service.uploads.path(picture.get("path"))
    if isinstance(picture, str):
        head, comma, body = picture.partition(",")
        return wire.base64_bytes(body if comma and head.startswith("data:") else picture, "the picture", MAX_TEXT)
    if isinstance(picture, list):
        return _rows(picture)
    if isinstance(picture, Image.Image):
        return picture
    raise PictureError("A picture is a file, a data URI, base64 text or rows of numbers.")


def _rows(picture):
    """An array of rows of numbers, which may be ragged, too large or no numbers at all."""
    width = len(picture[0]) if picture and isinstance(picture[0], list) else 0
    if not 1 <= len(picture) * width <= MAX_SIDE**2:
        raise PictureError("The rows of numbers are empty or far too many; give (height, width) or (height, width, 3).")
    try:
        array = np.array(picture, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise PictureError("The rows hold something that is no number or are of different lengths.") from None
    if not math.prod(array.shape):
        raise PictureError("The rows of numbers are empty; give (height, width) or (height, width, 3).")
    return array
