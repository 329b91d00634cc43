"""How good the samples of each model are, by the features of the domain's own classifier: a table and its error bars.

Reference: 10,000 training pictures, another choice for each seed. Samples: 10,000 mean pictures of p(x|z) (of digits
too: not binarised). The figures that look at neighbours take the first 5,000 of each.
"""

import json
import math
import statistics
from pathlib import Path
from typing import NamedTuple

import torch

from vaedemo import runtime
from vaedemo.data.domains import DOMAINS
from vaedemo.errors import DataError
from vaedemo.maths import quality
from vaedemo.models.classifier import Judgement, judge
from vaedemo.services.generate import generate
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.key import ModelKey

__all__ = [
    "MEASURES",
    "Measured",
    "SOURCES",
    "compare",
    "judge_pictures",
    "lead",
    "measure",
    "measure_source",
    "write",
]

SOURCES = (
    "ae+normal",
    "ae+mixture",
    "vae+normal",
    "vae+mixture",
    "pca+gaussian",
    "ae+reconstruction",
    "vae+reconstruction",
    "test",
)
COUNT = 10_000  # samples, and reference pictures
NEIGHBOURS = 5_000  # of them for precision, recall, density and coverage
SEEDS = 5
CHUNK = 1_000


class Measured(NamedTuple):
    """One row: figures are (mean, standard deviation) over seeds. frechet: squared distance, the smaller the better;
    precision, recall, coverage and confident (most probable class above 0.9): shares; density about 1 for real
    pictures; entropy of the classes found, in nats. samples: how many a seed."""

    domain: str
    d: int
    source: str
    samples: int
    frechet: tuple[float, float]
    precision: tuple[float, float]
    recall: tuple[float, float]
    density: tuple[float, float]
    coverage: tuple[float, float]
    confident: tuple[float, float]
    entropy: tuple[float, float]


MEASURES = Measured._fields[4:]


def judge_pictures(library, domain, pictures):
    """Judgement of Pictures by the domain's classifier."""
    parts = [judge(library.classifier(domain), x) for x in pictures.batches(CHUNK)]
    return Judgement(*(torch.cat(values) for values in zip(*parts, strict=True)))


def _rows(judgement, rows):
    return Judgement(*(values[rows] for values in judgement))


def compare(real, fake):
    """One seed's figures, a dict in the order of MEASURES, of two Judgements."""
    near, made = real.features[:NEIGHBOURS], fake.features[:NEIGHBOURS]
    values = (
        quality.frechet(real.features, fake.features),
        *quality.precision_recall(near, made),
        *quality.density_coverage(near, made),
        quality.confident_share(fake.probabilities),
        quality.class_entropy(fake.probabilities),
    )
    return dict(zip(MEASURES, values, strict=True))


def measure(real, fake_of, domain, d, source, seeds=SEEDS, count=COUNT):
    """The Measured row of samples fake_of(seed), a Judgement, against `count` pictures of real, the Judgement of a
    training set, chosen anew for each seed."""
    if len(real.features) < count:
        raise DataError(f"{len(real.features)} training pictures of {domain} are too few; {count} are compared with")
    found = []
    for seed in range(seeds):
        chosen = torch.randperm(len(real.features), generator=runtime.generator("reference", seed))[:count]
        fake = fake_of(seed)
        found.append(compare(_rows(real, chosen), fake))
    spread = statistics.stdev if seeds > 1 else lambda _: 0.0
    figures = {name: (statistics.mean(v), spread(v)) for name in MEASURES if (v := [f[name] for f in found])}
    return Measured(domain, d, source, len(fake.features), **figures)


@torch.no_grad()
def measure_source(library, real, domain, d, source, seeds=SEEDS, count=COUNT, test=None):
    """The Measured row of one of SOURCES but the last: "ae+mixture" is the autoencoder's mixture, "ae+reconstruction"
    what it makes of the test pictures: below that no samples of it can be expected to fall."""
    kind, prior = source.split("+")
    classifier = library.classifier(domain)
    if prior == "reconstruction":
        model = library.model(ModelKey(domain, kind, d))
        made = [judge(classifier, model.decode(model.encode(x).mu)) for x in test.batches(CHUNK)]
        seen = Judgement(*(torch.cat(values) for values in zip(*made, strict=True)))
        return measure(real, lambda _: seen, domain, d, source, seeds, count)

    def fake_of(seed):
        made = generate(library, ModelKey(domain, kind, d), prior, count, seed)
        return judge(classifier, torch.from_numpy(made.x_hat))

    return measure(real, fake_of, domain, d, source, seeds, count)


def lead(a, b, seeds=5):
    """(difference, standard error): how much smaller row a's mean Frechet distance is than row b's, each over as many
    seeds."""
    return b.frechet[0] - a.frechet[0], math.hypot(a.frechet[1], b.frechet[1]) / math.sqrt(seeds)


def write(folder, rows):
    """Add Measured rows to folder/maps/samples.json, which the page draws: {"rows": [...]}, four significant digits;
    what is there of other models stays."""
    path = Path(folder) / "maps" / "samples.json"
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    listed = {(r["domain"], r["d"], r["source"]): r for r in known}
    for row in rows:
        figures = {name: [float(f"{v:.4g}") for v in getattr(row, name)] for name in MEASURES}
        head = {"domain": row.domain, "d": row.d, "source": row.source, "samples": row.samples}
        listed[row.domain, row.d, row.source] = head | figures
    order = sorted(listed, key=lambda k: (list(DOMAINS).index(k[0]), k[1], SOURCES.index(k[2])))
    body = ",\n".join(json.dumps(listed[k]) for k in order)
    write_atomic(path, f'{{"rows": [\n{body}\n]}}\n'.encode())
