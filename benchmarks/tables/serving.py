"""Tables of benchmarks/serving.py."""

from .cells import Section, Table
from .page import below

GROWTH_BAR, ERRORS_BAR, LATENCY_BAR = 150, 0, 2500  # MB, a count, ms at 95 %


def _row(what: str, value: float, unit: str = "", bar: float | None = None) -> list:
    told = "" if bar is None else below(value, bar, unit).replace("  ", " ")
    return [what, f"{value:,g} {unit}".strip(), told]


def memory(m: dict) -> Table:
    """Resident memory over many calls."""
    rows = [
        _row(f"memory at rest after {m['first']:,} calls", m["megabytes_at_rest"][0], "MB"),
        _row("the most, between two calls", m["most_megabytes"], "MB"),
        _row(f"growth at rest, after {m['calls']:,} calls", m["growth_megabytes"], "MB", GROWTH_BAR),
        _row("errors among them, wrong requests aside", m["unexpected"], "", ERRORS_BAR),
    ]
    return Table("Memory", ["", "measured", "bar"], rows)


def clients(c: dict) -> Table:
    """Many clients at once."""
    rows = [
        _row(f"{c['clients']} clients for {c['seconds']:g} s, calls", c["n"]),
        _row("errors among them", c["errors"], "", ERRORS_BAR),
        _row("latency, median", c["median_ms"], "ms"),
        _row("latency, 95 %", c["p95_ms"], "ms", LATENCY_BAR),
    ]
    return Table("Clients at once", ["", "measured", "bar"], rows)


PARTS = {"memory": memory, "clients": clients}


def serving(figures: dict) -> list[Table]:
    """A table a part."""
    return [make(figures[name]) for name, make in PARTS.items() if name in figures]


SECTIONS = (
    Section(
        "The server under API calls",
        "python benchmarks/serving.py",
        "serving",
        "Each call has a session of its own and goes over plain HTTP to a server on the same machine. The calls whose "
        "memory is watched are of every endpoint, uploads, photographs, wrong requests and answers that nobody fetches "
        "among them.",
        serving,
    ),
)
