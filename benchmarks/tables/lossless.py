"""Tables of benchmarks/lossless.py."""

from .cells import Section, Table, number, verdict_below

BARS = {("digits", True): 0.19, ("digits", False): 1.41, ("fashion", False): 3.66}  # bits a pixel, at most
NEAR = 0.01  # of the -ELBO that a file may be larger
PUBLISHED = {("digits", True): "0.19", ("digits", False): "1.41", ("fashion", False): "3.66"}


def _name(row: dict) -> str:
    return f"{row['domain']}{', binarised' if row['binary'] else ''}"


def lossless(figures: dict) -> list[Table]:
    """A row a set of pictures, bits a pixel."""
    rows, rates = figures["rows"], []
    for row in rows:
        key, rate = (row["domain"], row["binary"]), row["bits_a_pixel"]
        above = rate / row["elbo"][0] - 1
        near = f"{above:+.1%} (bar {NEAR:.0%}: {verdict_below((above, None), NEAR)})"
        said = f"{rate:.4f} (bar {BARS[key]}: {verdict_below((rate, None), BARS[key])})"
        rates.append([_name(row), said, number(row["elbo"], 4), near, "yes" if row["returned"] else "**no**"])
    others = list(rows[0]["others"])
    beside = [[_name(r), f"{r['bits_a_pixel']:.3f}", *(f"{r['others'][o]:.3f}" for o in others)] for r in rows]
    for line, row in zip(beside, rows, strict=True):
        line.append(PUBLISHED[row["domain"], row["binary"]])
    times = [
        [_name(r), r["pictures"], *(f"{r[f'{way}_ms_a_picture']:.1f} ms" for way in ("encode", "decode"))] for r in rows
    ]
    return [
        Table("Bits a pixel", ["", "file", "-ELBO", "file against it", "all pictures return"], rates),
        Table("Beside other formats, bits a pixel", ["", "bits back", *others, "BB-ANS, published"], beside),
        Table("Time a picture, one thread", ["", "pictures", "encode", "decode"], times),
    ]


SECTIONS = (
    Section(
        "Small pictures without loss",
        "python benchmarks/lossless.py --data-dir DIR",
        "lossless",
        "All test pictures in one file by bits back with ANS (Townsend, Bird & Barber 2019), header and the bits that "
        "the stack starts with included. Binarised: dynamically, once, by a fixed seed. The others as one sheet of "
        "pictures or each by itself, whichever is smaller. Published: for MNIST theirs (their binarised pictures are "
        "another draw), for Fashion-MNIST the same method as quoted by later work.",
        lossless,
    ),
)
