"""How often the right domain is proposed: python benchmarks/proposal.py --data-dir DIR [--limit 1000]

Pictures of each test set, drawn at random by a fixed seed, at their own size; the rule was tuned on training pictures
only. The standard error is that of the share.
"""

from collections import Counter

import numpy as np
from common import arguments, parse, report

from benchmarks.tables.proposal import proposal
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.pictures.prepare import propose_domain


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--limit", type=int, default=1000, help="pictures of each test set")
    args = parse(parser, limit=4)
    figures = {}
    for domain in SIZED:
        pictures = datasets.load(domain, "test", args.data_dir).some(args.limit)
        arrays = np.ascontiguousarray(pictures.x.numpy().transpose(0, 2, 3, 1))
        figures[domain] = dict(Counter(propose_domain(a) for a in arrays))
    report("proposal", figures, proposal(figures))


if __name__ == "__main__":
    main()
