"""The lessons: one JSON file a lesson and language, <folder>/<language>/<order>-<name>.json, read once and checked.

A file that is wrong is left out, and one sentence says which it is and what to do. Besides these, those of the folder
that VAEDEMO_LESSONS names are read; a lesson in one language alone is shown in both.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from vaedemo.errors import ConfigError
from vaedemo.ui.text import LANGUAGES

__all__ = ["FOLDER", "Lesson", "Step", "folders", "read", "read_all"]

FOLDER = Path(__file__).resolve().parent
MOST_STEPS, MOST_ANSWERS, MOST_TEXT = 9, 5, 600
MOST_BYTES = 100_000  # of one file
NAME = re.compile(r"(?:\d+-)?([a-z][a-z0-9-]{0,30})")


class Step(NamedTuple):
    """One picture, one question. figure: {"kind", ...} as figures.py takes it; hide: ids of its parts that are shown
    with the answer; right: the place of the right answer; why: one sentence; formula: LaTeX or None; link: the words of
    an address, "tab=..."."""

    figure: dict[str, Any]
    hide: tuple[str, ...]
    question: str
    answers: tuple[str, ...]
    right: int
    why: str
    formula: str | None
    link: str


class Lesson(NamedTuple):
    """name: its word in the address; lead: one sentence about it."""

    name: str
    title: str
    lead: str
    steps: tuple[Step, ...]


def folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The folder of the shipped lessons, and that of VAEDEMO_LESSONS if it is set."""
    own = environ.get("VAEDEMO_LESSONS", "").strip()
    return [FOLDER, *([Path(own)] if own else [])]


def read_all(where: list[Path]) -> tuple[dict[str, dict[str, Lesson]], list[str]]:
    """({language: {name: Lesson}}, sentences about files that were left out) of folders, in the order of the files'
    names; every language has the same lessons in the same order."""
    found: dict[str, dict[str, Lesson]] = {language: {} for language in LANGUAGES}
    problems = []
    for folder in where:
        if not any((folder / language).is_dir() for language in LANGUAGES):
            problems.append(f"The folder {folder.name} holds no lessons; put them in its folders en and zh.")
        for language in LANGUAGES:
            for path in sorted((folder / language).glob("*.json")):
                try:
                    lesson = read(path)
                    found[language][lesson.name] = lesson
                except ConfigError as error:
                    problems.append(f"The lesson {language}/{path.name} is left out: {error}.")
    names = list(dict.fromkeys(name for lessons in found.values() for name in lessons))
    either = {name: next(lessons[name] for lessons in found.values() if name in lessons) for name in names}
    return {language: {n: lessons.get(n, either[n]) for n in names} for language, lessons in found.items()}, problems


def read(path: Path) -> Lesson:
    """The Lesson of a file; ConfigError says what is wrong with it, without its name."""
    named = NAME.fullmatch(path.stem)
    if not named:
        raise ConfigError("its name has to be small letters, digits and hyphens, such as 11-colours.json")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"it is larger than {MOST_BYTES // 1000} kB; make it shorter")
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError):
        raise ConfigError("it cannot be read; write it again") from None
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise ConfigError(f"it is no JSON{f' (line {line})' if line else ''}; compare it with a shipped one") from None
    if not isinstance(given, dict):
        raise ConfigError("it has to be one object with title, lead and steps")
    steps = given.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise ConfigError(f"steps has to be a list of 1 to {MOST_STEPS} steps")
    title, lead = _text(given, "title", "the lesson"), _text(given, "lead", "the lesson")
    return Lesson(named[1], title, lead, tuple(_step(step, f"step {i}") for i, step in enumerate(steps, 1)))


def _step(given: Any, name: str) -> Step:
    if not isinstance(given, dict):
        raise ConfigError(f"{name} has to be an object with figure, question, answers, right, why and link")
    if unknown := sorted(set(given) - set(Step._fields)):
        raise ConfigError(f"{name} has {unknown[0][:30]!r}, which no step has; take it out")
    figure, hide, answers, right = (given.get(field) for field in ("figure", "hide", "answers", "right"))
    if not isinstance(figure, dict) or not isinstance(figure.get("kind"), str):
        raise ConfigError(f"{name} has no figure; give it an object with a kind")
    hide = [] if hide is None else hide
    if not isinstance(hide, list) or not all(isinstance(part, str) for part in hide):
        raise ConfigError(f"hide of {name} has to be a list of texts")
    if not isinstance(answers, list) or not 2 <= len(answers) <= MOST_ANSWERS:
        raise ConfigError(f"answers of {name} has to be a list of 2 to {MOST_ANSWERS} texts")
    if isinstance(right, bool) or not isinstance(right, int) or not 0 <= right < len(answers):
        raise ConfigError(f"right of {name} has to be the place of the right answer, 0 to {len(answers) - 1}")
    texts = [_text({"answer": answer}, "answer", name) for answer in answers]
    formula = None if given.get("formula") is None else _text(given, "formula", name)
    if formula and ("$" in formula or "\n" in formula):
        raise ConfigError(f"formula of {name} has to be one line of LaTeX without $")
    link = _text(given, "link", name)
    if "tab" not in parse_qs(link):
        raise ConfigError(f"link of {name} has to be the words of an address, such as tab=latent&domain=digits")
    question, why = _text(given, "question", name), _text(given, "why", name)
    return Step(figure, tuple(hide), question, tuple(texts), right, why, formula, link)


def _text(given: Mapping[str, Any], field: str, where: str) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{where} has no {field}; write one")
    if len(value) > MOST_TEXT:
        raise ConfigError(f"{field} of {where} is longer than {MOST_TEXT} characters; make it shorter")
    return value.strip()
