"""What restoration is worth: python benchmarks/restore.py --data-dir DIR [--domain D] [--count 500] [--only PART]
The temperature of a prior's draws was chosen by --held-out --temperature 0.5 --only spread --name choose, and others.

noise   mean PSNR in dB of Gaussian noise taken off, unclipped and clipped to [0, 1]: the mean of 8 samples of the
        conditional VAE, which is told the sigma; of the 8 the one under which the damaged picture is likeliest; the
        plain VAE; the classical methods with the settings tuned on training pictures. `over classical` is the mean of
        samples less the best classical method, and the bar is on it.
holes   mean PSNR in dB over the hole alone: the mean of 10 samples, the plain VAE iterated, biharmonic equations. The
        bar is on what lies above the last.
spread  over the pixels of the same holes: how many true values lie within the mean and so many spreads, and the
        correlation of the error's size with the spread; below, what a Gaussian would have.
estimate  the noise's strength, where it is not told: restore.estimate_level of 100 pictures, mean and standard
        deviation.
time    one small picture with 8 samples, a photograph of 768 x 512 and the memory of one of 12 megapixels.

Every method gets the same input, the first --count test pictures; figures to quote take 500 or more. A picture's mean
squared error counts as at least 1e-6 (60 dB), for every method alike: a hole whose true pixels are all black and are
restored exactly would have an infinite PSNR. Parts and domains that are not measured keep their figures in the results
file.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from common import RESULTS, parse, report, table

from vaedemo import classical, datasets, restore, runtime
from vaedemo.degrade import add_noise, draw_mask
from vaedemo.domains import DOMAINS, get_domain
from vaedemo.library import CHECKPOINTS, Library

PARTS = ("noise", "holes", "spread", "estimate", "time")
GREY = ("digits", "fashion")
SIGMAS = {d: (0.25, 0.5, 0.75) if d in GREY else (0.1, 0.25) for d in DOMAINS}
HOLES = (("left half", "left", None), ("block of half the sides", "block", 0.5), ("80 % of the pixels", "random", 0.8))
NOISE_BAR = {d: 4.0 if d in GREY else 1.0 for d in DOMAINS}  # dB over the best classical method
HOLE_BAR = {"digits": 5.0, "fashion": 5.0, "objects": 1.5}  # dB over biharmonic
WITHIN = {0.5: 0.383, 1: 0.683, 2: 0.954, 3: 0.997}  # spreads: a Gaussian's share
SHARE_BAR, CORRELATION_BAR = (0.9, 0.99), 0.5  # within two spreads
SMALL_BAR, PHOTO_BAR, MEMORY_BAR = 150, 2500, 1500  # ms, ms, MB
LEVELS, ESTIMATED = (0.0, 0.05, 0.1, 0.25, 0.5), 100  # sigmas, and pictures of each
FLOOR = 1e-6  # of a picture's mean squared error
BATCH = 100
MISSED = "**missed**"

PEAK = """
import sys
from pathlib import Path
import numpy as np
import torch
from vaedemo import restore
from vaedemo.library import Library

torch.set_num_threads(2)
y = np.random.default_rng(0).random((3, 3000, 4000), np.float32)
for _ in restore.photo(Library(Path(sys.argv[1])), y, sigma=0.1):
    pass
status = Path("/proc/self/status")
if status.exists():  # the peak of this process alone: ru_maxrss starts at that of the one that made it
    print(next(int(line.split()[1]) / 1000 for line in status.read_text().splitlines() if line.startswith("VmHWM")))
else:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


class Ours(NamedTuple):
    """mean, best and spread, float32 (B, C, H, W): as restore.answers has them, of a batch."""

    mean: np.ndarray
    best: np.ndarray
    spread: np.ndarray


@torch.no_grad()
def ours(library, y, domain, mask, sigma, n, seed=0):
    """Ours of pictures y (B, C, H, W) with masks (B, 1, H, W), all at one sigma."""
    model, parts, generator = library.restorer(domain), [], runtime.generator("restore", seed)
    for at in range(0, len(y), BATCH):
        part, known = y[at : at + BATCH], mask[at : at + BATCH]
        means, scales = restore.draws(model, domain, part, known, sigma, n, generator)
        variance = scales.square() + sigma**2
        fit = ((part - means).square() / variance + variance.log()) * known
        best = fit.flatten(2).sum(2).argmin(0)
        spread = (means.var(0, correction=0) + scales.square().mean(0)).sqrt()
        if sigma == 0:
            means, spread = torch.where(known > 0, part, means), spread * (1 - known)
        parts.append((means.mean(0), means[best, torch.arange(len(part))], spread))
    return Ours(*(torch.cat(p).numpy() for p in zip(*parts, strict=True)))


@torch.no_grad()
def plain(library, y, domain, mask):
    """y restored by the plain VAE, as restore.restore_with has it, of a batch; masks with a hole each, or none."""
    model, parts = library.model(domain, "vae", get_domain(domain).anchor), []
    for part, known in zip(y.clamp(0, 1).split(BATCH), mask.split(BATCH), strict=True):
        x = torch.where(known > 0, part, 0.5)
        for _ in range(1 if known.all() else restore.ITERATIONS):
            made = model.decode(model.encode(x)[0])
            x = torch.where(known > 0, part, made)
        parts.append(made if known.all() else x)
    return torch.cat(parts).numpy()


def check(library, y, domain, mask, sigma, n):
    """One picture through the package itself: the batches above do the same."""
    got, known = ours(library, y[:1], domain, mask[:1], sigma, n), mask[0, 0].numpy()
    want = restore.answers(library, y[0].numpy(), domain, known, level=sigma, n=n)
    assert np.allclose(got.mean[0], want.mean, atol=1e-4) and np.allclose(got.spread[0], want.spread, atol=1e-4)
    assert np.allclose(got.best[0], want.samples[want.best], atol=1e-4)
    want = restore.restore_with(library, "plain", y[0].numpy(), domain, known)
    assert np.allclose(plain(library, y[:1], domain, mask[:1])[0], want, atol=1e-4)


def psnr(made, clean, hole=None):
    """Mean PSNR in dB of pictures (B, C, H, W), over the pixels of hole (B, 1, H, W) alone if given."""
    square = (made - clean) ** 2
    if hole is None:
        error = square.mean((1, 2, 3))
    else:
        error = (square * hole).sum((1, 2, 3)) / (hole.sum((1, 2, 3)) * clean.shape[1])
    return float(-10 * np.log10(np.maximum(error, FLOOR)).mean())


def measure_noise(library, domain, x):
    """[{"sigma", "clip", "pictures", method: dB}]"""
    rows, known, settings = [], torch.ones(len(x), 1, *x.shape[2:]), classical.read_settings(library.folder / domain)
    for clip in (False, True):
        for sigma in SIGMAS[domain]:
            y = add_noise(x, "gaussian", sigma, runtime.generator("benchmark", domain, sigma), clip)
            check(library, y, domain, known, sigma, 8)
            made, clean = ours(library, y, domain, known, sigma, 8), x.numpy()
            row = {"sigma": sigma, "clip": clip, "pictures": len(x)}
            row |= {"mean": psnr(made.mean, clean), "best": psnr(made.best, clean)}
            row["plain"] = psnr(plain(library, y, domain, known), clean)
            for name in classical.DENOISERS:
                setting = classical.setting_for(settings, name, "gaussian", sigma, clip)
                others = np.stack([classical.denoise(one, name, sigma, setting) for one in y.numpy()])
                row[name] = psnr(others, clean)
            rows.append(row)
            say(f"{domain}: noise {sigma}{', clipped' if clip else ''}")
    return rows


def holed(domain, x):
    """(name, mask (B, 1, H, W)) of every kind of hole."""
    for name, kind, amount in HOLES:
        draws = runtime.generator("benchmark", domain, kind)
        yield name, torch.stack([draw_mask(kind, *x.shape[2:], draws, amount) for _ in x])[:, None]


def measure_holes(library, domain, x):
    """[{"hole", "pictures", method: dB over the hole}]"""
    rows, clean = [], x.numpy()
    for name, mask in holed(domain, x):
        y, hole = x * mask, 1 - mask.numpy()
        check(library, y, domain, mask, 0.0, 10)
        made = {"mean": ours(library, y, domain, mask, 0.0, 10).mean, "plain": plain(library, y, domain, mask)}
        made["biharmonic"] = np.stack(
            [classical.inpaint(a, b[0]) for a, b in zip(y.numpy(), mask.numpy(), strict=True)]
        )
        rows.append({"hole": name, "pictures": len(x)} | {k: psnr(v, clean, hole) for k, v in made.items()})
        say(f"{domain}: {name}")
    return rows


def measure_spread(library, domain, x):
    """[{"hole", "pictures", "correlation", "within": {spreads: share}}]"""
    rows = []
    for name, mask in holed(domain, x):
        made = ours(library, x * mask, domain, mask, 0.0, 10)
        where = np.broadcast_to(mask.numpy() == 0, x.shape)
        error, spread = np.abs(x.numpy() - made.mean)[where], made.spread[where]
        within = {str(k): float((error <= k * spread).mean()) for k in WITHIN}
        correlation = float(np.corrcoef(error, spread)[0, 1])
        rows.append({"hole": name, "pictures": len(x), "correlation": correlation, "within": within})
    say(f"{domain}: spread")
    return rows


def measure_estimate(library, domain, x):
    """[{"sigma", "clip", "pictures", "mean", "std"}]"""
    rows, x = [], x[:ESTIMATED]
    for clip in (False, True):
        for sigma in LEVELS:
            y = add_noise(x, "gaussian", sigma, runtime.generator("benchmark", "estimate", sigma), clip).numpy()
            found = [restore.estimate_level(library, one, domain) for one in y]
            spread = {"mean": statistics.mean(found), "std": statistics.stdev(found)}
            rows.append({"sigma": sigma, "clip": clip, "pictures": len(x)} | spread)
    say(f"{domain}: estimate")
    return rows


def milliseconds(work):
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure_small(library, domain, x):
    """Median time of 8 samples of one noisy picture, in ms."""
    y = add_noise(x[:1], "gaussian", 0.25, runtime.generator("benchmark", "time"))[0].numpy()
    torch.set_num_threads(2)
    times = [milliseconds(lambda: restore.answers(library, y, domain, level=0.25, n=8)) for _ in range(33)][3:]
    torch.set_num_threads(1)
    say(f"{domain}: time")
    return {"ms": round(statistics.median(times), 1), "slowest_ms": round(max(times), 1)}


def measure_photo(library):
    """{"ms": median of three, "mb": the peak of a process that restores twelve megapixels}"""
    y = np.random.default_rng(0).random((3, 512, 768), np.float32)
    torch.set_num_threads(2)
    times = [milliseconds(lambda: list(restore.photo(library, y, sigma=0.1))) for _ in range(4)][1:]
    torch.set_num_threads(1)
    say("photographs: time")
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", PEAK, str(library.folder.resolve())]
    peak = float(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)
    say("photographs: memory")
    return {"ms": round(statistics.median(times)), "mb": round(peak)}


def say(text):
    print(text, file=sys.stderr, flush=True)


def verdict(text, passed):
    return text if passed else f"{text} {MISSED}"


def noise_tables(figures):
    names = ("mean", "best", "plain", *classical.DENOISERS)
    for clip in (False, True):
        rows = []
        for domain, measured in figures.items():
            for r in (r for r in measured if r["clip"] == clip):
                ahead = r["mean"] - max(r[name] for name in classical.DENOISERS)
                bar = verdict(f"{NOISE_BAR[domain]:+.0f}", ahead >= NOISE_BAR[domain])
                cells = [f"{r[name]:.2f}" for name in names]
                rows.append([f"{domain}, sigma {r['sigma']}", *cells, f"{ahead:+.2f}", bar])
        columns = ["", "mean of 8", "likeliest", "plain VAE", *classical.DENOISERS, "over classical", "bar"]
        yield f"Gaussian noise, {'clipped' if clip else 'not clipped'}, PSNR in dB", columns, rows


def hole_tables(figures):
    rows = []
    for domain, measured in figures.items():
        for r in measured:
            ahead, bar = [r["mean"] - r[name] for name in ("plain", "biharmonic")], HOLE_BAR.get(domain)
            cells = [f"{r[name]:.2f}" for name in ("mean", "plain", "biharmonic")] + [f"{a:+.2f}" for a in ahead]
            rows.append([f"{domain}, {r['hole']}", *cells, verdict(f"{bar:+g}", ahead[1] >= bar) if bar else ""])
    columns = ["", "mean of 10", "plain VAE, iterated", "biharmonic", "over plain", "over biharmonic", "bar"]
    yield "Holes, PSNR in dB over the hole alone", columns, rows


def spread_tables(figures):
    low, high = SHARE_BAR
    rows, shares = [], []
    for domain, measured in figures.items():
        for r in measured:
            name, share = f"{domain}, {r['hole']}", r["within"]["2"]
            rows.append([
                name, verdict(f"{share:.1%}", low <= share <= high),
                verdict(f"{r['correlation']:.2f}", r["correlation"] >= CORRELATION_BAR),
            ])  # fmt: skip
            shares.append([name, *(f"{r['within'][str(k)]:.3f}" for k in WITHIN)])
    columns = ["", f"within 2 spreads ({low:.0%} to {high:.0%})", f"correlation (at least {CORRELATION_BAR})"]
    yield "Spread over the pixels of the hole", columns, rows
    shares.append(["a Gaussian", *(f"{share:.3f}" for share in WITHIN.values())])
    yield "Share of true values within so many spreads", ["", *map(str, WITHIN)], shares


def estimate_tables(figures):
    rows = []
    for domain, measured in figures.items():
        for clip in (False, True):
            cells = [f"{r['mean']:.3f} ± {r['std']:.3f}" for r in measured if r["clip"] == clip]
            rows.append([f"{domain}{', clipped' if clip else ''}", *cells])
    yield "Estimated strength of the noise", ["true sigma", *map(str, LEVELS)], rows


def time_tables(figures):
    rows = [
        [f"{domain}, 8 samples", verdict(f"{f['ms']:.0f} ms", f["ms"] <= SMALL_BAR), f"{SMALL_BAR} ms"]
        for domain, f in figures.items()
        if domain != restore.PHOTOS
    ]
    if photo := figures.get(restore.PHOTOS):
        rows.append(
            ["photograph, 768 x 512", verdict(f"{photo['ms']} ms", photo["ms"] <= PHOTO_BAR), f"{PHOTO_BAR} ms"]
        )
        peak = verdict(f"{photo['mb']} MB", photo["mb"] <= MEMORY_BAR)
        rows.append(["12 megapixels, peak memory of the process", peak, f"{MEMORY_BAR} MB"])
    yield "Time and memory, two threads", ["", "", "bar"], rows


MEASURED = {
    "noise": (measure_noise, noise_tables),
    "holes": (measure_holes, hole_tables),
    "spread": (measure_spread, spread_tables),
    "estimate": (measure_estimate, estimate_tables),
    "time": (measure_small, time_tables),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domain", choices=list(DOMAINS))
    parser.add_argument("--count", type=int, default=500, help="test pictures a domain")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    parser.add_argument("--name", default="restore", help="of the results file")
    parser.add_argument("--held-out", action="store_true", help="training pictures that no model saw, to choose by")
    parser.add_argument("--temperature", type=float, help="of the prior's draws, in place of the checkpoint's")
    args = parse(parser, domain="digits", count=2)
    if (args.held_out or args.temperature) and args.name == "restore":
        parser.error("these figures are for choosing, not for quoting; give them a --name of their own")
    torch.set_num_threads(1)
    library, parts = Library(args.checkpoints), [args.only] if args.only else PARTS
    figures = {part: {} for part in parts}
    for domain in [args.domain] if args.domain else DOMAINS:
        pictures = datasets.load(domain, "train" if args.held_out else "test", args.data_dir)
        x = (datasets.held_out(pictures, 2000)[1] if args.held_out else pictures)[: args.count]
        if args.temperature:
            model = library.restorer(domain)
            model.config = replace(model.config, temperature=args.temperature)
        for part in parts:
            figures[part][domain] = MEASURED[part][0](library, domain, x)
    if "time" in parts and not args.domain:
        figures["time"][restore.PHOTOS] = measure_photo(library)
    tables = [made for part in parts for made in MEASURED[part][1](figures[part])]
    for title, columns, rows in tables[:-1]:
        print(f"\n{title}\n\n{table(columns, rows)}")
    path = RESULTS / f"{args.name}.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    kept = {part: known.get(part, {}) | figures.get(part, {}) for part in PARTS}
    title, columns, rows = tables[-1]
    print(f"\n{title}\n")
    report(args.name, kept, columns, rows)


if __name__ == "__main__":
    main()
