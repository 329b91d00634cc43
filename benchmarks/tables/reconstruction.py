"""Tables of benchmarks/reconstruction.py."""

from .cells import Section, Table, by_domain, number, verdict_below

SPEED_BAR = 30.0  # ms for one picture through every latent dimension
RATIO_BARS = {
    ("digits", "ae", 2): 0.58, ("digits", "ae", 4): 0.45, ("digits", "ae", 8): 0.29, ("digits", "ae", 16): 0.19,
    ("digits", "ae", 32): 0.15, ("digits", "ae", 64): 0.19,
    ("fashion", "ae", 2): 0.52, ("fashion", "ae", 4): 0.47, ("fashion", "ae", 8): 0.43, ("fashion", "ae", 16): 0.40,
    ("fashion", "ae", 32): 0.42, ("fashion", "ae", 64): 0.50,
}  # fmt: skip
CLAMPED_BARS = {("objects", "ae", 32): 0.87, ("objects", "ae", 128): 0.74, ("objects", "ae", 512): 0.75}
BEATS_PCA_UP_TO = {"ae": 10**6, "vae": 8}  # latent dimensions at which a model has to be below PCA


def bar_of(domain: str, kind: str, d: int) -> float | None:
    """The ratio to PCA that a model has to stay below, or None."""
    if (domain, kind) == ("digits", "vae") or d > BEATS_PCA_UP_TO[kind]:
        return None
    return RATIO_BARS.get((domain, kind, d), 1.0)


def quality(figures: dict) -> list[Table]:
    """A table a domain: the models' errors, and as fractions of PCA's."""
    found: dict[str, dict[str, dict[int, dict]]] = {}
    for name, row in figures.items():
        if name != "machine":
            domain, model = name.split("/")
            kind, d = model.split("-")
            found.setdefault(domain, {}).setdefault(kind, {})[int(d)] = row
    return [_quality(domain, kinds) for domain, kinds in by_domain(found)]


def _quality(domain: str, kinds: dict) -> Table:
    first = next(iter(kinds.values()))
    rows = [
        ["PCA, MSE", *(f"{f['pca_mse']:.5f}" for f in first.values())],
        ["PCA clamped to [0, 1], MSE", *(f"{f['pca_clamped_mse']:.5f}" for f in first.values())],
    ]
    for kind, dims in kinds.items():
        rows.append([f"`{kind}`, MSE", *(f"{f['mse']:.5f}" for f in dims.values())])
        rows.append([f"`{kind}` / PCA", *(_ratio(f, "ratio", f["bar"]) for f in dims.values())])
        bars = {d: CLAMPED_BARS.get((domain, kind, d)) for d in dims}
        rows.append([f"`{kind}` / clamped PCA", *(_ratio(f, "ratio_clamped", bars[d]) for d, f in dims.items())])
    rows = [row + [""] * (1 + len(first) - len(row)) for row in rows]  # a kind may lack the largest dimensions
    return Table(domain, ["latent dimension", *map(str, first)], rows)


def _ratio(figures: dict, name: str, bar: float | None) -> str:
    ratio = (figures[name], figures[f"{name}_standard_error"])
    return number(ratio, 3, 4) + ("" if bar is None else f" (bar {bar:.2f}: {verdict_below(ratio, bar)})")


def speed(figures: dict) -> list[Table]:
    """One table: medians in ms."""
    rows = [
        [name.replace("/", " "), f"{ms:.1f} ms", f"{SPEED_BAR:g} ms {verdict_below((ms, None), SPEED_BAR)}"]
        for name, ms in figures.items()
        if name != "machine"
    ]
    return [Table("One picture through every latent dimension", ["", "median", "bar"], rows)]


SECTIONS = (
    Section(
        "Reconstruction against PCA",
        "python benchmarks/reconstruction.py --data-dir DIR --only quality",
        "reconstruction_quality",
        "Mean squared error (MSE) on pixels in [0, 1] over the test set, and as a fraction of the error of PCA with as "
        "many numbers, model and PCA on the same pictures. PCA is fitted to the training set. Its plain form is the "
        "textbook's. Cut to [0, 1], as every model's output is, it is a stronger yardstick; the page and "
        "[MODELS.md](../checkpoints/MODELS.md) use that one. The bars are on the plain form, but of objects "
        "on the clamped one.",
        quality,
    ),
    Section(
        "One picture through every model of a kind",
        "python benchmarks/reconstruction.py --only speed",
        "reconstruction_speed",
        "What the page asks for when a picture is new: its reconstruction at every latent dimension of a kind. Medians "
        "of 50.",
        speed,
    ),
)
