"""Photographs as .vae files, on Kodak's 24 (opened here only): python benchmarks/codec.py --data-dir DIR [--only PART]

rate   bits a pixel of whole files against PSNR and MS-SSIM of what they decode to in 8 bits, means over the pictures at
       each quality; BD-rates (Bjontegaard 2001, pchip) from 0.2 to 1.2 bits a pixel against JPEG and the others as
       Pillow writes them, and against published curves of the same pictures
speed  seconds to encode and to decode 768 x 512, and how far a file's size is from the rate that the model estimates
memory  the most that the commands compress and decompress take of a photograph of 12 megapixels: Kodak's as a mosaic
cut    PSNR of files that were cut short, and of their whole channels alone
refine  the first few pictures with --refine SECONDS and without, BD-rate of each; what is measured is kept in runs/, so
       that a run that was stopped goes on where it was
"""

import argparse
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import bjontegaard
import numpy as np
import torch
from common import RESULTS, ROOT, Row, kept, parse, report
from PIL import Image
from scipy.interpolate import PchipInterpolator

from benchmarks.tables.cells import mean_and_error
from benchmarks.tables.codec import codec as tables
from vaedemo.models.entropy import BLOCK, QUALITY_STEPS
from vaedemo.models.restorer import padded
from vaedemo.services.codec import photos, rivals
from vaedemo.services.codec.container import Photo, unpack
from vaedemo.services.codec.files import Compressed, Wish, compress, decompress
from vaedemo.services.codec.judge import judge, psnr
from vaedemo.store.library import CHECKPOINTS, Library

RANGE = (0.2, 1.2)  # bits a pixel of a BD-rate
OURS = (0, 14, 28, 42, 56, 70, 85, 100)
QUALITIES = {
    "JPEG": (10, 20, 30, 40, 50, 60, 70, 80, 88, 94),
    "WebP": (2, 10, 25, 40, 55, 70, 80, 87, 93, 97),
    "AVIF": (20, 30, 40, 50, 58, 66, 74, 82, 90),
    "JPEG XL": (10, 20, 30, 40, 50, 60, 70, 80, 88, 94),
}
REFINED = (14, 35, 56, 77)  # qualities of the part refine
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of a file, in the part cut
HIGHEST = """
import sys
from vaedemo.cli import main
main(sys.argv[1:])
print(open("/proc/self/status").read())
"""  # a command, and what it took
Points = list[Row]


def point(bpp: list[float], figures: list[Any], **told: Any) -> Row:
    """Means over the pictures; MS-SSIM where all are large enough for it."""
    values = {name: [getattr(f, name) for f in figures] for name in ("psnr", "ms_ssim")}
    row = {name: float(np.mean(v)) for name, v in values.items() if None not in v}
    return {**told, "bpp": float(np.mean(bpp)), **row}


def written(library: Library, x: np.ndarray, quality: float, **wish: Any) -> tuple[Compressed, int]:
    """The file of a picture, and how many steps it was refined for."""
    steps = 0
    for progress in compress(library, x, Wish(quality=quality, **wish)):
        steps = progress.refined.step if progress.refined else steps
    assert progress.result is not None
    return progress.result, steps


def ours(library: Library, pictures: list[np.ndarray]) -> Points:
    found = []
    for quality in OURS:
        bpp, figures = [], []
        for x in pictures:
            made, _ = written(library, x, quality)
            bpp.append(8 * len(made.data) / x[..., 0].size)
            figures.append(judge(made.picture, x))
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
def estimated(library: Library, x: np.ndarray, level: int) -> float:
    """Bytes by the model's own estimate, at the level of quality that a file has."""
    model, _ = library.codec()
    (whole,) = padded(16, torch.tensor(x).permute(2, 0, 1)[None].float() / 255)
    out = model(whole.contiguous(memory_format=torch.channels_last), torch.tensor([level / QUALITY_STEPS]))
    return float(out.bits_y + out.bits_z) / 8


def speed(library: Library, pictures: list[np.ndarray]) -> Row:
    rows = []
    for x in pictures:
        for quality in (OURS[1], OURS[4]):
            start = time.perf_counter()
            made, _ = written(library, x, quality)
            coded = time.perf_counter()
            file = unpack(made.data)
            assert isinstance(file, Photo)
            decompress(library, file)
            done = time.perf_counter()
            rows.append([coded - start, done - coded, len(made.data) / estimated(library, x, made.level) - 1])
    encode, decode, excess = np.array(rows[2:] or rows).T  # the first ones build tables
    return {
        "encode_seconds": float(np.median(encode)),
        "decode_seconds": float(np.median(decode)),
        "excess": float(np.mean(excess)),
        "most_excess": float(np.abs(excess).max()),
        "threads": torch.get_num_threads(),
    }


def memory(library: Library, pictures: list[np.ndarray], size: tuple[int, int] = (3000, 4000)) -> Row:
    """GB of resident memory at the most, the interpreter with all that it loads included."""
    height, width = size
    tall = -(-height // min(x.shape[0] for x in pictures))
    strips = [np.concatenate([x] * tall)[:height] for x in pictures]
    wide = np.concatenate(strips * -(-width // sum(x.shape[1] for x in strips)), 1)[:, :width]
    found: Row = {"megapixels": height * width / 1e6}
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder) / name) for name in ("a.png", "a.vae", "b.png")]
        Image.fromarray(wide).save(names[0])
        for command, *given in (("compress", *names[:2], "--quality", "80"), ("decompress", *names[1:])):
            told = subprocess.run(
                [sys.executable, "-c", HIGHEST, command, *given, "--checkpoints", str(library.folder)],
                cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
            ).stdout  # fmt: skip
            highest = re.search(r"VmHWM:\s+(\d+) kB", told)
            found[command] = int(highest[1]) * 1024 / 1e9 if highest else None
    return found


def cut(library: Library, pictures: list[np.ndarray]) -> Row:
    model, rows = library.codec()[0], []
    for quality in OURS[1], OURS[4]:
        each: dict[float, list] = {share: [] for share in SHARES}
        for x in pictures:
            file = unpack(written(library, x, quality)[0].data)
            assert isinstance(file, Photo)
            (height, width), q = x.shape[:2], file.quality
            for share, figures in each.items():
                payload, size = file.payload[: int(share * file.told)], (-(-height // BLOCK), -(-width // BLOCK))
                found = photos.decode(model, payload, size, q, file.channels, cut=share < 1)
                values = [
                    psnr(photos.synthesise(model, found.known, q, (height, width)), x),
                    found.whole,
                    found.in_part,
                ]
                for t in found.known[:2]:
                    t[:, found.whole :] = 0
                figures.append([psnr(photos.synthesise(model, found.known, q, (height, width)), x), *values])
        for share, figures in each.items():
            names = ("psnr_whole", "psnr", "whole", "in_part")
            rows.append({"quality": quality, "share": share, **dict(zip(names, np.mean(figures, 0), strict=True))})
        print(f"cut, quality {quality}", flush=True)
    return {"rows": rows}


def refined(library: Library, pictures: list[np.ndarray], seconds: float, path: Path) -> Row:
    """BD-rates in per cent of files with refined latents against files without, each picture by itself."""
    identity, threads, rows = library.codec()[1].hex(), torch.get_num_threads(), []

    def both(x: np.ndarray, quality: float) -> list[float]:
        found: list[float] = []
        for wish in {}, {"refine": seconds}:
            made, steps = written(library, x, quality, **wish)
            found += [8 * len(made.data) / x[..., 0].size, psnr(made.picture, x)]
        return [*found, steps]

    for x in pictures:
        name, values = hashlib.sha256(x.tobytes()).hexdigest()[:12], []
        for quality in REFINED:
            key = f"{identity}/{seconds:g} s/{threads}/{name}/{quality}"
            values.append(kept(path, key, partial(both, x, quality)))
            print(f"{key}: {values[-1]}", flush=True)
        rate, value, rate2, value2, steps = np.array(values).T
        given = (rate, value, rate2, value2)
        difference = bjontegaard.bd_rate(*given, method="pchip", require_matching_points=False, min_overlap=0)
        rows.append({"bd_rate": float(difference), "values": values, "steps": statistics.median(steps)})
    return {
        "seconds": seconds,
        "threads": threads,
        "bd_rate": mean_and_error([row["bd_rate"] for row in rows]),
        "steps": statistics.median(row["steps"] for row in rows),
        "rows": rows,
    }


PARTS: dict[str, Callable[..., Row]] = {"rate": rate, "speed": speed, "memory": memory, "cut": cut, "refine": refined}


def keep_curve(path: Path, points: Points, identity: bytes) -> None:
    curve: Row = {"model": identity.hex()} | {
        name: [round(p[name], 5) for p in points] for name in ("bpp", "psnr", "ms_ssim")
    }
    path.write_text(json.dumps(curve) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--limit", type=int, help="photographs; all if left out")
    parser.add_argument("--pictures", type=int, default=8, help="photographs that are refined, the first ones")
    parser.add_argument("--seconds", type=float, default=60.0, help="for which each of them is refined")
    parser.add_argument("--refined", type=Path, default=Path("runs/codec/refined.json"), help="where those are kept")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    args = parse(parser, limit=1, pictures=1, seconds=0.2, refined=RESULTS / "kept" / "refined.json")
    if args.data_dir is None:
        raise SystemExit("photographs are not downloaded; give --data-dir, a folder with photos/kodak")
    files = sorted((args.data_dir / "photos" / "kodak").glob("*.png"))[: args.limit]
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    path = RESULTS / "codec.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    figures.pop("machine", None)
    given: dict[str, dict[str, Any]] = {"refine": {"seconds": args.seconds, "path": args.refined}}
    if args.tiny:
        given["memory"] = {"size": (64, 96)}
    library = Library(args.checkpoints)
    parts = [args.only] if args.only else list(PARTS)
    for part in parts:
        some = pictures[: args.pictures] if part == "refine" else pictures
        found = PARTS[part](library, some, **given.get(part, {}))
        figures[part] = found | {"pictures": len(some), "weights": library.codec()[1].hex()}
    if "rate" in parts and not (args.tiny or args.limit):  # for the page, beside the weights that it belongs to
        keep_curve(args.checkpoints / "photos" / "kodak.json", figures["rate"]["ours"], library.codec()[1])
    report("codec", figures, tables(figures))


if __name__ == "__main__":
    main()
