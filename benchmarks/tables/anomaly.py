"""Tables of benchmarks/anomaly.py."""

from .cells import Section, Table, by_domain, number, verdict, verdict_below

DOMAIN_BAR = 99.0  # %, of the best score of a pair, at least
ONE_BAR, FILES_BAR = 150.0, 30.0  # ms a picture, s for the files, at most


def _best(models: list[dict], other: str) -> tuple[float, float | None, str, int]:
    """(AUROC, error, score, latent dimension) of the best of a pair of domains."""
    every = [(*model["auroc"][s][other], s, model["latent_dim"]) for model in models for s in model["auroc"]]
    return max(every, key=lambda row: row[0])


def _pairs(domains: dict) -> Table:
    rows = []
    for domain, found in by_domain(domains):
        largest = found["models"][-1]
        for other in next(iter(largest["auroc"].values())):
            mean, error, score, d = _best(found["models"], other)
            joint, elbo = (largest["auroc"][s][other] for s in ("joint", "elbo"))
            best = f"{number((mean, error), 2)}: {verdict((mean, error), DOMAIN_BAR)}"
            rows.append([f"{domain}, against {other}", number(elbo, 2), number(joint, 2), best, f"{score}, d = {d}"])
    title = f"AUROC in %; bar of the best score: at least {DOMAIN_BAR:g}"
    return Table(title, ["known", "-ELBO, largest d", "joint, largest d", "best", "by"], rows)


def _every(domain: str, found: dict) -> Table:
    """All scores over all pairs of one domain."""
    others = list(next(iter(found["models"][0]["auroc"].values())))
    rows = [
        [f"vae-{model['latent_dim']}, {score}", *(number(by[o], 2) for o in others), alarms]
        for model in found["models"]
        for score, by in model["auroc"].items()
        for alarms in [number((100 * model["false_alarms"][score][0], 100 * model["false_alarms"][score][1]), 1)]
    ]
    name = f"{domain[0].upper()}{domain[1:]} known, AUROC in % against other pictures"
    return Table(name, ["model, score", *others, "false alarms in %, set to 1"], rows)


def _speed(found: dict) -> Table:
    rows = []
    for domain, ms in by_domain(found["one_ms"]):
        bar = f"at most {ONE_BAR:g} ms: {_below(ms, ONE_BAR)}"
        rows.append([f"a picture of {domain}, {found['scores']} scores", f"{ms:.0f} ms", bar])
    for name, seconds in found["seconds"].items():
        bar = f"at most {FILES_BAR:g} s: {_below(seconds, FILES_BAR)}"
        rows.append([f"{found['files']:,} files from the command line, {name}", f"{seconds:.1f} s", bar])
    return Table(f"Time, {found['threads']} threads", ["", "measured", "bar"], rows)


def _below(value: float, bar: float) -> str:
    return verdict_below((value, None), bar)


def anomaly(figures: dict) -> list[Table]:
    """The pairs of domains, every score, and the times."""
    tables = []
    if "domains" in figures:
        tables += [_pairs(figures["domains"])]
        tables += [_every(domain, found) for domain, found in by_domain(figures["domains"])]
    return tables + ([_speed(figures["speed"])] if "speed" in figures else [])


SECTIONS = (
    Section(
        "Odd one out",
        "python benchmarks/anomaly.py --data-dir DIR",
        "anomaly",
        "How well the scores of a domain's VAEs tell its own test pictures from those of other domains, brought into "
        "its form: 1,000 of each, drawn at random. AUROC is the probability that a foreign picture scores higher than "
        "a known one; its error is DeLong's. -ELBO alone finds simple foreign pictures too probable (Nalisnick et al. "
        "2019a): below 50 % they look more usual than known ones. Ratio, typicality and joint repair that; what they "
        "rest on was measured on training pictures. False alarms: of one half of the known pictures, at the threshold "
        "that lets 1 % of the other half pass.",
        anomaly,
    ),
)
