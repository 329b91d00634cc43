"""What a command will write, planned in one place before the work: nothing it writes goes over its own results, over
what it reads, or over what it did not write itself.

The one file that --out names is replaced, as every tool does, but never an input. Files that are named after it, or
after the pictures of a folder, are replaced only where the very same command wrote them (a PNG says so: TAG), or with
--overwrite.
"""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from vaedemo.cli.common import shown
from vaedemo.errors import ConfigError

__all__ = ["TAG", "distinct", "planned", "require_ending", "tag"]

TAG = "vaedemo"  # of a PNG's text: a digest of all that its pixels come from


def require_ending(path: Path, ending: str | None = None) -> None:
    """ConfigError where a path does not end so, or without an ending that is asked for in no picture format's way."""
    if ending:
        if path.suffix.lower() != ending:
            raise ConfigError(f"{shown(path)} does not end in {ending}; name it {shown(path.stem)}{ending}")
        return
    if path.suffix.lower() not in Image.registered_extensions():
        raise ConfigError(
            f"{path.name} has no ending of a picture format; name it for example {path.stem or 'out'}.png"
        )
    if Image.registered_extensions()[path.suffix.lower()] not in Image.SAVE:
        raise ConfigError(f"a picture cannot be written as {path.suffix}; choose .png, .jpg or .webp")


def tag(*parts: Any) -> str:
    """A digest of what a result comes from: settings, and files, whose content counts."""
    digest = hashlib.sha256()
    for part in parts:
        data = repr(part).encode("utf-8", "surrogateescape")
        if isinstance(part, Path):
            try:
                data = part.read_bytes()
            except OSError:
                data = b"unreadable"
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()[:32]


def _key(path: Path) -> str:
    """What names have in common that some file systems take for one: case, and how accents are written."""
    return unicodedata.normalize("NFC", os.path.normpath(path)).casefold()


def distinct(sources: Sequence[Path], folder: Path, names: Callable[[Path], Iterable[Path]]) -> dict[Path, Path]:
    """{source: path} to write each result of a folder to, as PNG, names(path) being all the paths that go with one: the
    picture's stem, where that would meet another result its whole name, and then numbers."""
    level = dict.fromkeys(sources, 0)

    def path(source: Path) -> Path:
        n = level[source]
        stem = source.stem if n == 0 else source.name if n == 1 else f"{source.name} ({n})"
        return folder / f"{stem}.png"

    while True:
        taken: dict[str, list[Path]] = {}
        for source in sources:
            for name in names(path(source)):
                taken.setdefault(_key(name), []).append(source)
        meeting = [dict.fromkeys(group) for group in taken.values() if len(set(group)) > 1]
        if not meeting:
            return {source: path(source) for source in sources}
        for source in {s: None for group in meeting for s in group if level[s] == 0} or {
            s: None for group in meeting for s in list(group)[1:]
        }:
            level[source] += 1


def planned(
    explicit: Iterable[Path],
    named: Iterable[Path] = (),
    *,
    inputs: Iterable[Path] = (),
    overwrite: bool = False,
    tags: Mapping[Path, str] | None = None,
    ending: str | None = None,
) -> None:
    """Check all that a command will write before it begins; ConfigError says what is in the way.

    explicit: the paths that a person named; named: files named after them. inputs: files that are read. tags: {path:
    tag} of what the very same command would have written there. ending: of the explicit paths, where they are no
    pictures.
    """
    explicit = list(explicit)
    for path in explicit:
        require_ending(path, ending)
    wanted, seen = [*explicit, *named], dict[str, Path]()
    for path in wanted:
        if (other := seen.setdefault(_key(path), path)) is not path:
            raise ConfigError(f"{shown(path)} and {shown(other)} would be one file; choose another --out")
        _require_room(path)
    read = {identity for path in inputs if (identity := _identity(path)) is not None}
    for path in wanted:
        if _identity(path) in read:
            raise ConfigError(f"{shown(path)} is read by this command and would be written over; choose another --out")
    there = [] if overwrite else [p for p in named if os.path.lexists(p) and not _ours(p, (tags or {}).get(p))]
    if there:
        which = shown(there[0]) + (f" and {len(there) - 1} more" if len(there) > 1 else "")
        are = "are" if len(there) > 1 else "is"
        raise ConfigError(f"{which} {are} there already; choose another --out, or replace with --overwrite")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from every other, by whatever name; None of one that is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _ours(path: Path, wanted: str | None) -> bool:
    if wanted is None:
        return False
    try:
        with Image.open(path) as image:
            return image.info.get(TAG) == wanted
    except Exception:  # whatever is there, it is not ours
        return False


def _require_room(path: Path) -> None:
    """ConfigError where a file cannot come to lie at a path, for a folder is there or a file where a folder should."""
    if os.path.isdir(path):
        raise ConfigError(f"{shown(path)} is a folder; name a file in it")
    above = Path(path).parent
    while not os.path.lexists(above) and above != above.parent:
        above = above.parent
    if not os.path.isdir(above):
        raise ConfigError(f"{shown(above)} is a file; choose a folder to write to")
    if not os.access(above, os.W_OK):
        raise ConfigError(f"nothing can be written to {shown(above)}; check its permissions or choose another --out")
