"""Latents that are drawn to one of two integers, and improved."""

import numpy as np
import pytest
import torch

from vaedemo import runtime
from vaedemo.services.codec.photos import analyse
from vaedemo.services.codec.refine import _annealed, refine

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.8])
def test_cold_draws_are_integers_and_up_as_often_as_near_it_at_temperature_one(part):
    v, generator = torch.full((40_000,), -3 + part), runtime.generator("drawn", 0)
    drawn = _annealed(v, 1.0, generator)
    assert ((drawn > -3) & (drawn < -2)).all()
    assert (drawn > -2.5).float().mean().item() == pytest.approx(part, abs=0.01)
    cold = _annealed(v, 0.02, generator)
    assert torch.minimum((cold + 3).abs(), (cold + 2).abs()).mean() < 0.01
    if part != 0.5:
        assert (cold - (v + 0.5).floor()).abs().max() < 0.01  # and the nearest


def test_a_draw_has_a_gradient_towards_both_integers():
    v = (torch.arange(39) / 10 - 1.95).requires_grad_()
    _annealed(v, 0.5, runtime.generator("drawn", 1)).sum().backward()
    assert torch.isfinite(v.grad).all() and (v.grad > 0).all()


def test_it_stops_in_time_and_its_steps_are_told(codec, soft):
    latents = analyse(codec, soft, 3)
    steps, refining = [], refine(codec, soft, latents, 3, 40, 0.5)
    while True:
        try:
            steps.append(next(refining))
        except StopIteration as end:
            found = end.value
            break
    assert [s.step for s in steps] == list(range(1, len(steps) + 1)) and steps[-1].seconds >= 0.5
    assert all(np.isfinite([s.bits, s.psnr]).all() for s in steps)
    assert found.y.shape == latents.y.shape and not torch.equal(found.y, latents.y)
    assert (found.y - latents.y).abs().max() < 0.02 * len(steps)
