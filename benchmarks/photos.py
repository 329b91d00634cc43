"""Photographs restored, on Kodak's 24 (opened here only): noise against non-local means, holes against biharmonic
inpainting. Mean PSNR in dB of the mean pass; noise over the whole 768 x 512 picture, holes over the damaged pixels.

    python benchmarks/photos.py --model checkpoints/photos/photo-restore.safetensors [--clipped] [--only noise|holes]

Every method gets the same input; non-local means is tuned for each sigma on held-out training photographs. Figures of
the classical methods are kept in runs/, so that another model is measured in two minutes.
"""

import argparse
import functools
import json
import time
from pathlib import Path

import numpy as np
import torch
from common import RESULTS, parse, report
from PIL import Image, ImageDraw

from vaedemo import runtime, tiles
from vaedemo.checkpoints import RESTORER, load_checkpoint
from vaedemo.library import CHECKPOINTS
from vaedemo.photos import open_photos, text_mask

SIGMAS = (15, 25, 50)
HOLES = ("text", "strokes of 8 px")
SETTINGS = [
    (h, *sizes) for h in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9) for sizes in ((3, 9), (5, 9), (7, 11))
]  # that are tried


def psnr(x, clean, where=None):
    square = (np.clip(x, 0, 1) - clean) ** 2
    return -10 * np.log10(square.mean() if where is None else square[where].mean())


def noisy(clean, sigma, number, clipped):
    """float32 (H, W, 3) with Gaussian noise; clipped and rounded as a file holds it if so asked."""
    noise = torch.randn(clean.shape, generator=runtime.generator("kodak", sigma, number)).numpy()
    y = clean + sigma / 255 * noise
    return np.round(np.clip(y, 0, 1) * 255).astype(np.float32) / 255 if clipped else y.astype(np.float32)


def damaged(shape, kind, number):
    """bool (H, W), True under text of 20 px, or under strokes 8 px wide."""
    rng = np.random.default_rng(number)
    if kind == "text":
        return text_mask(*shape, rng, size=20, bold=1)
    picture = Image.new("L", shape[::-1])
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        points = rng.uniform(0, 1, (4, 2)) * 0.35 + rng.uniform(-0.1, 0.75, 2)
        draw.line([(x * shape[1], y * shape[0]) for x, y in points], fill=255, width=8, joint="curve")
    return np.asarray(picture) > 127


def nlm(y, sigma, setting):
    """Non-local means with (h / sigma, side of a patch, farthest distance)."""
    from skimage.restoration import denoise_nl_means

    s, (h, patch, distance) = sigma / 255, setting
    sizes = {"patch_size": patch, "patch_distance": distance}
    return denoise_nl_means(y, **sizes, h=h * s, sigma=s, fast_mode=True, channel_axis=-1)


def biharmonic(y, hole):
    from skimage.restoration import inpaint_biharmonic

    return inpaint_biharmonic(y, hole, channel_axis=-1, split_into_regions=True)


def tuned(photos, sigma, clipped):
    """The best setting on the middle of six held-out training photographs; of a trial, without any, the first."""
    if photos is None:
        return SETTINGS[0]
    found = {}
    for setting in SETTINGS:
        values = []
        for number, row in enumerate(photos.held_out[::3][:6]):
            picture = photos.picture(row)
            top, left = ((s - 192) // 2 for s in picture.shape[:2])
            clean = picture[top : top + 192, left : left + 192].astype(np.float32) / 255
            values.append(psnr(nlm(noisy(clean, sigma, -number, clipped), sigma, setting), clean))
        found[setting] = np.mean(values)
    return max(found, key=found.get)


def kept(path, key, make):
    """A figure from the file of classical figures, made and written there if it is not."""
    known = json.loads(path.read_text()) if path.exists() else {}
    if key not in known:
        known[key] = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known))
    return known[key]


def restored(model, y, sigma, known=None):
    job = tiles.Restoring(model, y.transpose(2, 0, 1), sigma / 255, known)
    for _ in job:
        pass
    return job.mean.numpy().transpose(1, 2, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=CHECKPOINTS / "photos" / RESTORER)
    parser.add_argument("--classical", type=Path, default=Path("runs/photos/classical.json"))
    parser.add_argument("--clipped", action="store_true")
    parser.add_argument("--only", choices=("noise", "holes"))
    parser.add_argument("--name", help="of the results file; photos or photos_clipped if left out")
    args = parse(parser, classical=RESULTS / "classical.json")
    model, photos = load_checkpoint(args.model)[0], (args.data_dir or Path("data")) / "photos"
    files = sorted((photos / "kodak").glob("*.png"), key=lambda p: int(p.stem))
    if not files:
        print(f"There are no photographs in {photos / 'kodak'}; give the folder that has photos/kodak as --data-dir.")
        return
    pictures = [np.asarray(Image.open(p).convert("RGB")).astype(np.float32) / 255 for p in files]
    rows, figures, seconds = [], {}, []

    def row(task, ours, classical, name):
        figures[task] = {"ours": ours, name: classical}
        mean = [np.mean(v) for v in (ours, classical)]
        rows.append((task, f"{mean[0]:.2f}", f"{mean[1]:.2f} ({name})", f"{mean[0] - mean[1]:+.2f}"))
        print(rows[-1], flush=True)

    for sigma in SIGMAS if args.only != "holes" else ():
        tag = f"nlm/{sigma}/{'clipped' if args.clipped else 'unclipped'}"
        choose = (
            (lambda: SETTINGS[0]) if args.tiny else functools.partial(tuned, open_photos(photos), sigma, args.clipped)
        )
        setting = kept(args.classical, f"{tag}/setting", choose)
        ours, other = [], []
        for number, clean in enumerate(pictures):
            y = noisy(clean, sigma, number, args.clipped)
            other.append(
                kept(args.classical, f"{tag}/{number}", lambda: float(psnr(nlm(y, sigma, setting), clean)))  # noqa: B023
            )
            began = time.perf_counter()
            ours.append(float(psnr(restored(model, y, sigma), clean)))
            seconds.append(time.perf_counter() - began)
        row(f"sigma {sigma}{', clipped' if args.clipped else ''}", ours, other, "non-local means")
    for kind in HOLES if args.only != "noise" else ():
        ours, other = [], []
        for number, clean in enumerate(pictures):
            hole = damaged(clean.shape[:2], kind, number)
            y = clean * ~hole[..., None]
            other.append(
                kept(args.classical, f"biharmonic/{kind}/{number}",
                     lambda: float(psnr(biharmonic(y, hole), clean, hole)))  # noqa: B023
            )  # fmt: skip
            ours.append(float(psnr(restored(model, y, 0, ~hole), clean, hole)))
        row(kind, ours, other, "biharmonic")
    if figures:
        figures["seconds a picture"] = round(float(np.median(seconds)), 2) if seconds else None
        report(
            args.name or ("photos_clipped" if args.clipped else "photos"),
            figures,
            ("task", "vaedemo", "classical", "difference"),
            rows,
        )


if __name__ == "__main__":
    main()
