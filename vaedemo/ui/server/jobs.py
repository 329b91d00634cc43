"""Work that is done a step a request, so that the page can show how far it is and stop: anything that yields progress.

Progress has `done` and `total`; the first, before anything is done, says how much there is to do.
"""

import secrets
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from vaedemo.errors import Gone

__all__ = ["Job", "Jobs", "Step", "end"]

LASTS = 900.0  # seconds since it was last asked for
LEAST = 100_000  # that any job counts: however small its picture is, it has a network's state


class Step(NamedTuple):
    """What a step belonged to, and how far that is: with its last step its result too."""

    name: str
    progress: Any

    @property
    def last(self) -> bool:
        """Whether what the step belonged to is done."""
        return self.progress.done == self.progress.total


class Job:
    """Pieces of work {name: what yields its Progress}, worked off one after another by step(); of a size, by which the
    jobs that wait are bounded; `about` is whatever the results are shown with."""

    def __init__(self, works: Mapping[str, Iterator[Any]], size: int, about: Any = None) -> None:
        self.size, self.about, self._lock = max(size, LEAST), about, threading.Lock()
        self.last = {name: Step(name, next(work)) for name, work in works.items()}
        self.totals = {name: step.progress.total for name, step in self.last.items()}
        self.total = sum(self.totals.values())
        self._steps = (self._kept(Step(name, progress)) for name, work in works.items() for progress in work)

    def _kept(self, step: Step) -> Step:
        self.last[step.name] = step
        return step

    def step(self) -> Step:
        """The next step; when all is done, the last one of the first piece again. Two requests at once take turns."""
        with self._lock:
            found = next(self._steps, None) or next(iter(self.last.values()))
            return found

    @property
    def done(self) -> int:
        """How much of `total` is done."""
        return sum(step.progress.done for step in self.last.values())


_EVERY: "weakref.WeakSet[Jobs]" = weakref.WeakSet()


def end(names: Iterable[object]) -> None:
    """Forget jobs of these names, whoever has them: their page was left."""
    for name in names:
        for jobs in list(_EVERY):
            jobs.drop(name)


class Jobs:
    """Jobs by their names, newest last; the oldest give way where all that wait are larger than `most`, and those that
    were not asked for lately are dropped. gone: the sentence about one that is no longer here."""

    def __init__(self, most: int, gone: str) -> None:
        self.most, self.gone = most, gone
        self._jobs: OrderedDict[str, tuple[float, Job]] = OrderedDict()
        self._lock = threading.Lock()
        _EVERY.add(self)

    def add(self, job: Job) -> str:
        """The name of a new job, which nobody can guess."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._jobs[name] = (time.monotonic(), job)
            self._tidy()
        return name

    def get(self, name: object) -> Job:
        """The job of this name; Gone where it is not here."""
        with self._lock:
            self._tidy()
            if not isinstance(name, str) or name not in self._jobs:
                raise Gone(self.gone)
            _, job = self._jobs.pop(name)
            self._jobs[name] = (time.monotonic(), job)
            return job

    def drop(self, name: object) -> None:
        """Forget a job; one that is gone is no error."""
        with self._lock:
            self._jobs.pop(name if isinstance(name, str) else "", None)

    def _tidy(self) -> None:
        now = time.monotonic()
        waiting = sum(job.size for _, job in self._jobs.values())
        while self._jobs:
            name, (at, job) = next(iter(self._jobs.items()))
            if now - at <= LASTS and (waiting <= self.most or len(self._jobs) == 1):
                return
            waiting -= job.size
            del self._jobs[name]
