"""What the figures share: colours of the page, large type, one way to draw a curve, and how a figure is written."""

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import NullLocator

from benchmarks.tables.cells import Pair

ROOT = Path(__file__).resolve().parents[2]
FOLDER, RESULTS = ROOT / "docs" / "questions", ROOT / "benchmarks" / "results"
TOKENS = (ROOT / "vaedemo" / "ui" / "page" / "frame" / "tokens.css").read_text(encoding="utf-8").split(".dark")[0]
TYPE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 14,
    "axes.titlesize": 15,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "svg.hashsalt": "vaedemo",  # the same figures give the same file
    "lines.linewidth": 2.2,
    "lines.markersize": 8,
}
MARKERS = {"ae": "o", "vae": "s", "pca": "^"}  # told apart without colour too


class Drawn(NamedTuple):
    """A figure: results files it is drawn from, its file's name, what draws it from them."""

    name: str
    results: tuple[str, ...]
    draw: Callable[[dict[str, Any]], Figure]


def colour(token: str) -> str:
    """A colour of the light page by its token: ae, kl, ink."""
    found = re.search(rf"--vd-{token}: (#[0-9a-f]{{6}})", TOKENS)
    assert found, f"no token {token}"
    return found[1]


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib with the settings of these figures."""
    own: dict[Any, Any] = {name: colour("soft") for name in ("axes.edgecolor", "xtick.color", "ytick.color")}
    own |= {name: colour("ink") for name in ("text.color", "axes.labelcolor", "axes.titlecolor")}
    with matplotlib.rc_context(TYPE | own | {"grid.color": colour("line"), "axes.axisbelow": True}):
        yield


def sheet(title: str, under: str, rows: int, columns: int, **grid: Any) -> tuple[Figure, Any]:
    """(figure of a projector's shape, its axes (rows, columns)): the finding on top, below what is shown."""
    room = ConstrainedLayoutEngine(rect=(0.005, 0.085, 0.985, 0.795), hspace=0.06, wspace=0.04)
    figure = Figure(figsize=(13.6, 7.65), layout=room, facecolor="white")
    figure.text(0.012, 0.975, title, fontsize=20, fontweight="bold", va="top")
    figure.text(0.012, 0.018, under, fontsize=11.5, color=colour("soft"), va="bottom")
    return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def curve(axes: Axes, x: Sequence[float], pairs: Sequence[Pair], token: str, marker: str, **line: Any) -> None:
    """Means over x with bars of one standard error."""
    means, errors = [mean for mean, _ in pairs], [error or 0.0 for _, error in pairs]
    own: dict[str, Any] = {"color": colour(token), "marker": marker, "capsize": 5, "elinewidth": 1.6}
    axes.errorbar(x, means, yerr=errors, **(own | line))


def named(axes: Axes, at: tuple[float, float], text: str, token: str, **own: Any) -> None:
    """A curve's name beside it, in its colour, with white behind."""
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
    usual: dict[str, Any] = {"fontsize": 13, "fontweight": "bold", "textcoords": "offset points", "xytext": (0, 0)}
    axes.annotate(text, at, color=colour(token), bbox=white, **(usual | own)).set_in_layout(False)


def ticked(axes: Axes, values: Sequence[float], base: float = 2) -> None:
    """A logarithmic x axis that names these values alone."""
    axes.set_xscale("log", base=base)
    axes.set_xticks(list(values), [f"{v:,g}" if v >= 1 else f"1/{1 / v:g}" for v in values])
    axes.xaxis.set_minor_locator(NullLocator())


def read(names: Sequence[str], folder: Path = RESULTS) -> dict[str, Any]:
    """{name: figures} of results files, without the machine that they were measured on."""
    found = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in names}
    return {name: {k: v for k, v in figures.items() if k != "machine"} for name, figures in found.items()}


def mark(results: dict[str, Any]) -> str:
    """What a figure's file says of the results that it was drawn from."""
    digest = hashlib.blake2b(json.dumps(results, sort_keys=True).encode(), digest_size=8).hexdigest()
    return f"drawn from {', '.join(results)}: {digest}"


def svg(drawn: Drawn, results: dict[str, Any]) -> bytes:
    """The file of a figure."""
    with styled():
        buffer = io.BytesIO()
        told = {"Date": None, "Creator": "python -m benchmarks.figures", "Description": mark(results)}
        drawn.draw(results).savefig(buffer, format="svg", metadata=told)
    return b"\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + b"\n"


def write(folder: Path = FOLDER) -> None:
    """Write every figure."""
    from . import FIGURES

    folder.mkdir(parents=True, exist_ok=True)
    for drawn in FIGURES:
        (folder / f"{drawn.name}.svg").write_bytes(svg(drawn, read(drawn.results)))
