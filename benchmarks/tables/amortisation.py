"""Tables of benchmarks/amortisation.py."""

from .cells import Section, Table, number, signed


def amortisation(figures: dict) -> list[Table]:
    """Nats of VAEs, dB of all; a row a model."""
    rows = figures["rows"]
    nats = [
        [
            r["domain"],
            r["latent_dim"],
            r["pictures"],
            number(r["negative_elbo"], 2),
            number(r["gap"], 2),
            signed(r["gain"]),
        ]
        for r in rows
        if r["gap"]
    ]
    plain = [
        [r["domain"], r["kind"], r["latent_dim"], r["pictures"], number(r["psnr"], 2), signed(r["gain"])]
        for r in rows
        if not r["gap"]
    ]
    return [
        Table("VAEs", ["", "d", "pictures", "-ELBO, nats", "smaller by", "PSNR of the mean, dB"], nats),
        Table("Without a posterior", ["", "kind", "d", "pictures", "PSNR, dB", "larger by"], plain),
    ]


SECTIONS = (
    Section(
        "What the encoder loses",
        "python benchmarks/amortisation.py --data-dir DIR",
        "amortisation",
        "The code of one picture improved by gradient descent from the encoder's answer (Adam): of a VAE mu and log "
        "sigma on the picture's own ELBO, which shows the amortisation gap (Cremer, Li & Duvenaud 2018), or what of it "
        "the search finds; -ELBO before and after of the same 512 samples, of digits of their grey levels. Of the "
        "others z on the squared error of the picture, cut to [0, 1]: without the cut PCA's answer would be the best "
        "there is.",
        amortisation,
    ),
)
