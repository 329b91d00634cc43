"""What restoration is worth: python benchmarks/restore.py --data-dir DIR [--domain D] [--count 500] [--only PART]
The temperature of a prior's draws was chosen by --held-out --temperature 0.5 --only spread --name choose, and others.

noise   mean PSNR in dB of Gaussian noise taken off, unclipped and clipped to [0, 1]: the mean of 8 samples of the
        conditional VAE, which is told the sigma; the plain VAE; the classical methods with the settings tuned on
        training pictures, and clipping's bias taken back. The bar is on the mean of samples less the best classical
        method.
holes   mean PSNR in dB over the hole alone: the mean of 10 samples, the plain VAE iterated, biharmonic equations. The
        bar is on what lies above the last.
spread  over the pixels of the same holes: how many true values lie within the mean and so many spreads, and the
        correlation of the error's size with the spread; below, what a Gaussian would have.
closest how much higher the PSNR of the sample closest to the damaged picture is than the average of 8, in dB; of 100
        pictures, noise clipped. It decides where the page names that sample (run.CLOSEST).
estimate  the noise's strength, where it is not told: run.estimate_level of 100 pictures, mean and standard
        deviation.
time    one small picture with 8 samples, a photograph of 768 x 512 and the memory of one of 12 megapixels.

Every method gets the same input: --count test pictures drawn at random by a fixed seed; figures to quote take 500 or
more. After +- stands a standard error over pictures, of differences in pairs; when a bar is met, common.py says. Blank
holes, whose true pixels are all alike (black ground: nothing of the figure is missing), are left out of PSNR for every
method. A picture's mean squared error counts as at least 1e-6 (60 dB), for every method. Parts and domains that are not
measured keep their figures in the results file.
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
from common import RESULTS, correlated, parse, report

from benchmarks.tables import restore as shown
from benchmarks.tables.cells import mean_and_error
from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.data.damage import NOISES, add_noise, draw_mask, strength
from vaedemo.data.domains import DOMAINS, get_domain
from vaedemo.maths import gaussian
from vaedemo.services.restore import classical, run
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS, Library

PARTS = ("noise", "holes", "spread", "closest", "estimate", "time")
SIGMAS = {d: (0.25, 0.5, 0.75) if d in shown.GREY else (0.1, 0.25) for d in DOMAINS}
HOLES = (("left half", "left", None), ("block of half the sides", "block", 0.5), ("80 % of the pixels", "random", 0.8))
ESTIMATED = 100  # pictures of each sigma
FLAT = 1e-3  # of a blank hole: the most that its true pixels differ
FLOOR = 1e-6  # of a picture's mean squared error
BATCH = 100

PEAK = """
import sys
from pathlib import Path
import numpy as np
import torch
from vaedemo import restore
from vaedemo.library import Library

torch.set_num_threads(2)
y = np.random.default_rng(0).random((3, 3000, 4000), np.float32)
for _ in run.photo(Library(Path(sys.argv[1])), y, sigma=0.1):
    pass
lines = Path("/proc/self/status").read_text().splitlines()  # of this process alone, unlike ru_maxrss
print(next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")))
"""


class Ours(NamedTuple):
    """mean and spread, float32 (B, C, H, W): as run.answers has them, of a batch."""

    mean: np.ndarray
    spread: np.ndarray


@torch.no_grad()
def ours(library, y, domain, mask, sigma, n, seed=0):
    """Ours of pictures y (B, C, H, W) with masks (B, 1, H, W), all at one sigma."""
    model, parts, generator = library.restorer(domain), [], runtime.generator("restore", seed)
    for at in range(0, len(y), BATCH):
        part, known = y[at : at + BATCH], mask[at : at + BATCH]
        means, scales = run.draws(model, domain, part, known, sigma, n, generator)
        spread = gaussian.total_std(means, scales.square().mean(0))
        if sigma == 0:
            means, spread = torch.where(known > 0, part, means), spread * (1 - known)
        parts.append((means.mean(0), spread))
    return Ours(*(torch.cat(p).numpy() for p in zip(*parts, strict=True)))


@torch.no_grad()
def plain(library, y, domain, mask):
    """y restored by the plain VAE, as run.restore_with has it, of a batch; masks with a hole each, or none."""
    model, parts = library.model(ModelKey(domain, "vae", get_domain(domain).anchor)), []
    for part, known in zip(y.clamp(0, 1).split(BATCH), mask.split(BATCH), strict=True):
        x = torch.where(known > 0, part, 0.5)
        for _ in range(1 if known.all() else run.ITERATIONS):
            made = model.decode(model.encode(x)[0])
            x = torch.where(known > 0, part, made)
        parts.append(made if known.all() else x)
    return torch.cat(parts).numpy()


def check(library, y, domain, mask, sigma, n):
    """One picture through the package itself: the batches above do the same."""
    got, known = ours(library, y[:1], domain, mask[:1], sigma, n), mask[0, 0].numpy()
    want = run.answers(library, y[0].numpy(), domain, known, level=sigma, n=n)
    assert np.allclose(got.mean[0], want.mean, atol=1e-4) and np.allclose(got.spread[0], want.spread, atol=1e-4)
    want = run.restore_with(library, "plain", y[0].numpy(), domain, known)
    assert np.allclose(plain(library, y[:1], domain, mask[:1])[0], want, atol=1e-4)


def psnr(made, clean, hole=None):
    """PSNR in dB of each picture (B, C, H, W), over the pixels of hole (B, 1, H, W) alone if given: (B,)."""
    square = (made - clean) ** 2
    if hole is None:
        error = square.mean((1, 2, 3))
    else:
        error = (square * hole).sum((1, 2, 3)) / (hole.sum((1, 2, 3)) * clean.shape[1])
    return -10 * np.log10(np.maximum(error.astype(np.float64), FLOOR))


def compared(found, others):
    """{method: mean dB, "over": {method: [mean, error] of the samples' mean less it}} of {method: (B,)}."""
    means = {name: float(values.mean()) for name, values in found.items()}
    return means | {"over": {name: mean_and_error(found["mean"] - found[name]) for name in others}}


def measure_noise(library, domain, x):
    """[{"sigma", "clip", "pictures", method: dB, "over"}]"""
    rows, known, settings = [], torch.ones(len(x), 1, *x.shape[2:]), classical.read_settings(library.folder / domain)
    for clip in (False, True):
        for sigma in SIGMAS[domain]:
            y = add_noise(x, "gaussian", sigma, runtime.generator("benchmark", domain, sigma), clip)
            check(library, y, domain, known, sigma, 8)
            clean = x.numpy()
            found = {"mean": psnr(ours(library, y, domain, known, sigma, 8).mean, clean)}
            found["plain"] = psnr(plain(library, y, domain, known), clean)
            for name in classical.DENOISERS:
                setting = classical.setting_for(settings, name, "gaussian", sigma, clip)
                others = [classical.denoise(one, name, sigma, setting, clip=clip) for one in y.numpy()]
                found[name] = psnr(np.stack(others), clean)
            row = {"sigma": sigma, "clip": clip, "pictures": len(x)}
            rows.append(row | compared(found, classical.DENOISERS))
            say(f"{domain}: noise {sigma}{', clipped' if clip else ''}")
    return rows


def holed(domain, x):
    """(name, mask (B, 1, H, W)) of every kind of hole."""
    for name, kind, amount in HOLES:
        draws = runtime.generator("benchmark", domain, kind)
        yield name, torch.stack([draw_mask(kind, *x.shape[2:], draws, amount) for _ in x])[:, None]


def blank(clean, hole):
    """(B,), whether nothing is missing of the figure: the true pixels of the hole are all alike."""
    inside = np.where(hole > 0, clean, np.nan)
    return np.nanmax(inside, (1, 2, 3)) - np.nanmin(inside, (1, 2, 3)) < FLAT


def measure_holes(library, domain, x):
    """[{"hole", "pictures", "blank": how many are left out, method: dB over the hole, "over"}]"""
    rows = []
    for name, mask in holed(domain, x):
        empty = torch.from_numpy(blank(x.numpy(), 1 - mask.numpy()))
        mask, some = mask[~empty], x[~empty]
        y, clean, hole = some * mask, some.numpy(), 1 - mask.numpy()
        check(library, y, domain, mask, 0.0, 10)
        made = {"mean": ours(library, y, domain, mask, 0.0, 10).mean, "plain": plain(library, y, domain, mask)}
        made["biharmonic"] = np.stack(
            [classical.inpaint(a, b[0]) for a, b in zip(y.numpy(), mask.numpy(), strict=True)]
        )
        row = {"hole": name, "pictures": len(some), "blank": int(empty.sum())}
        rows.append(row | compared({k: psnr(v, clean, hole) for k, v in made.items()}, ("plain", "biharmonic")))
        say(f"{domain}: {name}")
    return rows


def measure_spread(library, domain, x):
    """[{"hole", "pictures", "correlation": [value, error], "within": {spreads: [share, error]}}]"""
    rows = []
    for name, mask in holed(domain, x):
        made = ours(library, x * mask, domain, mask, 0.0, 10)
        where, error = np.broadcast_to(mask.numpy() == 0, x.shape), np.abs(x.numpy() - made.mean)
        inside = {
            str(k): ((error <= k * made.spread) & where).sum((1, 2, 3)) / where.sum((1, 2, 3)) for k in shown.WITHIN
        }
        within = {k: mean_and_error(share) for k, share in inside.items()}
        correlation = correlated((e[w], s[w]) for e, s, w in zip(error, made.spread, where, strict=True))
        rows.append({"hole": name, "pictures": len(x), "correlation": correlation, "within": within})
    say(f"{domain}: spread")
    return rows


def gained(library, domain, clean, y, mask, sigma):
    """How much more dB the closest of 8 samples has than the average: a Measured over pictures."""
    found = []
    for one, known, true in zip(y.numpy(), mask.numpy(), clean.numpy(), strict=True):
        made = run.answers(library, one, domain, known[0], level=sigma)
        hole = None if known.all() else np.broadcast_to(1 - known, (8, *known.shape))
        value = psnr(made.samples, np.broadcast_to(true, made.samples.shape), hole)
        found.append(value[made.log_likelihood.argmax()] - value.mean())
    return mean_and_error(found)


def measure_closest(library, domain, x):
    """[{"damage", "pictures", "told": [mean, error], "untold": [mean, error]}]"""
    rows, x = [], x[:ESTIMATED]
    known = torch.ones(len(x), 1, *x.shape[2:])
    wanted = [("gaussian", s) for s in SIGMAS[domain]] + [(k, n.usual) for k, n in NOISES.items() if k != "gaussian"]
    for kind, level in wanted:
        y = add_noise(x, kind, level, runtime.generator("benchmark", domain, kind, level))
        told, untold = (gained(library, domain, x, y, known, s) for s in (float(strength(kind, level)), None))
        rows.append({"damage": f"{kind} {level:g}", "pictures": len(x), "told": told, "untold": untold})
    for name, mask in holed(domain, x):
        seen = torch.from_numpy(~blank(x.numpy(), 1 - mask.numpy()))
        told = gained(library, domain, x[seen], (x * mask)[seen], mask[seen], 0.0)
        rows.append({"damage": name, "pictures": int(seen.sum()), "told": told, "untold": None})
    say(f"{domain}: closest")
    return rows


def measure_estimate(library, domain, x):
    """[{"sigma", "clip", "pictures", "mean", "std"}]"""
    rows, x = [], x[:ESTIMATED]
    for clip in (False, True):
        for sigma in shown.LEVELS:
            y = add_noise(x, "gaussian", sigma, runtime.generator("benchmark", "estimate", sigma), clip).numpy()
            found = [run.estimate_level(library, one, domain) for one in y]
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
    times = [milliseconds(lambda: run.answers(library, y, domain, level=0.25, n=8)) for _ in range(33)][3:]
    torch.set_num_threads(1)
    say(f"{domain}: time")
    return {"ms": round(statistics.median(times), 1), "slowest_ms": round(max(times), 1)}


def measure_photo(library):
    """{"ms": median of three, "mb": the peak of a process that restores twelve megapixels}"""
    y = np.random.default_rng(0).random((3, 512, 768), np.float32)
    torch.set_num_threads(2)
    times = [milliseconds(lambda: list(run.photo(library, y, sigma=0.1))) for _ in range(4)][1:]
    torch.set_num_threads(1)
    say("photographs: time")
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", PEAK, str(library.folder.resolve())]
    peak = float(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)
    say("photographs: memory")
    return {"ms": round(statistics.median(times)), "mb": round(peak)}


def say(text):
    print(text, file=sys.stderr, flush=True)


MEASURED = {
    "noise": measure_noise,
    "holes": measure_holes,
    "spread": measure_spread,
    "closest": measure_closest,
    "estimate": measure_estimate,
    "time": measure_small,
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
        pictures = (datasets.held_out(pictures, 2000)[1] if args.held_out else pictures).some(args.count)
        x = pictures[torch.randperm(len(pictures), generator=runtime.generator("benchmark", domain))]
        if args.temperature:
            model = library.restorer(domain)
            model.config = replace(model.config, temperature=args.temperature)
        for part in parts:
            figures[part][domain] = MEASURED[part](library, domain, x)
    if "time" in parts and not args.domain:
        figures["time"][run.PHOTOS] = measure_photo(library)
    path = RESULTS / f"{args.name}.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    kept = {part: known.get(part, {}) | figures.get(part, {}) for part in PARTS}
    report(args.name, kept, shown.tables(figures))


if __name__ == "__main__":
    main()
