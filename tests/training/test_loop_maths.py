"""The arithmetic of a training run: against a plain loop over a model of two weights, and against closed forms."""

import math
import os
import types
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.conftest import learn, small
from vaedemo import runtime
from vaedemo.configs import TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.errors import CheckpointError, NotFinite, TrainingError
from vaedemo.models import build_model, objectives
from vaedemo.training import loop as training
from vaedemo.training.flat import Flat
from vaedemo.training.loop import learning_rate
from vaedemo.training.tasks.epochs import Epochs

CONFIG = TrainConfig(
    epochs=5, batch_size=4, lr=0.02, warmup=5, weight_decay=0.3, clip=20.0, average=0.8, bfloat16="off"
)


class Line(torch.nn.Module):
    """An autoencoder that gives w x + b for a picture x."""

    def __init__(self, config=None):
        super().__init__()
        self.config = config or small("ae", latent_dim=784)
        self.w, self.b = (torch.nn.Parameter(torch.tensor([v])) for v in (0.5, 0.3))
        self.seen = []

    def encode(self, x):
        return x.flatten(1), None

    def decoder(self, z):
        self.seen.append((self.training, torch.is_autocast_enabled("cpu")))
        return (self.w * z + self.b).unflatten(1, (1, 28, 28))


def pictures():
    """Eleven, of which two batches of four are made, and three are left over."""
    x = torch.randint(0, 256, (11, 1, 28, 28), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
    return Pictures(x // torch.arange(1, 12)[:, None, None, None].byte())


@pytest.fixture(scope="module")
def eleven():
    return pictures()


def by_hand(pictures, config, steps):
    """(weights, averaged weights, loss and rate of each step) of Line: AdamW (Loshchilov & Hutter 2019) by hand."""
    p, average = torch.tensor([0.5, 0.3], dtype=torch.float64), torch.tensor([0.5, 0.3], dtype=torch.float64)
    m, v, losses, rates = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64), [], []
    size = min(config.batch_size, len(pictures))
    per_epoch = len(pictures) // size
    warmup = min(config.warmup, steps // 5)
    for step in range(steps):
        epoch, at = step // per_epoch, step % per_epoch * size
        order = torch.randperm(len(pictures), generator=runtime.generator("order", config.seed, epoch))
        x = pictures[order[at : at + size]].flatten(1).double()
        error = p[0] * x + p[1] - x
        losses.append((error**2).sum(1).mean().item())
        g = torch.stack([(2 * error * x).sum(1).mean(), (2 * error).sum(1).mean()])
        g = g * min(1.0, config.clip / (g.norm().item() + 1e-6))
        done = (step - warmup) / max(1, steps - warmup)
        rate = config.lr * ((step + 1) / warmup if step < warmup else (1 + math.cos(math.pi * done)) / 2)
        rates.append(rate)
        p = p * (1 - rate * config.weight_decay)
        m, v = 0.9 * m + 0.1 * g, 0.95 * v + 0.05 * g**2
        p = p - rate * m / (1 - 0.9 ** (step + 1)) / ((v / (1 - 0.95 ** (step + 1))).sqrt() + 1e-8)
        decay = min(config.average, (step + 2) / (step + 11))
        average = decay * average + (1 - decay) * p
    return p, average, losses, rates


def weights(model):
    return torch.cat([p.detach() for p in model.parameters()]).double()


def weights_of(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def numbers(vector):
    """The two of Line in a flat vector, each at a cache line of its own."""
    return vector[[0, 16]].double()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"average": 0.15},
        {"clip": math.inf},
        {"epochs": 12.4, "warmup": 200, "seed": 3},
        {"batch_size": 64, "epochs": 25},
    ],
)
def test_a_run_is_that_of_a_plain_loop(changes, eleven):
    config = replace(CONFIG, **changes)
    model = Line()
    records = list(learn(model, eleven, config))
    size = min(config.batch_size, 11)
    steps = round(config.epochs * (11 // size))
    _, average, losses, rates = by_hand(eleven, config, steps)
    assert torch.allclose(weights(model), average, rtol=1e-4)
    ends = [*range(10, steps + 1, 10)] + [steps] * (steps % 10 > 0)
    assert [r.step for r in records] == ends and {r.steps for r in records} == {steps}
    for start, r in zip([0, *ends], records, strict=False):
        mean = sum(losses[start : r.step]) / (r.step - start)
        assert (r.loss, r.distortion, r.kl) == pytest.approx((mean, mean, 0), rel=1e-4)
        assert r.lr == pytest.approx(rates[r.step - 1]) and r.epoch == r.step / (11 // size)
    assert not model.training and {state for state, _ in model.seen} == {True}


def test_a_run_that_goes_on_is_the_plain_loop_too(eleven, tmp_path):
    config, path = replace(CONFIG, epochs=12, save_every=0), tmp_path / "state.pt"
    for record in learn(Line(), eleven, config, state_path=path):
        if record.step == 10:
            break
    p, average, _, _ = by_hand(eleven, config, 24)
    state = torch.load(path)
    assert state["step"] == 10 and set(state) == {
        "parameters", "average", "optimizers", "buffers", "fingerprint", "step", "stable", "seconds"
    }  # fmt: skip
    model = Line()
    with torch.no_grad():
        model.w += 9  # what it was before must not matter
    records = list(learn(model, eleven, config, state_path=str(path)))
    assert [r.step for r in records] == [20, 24] and records[-1].seconds > state["seconds"] > 0
    assert torch.allclose(weights(model), average, rtol=1e-4)
    last = torch.load(path)
    assert last["step"] == 24 and torch.allclose(numbers(last["parameters"]), p, rtol=1e-4)
    assert torch.allclose(numbers(last["average"]), average, rtol=1e-4)


def test_muon_turns_matrices_by_one_rate_in_every_direction_and_adamw_moves_all_else(eleven):
    config = replace(CONFIG, epochs=1, batch_size=11, warmup=0, weight_decay=0.0, average=0.0, optimizer="muon")
    model = build_model(small("ae"), 0)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    list(learn(model, eleven, config))
    for name, p in model.named_parameters():
        change = (p.detach() - before[name]).flatten(1) if p.ndim > 1 else p.detach() - before[name]
        moved = change[change != 0].abs()
        if p.ndim == 1:
            assert torch.allclose(moved, torch.full_like(moved, config.lr), rtol=1e-2), "Adam's first step is the rate"
        elif len(moved):
            scaled = torch.linalg.svdvals(change / (0.2 * config.lr * math.sqrt(max(change.shape))))
            assert 0.6 < scaled[0] < 1.3, f"{name}: Newton-Schulz leaves singular values about 1 (Jordan et al. 2024)"


def test_a_run_with_muon_goes_on_where_it_was_stopped(eleven, tmp_path):
    config, path = replace(CONFIG, epochs=12, save_every=0, optimizer="muon"), tmp_path / "state.pt"
    whole, parts = build_model(small("ae"), 0), build_model(small("ae"), 0)
    list(learn(whole, eleven, config))
    for record in learn(parts, eleven, config, state_path=path):
        if record.step == 10:
            break
    parts = build_model(small("ae"), 1)
    list(learn(parts, eleven, config, state_path=path))
    assert torch.equal(weights_of(whole), weights_of(parts))


@pytest.mark.parametrize(
    ("epochs", "batch_size", "steps", "epoch"), [(0.1, 4, 1, 0.5), (0.3, 4, 1, 0.5), (3, 11, 3, 3.0), (3, 12, 3, 3.0)]
)
def test_steps_are_whole_batches_and_one_at_least(epochs, batch_size, steps, epoch, eleven):
    (record,) = learn(Line(), eleven, replace(CONFIG, epochs=epochs, batch_size=batch_size))
    assert (record.step, record.steps, record.epoch) == (steps, steps, epoch)


def test_the_rate_rises_in_a_line_and_falls_as_a_cosine():
    config = TrainConfig(lr=0.01, warmup=10)
    assert [learning_rate(s, 110, config) for s in range(11)] == pytest.approx(
        [0.001 * (s + 1) for s in range(10)] + [0.01]
    )
    assert learning_rate(60, 110, config) == pytest.approx(0.005) and learning_rate(110, 110, config) == 0
    assert learning_rate(35, 110, config) == pytest.approx(0.005 * (1 + math.sqrt(0.5)))
    # of a short run a fifth is warm-up
    assert learning_rate(3, 20, config) == pytest.approx(0.01) and learning_rate(0, 20, config) == pytest.approx(0.0025)
    assert learning_rate(12, 20, config) == pytest.approx(0.005)
    assert learning_rate(0, 1, config) == 0.01 and learning_rate(2, 4, replace(config, warmup=0)) == pytest.approx(
        0.005
    )


def test_an_order_is_drawn_once_an_epoch_and_leaves_the_rest_out(monkeypatch):
    orders = [torch.randperm(11, generator=runtime.generator("order", 5, epoch)) for epoch in range(2)]
    draw, drawn = torch.randperm, []
    monkeypatch.setattr(torch, "randperm", lambda *a, **k: drawn.append(a) or draw(*a, **k))
    task = Epochs(pictures(), replace(CONFIG, seed=5))
    got = [task.rows(step) for step in range(4)]
    for rows, (epoch, start) in zip(got, ((0, 0), (0, 4), (1, 0), (1, 4)), strict=True):
        assert torch.equal(rows, orders[epoch][start : start + 4])
    assert drawn == [(11,)] * 2
    assert torch.equal(Epochs(pictures(), replace(CONFIG, seed=5)).rows(1), got[1])  # as after an interruption


def told(monkeypatch):
    """Makes each step's terms what the step's number says: loss s, distortion 10 s and KL 2 s of each of four."""
    calls = []

    def terms(model, x, eps=None):
        s = float(len(calls))
        calls.append(len(x))
        return objectives.Terms(0 * model.w.sum() + s, torch.full((4,), 10 * s), torch.full((4, 2), s))

    monkeypatch.setattr(objectives, "terms", terms)
    return calls


class Clock:
    """Half a second passes at each look, from 100 on."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(training, "time", types.SimpleNamespace(monotonic=self.look))

    def look(self):
        self.now += 0.5
        return self.now - 0.5


def test_records_are_means_over_their_steps_and_say_how_long_it_takes(monkeypatch, eleven, tmp_path):
    told(monkeypatch)
    Clock(monkeypatch)
    config = replace(CONFIG, epochs=17, save_every=1000)
    records = learn(Line(), eleven, config, state_path=tmp_path / "state.pt")
    one, two = next(records), next(records)
    assert one[2:6] == (5.0, 4.5, 45.0, 9.0) and two[2:6] == (10.0, 14.5, 145.0, 29.0)
    assert one[7:] == (5.0, 12.0, 8.0, None) and two[7:] == (
        10.0,
        7.0,
        8.0,
        None,
    )  # half a second a step, four pictures each
    records.close()
    state = torch.load(tmp_path / "state.pt")
    assert (state["step"], state["seconds"]) == (20, 10.5)
    rest = list(learn(Line(), eleven, config, state_path=tmp_path / "state.pt"))
    assert [r.step for r in rest] == [30, 34]
    assert rest[0][7:] == (15.5, 2.0, 8.0, None) and rest[1][7:] == (17.5, 0.0, 8.0, None)
    assert rest[0].loss == 24.5 and rest[1].loss == 31.5


@pytest.mark.parametrize(
    ("every", "kept"), [(5.0, [10, 20, 30, 34]), (7.0, [None, 20, 20, 34]), (9.9, [None, 20, 20, 34])]
)
def test_a_state_is_written_when_its_seconds_are_over_and_at_the_end(every, kept, monkeypatch, eleven, tmp_path):
    told(monkeypatch)
    Clock(monkeypatch)
    path = tmp_path / "state.pt"
    run = learn(Line(), eleven, replace(CONFIG, epochs=17, save_every=every), state_path=path)
    assert [torch.load(path)["step"] if path.exists() else None for _ in run] == kept


def test_what_is_stopped_keeps_its_last_whole_step(monkeypatch, eleven, tmp_path):
    path, config = tmp_path / "state.pt", replace(CONFIG, epochs=17, save_every=1000)

    def stopped(*_):
        raise KeyboardInterrupt

    steps = learn(Line(), eleven, config, state_path=path)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as m:
        m.setattr(training, "learning_rate", stopped)
        next(steps)
    assert not path.exists()  # no step was done
    steps = learn(Line(), eleven, config, state_path=path)
    next(steps)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as m:
        m.setattr(Flat, "follow", stopped)
        next(steps)
    assert not path.exists()  # the weights were a step further than their average
    steps = learn(Line(), eleven, config, state_path=path)
    next(steps)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as m:
        m.setattr(training, "learning_rate", stopped)
        next(steps)
    assert torch.load(path)["step"] == 10
    with pytest.raises(TrainingError, match="^state.pt is of an interrupted run with other settings"):
        next(learn(Line(), eleven, replace(config, lr=0.03), state_path=path))
    steps = learn(Line(), eleven, config, state_path=path)
    next(steps)

    def full(*_):
        raise CheckpointError("the disk is full")

    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as m:  # that was what happened first
        m.setattr(training, "write_atomic", full)
        m.setattr(training, "learning_rate", stopped)
        next(steps)
    list(learn(Line(), eleven, config))  # without a path there is nothing to keep
    assert os.listdir(tmp_path) == ["state.pt"]


def test_a_loss_that_is_no_number_leaves_the_averaged_weights(monkeypatch, eleven):
    config, calls, plain = replace(CONFIG, epochs=10), [], objectives.terms

    def poisoned(model, *batch):
        calls.append(1)
        found = plain(model, *batch)
        return found._replace(loss=found.loss * math.inf) if len(calls) == 13 else found

    monkeypatch.setattr(objectives, "terms", poisoned)
    model = Line()
    with pytest.raises(NotFinite, match="^the loss is inf at step 12; .* try a lower lr than 0.02$"):
        list(learn(model, eleven, config))
    # The same twelve steps of a run as long: the rate depends on its length.
    monkeypatch.setattr(objectives, "terms", plain)
    same, kept = Line(), []
    follow = Flat.follow
    monkeypatch.setattr(Flat, "follow", lambda f, decay: (follow(f, decay), kept.append(numbers(f.average))))
    list(learn(same, eleven, config))
    assert torch.equal(weights(model), kept[11]) and not model.training


@pytest.mark.parametrize(
    ("said", "there", "used"), [("on", False, True), ("off", True, False), ("auto", True, True), ("auto", False, False)]
)
def test_bfloat16_is_used_where_it_was_asked_for_or_is_there(said, there, used, monkeypatch, eleven):
    monkeypatch.setattr(runtime, "bfloat16_available", lambda device: there and device.type == "cpu")
    cast, asked, model = torch.autocast, [], Line()
    monkeypatch.setattr(torch, "autocast", lambda *a, **k: asked.append(a) or cast(*a, **k))
    list(learn(model, eleven, replace(CONFIG, epochs=1, bfloat16=said)))
    assert {half for _, half in model.seen} == {used} and set(asked) == {("cpu", torch.bfloat16)}


def test_a_run_is_its_settings_and_its_pictures_but_not_how_often_it_is_kept(eleven, tmp_path):
    path = tmp_path / "state.pt"
    state = {"fingerprint": training._fingerprint(small("ae"), CONFIG, Epochs(eleven, CONFIG))}
    same = Pictures(eleven.x.clone())
    passing = replace(CONFIG, save_every=7, measure_every=8)
    training.require_same_run(state, small("ae"), passing, Epochs(same, passing), path.name)
    other = Pictures(255 - eleven.x)
    for config, changed, pictures, says in (
        (small("ae"), replace(CONFIG, lr=0.01), eleven, "with other settings"),
        (small("ae", hidden=17), CONFIG, eleven, "with other settings"),
        (small("ae"), CONFIG, other, "on other pictures"),
        (small("vae"), CONFIG, other, "with other settings"),
    ):
        with pytest.raises(TrainingError, match=f"^state.pt is of an interrupted run {says}; choose another --name"):
            training.require_same_run(state, config, changed, Epochs(pictures, changed), path.name)
    for old in ({}, {"fingerprint": "of an earlier version"}):
        with pytest.raises(TrainingError, match="with other settings"):
            training.require_same_run(old, small("ae"), CONFIG, Epochs(eleven, CONFIG), path.name)


def test_a_state_holds_numbers_and_nothing_that_runs(tmp_path):
    path = tmp_path / "state.pt"
    assert training.read_state(None) is None and training.read_state(path) is None
    torch.save({"step": 3}, path)
    assert training.read_state(path) == {"step": 3}
    torch.save({"step": Path("x")}, path)  # unpickled it would run the code of its class
    with pytest.raises(TrainingError, match="^state.pt is damaged; delete it"):
        training.read_state(path)
