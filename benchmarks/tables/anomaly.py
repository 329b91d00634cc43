"""Tables of benchmarks/anomaly.py."""

from statistics import fmean

from .cells import Measured, Section, Table, by_domain, mean_and_error, number, paired, verdict, verdict_below

DOMAIN_BAR = 99.0  # %, of joint with the largest latent dimension, chosen beforehand, at least
DAMAGE_BAR = 95.0  # %, of every kind of damage, at least; of objects none
ONE_BAR, FILES_BAR = 150.0, 30.0  # ms a picture, s for the files, at most
CLASS_BARS = {"digits": 97.0, "fashion": 93.0}  # %, of ours, mean of the classes, at least
# Ruff et al. 2018, table 1, quoted at second hand: the classes 0 to 9 in %, and the mean.
PUBLISHED = {
    "digits": (("Deep SVDD, Ruff et al. 2018", (98.0, 99.7, 91.7, 91.9, 94.9, 88.5, 98.3, 94.6, 93.9, 96.5), 94.8),)
}
OURS = "ours"
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


def class_means(row: dict) -> list[float]:
    """The mean of the classes for each seed."""
    return [fmean(areas) for areas in row["auroc"]]


def _lead(ours: list[float], row: dict) -> Measured:
    """By how much ours is above a method, over our seeds."""
    theirs = class_means(row)
    return paired(ours, theirs if len(theirs) == len(ours) else [fmean(theirs)] * len(ours))


def _oneclass(domain: str, found: dict) -> Table:
    """Every method, the mean of the classes first, and whether ours is good enough and above the simple ones."""
    ours, count = class_means(found["rows"][0]), len(found["rows"][0]["auroc"][0])
    rows = []
    for row in found["rows"]:
        if row["method"] == OURS:
            bar = f"{CLASS_BARS[domain]:g} %: {verdict(mean_and_error(ours), CLASS_BARS[domain])}"
            more = ""
        else:
            lead = _lead(ours, row)
            bar = "" if row["method"].startswith(OURS) else f"ours above it: {verdict(lead, 0)}"
            more = number(lead, 2, 3, "+")
        mean = number(mean_and_error(class_means(row)), 2, 3)
        classes = [f"{fmean(areas):.1f}" for areas in zip(*row["auroc"], strict=True)]
        rows.append([f"{row['method']}, {row['input']}", _setting(row["setting"]), mean, more, bar, *classes])
    for name, areas, published in PUBLISHED.get(domain, ()):
        classes = [f"{area:.1f}" for area in areas[:count]] or [""] * count
        rows.append([name, "", f"{published:.1f}", f"{fmean(ours) - published:+.1f}", "", *classes])
    columns = ["method", "setting", "mean", "ours more by", "bar", *map(str, range(count))]
    return Table(f"One class of {domain} known, AUROC in % against the others", columns, rows)


def _setting(setting: object) -> str:
    """A number, or several with a stroke between."""
    return " / ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in _listed(setting))


def _listed(setting: object) -> list:
    return list(setting) if isinstance(setting, (list, tuple)) else [setting]


def _choices(domain: str, rows: list[dict]) -> Table:
    """The mean of the classes with every setting tried, a row of each method and input."""
    tried: dict[str, list[dict]] = {}
    for row in rows:
        tried.setdefault(f"{row['method']}, {row['input']}", []).append(row)
    cells = []
    for name, those in tried.items():
        best = max(those, key=lambda row: row["auroc"])
        told = [f"{_setting(row['setting'])}: {row['auroc']:.2f}" for row in those]
        cells.append([name, _setting(best["setting"]), f"{best['auroc']:.2f}", "; ".join(told)])
    title = f"One class of {domain} known, settings chosen on training pictures held out, AUROC in %"
    return Table(title, ["method", "best setting", "mean", "all"], cells)


def anomaly(figures: dict) -> list[Table]:
    """The pairs of domains, every score, one class against the others, the times, and painted damage."""
    tables = []
    if "domains" in figures:
        tables += [_pairs(figures["domains"])]
        tables += [_every(domain, found) for domain, found in by_domain(figures["domains"])]
    tables += [_oneclass(domain, found) for domain, found in by_domain(figures.get("oneclass", {}))]
    tables += [_choices(domain, rows) for domain, rows in by_domain(figures.get("oneclass_choices", {}))]
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
        "patches left out and filled in by the network that restores (RIAD: Zavrtanik et al. 2021). "
        "One class known: each class of the training pictures in turn, then every "
        "test picture, known if it is of the class (Ruff et al. 2018); a dense autoencoder of oriented gradients "
        "(vaedemo/services/oneclass.py), its errors over 3 seeds. Simple methods are given the same pictures, as "
        "pixels and as the same gradients, with the settings that were best on 5,000 training pictures held out "
        "(python benchmarks/oneclass.py --data-dir DIR); ours is to be above each by two errors. Settings of ours: "
        "contrast kept, weight of the error; of OC-SVM nu and gamma, of the forest trees and pictures a tree.",
        anomaly,
    ),
)
