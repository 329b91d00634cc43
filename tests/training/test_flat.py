"""Flat: a model's weights as one vector, against the same arithmetic tensor by tensor."""

import pytest
import torch
from torch import nn

from tests.conftest import small
from vaedemo.models import build_model
from vaedemo.training.flat import ALIGNED, Flat


def network(kind="vae"):
    return build_model(small(kind, likelihood="gaussian")).to(memory_format=torch.channels_last)


def loss(model, x):
    return model(x).x_hat.square().sum() + model(1 - x).x_hat.sum()


@pytest.fixture
def x(generator):
    return torch.rand(4, 1, 28, 28, generator=generator)


def test_parameters_are_views_of_one_vector_and_keep_values_and_format():
    model, same = network(), network()
    flat = Flat(model)
    assert sum(p.numel() for p in model.parameters()) <= len(flat.values) and len(flat.values) % ALIGNED == 0
    for p, q in zip(model.parameters(), same.parameters(), strict=True):
        assert torch.equal(p, q) and p.stride() == q.stride()
        assert p.data_ptr() % 64 == flat.values.data_ptr() % 64
    flat.values.fill_(7)
    assert all((p == 7).all() for p in model.parameters())


def test_matrices_apart_are_views_of_the_weights_and_no_part_of_the_rest():
    model = network()
    flat = Flat(model, apart=True)
    assert [len(part) for part, _ in flat.parts] == [
        sum(-(-p.numel() // ALIGNED) * ALIGNED for p in model.parameters() if p.ndim < 2)
    ]
    assert [tuple(m.shape) for m in flat.matrices] == [(len(p), p[0].numel()) for p in model.parameters() if p.ndim > 1]
    with torch.no_grad():
        for i, m in enumerate(flat.matrices):
            m.fill_(i)
    assert all((p == i).all() for i, p in enumerate(p for p in model.parameters() if p.ndim > 1))
    assert Flat(network()).matrices == []


@pytest.mark.parametrize("half", [False, True])
def test_the_gradient_is_autograds_with_autocast_or_without(half, x):
    model, same = network(), network()
    flat = Flat(model, half)
    for _ in range(2):  # nothing is left of the first
        with torch.autocast("cpu", torch.bfloat16, enabled=half), flat.computing():
            made = loss(model, x)
        flat.backward(made)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        plain = loss(same, x)
    plain.backward()
    assert torch.equal(made, plain)
    for p, q in zip(model.parameters(), same.parameters(), strict=True):
        assert p.dtype == p.grad.dtype == torch.float32
        assert torch.equal(p.grad, q.grad if q.grad is not None else torch.zeros_like(q))
    norm = nn.utils.clip_grad_norm_(same.parameters(), 0.5)
    assert flat.gradient.norm() == pytest.approx(norm.item(), rel=1e-4) and norm > 0.5
    flat.clip(0.5)
    assert flat.gradient.norm() == pytest.approx(0.5, rel=1e-4)
    before = flat.gradient.clone()
    flat.clip(0.6)
    assert torch.equal(flat.gradient, before)


def test_layers_that_autocast_runs_have_weights_of_half_the_size_while_a_loss_is_computed(x):
    model = network()
    flat = Flat(model, half=True)
    with flat.computing():
        assert {p.dtype for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d) for p in m.parameters()} == {
            torch.bfloat16
        }
        assert model.log_sigma.dtype == torch.float32
    with pytest.raises(ZeroDivisionError), flat.computing():
        raise ZeroDivisionError
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    flat.values.zero_()
    with flat.computing(), torch.autocast("cpu", torch.bfloat16):
        assert not model.encoder(x).any()  # cast anew


def test_the_average_follows_and_is_lent_and_given():
    model = nn.Linear(3, 2)
    flat = Flat(model)
    first, second = flat.values.clone(), torch.arange(float(len(flat.values)))
    flat.values.copy_(second)
    flat.follow(0.75)
    average = 0.75 * first + 0.25 * second
    assert torch.allclose(flat.average, average)
    with pytest.raises(ZeroDivisionError), flat.averaged():
        assert torch.equal(model.weight.flatten(), flat.average[:6])
        raise ZeroDivisionError
    assert torch.equal(flat.values, second)
    other = Flat(nn.Linear(3, 2))
    other.load({k: v.clone() for k, v in flat.state().items()})
    assert torch.equal(other.values, second) and torch.equal(other.average, flat.average)
    flat.settle()
    assert torch.allclose(model.weight.flatten(), average[:6])
