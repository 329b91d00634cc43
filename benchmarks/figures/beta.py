"""Beta against active units, KL and the mutual information gap."""

from typing import Any

from matplotlib.figure import Figure

from benchmarks.tables.cells import Pair, mean_and_error

from .drawing import Drawn, curve, named, sheet, ticked

FINDING = "A larger beta switches numbers off;\nit does not give each factor of a shape a number of its own"
NAMES = {"digits": "Digits, d = 32", "shapes": "Shapes, d = 10"}


def series(figures: dict[str, Any], domain: str, name: str) -> list[Pair]:
    """A figure's mean and error at each beta."""
    return [mean_and_error(r[name]) for r in figures["domains"][domain]["rows"]]


def shipped(results: dict[str, Any], name: str) -> dict[float, Pair]:
    """{beta: a figure} of the shipped VAEs of shapes; the error is that of the measurement."""
    found = {}
    for key, f in results["disentanglement"]["models"].items():
        if key.startswith("vae-10"):
            values = f[name] if isinstance(f[name], list) else [f[name]]
            found[float(key.partition("-beta")[2] or 1)] = mean_and_error(values)
    return dict(sorted(found.items()))


def draw(results: dict[str, Any]) -> Figure:
    figures = results["beta"]
    seeds = len(figures["domains"]["shapes"]["rows"][0]["kl"])
    under = (
        f"Filled: small dense VAEs that differ in beta alone, means of {seeds} seeds; bars: one standard error. "
        "Open: the shipped VAEs of shapes, one of each beta.\n"
        "MIG: mutual information gap; 1 = each factor in one number of its own.    python benchmarks/beta.py, "
        "benchmarks/disentanglement.py"
    )
    figure, axes = sheet(FINDING, under, 2, 2)
    for column, domain in enumerate(NAMES):
        ax, found = axes[0, column], figures["domains"][domain]
        betas = [r["beta"] for r in found["rows"]]
        curve(ax, betas, series(figures, domain, "active"), "z", "o")
        ax.axhline(found["latent_dim"], color="#000000", alpha=0.35, linewidth=1, linestyle=":")
        ax.set_ylim(0, 1.12 * found["latent_dim"])
        ax.set_yticks(range(0, found["latent_dim"] + 1, 8 if found["latent_dim"] > 10 else 2))
        ticked(ax, betas, 4)
        ax.set_title(NAMES[domain])
        ax.set_ylabel("active units")
    own, theirs = shipped(results, "active"), shipped(results, "mig")
    curve(axes[0, 1], list(own), list(own.values()), "z", "o", markerfacecolor="white", linestyle="--", linewidth=1.4)
    low, right = axes[1]
    betas = [r["beta"] for r in figures["domains"]["digits"]["rows"]]
    curve(low, betas, series(figures, "digits", "kl"), "kl", "s")
    low.set_ylim(bottom=0)
    low.set_ylabel("KL, nats a picture")
    ticked(low, betas, 4)
    betas = [r["beta"] for r in figures["domains"]["shapes"]["rows"]]
    curve(right, betas, series(figures, "shapes", "mig"), "mu", "D")
    curve(right, list(theirs), list(theirs.values()), "mu", "D", markerfacecolor="white", linestyle="--", linewidth=1.4)
    turned = mean_and_error(results["disentanglement"]["models"]["the factors, turned-5"]["mig"])
    right.axhline(turned.mean, color="#000000", alpha=0.5, linewidth=1.2, linestyle=":")
    named(right, (betas[0], turned.mean), "the true factors, mixed by a random rotation", "soft", xytext=(0, 6),
          fontsize=11.5, fontweight="normal")  # fmt: skip
    right.set_ylim(0, 0.2)
    right.set_ylabel("MIG")
    ticked(right, betas, 4)
    for ax in (low, right):
        ax.set_xlabel("beta, the weight of the KL term")
    return figure


FIGURE = Drawn("beta", ("beta", "disentanglement"), draw)
