"""How good the samples of each model are, by the features of the domain's own classifier, with error bars.

Reference: 10,000 training pictures, chosen anew for each seed. Samples: 10,000 mean pictures of p(x|z), not binarised
even of digits. Figures of neighbours take the first 5,000 of each.
"""

import json
import math
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import DOMAINS
from vaedemo.errors import DataError
from vaedemo.maths import quality
from vaedemo.models.classifier import Judgement, judge
from vaedemo.services.generate import generate
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["MEASURES", "Measured", "SOURCES", "compare", "judge_pictures", "lead", "measure", "measure_source", "write"]

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
Samples = Callable[[int], Judgement]  # of a seed


class Measured(NamedTuple):
    """One row: figures are (mean, standard deviation) over seeds, samples are the number for each. frechet: squared
    distance, less is better; precision, recall, coverage and confident (most probable class above 0.9): shares;
    density: about 1 for real pictures; entropy of the most probable classes in nats."""

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


def judge_pictures(library: Library, domain: str, pictures: Pictures) -> Judgement:
    """Judgement of Pictures by the domain's classifier."""
    return _judged(library, domain, pictures.batches(CHUNK))


def _judged(library: Library, domain: str, batches: Iterable[Tensor]) -> Judgement:
    parts = [judge(library.classifier(domain), x) for x in batches]
    return Judgement(*map(torch.cat, zip(*parts, strict=True)))


def compare(real: Judgement, fake: Judgement) -> dict[str, float]:
    """One seed's figures of two Judgements, in the order of MEASURES."""
    near, samples = real.features[:NEIGHBOURS], fake.features[:NEIGHBOURS]
    values = (
        quality.frechet(real.features, fake.features),
        *quality.precision_recall(near, samples),
        *quality.density_coverage(near, samples),
        quality.confident_share(fake.probabilities),
        quality.class_entropy(fake.probabilities),
    )
    return dict(zip(MEASURES, values, strict=True))


def measure(
    real: Judgement, fake_of: Samples, domain: str, d: int, source: str, seeds: int = SEEDS, count: int = COUNT
) -> Measured:
    """The Measured row of samples, the Judgement fake_of(seed), against `count` pictures of real, the Judgement of a
    training set, chosen anew for each seed."""
    if len(real.features) < count:
        raise DataError(f"{len(real.features)} training pictures of {domain} are too few; {count} are compared with")
    each = []
    for seed in range(seeds):
        chosen = torch.randperm(len(real.features), generator=runtime.generator("reference", seed))[:count]
        fake = fake_of(seed)
        each.append(compare(Judgement(*(values[chosen] for values in real)), fake))
    columns = {name: [figures[name] for figures in each] for name in MEASURES}
    figures = {n: (statistics.mean(v), statistics.stdev(v) if seeds > 1 else 0.0) for n, v in columns.items()}
    return Measured(domain, d, source, len(fake.features), **figures)


@torch.no_grad()
def measure_source(
    library: Library,
    real: Judgement,
    domain: str,
    d: int,
    source: str,
    seeds: int = SEEDS,
    count: int = COUNT,
    test: Pictures | None = None,
) -> Measured:
    """The Measured row of one of SOURCES but the last: "ae+mixture" is the autoencoder's mixture, "ae+reconstruction"
    its reconstructions of the test pictures, the best that its samples can be expected to reach."""
    kind, prior = source.split("+")
    key = ModelKey(domain, kind, d)
    if prior == "reconstruction":
        assert test is not None
        model = library.model(key)
        judged = _judged(library, domain, (model.decode(model.encode(x).mu) for x in test.batches(CHUNK)))
        return measure(real, lambda _: judged, domain, d, source, seeds, count)

    def fake_of(seed: int) -> Judgement:
        x_hat = generate(library, key, prior, count, seed).x_hat
        return judge(library.classifier(domain), torch.from_numpy(x_hat))

    return measure(real, fake_of, domain, d, source, seeds, count)


def lead(a: Measured, b: Measured, seeds: int = 5) -> tuple[float, float]:
    """(difference, standard error) by which row a's mean Frechet distance is smaller than row b's, both of `seeds`."""
    return b.frechet[0] - a.frechet[0], math.hypot(a.frechet[1], b.frechet[1]) / math.sqrt(seeds)


def write(folder: str | Path, rows: Iterable[Measured]) -> None:
    """Add Measured rows to folder/maps/samples.json, which the page draws: {"rows": [...]}, four significant digits."""
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
