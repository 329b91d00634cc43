"""What the benchmarks share: a markdown table, a results file, the machine in words."""

import json
import platform
from pathlib import Path

import torch

from vaedemo import runtime

RESULTS = Path(__file__).resolve().parent / "results"


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
