"""Photographs restored, on Kodak's 24 (opened here only): noise against non-local means, holes against biharmonic
inpainting. Mean PSNR in dB of the mean pass; noise over the whole 768 x 512 picture, holes over the damaged pixels.

    python benchmarks/photos.py --data-dir DIR [--checkpoints FOLDER] [--only noise|clipped|holes|spread|grey]

noise, clipped  Gaussian noise as the literature has it, and clipped to [0, 1] and rounded as a file holds it.
holes           text, and strokes.
spread          how many true values lie within two spreads of the mean, of 4 samples as the page draws them, and the
                correlation of the error's size with the spread: over the damaged pixels, of noise over all.
grey            noise that is the same in the three channels, clipped and rounded as on the page, of scikit-image's grey
                pictures and of crops of 256 x 256 out of CLIC's held-out photographs, by every classical method as the
                page has them; pictures where one of them is ahead have rows of their own.

Every method gets the same input. Non-local means is tuned for each sigma on held-out training photographs, and takes
the bias of clipping back (classical.denoise). After +- stands a standard error over the photographs, of differences in
pairs; tables/cells.py says when a bar is met. Published figures are of noise that is not clipped, on crops of 500 x 500
of the same photographs. Figures of the classical methods are kept in runs/, so that another model is measured in
minutes; parts that are not measured keep theirs in the results file.
"""

import argparse
import functools
import hashlib
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from common import RESULTS, correlated, kept, parse, report
from PIL import Image, ImageDraw

from benchmarks.tables.cells import mean_and_error
from benchmarks.tables.photos import SIGMAS, tables
from vaedemo import runtime
from vaedemo.data.damage import text_mask
from vaedemo.data.domains import DOMAINS
from vaedemo.data.photos import Photos, as_grey, open_photos
from vaedemo.services.restore import classical, run
from vaedemo.services.restore.task import Task, seen
from vaedemo.store.library import CHECKPOINTS, Library

Figures = dict[str, Any]
PARTS = ("noise", "clipped", "holes", "spread", "grey")
HOLES = ("text", "strokes of 8 px")
SETTINGS = [
    {"h": h, "patch": patch, "distance": distance, "told": 1, "fast": True}
    for h in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    for patch, distance in ((3, 9), (5, 9), (7, 11))
]  # that are tried
SPREAD_SIGMA, SAMPLES = 25, 4
# Those that scikit-image brings along, so that no network is asked.
GREY = ("brick", "camera", "cell", "coins", "grass", "gravel", "moon", "page", "text")
CROPS, CROP = 3, 256  # of each held-out photograph, pixels a side


def psnr(x: np.ndarray, clean: np.ndarray, where: np.ndarray | None = None) -> float:
    """PSNR in dB of x (3, H, W), over the pixels of where (H, W) alone if given."""
    square = (np.clip(x, 0, 1) - clean) ** 2
    return float(-10 * np.log10(square.mean() if where is None else square[:, where].mean()))


def noisy(clean: np.ndarray, sigma: float, number: int, clipped: bool) -> np.ndarray:
    """clean float32 (C, H, W) with Gaussian noise; clipped and rounded as a file holds it if so asked."""
    channels, height, width = clean.shape
    noise = torch.randn((height, width, channels), generator=runtime.generator("kodak", sigma, number)).numpy()
    y = clean + sigma / 255 * noise.transpose(2, 0, 1)
    return np.round(np.clip(y, 0, 1) * 255).astype(np.float32) / 255 if clipped else y.astype(np.float32)


def known(clean: np.ndarray, kind: str, number: int) -> np.ndarray:
    """bool (H, W), False under text of 20 px, or under strokes 8 px wide."""
    rng, (_, height, width) = np.random.default_rng(number), clean.shape
    if kind == "text":
        return text_mask(height, width, rng, size=20, bold=1)
    picture = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        points = rng.uniform(0, 1, (4, 2)) * 0.35 + rng.uniform(-0.1, 0.75, 2)
        draw.line([(x * width, y * height) for x, y in points], fill=0, width=8, joint="curve")
    return np.asarray(picture) > 127


def nlm(y: np.ndarray, sigma: float, setting: dict[str, Any], clipped: bool) -> np.ndarray:
    """Non-local means of y (C, H, W)."""
    return classical.denoise(y, "nlm", sigma / 255, setting, clip=clipped)


def tuned(photos: Photos, sigma: float, clipped: bool) -> dict[str, Any]:
    """The best setting on the middle of six held-out training photographs."""
    found = []
    for setting in SETTINGS:
        values = []
        for number, row in enumerate(photos.held_out[::3][:6]):
            picture = photos.picture(row)
            top, left = ((s - 192) // 2 for s in picture.shape[:2])
            clean = picture[top : top + 192, left : left + 192].astype(np.float32).transpose(2, 0, 1) / 255
            values.append(psnr(nlm(noisy(clean, sigma, -number, clipped), sigma, setting, clipped), clean))
        found.append(np.mean(values))
    return SETTINGS[int(np.argmax(found))]


def grey_pictures(folder: Path, tiny: bool) -> dict[str, dict[str, np.ndarray]]:
    """{set: {name: float32 (H, W), a grey file's levels}}."""
    from skimage import data

    pictures = {name: getattr(data, name)() for name in (GREY[-1:] if tiny else GREY)}
    found = {
        "scikit-image": {name: (p[:64, :64] if tiny else p).astype(np.float32) / 255 for name, p in pictures.items()}
    }
    if not tiny:
        photos, rng, crops = open_photos(folder), np.random.default_rng(0), {}
        for number, row in enumerate(r for r in photos.held_out if r[0] == "clic"):
            picture = photos.picture(row)
            for i in range(CROPS):
                top, left = (int(rng.integers(0, s - CROP + 1)) for s in picture.shape[:2])
                crop = torch.from_numpy(
                    picture[top : top + CROP, left : left + CROP].transpose(2, 0, 1) / np.float32(255)
                )
                crops[f"CLIC {number + 1}, crop {i + 1}"] = as_grey(crop[None])[0, 0].numpy()
        found["CLIC, held out"] = crops
    return found


class Bench(NamedTuple):
    """What the parts share: the models, Kodak's photographs float32 (3, H, W), grey_pictures(), the file of classical
    figures, and choose(sigma, clipped) -> the setting of non-local means."""

    library: Library
    pictures: list[np.ndarray]
    grey: Callable[[], dict[str, dict[str, np.ndarray]]]
    classical: Path
    choose: Callable[[float, bool], dict[str, Any]]

    def restored(self, y: np.ndarray, sigma: float, mask: np.ndarray | None = None, **options: Any) -> run.Answer:
        """The Answer to y (3, H, W) with noise of sigma of 255 levels, by the network unless options, Task's, say."""
        options = {"samples": 0} | options
        return run.answers(self.library, Task(DOMAINS["photos"], y, mask, sigma=sigma / 255, **options))[0]


def measure_noise(bench: Bench, clipped: bool = False) -> list[Figures]:
    """[{"damage", "ours" and "classical": dB of each photograph, "seconds": the median of ours}]"""
    rows: list[Figures] = []
    for sigma in SIGMAS:
        tag = f"nlm/{sigma}/{'clipped, mean taken back' if clipped else 'unclipped'}"
        setting = kept(bench.classical, f"{tag}/setting", functools.partial(bench.choose, sigma, clipped))
        ours, other, seconds = [], [], []
        for number, clean in enumerate(bench.pictures):
            y = noisy(clean, sigma, number, clipped)
            key = f"{tag}/{json.dumps(setting)}/{number}"
            other.append(kept(bench.classical, key, lambda: psnr(nlm(y, sigma, setting, clipped), clean)))  # noqa: B023
            began = time.perf_counter()
            ours.append(psnr(bench.restored(y, sigma).mean, clean))
            seconds.append(time.perf_counter() - began)
        rows.append({"damage": f"sigma {sigma}", "ours": ours, "classical": other})
        rows[-1] |= {"setting": setting, "seconds": round(statistics.median(seconds), 2)}
        print(f"sigma {sigma}{', clipped' if clipped else ''}", flush=True)
    return rows


def measure_holes(bench: Bench) -> list[Figures]:
    """[{"damage", "ours" and "classical": dB of each photograph over the hole}]"""
    rows = []
    for kind in HOLES:
        ours, other = [], []
        for number, clean in enumerate(bench.pictures):
            mask = known(clean, kind, number)
            y, hole, key = clean * mask, ~mask, f"biharmonic/{kind}/{number}"
            other.append(kept(bench.classical, key, lambda: psnr(classical.inpaint(y, mask), clean, hole)))  # noqa: B023
            ours.append(psnr(bench.restored(y, 0, mask).mean, clean, hole))
        rows.append({"damage": kind, "ours": ours, "classical": other})
        print(kind, flush=True)
    return rows


def measure_spread(bench: Bench) -> list[Figures]:
    """[{"damage", "within": {spreads: [share, error]}, "correlation": [value, error]}]"""
    rows = []
    for kind in (*HOLES, f"sigma {SPREAD_SIGMA}"):
        pairs = []
        for number, clean in enumerate(bench.pictures):
            where = np.ones(clean.shape[1:], bool)
            if kind in HOLES:
                mask = known(clean, kind, number)
                answer, where = bench.restored(clean * mask, 0, mask, samples=SAMPLES), ~mask
            else:
                answer = bench.restored(noisy(clean, SPREAD_SIGMA, number, False), SPREAD_SIGMA, samples=SAMPLES)
            pairs.append((np.abs(answer.mean - clean)[:, where].ravel(), answer.spread[:, where].ravel()))
        within = {str(k): mean_and_error([(e <= k * s).mean() for e, s in pairs]) for k in (1, 2, 3)}
        rows.append({"damage": kind, "within": within, "correlation": correlated(pairs)})
        print(f"spread, {kind}", flush=True)
    return rows


def measure_grey(bench: Bench) -> list[Figures]:
    """[{"set", "damage", "names", "ours", and of each classical method: dB of each picture}]"""
    rows, shipped = [], bench._replace(library=Library(CHECKPOINTS))  # the settings are of its folder
    tuned_by = hashlib.sha256((CHECKPOINTS / "photos" / classical.FILE).read_bytes()).hexdigest()[:12]
    for name, pictures in bench.grey().items():
        for sigma in SIGMAS:
            found: dict[str, list[float]] = {method: [] for method in ("ours", *classical.DENOISERS)}
            for number, (title, clean) in enumerate(pictures.items()):
                y, clean = (t.repeat(3, 0) for t in (noisy(clean[None], sigma, number, True), clean[None]))
                found["ours"].append(psnr(bench.restored(y, sigma).mean, clean))
                for method in classical.DENOISERS:
                    made = functools.partial(shipped.restored, y, sigma, method=method)
                    key = f"grey/{method}/{tuned_by}/{name}/{title}/{sigma}"
                    found[method].append(kept(bench.classical, key, lambda: psnr(made().mean, clean)))  # noqa: B023
            rows.append({"set": name, "damage": f"sigma {sigma}", "names": list(pictures)} | found)
            print(f"grey, {name}, sigma {sigma}", flush=True)
    return rows


MEASURED: dict[str, Callable[[Bench], list[Figures]]] = {
    "noise": measure_noise,
    "clipped": functools.partial(measure_noise, clipped=True),
    "holes": measure_holes,
    "spread": measure_spread,
    "grey": measure_grey,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    parser.add_argument("--classical", type=Path, default=Path("runs/photos/classical.json"))
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--name", default="photos", help="of the results file")
    args = parse(parser, classical=RESULTS / "kept" / "classical.json")
    torch.set_num_threads(1)
    photos = (args.data_dir or Path("data")) / "photos"
    files = sorted((photos / "kodak").glob("*.png"), key=lambda p: int(p.stem))
    if not files:
        print(f"There are no photographs in {photos / 'kodak'}; give the folder that has photos/kodak as --data-dir.")
        return
    pictures = [seen(Image.open(p), DOMAINS["photos"]) for p in files]

    def choose(sigma: float, clipped: bool) -> dict[str, Any]:
        return SETTINGS[0] if args.tiny else tuned(open_photos(photos), sigma, clipped)

    grey = functools.partial(grey_pictures, photos, args.tiny)
    bench = Bench(Library(args.checkpoints), pictures, grey, args.classical, choose)
    figures = {part: MEASURED[part](bench) for part in ([args.only] if args.only else PARTS)}
    path = RESULTS / f"{args.name}.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    whole = {part: v for part in PARTS if (v := figures.get(part, known.get(part)))}
    report(args.name, whole, tables(figures))


if __name__ == "__main__":
    main()
