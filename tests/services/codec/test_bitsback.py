"""Bits back: every picture returns, at the price of the ELBO, and what was taken is given back."""

import hashlib
import math

import numpy as np
import pytest
import torch

from tests.models.test_codec import rough
from vaedemo.errors import CheckpointError, CodecError
from vaedemo.models.lossless import Levels, Lossless, LosslessConfig
from vaedemo.services.codec import bitsback, stacks
from vaedemo.services.codec.container import unpack
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.library import Library

pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = {"latent_dim": 6, "width": 12, "hidden": 16, "neck": 4, "components": 3}


def network(kind, seed=0):
    torch.manual_seed(seed)
    return rough(Lossless(LosslessConfig(kind, **SIZES)), seed)


@pytest.fixture(scope="module", params=["lossless", "lossless-binary"])
def model(request):
    return network(request.param)


@pytest.fixture
def x(model, blobs):
    """uint8 (30, 28, 28), of the model's levels."""
    x = blobs.x[:30, 0].numpy()
    return (x > 127).astype(np.uint8) if model.config.binary else x


def encoded(model, x, batch):
    steps, coding = [], bitsback.encode(model, x, batch)
    while True:
        try:
            steps.append(next(coding))
        except StopIteration as end:
            return end.value, steps


@pytest.mark.parametrize("batch", [1, 7, 30])
def test_every_picture_returns(model, x, batch):
    payload, steps = encoded(model, x, batch)
    assert sum(s.pictures for s in steps) == 30
    back = np.concatenate(list(bitsback.decode(model, payload, 30, batch)))
    assert hashlib.sha256(back.tobytes()).digest() == hashlib.sha256(x.tobytes()).digest()


def test_the_bits_are_those_of_the_elbo(model, x):
    """Many draws of z on average; the stack starts with bits of its own."""
    payload, steps = encoded(model, x, 1)
    spent = sum(s.pixels + s.prior - s.taken for s in steps)
    given = 8 * len(bitsback._words(model, 1))
    assert 8 * len(payload) - given == pytest.approx(spent, rel=2e-3, abs=64)
    g = torch.Generator().manual_seed(1)
    draws = [model.terms(torch.tensor(x)[:, None], torch.randn(30, 6, generator=g)).loss.item() for _ in range(40)]
    nats, error = np.mean(draws), np.std(draws)
    assert spent * math.log(2) / 30 == pytest.approx(nats, abs=4 * error + 0.01 * nats)


def test_threads_change_nothing(model, x):
    payload, _ = encoded(model, x, 7)
    torch.set_num_threads(2)
    assert encoded(model, x, 7)[0] == payload
    assert np.array_equal(np.concatenate(list(bitsback.decode(model, payload, 30, 7))), x)
    torch.set_num_threads(1)


def test_a_stack_that_does_not_end_as_it_began_is_damaged(model, x):
    payload = bytearray(encoded(model, x, 7)[0])
    payload[len(payload) // 2] ^= 5
    with pytest.raises(CodecError, match="damaged"):
        list(bitsback.decode(model, bytes(payload), 30, 7))


def test_masses_of_levels_are_those_of_the_mixture():
    weight = torch.tensor([0.5, -1.0, 2.0])[None, :, None, None]
    mean, spread = torch.tensor([0.0, 130.0, 255.0])[None, :, None, None], torch.tensor([-2.0, 3.25, 1.0])
    below = bitsback.below(Levels(weight, mean, spread[None, :, None, None]))
    edges = np.array([below(np.full((1, 1, 1), e))[0, 0, 0] for e in range(257)])
    mass = np.diff(edges) / edges[-1]
    share = torch.softmax(weight.flatten() * math.log(2), 0).numpy()
    at = (np.arange(1, 256) - 0.5)[:, None]
    inner = (share / (1 + np.exp(-(at - mean.flatten().numpy()) / 2.0 ** spread.numpy()))).sum(1)
    wanted = np.diff(inner, prepend=0, append=1)
    assert np.abs(mass - wanted).max() < 1e-5 and edges[0] == 0


def test_no_entry_lies_near_to_where_its_rounding_changes():
    """So that any machine whose exp and tanh are right to fourteen digits has the same tables."""
    scales = 2.0 ** np.arange(-2, 6.01, 0.25)
    edges = (np.arange(-512, 512) + 0.5) / scales[:, None]
    logits = np.arange(-1024, 1025) / 64
    weights = 2.0 ** (16 + np.arange(-64, 65) / 8)
    inexact = weights[np.arange(-64, 65) % 8 != 0]  # the others are whole
    for exact in (2.0**24 * (0.5 + 0.5 * np.tanh(edges / 2)), 2.0**24 / (1 + np.exp(-logits)), inexact):
        # half of 2^24 is whole; so are masses that are 0 or all to the last digit
        assert np.abs(exact % 1 - 0.5).min() > 1e-7


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lossless")
    for i, (domain, kind) in enumerate(
        [("digits", "lossless"), ("fashion", "lossless"), ("digits", "lossless-binary")]
    ):
        save_checkpoint(folder / domain / f"{kind}.safetensors", network(kind, i), domain)
    return Library(folder)


def stacked(library, x):
    *_, last = stacks.compress(library, x)
    assert last.done == last.total == len(x)
    return last.result


@pytest.mark.parametrize("count", [1, 5, 70])
@pytest.mark.parametrize("white", [False, True])
def test_a_file_gives_its_pictures_back(library, blobs, count, white):
    x = blobs.x[:count, 0].numpy()
    x = np.where(x > 127, 255, 0).astype(np.uint8) if white else x
    result = stacked(library, x)
    assert result.kind == ("lossless-binary" if white else "lossless")
    file = unpack(result.data)
    assert (file.count, file.batch) == (count, 8 if count == 70 else 1)
    assert np.array_equal(np.concatenate(list(stacks.decompress(library, file))), x)


def test_what_cannot_be_coded_is_said(library, tmp_path):
    with pytest.raises(CodecError, match="30 x 28 pixels"):
        stacked(library, np.zeros((2, 28, 30), np.uint8))
    with pytest.raises(CodecError, match="0 pictures"):
        stacked(library, np.zeros((0, 28, 28), np.uint8))
    with pytest.raises(CheckpointError, match="--kind lossless"):
        stacked(Library(tmp_path), np.zeros((1, 28, 28), np.uint8))
    file = unpack(stacked(library, np.zeros((1, 28, 28), np.uint8)).data)
    other = type(file)(b"....", file.count, file.batch, file.payload)
    with pytest.raises(CodecError, match="another model"):
        list(stacks.decompress(library, other))
