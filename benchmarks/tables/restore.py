"""Tables of benchmarks/restore.py: of each part of its figures, {domain: rows}."""

from collections.abc import Iterator

from .cells import Pair, Section, Table, by_domain, number, signed, verdict, verdict_below

GREY = ("digits", "fashion")
CLASSICAL = ("nlm", "wavelet", "tv", "median")
PHOTOS = "photos"
HOLE_BAR = {"digits": 5.0, "fashion": 5.0, "objects": 1.5}  # dB over biharmonic
WITHIN = {0.5: 0.383, 1: 0.683, 2: 0.954, 3: 0.997}  # spreads: a Gaussian's share
SHARE_BAR, CORRELATION_BAR = (0.9, 0.99), 0.5  # within two spreads
SMALL_BAR, PHOTO_BAR, MEMORY_BAR = 150, 2500, 1500  # ms, ms, MB
LEVELS = (0.0, 0.05, 0.1, 0.25, 0.5)  # sigmas that are estimated


def noise_bar(domain: str) -> float:
    """dB over the best classical method."""
    return 4.0 if domain in GREY else 1.0


def over_classical(row: dict) -> Pair:
    """(mean, error) of the samples' mean less the best classical method, in dB."""
    return row["over"][max(CLASSICAL, key=row.__getitem__)]


def noise(figures: dict) -> Iterator[Table]:
    """Noise that is not clipped, and clipped."""
    for clip in (False, True):
        rows = []
        for domain, measured in by_domain(figures):
            for r in (r for r in measured if r["clip"] == clip):
                ahead, bar = over_classical(r), noise_bar(domain)
                cells = [f"{r[name]:.2f}" for name in ("mean", "plain", *CLASSICAL)]
                cells += [signed(ahead), f"{bar:+g} {verdict(ahead, bar)}"]
                rows.append([f"{domain}, sigma {r['sigma']}", *cells])
        columns = ["", "mean of 8", "plain VAE", *CLASSICAL, "over the best classical", "bar"]
        clipped = "clipped to [0, 1] as a file holds it" if clip else "not clipped"
        yield Table(f"Gaussian noise, {clipped}, PSNR in dB", columns, rows)


def holes(figures: dict) -> Iterator[Table]:
    """Over the hole alone."""
    rows = []
    for domain, measured in by_domain(figures):
        for r in measured:
            over, bar = r["over"], HOLE_BAR.get(domain)
            cells = [f"{r[name]:.2f}" for name in ("mean", "plain", "biharmonic")]
            cells += [signed(over[name]) for name in ("plain", "biharmonic")]
            cells.append(f"{bar:+g} {verdict(over['biharmonic'], bar)}" if bar else "")
            rows.append([f"{domain}, {r['hole']}", *cells, r["blank"]])
    columns = ["", "mean of 10", "plain VAE, iterated", "biharmonic", "over plain", "over biharmonic", "bar",
               "blank, left out"]  # fmt: skip
    yield Table("Holes, PSNR in dB over the hole alone", columns, rows)


def spread(figures: dict) -> Iterator[Table]:
    """How far the samples' spread can be believed."""
    low, high = SHARE_BAR
    rows, shares = [], []
    for domain, measured in by_domain(figures):
        for r in measured:
            name, share, correlation = f"{domain}, {r['hole']}", r["within"]["2"], r["correlation"]
            percent = number((100 * share[0], None if share[1] is None else 100 * share[1]), 1)
            rows.append([name, f"{percent} % {verdict(share, low, high)}",
                         f"{number(correlation, 2)} {verdict(correlation, CORRELATION_BAR)}"])  # fmt: skip
            shares.append([name, *(f"{r['within'][str(k)][0]:.3f}" for k in WITHIN)])
    within = f"within 2 spreads (bar {100 * low:.0f} % to {100 * high:.0f} %)"
    columns = ["", within, f"correlation (bar {CORRELATION_BAR})"]
    yield Table("Spread over the pixels of the hole", columns, rows)
    shares.append(["a Gaussian", *(f"{share:.3f}" for share in WITHIN.values())])
    yield Table("Share of true values within so many spreads", ["", *map(str, WITHIN)], shares)


def closest(figures: dict) -> Iterator[Table]:
    """What the sample closest to the damaged picture is worth."""
    rows = [
        [f"{domain}, {r['damage']}", signed(r["told"]), signed(r["untold"]) if r["untold"] else ""]
        for domain, measured in by_domain(figures)
        for r in measured
    ]
    yield Table("The closest of 8 samples over the average one, dB", ["", "sigma told", "sigma estimated"], rows)


def estimate(figures: dict) -> Iterator[Table]:
    """The strength of the noise where it is not told."""
    rows = []
    for domain, measured in by_domain(figures):
        for clip in (False, True):
            cells = [f"{r['mean']:.3f} ± {r['std']:.3f}" for r in measured if r["clip"] == clip]
            rows.append([f"{domain}{', clipped' if clip else ''}", *cells])
    columns = ["true sigma", *map(str, LEVELS)]
    yield Table("Estimated strength of the noise, mean ± standard deviation", columns, rows)


def duration(figures: dict) -> Iterator[Table]:
    """Time and memory."""

    def row(name: str, value: float, bar: float, unit: str) -> list:
        return [name, f"{value:.0f} {unit}", f"{bar} {unit} {verdict_below((value, None), bar)}"]

    rows = [row(f"{d}, 8 samples", f["ms"], SMALL_BAR, "ms") for d, f in by_domain(figures) if d != PHOTOS]
    if photo := figures.get(PHOTOS):
        rows.append(row("photograph, 768 x 512", photo["ms"], PHOTO_BAR, "ms"))
        rows.append(row("12 megapixels, peak memory of the process", photo["mb"], MEMORY_BAR, "MB"))
    yield Table("Time and memory, two threads", ["", "", "bar"], rows)


PARTS = {
    "noise": noise, "holes": holes, "spread": spread, "closest": closest, "estimate": estimate, "time": duration,
}  # fmt: skip


def tables(figures: dict) -> list[Table]:
    """The tables of every part that is there."""
    return [made for part, make in PARTS.items() if figures.get(part) for made in make(figures[part])]


SECTIONS = (
    Section(
        "Noise and holes",
        "python benchmarks/restore.py --data-dir DIR",
        "restore",
        "500 test pictures a domain, drawn at random by a fixed seed; PSNR is the mean over the pictures, every method "
        "on the same input. `mean of 8` and `mean of 10` are means of samples of the conditional VAE, which is told "
        "sigma (of objects: the hierarchical network). The plain VAE is the one of *Reconstruct* at the domain's "
        "anchor dimension. The classical methods (scikit-image) have the setting that was best for that noise on 12 "
        "held-out training pictures (8 of shapes; `derive --only classical`). Differences are in pairs.",
        tables,
        "Clipping moves the noise's mean: black ground under it is grey. The conditional VAE has learnt that. The "
        "classical methods have it taken back from their result by inverting x -> E clip(x + sigma n, 0, 1) (Foi "
        "2009), on the page, the command line and in the API too.\n\n"
        "A hole whose true pixels are all alike, black ground mostly, is left out for every method.\n\n"
        "The spread is the standard deviation of the samples and of p(x | z, y) together (the law of total variance). "
        "The share within two spreads is a Gaussian's; within half a spread there are more than a Gaussian's, because "
        "many pixels are black ground whose values are nearly certain.\n\n"
        "The closest sample, of 100 pictures with clipped noise: the page names it only for Gaussian noise, blur and "
        "JPEG without a hole, of objects only where sigma is told. Elsewhere it is no better than any other, or worse. "
        "That was decided on held-out training pictures.",
    ),
)
