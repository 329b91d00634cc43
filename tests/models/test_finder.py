"""What finds damage: it starts from what restores, learns what can be learned, and its file gives it back."""

import pytest
import torch

from tests.conftest import small
from vaedemo.configs import TrainConfig
from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError, ConfigError
from vaedemo.maths.detection import pixel_auroc
from vaedemo.models import build_model
from vaedemo.models.finder import Finder, FinderConfig, build_finder
from vaedemo.store.checkpoints import FINDER, available, load_checkpoint, save_checkpoint, warm_start
from vaedemo.store.library import Library
from vaedemo.training.loop import fit
from vaedemo.training.recipes import finder_recipe, restoring_config
from vaedemo.training.tasks.spoils import Spoils

TINY = FinderConfig(1, 28, 4, (8, 12), 16, 2)


def train(blobs, epochs):
    model = build_finder(TINY)
    config = TrainConfig(epochs=epochs, batch_size=20, lr=0.01, warmup=2, average=0, bfloat16="off")
    return model, list(fit(model, Spoils(blobs, config), config))


@pytest.fixture(scope="module")
def trained(blobs):
    return train(blobs, 6)


def test_it_learns_where_damage_is(trained, blobs):
    model, steps = trained
    assert steps[-1].loss < 0.8 * steps[0].loss and not model.training
    task = Spoils(blobs, TrainConfig(batch_size=100))
    y, damaged = task.batch(0, torch.Generator().manual_seed(5), slice(None))
    assert y.shape == (100, 1, 28, 28) and damaged.shape == (100, 28, 28)
    with torch.no_grad():
        assert pixel_auroc(model(y), damaged > 0).value > 0.8


def test_the_same_seed_gives_the_same_weights(blobs):
    first, again = (train(blobs, 0.5)[0].state_dict().values() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_its_loss_is_the_cross_entropy_of_each_pixel(blobs):
    model, task = build_finder(TINY), Spoils(blobs, TrainConfig(batch_size=8))
    batch = task.batch(0, torch.Generator().manual_seed(0), slice(None))
    loss, each, _ = task.terms(model, batch)
    p = model(batch[0]).sigmoid()
    by_hand = -(batch[1] * p.log() + (1 - batch[1]) * (1 - p).log())
    assert loss.item() == pytest.approx(by_hand.mean().item(), rel=1e-5) and each.shape == (8,)


@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_a_batch(blobs, world):
    task = Spoils(blobs, TrainConfig(batch_size=12))
    whole = task.batch(3, torch.Generator().manual_seed(0), slice(None))
    for rank in range(world):
        part = task.batch(3, torch.Generator().manual_seed(0), slice(rank, None, world))
        assert all(torch.equal(a, b[rank::world]) for a, b in zip(part, whole, strict=True))


@pytest.mark.parametrize("domain", list(SIZED))
def test_every_domain_has_a_recipe_of_the_right_size(domain):
    recipe, row = finder_recipe(domain), SIZED[domain]
    model = build_finder(recipe.model)
    assert sum(p.numel() for p in model.parameters()) < 400_000
    assert model(torch.rand(2, *row.shape)).shape == (2, row.size, row.size)
    assert (recipe.start is None) == (domain == "objects")


def test_it_starts_from_all_that_reads_in_what_restores(tmp_path):
    restorer = build_model(restoring_config(1, 28))
    save_checkpoint(tmp_path / "restore.safetensors", restorer, "digits")
    model = build_finder(FinderConfig(1, 28))
    copied = warm_start(model, tmp_path / "restore.safetensors")
    assert set(model.state_dict()) - set(copied) == {"last.3.weight", "last.3.bias"}


def test_a_file_gives_it_back(trained, blobs, tmp_path):
    path = tmp_path / "digits" / FINDER.file
    save_checkpoint(path, trained[0], "digits", {"steps": 1}, format=FINDER)
    model, domain, record = load_checkpoint(path, format=FINDER)
    assert (domain, record, model.config) == ("digits", {"steps": 1}, TINY) and isinstance(model, Finder)
    with torch.no_grad():
        assert (model(blobs[:9]).sigmoid() - trained[0](blobs[:9]).sigmoid()).abs().max() < 0.03
    assert available(tmp_path) == []
    library = Library(tmp_path)
    assert library.finds_damage("digits") and library.finder("digits") is library.finder("digits")
    assert not library.finds_damage("fashion")


def test_a_file_that_is_missing_or_something_else_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no finder\.safetensors of digits.*derive --only finder"):
        Library(tmp_path).finder("digits")
    save_checkpoint(tmp_path / "digits" / FINDER.file, build_model(small()), "digits")
    with pytest.raises(CheckpointError, match="no finder of damage of this version"):
        load_checkpoint(tmp_path / "digits" / FINDER.file, format=FINDER)


@pytest.mark.parametrize("wrong", [{"channels": 2}, {"size": 30}, {"size": 36}, {"widths": (8,)}, {"neck": 0}])
def test_what_makes_no_network_is_refused(wrong):
    with pytest.raises(ConfigError, match="finds no damage"):
        FinderConfig(**wrong)
