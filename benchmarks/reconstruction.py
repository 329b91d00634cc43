"""How good and how fast reconstruction is: python benchmarks/reconstruction.py --data-dir DIR [--only quality|speed]

1. Test mean squared error of every shipped model as a fraction of PCA's with as many numbers.
2. Milliseconds for one picture through every latent dimension of a domain, as the page asks for it; medians of 50.
"""

import argparse
import statistics
import time

import numpy as np
import torch
from common import report

from vaedemo import datasets, metrics
from vaedemo.domains import DOMAINS
from vaedemo.library import Library
from vaedemo.reconstruct import every_model

BARS = {
    ("digits", "ae", 2): 0.60, ("digits", "ae", 4): 0.48, ("digits", "ae", 8): 0.32, ("digits", "ae", 16): 0.22,
    ("digits", "ae", 32): 0.19, ("digits", "ae", 64): 0.26,
}  # fmt: skip
BEATS_PCA_UP_TO = {"ae": 10**6, "vae": 8}  # latent dimensions at which a model has to be below PCA


@torch.no_grad()
def test_mse(model, pictures):
    """Mean squared error over Pictures, values in [0, 1]."""
    return sum(metrics.mse(model(x).x_hat, x).sum().item() for x in pictures.batches(500)) / len(pictures)


def pca_mse(pca, pictures):
    """(plain, clamped) mean squared error of PCA: as in textbooks, and with its output cut to [0, 1] like a model's."""
    plain = clamped = 0.0
    with torch.no_grad():
        for x in pictures.batches(500):
            flat = pca.encode(x).mu @ pca.components + pca.mean
            plain += metrics.mse(flat, x.flatten(1)).sum().item()
            clamped += metrics.mse(flat.clamp(0, 1), x.flatten(1)).sum().item()
    return plain / len(pictures), clamped / len(pictures)


def quality(library, data_dir):
    figures, rows = {}, []
    for domain, row in DOMAINS.items():
        pictures = datasets.load(domain, "test", data_dir)
        pca = {d: pca_mse(library.model(domain, "pca", d), pictures) for d in row.latent_dims}
        rows.append([f"{domain} PCA, MSE", *(f"{d}: {plain:.5f}" for d, (plain, _) in pca.items())])
        rows.append([f"{domain} PCA, clamped to [0, 1]", *(f"{d}: {cut:.5f}" for d, (_, cut) in pca.items())])
        for kind in ("ae", "vae"):
            cells, against_clamped = [], []
            for d in row.latent_dims:
                mse = test_mse(library.model(domain, kind, d), pictures)
                (plain, cut), bar = pca[d], BARS.get((domain, kind, d))
                if bar is None and d <= BEATS_PCA_UP_TO[kind] and (domain, kind) != ("digits", "vae"):
                    bar = 1.0
                key = f"{domain}/{kind}-{d}"
                figures[key] = {"mse": mse, "pca_mse": plain, "pca_clamped_mse": cut, "ratio": mse / plain,
                                "ratio_clamped": mse / cut, "bar": bar}  # fmt: skip
                missed = bar is not None and mse / plain > bar
                cells.append(
                    f"{d}: {mse / plain:.3f}" + ("" if bar is None else f" (bar {bar:.2f}{', MISSED' * missed})")
                )
                against_clamped.append(f"{d}: {mse / cut:.3f}")
            rows.append([f"{domain} {kind} / PCA", *cells])
            rows.append([f"{domain} {kind} / clamped PCA", *against_clamped])
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    report("reconstruction_quality", figures, ["d: test MSE, and as a fraction of PCA's", *[""] * (width - 1)], rows)


def speed(library):
    figures, rows = {}, []
    for domain, row in DOMAINS.items():
        x = np.random.default_rng(0).random(row.shape, dtype=np.float32)
        for kind in library.kinds(domain):
            every_model(library, x, domain, [kind])
            times = []
            for _ in range(50):
                start = time.perf_counter()
                every_model(library, x, domain, [kind])
                times.append(1000 * (time.perf_counter() - start))
            figures[f"{domain}/{kind}"] = statistics.median(times)
            n = len(library.dims(domain, kind))
            rows.append([f"{domain} {kind}", n, f"{statistics.median(times):.1f}", f"{sorted(times)[47]:.1f}"])
    report("reconstruction_speed", figures, ["model", "latent dimensions", "median ms", "95 % ms"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir")
    parser.add_argument("--only", choices=("quality", "speed"))
    args = parser.parse_args()
    library = Library()
    if args.only != "speed":
        quality(library, args.data_dir)
    if args.only != "quality":
        speed(library)


if __name__ == "__main__":
    main()
