"""The job of the tab "Reconstruct": the code of the picture at hand improved, a round a request."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from vaedemo.services.codec.small import encoded
from vaedemo.services.improve import Improved, Progress, improve
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.server import wire
from vaedemo.ui.server.jobs import Step
from vaedemo.ui.server.service import Service, size

__all__ = ["Improving"]

Request = dict[str, Any]


class Improving:
    """A server function over the page's Service, whose work its photographs' step() goes on with."""

    def __init__(self, service: Service) -> None:
        self.service, self.library = service, service.library

    def improve(self, request: Request) -> Request:
        """{"x", "domain", "kind", "d", "beta"} -> a job to be worked off by step(): {"job"} and what that answers,
        before the first round: {"done", "total", "step", "objective": in nats or null, "psnr"}; with the last round
        "result"."""
        key = self.service.key(request)
        x = wire.unpack(request.get("x"), self.library.domain(key.domain))
        search = _Search(self.library, x, key, improve(self.library, x, key))
        added = self.service.photographs.added({"improve": search.rounds()}, x.size, search)
        return added | search.first


class _Search:
    """The rounds of a picture's search, as the page is told of them."""

    def __init__(self, library: Library, x: np.ndarray, key: ModelKey, found: Iterator[Progress]) -> None:
        self.library, self.x, self.key, self.found = library, x, key, found
        self.first: Request = {}

    def rounds(self) -> Iterator[Progress]:
        """All of them; the first is told at once."""
        first = next(self.found)
        self.first = _told(first)
        yield first
        yield from self.found

    def answer(self, step: Step) -> Request:
        """What a step tells the page."""
        progress: Progress = step.progress
        told = _told(progress)
        if progress.result is not None:
            cost = size(encoded(self.library, self.x, self.key, progress.result.after.z))
            told["result"] = _result(progress.result) | {"size": cost}
        return told


def _told(progress: Progress) -> Request:
    return {
        "done": progress.done,
        "total": progress.total,
        "step": progress.step,
        "objective": wire.rounded(progress.objective_nats, 7),
        "psnr": wire.rounded(progress.psnr),
    }


def _result(found: Improved) -> Request:
    """The improved code with its picture and figures, as decode() gives them, and "improved": how it compares with the
    encoder's answer."""
    after, before = found.after, found.before
    return {
        "z": wire.rounded(after.z),
        "sigma": wire.rounded(after.sigma),
        "x_hat": wire.pack(after.x_hat),
        **{name: wire.rounded(getattr(after, name)) for name in ("mse", "psnr", "ssim")},
        "improved": {
            "gap": wire.rounded(found.gap_nats),
            "error": wire.rounded(found.gap_error, 3),
            "objective": [wire.rounded(a.objective_nats, 7) for a in (before, after)],
            "psnr": [wire.rounded(a.psnr) for a in (before, after)],
        },
    }
