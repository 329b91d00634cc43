"""Tables of benchmarks/photos.py: of each part of its figures."""

from collections.abc import Iterable

from .cells import MET, MISSED, Section, Table, mean_and_error, number, paired, signed, verdict
from .restore import CLASSICAL

NOISE_BAR, HOLE_BAR = 1.5, 1.0  # dB over non-local means, over biharmonic inpainting
SIGMAS = (15, 25, 50)
Published = dict[str, tuple[float, ...]]
PUBLISHED: Published = {  # Kodak24, colour, at SIGMAS
    "CBM3D (Zhang et al. 2021)": (34.28, 31.68, 28.46),
    "DnCNN (Zhang et al. 2021)": (34.60, 32.14, 28.95),
    "DnCNN (Zhang, Zuo & Zhang 2018)": (34.48, 32.03, 28.85),
}


def mean(values: Iterable[float]) -> float:
    """Mean of numbers."""
    return mean_and_error(values).mean


def compared(title: str, figures: list[dict], other: str, bar: float, published: Published | None = None) -> Table:
    """Ours against one classical method, and against published figures."""
    published, rows = published or {}, []
    for i, r in enumerate(figures):
        over, ours = paired(r["ours"], r["classical"]), mean(r["ours"])
        cells = [f"{ours:.2f}", f"{mean(r['classical']):.2f}", signed(over), f"{bar:+g} {verdict(over, bar)}"]
        rows.append([r["damage"], *cells, *(f"{ours - published[name][i]:+.2f}" for name in published)])
    columns = ["", "vaedemo", other, "over it", "bar", *(f"over {name}, about" for name in published)]
    return Table(title, columns, rows)


def noise(figures: list[dict]) -> Table:
    """As the literature has it."""
    return compared("Noise, not clipped, PSNR in dB", figures, "non-local means", NOISE_BAR, PUBLISHED)


def clipped(figures: list[dict]) -> Table:
    """As a file holds it."""
    title = "Noise, clipped to [0, 1] and rounded to 8 bits, PSNR in dB"
    return compared(title, figures, "non-local means", NOISE_BAR)


def holes(figures: list[dict]) -> Table:
    """Over the damaged pixels alone."""
    return compared("Holes, PSNR in dB over the damaged pixels alone", figures, "biharmonic", HOLE_BAR)


def spread(figures: list[dict]) -> Table:
    """How far the samples' spread can be believed."""
    rows = [[r["damage"], *(number(v, 3) for v in r["within"].values()), number(r["correlation"], 2)] for r in figures]
    return Table("True values within so many spreads of the mean", ["", "1", "2", "3", "correlation"], rows)


def grey(figures: list[dict]) -> Table:
    """A row a set and sigma, and below it one for each picture where a classical method is ahead."""
    rows = []
    for r in figures:
        over = [a - max(others) for a, *others in zip(r["ours"], *(r[m] for m in CLASSICAL), strict=True)]
        means = [f"{mean(r[m]):.2f}" for m in ("ours", *CLASSICAL)]
        ahead = sum(lead >= 0 for lead in over)
        said = f"{ahead} of {len(over)} {MET if ahead == len(over) else MISSED}"
        rows.append([f"{r['set']}, {r['damage']}", *means, signed(mean_and_error(over)), said])
        for i, lead in enumerate(over):
            if lead < 0:
                each = [f"{r[m][i]:.2f}" for m in ("ours", *CLASSICAL)]
                rows.append([f"behind: {r['names'][i]}, {r['damage']}", *each, f"{lead:+.2f}", ""])
    columns = ["", "vaedemo", *CLASSICAL, "over the best of each picture", "ahead (bar: on all)"]
    return Table("Grey photographs, clipped and rounded, PSNR in dB", columns, rows)


PARTS = {"noise": noise, "clipped": clipped, "holes": holes, "spread": spread, "grey": grey}


def tables(figures: dict) -> list[Table]:
    """The tables of every part that is there."""
    return [make(figures[part]) for part, make in PARTS.items() if figures.get(part)]


SECTIONS = (
    Section(
        "Photographs",
        "python benchmarks/photos.py --data-dir DIR",
        "photos",
        "Kodak's 24, whole 768 x 512 pictures, colour; mean PSNR of one pass with z at the prior's mean; 1.95 million "
        "weights. Non-local means is tuned for each sigma on held-out training photographs. What clipping does to "
        "averages is taken back from every result. The spread is of 4 samples.\n\n"
        "The published figures are of the same noise on 500 x 500 crops of the same photographs (Kodak24), so the "
        "distances are approximate: CBM3D 34.28 / 31.68 / 28.46 and DnCNN 34.60 / 32.14 / 28.95 as Zhang et al. 2021 "
        "(DRUNet) have them, DnCNN 34.48 / 32.03 / 28.85 as the FFDNet paper has it (Zhang, Zuo & Zhang 2018).\n\n"
        "Grey pictures have R = G = B, and so has their noise: scikit-image's nine, and three crops of 256 x 256 out "
        "of each of four held-out photographs. A picture on which a classical method is ahead has a row of its own.",
        tables,
    ),
)
