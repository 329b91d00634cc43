"""How good and how fast reconstruction is: python benchmarks/reconstruction.py --data-dir DIR [--only quality|speed]

1. Test mean squared error of every shipped model as a fraction of PCA's with as many numbers; the standard error is
   that of the ratio over the pictures, model and PCA on the same ones.
2. Milliseconds for one picture through every latent dimension of a domain, as the page asks for it; medians of 50.
"""

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import arguments, parse, report

from benchmarks.tables import reconstruction as tables
from benchmarks.tables.cells import Measured, mean_and_error
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.maths import metrics
from vaedemo.models.autoencoder import Model
from vaedemo.models.pca import PCA
from vaedemo.services.reconstruct import every_model
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library


@torch.no_grad()
def errors(model: Model, pictures: datasets.Pictures) -> np.ndarray:
    """Mean squared error of each picture, values in [0, 1], (N,)."""
    return torch.cat([metrics.mse(model(x).x_hat, x) for x in pictures.batches(500)]).double().numpy()


@torch.no_grad()
def pca_errors(pca: PCA, pictures: datasets.Pictures) -> tuple[np.ndarray, np.ndarray]:
    """(plain, clamped), each (N,), of PCA: as in textbooks, and with its output clamped to [0, 1] like a model's."""
    plain, clamped = [], []
    for x in pictures.batches(500):
        flat = pca.encode(x).mu @ pca.components + pca.mean
        plain.append(metrics.mse(flat, x.flatten(1)))
        clamped.append(metrics.mse(flat.clamp(0, 1), x.flatten(1)))
    return torch.cat(plain).double().numpy(), torch.cat(clamped).double().numpy()


def ratio(ours: np.ndarray, theirs: np.ndarray) -> Measured:
    """Measured ratio of two mean errors of the same pictures; its standard error is that of the mean of
    ours - ratio * theirs, picture by picture, over theirs (the delta method)."""
    value = ours.mean() / theirs.mean()
    return Measured(float(value), (mean_and_error(ours - value * theirs).error or 0.0) / float(theirs.mean()))


def quality(library: Library, data_dir: Path | None, limit: int | None = None) -> None:
    figures: dict[str, Any] = {}
    for domain, row in SIZED.items():
        pictures = datasets.load(domain, "test", data_dir).some(limit)
        pca = {d: pca_errors(library.model(ModelKey(domain, "pca", d)), pictures) for d in row.latent_dims}
        for kind in ("ae", "vae"):
            for d in row.dims_of(kind):
                own = errors(library.model(ModelKey(domain, kind, d)), pictures)
                plain, clamped = pca[d]
                row_figures = {"mse": own.mean(), "pca_mse": plain.mean(), "pca_clamped_mse": clamped.mean()}
                for name, theirs in (("ratio", plain), ("ratio_clamped", clamped)):
                    row_figures[name], row_figures[f"{name}_standard_error"] = ratio(own, theirs)
                figures[f"{domain}/{kind}-{d}"] = row_figures | {"bar": tables.bar_of(domain, kind, d)}
    report("reconstruction_quality", figures, tables.quality(figures))


def speed(library: Library, times_each: int = 50) -> None:
    figures = {}
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
    report("reconstruction_speed", figures, tables.speed(figures))


def main() -> None:
    parser = arguments(__doc__)
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
