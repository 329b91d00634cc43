"""Photographs as .vae files, on Kodak's 24 (opened here only): python benchmarks/codec.py --data-dir DIR [--only PART]

rate   bits a pixel of whole files against PSNR and MS-SSIM of what they decode to in 8 bits, means over the pictures at
       each quality; BD-rates (Bjontegaard 2001, pchip) from 0.2 to 1.2 bits a pixel against JPEG and the others as
       Pillow writes them, and against published curves of the same pictures
speed  seconds to encode and to decode 768 x 512, and how far a file's size is from the rate that the model estimates
"""

import argparse
import json
import time
from importlib import resources
from pathlib import Path
from typing import Any

import bjontegaard
import numpy as np
import torch
from common import RESULTS, Row, parse, report
from PIL import Image
from scipy.interpolate import PchipInterpolator

from benchmarks.tables.codec import codec as tables
from vaedemo.models.restorer import padded
from vaedemo.services.codec import rivals
from vaedemo.services.codec.container import Photo, unpack
from vaedemo.services.codec.files import LEVELS, Wish, compress, decompress
from vaedemo.services.codec.judge import judge
from vaedemo.store.library import CHECKPOINTS, Library

PARTS = ("rate", "speed")
RANGE = (0.2, 1.2)  # bits a pixel of a BD-rate
OURS = (0, 14, 28, 42, 56, 70, 85, 100)
QUALITIES = {
    "JPEG": (10, 20, 30, 40, 50, 60, 70, 80, 88, 94),
    "WebP": (2, 10, 25, 40, 55, 70, 80, 87, 93, 97),
    "AVIF": (20, 30, 40, 50, 58, 66, 74, 82, 90),
    "JPEG XL": (10, 20, 30, 40, 50, 60, 70, 80, 88, 94),
}
Points = list[Row]


def point(bpp: list[float], figures: list[Any], **told: Any) -> Row:
    """Means over the pictures; MS-SSIM where all are large enough for it."""
    values = {name: [getattr(f, name) for f in figures] for name in ("psnr", "ms_ssim")}
    row = {name: float(np.mean(v)) for name, v in values.items() if None not in v}
    return {**told, "bpp": float(np.mean(bpp)), **row}


def ours(library: Library, pictures: list[np.ndarray]) -> Points:
    found = []
    for quality in OURS:
        bpp, figures = [], []
        for x in pictures:
            *_, last = compress(library, x, Wish(quality=quality))
            assert last.result is not None
            bpp.append(8 * len(last.result.data) / x[..., 0].size)
            figures.append(judge(last.result.picture, x))
        found.append(point(bpp, figures, quality=quality))
        print(found[-1], flush=True)
    return found


def theirs(name: str, pictures: list[np.ndarray]) -> Points:
    found = []
    for quality in QUALITIES[name]:
        files = [rivals.at(x, name, quality) for x in pictures]
        figures = [judge(file.picture, x) for file, x in zip(files, pictures, strict=True)]
        found.append(point([file.bpp for file in files], figures, quality=quality))
    print(name, "done", flush=True)
    return found


def published() -> dict[str, Points]:
    """The curves that others published for these pictures."""
    data = json.loads(resources.files("vaedemo.services.codec").joinpath("published.json").read_text())
    data.pop("source")
    told = {name: {k: v for k, v in curve.items() if v is not None} for name, curve in data.items()}
    return {
        name: [dict(zip(curve, row, strict=True)) for row in zip(*curve.values(), strict=True)]
        for name, curve in told.items()
    }


def within(points: Points, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """(bits a pixel, figures) of a curve inside RANGE, its ends interpolated where it reaches them; MS-SSIM in dB."""
    bpp, values = (np.array([p[name] for p in points]) for name in ("bpp", measure))
    values = -10 * np.log10(1 - values) if measure == "ms_ssim" else values
    low, high = max(RANGE[0], bpp[0]), min(RANGE[1], bpp[-1])
    at = np.array([low, *bpp[(bpp > low) & (bpp < high)], high])
    return at, PchipInterpolator(np.log(bpp), values)(np.log(at))


def differences(mine: Points, others: dict[str, Points]) -> Row:
    """{name: {measure: BD-rate in per cent}} against each curve, by the measures that it has."""
    found: Row = {}
    for name, points in others.items():
        row = found[name] = {}
        for measure in ("psnr", "ms_ssim"):
            if measure not in points[0] or measure not in mine[0]:
                continue
            (rate, value), (rate2, value2) = within(points, measure), within(mine, measure)
            given = (rate, value, rate2, value2)
            row[measure] = float(
                bjontegaard.bd_rate(*given, method="pchip", require_matching_points=False, min_overlap=0)
            )
    return found


def rate(library: Library, pictures: list[np.ndarray]) -> Row:
    mine = ours(library, pictures)
    curves = {name: theirs(name, pictures) for name in QUALITIES if name in rivals.rivals()}
    return {
        "ours": mine,
        "others": curves,
        "bd_rate": differences(mine, curves),
        "bd_rate_published": differences(mine, published()),
    }


@torch.no_grad()
def estimated(library: Library, x: np.ndarray, quality: float) -> float:
    """Bytes by the model's own estimate."""
    model, _ = library.codec()
    (whole,) = padded(16, torch.tensor(x).permute(2, 0, 1)[None].float() / 255)
    out = model(whole.contiguous(memory_format=torch.channels_last), torch.tensor([quality / 100 * LEVELS / 16]))
    return float(out.bits_y + out.bits_z) / 8


def speed(library: Library, pictures: list[np.ndarray]) -> Row:
    rows = []
    for x in pictures:
        for quality in (OURS[1], OURS[4]):
            start = time.perf_counter()
            *_, last = compress(library, x, Wish(quality=quality))
            coded = time.perf_counter()
            assert last.result is not None
            file = unpack(last.result.data)
            assert isinstance(file, Photo)
            decompress(library, file)
            done = time.perf_counter()
            size = len(last.result.data)
            rows.append([coded - start, done - coded, size / estimated(library, x, quality) - 1])
    encode, decode, excess = np.array(rows[2:] or rows).T  # the first ones build tables
    return {
        "encode_seconds": float(np.median(encode)),
        "decode_seconds": float(np.median(decode)),
        "excess": float(np.mean(excess)),
        "most_excess": float(np.abs(excess).max()),
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--limit", type=int, help="photographs; all if left out")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    args = parse(parser, limit=1)
    if args.data_dir is None:
        raise SystemExit("photographs are not downloaded; give --data-dir, a folder with photos/kodak")
    files = sorted((args.data_dir / "photos" / "kodak").glob("*.png"))[: args.limit]
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    path = RESULTS / "codec.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    figures.pop("machine", None)
    library = Library(args.checkpoints)
    for part, measure in (("rate", rate), ("speed", speed)):
        if args.only in (None, part):
            figures[part] = measure(library, pictures) | {"pictures": len(pictures)}
    report("codec", figures, tables(figures))


if __name__ == "__main__":
    main()
