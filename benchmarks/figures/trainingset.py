"""Training-set size against error on the training pictures and on others."""

from typing import Any, NamedTuple

from matplotlib.figure import Figure

from benchmarks.tables.cells import Pair, mean_and_error

from .drawing import Drawn, curve, named, sheet, ticked

PANELS = {
    ("digits", "dense"): ("Digits, autoencoder", "ae", "o"),
    ("fashion", "dense"): ("Clothes, autoencoder", "ae", "o"),
    ("digits", "dense-vae"): ("Digits, VAE", "vae", "s"),
}
FINDING = (
    "With 50 pictures a network memorises them;\nwith 60,000 it does almost as well on pictures that it has never seen"
)


class Point(NamedTuple):
    """How many training pictures, the error on them, and on the test set."""

    pictures: int
    train: Pair
    test: Pair


def panel(figures: dict[str, Any], domain: str, kind: str) -> dict[int, list[Point]]:
    """{steps: Points by size}; of an autoencoder MSE x 1000."""
    found: dict[int, list[Point]] = {}
    scale = 1 if kind == "dense-vae" else 1000
    for r in figures["rows"]:
        if (r["domain"], r["kind"]) == (domain, kind):
            train, test = (mean_and_error(scale * v for v in r[split]) for split in ("train", "test"))
            found.setdefault(r["steps"], []).append(Point(r["pictures"], train, test))
    return found


def draw(results: dict[str, Any]) -> Figure:
    figures = results["trainingset"]
    under = (
        f"Dense network 784-512-32-512-784, 3,000 steps at every size, no early stopping. Means of {figures['seeds']} "
        "seeds; bars: one standard error, mostly smaller than the marks.\n"
        "Dotted: test pictures, after a tenth of the steps.    python benchmarks/trainingset.py"
    )
    figure, axes = sheet(FINDING, under, 1, len(PANELS))
    for ax, ((domain, kind), (title, token, marker)) in zip(axes[0], PANELS.items(), strict=True):
        found = panel(figures, domain, kind)
        fewer, steps = min(found), max(found)
        sizes, train, test = (list(column) for column in zip(*found[steps], strict=True))
        early = [point.test for point in found[fewer]]
        ax.fill_between(sizes, [m for m, _ in train], [m for m, _ in test], color="#000000", alpha=0.06, linewidth=0)
        curve(ax, sizes, early, "epsilon", marker, linestyle=":", markersize=5, linewidth=1.8)
        curve(ax, sizes, train, token, marker, linestyle="--", markerfacecolor="white")
        curve(ax, sizes, test, token, marker)
        ticked(ax, sizes, 10)
        ax.set_xticks(sizes, [str(n) if n < 1000 else f"{n // 1000}k" for n in sizes])
        ax.set_title(title)
        ax.set_xlabel("training pictures")
        ax.set_ylabel("-ELBO, nats a picture" if kind == "dense-vae" else "mean squared error x 1000")
        if kind == "dense":
            ax.set_ylim(bottom=-2.5)
        named(ax, (sizes[0] * 1.25, (train[0][0] + test[0][0]) / 2.4), "gap", "ink", fontweight="normal")
        named(ax, (sizes[1], test[1][0]), "test pictures", token, xytext=(8, 8))
        named(ax, (sizes[-1], train[2][0]), "training pictures", token, xytext=(0, -14), ha="right")
        few = "a tenth of\nthe steps"
        named(ax, (sizes[-1], early[-1][0]), few, "epsilon", xytext=(0, 9), ha="right", fontsize=11)
    return figure


FIGURE = Drawn("trainingset", ("trainingset",), draw)
