"""Files that visitors sent through Gradio's upload route: only those are opened, and none stays when it is of no use.

A page tells which uploads it holds (page/picture/visit.js), once a minute and when it is left; a file that no page
holds any more is removed at once. What no page speaks for, a caller's of the API or a page's whose end was not heard,
is removed when it was of no use for a while; and the oldest give way where all of them are too large.
"""

import asyncio
import contextlib
import json
import os
import re
import stat
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vaedemo.errors import Gone, PictureError
from vaedemo.ui.server.jobs import end

__all__ = ["Uploads", "route"]

IDLE = 600.0  # seconds after its last use for which a file stays that no page holds
SILENT = 300.0  # seconds after which a page that says nothing holds nothing
MOST_HELD = 500  # files of one page
MOST_VISITORS = 10_000
_VISITOR = re.compile("[0-9a-f]{32}")
_OWN = re.compile("[0-9a-f]{64}")  # Gradio lays an upload into a folder that has the name of its SHA-256


class _Held(NamedTuple):
    """What a page holds, and when it last said so (seconds since the epoch)."""

    files: frozenset[Path]
    at: float


class Uploads:
    """The uploads below a folder; at most `limit_bytes` and `limit_files` of them stay on the disk. What else lies in
    the folder is neither read nor removed."""

    def __init__(self, folder: str | Path, limit_bytes: int = 200_000_000, limit_files: int = 500) -> None:
        self.folder = Path(folder)
        self.limit_bytes, self.limit_files = limit_bytes, limit_files
        self._used: dict[Path, float] = {}
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def path(self, name: Any) -> Path:
        """The file of this name, links resolved; PictureError where it is not an upload or is gone."""
        path = self._found(name)
        with self._lock:
            self._used[path] = time.time()
        self.tidy()
        return path

    def _found(self, name: Any) -> Path:
        if not isinstance(name, str) or not name or len(name) > 1000 or "\0" in name:
            raise PictureError("This is not a file that was uploaded here; choose it again.")
        try:
            folder, path = self.folder.resolve(), Path(name).resolve(strict=True)
            inside = path.parent.parent == folder and _OWN.fullmatch(path.parent.name) and path.is_file()
        except (OSError, RuntimeError, ValueError):
            raise Gone("The uploaded file is no longer here; choose it again.") from None
        if not inside:
            raise PictureError("This is not a file that was uploaded here; choose it again.")
        return path

    def hold(self, visitor: str, names: Iterable[Any]) -> None:
        """A page holds these files and no others; those of its own that nobody holds any more are removed."""
        files = set()
        for name in names:
            with contextlib.suppress(PictureError):  # it is gone, or was never an upload
                files.add(self._found(name))
        with self._lock:
            before = self._held.pop(visitor, _Held(frozenset(), 0.0)).files
            if files:
                self._held[visitor] = _Held(frozenset(files), time.time())
                if len(self._held) > MOST_VISITORS:
                    self._held.pop(next(iter(self._held)))
            unheld = before - self._wanted()
        for path in unheld:
            self._remove(path)

    def _wanted(self) -> set[Path]:
        """The files that some page holds."""
        return {path for held in self._held.values() for path in held.files}

    def tidy(self) -> None:
        """Remove what was of no use for a while, and the oldest of what is too much, read or not."""
        now = time.time()
        with self._lock:
            self._held = {visitor: held for visitor, held in self._held.items() if now - held.at <= SILENT}
            wanted = self._wanted()
            there = sorted((max(at, self._used.get(path, 0.0)), size, path) for path, at, size in self._files())
            self._used = {path: at for at, _, path in there if path in self._used}
        total, count = sum(size for _, size, _ in there), len(there)
        for at, size, path in there:
            idle = now - at > IDLE and path not in wanted
            if idle or (count > 1 and (total > self.limit_bytes or count > self.limit_files)):
                self._remove(path)
                total, count = total - size, count - 1

    def _files(self) -> Iterable[tuple[Path, float, int]]:
        """(path, time it was written, size) of every upload, in no order."""
        folder = self.folder.resolve()
        for own in filter(_OWN.fullmatch, _names(folder)):
            for name in _names(folder / own):
                with contextlib.suppress(OSError):  # it is being moved, or was removed
                    found = os.lstat(path := folder / own / name)
                    if not stat.S_ISDIR(found.st_mode):
                        yield path, found.st_mtime, found.st_size

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        with self._lock:
            self._used.pop(path, None)
        with contextlib.suppress(OSError):  # another file lies there
            path.parent.rmdir()


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # there is none, or no folder
        return []


def route(uploads: Uploads) -> Route:
    """POST /visit {"visitor": 32 hexadecimal digits, "files": [...], "ended": [...]}: the uploads that a page holds, []
    when it is left, and the jobs that end with it."""

    async def visit(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            visitor, files, ended = body["visitor"], body["files"], body.get("ended", [])
            lists = all(isinstance(names, list) and len(names) <= MOST_HELD for names in (files, ended))
            known = _VISITOR.fullmatch(visitor) and lists
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            known = None
        if not known:
            return Response(status_code=422)
        await asyncio.to_thread(uploads.hold, visitor, files)
        end(ended)
        return Response(status_code=204)

    return Route("/visit", visit, methods=["POST"])
