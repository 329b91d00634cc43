import numpy as np
import pytest
from scipy.ndimage import median_filter

from vaedemo.services.restore import strips


@pytest.mark.parametrize("shape", [(1, 1), (30, 50), (400, 900)])
def test_strips_give_what_the_whole_picture_gives(shape):
    y, mask = np.random.default_rng(0).random((3, *shape), np.float32), np.ones(shape)
    job = strips.Strips(lambda part, known: median_filter(part * known, (1, 5, 5)), y, mask)
    assert list(job) == [(i + 1, job.total) for i in range(job.total)]
    assert np.array_equal(job.mean, median_filter(y, (1, 5, 5)))
