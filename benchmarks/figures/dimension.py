"""Latent dimension against test error and likelihood."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from benchmarks.tables.cells import by_domain, scaled

from .drawing import MARKERS, Drawn, curve, named, sheet, ticked

KINDS = {"pca": "PCA", "ae": "autoencoder", "vae": "VAE"}
TITLES = {"digits": "Digits", "fashion": "Clothes", "objects": "Objects (colour)", "shapes": "Shapes"}
FINDING = (
    "More numbers always lower an autoencoder's error;\n"
    "a VAE of digits gains nothing beyond 32, one of objects still gains at 128"
)


def draw(results: dict[str, Any]) -> Figure:
    domains = by_domain(results["dimension"]["domains"])
    under = (
        "The shipped models, one of each kind and dimension, over whole test sets; bars: one standard error over the "
        "pictures, mostly smaller than the marks.\nBound: importance-weighted, k = 50; digits binarised, the others in "
        "8-bit levels.    python benchmarks/dimension.py"
    )
    figure, axes = sheet(FINDING, under, 2, len(domains))
    for column, (domain, found) in enumerate(domains):
        rows, (top, bottom) = found["rows"], axes[:, column]
        dims = [r["latent_dim"] for r in rows]
        for kind in KINDS:
            curve(top, dims, [scaled(r["mse"][kind], 1000) for r in rows], kind, MARKERS[kind])
        curve(bottom, dims, [r["bound"] for r in rows], "vae", MARKERS["vae"])
        top.set_yscale("log")
        top.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        top.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        bottom.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        top.yaxis.set_minor_locator(NullLocator())
        for ax in (top, bottom):
            ticked(ax, dims)
        top.set_title(TITLES[domain])
        bottom.set_xlabel("latent dimension")
    first = domains[0][1]["rows"]
    for kind, shift in (("pca", (3, 9)), ("ae", (-96, -20)), ("vae", (-4, 12))):
        at = first[-2]["latent_dim"], 1000 * first[-2]["mse"][kind][0]
        named(axes[0, 0], at, KINDS[kind], kind, xytext=shift, fontsize=12)
    axes[0, 0].set_ylabel("test error, MSE x 1000")
    axes[1, 0].set_ylabel("bound on -log p(x), nats")
    return figure


FIGURE = Drawn("dimension", ("dimension",), draw)
