"""Tables of benchmarks/atlas.py."""

from .cells import Section, Table

SHOWN = ((64, 65), (64, "lossless"), (36, 65), (36, "lossless"))  # grids and qualities of the sheets that are shown
COLUMNS = ["map", "kB", "mean", "mean at codes", "99 %", "largest", "ms", "least ms"]


def atlas(figures: dict) -> list[Table]:
    """A row for each decoder in the browser, and for the sheets of SHOWN, blended with cubic weights."""
    rows = []
    for found in figures["maps"]:
        for way in found["ways"]:
            name = way["way"]
            if name == "sheet":
                if (way["grid"], way["quality"]) not in SHOWN or way["between"] == "linear":
                    continue
                name = f"sheet of {way['grid']} x {way['grid']}, {way['quality']}"
            cells = [f"{way['bytes'] / 1e3:.0f}", way["mean"], way["mean_at_codes"], way["p99"], way["max"]]
            cells += [way.get("ms", ""), way.get("ms_least", "")]
            rows.append([f"{found['domain']} {found['kind']}: {name}", *cells])
    return [Table("Difference from the exact decode, in grey levels", COLUMNS, rows)]


SECTIONS = (
    Section(
        "What could follow the pointer: sheets of pictures, or the decoder itself",
        "python benchmarks/atlas.py --data-dir DIR",
        "atlas",
        "Points anywhere in a map, and points at the codes of test pictures. A sheet of decoded pictures, stored as "
        "WebP (quality, or lossless) and blended with cubic weights, against the decoder in headless Chromium. The "
        "milliseconds are of one picture, measured while the machine was busy with other work: upper bounds.",
        atlas,
    ),
)
