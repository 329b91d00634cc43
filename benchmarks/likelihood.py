"""How well the VAEs of digits explain test digits: python benchmarks/likelihood.py --data-dir DIR [--dims 2] [--k 50]

-ELBO, KL, active units and the importance-weighted bound (Burda et al. 2016, eq. 8) in nats a picture over the whole
test set, binarised once by a fixed seed, as `python -m vaedemo evaluate` has them; the bound of the largest model with
more samples too, which is a tighter one. Published, dynamically binarised: VAE 86.76, IWAE-50 84.78, two-layer IWAE
82.90 (Burda et al. 2016, table 1). The standard error is that of the mean over the pictures. Dimensions that are not
measured keep their figures in the results file.
"""

import argparse
import json

from common import RESULTS, parse, report

from benchmarks.tables.cells import mean_and_error
from benchmarks.tables.likelihood import likelihood as tables
from vaedemo.data import datasets
from vaedemo.data.domains import DOMAINS
from vaedemo.maths import metrics
from vaedemo.reports.evaluate import likelihood
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library


def measure(model, pictures, k, seed):
    """A row of the results file."""
    told = likelihood(model, pictures, k, seed)
    figures = {"k": k, "pictures": len(pictures), "active_units": int(metrics.active_units(told.mu).sum())}
    for name, values in (("negative_elbo", told.negative_elbo), ("kl", told.kl.sum(1)), ("bound", told.bound)):
        figures[name], figures[f"{name}_standard_error"] = mean_and_error(values)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dims", type=int, nargs="*", default=DOMAINS["digits"].latent_dims)
    parser.add_argument("--k", type=int, default=50, help="samples of the bound")
    parser.add_argument("--best-k", type=int, default=500, help="samples of the bound of the largest dimension")
    parser.add_argument("--limit", type=int, help="test pictures, drawn at random by a fixed seed; all if left out")
    parser.add_argument("--seed", type=int, default=0, help="of the binarisation and the samples")
    args = parse(parser, dims=[2, 64], k=2, best_k=3, limit=6)
    pictures, library = datasets.load("digits", "test", args.data_dir).some(args.limit), Library()
    path = RESULTS / "likelihood.json"
    figures = json.loads(path.read_text()).get("dims", {}) if path.exists() else {}
    for d in args.dims:
        k = args.best_k if d == max(DOMAINS["digits"].latent_dims) else args.k
        figures[str(d)] = measure(library.model(ModelKey("digits", "vae", d)), pictures, k, args.seed)
        print(f"vae {d} done", flush=True)
    figures = {"dims": dict(sorted(figures.items(), key=lambda item: int(item[0])))}
    report("likelihood", figures, tables(figures))


if __name__ == "__main__":
    main()
