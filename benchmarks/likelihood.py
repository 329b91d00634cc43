"""How well the VAEs of digits explain test digits: python benchmarks/likelihood.py --data-dir DIR [--dims 2] [--k 50]

-ELBO, KL, active units and the importance-weighted bound (Burda et al. 2016, eq. 8) in nats a picture over the whole
test set, binarised once by a fixed seed, as in `python -m vaedemo evaluate`; the bound of the largest model takes more
samples, which makes it tighter. Published, dynamically binarised: VAE 86.76, IWAE-50 84.78, two-layer IWAE
82.90 (Burda et al. 2016, table 1). The standard error is that of the mean over the pictures. Dimensions that are not
measured keep their figures in the results file.
"""

import json
from typing import Any

from common import RESULTS, arguments, parse, report

from benchmarks.tables.cells import mean_and_error
from benchmarks.tables.likelihood import likelihood as tables
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.maths import metrics
from vaedemo.models.vae import VAE
from vaedemo.reports.evaluate import likelihood
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library


def measure(model: VAE, pictures: datasets.Pictures, k: int, seed: int) -> dict[str, Any]:
    """A row of the results file."""
    found = likelihood(model, pictures, k, seed)
    figures: dict[str, Any] = {
        "k": k,
        "pictures": len(pictures),
        "active_units": int(metrics.active_units(found.mu).sum()),
    }
    for name, values in (("negative_elbo", found.negative_elbo), ("kl", found.kl.sum(1)), ("bound", found.bound)):
        figures[name], figures[f"{name}_standard_error"] = mean_and_error(values)
    return figures


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--dims", type=int, nargs="*", default=SIZED["digits"].latent_dims)
    parser.add_argument("--k", type=int, default=50, help="samples of the bound")
    parser.add_argument("--best-k", type=int, default=500, help="samples of the bound of the largest dimension")
    parser.add_argument("--limit", type=int, help="test pictures, drawn at random by a fixed seed; all if left out")
    parser.add_argument("--seed", type=int, default=0, help="of the binarisation and the samples")
    args = parse(parser, dims=[2, 64], k=2, best_k=3, limit=6)
    pictures, library = datasets.load("digits", "test", args.data_dir).some(args.limit), Library()
    path = RESULTS / "likelihood.json"
    rows = json.loads(path.read_text()).get("dims", {}) if path.exists() else {}
    for d in args.dims:
        k = args.best_k if d == max(SIZED["digits"].latent_dims) else args.k
        rows[str(d)] = measure(library.model(ModelKey("digits", "vae", d)), pictures, k, args.seed)
        print(f"vae {d} done", flush=True)
    figures = {"dims": dict(sorted(rows.items(), key=lambda item: int(item[0])))}
    report("likelihood", figures, tables(figures))


if __name__ == "__main__":
    main()
