"""Tables of benchmarks/serving.py."""

from .cells import Section, Table
from .page import below

GROWTH_BAR, ERRORS_BAR, LATENCY_BAR = 150, 0, 2500  # MB, a count, ms at 95 %
VISITORS_GROWTH_BAR, VISITORS_LATENCY_BAR, LEFT_BAR = 200, 1500, 0  # MB, ms at 95 %, files


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


def visitors(v: dict) -> Table:
    """Many visitors of all tabs."""
    rows = [
        _row(f"{v['visitors']} visitors for {v['seconds']:g} s, calls", v["n"]),
        _row("errors among them", v["errors"], "", ERRORS_BAR),
        _row("latency, median", v["median_ms"], "ms"),
        _row("latency, 95 %", v["p95_ms"], "ms", VISITORS_LATENCY_BAR),
        _row("latency, the most", v["most_ms"], "ms"),
        _row("memory at rest before", v["megabytes"][0], "MB"),
        _row("growth at rest", v["growth_megabytes"], "MB", VISITORS_GROWTH_BAR),
        _row("uploads left when all have gone", v["left"], "", LEFT_BAR),
    ]
    return Table("Visitors of all tabs", ["", "measured", "bar"], rows)


def by_tab(v: dict) -> Table:
    """The same visitors' calls by tab."""
    rows = [
        [tab, f"{t['n']:,}", t["errors"], *(f"{t[name]:,.0f} ms" for name in ("median_ms", "p95_ms", "most_ms"))]
        for tab, t in v["tabs"].items()
    ]
    return Table("Visitors of all tabs, by tab", ["tab", "calls", "errors", "median", "95 %", "the most"], rows)


PARTS = {"memory": (memory,), "clients": (clients,), "visitors": (visitors, by_tab)}


def serving(figures: dict) -> list[Table]:
    """The tables of each part."""
    return [make(figures[name]) for name, tables in PARTS.items() if name in figures for make in tables]


SECTIONS = (
    Section(
        "The server under API calls",
        "python benchmarks/serving.py",
        "serving",
        "Each call has a session of its own and goes over plain HTTP to a server on the same machine. The calls whose "
        "memory is watched are of every endpoint, uploads, photographs, wrong requests and answers that nobody fetches "
        "among them. Visitors make the calls of the page's scripts, uploads and photographs among them, and think for "
        "1 to 2 s a call.",
        serving,
    ),
)
