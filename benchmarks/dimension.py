"""How many numbers a picture needs: python benchmarks/dimension.py --data-dir DIR [--domains digits] [--limit 1000]

Of every shipped ae and vae and of PCA, at every latent dimension of a domain: mean squared error over the test set. Of
every vae besides: the importance-weighted bound on -log p(x) (Burda et al. 2016, eq. 8; k samples) over the same
pictures, as in `python -m vaedemo evaluate`, in nats a picture and in bits per dimension (a pixel's value), and how
much it falls from one dimension to the next, picture by picture. Digits are binarised once by a fixed seed, the others
are their 8-bit levels. The standard error is that of the mean over the pictures. Domains that are not measured keep
their rows in the results file.
"""

import argparse
import json
from typing import Any

import numpy as np
import torch
from common import RESULTS, arguments, parse, report
from reconstruction import errors, pca_errors

from benchmarks.tables.cells import mean_and_error, paired
from benchmarks.tables.dimension import dimension
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED, Domain
from vaedemo.maths import metrics
from vaedemo.reports.evaluate import likelihood
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library


def rows_of(library: Library, row: Domain, pictures: datasets.Pictures, k: int, seed: int) -> list[dict[str, Any]]:
    """A row a latent dimension; each figure a pair (mean, standard error)."""
    rows: list[dict[str, Any]] = []
    before: np.ndarray | None = None
    for d in row.dims_of("vae"):
        model = library.model(ModelKey(row.name, "vae", d))
        mse = {"ae": errors(library.model(ModelKey(row.name, "ae", d)), pictures), "vae": errors(model, pictures)}
        mse["pca"] = pca_errors(library.model(ModelKey(row.name, "pca", d)), pictures)[1]
        found = likelihood(model, pictures, k, seed)
        bound = found.bound.double().numpy()
        rows.append(
            {
                "latent_dim": d,
                "mse": {kind: mean_and_error(values) for kind, values in mse.items()},
                "bound": mean_and_error(bound),
                "bits_per_dim": mean_and_error(metrics.bits_per_dim(float(nats), row.shape) for nats in bound),
                "gained": None if before is None else paired(before, bound),
                "active_units": int(metrics.active_units(found.mu).sum()),
            }
        )
        before = bound
        print(f"{row.name} {d} done", flush=True)
    return rows


def measured(args: argparse.Namespace) -> dict[str, Any]:
    """{domain: {"pictures", "k", "rows"}} of the domains asked for."""
    library, found = Library(), {}
    for domain in args.domains:
        pictures = datasets.load(domain, "test", args.data_dir).some(args.limit)
        rows = rows_of(library, SIZED[domain], pictures, args.k, args.seed)
        found[domain] = {"pictures": len(pictures), "k": args.k, "rows": rows}
    return found


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--domains", nargs="*", choices=list(SIZED), default=list(SIZED))
    parser.add_argument("--k", type=int, default=50, help="samples of the bound")
    parser.add_argument("--limit", type=int, help="test pictures, drawn at random by a fixed seed; all if left out")
    parser.add_argument("--seed", type=int, default=0, help="of the binarisation and the samples")
    args = parse(parser, k=2, limit=3)
    torch.set_num_threads(1)
    path = RESULTS / "dimension.json"
    known = json.loads(path.read_text())["domains"] if path.exists() else {}
    figures = {"domains": known | measured(args)}
    report("dimension", figures, dimension(figures))


if __name__ == "__main__":
    main()
