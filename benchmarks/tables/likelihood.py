"""Tables of benchmarks/likelihood.py."""

from math import log

from .cells import Pair, Section, Table, by_domain, number, scaled, verdict_below

ELBO_BAR = {"2": 134.0}  # nats of digits, at most
# At most, of the best bound: nats of digits, else bits a value.
BOUND_BARS = {"digits": 82.5, "fashion": 4.104, "objects": 6.23}


def measured(figures: dict, name: str) -> Pair:
    """(mean, standard error) of a figure of a dimension."""
    return figures[name], figures[f"{name}_standard_error"]


def best_dimension(dims: dict) -> str:
    """The dimension whose bound is lowest."""
    return min(dims, key=lambda d: dims[d]["bound"])


def _table(domain: str, dims: dict) -> Table:
    """One row a latent dimension: of digits in nats a picture, of others in bits a value."""
    rows, binary = [], domain == "digits"
    for d, f in dims.items():
        unit, digits = (1.0, 2) if binary else (1 / (log(2) * f["values"]), 3)
        found = {name: scaled(measured(f, name), unit) for name in ("negative_elbo", "kl", "bound")}
        cells = {name: number(pair, digits) for name, pair in found.items()}
        if binary and d in ELBO_BAR:
            cells["negative_elbo"] += f" (bar {ELBO_BAR[d]:g}: {verdict_below(found['negative_elbo'], ELBO_BAR[d])})"
        if domain in BOUND_BARS and d == best_dimension(dims):
            cells["bound"] += f" (bar {BOUND_BARS[domain]:g}: {verdict_below(found['bound'], BOUND_BARS[domain])})"
        rows.append([f"`vae`, d = {d}", *cells.values(), f["k"], f"{f['pictures']:,}", f["active_units"]])
    title = f"{domain.capitalize()}, {'nats a picture' if binary else 'bits a value'}"
    return Table(title, ["", "-ELBO", "KL", "bound", "k", "pictures", "active units"], rows)


def likelihood(figures: dict) -> list[Table]:
    """One a domain."""
    return [_table(domain, dims) for domain, dims in by_domain(figures["domains"])]


SECTIONS = (
    Section(
        "How likely test pictures are",
        "python benchmarks/likelihood.py --data-dir DIR",
        "likelihood",
        "Test digits are binarised once by a fixed seed (dynamically: a pixel's value is its probability of "
        "being 1); of the others the probability is that of their 8-bit levels. Lower is better. The bound on the "
        "negative log-likelihood is importance-weighted with k samples "
        "(Burda, Grosse & Salakhutdinov 2016, equation 8); more samples make it tighter. A unit is active where the "
        "variance of mu over the pictures is above 0.01. Published for dynamically binarised MNIST, with k = 5,000: "
        "VAE 86.76, IWAE trained with 50 samples 84.78, the same with two stochastic layers 82.90 (ibid., table 1).",
        likelihood,
        "From d = 16 on the KL of digits hardly grows: the VAE switches off the numbers that do not pay.",
    ),
)
