"""How good and how fast reconstruction is: python benchmarks/reconstruction.py --data-dir DIR [--only quality|speed]

1. Test mean squared error of every shipped model as a fraction of PCA's with as many numbers; the standard error is
   that of the ratio over the pictures, model and PCA on the same ones.
2. Milliseconds for one picture through every latent dimension of a domain, as the page asks for it; medians of 50.
"""

import argparse
import statistics
import time

import numpy as np
import torch
from common import Measured, mean_and_error, parse, report, verdict

from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.maths import metrics
from vaedemo.services.reconstruct import every_model
from vaedemo.store.library import Library

BARS = {
    ("digits", "ae", 2): 0.60, ("digits", "ae", 4): 0.48, ("digits", "ae", 8): 0.32, ("digits", "ae", 16): 0.22,
    ("digits", "ae", 32): 0.19, ("digits", "ae", 64): 0.26,
}  # fmt: skip
BEATS_PCA_UP_TO = {"ae": 10**6, "vae": 8}  # latent dimensions at which a model has to be below PCA


@torch.no_grad()
def errors(model, pictures):
    """Mean squared error of each picture, values in [0, 1], (N,)."""
    return torch.cat([metrics.mse(model(x).x_hat, x) for x in pictures.batches(500)]).double().numpy()


@torch.no_grad()
def pca_errors(pca, pictures):
    """(plain, clamped), each (N,), of PCA: as in textbooks, and with its output cut to [0, 1] like a model's."""
    plain, clamped = [], []
    for x in pictures.batches(500):
        flat = pca.encode(x).mu @ pca.components + pca.mean
        plain.append(metrics.mse(flat, x.flatten(1)))
        clamped.append(metrics.mse(flat.clamp(0, 1), x.flatten(1)))
    return tuple(torch.cat(parts).double().numpy() for parts in (plain, clamped))


def ratio(ours, theirs):
    """Measured: the ratio of two mean errors of the same pictures. Its standard error is that of the mean of
    ours - ratio * theirs, picture by picture, over theirs (the delta method)."""
    value = ours.mean() / theirs.mean()
    return Measured(float(value), (mean_and_error(ours - value * theirs).error or 0.0) / float(theirs.mean()))


def bar_of(domain, kind, d):
    """The ratio to PCA that a model has to stay below, or None."""
    if (domain, kind) == ("digits", "vae") or d > BEATS_PCA_UP_TO[kind]:
        return None
    return BARS.get((domain, kind, d), 1.0)


def quality(library, data_dir, limit=None):
    figures, rows = {}, []
    for domain, row in SIZED.items():
        pictures = datasets.load(domain, "test", data_dir).some(limit)
        pca = {d: pca_errors(library.model(domain, "pca", d), pictures) for d in row.latent_dims}
        rows.append([f"{domain} PCA, MSE", *(f"{d}: {plain.mean():.5f}" for d, (plain, _) in pca.items())])
        rows.append([f"{domain} PCA, clamped to [0, 1]", *(f"{d}: {cut.mean():.5f}" for d, (_, cut) in pca.items())])
        for kind in ("ae", "vae"):
            cells, against_clamped = [], []
            for d in row.latent_dims:
                own, bar = errors(library.model(domain, kind, d), pictures), bar_of(domain, kind, d)
                (plain, cut), (found, found_cut) = pca[d], (ratio(own, p) for p in pca[d])
                figures[f"{domain}/{kind}-{d}"] = {
                    "mse": own.mean(), "pca_mse": plain.mean(), "pca_clamped_mse": cut.mean(), "ratio": found.mean,
                    "ratio_standard_error": found.error, "ratio_clamped": found_cut.mean,
                    "ratio_clamped_standard_error": found_cut.error, "bar": bar,
                }  # fmt: skip
                said = "" if bar is None else f" (bar {bar:.2f} {verdict((-found.mean, found.error), -bar)})"
                cells.append(f"{d}: {shortly(found)}{said.replace(' )', ')')}")
                against_clamped.append(f"{d}: {shortly(found_cut)}")
            rows.append([f"{domain} {kind} / PCA", *cells])
            rows.append([f"{domain} {kind} / clamped PCA", *against_clamped])
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    report("reconstruction_quality", figures, ["d: test MSE, and as a fraction of PCA's", *[""] * (width - 1)], rows)


def shortly(measured):
    return f"{measured.mean:.3f} ± {measured.error:.4f}"


def speed(library, times_each=50):
    figures, rows = {}, []
    for domain, row in SIZED.items():
        x = np.random.default_rng(0).random(row.shape, dtype=np.float32)
        for kind in library.kinds(domain):
            every_model(library, x, domain, [kind])
            times = []
            for _ in range(times_each):
                start = time.perf_counter()
                every_model(library, x, domain, [kind])
                times.append(1000 * (time.perf_counter() - start))
            figures[f"{domain}/{kind}"] = statistics.median(times)
            n = len(library.dims(domain, kind))
            rows.append([f"{domain} {kind}", n, f"{statistics.median(times):.1f}", f"{np.quantile(times, 0.95):.1f}"])
    report("reconstruction_speed", figures, ["model", "latent dimensions", "median ms", "95 % ms"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("quality", "speed"))
    parser.add_argument("--limit", type=int, help="test pictures, drawn at random by a fixed seed; all if left out")
    parser.add_argument("--times", type=int, default=50, help="how often each is timed")
    args = parse(parser, limit=3, times=2)
    library = Library()
    if args.only != "speed":
        quality(library, args.data_dir, args.limit)
    if args.only != "quality":
        speed(library, args.times)


if __name__ == "__main__":
    main()
