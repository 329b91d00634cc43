"""README's table: some of the best figures, each from a results file, and how many bars are met in all."""

from statistics import fmean

from .anomaly import CLASS_BARS, class_means
from .cells import MISSED, OPEN, Pair, Section, Table, mean_and_error, number, signed, verdict, verdict_below
from .likelihood import BOUND_BAR, best_dimension, measured
from .page import SLIDER_BAR
from .photos import NOISE_BAR, PUBLISHED, mean, paired
from .restore import HOLE_BAR

Row = tuple[str, ...]
COLUMNS = ["what", "measured", "beside it", "bar"]


def at_most(measured: Pair, bar: float, unit: str = "") -> str:
    """A bar in words with the verdict on a figure that has to stay below it."""
    return f"at most {bar:g}{unit}: {verdict_below(measured, bar)}"


def _reconstruction(results: dict) -> Row:
    f = results["reconstruction_quality"]["digits/ae-32"]
    ratio = f["ratio"], f["ratio_standard_error"]
    told = f"MSE {f['mse']:.5f}: {number(ratio, 3)} of PCA's", f"PCA {f['pca_mse']:.5f}"
    return "digits in 32 numbers, `ae`", *told, at_most(ratio, f["bar"])


def _likelihood(results: dict) -> Row:
    dims = results["likelihood"]["dims"]
    f = dims[best_dimension(dims)]
    bound = measured(f, "bound")
    told = f"bound, k = {f['k']}: {number(bound, 2)} nats", "VAE 86.76, IWAE 84.78 with k = 5,000 (Burda et al. 2016)"
    return (
        "likelihood of binarised digits, `vae`",
        *told,
        f"at most {BOUND_BAR} nats: {verdict_below(bound, BOUND_BAR)}",
    )


def _samples(results: dict) -> Row:
    rows = {(r["domain"], r["source"]): r["frechet"] for r in results["samples"]["rows"]}
    lead = results["samples"]["bars"]["digits 32: vae+mixture beats vae+normal"]
    told = f"Frechet distance {rows['digits', 'vae+mixture'][0]:.2f}", f"N(0, I) {rows['digits', 'vae+normal'][0]:.2f}"
    return "samples of digits, `vae` + mixture", *told, f"below N(0, I): {lead['verdict']}"


def _hole(results: dict) -> Row:
    f = next(r for r in results["restore"]["holes"]["digits"] if r["hole"] == "left half")
    over, bar = f["over"]["biharmonic"], HOLE_BAR["digits"]
    told = f"{f['mean']:.2f} dB: {signed(over)}", f"biharmonic {f['biharmonic']:.2f} dB"
    return "left half of a digit filled in", *told, f"{bar:+g} dB: {verdict(over, bar)}"


def _photograph(results: dict) -> Row:
    f = next(r for r in results["photos"]["noise"] if r["damage"] == "sigma 25")
    over = paired(f["ours"], f["classical"])
    cbm3d = PUBLISHED["CBM3D (Zhang et al. 2021)"][1]
    others = f"non-local means {mean(f['classical']):.2f} dB, CBM3D about {cbm3d} dB"
    told = f"{mean(f['ours']):.2f} dB: {signed(over)}", others
    return "Kodak's photographs, noise of sigma 25 / 255", *told, f"{NOISE_BAR:+g} dB: {verdict(over, NOISE_BAR)}"


def _one_class(results: dict) -> Row:
    rows = results["anomaly"]["oneclass"]["digits"]["rows"]
    ours = mean_and_error(class_means(rows[0]))
    simple = {r["input"]: fmean(class_means(r)) for r in rows if r["method"] == "k nearest neighbours"}
    beside = f"nearest neighbours {simple['pixels']:.1f} % (pixels) and {simple['gradients']:.1f} %, Deep SVDD 94.8 %"
    return (
        "one class of digits known, the others strange",
        f"AUROC {number(ours, 2)} %",
        beside,
        f"{CLASS_BARS['digits']:g} %: {verdict(ours, CLASS_BARS['digits'])}",
    )


def _slider(results: dict) -> Row:
    f = next(r for r in results["page"]["slider"] if r["what"].endswith("ae, each asked for"))
    told = f"median {f['median_ms']:.0f} ms", f"95 % {f['p95_ms']:.0f} ms"
    return (
        "from the slider to the picture on the page",
        *told,
        at_most((f["median_ms"], None), SLIDER_BAR, " ms"),
    )


def headline(results: dict) -> Table:
    """The rows."""
    makes = (_reconstruction, _likelihood, _samples, _hole, _photograph, _one_class, _slider)
    return Table("", COLUMNS, [list(make(results)) for make in makes])


def judged(sections: list[tuple[Section, list[Table]]]) -> tuple[int, list[list[str]]]:
    """(how many bars are met, [[chapter, row, figure]] of those that are not); a cell of the column "bar" judges the
    one before it, any other its own figure."""
    met, short = 0, []
    for section, tables in sections:
        for table in tables:
            for name, *cells in (map(str, row) for row in table.rows):
                for i, (column, cell) in enumerate(zip(table.columns[1:], cells, strict=True)):
                    met += cell.endswith((" met", " met)"))
                    if MISSED in cell or OPEN in cell:
                        figure = f"{cells[i - 1]} (bar {cell})" if column == "bar" else f"{column}: {cell}"
                        short.append([section.title, f"{table.title}: {name}", figure])
    return met, short
