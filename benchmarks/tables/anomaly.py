"""Tables of benchmarks/anomaly.py."""

from .cells import Section, Table, by_domain, number, verdict, verdict_below

DOMAIN_BAR = 99.0  # %, of joint with the largest latent dimension, chosen beforehand, at least
DAMAGE_BAR = 95.0  # %, of every kind of damage, at least; of objects none
ONE_BAR, FILES_BAR = 150.0, 30.0  # ms a picture, s for the files, at most
SHOWN = ("elbo", "typicality", "ratio", "joint")


def _pairs(domains: dict) -> Table:
    """All pairs of domains, by the model with the largest latent dimension."""
    rows = []
    for domain, found in by_domain(domains):
        model = found["models"][-1]
        for other in model["auroc"]["joint"]:
            cells = [number(model["auroc"][score][other], 2) for score in SHOWN]
            bar = f"{DOMAIN_BAR:g} %: {verdict(model['auroc']['joint'][other], DOMAIN_BAR)}"
            rows.append([f"{domain} (vae-{model['latent_dim']}), against {other}", *cells, bar])
    return Table("AUROC in %", ["known", *SHOWN, "bar"], rows)


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
    return Table(name, ["model, score", *others, "false alarms in %, set to 1 (± standard deviation)"], rows)


def _speed(found: dict) -> Table:
    rows = []
    for domain, ms in by_domain(found["one_ms"]):
        bar = f"at most {ONE_BAR:g} ms: {_below(ms, ONE_BAR)}"
        rows.append([f"a picture of {domain}, {found['scores']} scores", f"{ms:.0f} ms", bar])
    for name, seconds in found["seconds"].items():
        bar = f"at most {FILES_BAR:g} s: {_below(seconds, FILES_BAR)}"
        rows.append([f"{found['files']:,} files from the command line, {name}", f"{seconds:.1f} s", bar])
    return Table(f"Time, {found['threads']} threads", ["", "measured", "bar"], rows)


def _damage(figures: dict) -> list[Table]:
    """Painted damage: a table a domain, and the time."""
    tables = []
    for domain, found in by_domain(figures):
        kinds = list(found["shares"])
        rows = []
        for row in found["rows"]:
            cells = [number(row["auroc"][kind], 2) for kind in kinds]
            bar = ""
            if row["method"] == "finder" and domain != "objects":
                lowest = min(row["auroc"].values())
                bar = f"{DAMAGE_BAR:g} % of each kind: {verdict(lowest, DAMAGE_BAR)}"
            name = ", ".join(filter(None, (row["method"], row["chosen"])))
            rows.append([name, *cells, number(row["mean"], 2), number(row["each"], 2), bar])
        title = f"Damage painted on {domain}, pixel AUROC in %"
        tables.append(Table(title, ["map", *kinds, "mean", "a picture's own", "bar"], rows))
    times = [[domain, f"{found['one_ms']:.1f} ms", _told(found["one_ms"])] for domain, found in by_domain(figures)]
    return [*tables, Table("Time of one map of damage", ["", "measured", "bar"], times)]


def _told(ms: float) -> str:
    return f"at most {ONE_BAR:g} ms: {_below(ms, ONE_BAR)}"


def _below(value: float, bar: float) -> str:
    return verdict_below((value, None), bar)


def anomaly(figures: dict) -> list[Table]:
    """The pairs of domains, every score, the times, and painted damage."""
    tables = []
    if "domains" in figures:
        tables += [_pairs(figures["domains"])]
        tables += [_every(domain, found) for domain, found in by_domain(figures["domains"])]
    tables += [_speed(figures["speed"])] if "speed" in figures else []
    return tables + (_damage(figures["damage"]) if "damage" in figures else [])


SECTIONS = (
    Section(
        "Odd one out",
        "python benchmarks/anomaly.py --data-dir DIR",
        "anomaly",
        "How well the scores of a domain's VAEs tell its own test pictures from those of other domains, brought into "
        "its form: 1,000 of each, drawn at random. AUROC is the probability that a foreign picture scores higher than "
        "a known one; its error is DeLong's. Below 50 % foreign pictures look more usual than known ones, as simple "
        "ones do to -ELBO (Nalisnick et al. 2019a). The bar is for one score and model, fixed beforehand: joint, "
        "which the command line begins with, and the largest latent dimension. Its six statistics were first chosen "
        "on 250 test pictures of each domain, then again on training pictures, which chose the same. False alarms: of "
        "one half of the known pictures, at the threshold that lets 1 % of the other half pass; mean and standard "
        "deviation of 200 random halvings. Damage: a stroke of a round brush (black, grey or white), an erased "
        "rectangle or ellipse, or a soft stain, each on 500 test pictures of its own; a pixel is damaged where its "
        "value changed by more than 0.1, so black paint on black is none. AUROC over all pixels of all pictures of "
        "a kind, its error over the pictures (Obuchowski 1997); the mean of the three; and the mean over all "
        "pictures of each one's own. The bar is for each of the three kinds. finder is the network that ships, "
        "which learned from damage of other forms; the others learned from no damage: |x - x_hat| as it is, blurred "
        "over 3 x 3 pixels, or with the latent dimension and blur that are best on held-out training pictures; and "
        "patches left out and filled in by the network that restores (RIAD: Zavrtanik et al. 2021).",
        anomaly,
    ),
)
