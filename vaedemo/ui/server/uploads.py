"""Files that visitors sent through Gradio's upload route: only those are opened, and the oldest are removed."""

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from vaedemo.errors import Gone, PictureError

__all__ = ["Uploads"]


class Uploads:
    """The uploads this server was asked to read, newest last; at most `limit_bytes` of them stay on the disk.

    A file stays a while because the same picture is prepared again for another domain or another fit.
    """

    def __init__(self, folder: str | Path, limit_bytes: int = 200_000_000, limit_files: int = 500) -> None:
        self.folder = Path(folder)
        self.limit_bytes, self.limit_files = limit_bytes, limit_files
        self._sizes: OrderedDict[Path, int] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, name: Any) -> Path:
        """The file of this name, links resolved; PictureError where it is not an upload or is gone."""
        if not isinstance(name, str) or not name or len(name) > 1000 or "\0" in name:
            raise PictureError("This is not a file that was uploaded here; choose it again.")
        try:
            folder, path = self.folder.resolve(), Path(name).resolve(strict=True)
            inside, size = path.is_relative_to(folder) and path.is_file(), path.stat().st_size
        except (OSError, RuntimeError, ValueError):
            raise Gone("The uploaded file is no longer here; choose it again.") from None
        if not inside:
            raise PictureError("This is not a file that was uploaded here; choose it again.")
        self._note(path, size)
        return path

    def _note(self, path: Path, size: int) -> None:
        with self._lock:
            self._sizes[path] = size
            self._sizes.move_to_end(path)
            while len(self._sizes) > 1 and (
                sum(self._sizes.values()) > self.limit_bytes or len(self._sizes) > self.limit_files
            ):
                oldest, _ = self._sizes.popitem(last=False)
                oldest.unlink(missing_ok=True)
