"""A run that several processes share, told without any other process."""

import math
from dataclasses import replace

import pytest
import torch

from tests.conftest import learn, small
from tests.training.test_loop_maths import CONFIG, Line, pictures
from vaedemo import runtime
from vaedemo.data.damage import random_corruption
from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError
from vaedemo.models import build_model
from vaedemo.training import loop
from vaedemo.training.tasks import task_of
from vaedemo.training.tasks.epochs import binarised


@pytest.fixture(scope="module")
def eleven():
    return pictures()


@pytest.mark.parametrize(("rank", "world"), [(0, 1), (0, 2), (1, 2), (2, 3)])
@pytest.mark.parametrize("kind", ["ae", "gaussian", "bernoulli", "conditional"])
def test_a_process_has_its_rows_and_their_noise_of_the_whole_batch(kind, rank, world, eleven, monkeypatch):
    changes = {"kind": "vae", "likelihood": kind} if kind in ("gaussian", "bernoulli") else {"kind": kind, "neck": 2}
    model, rows = build_model(small(**changes)), torch.tensor([7, 2, 9, 4, 0, 1])
    task = task_of(model, eleven, CONFIG)
    monkeypatch.setattr(task, "rows", lambda step: rows)
    got = task.batch(3, torch.Generator().manual_seed(1), slice(rank, None, world))
    noise, x = torch.Generator().manual_seed(1), eleven[rows]
    if kind == "ae":
        assert len(got) == 1 and torch.equal(got[0], x[rank::world])
    elif kind == "conditional":
        eps = model.noise(12, noise)
        expected = *(t[rank::world] for t in (x, *random_corruption(x, noise))), *eps, torch.arange(6)[rank::world]
        assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
    else:
        eps = torch.randn(6, 3, generator=noise)
        if kind == "bernoulli":
            x = binarised(eleven.x[rows], noise)
        assert torch.equal(got[0], x[rank::world]) and torch.equal(got[1], eps[rank::world])


class Twin:
    """Another process beside this one, which has the same: what torch.distributed is asked, answered without it."""

    def __init__(self, monkeypatch, rank=0):
        self.shared = []
        monkeypatch.setattr(loop, "process_group", lambda: (rank, 2))
        monkeypatch.setattr(loop.dist, "all_reduce", self.summed)

    def summed(self, values, async_op):
        self.shared.append(len(values))
        values.mul_(2)
        return self

    def wait(self):
        """As of a sum that is there already."""


@pytest.mark.parametrize("rank", [0, 1])
def test_two_processes_with_like_rows_tell_what_one_tells(rank, monkeypatch, eleven, tmp_path):
    alike = Pictures(eleven.x[:1].expand(8, -1, -1, -1))
    alone = list(learn(Line(), alike, CONFIG))
    twin, path = Twin(monkeypatch, rank), tmp_path / "state.pt"
    both = list(learn(Line(), alike, CONFIG, state_path=path))
    assert [r[:7] for r in both] == [pytest.approx(r[:7]) for r in alone]
    assert twin.shared == [4, 32] * 10 and path.exists() == (rank == 0)  # each step's figures, and its gradient


@pytest.mark.parametrize(("batch", "unused"), [(2, True), (4, False)])
def test_some_weights_have_no_gradient_where_a_process_has_rows_of_one_half_alone(batch, unused, monkeypatch, eleven):
    Twin(monkeypatch, rank=1)
    model = build_model(small("conditional", neck=2))
    with torch.no_grad():  # no layer at zero, through which nothing would come back
        for p in model.parameters():
            p += 0.02
    (record,) = learn(model, eleven, replace(CONFIG, epochs=0.01, batch_size=batch))
    assert math.isfinite(record.loss) and all(p.grad.isfinite().all() for p in model.parameters())
    assert all(not p.grad.any() for p in model.see.parameters()) == unused  # what sees the clean picture


@pytest.mark.parametrize(("rank", "seed"), [(0, 0), (1, 6)])
def test_each_step_has_noise_of_its_own_and_a_process_its_share(rank, seed, monkeypatch, eleven):
    Twin(monkeypatch, rank)
    config = replace(CONFIG, epochs=2, seed=seed)
    task, given = task_of(Line(), eleven, config), []
    batch = task.batch
    monkeypatch.setattr(task, "batch", lambda *words: given.append(words) or batch(*words))
    list(loop.fit(Line(), task, config))
    assert len(given) == 4
    for step, (number, noise, mine) in enumerate(given):
        assert number == step and mine == slice(rank, None, 2)
        assert noise.initial_seed() == runtime.generator("noise", seed, step).initial_seed()


def test_a_batch_is_shared_evenly_or_not_at_all(monkeypatch, eleven):
    monkeypatch.setattr(loop, "process_group", lambda: (0, 3))
    with pytest.raises(ConfigError, match="^a batch of 4 cannot be shared by 3 processes; choose a multiple of 3$"):
        next(learn(Line(), eleven, CONFIG))


@pytest.mark.parametrize(("cuda", "backend"), [(False, "gloo"), (True, "nccl")])
def test_a_process_joins_its_group_once_and_takes_its_device(cuda, backend, monkeypatch):
    joined, devices = [], []
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert loop.process_group() == (0, 1)
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert loop.process_group() == (0, 1)
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "set_device", devices.append)
    monkeypatch.setattr(loop.dist, "is_initialized", lambda: bool(joined))
    monkeypatch.setattr(loop.dist, "init_process_group", joined.append)
    monkeypatch.setattr(loop.dist, "get_rank", lambda: 2)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert loop.process_group() == (2, 3) and loop.process_group() == (2, 3)
    assert joined == [backend] and devices == [0] * cuda
    joined.clear()
    monkeypatch.setenv("LOCAL_RANK", "5")
    loop.process_group()
    assert devices == [0, 5] * cuda
