"""Generation: the same seed gives the same sample whatever comes after it, and each prior is what it says."""

import numpy as np
import pytest
import torch

from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError, ConfigError, UnknownDomain, UnknownModel
from vaedemo.maths.mixtures import Mixture
from vaedemo.models import build_model
from vaedemo.models.classifier import build_classifier, judge
from vaedemo.services.generate import PRIORS, arithmetic, generate, priors, sample_codes
from vaedemo.store.checkpoints import CLASSIFIER, MIXTURES, save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode, encode
from vaedemo.store.mixtures import mixture_name, save_mixtures
from vaedemo.training.recipes import classifier_recipe


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Untrained models of digits, a mixture of two far components and one for class 3, an untrained classifier."""
    root = tmp_path_factory.mktemp("checkpoints") / "digits"
    for kind, d in (("ae", 2), ("vae", 2), ("pca", 4), ("dense", 2)):
        model = build_model(SIZED["digits"].model_config(kind, d))
        if kind == "pca":
            model.variance.copy_(torch.tensor([9.0, 4.0, 1.0, 0.25]))
        save_checkpoint(root / f"{kind}-{d}.safetensors", model, "digits")
    factors = np.stack([np.eye(2) * 0.5, np.eye(2) * 2])
    far = Mixture(np.array([0.25, 0.75]), np.array([[-50.0, 0.0], [50.0, 0.0]]), factors)
    third = Mixture(np.ones(1), np.array([[7.0, 7.0]]), np.eye(2)[None] * 0.1)
    found = {mixture_name(ModelKey("digits", "vae", 2)): far, mixture_name(ModelKey("digits", "vae", 2), 3): third}
    save_mixtures(root / MIXTURES.file, found, "digits")
    recipe = classifier_recipe("digits")
    save_checkpoint(root / CLASSIFIER.file, build_classifier(recipe.model).eval(), "digits", format=CLASSIFIER)
    return Library(root.parent)


@pytest.mark.parametrize("kind, prior", [("vae", "normal"), ("ae", "normal"), ("vae", "mixture"), ("pca", "gaussian")])
def test_a_sample_is_its_seeds_and_not_its_neighbours(library, kind, prior):
    many = sample_codes(library, ModelKey("digits", kind, 2), prior, 200, seed=5)
    assert many.shape == (200, 2) and many.dtype == np.float32
    for n in (1, 63, 64, 65, 130):
        assert np.array_equal(sample_codes(library, ModelKey("digits", kind, 2), prior, n, seed=5), many[:n])
    assert not np.array_equal(sample_codes(library, ModelKey("digits", kind, 2), prior, 200, seed=6), many)
    assert len(np.unique(many, axis=0)) == 200


def test_each_prior_has_its_moments(library):
    z = sample_codes(library, ModelKey("digits", "vae", 2), "normal", 20_000)
    assert z.mean(0) == pytest.approx([0, 0], abs=0.03) and np.cov(z.T) == pytest.approx(np.eye(2), abs=0.05)
    z = sample_codes(library, ModelKey("digits", "pca", 4), "gaussian", 20_000)
    assert z.std(0) == pytest.approx([3, 2, 1, 0.5], rel=0.05)
    z = sample_codes(library, ModelKey("digits", "vae", 2), "mixture", 20_000)
    left = z[:, 0] < 0
    assert left.mean() == pytest.approx(0.25, abs=0.02)
    assert z[left].std(0) == pytest.approx([0.5, 0.5], rel=0.05) and z[~left].std(0) == pytest.approx([2, 2], rel=0.05)
    z = sample_codes(library, ModelKey("digits", "vae", 2), "mixture", 1000, label=3)
    assert z.mean(0) == pytest.approx([7, 7], abs=0.02)


def test_temperature_scales_the_same_noise(library):
    one = sample_codes(library, ModelKey("digits", "vae", 2), "normal", 10)
    assert sample_codes(library, ModelKey("digits", "vae", 2), "normal", 10, temperature=0.5) == pytest.approx(one / 2)
    assert not sample_codes(library, ModelKey("digits", "pca", 2), "gaussian", 10, temperature=0).any()
    centres = sample_codes(library, ModelKey("digits", "vae", 2), "mixture", 100, temperature=0)
    assert set(centres[:, 0].tolist()) == {-50.0, 50.0}


def test_samples_are_the_decoded_codes_and_judged_if_that_is_asked(library):
    made = generate(library, ModelKey("digits", "vae", 2), "normal", 70, seed=3)
    assert made.x_hat.shape == (70, 1, 28, 28) and made.x_hat.dtype == np.float32
    assert made.label is None and made.confidence is None
    for i in (0, 69):
        assert made.x_hat[i] == pytest.approx(decode(library, made.z[i], ModelKey("digits", "vae", 2)), abs=1e-5)
    judged = generate(library, ModelKey("digits", "vae", 2), "normal", 5, seed=3, judged=True)
    found = judge(library.classifier("digits"), torch.from_numpy(judged.x_hat))
    assert np.array_equal(judged.label, found.probabilities.argmax(1).numpy())
    assert judged.confidence == pytest.approx(found.probabilities.amax(1).numpy())


def test_arithmetic_with_itself_gives_the_third_picture(library):
    a, b, c = np.random.default_rng(0).random((3, 1, 28, 28), dtype=np.float32)
    same = arithmetic(library, (a, a, c), ModelKey("digits", "ae", 2))
    assert same.z == pytest.approx(encode(library, c, ModelKey("digits", "ae", 2))[0], abs=1e-4)
    assert same.x_hat == pytest.approx(decode(library, same.z, ModelKey("digits", "ae", 2)), abs=1e-4)
    made = arithmetic(library, (a, b, c), ModelKey("digits", "vae", 2))
    assert made.codes.shape == (3, 2)
    assert made.z == pytest.approx(made.codes[0] - made.codes[1] + made.codes[2], abs=1e-5)
    with pytest.raises(ConfigError, match="three pictures"):
        arithmetic(library, (a, b), ModelKey("digits", "vae", 2))


def test_every_kind_has_its_priors():
    assert {p for kind in ("ae", "vae", "dense", "pca") for p in priors(kind)} == set(PRIORS)
    assert "normal" in priors("dense") and "mixture" not in priors("dense") and priors("pca") == ("gaussian",)


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"domain": "cats"}, UnknownDomain),
        ({"kind": "gan"}, UnknownModel),
        ({"latent_dim": 3}, UnknownModel),
        ({"prior": "gaussian"}, ConfigError),
        ({"kind": "pca"}, ConfigError),
        ({"kind": "dense", "prior": "mixture"}, ConfigError),
        ({"kind": "ae", "prior": "mixture"}, UnknownModel),
        ({"prior": "mixture", "label": 4}, UnknownModel),
        ({"prior": "mixture", "label": 10}, ConfigError),
        ({"prior": "mixture", "label": "3"}, ConfigError),
        ({"label": 3}, ConfigError),
        ({"n": 0}, ConfigError),
        ({"n": 2.0}, ConfigError),
        ({"n": True}, ConfigError),
        ({"temperature": -1}, ConfigError),
        ({"temperature": float("nan")}, ConfigError),
        ({"temperature": 1e9}, ConfigError),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_refused(library, changes, error):
    wanted = {"domain": "digits", "kind": "vae", "latent_dim": 2, "prior": "normal", "n": 2} | changes
    key = ModelKey(*(wanted.pop(name) for name in ModelKey._fields[:3]))
    with pytest.raises(error):
        sample_codes(library, key, **wanted)


def test_mixtures_are_read_once_and_few_are_kept(library, monkeypatch):
    library = Library(library.folder)
    assert library.mixture(ModelKey("digits", "vae", 2)) is library.mixture(ModelKey("digits", "vae", 2))
    assert library.classifier("digits") is library.classifier("digits")
    first = library.mixture(ModelKey("digits", "vae", 2))
    monkeypatch.setattr("vaedemo.store.library.KEPT_MIXTURES", 1)
    assert library.mixture(ModelKey("digits", "vae", 2), 3).means.shape == (1, 2)
    assert library.mixture(ModelKey("digits", "vae", 2)) is not first
    with pytest.raises(CheckpointError):
        library.mixture(ModelKey("fashion", "vae", 2))
    with pytest.raises(CheckpointError):
        library.classifier("fashion")
