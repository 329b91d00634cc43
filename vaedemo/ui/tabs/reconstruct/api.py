"""Endpoints of the models themselves: models, reconstruct, encode, decode."""

from vaedemo.pictures.draw import to_image
from vaedemo.services.reconstruct import reconstruct as reconstruct_picture
from vaedemo.store.library import decode as decode_code
from vaedemo.store.library import encode as encode_picture
from vaedemo.ui.server import wire
from vaedemo.ui.server.callers import key_of, prepared

__all__ = ["functions"]


def functions(service):
    """models, reconstruct, encode and decode over a Service."""
    library = service.library

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
        psnr in dB, ssim; bytes of the latent and of the picture; unusual: whether the error exceeds that of 99 % of the
        test pictures."""
        x, name = prepared(service, picture, domain, fit, polarity)
        key = key_of(library, name, kind, latent_dim, beta, "ae")
        with service.models_turn:
            made = reconstruct_picture(library, x, key)
        return {
            **key._asdict(),
            "x": wire.data_uri(to_image(x), lossless=True),
            "x_hat": wire.data_uri(to_image(made.x_hat), lossless=True),
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
        kind: str = "",
        latent_dim: int = 8,
        beta: float = 1.0,
        fit: str = "crop",
        polarity: str = "auto",
    ) -> dict:
        """The code of a picture: mu, and of a vae sigma, each latent_dim numbers. Arguments as for reconstruct."""
        x, name = prepared(service, picture, domain, fit, polarity)
        key = key_of(library, name, kind, latent_dim, beta, "ae")
        with service.models_turn:
            mu, sigma = encode_picture(library, x, key)
        return {"domain": name, "mu": wire.rounded(mu, 7), "sigma": wire.rounded(sigma, 7)}

    def decode(z: list[float], domain: str = "", kind: str = "", beta: float = 1.0) -> dict:
        """The picture of a code z, whose length is the latent dimension, of digits if domain is "", as a PNG data URI
        and as rows of numbers in [0, 1], (channels, height, width)."""
        code = wire.numbers(z)
        key = key_of(library, domain or library.modelled("digits"), kind, len(code), beta, "ae")
        with service.models_turn:
            x_hat = decode_code(library, code, key)
        rows = [[wire.rounded(line, 4) for line in channel] for channel in x_hat]
        return {"picture": wire.data_uri(to_image(x_hat), lossless=True), "x_hat": rows}

    return models, reconstruct, encode, decode
