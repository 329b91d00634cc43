"""Endpoints of restoration: denoise, inpaint."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from vaedemo.data.domains import Domain
from vaedemo.errors import PictureError
from vaedemo.pictures.read import read
from vaedemo.services.restore import run, task
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import source_of, whole
from vaedemo.ui.server.service import Service

__all__ = ["functions"]

MAX_PHOTO = 4_000_000  # pixels
MAX_HOLE = 250_000  # pixels that biharmonic fills: its time and its memory grow faster than they do


def functions(service: Service) -> tuple[Callable[..., dict], ...]:
    """denoise and inpaint over a Service."""

    def image_of(picture: Any) -> Image.Image:
        source = source_of(service, picture)
        with service.decoders_turn:
            return read(source)

    def answered(
        picture: Any, mask: Any, domain: Any, sigma: Any, samples: Any, method: Any, seed: Any, clean: Any
    ) -> dict:
        """What both endpoints give; mask: a picture in any form, or None to take noise away."""
        level = None if sigma is None and mask is None else wire.number({"sigma": sigma}, "sigma", 0, 1)
        if not isinstance(method, str) or not isinstance(domain, str):
            raise wire.RequestError("domain and method have to be texts")
        count, start = whole(samples, "samples", 1, task.MAX_SAMPLES), whole(seed, "seed", 0, wire.MAX_SEED)
        task.check(method, task.DENOISING if mask is None else task.FILLING, level, count)
        image = image_of(picture)
        row = task.domain_of(service.library, domain[:40], image)
        options = {"method": method, "sigma": level, "seed": start, "samples": count if row.size else 0}
        _require_small(image, row)
        source = None if mask is None else source_of(service, mask)
        with service.decoders_turn:
            wanted = task.task_of(image, row, source, estimate=True, **options)
        if method == "biharmonic" and (missing := int((wanted.mask == 0).sum())) > MAX_HOLE:
            raise PictureError(
                f"{missing:,} pixels are missing; biharmonic fills at most {MAX_HOLE:,} here, so choose vae."
            )
        truth = None if clean is None else _require_small(image_of(clean), row)
        with service.models_turn:
            (answer,) = run.answers(service.library, wanted)
        known = None if mask is None else wanted.mask[0]
        figures = (None,) * 3 if truth is None else run.measure(answer.mean, task.seen(truth, row), known)
        return {
            "domain": row.name,
            "method": method,
            "x_hat": wire.png(answer.mean),
            "samples": wire.pngs(answer.samples),
            "sigma": wire.rounded(answer.sigma),
            "estimated": wire.rounded(answer.estimated),
            **{k: wire.rounded(v) for k, v in zip(run.Figures._fields, figures, strict=True)},
            "seed": start,
            **({} if mask is None else {"note": wanted.note}),
        }

    def denoise(
        picture: str | dict | list,
        domain: str = "",
        sigma: float | None = None,
        samples: int = 8,
        method: str = "vae",
        seed: int = 0,
        clean: str | dict | list | None = None,
    ) -> dict:
        """A picture without its noise. picture: in any form that reconstruct takes; for a small domain at the model's
        own size, else its centre square is scaled, never trimmed. domain: digits, fashion, objects, shapes, photos
        (keeps its size, at most 4 megapixels), or "" to have it proposed. sigma: the noise's standard deviation, 0 to
        1; null: estimated, but the vae of a small domain does without. method: vae, plain, nlm, wavelet, tv, median.
        samples: 1 to 16, of vae in small domains. clean: the undamaged picture. Gives x_hat, of vae the mean of the
        samples, and samples, as PNG data URIs; sigma as it was told, estimated; psnr in dB and ssim against clean."""
        return answered(picture, None, domain, sigma, samples, method, seed, clean)

    def inpaint(
        picture: str | dict | list,
        mask: str | dict | list,
        domain: str = "",
        sigma: float = 0.0,
        samples: int = 8,
        method: str = "vae",
        seed: int = 0,
        clean: str | dict | list | None = None,
    ) -> dict:
        """A picture with its holes filled. mask: a picture of the same shape; white (above half) marks what is missing,
        black is kept, exactly where sigma is 0; labels 0 and 1, and strokes or holes in a transparent picture, are
        understood too. sigma: the standard deviation of noise on what is known, 0 to 1, of
        vae. method: vae, plain, biharmonic (fills at most 250,000 pixels). The other arguments and what it gives are as
        for denoise; hole_psnr is the PSNR over what was missing; note: a sentence where the mask marks nothing, or
        nearly all, or where a photograph's hole is too large for more than a guess, else null."""
        if mask is None:
            raise PictureError("The mask is missing; give a picture that is white where something has to be filled.")
        return answered(picture, mask, domain, sigma, samples, method, seed, clean)

    return denoise, inpaint


def _require_small(image: Image.Image, row: Domain) -> Image.Image:
    if row.size is None and image.width * image.height > MAX_PHOTO:
        raise PictureError(
            f"The photograph has {image.width * image.height / 1e6:.1f} million pixels; the limit here is "
            f"{MAX_PHOTO // 10**6} million, so scale it down or use the command line."
        )
    return image
