"""Walks, traversals and the importance of dimensions: closed forms of the paths, pictures against the models."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.models import build_model
from vaedemo.pictures.draw import to_image
from vaedemo.services import walk as latent
from vaedemo.services.walk import PATHS, decode_many, importance, spherical, straight, traverse, walk
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode

KL = [0.4, 2.0, 0.001, 1.0]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Untrained models of digits with four numbers, and one of objects; figures of all but the last."""
    root = tmp_path_factory.mktemp("checkpoints")
    for domain, kind in (("digits", "ae"), ("digits", "vae"), ("digits", "pca"), ("objects", "ae")):
        model = build_model(SIZED[domain].model_config(kind, 4), seed=1)
        save_checkpoint(root / domain / ModelKey(domain, kind, 4, 1.0).file, model, domain)
    code = {"mu_mean": [1.0, -1.0, 0.0, 2.0], "mu_std": [0.5, 1.0, 2.0, 0.1], "kl_each": None, "active": None}
    vae = code | {"kl_each": KL, "active": [True, True, False, True]}
    figures = {str(ModelKey("digits", kind, 4)): vae if kind == "vae" else code for kind in ("ae", "vae", "pca")}
    (root / "figures.json").write_text(json.dumps(figures))
    return Library(root)


@pytest.fixture
def ends():
    return np.random.default_rng(0).normal(size=(2, 6))


def test_a_straight_path_has_equal_steps_and_its_ends(ends):
    z = straight(*ends, 7)
    assert np.array_equal(z[[0, -1]], ends)
    assert np.allclose(np.diff(z, axis=0), (ends[1] - ends[0]) / 6)


def test_a_spherical_path_turns_evenly_and_its_length_goes_evenly(ends):
    z = spherical(*ends, 9)
    assert np.array_equal(z[[0, -1]], ends)
    lengths = np.linalg.norm(z, axis=1)
    assert np.allclose(lengths, np.linspace(lengths[0], lengths[-1], 9))
    turns = np.sum(z[1:] * z[:-1], axis=1) / lengths[1:] / lengths[:-1]
    assert np.ptp(np.arccos(turns)) < 1e-6
    assert np.linalg.matrix_rank(np.vstack([ends, z]), tol=1e-9) == 2  # it stays in the plane of its ends


def test_a_quarter_turn_in_closed_form():
    z = spherical([2.0, 0.0], [0.0, 2.0], 3)
    assert np.allclose(z[1], [np.sqrt(2), np.sqrt(2)])
    assert np.allclose(spherical([1.0, 0.0], [0.0, 3.0], 3)[1], [np.sqrt(2), np.sqrt(2)])


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_paths_do_not_depend_on_direction_rotation_or_scale(path, ends):
    z = path(*ends, 8)
    turned, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))
    assert np.allclose(path(*ends[::-1], 8), z[::-1])
    assert np.allclose(path(*(ends @ turned), 8), z @ turned)
    assert np.allclose(path(*(3 * ends), 8), 3 * z)


@pytest.mark.parametrize(
    "a, b",
    [([1, 1], [3, 3]), ([1, 1], [-2, -2]), ([0, 0], [1, 2]), ([0, 0], [0, 0]), ([1, 2], [1, 2]), ([2.0], [-1.0]),
     ([1, 1], [1, 1 + 1e-9])],
)  # fmt: skip
def test_where_there_is_no_arc_the_path_is_straight(a, b):
    z = spherical(a, b, 5)
    assert np.array_equal(z, straight(a, b, 5)) and np.isfinite(z).all()


@pytest.mark.parametrize("a, b, n", [([1, 2], [1], 3), ([[1.0]], [[2.0]], 3), ([0.0], [1.0], 1), ([0.0], [1.0], 2.5)])
def test_a_path_that_is_none_is_one_sentence(a, b, n):
    for path in PATHS.values():
        with pytest.raises(ConfigError):
            path(a, b, n)


@pytest.mark.parametrize("kind", ["ae", "vae", "pca"])
def test_many_codes_decode_like_one_at_a_time(library, kind):
    z = np.random.default_rng(0).normal(size=(70, 4))
    x = decode_many(library, z, ModelKey("digits", kind, 4))
    assert x.shape == (70, 1, 28, 28) and x.dtype == np.float32
    for i in (0, 63, 64, 69):
        assert np.allclose(x[i], decode(library, z[i], ModelKey("digits", kind, 4)), atol=1e-5)


@pytest.mark.parametrize(
    "bad", [np.zeros((0, 4)), np.zeros((1025, 4)), np.zeros((2, 3)), [[0, 0, 0, np.nan]], [0.0] * 4, "z", None]
)
def test_wrong_codes_are_one_sentence(library, bad):
    with pytest.raises(ConfigError):
        decode_many(library, bad, ModelKey("digits", "ae", 4))


@pytest.mark.parametrize("path", PATHS)
def test_a_walk_shows_what_lies_on_its_path(library, path):
    a, b = np.random.default_rng(2).normal(size=(2, 4)).astype(np.float32)
    made = walk(library, a, b, ModelKey("digits", "vae", 4), n=5, path=path)
    assert np.allclose(made.z, PATHS[path](a, b, 5)) and made.x_hat.shape == (5, 1, 28, 28)
    assert np.allclose(made.x_hat[-1], decode(library, b, ModelKey("digits", "vae", 4)), atol=1e-5)
    assert made.step_mse.shape == (4,)
    assert made.step_mse[0] == pytest.approx(float(((made.x_hat[1] - made.x_hat[0]) ** 2).mean()), rel=1e-4)


def test_a_wrong_walk_is_one_sentence(library):
    zero = np.zeros(4)
    with pytest.raises(ConfigError, match="straight, spherical"):
        walk(library, zero, zero, ModelKey("digits", "vae", 4), path="scenic")
    with pytest.raises(ConfigError, match="2 to 128"):
        walk(library, zero, zero, ModelKey("digits", "vae", 4), n=1000)
    with pytest.raises(ConfigError, match="4 numbers"):
        walk(library, zero, np.zeros(3), ModelKey("digits", "vae", 4))
    with pytest.raises(UnknownModel):
        walk(library, np.zeros(3), np.zeros(3), ModelKey("digits", "vae", 3))


def test_importance_is_kl_of_a_vae_and_variance_elsewhere(library):
    vae, ae = (importance(library, ModelKey("digits", kind, 4)) for kind in ("vae", "ae"))
    assert vae.unit == "nats" and vae.value.tolist() == KL
    assert vae.order.tolist() == [1, 3, 0, 2] and vae.active.tolist() == [True, True, False, True]
    assert ae.unit == "variance" and np.allclose(ae.value, [0.25, 1, 4, 0.01])
    assert ae.order.tolist() == [2, 1, 0, 3] and ae.active.all()
    with pytest.raises(CheckpointError, match="evaluate --write"):
        importance(library, ModelKey("objects", "ae", 4))
    with pytest.raises(UnknownModel):
        importance(library, ModelKey("digits", "ae", 5))


def test_a_traversal_changes_one_dimension_a_row(library):
    z = np.array([0.1, 0.2, 0.3, 0.4])
    made = traverse(library, z, ModelKey("digits", "vae", 4), span=2, n=5)
    assert made.dims.tolist() == [1, 3, 0, 2] and made.x_hat.shape == (4, 5, 1, 28, 28)
    assert np.allclose(made.values, [[-2, -1, 0, 1, 2]] * 4)
    code = z.copy()
    code[3] = -1
    assert np.allclose(made.x_hat[1, 1], decode(library, code, ModelKey("digits", "vae", 4)), atol=1e-5)
    origin = traverse(library, None, ModelKey("digits", "vae", 4), dims=[2], n=3)
    assert np.array_equal(origin.z, np.zeros(4)) and origin.dims.tolist() == [2]
    assert np.allclose(origin.x_hat[0, 1], decode(library, np.zeros(4), ModelKey("digits", "vae", 4)), atol=1e-5)


def test_without_a_prior_a_traversal_goes_about_the_mean(library):
    made = traverse(library, None, ModelKey("digits", "ae", 4), n=3)
    assert made.z.tolist() == [1.0, -1.0, 0.0, 2.0] and made.dims.tolist() == [2, 1, 0, 3]
    assert np.allclose(made.values, [[-6, 0, 6], [-4, -1, 2], [-0.5, 1, 2.5], [1.7, 2, 2.3]])


@pytest.mark.parametrize(
    "wrong", [{"span": 0}, {"span": np.nan}, {"span": "far"}, {"n": 1}, {"n": 500}, {"dims": [4]}, {"dims": [-1]},
              {"dims": []}, {"dims": [0.5]}, {"dims": [0] * 200}, {"z": [1.0]}, {"z": "zero"}],
    ids=str,
)  # fmt: skip
def test_a_wrong_traversal_is_one_sentence(library, wrong):
    with pytest.raises(ConfigError):
        traverse(library, **({"z": None, "key": ModelKey("digits", "vae", 4)} | wrong))


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_goes_there_and_back(kind, channels):
    levels = np.linspace(0, 1, 4, dtype=np.float32)
    x = np.broadcast_to(levels[:, None, None, None], (4, channels, 28, 28)).copy()
    x[:, :, 0, 0] = 1
    image = Image.open(io.BytesIO(latent.animation(x, kind)))
    assert image.size == (252, 252) and image.n_frames == 6 and image.info["loop"] == 0
    shown, times = [], []
    for i in range(6):
        image.seek(i)
        shown.append(np.asarray(image.convert("RGB"))[100, 100, 0] / 255)
        times.append(image.info["duration"])
    assert np.allclose(shown, levels[[0, 1, 2, 3, 2, 1]], atol=0.01)
    assert times == [400, 80, 80, 400, 80, 80]


def test_strips_and_grids_hold_the_pictures():
    x = np.random.default_rng(0).random((6, 1, 28, 28), dtype=np.float32)
    strip = latent.strip_image(x, side=60, gap=4)
    assert strip.size == (6 * 56 + 5 * 4, 56)
    assert strip.crop((60, 0, 116, 56)).resize((28, 28), Image.Resampling.NEAREST).tobytes() == to_image(x[1]).tobytes()
    rows = x.reshape(2, 3, 1, 28, 28)
    plain, named = latent.grid_image(rows, side=28), latent.grid_image(rows, ["one", "two and more"], side=28)
    assert plain.size == (3 * 30 - 2, 2 * 30 - 2)
    assert named.height == plain.height and named.width > plain.width + 40
    assert named.crop((named.width - plain.width, 0, *named.size)).tobytes() == plain.tobytes()
    with pytest.raises(ConfigError, match="GIF or WEBP"):
        latent.animation(x, "MP4")


def test_a_traversal_as_a_picture_names_its_rows(library):
    made = traverse(library, None, ModelKey("digits", "vae", 4), n=3)
    image = latent.traversal_image(made, side=28)
    assert image.height == 4 * 30 - 2 and image.width > 3 * 30
