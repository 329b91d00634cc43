"""The tabs "Denoise" and "Inpaint": a picture is damaged, or comes damaged, and is restored in many ways."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from vaedemo import runtime
from vaedemo.data.damage import MASKS, add_noise, draw_mask, strength
from vaedemo.data.domains import DOMAINS, Domain, get_domain
from vaedemo.errors import PictureError
from vaedemo.pictures import masks
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.prepare import Placed, prepare
from vaedemo.pictures.read import read
from vaedemo.services.restore.photonoise import is_grey
from vaedemo.services.restore.run import answers, estimate, measure, run
from vaedemo.services.restore.task import DENOISING, FILLING, MAX_SAMPLES, Task, seen
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import page_source
from vaedemo.ui.server.jobs import Job, Jobs
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.restore import drawn
from vaedemo.ui.tabs.restore.row import LOSSLESS, described

__all__ = ["RestoreTab", "build"]

Request = dict[str, Any]
MAX_MASK = 1024  # pixels a side of a painted mask
BESIDE = 1_500_000  # pixels up to which a photograph is given to the classical methods too
FILLED = 100_000  # missing pixels up to which biharmonic equations are: their time grows faster than they do
MAX_PIXELS = 12_500_000  # of one photograph on the page
TOTAL_PIXELS = 40_000_000  # of all that wait; the oldest give way
PRESETS = tuple(k for k in MASKS if k not in ("anywhere", "brush"))


def build(service: Service, name: str) -> Any:
    """The component of a tab, "denoise" or "inpaint"."""
    own = RestoreTab(service)
    return module_html(name, own.first_value(name), own.functions)


class RestoreTab:
    """Server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service: Service) -> None:
        self.service, self.library = service, service.library
        self.jobs = Jobs(TOTAL_PIXELS, "This photograph is no longer here; restore it again.")
        small = (self.source, self.restore, self.compare, self.mask, self.maskfile)
        photographs = (self.begin, self.step, self.stop, self.file)
        lent = service.lent(lambda domain: described(self.library, domain))
        self.functions = [*map(wire.answered, (*small, *photographs, service.domain)), lent]

    def first_value(self, name: str) -> Request:
        """What the page knows before it asks: domains with a model that restores, noises, masks and methods."""
        rows = [row for row in self.library.restorable.values() if self.library.restores(row.name)]
        return {
            "table": {row.name: described(self.library, row.name) for row in rows},
            "masks": list(PRESETS),
            "methods": list(DENOISING if name == "denoise" else FILLING),
            "spread": drawn.SPREAD,
            "limit": drawn.LIMIT,
            "any": bool(self.library.entries),
            "seeds": wire.MAX_SEED,
        }

    # ---- small pictures ------------------------------------------------------------------------------------------

    def source(self, request: Request) -> Request:
        """{"source", "domain", "given": whether the picture is damaged already} -> {"x", "domain", "original",
        "width", "height"}. A damaged picture is neither trimmed nor centred, only scaled."""
        row = self.library.domain(wire.text(request, "domain"))
        if request.get("given") is not True:
            return self.service.prepare({"source": request.get("source"), "domain": row.name})
        scaled = prepare(self._image(request.get("source")), channels=row.channels, size=row.shape[1])
        original, (width, height) = self.service.original(scaled.picture), scaled.size
        return {"x": wire.pack(scaled.x), "domain": row.name, "original": original, "width": width, "height": height}

    def _image(self, source: Any) -> Image.Image:
        return read(self._opened(source))

    def _opened(self, source: Any) -> Any:
        with self.service.decoders_turn:
            return page_source(self.service, source)

    def _task(self, request: Request) -> tuple[Task, np.ndarray | None]:
        """(the Task of a request by the method vae, the clean picture or None)."""
        row = self.library.domain(wire.text(request, "domain"))
        x = wire.unpack(request.get("x"), row)
        known = _mask_of(request.get("mask"), *row.shape[:0:-1])
        noise, level = _noise(request, row)
        seed = wire.whole(request, "seed", 0, wire.MAX_SEED)
        y = x if noise is None else _noisy(x, noise, level, seed)
        sigma = _sigma(request)
        if noise is not None and sigma is None:
            sigma = float(strength(noise, level))
        task = Task(row, y, None if known.all() else known, sigma=sigma, noise=noise, level=level, seed=seed)
        return task, None if request.get("given") is True else x

    def restore(self, request: Request) -> Request:
        """{"domain", "x", "given", "noise" or null, "level", "seed", "mask" or null, "sigma" or null, "n"} -> what was
        restored (y), the answers, their mean and spread (bytes, 255 at SPREAD), best (the closest to y, null where
        that is no better than another), and figures where x is clean."""
        task, x = self._task(request)
        told = 0.0 if task.sigma is None and task.noise is None and task.known is not None else task.sigma
        task = replace(task, sigma=told, samples=wire.whole(request, "n", 1, MAX_SAMPLES))
        with self.service.models_turn:
            (answer,) = answers(self.library, task)
            estimated = estimate(self.library, task)[0] if x is None else None
        y, mask, hole = task.y[0], task.mask[0], None if task.known is None else task.known[0]
        figures: Request | None = None
        if x is not None:
            figures = {"mean": _figures(answer.mean, x, hole), "y": _figures(y.clip(0, 1) * mask, x, hole)}
            figures["samples"] = [_figures(s, x, hole) for s in answer.samples]
        return {
            "y": wire.pack(y * mask),
            "samples": wire.pack(np.asarray(answer.samples)),
            "mean": wire.pack(answer.mean),
            "spread": wire.pack(drawn.spread(answer)),
            "best": answer.best,
            "log_likelihood": wire.rounded(answer.log_likelihood),
            "sigma": wire.rounded(told),
            "measured": None if task.noise is None else _measured(x, y, mask),
            "temperature": self.library.restorer(task.domain).temperature,
            "estimated": wire.rounded(estimated, 3),
            "figures": figures,
        }

    def compare(self, request: Request) -> Request:
        """The same request with "methods": names -> {"methods": {name: {"x_hat", figures} or {"error"}}}."""
        task, x = self._task(request)
        sigma, hole = task.sigma, None if task.known is None else task.known[0]
        if sigma is None:
            with self.service.models_turn:
                sigma = estimate(self.library, task)[0] if hole is None else 0.0
        if task.noise not in (None, "gaussian"):  # as classical.tune() told it
            sigma = _measured(x, task.y[0], task.mask[0]) or sigma
        methods = {}
        for method in _methods(request):
            with self.service.models_turn:
                (answer,) = answers(self.library, replace(task, method=method, sigma=sigma))
            figures = {} if x is None else _figures(answer.mean, x, hole)
            methods[method] = {"x_hat": wire.pack(answer.mean), **figures}
        return {"methods": methods}

    def mask(self, request: Request) -> Request:
        """{"kind", "width", "height", "amount" or null, "seed"} -> {"mask": base64, 1 where known}."""
        width, height = (wire.whole(request, side, 1, MAX_MASK) for side in ("width", "height"))
        amount = None if request.get("amount") is None else wire.number(request, "amount", 0, 1)
        generator = runtime.generator("mask", wire.whole(request, "seed", 0, wire.MAX_SEED))
        kind = wire.choice(request, "kind", PRESETS, "left")
        known = draw_mask(kind, height, width, generator, amount).numpy()
        return {"mask": wire.pack(known / 255)}

    def maskfile(self, request: Request) -> Request:
        """{"source": of a mask's file, "picture": the picture's source or null where only its x is known, "domain",
        "width", "height": of the mask wanted} -> {"mask": base64, 1 where known, "note" (masks.NOTES) or null, "share":
        of what is missing}. The mask goes the way of its picture: cropped, or trimmed and centred, as that is seen."""
        name = wire.choice(request, "domain", tuple(self.library.restorable), "photos")
        row = get_domain(name, self.library.restorable)
        width, height = (wire.whole(request, side, 1, MAX_MASK) for side in ("width", "height"))
        missing = masks.read(self._opened(request.get("source")))
        placed = Placed.whole((width, height), (width, height))
        if request.get("picture") is not None:
            image = self._image(request["picture"])
            placed = Placed.whole(image.size, (width, height))
            if row.size is not None:
                placed = prepare(image, channels=row.channels, size=row.size, strokes=row.strokes).placed
        fitted = masks.known(missing, placed)
        return {"mask": wire.pack(fitted.known / 255), "note": fitted.note, "share": wire.rounded(fitted.share)}

    # ---- photographs ---------------------------------------------------------------------------------------------

    def begin(self, request: Request) -> Request:
        """{"source", "given", "noise" or null, "level", "seed", "mask" {"width", "height", "data", "file": the source
        of the file it is from or null} or null, "sigma" or null, "n", "methods"} -> a job to be worked off by step():
        {"job", "total": its steps, "own": those of the restoring, before the methods', "width", "height", "damaged",
        "original", "estimated", "sigma", "measured", "lost": share that salt and pepper took, "grey", "samples": how
        many are drawn, "guessed": whether a part is too far from what is known}."""
        image, row = self._image(request.get("source")), DOMAINS["photos"]
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PictureError(
                f"This photograph has {width * height / 1e6:.1f} million pixels; the limit here is "
                f"{MAX_PIXELS / 1e6:.1f}, so scale it down, or use the command line."
            )
        x, seed = seen(image, row), wire.whole(request, "seed", 0, wire.MAX_SEED)
        known = self._known(request.get("mask"), width, height)
        noise, level = _noise(request, row)
        y, grey = x, is_grey(x)
        if noise is not None:  # of a grey photograph the same in all three channels
            y = np.broadcast_to(_noisy(x[: 1 if grey else 3], noise, level, seed), x.shape)
        y, sigma = y * known, _sigma(request)
        found_out = sigma is None and (noise is not None or bool(known.all()))
        count = wire.whole(request, "n", 0, MAX_SAMPLES)
        count = min(count, row.damages.samples[-1]) if width * height <= LOSSLESS else 0
        given = sigma if found_out else sigma or 0.0
        task = Task(row, y, known, sigma=given, noise=noise, level=level, seed=seed, samples=count)
        told, mask = task.told
        shown = float(np.sqrt(np.mean(np.square(told))))
        clean = None if request.get("given") is True else x
        measured = None if noise is None else _measured(clean, y, known)
        methods = self._beside(request, replace(task, sigma=shown if noise == "gaussian" else measured or shown))
        works = {"vae": run(self.library, task)} | {name: run(self.library, other) for name, other in methods.items()}
        job = Job(works, width * height, drawn.Photograph(y, clean, known))
        return {
            "job": self.jobs.add(job),
            "own": job.totals["vae"],
            "total": job.total,
            "width": width,
            "height": height,
            "damaged": drawn.shown(y),
            "original": drawn.shown(x),
            "sigma": wire.rounded(shown),
            "measured": measured,
            "estimated": wire.rounded(told, 3) if found_out and noise is None else None,
            "lost": wire.rounded(float((known > mask).mean())),
            "grey": grey,
            "samples": task.samples,
            "left_out": [m for m in request.get("methods") or () if m not in methods],
            "guessed": task.guessed,
            "temperature": self.library.restorer(row).temperature,
        }

    def _known(self, given: Any, width: int, height: int) -> np.ndarray:
        """As _mask_of(); where it came from a file ("file": its source), and was not painted over since, as exact as
        that is: a painted mask has fewer pixels than a photograph."""
        known = _mask_of(given, width, height)
        if not isinstance(given, dict) or given.get("file") is None:
            return known
        missing, size = masks.read(self._opened(given["file"])), (width, height)
        small = (int(given["width"]), int(given["height"]))
        shown, exact = (masks.known(missing, Placed.whole(size, to)).known.astype(np.float32) for to in (small, size))
        return np.where(known == _larger(shown, width, height), exact, known)

    def _beside(self, request: Request, task: Task) -> dict[str, Task]:
        """The Tasks of the methods that were asked for and are not too slow for this photograph."""
        names, holes = _methods(request) if request.get("methods") else [], int((task.mask == 0).sum())
        fast = task.mask.size <= BESIDE
        wide = holes > FILLED or task.guessed
        wanted = [n for n in names if fast and n not in ("vae", "plain") and not (n == "biharmonic" and wide)]
        return {name: replace(task, method=name, strips=True) for name in wanted}

    def step(self, request: Request) -> Request:
        """{"job"} -> {"done", "total"}; with a tile of the network's, but for the last, "tile": {"box": shares of the
        picture: left, top, right, bottom, "data": data URI}; with the last tile the restored photograph, its spread and
        figures too; with a method's last one "methods": {its name: {"x_hat", figures}}."""
        job = self.jobs.get(request.get("job"))
        with self.service.models_turn:
            step = job.step()
        answer = {"done": job.done, "total": job.total}
        if not step.last:
            part = getattr(step.progress, "part", None)
            return answer if part is None else answer | {"tile": drawn.tile(part[0], part[1], job.about.y)}
        y, clean, mask = job.about
        restored, hole = step.progress.answers[0], None if mask.all() else mask
        figures = {} if clean is None else _figures(restored.mean, clean, hole)
        if step.name != "vae":
            job.last[step.name] = step._replace(progress=step.progress._replace(answers=()))  # never asked for
            return answer | {"methods": {step.name: {"x_hat": drawn.shown(restored.mean, drawn.SHOWN // 3), **figures}}}
        if len(restored.samples):  # grey, for the page to colour
            answer["spread"] = drawn.heat(drawn.spread(restored))
            answer["samples"] = [drawn.shown(s, drawn.SHOWN // 3) for s in restored.samples]
        if clean is not None:
            samples = [_figures(s, clean, hole) for s in restored.samples]
            answer["figures"] = {"mean": figures, "y": _figures(y, clean, hole), "samples": samples}
        return answer | {"result": drawn.shown(restored.mean)} | drawn.maps(restored.mean, job.about)

    def stop(self, request: Request) -> Request:
        """{"job"} -> {}: what was worked off is forgotten."""
        self.jobs.drop(request.get("job"))
        return {}

    def file(self, request: Request) -> Request:
        """{"job", "which": "mean", "damaged" or "sample", "index": of a sample} -> {"data": data URI at full size}; of
        a sample "residual" and "error_map" too, as step() gives those of the mean."""
        job, maps = self.jobs.get(request.get("job")), Request()
        which = wire.choice(request, "which", ("mean", "damaged", "sample"), "mean")
        restored = job.last["vae"].progress.answers
        if not restored:
            raise PictureError("This photograph is not finished; wait for it.")
        if which == "sample":
            last = len(restored[0].samples) - 1
            if last < 0:
                raise PictureError("This photograph has no samples; choose how many are to be drawn.")
            picture = restored[0].samples[wire.whole(request, "index", 0, last)]
            maps = drawn.maps(picture, job.about)
        else:
            picture = restored[0].mean if which == "mean" else job.about.y
        image = to_image(picture)
        with self.service.decoders_turn:
            return {"data": wire.data_uri(image, lossless=job.size <= LOSSLESS)} | maps


def _mask_of(given: Any, width: int, height: int) -> np.ndarray:
    """float32 (height, width), 1 where known, from base64 bytes of that size, or of another one in an object."""
    if given is None:
        return np.ones((height, width), np.float32)
    own = given if isinstance(given, dict) else {"width": width, "height": height, "data": given}
    sides = [wire.whole(own, side, 1, MAX_MASK) for side in ("height", "width")]
    data = wire.base64_bytes(own.get("data"), "the mask", 4 * MAX_MASK**2 // 3 + 8)
    if len(data) != math.prod(sides):
        raise wire.RequestError(f"the mask is {len(data)} bytes, not {sides[1]} x {sides[0]}")
    known = np.frombuffer(data, np.uint8).reshape(sides) > 0
    return _larger(known, width, height).astype(np.float32)


def _larger(known: np.ndarray, width: int, height: int) -> np.ndarray:
    """A mask (H, W) at another size, each pixel from the one that lies under its first corner."""
    if known.shape == (height, width):
        return known
    sides = known.shape
    return known[(np.arange(height) * sides[0] // height)[:, None], np.arange(width) * sides[1] // width]


def _noisy(x: np.ndarray, noise: str, level: float | None, seed: int) -> np.ndarray:
    return add_noise(torch.from_numpy(x)[None], noise, level or 0.0, runtime.generator("page", seed))[0].numpy()


def _figures(x_hat: np.ndarray, x: np.ndarray, known: np.ndarray | None) -> Request:
    psnr, ssim, hole = measure(np.clip(x_hat, 0, 1), x, known)
    return {"psnr": wire.rounded(psnr), "ssim": wire.rounded(ssim), "hole": wire.rounded(hole)}


def _measured(x: np.ndarray | None, y: np.ndarray, known: np.ndarray) -> float | None:
    """The standard deviation of y - x over the known pixels of a picture (C, H, W), None where x is not known."""
    if x is None or not known.any():
        return None
    return wire.rounded(float(np.sqrt((np.square(y - x) * known).sum() / (len(x) * known.sum()))))


def _methods(request: Request) -> list[str]:
    wanted, known = request.get("methods"), {*DENOISING, *FILLING}
    if not isinstance(wanted, list) or len(wanted) > len(known):
        raise wire.RequestError("methods has to be a list of names")
    if not all(isinstance(m, str) and m in known for m in wanted):
        raise wire.RequestError(f"a method is one of {', '.join(sorted(known))}")
    return wanted


def _noise(request: Request, row: Domain) -> tuple[str | None, float | None]:
    """(noise, level) of a request, of those that a domain's model was trained for, (None, None) without."""
    if request.get("noise") is None:
        return None, None
    noises = row.damages.noises
    noise = wire.choice(request, "noise", tuple(noises), "gaussian")
    low, high = sorted(noises[noise][:2])
    return noise, wire.number(request, "level", low, high)


def _sigma(request: Request) -> float | None:
    return None if request.get("sigma") is None else wire.number(request, "sigma", 0, 1)
