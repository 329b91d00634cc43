"""How well a model of one class tells pictures of the other nine: each class in turn, after Ruff et al. 2018.

python benchmarks/oneclass.py --data-dir DIR

chooses: prints the AUROC of every setting tried, of each method, on training pictures held out, and writes it into
benchmarks/results/anomaly.json as oneclass_choices. CHOSEN and services.oneclass.SETTINGS are the best of these. The
figures of test pictures are benchmarks/anomaly.py's, `--only oneclass`.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from common import RESULTS, Row, arguments, parse, report
from torch import Tensor

from benchmarks.tables.anomaly import anomaly as tables
from vaedemo.data import datasets
from vaedemo.data.datasets import Pictures
from vaedemo.maths.detection import auroc
from vaedemo.maths.gradients import gradients
from vaedemo.services.oneclass import LEAST, SETTINGS, Distances, OneClassConfig, combined, distances, learn

CLASSES = 10
Scores = list[np.ndarray]  # (M,) of each setting


def _nearest(known: Tensor, x: Tensor, seed: int, settings: Sequence[int]) -> Scores:
    """Mean distance to the nearest known descriptions, so many as a setting says."""
    most = min(max(settings), len(known))
    each = torch.cat([torch.cdist(part, known).topk(most, largest=False).values for part in x.split(1000)])
    return [each[:, :count].mean(1).numpy() for count in settings]


def _components(known: Tensor) -> tuple[Tensor, Tensor]:
    """Variances (F,), ascending, and the directions (F, F) that they are of, in columns."""
    variances, directions = torch.linalg.eigh(torch.cov(known.double().T))  # pixels are ill-conditioned
    return variances.float(), directions.float()


def _pca(known: Tensor, x: Tensor, seed: int, settings: Sequence[int]) -> Scores:
    """Squared error of so many principal components."""
    _, directions = _components(known)
    squared = ((x - known.mean(0)) @ directions).square()
    return [squared[:, : max(1, squared.shape[1] - count)].sum(1).numpy() for count in settings]


def _gaussian(known: Tensor, x: Tensor, seed: int, settings: Sequence[float]) -> Scores:
    """Mahalanobis distance, so many times the mean variance added to each."""
    variances, directions = _components(known)
    squared = ((x - known.mean(0)) @ directions).square()
    return [(squared / (variances + share * variances.mean())).sum(1).sqrt().numpy() for share in settings]


def _support_vectors(known: Tensor, x: Tensor, seed: int, settings: Sequence[tuple[float, float]]) -> Scores:
    """One-class support vectors (Schoelkopf et al. 2001): (nu, gamma times the sum of the variances)."""
    from sklearn.svm import OneClassSVM

    width = known.var(0).sum()
    inside, across = torch.cdist(known, known).square() / width, torch.cdist(x, known).square() / width
    found = []
    for nu, gamma in settings:
        machine = OneClassSVM(kernel="precomputed", nu=nu).fit(torch.exp(-gamma * inside).double().numpy())
        weights = torch.from_numpy(machine.dual_coef_[0]).float()
        found.append(-(torch.exp(-gamma * across[:, machine.support_.astype(np.int64)]) @ weights).numpy())
    return found


def _forest(known: Tensor, x: Tensor, seed: int, settings: Sequence[tuple[int, int]]) -> Scores:
    """Isolation forest (Liu et al. 2008): (trees, pictures that each is grown from)."""
    from sklearn.ensemble import IsolationForest

    found = []
    for trees, most in settings:
        forest = IsolationForest(n_estimators=trees, max_samples=min(most, len(known)), random_state=seed)
        found.append(-forest.fit(known.numpy()).score_samples(x.numpy()))
    return found


class Method(NamedTuple):
    """A simple method. score: descriptions (N, F) of the class, others (M, F), a seed and settings -> Scores; settings:
    those to choose from; seeded: whether the seed matters."""

    name: str
    score: Callable[[Tensor, Tensor, int, Sequence[Any]], Scores]
    settings: tuple[Any, ...]
    seeded: bool = False


SUPPORT = tuple((nu, gamma) for nu in (0.01, 0.03, 0.1, 0.5) for gamma in (1.0, 3.0, 10.0, 30.0))
METHODS = {
    "nearest": Method("k nearest neighbours", _nearest, (1, 2, 3, 5, 10, 20, 40)),
    "pca": Method("PCA", _pca, (4, 8, 16, 32, 64, 128, 192)),
    "gaussian": Method("Gaussian", _gaussian, (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)),
    "svm": Method("OC-SVM", _support_vectors, SUPPORT),
    "forest": Method("isolation forest", _forest, ((300, 256), (300, 2048), (300, 8192)), seeded=True),
}
INPUTS: dict[str, Callable[[Tensor, OneClassConfig], Tensor]] = {
    "pixels": lambda x, _: x.flatten(1),
    "gradients": lambda x, config: gradients(x, config.contrast),
}
# Chosen on training pictures held out, by this script.
CHOSEN: dict[str, dict[str, dict[str, Any]]] = {
    "digits": {
        "pixels": {"nearest": 2, "pca": 32, "gaussian": 1.0, "svm": (0.03, 30.0), "forest": (300, 8192)},
        "gradients": {"nearest": 3, "pca": 128, "gaussian": 0.03, "svm": (0.03, 3.0), "forest": (300, 8192)},
    },
    "fashion": {
        "pixels": {"nearest": 3, "pca": 32, "gaussian": 10.0, "svm": (0.1, 10.0), "forest": (300, 8192)},
        "gradients": {"nearest": 20, "pca": 8, "gaussian": 3.0, "svm": (0.03, 10.0), "forest": (300, 8192)},
    },
}
CONTRASTS, ERROR_WEIGHTS = (0.0, 1.0), (0.0, 0.25, 0.5, 1.0, 2.0)  # of ours, to choose from


class Split(NamedTuple):
    """Pictures of the class, others to be scored, and which of these are of the class too."""

    known: Tensor
    x: Tensor
    same: np.ndarray

    def area(self, scores: np.ndarray) -> float:
        """AUROC in %."""
        return 100 * auroc(scores[self.same], scores[~self.same]).value


def _splits(train: Pictures, others: Pictures) -> Iterator[Split]:
    """A Split of every class that has pictures enough, as in a trial not all have."""
    assert train.y is not None and others.y is not None
    x = others[:]
    for number in range(CLASSES):
        known, same = train.rows(train.y == number), (others.y == number).numpy()
        if min(len(known), same.sum(), (~same).sum()) >= LEAST:
            yield Split(known[:], x, same)


def _described(split: Split, of: str, config: OneClassConfig) -> tuple[Tensor, Tensor]:
    return INPUTS[of](split.known, config), INPUTS[of](split.x, config)


def _ours(split: Split, config: OneClassConfig, seed: int) -> Distances:
    """Distances of the others to what is learnt of the class."""
    return distances(learn(split.known, config, seed), split.x)


def _config(domain: str, args: argparse.Namespace) -> OneClassConfig:
    return replace(SETTINGS[domain], steps=args.steps) if args.steps else SETTINGS[domain]


def _ours_of(split: Split, config: OneClassConfig, seeds: range) -> list[Row]:
    """A row of ours, and of each of its distances alone; auroc: of one class, for each seed."""
    found = [_ours(split, config, seed) for seed in seeds]
    scores = {"ours": [combined(each, config.error_weight) for each in found]}
    scores |= {f"ours, {name} alone": [getattr(each, name) for each in found] for name in Distances._fields}
    setting = [config.contrast, config.error_weight]
    return [
        {"method": name, "input": "gradients", "setting": setting, "auroc": [split.area(s) for s in by_seed]}
        for name, by_seed in scores.items()
    ]


def _simple_of(split: Split, domain: str, config: OneClassConfig, seeds: range) -> list[Row]:
    """The same of each simple method, one seed where it has none."""
    rows: list[Row] = []
    for of, by_method in CHOSEN[domain].items():
        described = _described(split, of, config)
        for name, setting in by_method.items():
            method = METHODS[name]
            runs = seeds if method.seeded else seeds[:1]
            areas = [split.area(method.score(*described, seed, [setting])[0]) for seed in runs]
            rows.append({"method": method.name, "input": of, "setting": setting, "auroc": areas})
    return rows


def oneclass(_: Any, args: argparse.Namespace) -> dict[str, Any]:
    """{domain: {pictures, rows}} of test pictures; of a row method, input, setting, and auroc: for each seed that of
    each class in %."""
    found = {}
    for domain in args.classes_of:
        config, seeds = _config(domain, args), range(args.seeds)
        train, test = (datasets.load(domain, split, args.data_dir) for split in ("train", "test"))
        each = []
        for split in _splits(train, test):
            each.append(_ours_of(split, config, seeds) + _simple_of(split, domain, config, seeds))
            print(f"{domain}, {len(each)} classes done", flush=True)
        rows = [
            {**same[0], "auroc": [list(a) for a in zip(*(row["auroc"] for row in same), strict=True)]}
            for same in zip(*each, strict=True)
        ]
        found[domain] = {"pictures": len(test), "rows": rows}
    return found


def _settings_of_ours(split: Split, config: OneClassConfig) -> list[Row]:
    """A row of each setting tried, auroc: of one class."""
    rows: list[Row] = []
    for contrast in CONTRASTS:
        found = _ours(split, replace(config, contrast=contrast), 0)
        scores = {str(weight): combined(found, weight) for weight in ERROR_WEIGHTS} | found._asdict()
        rows += [
            {"method": "ours", "input": "gradients", "setting": [contrast, name], "auroc": split.area(values)}
            for name, values in scores.items()
        ]
    return rows


def _settings_of_simple(split: Split, config: OneClassConfig) -> list[Row]:
    """The same of the simple methods."""
    rows: list[Row] = []
    for of in INPUTS:
        described = _described(split, of, config)
        for method in METHODS.values():
            scores = method.score(*described, 0, method.settings)
            rows += [
                {"method": method.name, "input": of, "setting": setting, "auroc": split.area(values)}
                for setting, values in zip(method.settings, scores, strict=True)
            ]
    return rows


def choices(args: argparse.Namespace) -> dict[str, Any]:
    """{domain: rows} of training pictures held out; of a row method, input, setting, and auroc: the mean of the classes
    in %."""
    found = {}
    for domain in args.classes_of:
        train = datasets.load(domain, "train", args.data_dir)
        each = []
        for split in _splits(*datasets.held_out(train, min(args.held_out, len(train) // 2))):
            config = _config(domain, args)
            each.append(_settings_of_ours(split, config) + _settings_of_simple(split, config))
            print(f"{domain}, {len(each)} classes done", flush=True)
        found[domain] = [
            {**same[0], "auroc": float(np.mean([row["auroc"] for row in same]))} for same in zip(*each, strict=True)
        ]
    return found


def options(parser: argparse.ArgumentParser) -> None:
    """The arguments that oneclass reads besides."""
    parser.add_argument(
        "--classes-of", nargs="+", choices=CHOSEN, default=list(CHOSEN), help="of oneclass: the domains"
    )
    parser.add_argument("--seeds", type=int, default=3, help="of oneclass: networks and forests, each of its own seed")
    parser.add_argument("--steps", type=int, help="of oneclass: updates of a network; left out, its settings'")


def main() -> None:
    parser = arguments(__doc__)
    options(parser)
    parser.add_argument("--held-out", type=int, default=5_000, help="training pictures that settings are chosen on")
    args = parse(parser, steps=2, held_out=30)
    found = choices(args)
    path = RESULTS / "anomaly.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    figures.pop("machine", None)
    figures["oneclass_choices"] = figures.get("oneclass_choices", {}) | found
    report("anomaly", figures, tables(figures))


if __name__ == "__main__":
    main()
