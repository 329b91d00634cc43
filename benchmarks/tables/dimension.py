"""Tables of benchmarks/dimension.py."""

from .cells import Section, Table, by_domain, number, scaled, signed, verdict_below

KINDS = {"ae": "autoencoder", "vae": "VAE", "pca": "PCA"}
BITS_BARS = {"fashion": 4.104, "objects": 6.230}  # a value, at most, at the best dimension


def _bits(domain: str, row: dict, best: float) -> str:
    """Bits a value, at the best dimension with the bar where a domain has one."""
    told, bar = number(row["bits_per_dim"], 4), BITS_BARS.get(domain)
    if bar is None or row["bits_per_dim"][0] > best:
        return told
    return f"{told} (bar {bar:g}: {verdict_below(row['bits_per_dim'], bar)})"


def dimension(figures: dict) -> list[Table]:
    """A table a domain, a row a latent dimension."""
    tables = []
    for domain, found in by_domain(figures["domains"]):
        best = min(r["bits_per_dim"][0] for r in found["rows"])
        rows = [
            [
                r["latent_dim"],
                *(number(scaled(r["mse"][kind], 1000), 2) for kind in KINDS),
                number(r["bound"], 1),
                _bits(domain, r, best),
                signed(r["gained"]) if r["gained"] else "",
                r["active_units"],
            ]
            for r in found["rows"]
        ]
        columns = ["d", *(f"MSE x 1000, {name}" for name in KINDS.values()), "bound, nats", "bits/dim", "gained, nats"]
        tables.append(Table(f"{domain.capitalize()}, {found['pictures']:,} test pictures", [*columns, "active"], rows))
    return tables


SECTIONS = (
    Section(
        "How many numbers a picture needs",
        "python benchmarks/dimension.py --data-dir DIR",
        "dimension",
        "The shipped models over the whole test sets: mean squared error on pixels in [0, 1] (PCA cut to [0, 1], as "
        "every model's output is), and of the VAEs the importance-weighted bound on -log p(x) with k = 50 samples "
        "(Burda et al. 2016, equation 8), of digits binarised once by a fixed seed, of the others in 8-bit levels. "
        "Gained: how much lower the bound is than at the dimension above, picture by picture. A unit is active where "
        "the variance of mu over the pictures is above 0.01.",
        dimension,
        "The models of a domain were not all trained alike: see the epochs and the first weights in "
        "[MODELS.md](../checkpoints/MODELS.md).",
    ),
)
