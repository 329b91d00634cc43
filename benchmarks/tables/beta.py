"""Tables of benchmarks/beta.py."""

from .cells import Section, Table, by_domain, mean_and_error, number, scaled

# Name, decimals, scale.
COLUMNS = {
    "active": ("active units", 1, 1),
    "kl": ("KL, nats", 2, 1),
    "mse": ("MSE x 1000", 2, 1000),
    "mig": ("MIG", 3, 1),
}


def beta(figures: dict) -> list[Table]:
    """A table a domain, a row a beta; MIG where factors are known."""
    tables = []
    for domain, found in by_domain(figures["domains"]):
        names = [name for name in COLUMNS if name in found["rows"][0]]
        rows = [
            [f"{r['beta']:g}", *(number(scaled(mean_and_error(r[n]), COLUMNS[n][2]), COLUMNS[n][1]) for n in names)]
            for r in found["rows"]
        ]
        title = f"{domain.capitalize()}, d = {found['latent_dim']}, {len(found['rows'][0]['kl'])} seeds"
        tables.append(Table(title, ["beta", *(COLUMNS[name][0] for name in names)], rows))
    return tables


SECTIONS = (
    Section(
        "What beta does",
        "python benchmarks/beta.py --data-dir DIR",
        "beta",
        "Small dense VAEs (one hidden layer of 512 on each side), trained from scratch at each beta for 1,500 steps of "
        "128 pictures, so that beta alone differs; digits with a Bernoulli likelihood, shapes with a Gaussian one "
        "whose sigma is held at 0.1. Units that are active (the variance of mu over the test set above 0.01), KL and "
        "mean squared error over the test set, MIG over 7,000 new pictures. The error is over seeds.",
        beta,
        "The shipped VAEs of shapes stand under [Which number follows which "
        "factor](#which-number-follows-which-factor): larger, trained for longer, one of each beta.",
    ),
)
