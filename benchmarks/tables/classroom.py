"""Tables of benchmarks/classroom.py."""

from .cells import Section, Table, mean_and_error, number, verdict, verdict_below
from .page import COLUMNS, below, spread

RIGHT_BAR, SECONDS_BAR, FIRST_BAR = 80.0, 20.0, 1.0  # % of the pictures shown, seconds
SLIDER_BAR, SCRUB_BAR = 100.0, 60.0  # ms, medians
MOMENTS, MEGABYTES_BAR = 300, 30.0  # so many moments in so much of the page's memory


def run(rows: list[dict]) -> Table:
    """The preset "A good start", a row a figure, over the seeds."""
    told = []
    for name, field, unit, digits, bar in (
        ("from the click to the last step", "seconds", "s", 1, SECONDS_BAR),
        ("to the first map", "first", "s", 2, FIRST_BAR),
        ("to the first map that has learned", "learned", "s", 2, None),
        ("2,000 pictures shown, neighbours of their class", "right", "%", 1, RIGHT_BAR),
        ("500 unseen ones", "unseen", "%", 1, None),
    ):
        found = mean_and_error(row[field] for row in rows)
        each = ", ".join(f"{row[field]:.{digits}f}" for row in rows)
        held = ""
        if bar is not None:
            least = field == "right"
            verdicts = verdict(found, bar) if least else verdict_below(found, bar)
            held = f"{'≥' if least else '≤'} {bar:g} {unit} {verdicts}"
        told.append([name, f"{number(found, digits)} {unit}", each, held])
    size = max(row["characters"] for row in rows)
    kept = MOMENTS * size / 1e6
    told.append(
        [
            f"{MOMENTS} moments in the page's memory, at most",
            f"{kept:.1f} MB",
            f"{size / 1e3:.0f} kB a moment",
            below(kept, MEGABYTES_BAR, "MB"),
        ]
    )
    return Table(f"A good start, {len(rows)} seeds", ["", "mean", "each", "held to"], told)


def _medians(title: str, rows: list[dict], bar: float) -> Table:
    return Table(title, COLUMNS, [spread(r, f"median: {below(r['median_ms'], bar, 'ms')}") for r in rows])


def beside(rows: list[dict]) -> Table:
    """The slider of another visitor."""
    return _medians("Slider of Reconstruct on another visitor's page", rows, SLIDER_BAR)


def scrub(rows: list[dict]) -> Table:
    """From the slider of the moments to the map."""
    return _medians("Slider of the moments to the map", rows, SCRUB_BAR)


PARTS = {"run": run, "beside": beside, "scrub": scrub}


def classroom(figures: dict) -> list[Table]:
    """A table a part."""
    return [make(figures[name]) for name, make in PARTS.items() if name in figures]


SECTIONS = (
    Section(
        "In front of the class",
        "python benchmarks/classroom.py",
        "classroom",
        "The tab Train in headless Chromium: server, browser and training on the same two cores, and nothing else. "
        "Neighbours: the share of pictures whose class is that of most of their five nearest in the latent space, each "
        "left out of its own neighbours; unseen pictures by their neighbours among those shown.",
        classroom,
        "The gap between the pictures shown and the unseen ones is overfitting: two thousand are few. A moment holds "
        "the codes of 2,000 pictures, a map of 100 decoded pictures and eight reconstructions; the page keeps at most "
        "300, and in 30 MB.",
    ),
)
