"""README, CONTRIBUTING and what stands in docs/: links lead somewhere, and what is named is there."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAPERS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(path):
    """The names under which GitHub finds a paper's headings."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(paper):
    for link in LINK.findall(paper.read_text(encoding="utf-8")):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (paper.parent / name).resolve() if name else paper
        assert target.exists() and target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_readme_is_short_and_its_pictures_come_with_words():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 170
    assert all(len(words) > 20 for words in re.findall(r"!\[([^\]]*)\]", text))


def test_the_tree_names_every_room():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tree = text.split("```")[1]
    package = ROOT / "vaedemo"
    folders = [
        p for parent in (package, package / "ui", package / "ui" / "page") for p in parent.iterdir() if p.is_dir()
    ]
    rooms = {p.name for p in folders} - {"__pycache__"}
    named = set(re.findall(r"^ +(\w+)/(?: |$)", tree, re.MULTILINE))
    assert not rooms - named, "rooms that the tree does not name"
    assert not named - rooms - {"tables", "figures"}, "rooms that are no longer there"


def test_the_targets_that_are_named_are_there():
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {t for p in PAPERS for t in re.findall(r"`(?:\w+=\S+ )?make ([a-z]+)", p.read_text(encoding="utf-8"))}
    assert named and named <= targets


def test_the_changelog_begins_with_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+),", text, re.MULTILINE)[1] == version
