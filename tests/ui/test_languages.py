"""Sentences of failures, which the server says in English: every one that a visitor's own file can bring about has its
Chinese; and no phrase of the Chinese table was left in English."""

import base64
import json
import re

import pytest

from tests.hostile import HOSTILE
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server.service import Service
from vaedemo.ui.text import load

# What may follow one another in Latin letters in a Chinese phrase: code, names of people and of files.
WRITTEN = re.compile(r"python -m .*|make train|derive --only \w+|--[\w-]+|<[^>]*>|\{\w+\}|et al\.")


@pytest.fixture(scope="module")
def patterns():
    return [re.compile(pattern) for pattern, _ in load("zh")["error.patterns"]]


def test_every_failure_of_a_file_is_said_in_chinese_too(patterns, tmp_path):
    service = Service(Library(checkpoints_folder()), tmp_path)
    prepare = next(f for f in service.functions if f.__name__ == "prepare")
    said = set()
    for number, case in enumerate(HOSTILE):
        made = case.make(tmp_path)
        if isinstance(made, bytes) and len(made) <= 25_000_000 and case.expect != "picture":
            (tmp_path / f"{number}").write_bytes(made)
            said.add(prepare({"source": {"upload": str(tmp_path / f"{number}")}, "domain": None}).get("error"))
    sources = [{"upload": str(tmp_path / "gone")}, {"upload": "/etc/passwd"}, {"data": "x"}]
    sources += [{"data": "data:image/png;base64," + base64.b64encode(b"x").decode()}]
    said |= {prepare({"source": source})["error"] for source in sources}
    assert [sentence for sentence in said - {None} if not any(p.search(sentence) for p in patterns)] == []


def test_every_pattern_matches_and_fills_its_gaps():
    for pattern, sentence in load("zh")["error.patterns"]:
        assert re.search("[\u4e00-\u9fff]", sentence), sentence
        gaps = {int(n) for n in re.findall(r"\$(\d)", sentence)}
        assert not gaps or max(gaps) <= re.compile(pattern).groups, pattern


def test_no_chinese_phrase_is_in_english():
    for key, phrase in load("zh").items():
        plain = phrase if isinstance(phrase, str) else json.dumps(phrase)
        if key != "error.patterns":
            left = re.findall(r"\b[a-z]{3,}(?: [a-z]{2,}){2,}", WRITTEN.sub("", plain))
            assert left == [], f"{key}: {left}"
