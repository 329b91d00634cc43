"""The classifier: it learns what can be learnt, augmentation keeps a picture's pixels, and its file gives it back."""

import pytest
import torch

from tests.conftest import small
from vaedemo.configs import TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError, ConfigError, TrainingError
from vaedemo.models import build_model
from vaedemo.models.classifier import FEATURES, ClassifierConfig, accuracy, build_classifier, judge
from vaedemo.store.checkpoints import CLASSIFIER, available, load_checkpoint, save_checkpoint
from vaedemo.training.loop import fit
from vaedemo.training.recipes import classifier_recipe, mirrored
from vaedemo.training.tasks.classes import Classes, augmented

TINY = ClassifierConfig(1, 28, 2, (4, 8))


@pytest.fixture(scope="module")
def halves():
    """200 pictures, light above or below, with the classes that say so."""
    g = torch.Generator().manual_seed(0)
    x, y = torch.rand(200, 1, 28, 28, generator=g) * 80, torch.arange(200) % 2
    x[y == 0, :, 3:12] += 150
    x[y == 1, :, 16:25] += 150
    return Pictures(x.byte(), y)


def train(halves, epochs):
    model = build_classifier(TINY)
    config = TrainConfig(epochs=epochs, batch_size=20, lr=0.02, warmup=2, beta2=0.999, average=0, bfloat16="off")
    return model, list(fit(model, Classes(halves, config, mirrored=True), config))


@pytest.fixture(scope="module")
def trained(halves):
    return train(halves, 2.5)


def test_it_learns(trained, halves):
    model, steps = trained
    assert [(s.step, s.steps) for s in steps] == [(10, 25), (20, 25), (25, 25)]
    assert steps[-1].loss < 0.3
    assert accuracy(model, halves) == 1
    assert not model.training


def test_the_same_seed_gives_the_same_weights(halves):
    first, again = (train(halves, 0.3)[0].state_dict().values() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_judgement_holds_features_and_probabilities(trained, halves):
    found = judge(trained[0], halves[:7])
    assert found.features.shape == (7, FEATURES) and found.probabilities.shape == (7, 2)
    assert (found.features >= 0).all()
    assert found.probabilities.sum(1) == pytest.approx(torch.ones(7).numpy(), abs=1e-5)
    assert torch.equal(found.probabilities.argmax(1), halves.y[:7])
    assert judge(trained[0], halves[:0]).features.shape == (0, FEATURES)


def test_augmentation_moves_and_mirrors_and_nothing_else(generator):
    x = torch.zeros(40, 1, 28, 28)
    x[:, :, 10, 5] = 1
    moved = augmented(x, generator, mirrored=False)
    assert moved.shape == x.shape and moved.flatten(1).sum(1).eq(1).all()
    places = moved[:, 0].flatten(1).argmax(1)
    assert (places // 28 - 10).abs().max() == 2 and (places % 28 - 5).abs().max() == 2
    turned = augmented(x, generator, mirrored=True)[:, 0].flatten(1).argmax(1) % 28
    assert set((turned > 14).tolist()) == {False, True}


@pytest.mark.parametrize("domain", list(SIZED))
def test_every_domain_has_a_recipe_of_the_right_size(domain):
    recipe = classifier_recipe(domain)
    model = build_classifier(recipe.model)
    assert 50_000 < sum(p.numel() for p in model.parameters()) < 100_000
    row = SIZED[domain]
    assert model(torch.rand(2, *row.shape)).shape == (2, len(row.classes))
    assert mirrored(domain) == (domain != "digits")


def test_a_file_gives_it_back(trained, halves, tmp_path):
    path = tmp_path / "digits" / CLASSIFIER.file
    save_checkpoint(path, trained[0], "digits", {"accuracy": 1.0}, format=CLASSIFIER)
    model, domain, record = load_checkpoint(path, format=CLASSIFIER)
    assert (domain, record, model.config) == ("digits", {"accuracy": 1.0}, TINY)
    same, was = judge(model, halves[:]), judge(trained[0], halves[:])
    assert (same.probabilities - was.probabilities).abs().max() < 0.01
    assert available(tmp_path) == []


def test_a_file_that_is_missing_damaged_or_something_else_is_named(trained, tmp_path):
    path = tmp_path / "digits" / CLASSIFIER.file
    with pytest.raises(CheckpointError, match="derive --only classifier"):
        load_checkpoint(path, format=CLASSIFIER)
    save_checkpoint(path, trained[0], "digits", format=CLASSIFIER)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path, format=CLASSIFIER)
    path.write_text("no")
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path, format=CLASSIFIER)
    save_checkpoint(path, build_model(small()), "digits")
    with pytest.raises(CheckpointError, match="no classifier of this version"):
        load_checkpoint(path, format=CLASSIFIER)


def test_what_cannot_be_trained_is_refused(halves):
    with pytest.raises(TrainingError, match="no classes"):
        Classes(Pictures(halves.x), TrainConfig())
    with pytest.raises(ConfigError):
        ClassifierConfig(classes=1)
