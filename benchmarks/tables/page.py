"""Tables of benchmarks/page.py."""

from .cells import Section, Table, verdict_below

SLIDER_BAR = 60.0  # ms, the median
DRAG_BAR = 1000.0  # ms, 95 % of the drags of 32 visitors
START_BAR = 1.5  # s above importing gradio and torch
GROWTH_BAR = 100.0  # MB over 1,000 uploads
COLUMNS = ["", "median", "95 %", "largest", "n", "held to"]


def below(value: float, bar: float, unit: str) -> str:
    """A bar in words with the verdict on a value that has to stay below it."""
    return f"{bar:g} {unit} {verdict_below((value, None), bar)}"


def spread(row: dict, bar: str = "") -> list:
    """A row of COLUMNS of a measurement in milliseconds."""
    return [row["what"], *(f"{row[name]:,.0f} ms" for name in ("median_ms", "p95_ms", "most_ms")), row["n"], bar]


def slider(rows: list[dict]) -> Table:
    """From the slider to the picture."""
    told = [spread(row, f"median: {below(row['median_ms'], SLIDER_BAR, 'ms')}") for row in rows]
    return Table("Slider to picture", COLUMNS, told)


def visitors(rows: list[dict]) -> Table:
    """Many visitors at once."""
    told = []
    for row in rows:
        bar = f"95 %: {below(row['p95_ms'], DRAG_BAR, 'ms')}" if row["what"].endswith("drag") else ""
        told.append([*spread(row), row["errors"]])
        told[-1][-2] = bar
    return Table("Many visitors at once", [*COLUMNS, "errors of all"], told)


def start(rows: list[dict]) -> Table:
    """Seconds until the page is there."""
    told = [[r["what"], f"{r['seconds']:.2f} s", ""] for r in rows[:1]]
    told += [[r["what"], f"{r['seconds']:.2f} s", below(r["seconds"], START_BAR, "s")] for r in rows[1:]]
    return Table("Start", ["", "median of 3", "bar"], told)


def memory(rows: list[dict]) -> Table:
    """Resident memory of the server."""
    told = [[r["what"], f"{r['megabytes']} MB", ""] for r in rows]
    told[-1][-1] = below(rows[-1]["megabytes"], GROWTH_BAR, "MB")
    return Table("Memory", ["", "resident", "bar"], told)


PARTS = {"slider": slider, "visitors": visitors, "start": start, "memory": memory}


def page(figures: dict) -> list[Table]:
    """A table a part."""
    return [make(figures[name]) for name, make in PARTS.items() if name in figures]


SECTIONS = (
    Section(
        "The page",
        "python benchmarks/page.py",
        "page",
        "Headless Chromium and the server on the same machine. A slider's time runs from the input event to the first "
        "frame after the canvas was painted: with every model in the browser already (warm), or each one asked for. "
        "The visitors drag for 10 s, ask for another dimension every 50 ms with one request in flight, and take a new "
        "picture every 3 s. Uploads are of mixed sizes, each looked at by every model.",
        page,
    ),
)
