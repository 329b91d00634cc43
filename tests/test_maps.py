import json

import numpy as np
import pytest
import torch

from vaedemo import datasets, maps
from vaedemo.checkpoints import file_name, save_checkpoint
from vaedemo.domains import DOMAINS
from vaedemo.errors import CheckpointError
from vaedemo.library import CHECKPOINTS, Library
from vaedemo.models import build_model


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    for kind, d in (("ae", 2), ("vae", 2), ("vae", 5), ("ae", 5)):
        model = build_model(DOMAINS["shapes"].model_config(kind, d), seed=d)
        save_checkpoint(root / "shapes" / file_name(kind, d), model, "shapes")
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


def test_a_tile_is_the_decode_of_its_place(library):
    model, low, high = library.model("shapes", "vae", 2), np.array([-2.0, -1.0]), np.array([2.0, 3.0])
    tiles = maps.atlas(model, low, high, 5)
    exact = model.decode(torch.tensor([[-2.0 + 3, 3.0 - 1]]))[0]  # column 3, row 1
    assert np.abs(tiles[1, 3] / 255 - exact.numpy()).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("interpolation", maps.INTERPOLATIONS)
def test_blending_gives_the_tiles_back_and_is_exact_for_a_ramp(interpolation):
    ramp = np.arange(6)[None, :] * 10 + np.arange(6)[:, None] * 3.0
    tiles = ramp[..., None, None, None].repeat(4, 3).repeat(4, 4)
    low, high = np.zeros(2), np.full(2, 5.0)
    at = np.array([[0, 5], [5, 0], [2, 3], [2.25, 2.5], [9, -9]])
    made = maps.blend(tiles, low, high, at, interpolation)
    assert made.shape == (5, 1, 4, 4)
    assert made[:, 0, 0, 0] == pytest.approx([0, 65, 26, 22.5 + 7.5, 65])


def test_a_sheet_comes_back_as_tiles():
    tiles = np.random.default_rng(0).integers(0, 255, (3, 3, 3, 8, 8), dtype=np.uint8)
    assert (maps.from_webp(maps.to_webp(tiles, None), 3, (3, 8, 8)) == tiles).all()


def test_a_map_is_read_as_it_was_written(library, pictures, written):
    folder, described = written
    codes, sigma = maps.encodings(library.model("shapes", "vae", 2), pictures)
    found = maps.read_map(folder, "shapes", "vae")
    assert found.points == pytest.approx(codes, abs=2 * np.ptp(codes, axis=0).max() / 65535)
    assert (found.labels == pictures.y.numpy()).all()
    assert found.sigma == pytest.approx(np.median(sigma, 0), rel=1e-4)
    assert maps.read_map(folder, "shapes", "ae").sigma is None
    assert set(described["models"]) == {"ae", "vae"}


def test_a_plane_is_the_principal_one(library, pictures, written):
    codes, _ = maps.encodings(library.model("shapes", "ae", 5), pictures)
    found = maps.read_plane(written[0], "shapes", "ae", 5)
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
        maps.read_plane(written[0], "shapes", "ae", 7)
    (tmp_path / "digits.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        maps.read_map(tmp_path, "digits", "ae")


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_shipped_map_is_small_and_fits_the_shipped_models(domain):
    folder, library = CHECKPOINTS / maps.FOLDER, Library()
    files = [folder / f"{domain}.{end}" for end in ("json", "bin")]
    described = json.loads(files[0].read_text())
    files += [folder / described["models"][kind]["atlas"] for kind in maps.KINDS]
    assert sum(f.stat().st_size for f in files) <= 1.5e6
    for kind in maps.KINDS:
        found = maps.read_map(folder, domain, kind)
        tiles = found.tiles
        g = len(tiles)
        places = [(g // 2, g // 3), (g // 4, g // 2), (3 * g // 4, 2 * g // 3)]
        step = (found.high - found.low) / (g - 1)
        z = np.array([[found.low[0] + i * step[0], found.high[1] - j * step[1]] for j, i in places])
        exact = 255 * library.model(domain, kind, 2).decode(torch.from_numpy(z).float()).numpy()
        assert np.abs(np.stack([tiles[p] for p in places]) - exact).mean() < 4  # what WebP loses
        assert len(found.points) == described["count"] == len(found.labels)
        assert described["models"][kind]["error"]["mean"] < 6
