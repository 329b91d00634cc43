"""What encoders lose on one picture: python benchmarks/amortisation.py --data-dir DIR [--limit 25]

Test pictures, drawn at random by a fixed seed, whose codes are improved as the page does it: of VAEs at three latent
dimensions by how many nats the ELBO grows (Cremer, Li & Duvenaud 2018: the amortisation gap, or what of it the search
finds), of the other kinds by how many dB the PSNR does.
"""

import torch
from common import Row, arguments, parse, report

from benchmarks.tables.amortisation import amortisation as tables
from benchmarks.tables.cells import mean_and_error
from vaedemo.data import datasets
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import SIZED
from vaedemo.services.improve import Improved, improve
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

DIMS = {"digits": (2, 8, 32), "fashion": (2, 8, 32), "objects": (2, 32, 128), "shapes": (2, 5, 10)}
KINDS = ("ae", "vae", "pca")


def measure(library: Library, pictures: Pictures, key: ModelKey) -> Row:
    """The figures of one model."""
    found: list[Improved] = []
    for i in range(len(pictures)):
        *_, last = improve(library, pictures[i].numpy(), key)
        assert last.result is not None
        found.append(last.result)
    gaps = [one.gap_nats for one in found if one.gap_nats is not None]
    objectives = [one.before.objective_nats for one in found if one.before.objective_nats is not None]
    return {
        "domain": key.domain,
        "kind": key.kind,
        "latent_dim": key.latent_dim,
        "pictures": len(found),
        "gap": mean_and_error(gaps) if gaps else None,
        "negative_elbo": mean_and_error([-o for o in objectives]) if objectives else None,
        "psnr": mean_and_error([one.before.psnr for one in found]),
        "gain": mean_and_error([one.after.psnr - one.before.psnr for one in found]),
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--limit", type=int, default=25, help="test pictures of each domain")
    args = parse(parser, limit=2)
    torch.set_num_threads(1)  # networks this small wait for each other's threads
    library, rows = Library(), []
    for domain in SIZED:
        pictures = datasets.load(domain, "test", args.data_dir).some(args.limit)
        dims = DIMS[domain][: 1 if args.tiny else None]
        keys = [ModelKey(domain, kind, d) for kind in KINDS for d in dims]
        rows += [measure(library, pictures, key) for key in keys]
        print(f"{domain} done", flush=True)
    figures = {"rows": rows}
    report("amortisation", figures, tables(figures))


if __name__ == "__main__":
    main()
