"""Tables of benchmarks/latent.py."""

from .cells import MET, MISSED, Section, Table
from .page import COLUMNS, below, spread

HOVER_BAR, CLICK_BAR, LOAD_BAR = 4.0, 60.0, 300.0  # ms, medians
BYTES_BAR = 1.5e6  # of a domain's map


def _medians(title: str, rows: list[dict], bar: float) -> Table:
    told = [spread(row, f"median: {below(row['median_ms'], bar, 'ms')}") for row in rows]
    for cells, row in zip(told, rows, strict=True):
        cells[1:4] = [f"{row[name]:.1f} ms" for name in ("median_ms", "p95_ms", "most_ms")]
    return Table(title, COLUMNS, told)


def hover(rows: list[dict]) -> Table:
    """Script time of a pointer event."""
    return _medians("Script time of a pointer event", rows, HOVER_BAR)


def click(rows: list[dict]) -> Table:
    """From a click to the exact picture."""
    return _medians("Click to the server's exact picture", rows, CLICK_BAR)


def load(rows: list[dict]) -> Table:
    """From a map's arrival to the drawn map, and its bytes."""
    table = _medians("A map, from its arrival to the drawn map", rows, LOAD_BAR)
    sizes = [
        f"{row['bytes'] / 1e3:.0f} kB (bar {BYTES_BAR / 1e6:g} MB: {MET if row['bytes'] <= BYTES_BAR else MISSED})"
        for row in rows
    ]
    told = [[*cells, size] for cells, size in zip(table.rows, sizes, strict=True)]
    return Table(table.title, [*COLUMNS, "bytes, decoders included"], told)


def leak(rows: list[dict]) -> Table:
    """The page before and after long use."""
    names = ["heap_mb", "listeners", "nodes", "canvases"]
    told = [[row["what"], *(row[name] for name in names)] for row in rows]
    return Table("The page after long use", ["", "heap, MB", *names[1:]], told)


PARTS = {"hover": hover, "click": click, "load": load, "leak": leak}


def latent(figures: dict) -> list[Table]:
    """A table a part."""
    return [make(figures[name]) for name, make in PARTS.items() if name in figures]


SECTIONS = (
    Section(
        "Under the pointer",
        "python benchmarks/latent.py",
        "latent",
        "Headless Chromium and the server on the same machine, **while it was busy with other work (load 8 to 18)**: "
        "upper bounds. An event's time is that of its handlers and of the animation frame in which they draw.",
        latent,
        "What follows the pointer is the decoder of the checkpoint itself, run in the browser (WebAssembly SIMD, plain "
        "JavaScript where there is none). A moving pointer asks the server for nothing; a pointer that rests does.",
    ),
)
