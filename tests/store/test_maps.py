import json

import numpy as np
import pytest

from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError
from vaedemo.models import build_model
from vaedemo.store import maps
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS, Library


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    for kind, d in (("ae", 2), ("vae", 2), ("vae", 5), ("ae", 5)):
        model = build_model(SIZED["shapes"].model_config(kind, d), seed=d)
        save_checkpoint(root / "shapes" / ModelKey("shapes", kind, d).file, model, "shapes")
    return Library(root)


@pytest.fixture(scope="module")
def pictures():
    return datasets.generated("test", n=301)  # odd: the labels are padded


@pytest.fixture(scope="module")
def written(library, pictures):
    folder = library.folder / maps.FOLDER
    described = maps.write_map(library, pictures, "shapes", folder)
    maps.write_planes(library, pictures, "shapes", folder)
    return folder, described


def test_the_box_is_square_and_holds_the_points_and_the_prior():
    points = np.random.default_rng(0).normal(size=(5000, 2)) * (3, 1) + (5, 0)
    low, high = maps.box(points)
    assert np.allclose(*(high - low))
    assert ((points >= low) & (points <= high)).all(1).mean() >= maps.INSIDE
    low, high = maps.box(points, 3.5)
    assert (low <= -3.5).all() and (high >= 3.5).all()


def test_a_map_is_read_as_it_was_written(library, pictures, written):
    folder, described = written
    codes, sigma = maps.encodings(library.model(ModelKey("shapes", "vae", 2)), pictures)
    found = maps.read_map(folder, "shapes", "vae")
    assert found.points == pytest.approx(codes, abs=2 * np.ptp(codes, axis=0).max() / 65535)
    assert (found.labels == pictures.y.numpy()).all()
    assert found.sigma == pytest.approx(np.median(sigma, 0), rel=1e-4)
    assert found.sigmas == pytest.approx(sigma, rel=1e-5, abs=2 * np.ptp(sigma, axis=0).max() / 65535)
    assert maps.read_map(folder, "shapes", "ae").sigma is None and maps.read_map(folder, "shapes", "ae").sigmas is None
    assert set(described["models"]) == {"ae", "vae"}


def test_a_plane_is_the_principal_one(library, pictures, written):
    codes, _ = maps.encodings(library.model(ModelKey("shapes", "ae", 5)), pictures)
    found = maps.read_plane(written[0], ModelKey("shapes", "ae", 5))
    assert found.components @ found.components.T == pytest.approx(np.eye(2), abs=1e-4)
    singular = np.linalg.svd(codes - codes.mean(0), compute_uv=False) ** 2
    assert found.explained == pytest.approx(singular[:2] / singular.sum(), rel=1e-3)
    assert found.points == pytest.approx((codes - found.mean) @ found.components.T, abs=1e-2 * np.ptp(found.points))


def test_what_is_missing_or_damaged_is_one_sentence(written, tmp_path):
    with pytest.raises(CheckpointError, match="no map digits"):
        maps.read_map(tmp_path, "digits", "ae")
    with pytest.raises(CheckpointError, match="choose from ae, vae"):
        maps.read_map(written[0], "shapes", "pca")
    with pytest.raises(CheckpointError, match="no plane"):
        maps.read_plane(written[0], ModelKey("shapes", "ae", 7))
    (tmp_path / "digits.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        maps.read_map(tmp_path, "digits", "ae")


@pytest.mark.parametrize("domain", SIZED)
def test_the_shipped_map_fits_the_shipped_models(domain):
    folder, library = CHECKPOINTS / maps.FOLDER, Library()
    models = [key for key in library.model_keys(domain) if key.kind in maps.KINDS]
    for key in models:
        if key.latent_dim > 2:
            found = maps.read_plane(folder, key)
            assert found.components.shape == (2, key.latent_dim) and 0 < found.explained.sum() <= 1
            assert found.components @ found.components.T == pytest.approx(np.eye(2), abs=1e-4)
        else:
            found = maps.read_map(folder, domain, key.kind)
            assert (found.sigma is None) == (key.kind == "ae")
            if key.kind == "vae":
                assert np.median(found.sigmas, axis=0) == pytest.approx(found.sigma, rel=1e-3)
                assert (found.low <= -maps.PRIOR_REACH).all() and (found.high >= maps.PRIOR_REACH).all()
            inside = ((found.points >= found.low) & (found.points <= found.high)).all(1)
            assert inside.mean() >= 0.995 and np.allclose(*(found.high - found.low), rtol=1e-4)
        assert len(found.points) == len(found.labels) and set(found.labels) == set(range(len(SIZED[domain].classes)))
    keys = {key.name for key in models if key.latent_dim > 2}
    assert set(json.loads((folder / f"{domain}-planes.json").read_text())["models"]) == keys
    # Pictures that can be made here again stand where the models put them.
    if domain == "shapes":
        pictures = datasets.load("shapes", "test").first(50)
        for key in models:
            mu, _ = maps.encodings(library.model(key), pictures)
            if key.latent_dim == 2:
                points = maps.read_map(folder, domain, key.kind).points
            else:
                found = maps.read_plane(folder, key)
                points, mu = found.points, (mu - found.mean) @ found.components.T
            assert np.abs(points[:50] - mu).max() < 2e-3 * np.ptp(points, axis=0).max(), key


def test_a_map_that_was_cut_is_refused(written, tmp_path):
    for name in ("shapes.json", "shapes-planes.json"):
        (tmp_path / name).write_bytes((written[0] / name).read_bytes())
        (tmp_path / name).with_suffix(".bin").write_bytes(b"\0" * 300)
    with pytest.raises(CheckpointError, match="damaged"):
        maps.read_map(tmp_path, "shapes", "vae")
    with pytest.raises(CheckpointError, match="damaged"):
        maps.read_plane(tmp_path, ModelKey("shapes", "vae", 5))
