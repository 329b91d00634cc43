"""Tables of benchmarks/disentanglement.py."""

import re

from .cells import Section, Table, mean_and_error, number, verdict

COLUMNS = ("mig", "disentanglement", "completeness", "informativeness")
NAMES = {"ae": "autoencoder", "pca": "PCA", "tc-vae": "beta-TC-VAE"}
NAME = re.compile(r"(.+?)-(\d+)(?:-beta(.+))?")  # kind, latent dimension and beta
MIG_BAR = 0.25  # of the best model


def disentanglement(figures: dict) -> list[Table]:
    """One row a model, and the two yardsticks below."""
    rows, models = [], figures["models"]
    best = max((key for key in models if not key.startswith("the ")), key=lambda key: sum(models[key]["mig"]))
    for key, f in models.items():
        found = NAME.fullmatch(key)
        kind, d, beta = found.groups() if found else (key, "", None)
        name = f"VAE, beta {beta or 1}" if kind == "vae" else NAMES.get(kind, kind)
        scores = [number(mean_and_error(f[column]), 3, 4) for column in COLUMNS]
        if key == best:
            scores[0] += f" (bar {MIG_BAR}: {verdict(mean_and_error(f['mig']), MIG_BAR)})"
        rows.append([name, d, f["active"] if kind.endswith("vae") else "", *scores])
    return [Table("Shapes", ["", "d", "active", "MIG", *COLUMNS[1:]], rows)]


SECTIONS = (
    Section(
        "Which number follows which factor",
        "python benchmarks/disentanglement.py",
        "disentanglement",
        "Shapes, whose five factors are known; 5 samples of 7,000 new pictures. MIG is the mutual information gap "
        "(Chen et al. 2018); disentanglement, completeness and informativeness are DCI (Eastwood & Williams 2018) with "
        "random forests. The error is that of the measurement: there is one trained model of each kind and beta.",
        disentanglement,
        "Beta disentangles none of these models up to 1024: it takes 60 nats of KL down to 18, but turns no axis to a "
        "factor. The beta-TC-VAE gives x, y and the size a number each, and angle and shape none, so that its pictures "
        "lack them. The last two rows say what the scores are worth: the factors themselves "
        "as a code, and the factors turned at random.",
    ),
)
