"""Endpoints of the models themselves: models, reconstruct, encode, decode."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vaedemo.services.codec.small import encoded, lossless_bytes
from vaedemo.services.reconstruct import reconstruct as reconstruct_picture
from vaedemo.store.key import ModelKey
from vaedemo.store.library import decode as decode_code
from vaedemo.store.library import encode as encode_picture
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import key_of, prepared
from vaedemo.ui.server.service import Service, size, told

__all__ = ["functions"]


def functions(service: Service) -> tuple[Callable[..., Any], ...]:
    """models, reconstruct, encode and decode over a Service."""
    library = service.library

    def asked(
        picture: Any, domain: str, kind: str, latent_dim: int, beta: float, fit: str, polarity: str
    ) -> tuple[np.ndarray, ModelKey]:
        seen = prepared(service, picture, domain, fit, polarity)
        return seen.x, key_of(service, seen.row.name, kind, latent_dim, beta, "ae")

    def models() -> list[dict]:
        """Every model there is: domain, kind, latent_dim, beta, the shape (channels, height, width) of its pictures,
        and its mean squared error and PSNR (dB) over the test set, null before they were measured."""
        measured = ((key, library.figures(key) or {}) for key in library.model_keys())
        return [
            {
                **key._asdict(),
                "shape": list(library.domain(key.domain).shape),
                "mse": wire.rounded(known.get("mse")),
                "psnr": wire.rounded(known.get("psnr")),
            }
            for key, known in measured
        ]

    def reconstruct(
        picture: str | dict | list,
        domain: str = "",
        kind: str = "",
        latent_dim: int = 8,
        beta: float = 1.0,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """A picture through a model and back. picture: a file (handle_file), a data URI, base64 of a file, or rows of
        numbers in [0, 1], (H, W) or (H, W, 3). domain: digits, fashion, objects, shapes, or "" for the one that the
        picture suits. kind: ae, vae, dense, pca, or "" for ae, or where a domain has none for what it has. Gives x
        (what the model saw) and x_hat as PNG data URIs; z; of a vae sigma, distortion and kl in nats; mse on [0, 1],
        psnr in dB, ssim; picture_bytes, one a value; png_bytes and webp_bytes, of files without loss; unusual: whether
        the error exceeds that of 99 % of the test pictures. Of the code rounded and entropy-coded: latent_bits,
        latent_bytes, ratio to picture_bytes, and coded_psnr of what it decodes to, all null of a model without a
        quantiser."""
        x, key = asked(picture, domain, kind, latent_dim, beta, fit, polarity)
        with service.models_turn:
            found = reconstruct_picture(library, x, key)
            cost = size(encoded(library, x, key, found.z)) or {}
        files = {f"{name}_bytes": count for name, count in lossless_bytes(x).items()}
        coded = {"latent_bits": "bits", "latent_bytes": "bytes", "ratio": "ratio", "coded_psnr": "psnr"}
        return {
            **key._asdict(),
            "x": wire.png(x),
            "x_hat": wire.png(found.x_hat),
            **told(found, 7),
            **{name: cost.get(field) for name, field in coded.items()},
            **files,
        }

    def encode(
        picture: str | dict | list,
        domain: str = "",
        kind: str = "",
        latent_dim: int = 8,
        beta: float = 1.0,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """The code of a picture: mu, and of a vae sigma, each latent_dim numbers. Arguments as for reconstruct."""
        x, key = asked(picture, domain, kind, latent_dim, beta, fit, polarity)
        with service.models_turn:
            mu, sigma = encode_picture(library, x, key)
        return {"domain": key.domain, "mu": wire.rounded(mu, 7), "sigma": wire.rounded(sigma, 7)}

    def decode(z: list[float], domain: str = "", kind: str = "", beta: float = 1.0) -> dict:
        """The picture of a code z, whose length is the latent dimension, of digits if domain is "", as a PNG data URI
        and as rows of numbers in [0, 1], (channels, height, width)."""
        code = wire.numbers(z)
        key = key_of(service, domain or library.modelled("digits"), kind, len(code), beta, "ae")
        with service.models_turn:
            x_hat = decode_code(library, code, key)
        rows = [[wire.rounded(line, 4) for line in channel] for channel in x_hat]
        return {"picture": wire.png(x_hat), "x_hat": rows}

    return models, reconstruct, encode, decode
