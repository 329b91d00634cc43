"""A figure with its error, its verdict against a bar, and a table in markdown.

Standard deviations are of a sample (n - 1 below the line), over pictures, seeds or pairs; a standard error is that over
the root of n. A bar is met where the mean is beyond it by two standard errors, missed where it is short of it by two,
and else not decided. A figure without an error is compared as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from math import fsum, sqrt
from typing import Any, NamedTuple

MET, OPEN, MISSED = "met", "**not decided**", "**missed**"
DOMAINS = ("digits", "fashion", "objects", "shapes")  # the order of rows


Pair = tuple[float, float | None]  # a mean and its standard error, None of a single value


class Measured(NamedTuple):
    """A mean and its standard error, None of a single value."""

    mean: float
    error: float | None

    def __str__(self) -> str:
        return number(self, 2)


class Table(NamedTuple):
    """A title, the columns' names and the rows' cells; the first column names the row."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


class Section(NamedTuple):
    """A chapter of docs/RESULTS.md: one results file, the command that makes it, and its tables."""

    title: str
    command: str
    results: str  # benchmarks/results/<this>.json
    about: str
    tables: Callable[[dict], list[Table]]
    notes: str = ""


def mean_and_error(values: Iterable[float]) -> Measured:
    """Measured of numbers; of differences in pairs (the same pictures, two methods) where two methods are compared."""
    values = [float(v) for v in values]
    n = len(values)
    mean = fsum(values) / n
    error = sqrt(fsum((v - mean) ** 2 for v in values) / (n - 1) / n) if n > 1 else None
    return Measured(mean, error)


def paired(ours: Iterable[float], theirs: Iterable[float]) -> Measured:
    """Measured difference of two methods on the same pictures."""
    return mean_and_error([a - b for a, b in zip(ours, theirs, strict=True)])


def verdict(measured: Pair, bar: float, largest: float | None = None) -> str:
    """MET, OPEN or MISSED of a (mean, error) that has to reach bar, and stay at or below largest if given."""
    mean, error = measured
    reach = 2 * (error or 0.0)
    distances = [mean - bar] + ([] if largest is None else [largest - mean])
    nearest = min(distances)
    return MET if nearest >= reach else MISSED if nearest < -reach else OPEN


def verdict_below(measured: Pair, bar: float) -> str:
    """MET, OPEN or MISSED of a (mean, error) that has to stay at or below bar."""
    mean, error = measured
    return verdict((-mean, error), -bar)


def scaled(measured: Pair, by: float) -> Measured:
    """A figure in another unit."""
    mean, error = measured
    return Measured(by * mean, None if error is None else by * error)


def number(measured: Pair, digits: int, error_digits: int | None = None, sign: str = "") -> str:
    """(mean, error) in words: 0.610 ± 0.0026."""
    mean, error = measured
    text = f"{mean:{sign}.{digits}f}"
    return text if error is None else f"{text} ± {error:.{digits if error_digits is None else error_digits}f}"


def signed(measured: Pair) -> str:
    """(mean, error) of a difference in words."""
    return number(measured, 2, sign="+")


def by_domain(figures: dict) -> list[tuple[str, Any]]:
    """(domain, figures) in the order of DOMAINS, others after them."""
    return sorted(figures.items(), key=lambda item: DOMAINS.index(item[0]) if item[0] in DOMAINS else len(DOMAINS))


def markdown(columns: Sequence[str], rows: Iterable[Sequence[object]], numbers: bool = True) -> str:
    """Rows as a markdown table; the first column is left-aligned, the others right if they are numbers."""
    rule = "---:|" if numbers else "---|"
    lines = ["| " + " | ".join(columns) + " |", "|---|" + rule * (len(columns) - 1)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])
