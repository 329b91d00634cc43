"""Small pictures without loss, by bits back: python benchmarks/lossless.py --data-dir DIR [--limit 10000]

Test pictures of digits (256 levels, and binarised by a fixed seed: dynamically, a pixel's value is its probability of
being 1) and of fashion, in their order, as one file of `compress --lossless`: its bits a pixel, header and the bits
that the stack starts with included, beside the -ELBO of the model that wrote it; decoded again and compared. The same
pictures as PNG, lossless WebP, gzip and bz2, each in the better one of two ways: all in one, or each by itself.
"""

import math
import time

import numpy as np
import torch
from common import Row, arguments, parse, report

from benchmarks.tables.cells import mean_and_error
from benchmarks.tables.lossless import lossless as tables
from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.services.codec import squeeze, stacks
from vaedemo.services.codec.container import Pictures, unpack
from vaedemo.store.library import Library
from vaedemo.training.tasks.epochs import binarised

SETS = (("digits", True), ("digits", False), ("fashion", False))


def pictures(domain: str, white: bool, limit: int | None, folder: str | None) -> np.ndarray:
    """uint8 (N, 28, 28); of black and white ones 0 and 255."""
    x = datasets.load(domain, "test", folder).some(limit).x
    if white:
        x = 255 * binarised(x, runtime.generator("binarise", 0)).byte()
    return x[:, 0].numpy()


@torch.no_grad()
def elbo(library: Library, domain: str, kind: str, x: np.ndarray) -> tuple[float, float | None]:
    """-ELBO in bits a pixel, (mean, standard error over the pictures): one draw of z a picture, not rounded."""
    model, _ = library.exact(domain, kind)
    generator, each = runtime.generator("elbo", 0), []
    for first in range(0, len(x), 500):
        some = torch.tensor(x[first : first + 500])[:, None]
        some = (some > 0).byte() if kind.endswith("binary") else some
        found = model.terms(some, torch.randn(len(some), model.config.latent_dim, generator=generator))
        each += (found.distortion + found.kl.sum(1)).tolist()
    mean, error = mean_and_error([nats / math.log(2) / x[0].size for nats in each])
    return mean, error


def measure(library: Library, domain: str, white: bool, x: np.ndarray) -> Row:
    start = time.perf_counter()
    *_, last = stacks.compress(library, x)
    coded, result = time.perf_counter(), last.result
    assert result is not None
    file = unpack(result.data)
    assert isinstance(file, Pictures)
    back = np.concatenate(list(stacks.decompress(library, file)))
    done = time.perf_counter()
    others = {name: 8 * size(x) / x.size for name, size in squeeze.rivals(white).items()}
    return {
        "domain": domain,
        "binary": white,
        "pictures": len(x),
        "model": f"{result.domain}/{result.kind}",
        "bits_a_pixel": 8 * len(result.data) / x.size,
        "elbo": elbo(library, result.domain, result.kind, x),
        "returned": bool(np.array_equal(back, x)),
        "encode_ms_a_picture": 1000 * (coded - start) / len(x),
        "decode_ms_a_picture": 1000 * (done - coded) / len(x),
        "others": others,
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--limit", type=int, help="test pictures, drawn at random by a fixed seed; all if left out")
    args = parse(parser, limit=70)
    torch.set_num_threads(1)  # networks this small wait for each other's threads
    library, rows = Library(), []
    for domain, white in SETS:
        rows.append(measure(library, domain, white, pictures(domain, white, args.limit, args.data_dir)))
        print(f"{domain}{', binarised' if white else ''} done", flush=True)
    figures = {"rows": rows}
    report("lossless", figures, tables(figures))


if __name__ == "__main__":
    main()
