"""Tables of benchmarks/trainingset.py."""

from .cells import Section, Table, mean_and_error, number, paired, scaled

NAMES = {"dense": "autoencoder", "dense-vae": "VAE"}


def trainingset(figures: dict) -> list[Table]:
    """A table a model, a row a size and number of steps."""
    rows: dict[tuple[str, str], list[list[object]]] = {}
    for r in figures["rows"]:
        scale, digits = (1, 2) if r["kind"] == "dense-vae" else (1000, 3)
        told = [number(scaled(mean_and_error(r[split]), scale), digits) for split in ("train", "test")]
        told.append(number(scaled(paired(r["test"], r["train"]), scale), digits, sign="+"))
        rows.setdefault((r["domain"], r["kind"]), []).append([f"{r['pictures']:,}", f"{r['steps']:,}", *told])
    return [
        Table(
            f"{domain.capitalize()}, {NAMES[kind]}, d = {figures['latent_dim']}, "
            f"{'-ELBO in nats' if kind == 'dense-vae' else 'MSE x 1000'}",
            ["training pictures", "steps", "on the training pictures", "on the test set", "gap"],
            found,
        )
        for (domain, kind), found in rows.items()
    ]


SECTIONS = (
    Section(
        "What more training pictures are worth",
        "python benchmarks/trainingset.py --data-dir DIR",
        "trainingset",
        "A small dense network (784-512-32-512-784) trained on n pictures, always for the same number of steps (batch "
        "128, or all pictures where there are fewer), without early stopping; three seeds, each with other pictures, "
        "first weights, order and noise; the error is over seeds. The gap is the error on the whole test set less that "
        "on the pictures that the network was trained on (10,000 of them where there are more). A tenth of the steps "
        "is a run of its own, whose learning rate falls to zero too.",
        trainingset,
    ),
)
