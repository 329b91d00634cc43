"""The code of one picture improved."""

import math

import numpy as np
import pytest
import torch

from vaedemo import runtime
from vaedemo.errors import PictureError
from vaedemo.maths import gaussian
from vaedemo.models import objectives
from vaedemo.services import improve as module
from vaedemo.services.improve import improve
from vaedemo.store.key import ModelKey
from vaedemo.store.library import decode, encode


def run(*given):
    rounds = list(improve(*given))
    return rounds, rounds[-1].result


def test_a_vaes_answer_comes_nearer_to_its_best_and_the_gap_is_of_the_same_noise(shipped, x, one_thread):
    key = ModelKey("digits", "vae", 8)
    rounds, found = run(shipped, x, key)
    assert [r.done for r in rounds] == list(range(module.ROUNDS + 1)) and {r.total for r in rounds} == {module.ROUNDS}
    assert rounds[-1].step == module.ROUNDS * module.STEPS and all(r.result is None for r in rounds[:-1])
    mu, sigma = encode(shipped, x, key)
    assert found.before.z == pytest.approx(mu, abs=1e-5) and found.before.sigma == pytest.approx(sigma, rel=1e-4)
    assert found.gap_nats > 3 * found.gap_error > 0
    assert found.gap_nats == pytest.approx(found.after.objective_nats - found.before.objective_nats, abs=1e-3)
    assert rounds[-1].objective_nats > rounds[0].objective_nats
    assert found.after.x_hat == pytest.approx(decode(shipped, found.after.z, key), abs=1e-5)
    assert found.after.psnr == pytest.approx(-10 * math.log10(found.after.mse), abs=1e-3)


def test_the_objective_is_the_elbo_written_out(shipped, x, one_thread, monkeypatch):
    monkeypatch.setattr(module, "ROUNDS", 1)
    key = ModelKey("digits", "vae", 32, 4.0)
    _, found = run(shipped, x, key)
    model, picture = shipped.model(key), torch.from_numpy(x)[None].expand(module.JUDGED, -1, -1, -1)
    eps = gaussian.pairs(module.JUDGED, 32, generator=runtime.generator("improve judged", 0))
    for answer in (found.before, found.after):
        mu, logvar = torch.from_numpy(answer.z), 2 * torch.from_numpy(answer.sigma).log()
        cost = objectives.distortion(model, model.likelihood_parameters(gaussian.sample(mu, logvar, eps)), picture)
        wanted = -(cost.mean() + 4 * gaussian.kl(mu, logvar).sum()).item()
        assert answer.objective_nats == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("kind, d", [("ae", 8), ("dense", 8), ("pca", 64)])
def test_without_a_posterior_the_error_falls(shipped, x, kind, d):
    rounds, found = run(shipped, x, ModelKey("digits", kind, d))
    assert found.gap_nats is found.gap_error is found.before.sigma is found.before.objective_nats is None
    assert found.after.psnr > found.before.psnr + 0.02 and all(r.objective_nats is None for r in rounds)
    assert found.after.psnr == pytest.approx(max(r.psnr for r in rounds), abs=1e-4)
    assert np.abs(found.after.z - found.before.z).max() > 1e-3


def test_where_no_pixel_is_cut_pcas_own_answer_is_the_best(shipped, monkeypatch):
    key = ModelKey("digits", "pca", 8)
    pca = shipped.model(key)
    monkeypatch.setattr(type(pca), "decode", lambda self, z: (z @ self.components + self.mean).reshape(-1, 1, 28, 28))
    rounds, found = run(shipped, np.full((1, 28, 28), 0.3, np.float32), key)
    assert found.after.mse == pytest.approx(found.before.mse, rel=1e-5)
    assert min(r.psnr for r in rounds) < found.after.psnr  # a step away is worse, and is not kept


def test_the_same_seed_finds_the_same(shipped, x, one_thread):
    key = ModelKey("digits", "vae", 2)
    assert run(shipped, x, key)[1].gap_nats == run(shipped, x, key)[1].gap_nats
    assert run(shipped, x, key, 1)[1].gap_nats != run(shipped, x, key)[1].gap_nats


def test_the_model_is_as_it_was(shipped, x):
    model = shipped.model(ModelKey("digits", "ae", 2))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    run(shipped, x, ModelKey("digits", "ae", 2))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())


def test_a_wrong_picture_is_one_sentence(shipped):
    with pytest.raises(PictureError):
        next(improve(shipped, np.zeros((3, 28, 28)), ModelKey("digits", "ae", 2)))
