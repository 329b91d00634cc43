"""References of strangeness: what is derived is what the service then finds, and what the file holds."""

import numpy as np
import pytest

from vaedemo.data import datasets
from vaedemo.errors import DataError
from vaedemo.reports import strangeness
from vaedemo.services.anomaly import codes, scores, scores_of
from vaedemo.store.checkpoints import STRANGENESS
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.store.strangeness import load_reference

KEY = ModelKey("shapes", "vae", 2)


@pytest.fixture
def library(tmp_path):
    """One VAE of shapes, PCA with as many numbers, and mixtures."""
    shipped = Library().folder / "shapes"
    (tmp_path / "shapes").mkdir()
    for file in ("vae-2", "pca-10", "mixtures"):
        (tmp_path / "shapes" / f"{file}.safetensors").symlink_to(shipped / f"{file}.safetensors")
    return Library(tmp_path)


def load(split, domain):
    if domain == "fashion":
        raise DataError("no file")
    x = datasets.generated(split, 12)
    return x if domain == "shapes" else x.as_of((1, 28, 28))


def test_references_are_what_the_service_finds(library, monkeypatch):
    monkeypatch.setattr(strangeness, "KNOWN", 4)
    monkeypatch.setattr(strangeness, "FOREIGN", 3)
    told = strangeness.write_references(library, "shapes", load, ["shapes", "digits", "fashion"])
    path = library.folder / "shapes" / STRANGENESS.file
    pictures = {"training": 12, "shapes": 4, "digits": 3}
    assert told == {"models": 1, "pictures": pictures, "bytes": path.stat().st_size}
    found = load_reference(path, KEY.name)
    fresh = Library(library.folder)
    assert set(found.scores) == {"shapes", "digits"} and "typicality" in scores_of(fresh, KEY)
    for source, count in (("shapes", 4), ("digits", 3)):
        pictures = load("test", source).some(count).as_of((1, 64, 64))
        again = scores(fresh, pictures[:].numpy(), KEY)
        assert found.scores[source].keys() == again.keys()
        for name, values in again.items():
            assert found.scores[source][name] == pytest.approx(values, rel=1e-4, abs=1e-3), name
    own = load("test", "shapes").some(4)
    assert np.array_equal(found.known.labels, own.y.numpy())
    assert found.known.codes == pytest.approx(codes(fresh, own[:].numpy(), KEY), abs=2e-3)
    training = load("train", "shapes")[:].numpy()
    assert found.usual.nats == pytest.approx(scores(fresh, training, KEY, ["elbo"])["elbo"].mean(), rel=1e-5)
    assert np.isfinite(found.usual.covariance).all()


def test_equal_training_pictures_do(library):
    one = datasets.generated("train", 1)
    same = datasets.Pictures(one.x.repeat(18, 1, 1, 1))
    strangeness.write_references(
        library, "shapes", lambda split, domain: same if split == "train" else load(split, domain), []
    )
    known = Library(library.folder).reference(KEY).scores["shapes"]["joint"]
    assert np.isfinite(known).all()


def test_without_mixtures_there_are_none(library):
    (library.folder / "shapes" / "mixtures.safetensors").unlink()
    assert strangeness.write_references(library, "shapes", load, []) is None


def test_a_domain_without_vaes_has_none(tmp_path):
    assert strangeness.write_references(Library(tmp_path), "digits", load, ["digits"]) is None
