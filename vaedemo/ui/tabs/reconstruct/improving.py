"""The job of the tab "Reconstruct": the code of the picture at hand improved, a round a request."""

from typing import Any

from vaedemo.services.codec.small import encoded
from vaedemo.services.improve import Improved, Progress, improve
from vaedemo.ui.server import wire
from vaedemo.ui.server.jobs import Job, Jobs
from vaedemo.ui.server.service import Service, size

__all__ = ["Improving"]

MOST = 100  # jobs that wait; the oldest give way
Request = dict[str, Any]


class Improving:
    """Server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service: Service) -> None:
        self.service, self.library = service, service.library
        self.jobs = Jobs(MOST, "This search is no longer here; begin it again.")
        self.functions = [wire.answered(f) for f in (self.begin, self.step, self.stop)]

    def begin(self, request: Request) -> Request:
        """{"x", "domain", "kind", "d", "beta"} -> a job to be worked off by step(): {"job"} and what that answers,
        before the first round."""
        key = self.service.key(request)
        x = wire.unpack(request.get("x"), self.library.domain(key.domain))
        with self.service.models_turn:
            job = Job({"improve": improve(self.library, x, key)}, 1, (x, key))
        return {"job": self.jobs.add(job), **_told(job.last["improve"].progress)}

    def step(self, request: Request) -> Request:
        """{"job"} -> {"done", "total", "step", "objective": in nats or null, "psnr"}; with the last round "result"."""
        job = self.jobs.get(request.get("job"))
        with self.service.models_turn:
            progress = job.step().progress
            found = progress.result
            if found is None:
                return _told(progress)
            x, key = job.about
            cost = size(encoded(self.library, x, key, found.after.z))
        return _told(progress) | {"result": _result(found) | {"size": cost}}

    def stop(self, request: Request) -> Request:
        """{"job"} -> {}: it is forgotten."""
        self.jobs.drop(request.get("job"))
        return {}


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
