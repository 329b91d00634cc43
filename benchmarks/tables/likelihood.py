"""Tables of benchmarks/likelihood.py."""

from .cells import Pair, Section, Table, number, verdict_below

ELBO_BAR = {"2": 134.0}  # nats, at most
BOUND_BAR = 82.5  # nats, at most, of the best bound


def measured(figures: dict, name: str) -> Pair:
    """(mean, standard error) of a figure of a dimension."""
    return figures[name], figures[f"{name}_standard_error"]


def best_dimension(dims: dict) -> str:
    """The dimension whose bound is lowest."""
    return min(dims, key=lambda d: dims[d]["bound"])


def likelihood(figures: dict) -> list[Table]:
    """One row a latent dimension, in nats a picture."""
    dims, rows = figures["dims"], []
    for d, f in dims.items():
        cells = {name: number(measured(f, name), 2) for name in ("negative_elbo", "kl", "bound")}
        if d in ELBO_BAR:
            said = verdict_below(measured(f, "negative_elbo"), ELBO_BAR[d])
            cells["negative_elbo"] += f" (bar {ELBO_BAR[d]:g}: {said})"
        if d == best_dimension(dims):
            cells["bound"] += f" (bar {BOUND_BAR:g}: {verdict_below(measured(f, 'bound'), BOUND_BAR)})"
        rows.append([f"`vae`, d = {d}", *cells.values(), f["k"], f["active_units"]])
    return [Table("Digits, nats a picture", ["", "-ELBO", "KL", "bound", "k", "active units"], rows)]


SECTIONS = (
    Section(
        "How likely test digits are",
        "python benchmarks/likelihood.py --data-dir DIR",
        "likelihood",
        "10,000 test pictures, binarised once by a fixed seed (dynamically: a pixel's value is its probability of "
        "being 1). Lower is better. The bound on the negative log-likelihood is importance-weighted with k samples "
        "(Burda, Grosse & Salakhutdinov 2016, equation 8); more samples make it tighter. A unit is active where the "
        "variance of mu over the pictures is above 0.01. Published for dynamically binarised MNIST, with k = 5,000: "
        "VAE 86.76, IWAE trained with 50 samples 84.78, the same with two stochastic layers 82.90 (ibid., table 1).",
        likelihood,
        "From d = 16 on the KL hardly grows: the VAE switches off the numbers that do not pay.",
    ),
)
