"""How often the domain is proposed rightly: python benchmarks/proposal.py --data-dir DIR [--limit 1000]

The first pictures of each test set, at their own small size; the rule was tuned on training pictures only.
"""

import argparse
from collections import Counter

import numpy as np
from common import report

from vaedemo import datasets
from vaedemo.domains import DOMAINS
from vaedemo.pictures import propose_domain


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir")
    parser.add_argument("--limit", type=int, default=1000)
    args = parser.parse_args()
    figures, rows = {}, []
    for domain in DOMAINS:
        pictures = datasets.load(domain, "test", args.data_dir).first(args.limit)
        arrays = np.ascontiguousarray(pictures.x.numpy().transpose(0, 2, 3, 1))
        said = Counter(propose_domain(a) for a in arrays)
        figures[domain] = dict(said)
        rows.append([domain, len(arrays), f"{100 * said[domain] / len(arrays):.1f} %", *(said[d] for d in DOMAINS)])
    report("proposal", figures, ["domain", "pictures", "right", *(f"as {d}" for d in DOMAINS)], rows)


if __name__ == "__main__":
    main()
