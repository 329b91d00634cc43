"""Integers to bytes and back."""

import constriction
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaedemo.errors import CodecError
from vaedemo.models.entropy import bits_coded, bits_normal
from vaedemo.services.codec.coder import Encoder, Stack
from vaedemo.services.codec.tables import logistic, normal, scale_of


def coded(*calls):
    encoder = Encoder()
    bits = sum(encoder.integers(np.array(v), np.array(i), t).sum() for v, i, t in calls)
    return encoder.payload(), bits


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(-(2**23), 2**23) | st.integers(-5, 5), st.integers(0, 84)), max_size=60))
def test_any_integers_come_back(pairs):
    values, index = np.array(pairs, np.int64).reshape(-1, 2).T
    for tables in (normal, logistic):
        data, _ = coded((values, index, tables), (values[::-1], index, tables))
        decoder = Stack(data)
        assert np.array_equal(decoder.pop(index, tables), values)
        assert np.array_equal(decoder.pop(index, tables), values[::-1])


def test_bytes_are_as_many_as_the_bits_say():
    rng = np.random.default_rng(0)
    index = rng.integers(0, 85, 20_000)
    scales = np.array([scale_of(i) for i in range(85)])[index]
    values = np.rint(rng.standard_normal(20_000) * scales).astype(np.int64)
    data, bits = coded((values, index, normal))
    assert 0 <= 8 * len(data) - bits <= 96
    entropy = np.maximum(np.log2(scales * np.sqrt(2 * np.pi * np.e)), 0)
    assert bits == pytest.approx(entropy.sum(), rel=0.05)


@pytest.mark.parametrize("index", [0, 3, 10, 28, 45, 84])
def test_the_models_estimate_is_what_the_coder_takes_also_in_far_tails(index):
    far = max(4, int(8 * scale_of(index)))
    values = np.arange(-far, far + 1)
    bits = Encoder().integers(values, np.full(len(values), index), normal)
    scale = torch.full((len(values),), -3.5 + index / 8, dtype=torch.float64)
    told = bits_coded(torch.tensor(values, dtype=torch.float64), scale).numpy()
    assert np.abs(bits - told)[told < 20].max() < 0.05
    assert np.abs(bits - told).max() < 8
    assert bits_normal(torch.tensor(float(far)), scale[0]) > told[-1] + 5


def test_what_is_certain_costs_nothing():
    _, bits = coded((np.zeros(10_000, np.int64), np.zeros(10_000, np.int64), normal))
    assert bits < 0.1


@pytest.mark.parametrize("length", [0, 4, 400, 801, 1200])
def test_a_cut_stream_gives_its_start_and_says_where_it_ends(length):
    rng = np.random.default_rng(1)
    rows = np.rint(rng.standard_normal((40, 100)) * 4).astype(np.int64)
    rows[rng.random(rows.shape) < 0.02] = 12345  # beyond the tables
    index = rng.integers(40, 48, 100)
    data, bits = coded(*((row, index, normal) for row in rows))
    assert len(data) > 1700
    decoder, known = Stack(data[:length]), np.zeros(rows.shape, bool)
    for row, which in zip(rows, known, strict=True):
        values, which[:] = decoder.pop_known(index, normal)
        assert np.array_equal(values, np.where(which, row, 0))
        if not which.all():
            break
    assert bits / rows.size * known.sum() > 0.9 * 8 * length - 100


@pytest.mark.parametrize("data", [b"", b"abc", bytes(40), b"\xff" * 41, bytes(range(64))])
def test_any_bytes_decode_to_something_or_are_refused(data):
    try:
        decoder = Stack(data)
        decoder.pop(np.arange(85), normal)
    except CodecError as error:
        assert "damaged" in str(error)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_popped_out_of_any_bits_is_pushed_again(seed):
    """As bits back needs it: an integer beyond its table too, of any length that the bits may say."""
    rng = np.random.default_rng(seed)
    table, uniform = normal(8), constriction.stream.model.Uniform
    beyond = [(2 * table.bound + 1, table.model)]  # the symbol that says so, and then any bits
    words = rng.integers(1, 2**32, 60, dtype=np.uint32).astype("<u4").tobytes()
    for length in range(32):
        stack = Stack(words)
        stack.put([*beyond, (length % 2, uniform(2)), (length, uniform(32))])
        before, index = stack.payload(), np.array([8])
        values = stack.pop(index, normal)
        assert abs(values[0]) > table.bound
        stack.push(values, index, normal)
        assert stack.payload() == before
