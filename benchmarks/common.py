"""What the benchmarks share: a markdown table, a results file, the machine in words, and when a bar is met.

Standard deviations are of a sample (n - 1 below the line), over pictures, seeds or pairs; a standard error is that over
the root of n. A bar is met where the mean is beyond it by two standard errors, missed where it is short of it by two,
and else not decided.
"""

import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # `python benchmarks/X.py`, wherever it is typed
from vaedemo import runtime  # noqa: E402
from vaedemo.data import datasets  # noqa: E402

TINY = "--tiny"
# A trial never replaces what was measured.
RESULTS = Path(tempfile.mkdtemp() if TINY in sys.argv[1:] else Path(__file__).resolve().parent / "results")
FEW = {"train": 60, "test": 24}  # shapes that a trial draws
MET, OPEN, MISSED = "", "**not decided**", "**missed**"


def parse(parser, **tiny):
    """The arguments of a script. Each takes --data-dir, which `make bench` gives to all of them, and --tiny, a trial
    with `tiny` as the defaults: it shows whether the script runs, and its figures go to a folder of their own."""
    parser.add_argument("--data-dir", type=Path, help="folder with DOMAIN_train.npz, DOMAIN_test.npz and photos/")
    parser.add_argument(TINY, action="store_true", help="a trial on little data; what was measured stays")
    args = parser.parse_args()
    if args.tiny:
        parser.set_defaults(**tiny)
        args = parser.parse_args()
        datasets.GENERATED.update(FEW)
        print(f"a trial: the figures mean nothing, and are in {RESULTS}")
    return args


class Measured(NamedTuple):
    """A mean and its standard error, None of a single value."""

    mean: float
    error: float | None

    def __str__(self):
        return f"{self.mean:.2f}" if self.error is None else f"{self.mean:.2f} ± {self.error:.2f}"


def mean_and_error(values):
    """Measured of numbers; of differences in pairs (the same pictures, two methods) where two methods are compared."""
    values = np.asarray(values, np.float64)
    error = float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else None
    return Measured(float(values.mean()), error)


def correlated(pairs):
    """Measured correlation of two numbers over the pixels of pictures, (a, b) of each; its error by leaving out a
    picture at a time."""
    sums = [(a.size, a.sum(), b.sum(), a @ a, b @ b, a @ b) for a, b in (np.asarray(p, np.float64) for p in pairs)]
    each = np.array(sums).T
    n, e, s, ee, ss, es = np.concatenate([each.sum(1)[:, None], each.sum(1)[:, None] - each], 1)
    r = (n * es - e * s) / np.sqrt((n * ee - e * e) * (n * ss - s * s))
    left = r[1:]
    return Measured(float(r[0]), float(np.sqrt((len(left) - 1) * left.var())) if len(left) > 1 else None)


def verdict(measured, bar, largest=None):
    """MET, OPEN or MISSED of a Measured that has to reach bar, and stay at or below largest if given."""
    mean, error = measured
    reach = 2 * (error or 0.0)
    distances = [mean - bar] + ([] if largest is None else [largest - mean])
    nearest = min(distances)
    return MET if nearest >= reach else MISSED if nearest < -reach else OPEN


def said(text, measured, *bar):
    """A text with the verdict on a (mean, error) behind it."""
    return f"{text} {verdict(Measured(*measured), *bar)}".strip()


def signed(measured):
    """(mean, error) of a difference in words."""
    value, error = measured
    return f"{value:+.2f}" if error is None else f"{value:+.2f} ± {error:.2f}"


def table(columns, rows):
    """Rows as a markdown table; the first column is left-aligned, the others right."""
    lines = ["| " + " | ".join(columns) + " |", "|---|" + "---:|" * (len(columns) - 1)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def report(name, figures, columns, rows):
    """Print the table and write benchmarks/results/<name>.json with the machine it was measured on."""
    print(table(columns, rows))
    machine = {
        "processor": runtime.hardware(torch.device("cpu")),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine, **figures}, indent=1) + "\n")
