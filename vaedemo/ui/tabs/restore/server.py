"""The tabs "Denoise" and "Inpaint": a picture is damaged, or comes damaged, and is restored in many ways."""

import numpy as np
import torch
from PIL import Image

from vaedemo import runtime
from vaedemo.data.damage import MASKS, add_noise, draw_mask, strength
from vaedemo.data.domains import damages_of
from vaedemo.errors import PictureError
from vaedemo.pictures import masks
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.prepare import Placed, prepare
from vaedemo.pictures.read import read
from vaedemo.services.restore.photonoise import is_grey
from vaedemo.services.restore.run import (
    DENOISING,
    FILLING,
    MAX_SAMPLES,
    PHOTOS,
    answers,
    estimate_level,
    guessed,
    measure,
    photo,
    photo_damage,
    restore_with,
)
from vaedemo.services.restore.strips import Strips
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import example_names
from vaedemo.ui.server.painted import MAX_MASK, larger, mask_of
from vaedemo.ui.server.photojobs import MAX_PIXELS, Job, Jobs

__all__ = ["Restoration", "build_denoise", "build_inpaint"]

MAX_SEED = 2**31 - 1
SHOWN = 1400  # longest side of a photograph as the page shows it
LOSSLESS = 4_000_000  # pixels up to which a photograph is given back as PNG, and has samples
SPREAD = 0.25  # the spread at which its heat map saturates, as the page draws it
BESIDE = 1_500_000  # pixels up to which a photograph is given to the classical methods too
FILLED = 100_000  # missing pixels up to which biharmonic equations are: their time grows faster than they do
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
            self.source, self.restore, self.compare, self.mask, self.maskfile, self.begin, self.step, self.stop,
            self.file, service.domain,
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
        for name in table:
            damages = damages_of(name)
            levels = {k: dict(zip(("low", "high", "usual"), v, strict=True)) for k, v in damages.noises.items()}
            table[name] |= {"noises": levels, "mask": damages.mask, "strongest": damages.strongest,
                            "hole": damages.hole, "samples": list(damages.samples), "usual": damages.usual_samples,
                            "sampled": LOSSLESS if name == PHOTOS else None}  # fmt: skip
        methods = DENOISING if task == "denoise" else FILLING
        return {"table": table, "masks": list(PRESETS), "methods": list(methods), "spread": SPREAD,
                "any": bool(self.library.entries),
                "seeds": MAX_SEED}  # fmt: skip

    # ---- small pictures ------------------------------------------------------------------------------------------

    def source(self, request):
        """{"source", "domain", "given": whether the picture is damaged already} -> {"x", "domain", "original",
        "width", "height"}. A damaged picture is neither trimmed nor centred, only scaled."""
        name = self.library.domain(wire.text(request, "domain")).name
        if request.get("given") is not True:
            return self.service.prepare({"source": request.get("source"), "domain": name})
        row, image = self.library.domain(name), self._image(request)
        made = prepare(image, channels=row.channels, size=row.size)
        made.picture.thumbnail((512, 512), Image.Resampling.HAMMING)
        return {"x": wire.pack(made.x), "domain": name, "original": wire.data_uri(made.picture),
                "width": made.size[0], "height": made.size[1]}  # fmt: skip

    def _image(self, request):
        source = request.get("source")
        if not isinstance(source, dict):
            raise wire.RequestError("a source is an object with one of example, upload, data")
        with self.service.decoders_turn:
            found = self.service.source(source)
            return found if isinstance(found, Image.Image) else read(found)

    def _damaged(self, request):
        """(domain, clean x or None, y, mask (H, W), noise or None, its level, sigma or None to leave it open)."""
        name = self.library.domain(wire.text(request, "domain")).name
        row = self.library.domain(name)
        x, size = wire.unpack(request.get("x"), row), row.size
        known = mask_of(request.get("mask"), size, size)
        noise, level = _noise(request, name)
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
        restored (y), the answers, their mean and spread (bytes, 255 at SPREAD), best (the closest to y, null where
        that is no better than another), and figures where x is clean."""
        name, x, y, known, noise, level, sigma = self._damaged(request)
        n = wire.whole(request, "n", 1, MAX_SAMPLES)
        filling = not known.all()
        told = 0.0 if noise is None and sigma is None and filling else sigma
        with self.service.models_turn:
            seed = wire.whole(request, "seed", 0, MAX_SEED)
            made = answers(self.library, y, name, known, level=told, n=n, seed=seed, noise=noise or "gaussian")
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
            "measured": None if noise is None else _measured(x, y, known),
            "temperature": _temperature(self.library.restorer(name)),
            "estimated": wire.rounded(estimated, 3),
            "figures": figures,
        }

    def compare(self, request):
        """The same request with "methods": names -> {"methods": {name: {"x_hat", figures} or {"error"}}}."""
        name, x, y, known, noise, level, sigma = self._damaged(request)
        if sigma is None:
            with self.service.models_turn:
                sigma = 0.0 if not known.all() else estimate_level(self.library, y, name, known)
        if noise not in (None, "gaussian"):  # as classical.tune() told it
            sigma = _measured(x, y, known) or sigma
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

    def maskfile(self, request):
        """{"source": of a mask's file, "picture": the picture's source or null where only its x is known, "domain",
        "width", "height": of the mask wanted} -> {"mask": base64, 1 where known, "note" (masks.NOTES) or null, "share":
        of what is missing}. The mask goes the way of its picture: cropped, or trimmed and centred, as that is seen."""
        domain = wire.choice(request, "domain", (*self.library.domains, PHOTOS), PHOTOS)
        width, height = (wire.whole(request, side, 1, MAX_MASK) for side in ("width", "height"))
        missing = self._missing(request.get("source"))
        placed = Placed.whole((width, height), (width, height))
        if request.get("picture") is not None:
            image = self._image({"source": request["picture"]})
            placed = Placed.whole(image.size, (width, height))
            if domain != PHOTOS:
                row = self.library.domain(domain)
                placed = prepare(image, channels=row.channels, size=row.size, strokes=row.strokes).placed
        fitted = masks.known(missing, placed)
        return {"mask": wire.pack(fitted.known / 255), "note": fitted.note, "share": wire.rounded(fitted.share)}

    def _missing(self, source):
        """What the mask marks that a source is of; bool (H, W)."""
        if not isinstance(source, dict):
            raise wire.RequestError("a source is an object with one of example, upload, data")
        with self.service.decoders_turn:
            return masks.read(self.service.source(source))

    # ---- photographs ---------------------------------------------------------------------------------------------

    def begin(self, request):
        """{"source", "given", "noise" or null, "level", "seed", "mask" {"width", "height", "data", "file": the source
        of the file it is from or null} or null, "sigma" or null, "n", "methods"} -> a job to be worked off by step():
        {"job", "total": its steps, "own": those of the restoring, before the methods', "width", "height", "damaged",
        "original", "estimated", "sigma", "measured", "lost": share that salt and pepper took, "grey", "samples": how
        many are drawn, "guessed": whether a part is too far from what is known}."""
        image = self._image(request).convert("RGB")
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PictureError(f"This photograph has {width * height / 1e6:.1f} million pixels; the limit here is "
                               f"{MAX_PIXELS / 1e6:.1f}, so scale it down, or use the command line.")  # fmt: skip
        x = np.asarray(image, np.float32).transpose(2, 0, 1) / np.float32(255)
        seed, given = wire.whole(request, "seed", 0, MAX_SEED), request.get("given") is True
        known = self._known(request.get("mask"), width, height)
        noise, level = _noise(request, PHOTOS)
        y, grey = x, is_grey(x)
        if noise is not None:  # of a grey photograph the same in all three channels
            clean = torch.from_numpy(x[: 1 if grey else 3])[None]
            y = add_noise(clean, noise, level, runtime.generator("page", seed))[0].expand(3, -1, -1).numpy()
        y = y * known
        sigma, estimated, told = request.get("sigma"), None, known
        if sigma is not None:
            sigma = wire.number(request, "sigma", 0, 1)
        elif noise is None and not known.all():
            sigma = 0.0
        else:
            sigma, told = photo_damage(y, known, noise, level)
            told = known if told is None else told
            estimated = sigma if noise is None else None
        most = damages_of(PHOTOS).samples[-1] if width * height <= LOSSLESS else 0
        n = min(most, wire.whole(request, "n", 0, MAX_SAMPLES))
        restoring = photo(self.library, y, sigma=sigma, mask=told, seeds=range(seed, seed + n))
        measured = None if given or noise is None else _measured(x, y, known)
        shown = float(np.sqrt(np.mean(np.square(sigma))))
        job = Job(restoring, y, None if given else x, known,
                  self._beside(request, y, known, noise, level,
                               shown if noise == "gaussian" else measured or shown))  # fmt: skip
        return {
            "job": self.jobs.add(job),
            "own": job.own,
            "total": job.total,
            "width": width,
            "height": height,
            "damaged": _shown(y),
            "original": _shown(x),
            "sigma": wire.rounded(shown),
            "measured": measured,
            "estimated": wire.rounded(estimated, 3),
            "lost": wire.rounded(float((known > told).mean())),
            "grey": grey,
            "samples": n,
            "left_out": [m for m in request.get("methods") or () if m not in job.methods],
            "guessed": guessed(known),
            "temperature": _temperature(self.library.photo_restorer()),
        }

    def _known(self, given, width, height):
        """As mask_of(); where it came from a file ("file": its source), and was not painted over since, as exact as
        that is: a painted mask has fewer pixels than a photograph."""
        known = mask_of(given, width, height)
        if not isinstance(given, dict) or given.get("file") is None:
            return known
        missing, size = self._missing(given["file"]), (width, height)
        small = (int(given["width"]), int(given["height"]))
        shown = masks.known(missing, Placed.whole(size, small)).known.astype(np.float32)
        exact = masks.known(missing, Placed.whole(size, size)).known.astype(np.float32)
        return np.where(known == larger(shown, width, height), exact, known)

    def _beside(self, request, y, known, noise, level, sigma):
        """{method: Strips} of those that were asked for and are not too slow for this photograph."""
        names = _methods(request) if request.get("methods") else ()
        holes, slow = int((known == 0).sum()), y.shape[1] * y.shape[2] > BESIDE
        found = {}
        for name in names:
            if slow or name in ("vae", "plain") or (name == "biharmonic" and (holes > FILLED or guessed(known))):
                continue

            def run(part, mask, name=name):
                return restore_with(
                    self.library, name, part, PHOTOS, mask, level=sigma, noise=noise or "gaussian",
                    noise_level=sigma if noise is None else level,
                )  # fmt: skip

            found[name] = Strips(run, y, known)
        return found

    def step(self, request):
        """{"job"} -> {"done", "total"}; with the last tile the restored photograph, its spread and figures too; with a
        method's last one "methods": {its name: {"x_hat", figures}}."""
        job = self.jobs.get(request.get("job"))
        with self.service.models_turn:
            name, finished = job.step()
        answer = {"done": job.done, "total": job.total}
        if not finished:
            return answer
        whole = None if job.mask.all() else job.mask
        if name is not None:
            made = job.methods[name].made
            figures = {} if job.clean is None else _figures(made, job.clean, whole)
            return answer | {"methods": {name: {"x_hat": _shown(made, SHOWN // 3), **figures}}}
        made = job.restoring
        mean = made.mean.numpy()
        if made.samples:
            answer["spread"] = _heat(made.spread.mean(0, keepdim=True).numpy() / SPREAD)
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
        if job.done < job.own:
            raise PictureError("This photograph is not finished; wait for it.")
        image = to_image(job.restoring.mean.numpy() if which == "mean" else job.y)
        with self.service.decoders_turn:
            return {"data": wire.data_uri(image, lossless=job.pixels <= LOSSLESS)}


def _shown(x, side=SHOWN):
    image = to_image(x)
    image.thumbnail((side, side), Image.Resampling.HAMMING)
    return wire.data_uri(image)


def _heat(share):
    """The spread (1, H, W), 1 where the scale ends, in the page's own colours: a grey picture that the page colours."""
    image = to_image(np.clip(share, 0, 1))
    image.thumbnail((512, 512), Image.Resampling.BOX)
    return wire.data_uri(image, lossless=True)


def _figures(x_hat, x, known):
    made = measure(np.clip(x_hat, 0, 1), x, known)
    return {"psnr": wire.rounded(made.psnr), "ssim": wire.rounded(made.ssim), "hole": wire.rounded(made.hole_psnr)}


def _temperature(model):
    """By how much a model's draws are narrowed: 1 where they are not."""
    return getattr(model.config, "temperature", 1.0)


def _measured(x, y, known):
    """The standard deviation of y - x over the known pixels of a picture (C, H, W), None where x is not known."""
    if x is None or not known.any():
        return None
    return wire.rounded(float(np.sqrt((np.square(y - x) * known).sum() / (len(x) * known.sum()))))


def _methods(request):
    wanted, known = request.get("methods"), {*DENOISING, *FILLING}
    if not isinstance(wanted, list) or len(wanted) > len(known):
        raise wire.RequestError("methods has to be a list of names")
    if not all(isinstance(m, str) and m in known for m in wanted):
        raise wire.RequestError(f"a method is one of {', '.join(sorted(known))}")
    return wanted


def _noise(request, domain):
    """(noise, level) of a request, of those that a domain's model was trained for, (None, 0) without."""
    if request.get("noise") is None:
        return None, 0.0
    noises = damages_of(domain).noises
    noise = wire.choice(request, "noise", tuple(noises), "gaussian")
    low, high = sorted(noises[noise][:2])
    return noise, wire.number(request, "level", low, high)
