"""The command score: how strange pictures are to a model that knows what is usual."""

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tqdm
import tyro

from vaedemo.cli import terminal
from vaedemo.cli.common import OfModel, files_of, harmless
from vaedemo.errors import ConfigError, PictureError
from vaedemo.maths import detection
from vaedemo.services import anomaly
from vaedemo.store.inputs import seen
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["Score"]

FALSE_ALARMS, OF_OWN = 0.01, 0.05  # of the known pictures, and of one's own normal ones, if no share is given
ALL, OWN = "all", "distance from the normal ones"
CHUNK = 256  # pictures in memory at once
Row = dict[str, Any]  # of a file: its name and either what was found or what is wrong with it


@dataclass(frozen=True, kw_only=True)
class Score(OfModel):
    """How strange pictures are to a model, the strangest first. The exit code is 0 whatever it finds."""

    pictures: tyro.conf.Positional[tuple[Path, ...]]
    """pictures, or folders of them; one that cannot be read is named, and the others are scored"""
    score: str | None = None
    """error, elbo, bound, distance, density, typicality, joint, ratio or pca: higher is stranger for each; or all; if
    left out joint, or error where the model has not that"""
    normal: Path | None = None
    """a folder of 20 to 500 pictures that are normal: the score is then how far others are from these, by the model
    whose latent dimension is closest to 8 if none is named"""
    threshold: float | None = None
    """scores above it are strange"""
    false_alarms: float | None = None
    """set the threshold so that at most this share of known pictures is above it; if neither is given 0.01, or 0.05 of
    one's own normal ones"""
    csv: bool = False
    """print comma-separated values"""

    def run(self) -> None:
        self._check()
        library, domain, normal = Library(self.checkpoints), self.domain, None
        if self.normal:
            normal = _normal(library, self)
            domain = normal.scorer.key.domain
        files, broken = _files(self.pictures)
        scorer, values, read = normal and normal.scorer, list[dict[str, np.ndarray]](), list[Path]()
        for given in _read(library, files, domain):
            broken += given.broken
            if not given.paths:
                continue
            domain = given.domain
            scorer = scorer or _scorer(library, self, domain)
            if normal:
                values.append(normal.distances(given))
            else:
                values.append(anomaly.scores(library, given.x, scorer.key, scorer.units))
            read += given.paths
        _say(broken, alone=not read)
        assert scorer is not None  # some picture was read
        found = {name: np.concatenate([part[name] for part in values]) for name in scorer.units}
        limit = self._limit(library, scorer)
        self._tell(scorer, limit, list(_rows(scorer, read, found, limit)), broken)

    def _check(self) -> None:
        if self.json and self.csv:
            raise ConfigError("--json and --csv are both given; choose one")
        if self.threshold is not None and self.false_alarms is not None:
            raise ConfigError("--threshold and --false-alarms are both given; choose one")
        if self.score == ALL and (self.threshold, self.false_alarms) != (None, None):
            raise ConfigError("a threshold is one score's; choose one with --score")
        if self.normal and self.score:
            raise ConfigError("--normal has its own score; leave --score out")
        if self.score not in (None, ALL, *anomaly.SCORES):
            raise ConfigError(f"--score is {self.score!r}; choose from {', '.join(anomaly.SCORES)} and {ALL}")
        if self.threshold is not None and not np.isfinite(self.threshold):
            raise ConfigError(f"--threshold is {self.threshold}; give a number")
        if self.false_alarms is not None and not 0 < self.false_alarms < 1:
            raise ConfigError(f"--false-alarms is {self.false_alarms}; choose more than 0 and less than 1")

    def _limit(self, library: Library, scorer: "_Scorer") -> float | None:
        """The threshold, or None where the scores are told without a verdict."""
        if self.threshold is not None or len(scorer.units) > 1:
            return self.threshold
        usual = OF_OWN if self.normal else FALSE_ALARMS
        if scorer.known is not None and (self.false_alarms is not None or usual * (len(scorer.known) + 1) >= 1):
            return detection.threshold(scorer.known, self.false_alarms or usual)
        if self.false_alarms is None:
            return None
        *_, d, beta = scorer.key
        derived = scorer.key.kind == "vae" and beta == 1 and d in library.dims(scorer.key.domain, "pca")
        remedy = f", or run `python -m vaedemo derive --domain {scorer.key.domain}`" if derived else ""
        raise ConfigError(f"no scores of known pictures are kept for {scorer.key}; give a --threshold{remedy}")

    def _tell(self, scorer: "_Scorer", limit: float | None, rows: list[Row], broken: list[Row]) -> None:
        if self.json:
            said = scorer.key._asdict() | {"scores": scorer.units, "threshold": limit}
            print(json.dumps(said | {"pictures": rows + broken}, indent=1))
        elif self.csv:
            columns = list(dict.fromkeys(["file", *(c for row in rows for c in row), "problem"]))
            writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows + broken)
        else:
            print("\n".join(_lines(scorer, limit, rows)))


class _Scorer(NamedTuple):
    """What scores: units: {score: its unit}; known: the scores of known pictures, None where there are none or the
    scores are several."""

    key: ModelKey
    units: dict[str, str]
    known: np.ndarray | None


class _Given(NamedTuple):
    """Files that are pictures, in the form of a domain: x float32 (N, C, H, W); and rows of those that are not."""

    domain: str
    paths: list[Path]
    x: np.ndarray
    broken: list[Row]


class _Normal(NamedTuple):
    """What was learnt of pictures of one's own that are normal; left_out: {path: how far it is from the others}."""

    library: Library
    scorer: _Scorer
    learnt: anomaly.Normal
    left_out: dict[str, float]

    def distances(self, given: _Given) -> dict[str, np.ndarray]:
        """How far each picture is from the normal ones; of one of these itself, from the others."""
        found = anomaly.distances(self.library, self.learnt, given.x)
        own = [self.left_out.get(os.path.realpath(path)) for path in given.paths]
        return {OWN: np.array([d if left is None else left for d, left in zip(found, own, strict=True)])}


def _scorer(library: Library, asked: Score, domain: str) -> _Scorer:
    key = library.key(domain, asked.kind, asked.latent_dim, asked.beta)
    names = [asked.score or anomaly.best_score(library, key)]
    names = anomaly.scores_of(library, key) if names == [ALL] else names
    known = anomaly.known_scores(library, key, names[0]) if len(names) == 1 else None
    return _Scorer(key, {name: anomaly.SCORES[name].unit for name in names}, known)


def _normal(library: Library, asked: Score) -> _Normal:
    """What is normal, learnt from a folder."""
    assert asked.normal is not None
    files, broken = _files([asked.normal])
    if len(files) > anomaly.MOST_NORMAL:
        raise ConfigError(f"--normal has {len(files)} files; give a folder of at most {anomaly.MOST_NORMAL}")
    domain, parts = asked.domain, list[_Given]()
    for given in _read(library, files, domain):
        broken += given.broken
        if given.paths:
            domain, parts = given.domain, [*parts, given]
    _say(broken, alone=not parts)
    key = anomaly.normal_key(library, domain or "", asked.kind, asked.latent_dim, asked.beta)
    learnt = anomaly.learn_normal(library, np.concatenate([part.x for part in parts]), key)
    paths = [os.path.realpath(path) for part in parts for path in part.paths]
    left_out = dict(zip(paths, learnt.left_out.tolist(), strict=True))
    return _Normal(library, _Scorer(key, {OWN: "standard deviations"}, learnt.left_out), learnt, left_out)


def _files(given: Iterable[Path]) -> tuple[list[Path], list[Row]]:
    """(the files, and those in the folders, each once; rows of folders that cannot be opened)."""
    files, broken = dict[str, Path](), list[Row]()
    for path in given:
        try:
            inside = files_of(path) if os.path.isdir(path) else [path]
        except PictureError as error:
            broken.append({"file": str(path), "problem": str(error)})
            continue
        files |= {os.path.realpath(file): file for file in inside}
    if not files and not broken:
        raise ConfigError("there are no pictures to score; give files, or folders that hold some")
    return list(files.values()), broken


def _read(library: Library, files: list[Path], domain: str | None) -> Iterator[_Given]:
    """What can be read of the files, CHUNK at a time, as pictures of the domain, or if it is None of the one that the
    first proposes."""
    bar = tqdm.tqdm(total=len(files), disable=None, unit="picture", file=sys.stderr)
    for first in range(0, len(files), CHUNK):
        paths, pictures, broken = [], [], []
        for path in files[first : first + CHUNK]:
            bar.update()
            try:
                found = seen(library, path, domain)
            except PictureError as error:
                broken.append({"file": str(path), "problem": str(error)})
                continue
            domain = found.row.name
            paths.append(path)
            pictures.append(found.x)
        yield _Given(domain or "", paths, np.stack(pictures) if pictures else np.zeros(0), broken)
    bar.close()


def _say(broken: list[Row], alone: bool) -> None:
    """Name the files that cannot be read; alone: there are no others, which is a PictureError."""
    if alone and len(broken) == 1:
        raise PictureError(broken[0]["problem"])
    for row in broken:
        terminal.say(f"{harmless(row['file'])}: {row['problem']}")
    if alone:
        raise PictureError("none of these files can be read as a picture; give one or more that can")


def _rows(scorer: _Scorer, paths: list[Path], found: dict[str, np.ndarray], limit: float | None) -> Iterator[Row]:
    """The strangest first by the first score."""
    first = next(iter(found.values()))
    for i in np.argsort(-first, kind="stable"):
        row: Row = {"file": str(paths[i])} | {name: float(v[i]) for name, v in found.items()}
        if scorer.known is not None:
            row["share"] = detection.stranger_share(scorer.known, first[i])
        if limit is not None:
            row["strange"] = bool(first[i] > limit)
        yield row


def _lines(scorer: _Scorer, limit: float | None, rows: list[Row]) -> Iterator[str]:
    names, shared = list(scorer.units), scorer.known is not None
    unit = f" in {scorer.units[names[0]]}" if len(names) == 1 else ""
    yield f"{scorer.key}: {', '.join(names)}{unit}; higher is stranger"
    if limit is not None:
        yield f"{sum(row['strange'] for row in rows)} of {len(rows)} are above {limit:.4g}, and so strange"
    if shared:
        yield "share: of known pictures at least as strange"
    yield "  ".join([f"{name if len(names) > 1 else 'score':>10}" for name in names] + ["  share"] * shared)
    for row in rows:
        cells = [f"{row[name]:>10.4g}" for name in names] + ([f"{row['share']:>7.1%}"] if shared else [])
        yield "  ".join([*cells, "strange" if row.get("strange") else "       ", harmless(row["file"])])
