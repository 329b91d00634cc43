"""Runs in worker processes: how many, in which order, and how they end. States are waited for, never times."""

import io
import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from vaedemo.data.datasets import Pictures
from vaedemo.data.taught import Taught
from vaedemo.errors import Gone, TrainingError
from vaedemo.training import pool as pools
from vaedemo.training import worker
from vaedemo.training.plain import Change, Plain, PlainConfig
from vaedemo.training.pool import Pool

SHORT = PlainConfig(kind="dense-vae", width=32, steps=4)
LONG = PlainConfig(kind="dense-vae", width=32, steps=5000)


def taught(n=30):
    x = torch.randint(256, (n, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return Taught(Pictures(x, torch.arange(n) % 3), Pictures(x[:10], torch.arange(10) % 3))


def until(holds):
    """Wait until something holds; gives it."""
    for _ in range(6000):
        if found := holds():
            return found
        time.sleep(0.01)
    raise AssertionError("it never came to hold")


class Fake:
    """A worker's process without a process: what it is sent can be read, and a test says what it answers."""

    def __init__(self):
        inside, self.stdin = os.pipe(), None
        outside = os.pipe()
        self.stdin, self.told = os.fdopen(inside[1], "wb"), os.fdopen(inside[0], "rb")
        self.stdout, self.says = os.fdopen(outside[0], "rb"), os.fdopen(outside[1], "wb")
        self.killed = threading.Event()

    def say(self, **told):
        worker.write(self.says, told)

    def poll(self):
        return -9 if self.killed.is_set() else None

    def kill(self):
        if not self.killed.is_set():
            self.killed.set()
            self.says.close(), self.told.close()

    def wait(self):
        assert self.killed.wait(60)


@pytest.fixture
def fakes(monkeypatch):
    made = []
    monkeypatch.setattr(pools, "_spawn", lambda: made.append(Fake()) or made[-1])
    return made


@pytest.fixture
def pool():
    made = Pool(workers=2)
    yield made
    made.close()


def test_a_message_comes_as_it_went_and_one_cut_off_is_left_out():
    stream = io.BytesIO()
    worker.write(stream, {"is": "x", "n": 1}, a=b"\n{", b=b"")
    worker.write(stream, {"is": "y"}, c=b"123")
    whole = stream.getvalue()
    assert list(worker.read(io.BytesIO(whole))) == [
        ({"is": "x", "n": 1}, {"a": b"\n{", "b": b""}),
        ({"is": "y"}, {"c": b"123"}),
    ]
    assert len(list(worker.read(io.BytesIO(whole[:-1])))) == 1


def test_at_most_so_many_run_and_the_rest_wait_in_order(pool, fakes):
    names = [pool.submit(LONG, taught()) for _ in range(5)]
    assert [pool.look(n).state for n in names] == ["running"] * 2 + ["waiting"] * 3 and len(fakes) == 2
    assert [pool.place(n) for n in names] == [0, 0, 1, 2, 3]
    pool.tell(names[3], "stop")
    assert [pool.place(n) for n in names] == [0, 0, 1, 0, 2]
    pool.tell(names[0], "stop")  # its place is taken at once
    assert pool.look(names[2]).state == "running" and fakes[0].killed.is_set() and len(fakes) == 3
    fakes[1].say(**{"is": "done", "step": 1})
    fakes[1].says.close()
    until(lambda: pool.look(names[4]).state == "running")
    assert pool.look(names[1]).state == "done"


def test_too_many_that_wait_are_refused(pool, fakes, monkeypatch):
    monkeypatch.setattr(pools, "MOST_WAITING", 2)
    for _ in range(4):
        pool.submit(LONG, taught())
    with pytest.raises(TrainingError, match="too many people"):
        pool.submit(LONG, taught())


def test_a_worker_that_does_not_read_holds_up_nobody(pool, fakes):
    big = Taught(Pictures(torch.zeros(2000, 1, 28, 28).byte()), Pictures(torch.zeros(0, 1, 28, 28).byte()))
    name = pool.submit(LONG, big)  # megabytes, of which a pipe holds 64 kB
    assert pool.look(name).state == "running" and pool.take(name) == []
    pool.tell(name, "pause")
    messages = worker.read(fakes[0].told)
    start = next(messages)
    assert start.told["do"] == "start" and len(start.data["seen"]) == 2000 * 784
    assert next(messages).told == {"do": "pause"}  # it has waited for the pictures
    pool.tell(name, "go")
    assert next(messages).told == {"do": "go"} and pool.look(name).state == "running"


def test_messages_are_taken_once_and_the_oldest_are_dropped(pool, fakes, monkeypatch):
    name = pool.submit(LONG, taught())
    threading.Thread(target=lambda: list(worker.read(fakes[0].told)), daemon=True).start()
    for step in range(pools.UNREAD + 3):
        fakes[0].say(**{"is": "moment", "step": step})
    until(lambda: pool.look(name).messages and pool.look(name).messages[-1].told["step"] == pools.UNREAD + 2)
    assert [m.told["step"] for m in pool.take(name, 2)] == [3, 4] and pool.take(name, 1)[0].told["step"] == 5
    with pytest.raises(TrainingError, match="no weights yet"):
        pool.model(name)


def test_a_page_that_is_gone_frees_its_worker_and_what_it_has_not_fetched(pool, fakes, monkeypatch):
    name = pool.submit(LONG, taught())
    threading.Thread(target=lambda: list(worker.read(fakes[0].told)), daemon=True).start()
    for step in range(5):
        fakes[0].say(**{"is": "moment", "step": step})
    run = pool.look(name)
    until(lambda: len(run.messages) == 5)
    monkeypatch.setattr(pools, "PATIENCE", 0.01)
    until(lambda: run.state == "stopped" and fakes[0].killed.is_set() and len(run.messages) == 1)
    assert run.messages[0].told["step"] == 4
    monkeypatch.setattr(pools, "KEPT", 0.01)
    until(lambda: not pool.runs)
    with pytest.raises(Gone, match="no longer kept"):
        pool.look(name)


def test_time_limits_and_that_it_is_shorter_while_others_wait(pool, fakes, monkeypatch):
    monkeypatch.setattr(pools, "TICK", 3600.0)  # the keeper looks when it is told to
    pool._keeper = threading.current_thread()
    names = [pool.submit(LONG, taught()) for _ in range(2)]
    first, second = (pool.runs[name] for name in names)
    start = first.started

    def look(after):
        for run in (first, second):
            run.seen = start + after
            pool._tidy_run(run, start + after)

    pool.tell(names[1], "pause")
    look(pools.SHARED + 500)
    assert (first.state, second.state) == ("running", "paused")  # a pause is no training
    first.trained = pools.LONGEST + 1
    look(pools.SHARED + 501)
    assert first.state == "failed" and first.said == (pools.OVER, "TrainingError")
    pool.submit(LONG, taught())
    waits = pool.submit(LONG, taught())
    look(pools.SHARED + 502)
    assert second.state == "paused"  # others wait, and it has some seconds yet
    look(pools.SHARED + 502 + pools.NOTICE + 1)
    assert second.state == "failed" and pool.look(waits).state == "running"


def test_runs_that_have_ended_take_no_more_bytes_than_there_is_room_for(pool, fakes, monkeypatch):
    names = []
    for _ in range(4):
        names.append(pool.submit(LONG, taught()))
        pool.tell(names[-1], "stop")
    monkeypatch.setattr(pools, "MOST_BYTES", 2 * 30 * 784 + 100)
    pool._forget(time.monotonic())
    assert list(pool.runs) == names[-2:]
    monkeypatch.setattr(pools, "MOST_BYTES", 10)
    pool._forget(time.monotonic())
    assert list(pool.runs) == names[-1:]


def test_no_more_runs_are_kept_than_there_is_room_for(pool, fakes, monkeypatch):
    monkeypatch.setattr(pools, "MOST_KEPT", 2)
    names = []
    for _ in range(5):
        names.append(pool.submit(LONG, taught()))
        pool.tell(names[-1], "stop")
    pool._forget(time.monotonic())
    assert list(pool.runs) == names[-2:]


def test_nonsense_from_a_worker_ends_its_run(pool, fakes):
    for nonsense in (b"no json\n", b"{}\n", b'{"sizes": {"a": 1e12}}\n', b"[1]\n"):
        name = pool.submit(LONG, taught())
        next(worker.read(fakes[-1].told))
        fakes[-1].says.write(nonsense)
        fakes[-1].says.flush()
        until(lambda: pool.look(name).over)  # noqa: B023
        assert pool.look(name).said == (pools.DIED, "TrainingError") and fakes[-1].killed.is_set()


def test_a_spare_worker_is_used_and_dropped_when_nobody_comes(pool, fakes, monkeypatch):
    pool.warm()
    pool.warm()
    assert len(fakes) == 1
    pool.submit(LONG, taught())
    assert len(fakes) == 1 and pool._spare is None
    pool.warm()
    fakes[1].kill()  # a spare that died is made anew
    pool.submit(LONG, taught())
    assert len(fakes) == 3
    pool.warm()
    monkeypatch.setattr(pools, "IDLE", 0.01)
    until(lambda: fakes[3].killed.is_set())


@pytest.mark.slow
def test_a_run_in_a_process_gives_the_weights_of_one_here(pool):
    config = PlainConfig(**vars(SHORT) | {"changes": (Change(2, "beta", 4.0),)})
    pool.warm()
    name = pool.submit(config, taught(), replay=3)
    run = pool.look(name)
    process = run.process
    until(lambda: pool.look(name).over)
    assert run.state == "done", run.said
    steps = [m.told["step"] for m in pool.take(name, 99) if m.told["is"] == "moment"]
    assert steps[0] == 3 and steps[-1] == 4
    model, step = pool.model(name)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ours = Plain(config, taught().seen)
    for _ in range(4):
        ours.step()
    torch.set_num_threads(threads)
    assert step == 4 and not model.training
    for key, value in ours.model.state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key
    until(lambda: run.process is None)
    assert process.returncode == 0 and process.stdin.closed and process.stdout.closed


@pytest.mark.slow
def test_pause_step_and_a_killed_worker(pool):
    name = pool.submit(LONG, taught())
    run = pool.look(name)
    pool.tell(name, "pause")
    first = until(lambda: pool.look(name).weights)
    pool.tell(name, "step")
    second = until(lambda: run.weights is not first and pool.look(name).weights)
    assert second.told["step"] == first.told["step"] + 1 and run.state == "paused"
    assert pool.model(name)[1] == second.told["step"]
    process = run.process
    process.kill()
    until(lambda: pool.look(name).over)
    assert (run.state, run.said) == ("failed", (pools.DIED, "TrainingError"))
    assert [m for m in run.messages if m.told["is"] == "moment"] and pool.model(name)[1] == second.told["step"]
    assert process.returncode == -9  # it was waited for: no zombie


@pytest.mark.slow
def test_a_run_whose_numbers_run_away_is_a_sentence_and_keeps_its_weights(pool):
    config = PlainConfig(kind="dense", width=32, lr=1.0, depth=3, beta=0, steps=400, changes=(Change(1, "lr", 1.0),))
    x = taught().seen
    name = pool.submit(config, Taught(x, x))
    run = pool.look(name)
    until(lambda: pool.look(name).over)
    if run.state == "failed":
        assert run.said[1] == "NotFinite" and "lower learning rate" in run.said[0]
    assert run.weights is not None


@pytest.mark.slow
def test_a_worker_ends_with_its_input():
    process = pools._spawn()
    told, data = pools._about(pools.Run(LONG, taught(), 0))
    worker.write(process.stdin, told, **data)
    assert next(worker.read(process.stdout)).told["is"] == "moment"
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()


@pytest.mark.slow
def test_an_unforeseen_error_ends_the_process():
    done = subprocess.run(
        [sys.executable, "-m", "vaedemo.training.worker"], input=b'{"do": "start", "sizes": {}}\n', capture_output=True
    )
    assert done.returncode in (0, 1) and not done.stdout  # 0 where its input's end was seen first
