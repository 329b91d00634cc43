"""Probability tables: right, whole, and far from where a machine's rounding could change them."""

import math

import constriction
import numpy as np
import pytest

from vaedemo.models.entropy import PRECISION
from vaedemo.services.codec.tables import logistic, normal, scale_index, scale_of

SCALES = range(85)


def exact(upper, scale, bound):
    """Masses times 2^24, unrounded."""
    edges = np.array([upper((k - 0.5) / scale) for k in range(1, bound + 2)])
    return np.concatenate([[1 - 2 * edges[0]], edges[:-1] - edges[1:], [2 * edges[-1]]]) * 2.0**PRECISION


UPPER = {
    normal: lambda t: 0.5 * math.erfc(t / math.sqrt(2)),
    logistic: lambda t: 1 / (1 + math.exp(t)) if t < 700 else 0.0,
}


@pytest.mark.parametrize("tables", [normal, logistic])
def test_masses_are_those_of_the_distribution(tables):
    for index in SCALES:
        table = tables(index)
        assert len(table.counts) == 2 * table.bound + 2
        assert table.counts.min() >= 1
        assert table.counts.sum() == 2**PRECISION
        assert np.array_equal(table.counts[: table.bound], table.counts[table.bound + 1 : -1][::-1])
        wanted = exact(UPPER[tables], scale_of(index), table.bound)
        assert np.abs(table.counts[table.bound + 1 :] - np.maximum(wanted[1:], 1)).max() < 0.51
        assert table.counts[table.bound] == pytest.approx(wanted[0], abs=len(table.counts))


@pytest.mark.parametrize("tables", [normal, logistic])
def test_no_mass_lies_near_to_where_its_rounding_changes(tables):
    """So that any machine whose erfc and tanh are right to fourteen digits has the same integers."""
    nearest = 1.0
    for index in SCALES:
        wanted = exact(UPPER[tables], scale_of(index), tables(index).bound)
        nearest = min(nearest, np.abs(wanted % 1 - 0.5).min())
    assert nearest > 1e-7


def test_what_lies_beyond_a_table_is_rare():
    for index in SCALES:
        for tables in (normal, logistic):
            assert tables(index).counts[-1] <= 8
            assert len(tables(index).counts) < 2**15  # what the coder keeps a symbol in


def test_scales_and_their_indices():
    assert scale_index(np.array([-3.5, -3.375, 0.0, 7.0])).tolist() == [0, 1, 28, 84]
    assert scale_of(28) == 1.0


@pytest.mark.parametrize("tables", [normal, logistic])
def test_the_coder_has_the_very_counts(tables):
    """Many of one symbol take as many bits as its count says."""
    for index in range(0, 85, 12):
        table = tables(index)
        for symbol in (0, table.bound, table.bound + 1, 2 * table.bound + 1):
            coder = constriction.stream.stack.AnsCoder()
            coder.encode_reverse(np.arange(50, dtype=np.int32), constriction.stream.model.Uniform(64))
            before = coder.num_bits()
            coder.encode_reverse(np.full(30_000, symbol, np.int32), table.model)
            bits = 30_000 * (PRECISION - math.log2(table.counts[symbol]))
            assert coder.num_bits() - before == pytest.approx(bits, rel=1e-5, abs=64)
