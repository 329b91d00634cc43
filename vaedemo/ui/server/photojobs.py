"""Photographs that are being restored, a tile a request, so that the page can show how far it is and stop."""

import secrets
import threading
import time
from collections import OrderedDict

from vaedemo.errors import Gone

__all__ = ["Job", "Jobs", "MAX_PIXELS"]

MAX_PIXELS = 12_500_000  # of one photograph on the page
TOTAL_PIXELS = 40_000_000  # of all that wait; the oldest give way
LASTS = 900.0  # seconds since it was last asked for


class Job:
    """One photograph: y damaged, clean or None, mask, and the Restoring that is worked off by step(); then methods
    beside it, {name: a strips.Strips}."""

    def __init__(self, restoring, y, clean, mask, methods=None):
        self.restoring, self.y, self.clean, self.mask, self.methods = restoring, y, clean, mask, methods or {}
        self.own = restoring.total
        self.total = self.own + sum(one.total for one in self.methods.values())
        self.done, self._steps, self._lock = 0, self._all(), threading.Lock()

    @property
    def pixels(self):
        return self.y.shape[1] * self.y.shape[2]

    def _all(self):
        """One after another: the name of what a step belonged to, None for the restoring, and whether it is done."""
        for name, work in {None: self.restoring, **self.methods}.items():
            steps = iter(work)
            for done, total in steps:
                if done == total:
                    next(steps, None)  # what follows the last tile
                yield name, done == total

    def step(self):
        """Work off one tile: (what it belonged to, whether that is done now). Two requests at once take turns."""
        with self._lock:
            found = next(self._steps, (None, self.done >= self.own))
            self.done = min(self.done + 1, self.total)
            return found


class Jobs:
    """The jobs by their names, newest last; those that were not asked for lately are dropped."""

    def __init__(self):
        self._jobs, self._lock = OrderedDict(), threading.Lock()

    def add(self, job):
        """The name of a new job, which nobody can guess."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._jobs[name] = (time.monotonic(), job)
            self._tidy()
        return name

    def get(self, name):
        """The job of this name; PictureError where it is gone."""
        with self._lock:
            self._tidy()
            if not isinstance(name, str) or name not in self._jobs:
                raise Gone("This photograph is no longer here; restore it again.")
            _, job = self._jobs.pop(name)
            self._jobs[name] = (time.monotonic(), job)
            return job

    def drop(self, name):
        """Forget a job; one that is gone is no error."""
        with self._lock:
            self._jobs.pop(name if isinstance(name, str) else "", None)

    def _tidy(self):
        now = time.monotonic()
        for name, (at, _) in list(self._jobs.items()):
            waiting = sum(job.pixels for _, job in self._jobs.values())
            if now - at > LASTS or (waiting > TOTAL_PIXELS and len(self._jobs) > 1):
                del self._jobs[name]
