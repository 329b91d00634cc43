"""How well VAEs explain test pictures: python benchmarks/likelihood.py --data-dir DIR [--domains digits] [--dims 2]

-ELBO, KL, active units and the importance-weighted bound (Burda et al. 2016, eq. 8) in nats a picture over the whole
test set, binarised once by a fixed seed, as in `python -m vaedemo evaluate`; the bound of the largest model takes more
samples, which makes it tighter. Published, dynamically binarised: VAE 86.76, IWAE-50 84.78, two-layer IWAE
82.90 (Burda et al. 2016, table 1). Of the other domains the same of 8-bit levels, in bits a value, over 1,000 pictures
where one pass is dear. The standard error is that of the mean over the pictures. What is not measured keeps its figures
in the results file.
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

BEST = ("digits", 64)  # the model whose bound takes more samples
FEWER = {"objects": 1000, "shapes": 1000}  # test pictures, where not all


def measure(model: VAE, pictures: datasets.Pictures, k: int, seed: int) -> dict[str, Any]:
    """A row of the results file."""
    found = likelihood(model, pictures, k, seed)
    figures: dict[str, Any] = {
        "k": k,
        "pictures": len(pictures),
        "values": pictures[:1].numel(),
        "active_units": int(metrics.active_units(found.mu).sum()),
    }
    for name, values in (("negative_elbo", found.negative_elbo), ("kl", found.kl.sum(1)), ("bound", found.bound)):
        figures[name], figures[f"{name}_standard_error"] = mean_and_error(values)
    return figures


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--domains", nargs="*", choices=list(SIZED), default=list(SIZED))
    parser.add_argument("--dims", type=int, nargs="*", help="latent dimensions; all if left out")
    parser.add_argument("--k", type=int, default=50, help="samples of the bound")
    parser.add_argument("--best-k", type=int, default=500, help="samples of the bound of digits' best dimension")
    parser.add_argument("--limit", type=int, help="test pictures, drawn at random by a fixed seed; all if left out")
    parser.add_argument("--seed", type=int, default=0, help="of the binarisation and the samples")
    args = parse(parser, dims=[2], k=2, best_k=3, limit=6)
    path, library = RESULTS / "likelihood.json", Library()
    known = json.loads(path.read_text())["domains"] if path.exists() else {}
    for domain in args.domains:
        row, rows = SIZED[domain], known.get(domain, {})
        pictures = datasets.load(domain, "test", args.data_dir).some(args.limit or FEWER.get(domain))
        for d in args.dims or row.dims_of("vae"):
            k = args.best_k if (domain, d) == BEST else args.k
            rows[str(d)] = measure(library.model(ModelKey(domain, "vae", d)), pictures, k, args.seed)
            print(f"{domain}, vae {d} done", flush=True)
        known[domain] = dict(sorted(rows.items(), key=lambda item: int(item[0])))
    figures = {"domains": known}
    report("likelihood", figures, tables(figures))


if __name__ == "__main__":
    main()
