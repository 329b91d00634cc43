"""Tables of benchmarks/samples.py."""

from .cells import DOMAINS, Section, Table, number

MEASURES = {"frechet": 2, "precision": 2, "recall": 2, "density": 2, "coverage": 2, "confident": 2, "entropy": 2}
COLUMNS = ["", "Frechet distance", "precision", "recall", "density", "coverage", "recognised", "entropy"]
NAMES = {
    "ae+normal": "AE + N(0, I)", "ae+mixture": "AE + mixture", "vae+normal": "VAE + N(0, I)",
    "vae+mixture": "VAE + mixture", "pca+gaussian": "PCA + Gaussian", "test": "test set",
    "ae+reconstruction": "test set through the AE", "vae+reconstruction": "test set through the VAE",
}  # fmt: skip


def _place(row: dict) -> tuple[int, int, int]:
    names = list(NAMES)
    known = names.index(row["source"]) if row["source"] in names else len(names)
    return DOMAINS.index(row["domain"]), row["d"], known


def samples(figures: dict) -> list[Table]:
    """Every source of samples, and whether the mixture is closer than N(0, I)."""
    rows = [
        [f"{r['domain']}, {r['d']}: {NAMES.get(r['source'], r['source'])}"]
        + [number(r[name], digits) for name, digits in MEASURES.items()]
        for r in sorted(figures["rows"], key=_place)
    ]
    return [
        Table("Quality of samples, mean ± standard deviation over the seeds", COLUMNS, rows),
        leads(figures),
        classifiers(figures),
    ]


def leads(figures: dict) -> Table:
    """By how much the mixture's Frechet distance is below that of N(0, I)."""
    rows = []
    for title, said in figures["bars"].items():
        where, pair = title.split(": ")
        first, second = pair.split(" beats ")
        gain = number((said["gain"], said["standard_error"]), 2, sign="+")
        rows.append([f"{where}: {NAMES[first]} before {NAMES[second]}", gain, f"0 {said['verdict']}"])
    return Table("Frechet distance of N(0, I) less that of the mixture, ± standard error", ["", "gain", "bar"], rows)


def classifiers(figures: dict) -> Table:
    """How good the classifiers are that judge."""
    names = [domain for domain in DOMAINS if domain in figures["classifiers"]]
    row = ["right", *(f"{figures['classifiers'][domain]:.1%}".replace("%", " %") for domain in names)]
    return Table("The classifiers on their test sets", ["", *names], [row])


SECTIONS = (
    Section(
        "How good samples are",
        "python benchmarks/samples.py --data-dir DIR",
        "samples",
        "Measured on the features of our own small classifiers, so the distances do not compare with published ones. "
        "Frechet distance (lower is better) of 10,000 samples from 10,000 training pictures; precision, recall, "
        "density and coverage on 5,000 of each; share that the classifier recognises with a probability above 0.9; "
        "entropy of the recognised classes in nats (at most ln 10 = 2.30, of shapes ln 3 = 1.10). Samples are the "
        "decoder's mean pictures. Here ± is a standard deviation over 5 seeds, but for the gains.",
        samples,
        "The test set of objects is 1,000 pictures only, which makes its distance too large; `train 1000`, as many "
        "training pictures outside the reference, says by how much.\n\n"
        "An autoencoder needs the mixture and a VAE gains by it. On objects neither gains much: even the test "
        "pictures, encoded and decoded, are far from the training pictures, because 32 numbers leave them blurred, and "
        "no density of the codes can mend that.\n\n"
        "Mixtures have 10 components with full covariance, of shapes 100 (codes of figures that turn lie on rings, and "
        "10 lose to N(0, I) there). They are fitted to the codes of 20,000 training pictures, a VAE's drawn from its "
        "posteriors, and were chosen on held-out training pictures.",
    ),
)
