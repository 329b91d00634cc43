"""Codes in whole steps."""

import numpy as np
import pytest

from vaedemo.maths.quantise import BOUND, LARGEST, Quantiser, fit_quantiser


def test_a_code_is_rounded_to_the_nearest_step_and_what_is_rounded_stays():
    rng = np.random.default_rng(0)
    z, step = rng.standard_normal((500, 3)) * [1, 10, 0.1] + [0, 5, -1], np.array([0.1, 3, 0.02], np.float32)
    found = fit_quantiser(z, step)
    rounded = found.codes(found.integers(z))
    assert rounded.dtype == np.float32 and np.abs(rounded - z).max(0) == pytest.approx(step / 2, rel=0.05)
    assert np.array_equal(found.integers(rounded), found.integers(z))
    assert found.centre == pytest.approx(z.mean(0), rel=1e-6)
    assert np.array_equal(found.codes(np.zeros(3)), found.centre)


def test_counts_are_of_each_integer_and_of_all_beyond():
    z = np.concatenate([np.full(5, -2.0), np.full(3, 2.0), [-2.0, 2.0, 2.0], [9.0, -9.0]])[:, None]
    (counts,) = fit_quantiser(z, np.ones(1)).counts
    assert len(counts) == 2 * 9 + 2 and counts.sum() == len(z) and counts[-1] == 0
    assert (counts[9 - 2], counts[9 + 2], counts[0], counts[18]) == (6, 5, 1, 1)
    far = np.concatenate([np.zeros(2000), [BOUND + 50.0, -BOUND - 50.0]])[:, None]
    (counts,) = fit_quantiser(far, np.ones(1)).counts
    assert len(counts) == 2 * BOUND + 2 and counts[-1] == 2 and counts[BOUND] == 2000


def test_a_number_that_never_varies_has_one_integer():
    (counts,) = fit_quantiser(np.full((40, 1), 0.3), np.ones(1)).counts
    assert counts.tolist() == [40, 0]


def test_no_code_is_too_far():
    far = Quantiser(np.full(1, 1e-9, np.float32), np.zeros(1, np.float32), ())
    assert far.integers(np.array([[1e4], [-1e4]])).tolist() == [[LARGEST], [-LARGEST]]
