"""What the codes of small pictures cost: python benchmarks/smallbits.py --data-dir DIR [--limit 1000]

Of all test pictures through every model (beta 1): the code rounded to the steps of the model's quantiser and entropy-
coded, in bits a picture, mean of -log2 of each number's probability, and the bytes of all codes on one stack of ANS,
popped again and compared; PSNR of the model's picture, and of the one that the rounded code decodes to; how much the
mean squared error grows by it. PNG and WebP of the same pictures, each a file of its own.
"""

from typing import Any

import numpy as np
import torch
from common import Row, arguments, parse, report

from benchmarks.tables.cells import mean_and_error
from benchmarks.tables.smallbits import smallbits as tables
from vaedemo.data import datasets
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import SIZED
from vaedemo.maths import metrics
from vaedemo.services.codec import small
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

BATCH = 500


@torch.no_grad()
def measure(library: Library, pictures: Pictures, key: ModelKey) -> Row:
    """The figures of one model."""
    model, quantiser = library.model(key), library.quantiser(key)
    assert quantiser is not None, f"{key} has no quantiser"
    z = torch.cat([model.encode(x).mu for x in pictures.batches(BATCH)])
    payload, bits = small.together(quantiser, z.numpy())
    rounded = small.apart(quantiser, payload, len(z))
    errors = [
        torch.cat(
            [metrics.mse(model.decode(c), x) for c, x in zip(codes.split(BATCH), pictures.batches(BATCH), strict=True)]
        )
        for codes in (z, torch.from_numpy(rounded))
    ]
    plain, coded = (metrics.psnr(e).double().numpy() for e in errors)
    return {
        "kind": key.kind,
        "latent_dim": key.latent_dim,
        "bits": mean_and_error(bits.sum(1)),
        "stack_bits": 8 * len(payload) / len(z),
        "returned": bool(np.array_equal(rounded, quantiser.codes(quantiser.integers(z.numpy())))),
        "silent": int((bits.mean(0) < 0.01).sum()),
        "psnr": mean_and_error(plain),
        "coded_psnr": mean_and_error(coded),
        "growth": float(errors[1].mean() / errors[0].mean() - 1),
    }


def files(pictures: Pictures) -> dict[str, Any]:
    """(mean, standard error) of the bytes of files without loss."""
    found = [small.lossless_bytes(x.numpy()) for batch in pictures.batches(BATCH) for x in batch]
    return {name: mean_and_error(one[name] for one in found) for name in small.FORMATS}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--limit", type=int, help="test pictures, drawn at random by a fixed seed; all if left out")
    args = parse(parser, limit=20)
    torch.set_num_threads(1)  # networks this small wait for each other's threads
    library, figures = Library(), dict[str, Any]()
    for domain in SIZED:
        pictures = datasets.load(domain, "test", args.data_dir).some(args.limit)
        keys = [key for key in library.model_keys(domain) if key.beta == 1]
        figures[domain] = {
            "pictures": len(pictures),
            "raw_bytes": pictures.x[0].numel(),
            "files": files(pictures),
            "models": [measure(library, pictures, key) for key in keys],
        }
        print(f"{domain} done", flush=True)
    report("smallbits", {"domains": figures}, tables({"domains": figures}))


if __name__ == "__main__":
    main()
