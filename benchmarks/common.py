"""What the benchmarks share: their arguments, a results file, and the machine in words. Errors, verdicts and tables
are in benchmarks/tables, which also writes docs/RESULTS.md."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # `python benchmarks/X.py`, wherever it is typed
from benchmarks.tables.cells import Measured, Table, markdown  # noqa: E402
from vaedemo import runtime  # noqa: E402
from vaedemo.configs import ModelConfig, TrainConfig  # noqa: E402
from vaedemo.data import datasets  # noqa: E402
from vaedemo.models import build_model  # noqa: E402
from vaedemo.training.loop import fit  # noqa: E402
from vaedemo.training.tasks import task_of  # noqa: E402

TINY = "--tiny"
Row = dict[str, Any]  # of a results file
# A trial never replaces what was measured.
RESULTS = Path(tempfile.mkdtemp() if TINY in sys.argv[1:] else ROOT / "benchmarks" / "results")
FEW = {"train": 60, "test": 24}  # shapes that a trial draws


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the script's docstring."""
    return argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def parse(parser: argparse.ArgumentParser, **tiny: Any) -> argparse.Namespace:
    """The arguments of a script. Each takes --data-dir, which `make bench` gives to all, and --tiny: a trial with
    `tiny` as the defaults, which shows whether the script runs, and whose figures go to a temporary folder."""
    parser.add_argument("--data-dir", type=Path, help="folder with DOMAIN_train.npz, DOMAIN_test.npz and photos/")
    parser.add_argument(TINY, action="store_true", help="a trial on little data; what was measured stays")
    args = parser.parse_args()
    if args.tiny:
        parser.set_defaults(**tiny)
        args = parser.parse_args()
        datasets.GENERATED.update(FEW)
        print(f"a trial: the figures mean nothing, and are in {RESULTS}")
    return args


def correlated(pairs: Iterable[tuple[ArrayLike, ArrayLike]]) -> Measured:
    """Measured correlation of two numbers over the pixels of pictures, (a, b) of each; its error from leaving out one
    picture at a time (the jackknife)."""
    arrays = ((np.asarray(a, np.float64), np.asarray(b, np.float64)) for a, b in pairs)
    each = np.array([(a.size, a.sum(), b.sum(), a @ a, b @ b, a @ b) for a, b in arrays]).T
    n, e, s, ee, ss, es = np.concatenate([each.sum(1)[:, None], each.sum(1)[:, None] - each], 1)
    r = (n * es - e * s) / np.sqrt((n * ee - e * e) * (n * ss - s * s))
    left = r[1:]
    return Measured(float(r[0]), float(np.sqrt((len(left) - 1) * left.var())) if len(left) > 1 else None)


def kept(path: Path, key: str, make: Callable[[], Any]) -> Any:
    """A figure from a file of figures by their keys, made and written there if it is not."""
    known = json.loads(path.read_text()) if path.exists() else {}
    if key not in known:
        known[key] = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known))
    return known[key]


def trained(config: ModelConfig, pictures: datasets.Pictures, steps: int, seed: int = 0) -> Any:
    """A new network trained on pictures for so many steps, by TrainConfig's other settings."""
    model, train = build_model(config, seed), TrainConfig(steps=steps, seed=seed)
    for _ in fit(model, task_of(model, pictures, train), train):
        pass
    return model


def commit() -> dict[str, str]:
    """{"commit": the abbreviated hash of what is measured}, or nothing without git."""
    try:
        head = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    except OSError:
        return {}
    return {} if head.returncode else {"commit": head.stdout.strip()}


def show(table: Table) -> None:
    """Print a Table in markdown."""
    print(f"\n{table.title}\n\n{markdown(table.columns, table.rows)}", flush=True)


def median_ms(run: Callable[[np.ndarray], object], x: np.ndarray) -> float:
    """The median time in ms that run takes for one picture, of all (N, C, H, W) but the first, which loads what it
    needs."""
    run(x[:1])
    each = []
    for picture in x[1:]:
        start = time.perf_counter()
        run(picture[None])
        each.append(1000 * (time.perf_counter() - start))
    return float(np.median(each))


def report(name: str, figures: dict[str, Any], tables: Iterable[Table]) -> None:
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


def report_parts(
    name: str,
    doc: str | None,
    parts: Mapping[str, Callable[..., list[Row]]],
    trial: Mapping[str, tuple],
    tables: Mapping[str, Callable[[list[Row]], Table]],
) -> None:
    """Run the parts that the arguments name, or all, each with its `trial` arguments if --tiny; print their tables and
    replace their rows in benchmarks/results/<name>.json."""
    parser = arguments(doc)
    for part in parts:
        parser.add_argument(f"--{part}", action="store_true")
    args = parse(parser)
    path = RESULTS / f"{name}.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for part in [part for part in parts if getattr(args, part)] or list(parts):
        rows = results[part] = parts[part](*trial[part] if args.tiny else ())
        show(tables[part](rows))
    processor = runtime.hardware(torch.device("cpu")).split(",")[0]
    results["machine"] = f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")
