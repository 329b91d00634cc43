"""Files of quantisers."""

import numpy as np
import pytest

from vaedemo.errors import CheckpointError
from vaedemo.maths.quantise import fit_quantiser
from vaedemo.store.checkpoints import QUANTISERS, read_tensors, scan
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.quantisers import load_quantiser, save_quantisers


@pytest.fixture
def two():
    z = np.random.default_rng(0).standard_normal((300, 2)) * [1, 4]
    return fit_quantiser(z, np.array([0.25, 2]))


@pytest.fixture
def path(two, tmp_path):
    path = tmp_path / "digits" / QUANTISERS.file
    save_quantisers(path, {"ae-2": two, "vae-2": fit_quantiser(np.zeros((5, 2)), np.ones(2))}, "digits", {"seed": 0})
    return path


def test_a_file_gives_back_every_quantiser(two, path):
    back = load_quantiser(path, "ae-2", 2)
    assert np.array_equal(back.step, two.step) and np.array_equal(back.centre, two.centre)
    assert all(np.array_equal(a, b) for a, b in zip(back.counts, two.counts, strict=True))
    assert [c.tolist() for c in load_quantiser(path, "vae-2", 2).counts] == [[5, 0], [5, 0]]
    assert read_tensors(path, QUANTISERS).metadata["record"] == '{"seed": 0}'


def test_a_model_without_one_has_none(path, tmp_path):
    assert load_quantiser(path, "ae-3", 3) is None
    assert load_quantiser(path.with_name("nothing"), "ae-2", 2) is None
    library = Library(tmp_path)
    assert library.quantiser(ModelKey("digits", "pca", 2)) is None and library.quantiser(ModelKey("digits", "ae", 2))
    assert library.quantiser(ModelKey("fashion", "ae", 2)) is None
    assert scan(tmp_path) == []  # it is no checkpoint


def test_what_is_damaged_is_named(two, path):
    with pytest.raises(CheckpointError, match="damaged quantiser of ae-2"):
        load_quantiser(path, "ae-2", 5)
    for wrong in ({"step": -two.step}, {"centre": two.centre * np.inf}, {"step": two.step[:1]}):
        save_quantisers(path, {"ae-2": type(two)(**(vars(two) | wrong))}, "digits")
        with pytest.raises(CheckpointError, match="restore it or derive it anew"):
            load_quantiser(path, "ae-2", 2)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(CheckpointError, match="cut"):
        load_quantiser(path, "ae-2", 2)
