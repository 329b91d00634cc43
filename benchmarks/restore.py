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
        pictures, noise clipped. It decides where the page names that sample (networks.CLOSEST).
estimate  the noise's strength, where it is not told: run.estimate of 100 pictures, mean and standard
        deviation.
time    one small picture with 8 samples, a photograph of 768 x 512 and the memory of one of 12 megapixels.

Every method gets the same input: --count test pictures drawn at random by a fixed seed; figures to quote take 500 or
more. After +- stands a standard error over pictures, of differences in pairs; tables/cells.py says when a bar is met.
Blank holes, whose true pixels are all alike (black ground: nothing of the figure is missing), are left out of PSNR for
every method. A picture's mean squared error counts as at least 1e-6 (60 dB), for every method. Parts and domains that
are not measured keep their figures in the results file.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import RESULTS, correlated, parse, report
from torch import Tensor

from benchmarks.tables import restore as shown
from benchmarks.tables.cells import Measured, mean_and_error
from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.data.damage import NOISES, add_noise, draw_mask, strength
from vaedemo.data.domains import DOMAINS, SIZED
from vaedemo.services.restore import classical, run
from vaedemo.services.restore.task import Task
from vaedemo.store.library import CHECKPOINTS, Library

Figures = dict[str, Any]
PARTS = ("noise", "holes", "spread", "closest", "estimate", "time")
SIGMAS = {d: (0.25, 0.5, 0.75) if d in shown.GREY else (0.1, 0.25) for d in SIZED}
HOLES = (("left half", "left", None), ("block of half the sides", "block", 0.5), ("80 % of the pixels", "random", 0.8))
ESTIMATED = 100  # pictures of each sigma
FLAT = 1e-3  # of a blank hole: the most that its true pixels differ
FLOOR = 1e-6  # of a picture's mean squared error

PEAK = """
import sys
from pathlib import Path
import numpy as np
import torch
from vaedemo.data.domains import DOMAINS
from vaedemo.services.restore import run, task
from vaedemo.store.library import Library

torch.set_num_threads(2)
y = np.random.default_rng(0).random((3, 3000, 4000), np.float32)
run.answers(Library(Path(sys.argv[1])), task.Task(DOMAINS["photos"], y, sigma=0.1, samples=0))
lines = Path("/proc/self/status").read_text().splitlines()  # of this process alone, unlike ru_maxrss
print(next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")))
"""


def restored(library: Library, y: Tensor, domain: str, mask: Tensor | None = None, **options: Any) -> list[run.Answer]:
    """Answers to pictures y (B, C, H, W) with masks (B, H, W); options are Task's."""
    known = None if mask is None else mask.numpy()
    return list(run.answers(library, Task(SIZED[domain], y.numpy(), known, **options)))


def means(answers: Iterable[run.Answer]) -> np.ndarray:
    return np.stack([answer.mean for answer in answers])


def psnr(made: np.ndarray, clean: np.ndarray, hole: np.ndarray | None = None) -> np.ndarray:
    """PSNR in dB of each picture (B, C, H, W), over the pixels of hole (B, H, W) alone if given: (B,)."""
    square = (made - clean) ** 2
    if hole is None:
        error = square.mean((1, 2, 3))
    else:
        error = (square * hole[:, None]).sum((1, 2, 3)) / (hole.sum((1, 2)) * clean.shape[1])
    return -10 * np.log10(np.maximum(error.astype(np.float64), FLOOR))


def compared(found: dict[str, np.ndarray], others: Iterable[str]) -> Figures:
    """{method: mean dB, "over": {method: [mean, error] of the samples' mean less it}} of {method: (B,)}."""
    means = {name: float(values.mean()) for name, values in found.items()}
    return means | {"over": {name: mean_and_error(found["mean"] - found[name]) for name in others}}


def measure_noise(library: Library, domain: str, x: Tensor) -> list[Figures]:
    """[{"sigma", "clip", "pictures", method: dB, "over"}]"""
    rows = []
    for clip in (False, True):
        for sigma in SIGMAS[domain]:
            y = add_noise(x, "gaussian", sigma, runtime.generator("benchmark", domain, sigma), clip)
            found = {}
            for name in ("vae", "plain", *classical.DENOISERS):
                made = restored(library, y, domain, method=name, sigma=sigma, clip=clip)
                found["mean" if name == "vae" else name] = psnr(means(made), x.numpy())
            row = {"sigma": sigma, "clip": clip, "pictures": len(x)}
            rows.append(row | compared(found, classical.DENOISERS))
            say(f"{domain}: noise {sigma}{', clipped' if clip else ''}")
    return rows


def holed(domain: str, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """(name, mask (B, H, W)) of every kind of hole."""
    for name, kind, amount in HOLES:
        draws = runtime.generator("benchmark", domain, kind)
        yield name, torch.stack([draw_mask(kind, x.shape[2], x.shape[3], draws, amount) for _ in x])


def blank(clean: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """(B,), whether nothing is missing of the figure: the true pixels of the hole are all alike."""
    inside = np.where(hole[:, None] > 0, clean, np.nan)
    return np.nanmax(inside, (1, 2, 3)) - np.nanmin(inside, (1, 2, 3)) < FLAT


def measure_holes(library: Library, domain: str, x: Tensor) -> list[Figures]:
    """[{"hole", "pictures", "blank": how many are left out, method: dB over the hole, "over"}]"""
    rows = []
    for name, mask in holed(domain, x):
        empty = torch.from_numpy(blank(x.numpy(), 1 - mask.numpy()))
        mask, some = mask[~empty], x[~empty]
        clean, hole, found = some.numpy(), 1 - mask.numpy(), {}
        for method in ("vae", "plain", "biharmonic"):
            made = restored(library, some * mask[:, None], domain, mask, method=method, sigma=0.0, samples=10)
            found["mean" if method == "vae" else method] = psnr(means(made), clean, hole)
        row = {"hole": name, "pictures": len(some), "blank": int(empty.sum())}
        rows.append(row | compared(found, ("plain", "biharmonic")))
        say(f"{domain}: {name}")
    return rows


def measure_spread(library: Library, domain: str, x: Tensor) -> list[Figures]:
    """[{"hole", "pictures", "correlation": [value, error], "within": {spreads: [share, error]}}]"""
    rows = []
    for name, mask in holed(domain, x):
        made = restored(library, x * mask[:, None], domain, mask, sigma=0.0, samples=10)
        spread = np.stack([answer.spread for answer in made])
        where, error = np.broadcast_to(mask[:, None].numpy() == 0, x.shape), np.abs(x.numpy() - means(made))
        inside = {str(k): ((error <= k * spread) & where).sum((1, 2, 3)) / where.sum((1, 2, 3)) for k in shown.WITHIN}
        within = {k: mean_and_error(share) for k, share in inside.items()}
        correlation = correlated((e[w], s[w]) for e, s, w in zip(error, spread, where, strict=True))
        rows.append({"hole": name, "pictures": len(x), "correlation": correlation, "within": within})
    say(f"{domain}: spread")
    return rows


def gained(
    library: Library, domain: str, clean: Tensor, y: Tensor, mask: Tensor | None, sigma: float | None
) -> Measured:
    """How much more dB the closest of 8 samples has than the average: a Measured over pictures."""
    found = []
    for i, true in enumerate(clean.numpy()):
        known = None if mask is None else mask[i : i + 1]
        (made,) = restored(library, y[i : i + 1], domain, known, sigma=sigma)
        hole = None if known is None else (1 - known).expand(len(made.samples), -1, -1).numpy()
        value = psnr(made.samples, np.broadcast_to(true, made.samples.shape), hole)
        found.append(value[made.log_likelihood.argmax()] - value.mean())
    return mean_and_error(found)


def measure_closest(library: Library, domain: str, x: Tensor) -> list[Figures]:
    """[{"damage", "pictures", "told": [mean, error], "untold": [mean, error]}]"""
    rows, x = [], x[:ESTIMATED]
    wanted = [("gaussian", s) for s in SIGMAS[domain]] + [(k, n.usual) for k, n in NOISES.items() if k != "gaussian"]
    for kind, level in wanted:
        y = add_noise(x, kind, level, runtime.generator("benchmark", domain, kind, level))
        told, untold = (gained(library, domain, x, y, None, s) for s in (float(strength(kind, level)), None))
        rows.append({"damage": f"{kind} {level:g}", "pictures": len(x), "told": told, "untold": untold})
    for name, mask in holed(domain, x):
        seen = torch.from_numpy(~blank(x.numpy(), 1 - mask.numpy()))
        told = gained(library, domain, x[seen], (x * mask[:, None])[seen], mask[seen], 0.0)
        rows.append({"damage": name, "pictures": int(seen.sum()), "told": told, "untold": None})
    say(f"{domain}: closest")
    return rows


def measure_estimate(library: Library, domain: str, x: Tensor) -> list[Figures]:
    """[{"sigma", "clip", "pictures", "mean", "std"}]"""
    rows, x = [], x[:ESTIMATED]
    for clip in (False, True):
        for sigma in shown.LEVELS:
            y = add_noise(x, "gaussian", sigma, runtime.generator("benchmark", "estimate", sigma), clip)
            found = [run.estimate(library, Task(SIZED[domain], one.numpy()))[0] for one in y]
            spread = {"mean": statistics.mean(found), "std": statistics.stdev(found)}
            rows.append({"sigma": sigma, "clip": clip, "pictures": len(x)} | spread)
    say(f"{domain}: estimate")
    return rows


def milliseconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure_small(library: Library, domain: str, x: Tensor) -> Figures:
    """Median time of 8 samples of one noisy picture, in ms."""
    y = add_noise(x[:1], "gaussian", 0.25, runtime.generator("benchmark", "time"))
    torch.set_num_threads(2)
    times = [milliseconds(lambda: restored(library, y, domain, sigma=0.25)) for _ in range(33)][3:]
    torch.set_num_threads(1)
    say(f"{domain}: time")
    return {"ms": round(statistics.median(times), 1), "slowest_ms": round(max(times), 1)}


def measure_photo(library: Library) -> Figures:
    """{"ms": median of three, "mb": the peak of a process that restores twelve megapixels}"""
    y = np.random.default_rng(0).random((3, 512, 768), np.float32)
    torch.set_num_threads(2)
    task = Task(DOMAINS["photos"], y, sigma=0.1, samples=0)
    times = [milliseconds(lambda: run.answers(library, task)) for _ in range(4)][1:]
    torch.set_num_threads(1)
    say("photographs: time")
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", PEAK, str(library.folder.resolve())]
    peak = float(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)
    say("photographs: memory")
    return {"ms": round(statistics.median(times)), "mb": round(peak)}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


MEASURED: dict[str, Callable[[Library, str, Tensor], Any]] = {
    "noise": measure_noise,
    "holes": measure_holes,
    "spread": measure_spread,
    "closest": measure_closest,
    "estimate": measure_estimate,
    "time": measure_small,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domain", choices=list(SIZED))
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
    figures: Figures = {part: {} for part in parts}
    for domain in [args.domain] if args.domain else SIZED:
        pictures = datasets.load(domain, "train" if args.held_out else "test", args.data_dir)
        pictures = (datasets.held_out(pictures, 2000)[1] if args.held_out else pictures).some(args.count)
        x = pictures[torch.randperm(len(pictures), generator=runtime.generator("benchmark", domain))]
        if args.temperature:
            model = library.restorer(domain)
            model.config = replace(model.config, temperature=args.temperature)
        for part in parts:
            figures[part][domain] = MEASURED[part](library, domain, x)
    if "time" in parts and not args.domain:
        figures["time"]["photos"] = measure_photo(library)
    path = RESULTS / f"{args.name}.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    kept = {part: known.get(part, {}) | figures.get(part, {}) for part in PARTS}
    report(args.name, kept, shown.tables(figures))


if __name__ == "__main__":
    main()
