"""Tasks: what their batches are drawn from, and how processes share them."""

from dataclasses import replace

import pytest
import torch

from tests.conftest import small
from vaedemo import runtime
from vaedemo.configs import ModelConfig, TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError
from vaedemo.models import build_model
from vaedemo.models.classifier import ClassifierConfig, build_classifier
from vaedemo.models.hierarchical import PhotoConfig
from vaedemo.models.lossless import LosslessConfig
from vaedemo.training.loop import fit, learning_rate, stable_steps
from vaedemo.training.tasks import task_of
from vaedemo.training.tasks.classes import Classes
from vaedemo.training.tasks.crops import CropConfig, SmallPictures
from vaedemo.training.tasks.epochs import binarised, moved

CONFIG = TrainConfig(epochs=2, batch_size=20, warmup=2, save_every=0, bfloat16="off")


def test_binarised_values_are_one_as_often_as_they_say(generator):
    x = torch.arange(256, dtype=torch.uint8).repeat(4000, 1)
    share = binarised(x, generator).mean(0)
    p = torch.arange(256) / 255
    assert ((share - p).abs() <= 4.5 * (p * (1 - p) / 4000).sqrt() + 1e-6).all()
    assert share[0] == 0 and share[255] > 0.999
    made = binarised(x[:2], generator)
    assert made.dtype == torch.float32 and set(made.unique().tolist()) == {0.0, 1.0}


def test_neighbours_are_binarised_independently(generator):
    drawn = binarised(torch.full((200_000, 2), 128, dtype=torch.uint8), generator)
    assert torch.corrcoef(drawn.T)[0, 1].abs() < 4.5 / 200_000**0.5


def test_a_process_binarises_its_rows_as_one_does():
    x = torch.randint(0, 256, (7, 3, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    whole = binarised(x, runtime.generator("bits"))
    for mine in (slice(0, None, 2), slice(1, None, 2), slice(2, None, 3)):
        assert torch.equal(binarised(x, runtime.generator("bits"), mine), whole[mine])


def test_the_rate_of_a_run_that_may_be_longer_rises_stays_and_falls_in_a_line():
    config = TrainConfig(lr=0.01, schedule="wsd", warmup=10, cooldown=0.4)
    assert stable_steps(100, config) == 60
    rates = [learning_rate(s, 100, config) for s in (0, 9, 10, 59, 60, 80, 99)]
    assert rates == pytest.approx([0.001, 0.01, 0.01, 0.01, 0.01, 0.005, 0.00025])
    assert learning_rate(3, 1000, config) == learning_rate(3, 20, config)  # a longer run begins alike


def test_a_classifier_goes_on_with_what_its_norms_have_seen(blobs, tmp_path):
    pictures = Pictures(blobs.x, blobs.y % 2)

    def trained(stop=None, seed=0):
        model = build_classifier(ClassifierConfig(1, 28, 2, (4, 8)), seed)
        for progress in fit(model, Classes(pictures, CONFIG), CONFIG, state_path=tmp_path / f"{bool(stop)}{seed}.pt"):
            if progress.step == stop:
                break
        return model

    whole = trained()
    trained(stop=10, seed=1)
    (tmp_path / "True1.pt").rename(tmp_path / "False2.pt")
    again = trained(seed=2)  # what it was before must not matter
    steps = build_classifier(ClassifierConfig(1, 28, 2, (4, 8)), 1)
    list(fit(steps, Classes(pictures, CONFIG), CONFIG))
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), steps.state_dict().values(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(again.parameters(), whole.parameters(), strict=True))


@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_the_pictures_and_the_draws_of_a_damaged_batch(world, generator):
    x = (torch.rand(24, 1, 28, 28, generator=generator) * 255).byte()
    model = build_model(PhotoConfig(widths=(8, 8, 8), blocks=(1, 1, 1), latents=(0, 2, 2), guide=4, channels=1))
    task = SmallPictures(Pictures(x[:16]), Pictures(x[16:]), "digits", model, CropConfig(kl_warmup=8), count=12)

    def batch(mine):
        return task.batch(2, runtime.generator("photos", 0, 2), mine)

    *whole, first, weight = batch(slice(None))
    assert weight == 0.25 and first == 7 and len(whole) == 6
    for rank in range(world):
        *part, here, _ = batch(slice(rank, None, world))
        assert here == len(range(rank, first, world))
        assert all(torch.equal(a, b[rank::world]) for a, b in zip(part[:4], whole[:4], strict=True))
        late = torch.arange(12)[rank::world][here:] - first
        assert all(torch.equal(a, b[late]) for a, b in zip(part[4:], whole[4:], strict=True))


def test_figures_are_taken_of_the_averaged_weights_now_and_then_and_at_the_end(blobs):
    seen, config = [], replace(CONFIG, epochs=3, measure_every=0)
    task = Classes(Pictures(blobs.x, blobs.y), config)
    classifier = build_classifier(ClassifierConfig(1, 28, 10, (4, 8)))

    def measure(model):
        assert not model.training
        seen.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
        return {"figure": float(len(seen))}

    task.measure = measure
    records = list(fit(classifier, task, config))
    assert [r.measured for r in records] == [{"figure": 1.0}, {"figure": 2.0}, {"figure": 3.0}]
    assert torch.equal(seen[-1], torch.cat([p.detach().flatten() for p in classifier.parameters()]))
    assert not torch.equal(seen[0], seen[1])


def test_pictures_are_moved_by_a_pixel_and_some_are_not(generator):
    x = torch.zeros(900, 1, 6, 5, dtype=torch.uint8)
    x[:, 0, 2, 3] = 200
    assert torch.equal(moved(x, 0.0, generator), x)
    y = moved(x, 0.9, generator)
    assert y.dtype == torch.uint8 and y.shape == x.shape and (y.flatten(1).sum(1) == 200).all()
    counts = (y > 0).sum(0)[0]
    assert counts[1:4, 2:5].sum() == 900 and 130 < counts[2, 3] < 230
    others = counts[1:4, 2:5].flatten().float()[torch.arange(9) != 4]
    assert others.min() > 60 and others.max() < 125
    edge = torch.full((50, 1, 4, 4), 7, dtype=torch.uint8)
    assert set(moved(edge, 1.0, generator).flatten(1).sum(1).tolist()) == {7 * n for n in (9, 12, 16)}


@pytest.mark.parametrize("config", [LosslessConfig(), ModelConfig("ae", 2, size=28, widths=(4, 4))])
def test_pictures_are_moved_and_turned_if_the_run_says_so(config, blobs):
    model = build_model(config)
    for settings in ({}, {"moved": 1.0}, {"flipped": 1.0}):
        task = task_of(model, blobs, TrainConfig(batch_size=8, **settings))
        x = task.batch(0, runtime.generator("batch", 0), slice(None))[0]
        x = x if x.dtype == torch.uint8 else (255 * x).round().byte()
        plain = blobs.x[task.rows(0)]
        assert torch.equal(x, plain) == (not settings)
        if "flipped" in settings:
            assert torch.equal(x, plain.flip(3))
    for name in ("moved", "flipped"):
        with pytest.raises(ConfigError, match=f"{name} is 2"):
            TrainConfig(**{name: 2})


def test_gamma_falls_in_a_line_and_stays(generator):
    pictures = Pictures(torch.randint(0, 256, (8, 1, 28, 28), generator=generator, dtype=torch.uint8))
    model = build_model(small("tc-vae", gamma=2.0))

    def gammas(**settings):
        task = task_of(model, pictures, TrainConfig(batch_size=4, steps=50, **settings))
        return [task.batch(step, generator, slice(None))[2] for step in (0, 5, 10, 40)]

    assert gammas(gamma_start=12.0, gamma_steps=10) == [12, 7, 2, 2]
    assert gammas(gamma_start=12.0) == gammas() == [2, 2, 2, 2]
    with pytest.raises(ConfigError, match="in one process"):
        task_of(model, pictures, TrainConfig(batch_size=4)).batch(0, generator, slice(0, None, 2))
