"""What beta does to the code of shapes: python benchmarks/disentanglement.py [--seeds N] [--all-dims]

MIG (Chen et al. 2018) and DCI (Eastwood & Williams 2018) of every autoencoder, VAE and PCA of shapes at the largest
latent dimension, mean and standard error over samples of 7,000 new pictures (vaedemo.factors). The error is that of
the measurement; there is one trained model of each kind and beta. Beside them what the scores are worth: the factors
themselves as a code, and the factors turned at random.
"""

import argparse

import numpy as np
import torch
from common import parse, report

from benchmarks.tables.disentanglement import COLUMNS, disentanglement
from vaedemo.pictures.shapes import FACTORS
from vaedemo.reports.factors import COUNT, factor_models, factor_sample, measure, measure_codes
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library


def cells(made):
    return {"mig": made.mig, **{name: getattr(made.dci, name) for name in COLUMNS[1:]}}


def yardsticks(sample, seed):
    """{name: FactorFigures} of codes whose scores are known beforehand: near 1, and low."""
    z = (sample.factors - sample.factors.mean(0)) / sample.factors.std(0)
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(z.shape[1],) * 2))
    return {
        "the factors themselves": measure_codes(z, sample),
        "the factors, turned": measure_codes(z @ turned, sample),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="samples of pictures")
    parser.add_argument("--all-dims", action="store_true", help="every latent dimension, not the largest alone")
    parser.add_argument("--pictures", type=int, default=COUNT, help="of each sample")
    args = parse(parser, seeds=1, pictures=140)
    torch.set_num_threads(1)
    library, measured = Library(), {}
    wanted = factor_models(library)
    if not args.all_dims:
        wanted = [key for key in wanted if key.latent_dim == max(k.latent_dim for k in wanted)]
    for seed in range(1, args.seeds + 1):
        sample = factor_sample(seed, args.pictures)
        for key in wanted:
            measured.setdefault(key, []).append(measure(library.model(key), sample))
        for name, made in yardsticks(sample, seed).items():
            measured.setdefault(ModelKey("shapes", name, len(FACTORS)), []).append(made)
        print(f"sample {seed} of {args.seeds} done", flush=True)
    figures = {}
    for key in measured:
        runs = [cells(made) for made in measured[key]]
        figures[key.name] = {name: [run[name] for run in runs] for name in COLUMNS} | {
            "gaps": {f: [made.gaps[i] for made in measured[key]] for i, f in enumerate(FACTORS)},
            "scores": {f: [made.dci.score[i] for made in measured[key]] for i, f in enumerate(FACTORS)},
            "active": int(measured[key][0].active.sum()),
        }
    figures = {"seeds": args.seeds, "models": figures}
    report("disentanglement", figures, disentanglement(figures))


if __name__ == "__main__":
    main()
