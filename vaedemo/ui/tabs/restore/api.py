"""Endpoints of restoration: denoise, inpaint."""

from vaedemo.errors import PictureError, UnknownDomain
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.read import read
from vaedemo.services.restore import run
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import source_of, whole

__all__ = ["functions"]

MAX_SEED = 2**31 - 1
MAX_PHOTO = 4_000_000  # pixels
MAX_HOLE = 250_000  # pixels that biharmonic fills: its time and its memory grow faster than they do


def functions(service):
    """denoise and inpaint over a Service."""
    library = service.library

    def opened(picture):
        source = source_of(service, picture)
        with service.decoders_turn:
            return read(source)

    def restored(picture, mask, domain, method, methods, level, samples, seed, clean):
        """What both endpoints give; mask: a picture in any form, or None of one that has no holes."""
        if not isinstance(method, str) or method not in methods:
            raise wire.RequestError(f"method has to be one of {', '.join(methods)}")
        if level and method in ("plain", "biharmonic"):
            raise wire.RequestError(f"the method {method} is told of no noise; leave sigma out")
        count, start = whole(samples, "samples", 1, run.MAX_SAMPLES), whole(seed, "seed", 0, MAX_SEED)
        name = _domain(library, domain)
        image = opened(picture)
        name = name or library.restoring(run.proposed(image))
        y = _seen(image, _row(library, name))
        known, note = None, {}
        if mask is not None:
            with service.decoders_turn:
                fitted = _fitted(source_of(service, mask), image, _row(library, name), method)
            known = fitted.known
            guess = name == run.PHOTOS and method == "vae" and run.guessed(known)
            note = {"note": fitted.said() or (run.GUESSED if guess else None)}
        truth = None if clean is None else _seen(opened(clean), _row(library, name))
        estimated, drawn = None, ()
        with service.models_turn:
            if level is None and method != "plain":
                estimated = run.estimate_level(library, y, name)
                level = None if method == "vae" and name != run.PHOTOS else estimated
            if method == "plain" and name != run.PHOTOS and known is not None and known.all():
                x_hat = y  # nothing is missing
            elif method != "vae":
                x_hat = run.restore_with(library, method, y, name, known, level=level)
            elif name == run.PHOTOS:
                told = (level, known) if estimated is None else run.photo_damage(y, known)
                job = run.photo(library, y, sigma=told[0], mask=told[1])
                for _ in job:
                    pass
                x_hat = job.mean.numpy()
            else:
                made = run.answers(library, y, name, known, level=level, n=count, seed=start)
                x_hat, drawn = made.mean, made.samples
        figures = (None,) * 3 if truth is None else run.measure(x_hat, truth, known)
        return {
            "domain": name,
            "method": method,
            "x_hat": _uri(x_hat),
            "samples": [_uri(x) for x in drawn],
            "sigma": wire.rounded(level),
            "estimated": wire.rounded(estimated),
            **{k: wire.rounded(v) for k, v in zip(run.Figures._fields, figures, strict=True)},
            "seed": start,
            **note,
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
        level = None if sigma is None else _level(sigma)
        return restored(picture, None, domain, method, run.DENOISING, level, samples, seed, clean)

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
        level = _level(sigma)
        if mask is None:
            raise PictureError("The mask is missing; give a picture that is white where something has to be filled.")
        return restored(picture, mask, domain, method, run.FILLING, level, samples, seed, clean)

    return denoise, inpaint


def _level(sigma):
    return wire.number({"sigma": sigma}, "sigma", 0, 1)


def _row(library, name):
    """A domain's row, which says how large its pictures are; photos has none."""
    return name if name == run.PHOTOS else library.domain(name)


def _domain(library, domain):
    """A domain's name, photos, or "" for the proposed one."""
    if not isinstance(domain, str):
        raise wire.RequestError("domain has to be a text")
    names = [*library.domains, run.PHOTOS]
    if domain and domain not in names:
        raise UnknownDomain(f"no domain {domain[:40]!r}; choose from {', '.join(names)}")
    return domain


def _seen(image, domain):
    if domain == run.PHOTOS and image.width * image.height > MAX_PHOTO:
        raise PictureError(
            f"The photograph has {image.width * image.height / 1e6:.1f} million pixels; the limit here is "
            f"{MAX_PHOTO // 10**6} million, so scale it down or use the command line."
        )
    return run.seen(image, domain)


def _fitted(mask, image, domain, method):
    fitted = run.known(mask, image, domain, method)
    if method == "biharmonic" and (missing := int((~fitted.known).sum())) > MAX_HOLE:
        raise PictureError(
            f"{missing:,} pixels are missing; biharmonic fills at most {MAX_HOLE:,} here, so choose vae."
        )
    return fitted


def _uri(x):
    return wire.data_uri(to_image(x), lossless=True)
