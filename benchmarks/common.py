"""What the benchmarks share: their arguments, a results file, and the machine in words. Errors, verdicts and tables
are in benchmarks/tables, which docs/RESULTS.md is written by too."""

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # `python benchmarks/X.py`, wherever it is typed
from benchmarks.tables.cells import Measured, markdown  # noqa: E402
from vaedemo import runtime  # noqa: E402
from vaedemo.data import datasets  # noqa: E402

TINY = "--tiny"
# A trial never replaces what was measured.
RESULTS = Path(tempfile.mkdtemp() if TINY in sys.argv[1:] else ROOT / "benchmarks" / "results")
FEW = {"train": 60, "test": 24}  # shapes that a trial draws


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


def correlated(pairs):
    """Measured correlation of two numbers over the pixels of pictures, (a, b) of each; its error by leaving out a
    picture at a time."""
    sums = [(a.size, a.sum(), b.sum(), a @ a, b @ b, a @ b) for a, b in (np.asarray(p, np.float64) for p in pairs)]
    each = np.array(sums).T
    n, e, s, ee, ss, es = np.concatenate([each.sum(1)[:, None], each.sum(1)[:, None] - each], 1)
    r = (n * es - e * s) / np.sqrt((n * ee - e * e) * (n * ss - s * s))
    left = r[1:]
    return Measured(float(r[0]), float(np.sqrt((len(left) - 1) * left.var())) if len(left) > 1 else None)


def commit():
    """{"commit": the abbreviated hash of what was measured}, or nothing where git knows none."""
    try:
        made = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    except OSError:
        return {}
    return {} if made.returncode else {"commit": made.stdout.strip()}


def show(table):
    """Print a Table in markdown."""
    print(f"\n{table.title}\n\n{markdown(table.columns, table.rows)}", flush=True)


def report(name, figures, tables):
    """Print the tables and write benchmarks/results/<name>.json with the machine it was measured on."""
    for table in tables:
        show(table)
    machine = {
        "processor": runtime.hardware(torch.device("cpu")),
        "python": platform.python_version(),
        "torch": torch.__version__,
        **commit(),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine, **figures}, indent=1) + "\n")
