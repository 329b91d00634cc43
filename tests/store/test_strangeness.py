"""Files of how strange known and foreign pictures are."""

import json

import numpy as np
import pytest
import torch

from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError
from vaedemo.models import build_model
from vaedemo.store.checkpoints import STRANGENESS, read_tensors, save_checkpoint, scan
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.strangeness import Known, Reference, Usual, load_reference, save_references

R = np.random.default_rng(0)
ONE = Reference(
    Usual(83.5, R.normal(size=2), np.eye(2)),
    {"digits": {"elbo": R.normal(size=5), "pca": R.normal(size=5)}, "training": {"elbo": np.ones(3)}},
    "12ab",
    Known(np.array([3, 0, 9, 9, 1]), R.normal(size=(5, 2)).astype(np.float16).astype(np.float32)),
)
TWO = Reference(Usual(1.0, np.zeros(1), np.ones((1, 1))), {}, "34cd")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "digits" / STRANGENESS.file
    save_references(path, {"vae-2": ONE, "vae-20": TWO}, "digits", {"known": 5})
    return path


def test_a_file_gives_back_what_was_written(path):
    for name, wanted in (("vae-2", ONE), ("vae-20", TWO)):
        found = load_reference(path, name)
        assert (found.usual.nats, found.weights) == (wanted.usual.nats, wanted.weights)
        for part in ("mean", "covariance"):
            assert np.array_equal(getattr(found.usual, part), np.float32(getattr(wanted.usual, part)))
        assert found.scores.keys() == wanted.scores.keys()
        for source, scores in wanted.scores.items():
            assert found.scores[source].keys() == scores.keys()
            for score, values in scores.items():
                assert np.array_equal(found.scores[source][score], np.float32(values))
    known = load_reference(path, "vae-2").known
    assert np.array_equal(known.labels, ONE.known.labels) and np.array_equal(known.codes, ONE.known.codes)
    assert known.labels.dtype == np.int64 and known.codes.dtype == np.float32
    assert load_reference(path, "vae-20").known is None
    record = json.loads(read_tensors(path, STRANGENESS).metadata["record"])
    assert record == {"known": 5, "weights": {"vae-2": "12ab", "vae-20": "34cd"}}


def test_a_model_without_one_has_none(path, tmp_path):
    assert load_reference(path, "vae-3") is None
    assert load_reference(path.with_name("nothing"), "vae-2") is None
    assert scan(tmp_path) == []  # it is no checkpoint


def test_of_other_weights_there_is_none(path):
    """A model that was trained anew has its scores measured anew."""
    key = ModelKey("digits", "vae", 2)
    model = build_model(SIZED["digits"].model_config("vae", 2))
    save_checkpoint(path.with_name("vae-2.safetensors"), model, "digits")
    library = Library(path.parents[1])
    assert library.reference(key) is None
    save_references(path, {"vae-2": ONE._replace(weights=library.weights(key))}, "digits")
    assert Library(path.parents[1]).reference(key).usual.nats == 83.5
    with torch.no_grad():
        next(model.parameters()).add_(1)
    save_checkpoint(path.with_name("vae-2.safetensors"), model, "digits")
    assert Library(path.parents[1]).reference(key) is None


def test_what_is_damaged_is_named(path):
    for usual, scores, named in (
        (ONE.usual, {"digits": {"elbo": np.array([1, np.nan])}}, "vae-2/digits/elbo"),
        (ONE.usual._replace(mean=np.zeros(3)), {}, "vae-2/=training"),
        (ONE.usual._replace(covariance=np.ones((2, 2))), {}, "vae-2/=training"),
        (ONE.usual._replace(nats=np.inf), {}, "vae-2/=training/nats"),
    ):
        save_references(path, {"vae-2": Reference(usual, scores, "")}, "digits")
        with pytest.raises(CheckpointError, match=f"damaged scores {named}; restore it or derive it anew"):
            load_reference(path, "vae-2")
    for labels, codes in ((np.zeros(3), np.zeros((5, 2))), (np.zeros(5), np.full((5, 2), np.nan))):
        save_references(path, {"vae-2": ONE._replace(known=Known(labels, codes))}, "digits")
        with pytest.raises(CheckpointError, match="damaged scores vae-2/=known"):
            load_reference(path, "vae-2")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(CheckpointError, match="cut"):
        load_reference(path, "vae-2")
