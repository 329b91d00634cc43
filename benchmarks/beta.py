"""What beta does: python benchmarks/beta.py --data-dir DIR [--seeds 3] [--domains shapes]

A small dense VAE (one hidden layer of 512 on each side) trained from scratch at each beta, on digits (d = 32,
Bernoulli) and on shapes (d = 10, Gaussian, sigma held at 0.1), so that beta alone differs: as many steps, the same
settings, a seed for the first weights, the order and the noise. Over the test set: units that are active (the variance
of mu above 0.01, Burda et al. 2016), KL in nats, mean squared error; of shapes, whose factors are known, MIG (Chen et
al. 2018) over 7,000 new pictures, as benchmarks/disentanglement.py measures it for the shipped models. The standard
error is over seeds. Domains that are not measured keep their rows. Trained runs are kept in --keep, so that a stopped
one goes on.
"""

import argparse
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import RESULTS, arguments, kept, parse, report, trained
from reconstruction import errors

from benchmarks.tables.beta import beta as tables
from vaedemo.configs import ModelConfig
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.maths import metrics
from vaedemo.reports.evaluate import likelihood
from vaedemo.reports.factors import COUNT, FactorSample, factor_sample
from vaedemo.reports.factors import measure as follow

SIGMA = 0.1  # of shapes' likelihood: what they are best at, and the same at every beta
BETAS = {"digits": (0.25, 1.0, 4.0, 16.0, 64.0), "shapes": (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0)}


def config_of(domain: str, beta: float) -> ModelConfig:
    """The dense VAE of a domain's anchor dimension."""
    row = SIZED[domain]
    config = replace(row.model_config("dense-vae", row.anchor), beta=beta)
    return replace(config, sigma=SIGMA) if config.likelihood == "gaussian" else config


def measure(
    config: ModelConfig,
    pictures: datasets.Pictures,
    test: datasets.Pictures,
    sample: FactorSample | None,
    steps: int,
    seed: int,
) -> dict[str, float]:
    """Figures of one trained network; "mig" where there is a sample of known factors."""
    model = trained(config, pictures, steps, seed)
    found = likelihood(model, test, k=1)
    figures = {
        "active": float(metrics.active_units(found.mu).sum()),
        "kl": float(found.kl.sum(1).mean()),
        "mse": float(np.mean(errors(model, test))),
    }
    return figures if sample is None else figures | {"mig": follow(model, sample).mig}


def rows_of(domain: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """A row a beta; of each figure the values of the seeds in order."""
    pictures, test = (datasets.load(domain, split, args.data_dir) for split in ("train", "test"))
    sample = factor_sample(1, args.pictures) if domain == "shapes" else None
    found: dict[float, list[dict[str, float]]] = {}
    for seed in range(args.seeds):
        for beta in BETAS[domain]:
            config = config_of(domain, beta)
            key = f"{domain}, beta {beta:g}, {args.steps} steps, seed {seed}"
            make = partial(measure, config, pictures, test, sample, args.steps, seed)
            found.setdefault(beta, []).append(kept(args.keep, key, make) if args.keep else make())
            print(key, found[beta][-1], flush=True)
    return [{"beta": beta} | {name: [f[name] for f in seeds] for name in seeds[0]} for beta, seeds in found.items()]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--domains", nargs="*", choices=list(BETAS), default=list(BETAS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500, help="of training, at each beta")
    parser.add_argument("--pictures", type=int, default=COUNT, help="that MIG is measured over")
    parser.add_argument("--keep", type=Path, help="a file for the figures of each run, to go on after a stop")
    args = parse(parser, seeds=1, steps=1, pictures=35)
    torch.set_num_threads(1)
    path = RESULTS / "beta.json"
    known = json.loads(path.read_text())["domains"] if path.exists() else {}
    measured = {
        domain: {"latent_dim": SIZED[domain].anchor, "steps": args.steps, "rows": rows_of(domain, args)}
        for domain in args.domains
    }
    figures = {"domains": known | measured}
    report("beta", figures, tables(figures))


if __name__ == "__main__":
    main()
