"""README's table: six of the best figures, each from a results file, and how many bars are met in all."""

from .cells import MISSED, OPEN, Table, number, signed, verdict, verdict_below
from .likelihood import BOUND_BAR, best_dimension, measured
from .page import SLIDER_BAR, below
from .photos import NOISE_BAR, PUBLISHED, mean, paired
from .restore import HOLE_BAR

COLUMNS = ["what", "measured", "beside it", "bar"]


def _reconstruction(results):
    f = results["reconstruction_quality"]["digits/ae-32"]
    ratio = f["ratio"], f["ratio_standard_error"]
    told = f"MSE {f['mse']:.5f}: {number(ratio, 3)} of PCA's", f"PCA {f['pca_mse']:.5f}"
    return "digits in 32 numbers, `ae`", *told, f"{f['bar']} {verdict_below(ratio, f['bar'])}"


def _likelihood(results):
    dims = results["likelihood"]["dims"]
    f = dims[best_dimension(dims)]
    bound = measured(f, "bound")
    told = f"bound, k = {f['k']}: {number(bound, 2)} nats", "VAE 86.76, IWAE 84.78 (Burda et al. 2016)"
    return "likelihood of binarised digits, `vae`", *told, f"{BOUND_BAR} {verdict_below(bound, BOUND_BAR)}"


def _samples(results):
    rows = {(r["domain"], r["source"]): r["frechet"] for r in results["samples"]["rows"]}
    lead = results["samples"]["bars"]["digits 32: vae+mixture beats vae+normal"]
    told = f"Frechet distance {rows['digits', 'vae+mixture'][0]:.2f}", f"N(0, I) {rows['digits', 'vae+normal'][0]:.2f}"
    return "samples of digits, `vae` + mixture", *told, f"below N(0, I) {lead['verdict']}"


def _hole(results):
    f = next(r for r in results["restore"]["holes"]["digits"] if r["hole"] == "left half")
    over, bar = f["over"]["biharmonic"], HOLE_BAR["digits"]
    told = f"{f['mean']:.2f} dB: {signed(over)}", f"biharmonic {f['biharmonic']:.2f} dB"
    return "left half of a digit filled in", *told, f"{bar:+g} {verdict(over, bar)}"


def _photograph(results):
    f = next(r for r in results["photos"]["noise"] if r["damage"] == "sigma 25")
    over = paired(f["ours"], f["classical"])
    cbm3d = PUBLISHED["CBM3D (Zhang et al. 2021)"][1]
    others = f"non-local means {mean(f['classical']):.2f} dB, CBM3D about {cbm3d}"
    told = f"{mean(f['ours']):.2f} dB: {signed(over)}", others
    return "Kodak's photographs, noise of sigma 25 / 255", *told, f"{NOISE_BAR:+g} {verdict(over, NOISE_BAR)}"


def _slider(results):
    f = next(r for r in results["page"]["slider"] if r["what"].endswith("ae, each asked for"))
    told = f"median {f['median_ms']:.0f} ms", f"95 % {f['p95_ms']:.0f} ms"
    return "from the slider to the picture on the page", *told, below(f["median_ms"], SLIDER_BAR, "ms")


def headline(results):
    """The six rows."""
    makes = (_reconstruction, _likelihood, _samples, _hole, _photograph, _slider)
    return Table("", COLUMNS, [list(make(results)) for make in makes])


def judged(sections):
    """(how many bars are met, [(section, table, row, cell)] of those that are not) of [(Section, [Table])]."""
    met, short = 0, []
    for section, tables in sections:
        for table in tables:
            for name, *cells in table.rows:
                for column, cell in zip(table.columns[1:], map(str, cells), strict=True):
                    if MISSED in cell or OPEN in cell:
                        short.append((section.title, table, name, column, cell))
                    met += cell.endswith((" met", " met)"))
    return met, short
