"""What more training pictures are worth: python benchmarks/trainingset.py --data-dir DIR [--seeds 3] [--sizes 50 1000]

A small dense network (784-512-32-512-784) trained on n pictures, n from 50 to all, each time for the same number of
steps and by the same settings, without early stopping and without a validation set; then its error on the very pictures
that it was trained on, on the test set, and the gap between them. A tenth of the steps shows what stopping early would
do. Of the autoencoder the error is the mean squared error on pixels in [0, 1], of the VAE -ELBO in nats (digits
binarised anew at every step, and once by a fixed seed to measure). A seed draws the n pictures, the first weights, the
order and the noise; the standard error is over seeds. Trained runs are kept in --keep, so that a stopped one goes on.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import arguments, kept, parse, report, trained
from reconstruction import errors

from benchmarks.tables.trainingset import trainingset
from vaedemo import runtime
from vaedemo.configs import ModelConfig
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.reports.evaluate import likelihood

MODELS = (("digits", "dense"), ("digits", "dense-vae"), ("fashion", "dense"))
SIZES = (50, 200, 1000, 5000, 20_000, 60_000)
STEPS = (300, 3000)
LATENT_DIM = 32
MEASURED = 10_000  # training pictures at most, as many as there are test pictures


def drawn(pictures: datasets.Pictures, n: int, seed: int) -> datasets.Pictures:
    """n of the pictures at random, the first n of an order that the seed gives: a larger set holds the smaller one."""
    order = torch.randperm(len(pictures), generator=runtime.generator("training set", seed))
    return pictures.rows(order[:n])


def error(model: Any, pictures: datasets.Pictures) -> float:
    """Mean squared error, or of a VAE -ELBO in nats, means over pictures."""
    if model.config.variational:
        return float(likelihood(model, pictures, k=1).negative_elbo.mean())
    return float(np.mean(errors(model, pictures)))


def measure(
    config: ModelConfig, train: datasets.Pictures, test: datasets.Pictures, n: int, steps: int, seed: int
) -> dict[str, float]:
    """{"train": error, "test": error} of one trained network."""
    pictures = drawn(train, n, seed)
    model = trained(config, pictures, steps, seed)
    return {"train": error(model, pictures.first(MEASURED)), "test": error(model, test)}


def rows_of(domain: str, kind: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """A row a size and number of steps; the errors of the seeds in order."""
    train, test = (datasets.load(domain, split, args.data_dir) for split in ("train", "test"))
    config = SIZED[domain].model_config(kind, LATENT_DIM)
    found: dict[tuple[int, int], list[dict[str, float]]] = {}
    for seed in range(args.seeds):
        for n in sorted({min(n, len(train)) for n in args.sizes}):
            for steps in args.steps:
                make = partial(measure, config, train, test, n, steps, seed)
                key = f"{domain}/{kind}-{LATENT_DIM}, {n} pictures, {steps} steps, seed {seed}"
                found.setdefault((n, steps), []).append(kept(args.keep, key, make) if args.keep else make())
                print(key, found[n, steps][-1], flush=True)
    return [
        {"domain": domain, "kind": kind, "pictures": n, "steps": steps}
        | {split: [f[split] for f in seeds] for split in ("train", "test")}
        for (n, steps), seeds in found.items()
    ]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="training pictures; at most all count")
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS, help="of training, fewest first")
    parser.add_argument("--keep", type=Path, help="a file for the figures of each run, to go on after a stop")
    args = parse(parser, seeds=2, sizes=[10, 20], steps=[1, 2])
    torch.set_num_threads(1)
    rows = [row for domain, kind in MODELS for row in rows_of(domain, kind, args)]
    figures = {"seeds": args.seeds, "latent_dim": LATENT_DIM, "rows": rows}
    report("trainingset", figures, trainingset(figures))


if __name__ == "__main__":
    main()
