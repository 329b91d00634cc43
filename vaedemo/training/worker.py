"""A process that trains one run for the page: commands come in on its standard input, moments go out on its output.

    python -m vaedemo.training.worker

A message is a line of JSON and the bytes that it announces. In: {"do": "start", "config", "shape", "seen", "unseen",
"labels", "replay"}, then "pause", "go", "step". Out: {"is": "moment" | "paused" | "weights" | "done" | "failed"}.
The process ends when its input does, so that none outlives the page's own.
"""

import contextlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

__all__ = ["Message", "main", "read", "write"]

EVERY = 0.33  # seconds of training between two moments
LOOKING = 1.5  # times as long as it took to look at the one before, at least
MOST_BYTES = 2**26  # of a message


class Message(NamedTuple):
    """What one process tells the other: told, fit for JSON, and bytes by name."""

    told: dict[str, Any]
    data: dict[str, bytes]


def write(stream: BinaryIO, told: dict[str, Any], **data: bytes) -> None:
    """Send a Message."""
    sizes = {name: len(value) for name, value in data.items()}
    stream.write(json.dumps({**told, "sizes": sizes}, allow_nan=False).encode() + b"\n" + b"".join(data.values()))
    stream.flush()


def read(stream: BinaryIO) -> Iterator[Message]:
    """The Messages of a stream until it ends; one that was cut off is left out."""
    while line := stream.readline():
        told = json.loads(line)
        sizes = told.pop("sizes")
        assert sum(sizes.values()) <= MOST_BYTES
        body = stream.read(sum(sizes.values()))
        if len(body) < sum(sizes.values()):
            return
        data, at = {}, 0
        for name, size in sizes.items():
            data[name], at = body[at : at + size], at + size
        yield Message(told, data)


class _Worker:
    """One run: its commands in a queue, filled by a thread that ends the process with its input."""

    def __init__(self, commands: "queue.SimpleQueue[Message]", out: BinaryIO) -> None:
        from vaedemo.training.moments import Watch
        from vaedemo.training.plain import Plain

        self.commands, self.out = commands, out
        told, data = commands.get()
        config, taught = _config(told["config"]), _taught(told, data)
        self.replay = min(told["replay"], config.steps)
        self.run = Plain(config, taught.seen)
        self.watch, self.paused, self.one = Watch(self.run, taught), False, False
        self.last: Any = None  # the step that was taken last
        self.shown = -1  # the step that was shown last

    def look(self, step: Any) -> float:
        """Send a moment; gives the seconds until the next is due."""
        start = time.monotonic()
        moment = self.watch.moment(step)
        data = {name: getattr(moment, name) for name in ("codes", "map", "rows", "probe")}
        write(self.out, {"is": "moment", **moment.told}, **data)
        self.shown = self.run.number
        return max(EVERY, LOOKING * (time.monotonic() - start))

    def weights(self) -> None:
        """Send the weights as they are, float32 one after another in the order of their names."""
        state = self.run.model.state_dict()
        told = {"is": "weights", "step": self.run.number, "shapes": {k: list(v.shape) for k, v in state.items()}}
        write(self.out, told, weights=b"".join(v.float().numpy().tobytes() for v in state.values()))

    def rest(self) -> None:
        """Show the step that was taken last, if it was not shown, and send its weights."""
        if self.shown != self.run.number and self.run.number >= self.replay:
            self.look(self.last)
        self.weights()
        write(self.out, {"is": "paused", "step": self.run.number})

    def obey(self) -> None:
        """Take what was commanded; waits while the run is paused."""
        while not self.one and (self.paused or not self.commands.empty()):  # a step is taken before what follows it
            do = self.commands.get().told["do"]
            if do == "pause" and not self.paused:
                self.rest()
            self.paused, self.one = do in ("pause", "step"), do == "step"

    def work(self) -> None:
        """Train to the end. A run that is replayed is not looked at before it is where it was."""
        due = 0.0
        if not self.replay:
            due = time.monotonic() + self.look(None)
        while self.run.number < self.run.config.steps:
            self.obey()
            self.last = self.run.step()
            back = self.run.number < self.replay
            now = time.monotonic()
            end = self.run.number in (self.replay, self.run.config.steps)
            if back and now >= due:
                write(self.out, {"is": "replayed", "step": self.run.number, "of": self.replay})
                due = now + EVERY
            elif not back and (end or now >= due):
                due = now + self.look(self.last)
                due = max(due, time.monotonic() + EVERY)
            if self.one:
                self.one = False
                self.rest()
        self.weights()
        write(self.out, {"is": "done", "step": self.run.number})


def _config(told: dict[str, Any]) -> Any:
    from vaedemo.training.plain import Change, PlainConfig

    return PlainConfig(**{**told, "changes": tuple(Change(*c) for c in told["changes"])})


def _taught(told: dict[str, Any], data: dict[str, bytes]) -> Any:
    import torch

    from vaedemo.data.datasets import Pictures
    from vaedemo.data.taught import Taught

    def pictures(name: str) -> Pictures:
        x = torch.frombuffer(bytearray(data[name]), dtype=torch.uint8) if data[name] else torch.empty(0).byte()
        labels = told["labels"] and torch.tensor(told["labels"][name], dtype=torch.long)
        return Pictures(x.view(-1, *told["shape"]), None if labels is None else labels)

    return Taught(pictures("seen"), pictures("unseen"))


def _listen(stream: BinaryIO, commands: "queue.SimpleQueue[Message]") -> None:
    try:
        for message in read(stream):
            commands.put(message)
    finally:
        os._exit(0)  # nobody is left to train for


def _rehearse() -> None:
    """A step and a look at nothing: what Python and PyTorch load when it is first used takes a second, which nobody
    should wait for after a click."""
    import torch

    from vaedemo.data.datasets import Pictures
    from vaedemo.data.taught import Taught
    from vaedemo.training.moments import Watch
    from vaedemo.training.plain import Plain, PlainConfig

    blank = Pictures(torch.zeros(16, 1, 28, 28, dtype=torch.uint8), torch.arange(16) % 2)
    run = Plain(PlainConfig(width=32), blank)
    Watch(run, Taught(blank, blank)).moment(run.step())


def main() -> None:
    """Train the run that standard input describes."""
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)  # visitors of the other tabs first
    import torch

    from vaedemo.errors import VaedemoError

    torch.set_num_threads(1)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # so that nothing that prints comes between the messages
    commands: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, commands), daemon=True).start()
    _rehearse()
    worker = None
    try:
        worker = _Worker(commands, out)
        worker.work()
    except VaedemoError as error:
        if worker:
            worker.weights()
        write(out, {"is": "failed", "error": str(error), "key": type(error).__name__})
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # the thread that listens holds standard input, for which the interpreter's own end would wait


if __name__ == "__main__":
    main()
