"""What beta does to the code of shapes: python benchmarks/disentanglement.py [--seeds N] [--all-dims]

MIG (Chen et al. 2018) and DCI (Eastwood & Williams 2018) of every autoencoder, VAE and PCA of shapes at the largest
latent dimension, mean and standard error over samples of 7,000 new pictures (vaedemo/reports/factors.py). The error is
that of the measurement; there is one trained model of each kind and beta. Two yardsticks show what the scores are
worth: the factors themselves as a code, and the factors in a random rotation.
"""

import numpy as np
import torch
from common import arguments, parse, report

from benchmarks.tables.disentanglement import COLUMNS, disentanglement
from vaedemo.pictures.shapes import FACTORS
from vaedemo.reports.factors import (
    COUNT,
    FactorFigures,
    FactorSample,
    factor_models,
    factor_sample,
    measure,
    measure_codes,
)
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library


def cells(figures: FactorFigures) -> dict[str, float]:
    """{column: value} of COLUMNS."""
    return {"mig": figures.mig, **{name: getattr(figures.dci, name) for name in COLUMNS[1:]}}


def yardsticks(sample: FactorSample, seed: int) -> dict[str, FactorFigures]:
    """{name: FactorFigures} of codes whose scores have to be near 1, and low."""
    z = (sample.factors - sample.factors.mean(0)) / sample.factors.std(0)
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(z.shape[1],) * 2))
    return {
        "the factors themselves": measure_codes(z, sample),
        "the factors, turned": measure_codes(z @ rotation, sample),
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="samples of pictures")
    parser.add_argument("--all-dims", action="store_true", help="every latent dimension, not the largest alone")
    parser.add_argument("--pictures", type=int, default=COUNT, help="of each sample")
    args = parse(parser, seeds=1, pictures=140)
    torch.set_num_threads(1)
    library = Library()
    measured: dict[ModelKey, list[FactorFigures]] = {}
    wanted = factor_models(library)
    if not args.all_dims:
        wanted = [key for key in wanted if key.latent_dim == max(k.latent_dim for k in wanted)]
    for seed in range(1, args.seeds + 1):
        sample = factor_sample(seed, args.pictures)
        for key in wanted:
            measured.setdefault(key, []).append(measure(library.model(key), sample))
        for name, scores in yardsticks(sample, seed).items():
            measured.setdefault(ModelKey("shapes", name, len(FACTORS)), []).append(scores)
        print(f"sample {seed} of {args.seeds} done", flush=True)
    models = {}
    for key, samples in measured.items():
        rows = [cells(scores) for scores in samples]
        models[key.name] = {name: [row[name] for row in rows] for name in COLUMNS} | {
            "gaps": {f: [scores.gaps[i] for scores in samples] for i, f in enumerate(FACTORS)},
            "scores": {f: [scores.dci.score[i] for scores in samples] for i, f in enumerate(FACTORS)},
            "active": int(samples[0].active.sum()),
        }
    figures = {"seeds": args.seeds, "models": models}
    report("disentanglement", figures, disentanglement(figures))


if __name__ == "__main__":
    main()
