"""A run that several processes share, told without any other process."""

import math
from dataclasses import replace

import pytest
import torch

from tests.conftest import small
from tests.training.test_loop_maths import CONFIG, Line, pictures
from vaedemo import runtime
from vaedemo.data.damage import random_corruption
from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError, TrainingError
from vaedemo.models import build_model
from vaedemo.training import loop
from vaedemo.training.loop import fit


@pytest.fixture(scope="module")
def eleven():
    return pictures()


@pytest.mark.parametrize(("rank", "world"), [(0, 1), (0, 2), (1, 2), (2, 3)])
@pytest.mark.parametrize("kind", ["ae", "gaussian", "bernoulli", "conditional"])
def test_a_process_has_its_rows_and_their_noise_of_the_whole_batch(kind, rank, world, eleven):
    changes = {"kind": "vae", "likelihood": kind} if kind in ("gaussian", "bernoulli") else {"kind": kind, "neck": 2}
    model, rows = build_model(small(**changes)), torch.tensor([7, 2, 9, 4, 0, 1])
    got = loop._batch(model, eleven, rows, torch.Generator().manual_seed(1), torch.device("cpu"), rank, world)
    noise, x = torch.Generator().manual_seed(1), eleven[rows]
    if kind == "ae":
        assert got[1] is None and torch.equal(got[0], x[rank::world])
    elif kind == "conditional":
        eps = model.noise(12, noise)
        expected = *(t[rank::world] for t in (x, *random_corruption(x, noise))), *eps, torch.arange(6)[rank::world]
        assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
    else:
        eps = torch.randn(6, 3, generator=noise)
        if kind == "bernoulli":
            x = (torch.rand(6, 1, 28, 28, generator=noise) < x).float()
        assert torch.equal(got[0], x[rank::world]) and torch.equal(got[1], eps[rank::world])


class Twin:
    """Another process beside this one, which has the same: what torch.distributed is asked, answered without it."""

    def __init__(self, monkeypatch, rank=0):
        self.unused = []
        monkeypatch.setattr(loop, "process_group", lambda: (rank, 2))
        monkeypatch.setattr(loop, "DistributedDataParallel", self.wrapped)
        monkeypatch.setattr(loop.dist, "all_reduce", lambda values: values.mul_(2))

    def wrapped(self, module, find_unused_parameters):
        self.unused.append(find_unused_parameters)
        return module


@pytest.mark.parametrize("rank", [0, 1])
def test_two_processes_with_like_rows_tell_what_one_tells(rank, monkeypatch, eleven, tmp_path):
    alike = Pictures(eleven.x[:1].expand(8, -1, -1, -1))
    alone = list(fit(Line(), alike, CONFIG))
    twin, path = Twin(monkeypatch, rank), tmp_path / "state.pt"
    both = list(fit(Line(), alike, CONFIG, state_path=path))
    assert [r[:7] for r in both] == [pytest.approx(r[:7]) for r in alone]
    assert twin.unused == [False] and path.exists() == (rank == 0)


@pytest.mark.parametrize(("batch", "unused"), [(2, True), (4, False)])
def test_some_weights_have_no_gradient_where_a_process_has_rows_of_one_half_alone(batch, unused, monkeypatch, eleven):
    twin = Twin(monkeypatch)
    (record,) = fit(build_model(small("conditional", neck=2)), eleven, replace(CONFIG, epochs=0.01, batch_size=batch))
    assert twin.unused == [unused] and math.isfinite(record.loss)


@pytest.mark.parametrize(("rank", "seed"), [(0, 0), (1, 6)])
def test_each_step_has_noise_of_its_own_and_a_process_its_share(rank, seed, monkeypatch, eleven):
    Twin(monkeypatch, rank)
    batch, given = loop._batch, []
    monkeypatch.setattr(loop, "_batch", lambda *words: given.append(words) or batch(*words))
    model = Line()
    list(fit(model, eleven, replace(CONFIG, epochs=2, seed=seed)))
    assert len(given) == 4
    for step, (own, given_pictures, rows, noise, device, *share) in enumerate(given):
        assert own is model and given_pictures is eleven and device == torch.device("cpu") and share == [rank, 2]
        assert noise.initial_seed() == runtime.generator("noise", seed, step).initial_seed()
        assert torch.equal(rows, loop._batch_rows(step, 11, 4, seed, {}))


def test_a_batch_is_shared_evenly_or_not_at_all(monkeypatch, eleven):
    monkeypatch.setattr(loop, "process_group", lambda: (0, 3))
    with pytest.raises(ConfigError, match="^a batch of 4 cannot be shared by 3 processes; choose a multiple of 3$"):
        next(fit(Line(), eleven, CONFIG))


@pytest.mark.parametrize(("cuda", "backend"), [(False, "gloo"), (True, "nccl")])
def test_a_process_joins_its_group_once_and_takes_its_device(cuda, backend, monkeypatch):
    joined, devices = [], []
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert loop.process_group() == (0, 1)
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert loop.process_group() == (0, 1)
    loop.require_one_process("it")
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
    for world in "23":
        monkeypatch.setenv("WORLD_SIZE", world)
        with pytest.raises(TrainingError, match="^it is trained by one process; start it without torchrun$"):
            loop.require_one_process("it")
    monkeypatch.delenv("WORLD_SIZE")
    loop.require_one_process("it")
