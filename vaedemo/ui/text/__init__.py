"""All text of the page, one key a phrase, one file a language."""

import json
from pathlib import Path

__all__ = ["FOLDER", "LANGUAGES", "load"]

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).resolve().parent


def load(language: str = "en") -> dict[str, str]:
    """{key: phrase} of a language."""
    return json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
