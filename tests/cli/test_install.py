"""What an installation brings along: the command, and every file that the page serves."""

import fnmatch
import importlib
import tomllib
from pathlib import Path

import vaedemo

PACKAGE = Path(vaedemo.__file__).parent
PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_command_is_the_command_line():
    module, name = PROJECT["project"]["scripts"]["vaedemo"].split(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_every_file_beside_the_code_is_package_data():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    files = [p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")]
    assert files and not [p.name for p in files if not any(fnmatch.fnmatch(p.name, q) for q in patterns)]


def test_what_it_depends_on_is_read_from_requirements():
    assert PROJECT["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}
    assert PROJECT["project"]["dynamic"] == ["dependencies"]
