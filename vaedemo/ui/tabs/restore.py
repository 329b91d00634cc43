"""The tabs "Denoise" and "Inpaint": a picture is damaged, or comes damaged, and is restored in many ways."""

import math

import numpy as np
import torch
from PIL import Image

from vaedemo import pictures, runtime
from vaedemo.degrade import MASKS, NOISES, add_noise, draw_mask, strength
from vaedemo.errors import PictureError
from vaedemo.restore import (
    DENOISING,
    FILLING,
    MAX_SAMPLES,
    PHOTOS,
    answers,
    estimate_level,
    measure,
    photo,
    restore_with,
)  # fmt: skip
from vaedemo.ui import wire
from vaedemo.ui.component import module_html
from vaedemo.ui.photojobs import MAX_PIXELS, Job, Jobs
from vaedemo.ui.service import example_names

__all__ = ["Restoration", "build_denoise", "build_inpaint"]

MAX_SEED = 2**31 - 1
MAX_MASK = 1024  # pixels a side of a painted mask
SHOWN = 1400  # longest side of a photograph as the page shows it
LOSSLESS = 4_000_000  # pixels up to which a photograph is given back as PNG, and has samples
SPREAD = 0.25  # the spread at which its heat map saturates, as the page draws it
PHOTO_SAMPLES = 4
PRESETS = tuple(k for k in MASKS if k not in ("anywhere", "brush"))


def build_denoise(page):
    """The tab "Denoise"."""
    return _build(page, "denoise")


def build_inpaint(page):
    """The tab "Inpaint"."""
    return _build(page, "inpaint")


def _build(page, task):
    own = Restoration(page.service)
    return module_html(task, own.first_value(task), own.functions)


class Restoration:
    """Server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service):
        self.service, self.library, self.jobs = service, service.library, Jobs()
        named = (
            self.source, self.restore, self.compare, self.mask, self.begin, self.step, self.stop, self.file,
            service.domain,
        )  # fmt: skip
        self.functions = [wire.answered(f) for f in named]

    def first_value(self, task):
        """What the page knows before it asks: domains with a model that restores, noises, masks and methods."""
        table = {
            name: {"channels": row.channels, "size": row.size, "strokes": row.strokes,
                   "examples": list(example_names(name))}
            for name, row in self.library.domains.items() if self.library.restores(name)
        }  # fmt: skip
        if self.library.restores(PHOTOS):
            table[PHOTOS] = {"channels": 3, "size": None, "strokes": None, "examples": list(example_names("objects"))}
        noises = {k: {"low": n.weakest, "high": n.strongest, "usual": n.usual} for k, n in NOISES.items()}
        methods = DENOISING if task == "denoise" else FILLING
        return {"table": table, "noises": noises, "masks": list(PRESETS), "methods": list(methods), "spread": SPREAD,
                "any": bool(self.library.entries),
                "samples": MAX_SAMPLES, "seeds": MAX_SEED}  # fmt: skip

    # ---- small pictures ------------------------------------------------------------------------------------------

    def source(self, request):
        """{"source", "domain", "given": whether the picture is damaged already} -> {"x", "domain", "original",
        "width", "height"}. A damaged picture is neither trimmed nor centred, only scaled."""
        name = self.library.domain(wire.text(request, "domain")).name
        if request.get("given") is not True:
            return self.service.prepare({"source": request.get("source"), "domain": name})
        row, image = self.library.domain(name), self._image(request)
        made = pictures.prepare(image, channels=row.channels, size=row.size)
        made.picture.thumbnail((512, 512), Image.Resampling.HAMMING)
        return {"x": wire.pack(made.x), "domain": name, "original": wire.data_uri(made.picture),
                "width": made.size[0], "height": made.size[1]}  # fmt: skip

    def _image(self, request):
        source = request.get("source")
        if not isinstance(source, dict):
            raise wire.RequestError("a source is an object with one of example, upload, data")
        with self.service.decoders_turn:
            found = self.service.source(source)
            return found if isinstance(found, Image.Image) else pictures.read(found)

    def _damaged(self, request):
        """(domain, clean x or None, y, mask (H, W), noise or None, its level, sigma or None to leave it open)."""
        name = self.library.domain(wire.text(request, "domain")).name
        row = self.library.domain(name)
        x, size = wire.unpack(request.get("x"), row), row.size
        known = _mask(request.get("mask"), size, size)
        noise, level = _noise(request)
        y = x
        if noise is not None:
            generator = runtime.generator("page", wire.whole(request, "seed", 0, MAX_SEED))
            y = add_noise(torch.from_numpy(x)[None], noise, level, generator)[0].numpy()
        sigma = request.get("sigma")
        sigma = None if sigma is None else wire.number(request, "sigma", 0, 1)
        if noise is not None and sigma is None:
            sigma = float(strength(noise, level))
        return name, None if request.get("given") is True else x, y, known, noise, level, sigma

    def restore(self, request):
        """{"domain", "x", "given", "noise" or null, "level", "seed", "mask" or null, "sigma" or null, "n"} -> what was
        restored (y), the answers, their mean and spread (bytes, 255 at SPREAD), and figures where x is clean."""
        name, x, y, known, noise, level, sigma = self._damaged(request)
        n = wire.whole(request, "n", 1, MAX_SAMPLES)
        filling = not known.all()
        told = 0.0 if noise is None and sigma is None and filling else sigma
        with self.service.models_turn:
            made = answers(self.library, y, name, known, level=told, n=n, seed=wire.whole(request, "seed", 0, MAX_SEED))
            estimated = None
            if request.get("given") is True:
                estimated = estimate_level(self.library, y, name, known)
        whole = None if known.all() else known
        figures = None if x is None else {
            "mean": _figures(made.mean, x, whole), "y": _figures(np.clip(y, 0, 1) * known, x, whole),
            "samples": [_figures(s, x, whole) for s in made.samples],
        }  # fmt: skip
        return {
            "y": wire.pack(y * known),
            "samples": wire.pack(made.samples),
            "mean": wire.pack(made.mean),
            "spread": wire.pack(made.spread.mean(0) / SPREAD),
            "best": made.best,
            "log_likelihood": wire.rounded(made.log_likelihood),
            "sigma": wire.rounded(told),
            "estimated": wire.rounded(estimated, 3),
            "figures": figures,
        }

    def compare(self, request):
        """The same request with "methods": names -> {"methods": {name: {"x_hat", figures} or {"error"}}}."""
        name, x, y, known, noise, level, sigma = self._damaged(request)
        if sigma is None:
            with self.service.models_turn:
                sigma = 0.0 if not known.all() else estimate_level(self.library, y, name, known)
        made = {}
        for method in _methods(request):
            with self.service.models_turn:
                x_hat = restore_with(
                    self.library, method, y, name, known, level=sigma, noise=noise or "gaussian",
                    noise_level=sigma if noise is None else level,
                )  # fmt: skip
            whole = None if known.all() else known
            figures = {} if x is None else _figures(x_hat, x, whole)
            made[method] = {"x_hat": wire.pack(x_hat), **figures}
        return {"methods": made}

    def mask(self, request):
        """{"kind", "width", "height", "amount" or null, "seed"} -> {"mask": base64, 1 where known}."""
        width, height = (wire.whole(request, side, 1, MAX_MASK) for side in ("width", "height"))
        amount = None if request.get("amount") is None else wire.number(request, "amount", 0, 1)
        generator = runtime.generator("mask", wire.whole(request, "seed", 0, MAX_SEED))
        kind = wire.choice(request, "kind", PRESETS, "left")
        known = draw_mask(kind, height, width, generator, amount).numpy()
        return {"mask": wire.pack(known / 255)}

    # ---- photographs ---------------------------------------------------------------------------------------------

    def begin(self, request):
        """{"source", "given", "noise" or null, "level", "seed", "mask" {"width", "height", "data"} or null, "sigma" or
        null, "n", "method"} -> a job to be worked off by step(): {"job", "total", "width", "height", "damaged",
        "estimated", "sigma"}."""
        image = self._image(request).convert("RGB")
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PictureError(f"This photograph has {width * height / 1e6:.1f} million pixels; the limit here is "
                               f"{MAX_PIXELS / 1e6:.1f}, so scale it down, or use the command line.")  # fmt: skip
        x = np.asarray(image, np.float32).transpose(2, 0, 1) / np.float32(255)
        seed = wire.whole(request, "seed", 0, MAX_SEED)
        known = _mask(request.get("mask"), width, height)
        noise, level = _noise(request)
        y = x
        if noise is not None:
            y = add_noise(torch.from_numpy(x)[None], noise, level, runtime.generator("page", seed))[0].numpy()
        sigma, estimated = request.get("sigma"), None
        if sigma is not None:
            sigma = wire.number(request, "sigma", 0, 1)
        elif noise is not None:
            sigma = float(strength(noise, level))
        elif known.all():
            with self.service.models_turn:
                sigma = estimated = estimate_level(self.library, y, PHOTOS)
        else:
            sigma = 0.0
        n = min(PHOTO_SAMPLES if width * height <= LOSSLESS else 1, wire.whole(request, "n", 1, MAX_SAMPLES))
        y = y * known
        restoring = photo(self.library, y, sigma=sigma, mask=known, seeds=range(seed, seed + n) if n > 1 else ())
        clean = None if request.get("given") is True else x
        job = Job(restoring, y, clean, known)
        return {
            "job": self.jobs.add(job),
            "total": job.total,
            "width": width,
            "height": height,
            "damaged": _shown(y),
            "original": _shown(x),
            "sigma": wire.rounded(sigma),
            "estimated": wire.rounded(estimated, 3),
        }

    def step(self, request):
        """{"job"} -> {"done", "total"}; with the last tile the restored photograph, its spread and figures too."""
        job = self.jobs.get(request.get("job"))
        with self.service.models_turn:
            finished = job.step()
        answer = {"done": job.done, "total": job.total}
        if not finished:
            return answer
        made = job.restoring
        mean = made.mean.numpy()
        whole = None if job.mask.all() else job.mask
        if len(made.samples) > 1:
            spread = torch.stack(made.samples).std(0).mean(0, keepdim=True).numpy() / SPREAD
            answer["spread"] = _heat(spread)
            answer["samples"] = [_shown(s.numpy(), SHOWN // 3) for s in made.samples]
        if job.clean is not None:
            answer["figures"] = {"mean": _figures(mean, job.clean, whole),
                                 "y": _figures(job.y, job.clean, whole)}  # fmt: skip
        left = np.clip(0.5 + (job.y - mean) * job.mask * 2, 0, 1)
        return answer | {"result": _shown(mean), "residual": _shown(left)}

    def stop(self, request):
        """{"job"} -> {}: what was worked off is forgotten."""
        self.jobs.drop(request.get("job"))
        return {}

    def file(self, request):
        """{"job", "which": "mean" or "damaged"} -> {"data": data URI at full size}."""
        job = self.jobs.get(request.get("job"))
        which = wire.choice(request, "which", ("mean", "damaged"), "mean")
        if job.done < job.total:
            raise PictureError("This photograph is not finished; wait for it.")
        image = pictures.to_image(job.restoring.mean.numpy() if which == "mean" else job.y)
        with self.service.decoders_turn:
            return {"data": wire.data_uri(image, lossless=job.pixels <= LOSSLESS)}


def _shown(x, side=SHOWN):
    image = pictures.to_image(x)
    image.thumbnail((side, side), Image.Resampling.HAMMING)
    return wire.data_uri(image)


def _heat(share):
    """The spread (1, H, W), 1 where the scale ends, in the page's own colours: a grey picture that the page colours."""
    image = pictures.to_image(np.clip(share, 0, 1))
    image.thumbnail((512, 512), Image.Resampling.BOX)
    return wire.data_uri(image, lossless=True)


def _figures(x_hat, x, known):
    made = measure(np.clip(x_hat, 0, 1), x, known)
    return {"psnr": wire.rounded(made.psnr), "ssim": wire.rounded(made.ssim), "hole": wire.rounded(made.hole_psnr)}


def _methods(request):
    wanted, known = request.get("methods"), {*DENOISING, *FILLING}
    if not isinstance(wanted, list) or len(wanted) > len(known):
        raise wire.RequestError("methods has to be a list of names")
    if not all(isinstance(m, str) and m in known for m in wanted):
        raise wire.RequestError(f"a method is one of {', '.join(sorted(known))}")
    return wanted


def _noise(request):
    """(noise, level) of a request, (None, 0) without."""
    if request.get("noise") is None:
        return None, 0.0
    noise = wire.choice(request, "noise", tuple(NOISES), "gaussian")
    low, high = sorted((NOISES[noise].weakest, NOISES[noise].strongest))
    return noise, wire.number(request, "level", low, high)


def _mask(given, width, height):
    """float32 (height, width), 1 where known, from base64 bytes of that size, or of another one in an object."""
    if given is None:
        return np.ones((height, width), np.float32)
    own = given if isinstance(given, dict) else {"width": width, "height": height, "data": given}
    sides = [wire.whole(own, side, 1, MAX_MASK) for side in ("height", "width")]
    data = wire.base64_bytes(own.get("data"), "the mask", 4 * MAX_MASK**2 // 3 + 8)
    if len(data) != math.prod(sides):
        raise wire.RequestError(f"the mask is {len(data)} bytes, not {sides[1]} x {sides[0]}")
    known = np.frombuffer(data, np.uint8).reshape(sides) > 0
    if tuple(sides) != (height, width):
        known = known[(np.arange(height) * sides[0] // height)[:, None], np.arange(width) * sides[1] // width]
    return known.astype(np.float32)
