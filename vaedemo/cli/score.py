"""The command score: how strange pictures are to a model that knows what is usual."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tqdm
import tyro

from vaedemo.cli import terminal
from vaedemo.cli.common import OfModel, files_of, shown
from vaedemo.errors import ConfigError, PictureError
from vaedemo.maths import detection
from vaedemo.services import anomaly
from vaedemo.store.inputs import seen
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["Score"]

FALSE_ALARMS = 0.01  # of the known pictures, if neither that nor a threshold is given
ALL, OWN = "all", "distance from the normal ones"
Row = dict[str, Any]  # of a file: its name and either what was found or what is wrong with it


class _Found(NamedTuple):
    """values: {score: (N,)}; units: {score: its unit}; known: the scores of known pictures, None where there are none
    or the scores are several."""

    key: ModelKey
    values: dict[str, np.ndarray]
    units: dict[str, str]
    known: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class Score(OfModel):
    """How strange pictures are to a model, the strangest first. The exit code is 0 whatever it finds."""

    pictures: tyro.conf.Positional[tuple[Path, ...]]
    """pictures, or folders of them; one that cannot be read is named, and the others are scored"""
    score: str | None = None
    """error, elbo, bound, distance, density, typicality, joint, ratio or pca: higher is stranger for each; or all; if
    left out joint, of a model that is no vae error"""
    normal: Path | None = None
    """a folder of 20 to 500 pictures that are normal: the score is then how far others are from these"""
    threshold: float | None = None
    """scores above it are strange"""
    false_alarms: float | None = None
    """set the threshold so that at most this share of known pictures is above it; 0.01 if neither is given"""
    csv: bool = False
    """print comma-separated values"""

    def run(self) -> None:
        self._check()
        library = Library(self.checkpoints)
        files, domain = _files(self.pictures), self.domain
        if self.normal:
            known = _read(library, _files([self.normal]), domain)
            _say(known.broken)
            domain = known.domain
        given = _read(library, files, domain)
        if not given.paths and len(given.broken) == 1:
            raise PictureError(given.broken[0]["problem"])
        _say(given.broken)
        if not given.paths:
            raise PictureError("none of these files can be read as a picture; give one or more that can")
        found = self._own(library, known, given) if self.normal else self._scored(library, given)
        limit = self._limit(found)
        self._tell(found, limit, list(_rows(found, given.paths, limit)), given.broken)

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

    def _scored(self, library: Library, given: "_Given") -> _Found:
        key = library.key(given.domain, self.kind, self.latent_dim, self.beta)
        names = [self.score or anomaly.best_score(library, key)]
        names = anomaly.scores_of(library, key) if names == [ALL] else names
        values = anomaly.scores(library, given.x, key, names)
        known = anomaly.known_scores(library, key, names[0]) if len(names) == 1 else None
        return _Found(key, values, {name: anomaly.SCORES[name].unit for name in names}, known)

    def _own(self, library: Library, known: "_Given", given: "_Given") -> _Found:
        key = anomaly.normal_key(library, known.domain, self.kind, self.latent_dim, self.beta)
        normal = anomaly.learn_normal(library, known.x, key)
        values = {OWN: anomaly.distances(library, normal, given.x)}
        return _Found(key, values, {OWN: "standard deviations"}, normal.left_out)

    def _limit(self, found: _Found) -> float | None:
        """The threshold, or None where the scores are told without a verdict."""
        if self.threshold is not None or len(found.values) > 1:
            return self.threshold
        if found.known is not None:
            return detection.threshold(found.known, FALSE_ALARMS if self.false_alarms is None else self.false_alarms)
        if self.false_alarms is None:
            return None
        raise ConfigError(
            f"how strange known pictures are to {found.key} was not derived; give a --threshold, or make it with "
            "`python -m vaedemo derive --only strangeness`"
        )

    def _tell(self, found: _Found, limit: float | None, rows: list[Row], broken: list[Row]) -> None:
        if self.json:
            said = found.key._asdict() | {"scores": found.units, "threshold": limit}
            print(json.dumps(said | {"pictures": rows + broken}, indent=1))
        elif self.csv:
            columns = list(dict.fromkeys(["file", *(c for row in rows for c in row), "problem"]))
            writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows + broken)
        else:
            print("\n".join(_lines(found, limit, rows)))


class _Given(NamedTuple):
    """Files that are pictures, in the form of a domain: x float32 (N, C, H, W); and rows of those that are not."""

    domain: str
    paths: list[Path]
    x: np.ndarray
    broken: list[Row]


def _files(given: Iterable[Path]) -> list[Path]:
    """The files, and those in the folders, each once."""
    files = [file for path in given for file in (files_of(path) if path.is_dir() else [path])]
    if not files:
        raise ConfigError("there are no pictures to score; give files, or folders that hold some")
    return list(dict.fromkeys(files))


def _read(library: Library, files: list[Path], domain: str | None) -> _Given:
    """What can be read of the files, as pictures of the domain, or if it is None of the one that the first proposes."""
    paths, pictures, broken = [], [], []
    for path in tqdm.tqdm(files, disable=None, unit="picture", file=sys.stderr):
        try:
            found = seen(library, path, domain)
        except PictureError as error:
            broken.append({"file": str(path), "problem": str(error)})
            continue
        domain = found.row.name
        paths.append(path)
        pictures.append(found.x)
    return _Given(domain or "", paths, np.stack(pictures) if pictures else np.zeros(0), broken)


def _say(broken: list[Row]) -> None:
    for row in broken:
        terminal.say(f"{shown(row['file'])}: {row['problem']}")


def _rows(found: _Found, paths: list[Path], limit: float | None) -> Iterator[Row]:
    """The strangest first by the first score."""
    first = next(iter(found.values.values()))
    for i in np.argsort(-first, kind="stable"):
        row: Row = {"file": str(paths[i])} | {name: float(v[i]) for name, v in found.values.items()}
        if found.known is not None:
            row["share"] = detection.stranger_share(found.known, first[i])
        if limit is not None:
            row["strange"] = bool(first[i] > limit)
        yield row


def _lines(found: _Found, limit: float | None, rows: list[Row]) -> Iterator[str]:
    names, shared = list(found.values), found.known is not None
    unit = f" in {found.units[names[0]]}" if len(names) == 1 else ""
    yield f"{found.key}: {', '.join(names)}{unit}; higher is stranger"
    if limit is not None:
        yield f"{sum(row['strange'] for row in rows)} of {len(rows)} are above {limit:.4g}, and so strange"
    if shared:
        yield "share: of known pictures at least as strange"
    yield "  ".join([f"{name if len(names) > 1 else 'score':>10}" for name in names] + ["  share"] * shared)
    for row in rows:
        cells = [f"{row[name]:>10.4g}" for name in names] + ([f"{row['share']:>7.1%}"] if shared else [])
        yield "  ".join([*cells, "strange" if row.get("strange") else "       ", shown(row["file"])])
