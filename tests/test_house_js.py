"""The rules of the house for the page's scripts: imports go downward, files are short, lit-html is unchanged."""

import hashlib
import re

import pytest

from vaedemo.ui.server.component import UI

# Folders in floors, from the ground: a module imports from the floors below it, and from the folders of its own floor
# that stand before it. A tab's folder knows no other tab's.
FLOORS = (("page/vendor", "page/frame"), ("page/maths", "page/draw"), ("page/picture", "page/map"), ("tabs",))
ORDER = {folder: (floor, place) for floor, row in enumerate(FLOORS) for place, folder in enumerate(row)}
SCRIPTS = sorted([*(UI / "page").rglob("*.js"), *(UI / "tabs").rglob("*.js")])
IMPORT = re.compile(r'^(?:import|export)\b(?:[^"=;]*\bfrom)?\s*"([^"]+)";', re.MULTILINE)


def place(path):
    """(the folder of ORDER that a file lies in, its tab or None)."""
    parts = path.relative_to(UI).parts
    return ("tabs", parts[1] if len(parts) > 2 else None) if parts[0] == "tabs" else ("/".join(parts[:2]), None)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(UI)))
def test_imports_go_downward(path):
    folder, tab = place(path)
    for name in IMPORT.findall(path.read_text(encoding="utf-8")):
        if path.name.endswith(".test.js") and name.startswith("node:"):
            continue
        other = (path.parent / name).resolve()
        assert other in SCRIPTS, f"{name} is no file of the page"
        below, its = place(other)
        assert ORDER[below] <= ORDER[folder], f"{folder} imports {below}, which is not below it"
        assert tab is None or its in (None, tab), f"the tab {tab} imports the tab {its}"


def test_no_script_is_longer_than_two_rooms():
    long = {p.name: n for p in SCRIPTS if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


OPENS = re.compile(r"^( *)(?=\S)(?!(?:if|for|while|switch|else|class|\}) ?).*(?:=> |\) )\{$")


def functions(path):
    """(first line, lines) of every function of a formatted script: to the line that closes at the same indent."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        if opened := OPENS.match(line):
            close = opened[1] + "}"
            yield i + 1, next(j for j in range(i + 1, len(lines)) if lines[j].startswith(close)) - i + 1


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(UI)))
def test_no_function_is_longer_than_a_screen(path):
    if "vendor" not in path.parts:
        assert not [(line, n) for line, n in functions(path) if n > 60]


def test_lit_html_is_the_published_file():
    """3.3.3, BSD-3, without imports; another version is a deliberate change of these two values."""
    folder = UI / "page" / "vendor"
    data = (folder / "lit-html.js").read_bytes()
    assert hashlib.sha256(data).hexdigest() == "b878e7f95dec8a9b6e9b217faca6b6a11bad82ebc44c0caa77419ed83edd81f2"
    assert b'litHtmlVersions??=[]).push("3.3.3")' in data and not re.search(rb"\bimport\b(?!Node)", data)
    assert "BSD 3-Clause License" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_lean_qr_is_the_published_file():
    """2.7.4, MIT, without imports; another version is a deliberate change of this value."""
    folder = UI / "page" / "vendor"
    data = (folder / "lean-qr.js").read_bytes()
    assert hashlib.sha256(data).hexdigest() == "0ce41cd6f92cc23cf057a1df7e1b3876767d678665dd65af4e1d22b4fad967dc"
    assert not re.search(rb"\bimport\b", data)
    assert "MIT License" in (folder / "LICENSE-lean-qr").read_text(encoding="utf-8")
