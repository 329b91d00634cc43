import math
import os
import signal
import subprocess
import sys

import pytest
import torch

from tests.conftest import learn, small
from vaedemo.configs import TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError, NotFinite, TrainingError
from vaedemo.models import build_model, objectives
from vaedemo.training.loop import learning_rate

SHORT = TrainConfig(epochs=3, batch_size=20, warmup=5, average=0.9, save_every=0)


def trained(kind, pictures, config, **keywords):
    model = build_model(small(kind))
    records = list(learn(model, pictures, config, **keywords))
    return model, records


@pytest.mark.parametrize("kind", ["ae", "vae", "dense", "dense-vae"])
def test_every_kind_learns(kind, blobs):
    _, records = trained(kind, blobs, TrainConfig(epochs=15, batch_size=20, warmup=5, average=0.9))
    assert records[-1].loss < 0.8 * records[0].loss
    assert records[-1].step == records[-1].steps == 150
    assert (records[-1].kl > 0) == ("vae" in kind)
    assert records[-1].seconds_left == 0
    assert all(b.step > a.step for a, b in zip(records, records[1:], strict=False))


def test_the_same_seed_gives_the_same_weights(blobs):
    (a, _), (b, _) = (trained("vae", blobs, SHORT) for _ in range(2))
    c, _ = trained("vae", blobs, TrainConfig(epochs=3, batch_size=20, warmup=5, average=0.9, seed=1))
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not all(torch.equal(p, q) for p, q in zip(a.parameters(), c.parameters(), strict=True))


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(blobs, tmp_path):
    whole, _ = trained("vae", blobs, SHORT)
    model = build_model(small("vae"))
    for progress in learn(model, blobs, SHORT, state_path=tmp_path / "state.pt"):
        if progress.step == 20:
            break
    model = build_model(small("vae"), seed=99)  # what it was before must not matter
    records = list(learn(model, blobs, SHORT, state_path=tmp_path / "state.pt"))
    assert records[0].step == 30
    assert all(torch.equal(p, q) for p, q in zip(whole.parameters(), model.parameters(), strict=True))


SCRIPT = """
import sys, time, torch
torch.set_num_threads(1)
from tests.conftest import learn, small
from tests.training.test_training import SHORT
from vaedemo.data.datasets import Pictures
from vaedemo.models import build_model
x = torch.load(sys.argv[1])
model = build_model(small("vae"))
for p in learn(model, Pictures(x), SHORT, state_path=__import__("pathlib").Path(sys.argv[2])):
    print(p.step, flush=True)
    time.sleep(float(sys.argv[4]))
torch.save(model.state_dict(), sys.argv[3])
"""


def test_a_killed_run_resumes_to_the_same_weights(blobs, tmp_path):
    torch.save(blobs.x, tmp_path / "x.pt")
    env = os.environ | {"PYTHONPATH": os.getcwd()}

    def start(state, out, wait):
        words = [sys.executable, "-c", SCRIPT, tmp_path / "x.pt", tmp_path / state, tmp_path / out, str(wait)]
        return subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, text=True, env=env)

    victim = start("killed.pt", "never.pt", 30)
    assert victim.stdout.readline().strip() == "10"
    victim.send_signal(signal.SIGKILL)
    victim.wait(10)
    assert (tmp_path / "killed.pt").exists() and not (tmp_path / "never.pt").exists()
    again, whole = start("killed.pt", "again.pt", 0), start("whole.pt", "whole-out.pt", 0)
    assert again.communicate(timeout=120)[0].split()[0] == "20"
    assert whole.communicate(timeout=120)[0].split()[0] == "10"
    a, b = torch.load(tmp_path / "again.pt"), torch.load(tmp_path / "whole-out.pt")
    assert all(torch.equal(v, b[k]) for k, v in a.items())


SPREAD = {  # every kind of model, with what a step is of: a batch that halves evenly, one that does not, the smallest
    "ae": ({}, 20),
    "vae": ({"likelihood": "bernoulli"}, 20),
    "vae-gaussian": ({"kind": "vae", "likelihood": "gaussian", "beta": 4.0}, 6),
    "dense": ({}, 10),
    "dense-vae": ({"likelihood": "bernoulli"}, 10),
    "conditional": ({"neck": 2}, 20),
    "conditional-6": ({"kind": "conditional", "neck": 2}, 6),
    "conditional-2": ({"kind": "conditional", "neck": 2}, 2),
}


def spread_steps(pictures):
    """{name: (gradients of a second step (P,), losses)} of SPREAD, by the process or the processes there are."""
    made = {}
    for name, (changes, batch) in SPREAD.items():
        model = build_model(small(**({"kind": name} | changes)))
        g = torch.Generator().manual_seed(1)
        for p in model.parameters():  # no layer at zero, so that every part has a gradient
            p.data += 0.02 * torch.randn(p.shape, generator=g)
        config = TrainConfig(epochs=1, batch_size=batch, warmup=1, lr=1e-6, clip=math.inf, bfloat16="off")
        records = list(learn(model, pictures.first(2 * batch), config))
        made[name] = torch.cat([p.grad.flatten() for p in model.parameters()]), [tuple(r[3:6]) for r in records]
    return made


def test_two_processes_have_the_gradients_of_one(blobs, tmp_path):
    torch.save(blobs.x, tmp_path / "x.pt")
    script = tmp_path / "spread.py"
    script.write_text(
        "import sys, torch\n"
        "torch.set_num_threads(1)\n"
        "from tests.training.test_training import spread_steps\n"
        "from vaedemo.data.datasets import Pictures\n"
        "from vaedemo.training.loop import process_group\n"
        "made = spread_steps(Pictures(torch.load(sys.argv[1])))\n"
        "if not process_group()[0]: torch.save(made, sys.argv[2])\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         script, tmp_path / "x.pt", tmp_path / "two.pt"],
        env=os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    two = torch.load(tmp_path / "two.pt")
    for name, (gradient, losses) in spread_steps(blobs).items():
        other, spread_losses = two[name]
        assert (gradient - other).norm() < 1e-4 * gradient.norm(), name
        assert torch.allclose(torch.tensor(losses), torch.tensor(spread_losses), rtol=1e-4), name


def test_gradient_of_a_batch_is_the_mean_over_its_halves(blobs, generator):
    x, eps = blobs[torch.arange(20)], torch.randn(20, 3, generator=generator)

    def gradient(rows):
        model = build_model(small("vae"))
        objectives.terms(model, x[rows], eps[rows]).loss.backward()
        return torch.cat([p.grad.flatten() for p in model.parameters()])

    halves = (gradient(slice(0, 10)) + gradient(slice(10, 20))) / 2
    assert torch.allclose(gradient(slice(0, 20)), halves, rtol=1e-3, atol=1e-4)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_weights(blobs, monkeypatch):
    plain, calls = objectives.terms, []

    def poisoned(model, x, eps=None):
        calls.append(1)
        got = plain(model, x, eps)
        return got._replace(loss=got.loss * math.nan) if len(calls) > 12 else got

    monkeypatch.setattr(objectives, "terms", poisoned)
    model = build_model(small("vae"))
    with pytest.raises(NotFinite, match="step 12; the last good weights are kept"):
        list(learn(model, blobs, SHORT))
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_a_full_disk_leaves_the_last_state_whole(blobs, tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    steps = learn(build_model(small("vae")), blobs, SHORT, state_path=path)
    next(steps)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left on device"):
        list(steps)
    assert path.read_bytes() == before


def test_states_of_other_runs_and_damaged_ones_are_refused(blobs, tmp_path):
    path = tmp_path / "state.pt"
    list(learn(build_model(small("vae")), blobs, SHORT, state_path=path))
    with pytest.raises(TrainingError, match="other settings"):
        list(learn(build_model(small("ae")), blobs, SHORT, state_path=path))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TrainingError, match="damaged"):
        list(learn(build_model(small("vae")), blobs, SHORT, state_path=path))


def test_a_batch_that_cannot_be_shared_is_named(blobs, monkeypatch):
    monkeypatch.setattr("vaedemo.training.loop.process_group", lambda: (0, 3))
    with pytest.raises(ConfigError, match="a batch of 20 cannot be shared by 3 processes"):
        next(learn(build_model(small("vae")), blobs, SHORT))


def test_fewer_pictures_than_a_batch():
    pictures = Pictures(torch.zeros(7, 1, 28, 28, dtype=torch.uint8))
    _, records = trained("ae", pictures, TrainConfig(epochs=3, batch_size=128))
    assert records[-1].steps == 3


def test_learning_rate_rises_then_falls_to_zero():
    config = TrainConfig(lr=0.01, warmup=10)
    rates = [learning_rate(s, 100, config) for s in range(100)]
    assert rates[0] == pytest.approx(0.001) and rates[10] == pytest.approx(0.01)
    assert all(b >= a for a, b in zip(rates[:10], rates[1:11], strict=True))
    assert all(b <= a for a, b in zip(rates[10:], rates[11:], strict=False))
    assert rates[-1] < 1e-4
