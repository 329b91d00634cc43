"""Scores of strangeness: each against its definition, for every picture alone; and what the shipped models find."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.errors import ConfigError, PictureError
from vaedemo.maths.detection import auroc
from vaedemo.models import objectives
from vaedemo.services import anomaly
from vaedemo.services.anomaly import (
    SCORES,
    Look,
    best_score,
    class_scores,
    codes,
    distances,
    judge,
    known_scores,
    learn_normal,
    learn_usual,
    normal_key,
    scores,
    scores_of,
)
from vaedemo.services.reconstruct import reconstruct
from vaedemo.store.checkpoints import MIXTURES
from vaedemo.store.key import ModelKey
from vaedemo.store.library import encode
from vaedemo.store.mixtures import save_mixtures

KEY = ModelKey("digits", "vae", 32)


@pytest.fixture(scope="module")
def pictures(digit):
    """A digit, the same turned upside down, and noise."""
    noise = np.random.default_rng(0).random((1, 28, 28), np.float32)
    return np.stack([digit, digit[:, ::-1], noise])


@pytest.fixture(scope="module")
def found(shipped, pictures):
    return scores(shipped, pictures, KEY)


def test_every_score_calls_noise_stranger_than_a_digit(found):
    assert list(found) == list(SCORES)
    for name, values in found.items():
        assert values.shape == (3,) and values.dtype == np.float64
        assert values[2] > values[0], name


def test_a_picture_has_its_scores_whatever_stands_beside_it(shipped, pictures, found, monkeypatch):
    monkeypatch.setattr(anomaly, "BATCH", 2)
    again = scores(shipped, pictures[::-1], KEY)
    for name, values in found.items():
        assert again[name][::-1] == pytest.approx(values, rel=1e-4), name


def test_error_and_elbo_are_those_of_reconstruct(shipped, pictures, found):
    for x, error, nats in zip(pictures, found["error"], found["elbo"], strict=True):
        one = reconstruct(shipped, x, KEY)
        assert error == pytest.approx(one.mse, rel=1e-4)
        assert nats == pytest.approx(one.distortion_nats + one.kl_nats.sum(), rel=1e-4)


def test_pca_has_as_many_numbers(shipped, pictures, found):
    one = reconstruct(shipped, pictures[0], KEY._replace(kind="pca"))
    assert found["pca"][0] == pytest.approx(one.mse, rel=1e-4)


def test_the_bound_is_the_importance_weighted_one(shipped, pictures, found):
    model, x = shipped.model(KEY), torch.from_numpy(pictures[:1])
    bound = objectives.importance_bound(model, x, 64, runtime.generator("bound")).item()
    assert found["bound"][0] == pytest.approx(bound, rel=1e-5)


def test_density_and_distance_are_those_of_the_mixture(shipped, pictures, found):
    z = encode(shipped, pictures[1], KEY)[0]
    mixture = shipped.mixture(KEY)
    assert found["density"][1] == pytest.approx(-mixture.log_prob(z[None])[0], rel=1e-3)
    from scipy.spatial.distance import mahalanobis

    inverses = np.linalg.inv(mixture.factors @ mixture.factors.transpose(0, 2, 1))
    nearest = min(mahalanobis(z, m, v) for m, v in zip(mixture.means, inverses, strict=True))
    assert found["distance"][1] == pytest.approx(nearest, rel=1e-3)


def test_typicality_is_the_distance_to_the_usual_elbo(shipped, found):
    usual = shipped.reference(KEY).usual.nats
    assert found["typicality"] == pytest.approx(np.abs(found["elbo"] - usual))


def test_joint_is_the_distance_of_six_statistics_together(shipped, pictures, found):
    from scipy.spatial.distance import mahalanobis

    with torch.no_grad():
        values = Look(shipped, KEY, torch.from_numpy(pictures)).statistics
    one = reconstruct(shipped, pictures[0], KEY)
    bits = bits_of_png(Image.fromarray((pictures[0, 0] * 255).round().astype(np.uint8)))
    logs = [math.log(found[name][0] + 1e-6) for name in ("error", "pca")]
    wanted = [one.distortion_nats, one.kl_nats.sum(), bits, *logs, found["density"][0]]
    assert values[0] == pytest.approx(wanted, rel=1e-4)
    _, mean, covariance = shipped.reference(KEY).usual
    inverse = np.linalg.inv(covariance.astype(float))
    assert found["joint"] == pytest.approx([mahalanobis(v, mean, inverse) for v in values], rel=1e-3)


def test_what_is_usual_is_of_the_pictures_given(shipped, digit):
    pictures = np.stack([np.roll(digit, k, 2) for k in range(8)])
    told = learn_usual(shipped, pictures, KEY)
    assert told.nats == pytest.approx(scores(shipped, pictures, KEY, ["elbo"])["elbo"].mean())
    assert told.mean[:2].sum() == pytest.approx(told.nats)
    with torch.no_grad():
        values = Look(shipped, KEY, torch.from_numpy(pictures)).statistics
    spread = values.std(0)
    assert told.mean == pytest.approx(values.mean(0))
    assert np.diag(told.covariance) / spread**2 == pytest.approx(np.ones(6), rel=0.2)  # shrunk towards equal variances
    assert np.linalg.eigvalsh(told.covariance).min() > 0


def bits_of_png(image):
    image.save(file := io.BytesIO(), "png", optimize=True)
    return 8 * len(file.getvalue())


def test_ratio_is_elbo_in_bits_less_those_of_a_file(shipped, pictures, found):
    """Of digits, whose likelihood is Bernoulli, both of the picture in two levels; of clothes of its 256."""
    binary = (pictures[0] > 0.5).astype(np.float32)
    nats = scores(shipped, binary[None], KEY, ["elbo"])["elbo"][0]
    assert found["ratio"][0] == pytest.approx(
        nats / math.log(2) - bits_of_png(Image.fromarray(binary[0] > 0)), rel=1e-4
    )
    clothes = scores(shipped, pictures, ModelKey("fashion", "vae", 8), ["ratio", "elbo"])
    file = Image.fromarray((pictures[0, 0] * 255).round().astype(np.uint8))
    assert clothes["ratio"][0] == pytest.approx(clothes["elbo"][0] / math.log(2) - bits_of_png(file))


def test_two_levels_of_three_channels_are_not_dithered():
    x = np.zeros((3, 32, 32), np.float32)
    x[0, :, 16:] = x[1, 16:] = 1
    assert anomaly._png_bits(x, 2) == bits_of_png(Image.fromarray((255 * x).astype(np.uint8).transpose(1, 2, 0)))


def test_a_model_without_a_mixture_of_its_own_has_no_scores_of_one(shipped, tmp_path):
    from vaedemo.store.library import Library

    (tmp_path / "digits").mkdir()
    for file in ("vae-2", "vae-4"):
        (tmp_path / "digits" / f"{file}.safetensors").symlink_to(shipped.folder / "digits" / f"{file}.safetensors")
    mixture = shipped.mixture(ModelKey("digits", "vae", 2))
    save_mixtures(tmp_path / "digits" / MIXTURES.file, {"vae-2/all": mixture}, "digits")
    library = Library(tmp_path)
    assert scores_of(library, ModelKey("digits", "vae", 2)) == [
        "error",
        "elbo",
        "bound",
        "distance",
        "density",
        "ratio",
    ]
    assert scores_of(library, ModelKey("digits", "vae", 4)) == ["error", "elbo", "bound", "ratio"]


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (ModelKey("digits", "ae", 8), ["error", "distance", "density", "pca"]),
        (ModelKey("digits", "pca", 8), ["error", "pca"]),
        (ModelKey("digits", "dense", 8), ["error", "pca"]),
        (ModelKey("digits", "vae", 32, 4.0), ["error", "elbo", "bound", "ratio", "pca"]),
    ],
)
def test_a_model_has_the_scores_that_its_kind_allows(shipped, pictures, key, names):
    assert scores_of(shipped, key) == names
    assert list(scores(shipped, pictures, key)) == names
    with pytest.raises(ConfigError, match=f"no score 'typicality' of {key}; choose from {', '.join(names)}"):
        scores(shipped, pictures, key, ["typicality"])


def test_the_best_score_is_joint_where_there_is_that(shipped):
    assert best_score(shipped, KEY) == "joint"
    assert best_score(shipped, ModelKey("digits", "ae", 8)) == "error"


@pytest.mark.parametrize("domain", list(SIZED))
def test_joint_knows_every_domain_from_every_other(shipped, domain):
    """Of the figures that are shipped, for the largest VAE; and clothes find the likelihood of shapes too high."""
    key = shipped.key(domain)
    known, foreign = (found := dict(shipped.reference(key).scores)).pop(domain), found
    assert set(foreign) == set(SIZED) - {domain}
    for other, values in foreign.items():
        assert auroc(known["joint"], values["joint"]).value > 0.985, other
    if domain == "fashion":
        assert auroc(known["elbo"], foreign["shapes"]["elbo"]).value < 0.1


def test_what_is_shipped_is_what_the_models_find(shipped):
    """Shapes are generated anywhere."""
    foreign = datasets.generated("test").some(500).as_of((1, 28, 28)).first(6)[:].numpy()
    for name, values in scores(shipped, foreign, KEY).items():
        near = 0.05 if name in ("ratio", "joint") else 1e-3  # the size of a PNG file depends on zlib
        assert shipped.reference(KEY).scores["shapes"][name][:6] == pytest.approx(values, rel=near), name


def test_no_pictures_have_no_scores(shipped):
    assert [len(v) for v in scores(shipped, np.zeros((0, 1, 28, 28), np.float32), KEY).values()] == [0] * len(SCORES)


def test_the_joint_score_of_known_pictures_is_there_and_of_other_models_none(shipped):
    assert len(known_scores(shipped, KEY, "joint")) == 1000
    assert known_scores(shipped, ModelKey("digits", "ae", 8), "error") is None
    assert known_scores(shipped, KEY, "beauty") is None


@pytest.fixture(scope="module")
def discs():
    """300 pictures of one bright disc each, somewhere near the middle."""
    r, at = np.random.default_rng(0), np.arange(28) + 0.5
    cx, cy, size = (r.uniform(low, high, (300, 1, 1)) for low, high in ((11, 17), (11, 17), (4, 7)))
    away = np.hypot(at[None, None] - cx, at[None, :, None] - cy)
    return np.clip(size - away, 0, 1).astype(np.float32)[:, None]


def test_ones_own_normal_is_told_from_other_pictures(shipped, discs, pictures):
    key = normal_key(shipped, "digits", None, None, 1.0)
    assert key == ModelKey("digits", "vae", 8)
    normal = learn_normal(shipped, discs[:50], key)
    others = distances(shipped, normal, discs[50:])
    assert distances(shipped, normal, pictures).min() > np.quantile(others, 0.99)
    # Each left out once, they are as far away as pictures that were never there.
    assert np.median(normal.left_out) == pytest.approx(np.median(others), rel=0.15)
    assert np.median(distances(shipped, normal, discs[:50])) < np.median(normal.left_out)


def test_each_is_left_out_once(shipped, discs):
    key = ModelKey("digits", "ae", 4)
    normal, rest = learn_normal(shipped, discs[:21], key), learn_normal(shipped, discs[1:21], key)
    assert normal.left_out.shape == (21,)
    # The scale by which numbers are shrunk is that of all, a little other than that of the rest.
    assert distances(shipped, rest, discs[:1])[0] == pytest.approx(normal.left_out[0], rel=0.1)


def test_fewer_pictures_than_numbers_are_enough(shipped, discs):
    normal = learn_normal(shipped, discs[:20], ModelKey("digits", "vae", 64))
    assert np.isfinite(normal.left_out).all() and normal.factor.shape == (65, 65)
    flat = learn_normal(shipped, np.repeat(discs[:1], 25, 0), ModelKey("digits", "vae", 8))
    assert np.isfinite(flat.left_out).all()


@pytest.mark.parametrize("count", [0, 19, 501])
def test_too_few_or_too_many_are_refused(shipped, discs, count):
    with pytest.raises(ConfigError, match=f"is {count}; give 20 to 500"):
        learn_normal(shipped, np.resize(discs, (count, 1, 28, 28)), KEY)


@pytest.mark.parametrize("x", [np.zeros((1, 28, 28)), np.zeros((2, 3, 28, 28)), np.full((1, 1, 28, 28), np.nan), "no"])
def test_what_is_no_batch_of_pictures_is_refused(shipped, x):
    with pytest.raises(PictureError, match="picture"):
        scores(shipped, x, KEY)


def test_a_picture_is_judged_by_every_score_and_its_nearest_known_ones_are_shown(shipped, pictures, found):
    one = judge(shipped, pictures[0], KEY, nearest=3)
    assert one.scores == pytest.approx({name: values[0] for name, values in found.items()}, rel=1e-4)
    z, _ = encode(shipped, pictures[0], KEY)
    assert one.seen[:-1] == pytest.approx(z, abs=1e-5) and np.exp(one.seen[-1]) == pytest.approx(
        found["error"][0], rel=1e-3
    )
    kept = shipped.reference(KEY).known.codes
    order = np.argsort(np.linalg.norm(kept - z, axis=1))[:3]
    with torch.no_grad():
        near = shipped.model(KEY).decode(torch.from_numpy(kept[order])).numpy()
    assert np.abs(one.nearest - near).max() < 1e-5
    assert one.of_classes.keys() == {"distance", "density"}
    # A model without what is known about known pictures has none that are near.
    other = judge(shipped, pictures[0], ModelKey("digits", "ae", 8), nearest=3)
    assert other.nearest.shape == (0, 1, 28, 28) and "typicality" not in other.scores


def test_scores_of_a_class_are_by_the_mixture_of_its_codes_alone(shipped, pictures):
    z = codes(shipped, pictures, KEY)
    made = class_scores(shipped, z, KEY)
    for c in (0, 7):
        mixture = shipped.mixture(KEY, c)
        assert made["density"][:, c] == pytest.approx(-mixture.log_prob(z.astype(float)), rel=1e-6)
        assert made["distance"][:, c] == pytest.approx(mixture.distance(z.astype(float)), rel=1e-6)
    assert (
        class_scores(shipped, codes(shipped, pictures, ModelKey("digits", "dense", 8)), ModelKey("digits", "dense", 8))
        == {}
    )


def test_one_class_of_known_pictures_is_told_from_the_others(shipped):
    reference = shipped.reference(KEY)
    made = class_scores(shipped, reference.known.codes, KEY)["density"]
    own = reference.known.labels[:, None] == np.arange(10)
    areas = [auroc(made[own[:, c], c], made[~own[:, c], c]).value for c in range(10)]
    assert np.mean(areas) > 0.97 and min(areas) > 0.93
