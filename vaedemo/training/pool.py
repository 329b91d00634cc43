"""Runs for the page: worker processes, at most one for each core less one, and a queue of those that wait for one.

A run ends when its steps are done, when it is stopped, when its page has not asked for PATIENCE seconds, or when its
time is over. What it sent is kept for its page until that has fetched it; its last weights for KEPT seconds.
"""

import contextlib
import os
import secrets
import subprocess
import sys
import threading
import time
from collections import OrderedDict, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vaedemo.data.taught import Taught
from vaedemo.errors import Gone, TrainingError
from vaedemo.models.registry import build_model
from vaedemo.training import worker
from vaedemo.training.plain import PlainConfig
from vaedemo.training.worker import Message

__all__ = ["Pool", "Run"]

PATIENCE = 8.0  # seconds without a question, after which a page counts as closed
LONGEST = 300.0  # seconds that a run may train; its pauses do not count
HELD = 3600.0  # seconds that it may hold a worker, pauses included
SHARED, NOTICE = 90.0, 30.0  # the same where others wait, which it may for some seconds longer
MOST_WAITING = 16
KEPT, MOST_KEPT = 900.0, 32  # seconds since its page asked last, and how many runs that have ended
MOST_BYTES = 256_000_000  # of the pictures and weights of those that have ended
UNREAD = 64  # moments that wait for a page
IDLE = 600.0  # seconds that a spare worker waits
TICK = 0.5  # seconds between two looks of the keeper
OVER = "the training's time is over; the last moment is kept: fork there to go on"
DIED = "the training process ended unexpectedly; the last moment is kept: start the run again, or make it smaller"


@dataclass
class Run:
    """What a page asked for, and how far it is. state: waiting, running, paused, done, stopped or failed."""

    config: PlainConfig
    taught: Taught
    replay: int
    state: str = "waiting"
    said: tuple[str, str] | None = None  # why it failed: a sentence and the name of its error
    seen: float = field(default_factory=time.monotonic)  # when its page asked last
    started: float = 0.0
    trained: float = 0.0  # seconds, as the pool's keeper counts them
    queued: float = 0.0  # since when others wait for it, 0 where nobody does
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=UNREAD))
    weights: Message | None = None
    process: Any = None
    unsent: list[dict[str, Any]] | None = field(default_factory=list)  # commands that wait for the first message to go

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in ("done", "stopped", "failed")

    @property
    def bytes(self) -> int:
        """What is kept of it: its pictures, which a sheet's runs share, its weights and its messages."""
        kept = [*self.messages, *([self.weights] if self.weights else [])]
        return sum(len(part) for message in kept for part in message.data.values()) + self.taught.seen.x.nbytes


def _spawn() -> Any:
    """A worker that waits for its run. It finds the package where this process does, and has one thread."""
    places = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(places)}
    command = [sys.executable, "-m", "vaedemo.training.worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)


def _about(run: Run) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The first message to a run's worker."""
    seen, unseen = run.taught
    labels = None
    if seen.y is not None:
        labels = {"seen": seen.y.tolist(), "unseen": [] if unseen.y is None else unseen.y.tolist()}
    told = {"do": "start", "config": asdict(run.config), "shape": seen.shape, "labels": labels, "replay": run.replay}
    return told, {"seen": seen.x.numpy().tobytes(), "unseen": unseen.x.numpy().tobytes()}


class Pool:
    """Runs by their names, which nobody guesses. Thread-safe."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or max(1, (os.cpu_count() or 2) - 1)
        self.runs: OrderedDict[str, Run] = OrderedDict()
        self._spare: Any = None
        self._spared = 0.0
        self._lock = threading.RLock()
        self._keeper: threading.Thread | None = None

    def warm(self) -> None:
        """Have a worker ready: it takes a second or two to start."""
        with self._lock:
            self._spared = time.monotonic()
            if self._spare is None or self._spare.poll() is not None:
                self._spare = _spawn()
            self._keep()

    def submit(self, config: PlainConfig, taught: Taught, replay: int = 0) -> str:
        """The name of a new run, which waits for a worker; it is not looked at before step `replay`. TrainingError
        where too many wait."""
        with self._lock:
            if sum(run.state == "waiting" for run in self.runs.values()) >= MOST_WAITING:
                raise TrainingError("too many people are training at this moment; try again in a minute")
            name = secrets.token_hex(8)
            self.runs[name] = Run(config, taught, replay)
            self._forget(time.monotonic())
            self._start_waiting()
            self._keep()
            return name

    def look(self, name: str) -> Run:
        """The run of a name, whose page is there. Gone where it is not kept any more."""
        with self._lock:
            if name not in self.runs:
                raise Gone("this training run is no longer kept here; start it again")
            self.runs[name].seen = time.monotonic()
            return self.runs[name]

    def place(self, name: str) -> int:
        """How many runs stand before a waiting one, itself included; 0 where it does not wait."""
        with self._lock:
            waiting = [n for n, run in self.runs.items() if run.state == "waiting"]
            return waiting.index(name) + 1 if name in waiting else 0

    def take(self, name: str, most: int = 4) -> list[Message]:
        """The oldest messages that the page has not had, which are forgotten here."""
        run = self.look(name)
        with self._lock:
            return [run.messages.popleft() for _ in range(min(most, len(run.messages)))]

    def tell(self, name: str, do: str) -> None:
        """Have a run pause, go on, take one step, or stop."""
        run = self.look(name)
        with self._lock:
            if do == "stop":
                self._end(run, "stopped")
            elif run.state in ("running", "paused"):
                run.state = "running" if do == "go" else "paused"
                self._command(run, {"do": do})

    def model(self, name: str) -> tuple[Any, int]:
        """(the model of a run with its last weights, float32, in evaluation mode; their step). TrainingError before
        there are any."""
        run = self.look(name)
        if run.weights is None:
            raise TrainingError("the run has no weights yet; pause it, or wait until it has ended")
        told, data = run.weights
        values, state, at = np.frombuffer(data["weights"], np.float32), {}, 0
        for key, shape in told["shapes"].items():
            size = int(np.prod(shape))
            state[key] = torch.from_numpy(values[at : at + size].reshape(shape).copy())
            at += size
        model = build_model(run.config.model_config(run.taught.seen.shape))
        model.load_state_dict(state)
        return model.eval().requires_grad_(False), told["step"]

    def close(self) -> None:
        """End every worker, and wait until it has."""
        with self._lock:
            for run in reversed(self.runs.values()):  # those that wait first, so that none of them begins
                self._end(run, "stopped")
            self._drop_spare()
            left = [run.process for run in self.runs.values() if run.process]
        for process in left:
            process.wait()

    # ---- called with the lock held -----------------------------------------------------------------------------

    @staticmethod
    def _command(run: Run, told: dict[str, Any]) -> None:
        """Send a few bytes, which a pipe takes at once; they follow the first message."""
        if run.unsent is not None:
            run.unsent.append(told)
        elif run.process:
            with contextlib.suppress(OSError, ValueError):  # of a process that has ended its reader tells
                worker.write(run.process.stdin, told)

    def _start_waiting(self) -> None:
        """Give waiting runs the workers that are free, in the order in which they came."""
        busy = sum(run.state in ("running", "paused") for run in self.runs.values())
        for run in [run for run in self.runs.values() if run.state == "waiting"][: max(0, self.workers - busy)]:
            spare = self._spare if self._spare and self._spare.poll() is None else None
            self._spare = None if spare else self._spare
            run.process, run.state, run.started = spare or _spawn(), "running", time.monotonic()
            threading.Thread(target=self._read, args=(run, run.process), daemon=True).start()

    def _read(self, run: Run, process: Any) -> None:
        """Send a run to its process and keep what that sends, until it ends. Megabytes go into a pipe no faster than
        they are read, and the process may still be starting: so the lock is not held meanwhile."""
        with contextlib.suppress(Exception):  # it has ended, or sends nonsense, of whatever kind
            told, data = _about(run)
            worker.write(process.stdin, told, **data)
            with self._lock:
                waiting, run.unsent = run.unsent or [], None
                for command in waiting:
                    self._command(run, command)
            for message in worker.read(process.stdout):
                with self._lock:
                    self._keep_message(run, message)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError, ValueError):
                pipe.close()
        with self._lock:
            run.process = None
            if not run.over:
                run.state, run.said = "failed", (DIED, "TrainingError")
            self._start_waiting()

    @staticmethod
    def _keep_message(run: Run, message: Message) -> None:
        told = message.told
        if run.over:  # what was on its way when the run was stopped
            return
        if told["is"] == "weights":
            run.weights = message
        elif told["is"] == "failed":
            run.state, run.said = "failed", (told["error"], told["key"])
        elif told["is"] == "done":
            run.state = "done"
        else:
            run.messages.append(message)

    def _end(self, run: Run, state: str, said: tuple[str, str] | None = None) -> None:
        """End a run's process, at once."""
        if run.over:
            return
        run.state, run.said = state, said
        if run.process:
            run.process.kill()
        self._start_waiting()

    def _drop_spare(self) -> None:
        if self._spare:
            self._spare.kill()
            self._spare.wait()
        self._spare = None

    def _keep(self) -> None:
        if self._keeper is None or not self._keeper.is_alive():
            self._keeper = threading.Thread(target=self._tidy, daemon=True)
            self._keeper.start()

    def _tidy(self) -> None:
        """Every TICK: end what nobody waits for, and forget what is old; until there is nothing to do."""
        while True:
            time.sleep(TICK)
            with self._lock:
                now = time.monotonic()
                for run in list(self.runs.values()):
                    run.trained += TICK if run.state == "running" else 0
                    self._tidy_run(run, now)
                self._forget(now)
                if self._spare and now - self._spared > IDLE:
                    self._drop_spare()
                if not self.runs and not self._spare:
                    self._keeper = None
                    return

    def _forget(self, now: float) -> None:
        """Forget runs that ended long ago or are too many, and what pages that are gone have not fetched."""
        ended = [name for name, run in self.runs.items() if run.over]
        old = [name for name in ended if now - self.runs[name].seen > KEPT]
        for name in {*old, *ended[: max(0, len(ended) - MOST_KEPT)]}:
            del self.runs[name]
        sizes = {name: run.bytes for name, run in self.runs.items() if run.over}
        for name in list(sizes)[:-1]:  # the oldest first; the last one may be as large as it is
            if sum(sizes.values()) > MOST_BYTES:
                del self.runs[name], sizes[name]
        for run in self.runs.values():
            if run.over and now - run.seen > PATIENCE:
                last = [message for message in run.messages if message.told["is"] == "moment"][-1:]
                run.messages.clear()
                run.messages.extend(last)

    def _tidy_run(self, run: Run, now: float) -> None:
        if run.over:
            return
        if now - run.seen > PATIENCE:
            self._end(run, "stopped")
        if run.state not in ("running", "paused"):
            return
        others = any(other.state == "waiting" for other in self.runs.values())
        run.queued = (run.queued or now) if others else 0.0
        held = now - run.started
        shared = run.queued > 0 and held > SHARED and now - run.queued > NOTICE
        if shared or held > HELD or run.trained > LONGEST:
            self._end(run, "failed", (OVER, "TrainingError"))
