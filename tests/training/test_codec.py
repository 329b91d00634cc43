"""The codec's task: what its batches and loss are, that it learns, and what is measured."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.models.test_codec import SMALL
from vaedemo import runtime
from vaedemo.configs import TrainConfig
from vaedemo.data.photos import Photos, middles
from vaedemo.errors import ConfigError
from vaedemo.models import build_model
from vaedemo.models.codec import Noise
from vaedemo.models.entropy import LAMBDAS
from vaedemo.store.checkpoints import load_checkpoint, scan
from vaedemo.training.flat import Flat
from vaedemo.training.loop import fit
from vaedemo.training.recipes import recipe
from vaedemo.training.run import Run, run
from vaedemo.training.tasks import task_of
from vaedemo.training.tasks.codec import (
    Compression,
    Curve,
    RateConfig,
    bd_rate,
    coded_curve,
    draw,
    jpeg_curve,
    principal_components,
)

pytestmark = pytest.mark.usefixtures("one_thread")

CONFIG = RateConfig(crops=(4, 32), truncated=0.25)
TRAIN = TrainConfig(steps=30, lr=2e-3, schedule="wsd", warmup=5, weight_decay=0.0, clip=10.0, average=0.9,
                    save_every=0, measure_every=math.inf, bfloat16="off")  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Soft pictures with some noise, eight to train on and three held out, 144 x 160."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("photos") / "train.bin"
    index, offset = [], 0
    with open(path, "wb") as file:
        for i in range(11):
            coarse = torch.from_numpy(rng.random((1, 3, 9, 10)) * 255)
            soft = torch.nn.functional.interpolate(coarse, (144, 160), mode="bicubic")[0].permute(1, 2, 0).numpy()
            picture = (soft + 4 * rng.standard_normal(soft.shape)).clip(0, 255).round().astype(np.uint8)
            file.write(picture.tobytes())
            index.append(["held-out" if i < 3 else "train", ("cid22", "clic")[i % 2], offset, 144, 160])
            offset += picture.size
    path.with_suffix(".json").write_text(json.dumps(index))
    return Photos(path)


@pytest.fixture(scope="module")
def basis(photos):
    return principal_components(photos, 40, 64, 60)


@pytest.fixture
def begun(photos, basis):
    """A model that has its basis, and its task."""
    model = build_model(SMALL)
    model.start(*basis)
    return model, Compression(photos, model, CONFIG)


def test_qualities_are_spread_evenly_and_some_crops_have_few_channels(generator):
    for _ in range(50):
        q, keep = draw(8, 320, 0.3, generator)
        assert torch.equal(q * 16, (q * 16).round()) and q.min() >= 0 and q.max() <= 6
        assert (q.sort().values - (torch.arange(8) + 0.5) * 6 / 8).abs().max() < 0.5
        assert keep.min() >= 1 and keep.max() <= 320
    q, keep = draw(20_000, 256, 0.25, generator)
    few = keep[keep < 256]
    assert abs(len(few) / 20_000 - 0.25) < 0.015
    assert abs((few <= 16).float().mean() - 0.5) < 0.04  # half of the logarithms
    assert abs((q == 3).float().mean() - 1 / 97) < 0.002
    assert (draw(100, 8, 0.0, generator)[1] == 8).all()


def test_components_are_orthonormal_and_sorted_and_leave_little(photos):
    basis, deviation = principal_components(photos, 12, 64, 60)
    assert torch.allclose(basis @ basis.T, torch.eye(12), atol=1e-4)
    assert (deviation.diff() <= 0).all() and deviation.min() > 0
    again, _ = principal_components(photos, 12, 64, 60)
    assert torch.equal(basis, again)
    x = photos.crops(40, 64, torch.Generator().manual_seed(5)).float() / 255 - 0.5
    blocks = x.unflatten(2, (4, 16)).unflatten(4, (4, 16)).permute(0, 2, 4, 1, 3, 5).flatten(3)
    found = blocks @ basis.T
    assert torch.allclose(found.square().mean((0, 1, 2)).sqrt()[:3], deviation[:3], rtol=0.3)
    assert (blocks - found @ basis).square().mean() < 0.1 * blocks.square().mean()


def test_the_loss_is_rate_and_distortion_over_the_root_of_lambda(begun):
    model, task = begun
    x, q, keep, *noise = task.batch(3, runtime.generator("codec", 0, 3), slice(None))
    assert x.shape == (4, 3, 32, 32) and x.min() >= 0 and x.max() <= 1
    keep[:] = torch.tensor([40, 40, 1, 40])
    terms = task.terms(model, (x, q, keep, *noise))
    out = model(x, q, keep, Noise(*noise))
    lam = torch.tensor([LAMBDAS[0] * 2**v for v in q.tolist()])
    each = ((out.bits_y + out.bits_z) / 1024 + lam * (255 * (out.x_hat - x)).square().mean((1, 2, 3))) / lam.sqrt()
    weight = torch.tensor([1.0, 1.0, min(1.0, 8 / each[2].item()), 1.0])
    assert torch.allclose(terms.loss, (weight * each).mean(), rtol=1e-4)
    assert torch.allclose(terms.distortion + terms.kl[:, 0], weight * each, rtol=1e-4)


def test_processes_share_a_batch(begun):
    _, task = begun
    whole = task.batch(5, runtime.generator("codec", 0, 5), slice(None))
    for rank in range(2):
        part = task.batch(5, runtime.generator("codec", 0, 5), slice(rank, None, 2))
        assert all(torch.equal(a, b[rank::2]) for a, b in zip(part, whole, strict=True))


def test_it_learns(begun, basis):
    model, task = begun
    model.start(basis[0], torch.full((40,), 0.3))  # all channels alike: it has to learn how much each varies
    records = list(fit(model, task, TRAIN))
    assert records[-1].step == 30 and records[-1].loss < 0.8 * records[0].loss
    assert records[-1].loss == pytest.approx(records[-1].distortion + records[-1].kl, rel=1e-4)


def test_a_resumed_run_ends_where_a_whole_one_does(photos, basis, tmp_path):
    def trained(name, stop=None, seed=0):
        model = build_model(SMALL, seed)
        task = task_of(model, photos, TRAIN, crops=CONFIG)
        if not seed:
            model.start(*basis)
        for progress in fit(model, task, TRAIN, state_path=tmp_path / name):
            if progress.step == stop:
                break
        return model

    whole = trained("whole.pt")
    trained("parts.pt", stop=10)
    resumed = trained("parts.pt", seed=9)  # what it was before must not matter
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_slow_parameters_move_by_a_tenth(begun):
    model, task = begun
    slow = {id(p) for p in model.slow}
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    list(fit(model, task, replace(TRAIN, steps=1, warmup=0, cooldown=0.0, average=0.0)))
    for name, p in model.named_parameters():
        moved = (p - before[name]).abs().max().item()  # Adam's first step is the rate
        if moved:
            assert moved == pytest.approx(2e-4 if id(p) in slow else 2e-3, rel=0.05)
    assert not torch.equal(model.analysis_basis, before["analysis_basis"])
    assert len(Flat(model).parts) == 2


def test_a_run_leaves_a_checkpoint_that_is_measured(photos, tmp_path):
    train = replace(TRAIN, steps=4, measure_every=0.0)
    job = Run("photos", SMALL, train, tmp_path / "photos" / "codec", crops=CONFIG)
    assert [p.step for p in run(job, photos, middles(photos, 64))] == [4]
    model, domain, record = load_checkpoint(job.folder / "model.safetensors")
    assert (domain, record["steps"], record["pictures"]) == ("photos", 4, 8)
    found = record["held_out"]
    assert [found[f"bpp {q}"] for q in range(7)] == sorted(found[f"bpp {q}"] for q in range(7))
    assert found["dB 0"] < found["dB 6"]
    assert {p.name for p in job.folder.iterdir()} >= {"losses.png", "reconstructions.png", "config.json", "log.json"}
    assert model.analysis_basis.any()
    assert scan(tmp_path) == []  # it is no model of one size
    assert list(run(job, photos, middles(photos, 64))) == []  # it is finished


def test_curves_rise_and_fewer_channels_take_fewer_bits(begun, photos):
    model, pictures = begun[0].eval(), [np.array(photos.picture(r)[:50, :70]) for r in photos.held_out[:2]]
    curve = coded_curve(model, pictures, (0, 3, 6))
    assert curve.bpp == sorted(curve.bpp) and curve.psnr == sorted(curve.psnr)
    few = coded_curve(model, pictures, (3,), keep=3)
    assert few.bpp[0] < curve.bpp[1] and few.psnr[0] < curve.psnr[1]
    jpeg = jpeg_curve(pictures)
    assert jpeg.bpp == sorted(jpeg.bpp) and len(jpeg.bpp) == len(jpeg.psnr) == 14


def test_bd_rate_of_known_curves():
    psnr = [28.0, 30.0, 33.0, 35.0]
    bpp = [0.2, 0.35, 0.7, 1.2]
    assert bd_rate(Curve(bpp, psnr), Curve(bpp, psnr)) == pytest.approx(0)
    assert bd_rate(Curve([b / 2 for b in bpp], psnr), Curve(bpp, psnr)) == pytest.approx(-50)
    line = Curve([2 ** (p / 3) for p in psnr], psnr)  # 3 dB a doubling: 1 dB more is a rate of 2^(-1/3)
    better = Curve(line.bpp, [p + 1 for p in psnr])
    assert bd_rate(better, line) == pytest.approx(100 * (2 ** (-1 / 3) - 1))
    assert bd_rate(Curve(bpp, psnr[::-1]), Curve(bpp, psnr)) is None
    assert bd_rate(Curve(bpp, [p + 20 for p in psnr]), Curve(bpp, psnr)) is None


def test_the_command_s_kind_has_a_recipe_of_its_own():
    r = recipe("photos", "codec", 2)
    assert (r.path, r.kind) == ("photos/codec.safetensors", "codec")
    assert all(isinstance(stage.crops, RateConfig) for stage in r.stages)
    assert recipe("photos", "vae", 2).kind == "photo-restore"
    with pytest.raises(ConfigError, match="codec"):
        recipe("digits", "codec", 2)


@pytest.mark.parametrize(("changes", "word"), [({"crops": (8, 100)}, "100"), ({"crops": (0, 64)}, "0 crops"),
                                               ({"truncated": 2.0}, "truncated")])  # fmt: skip
def test_a_wrong_setting_is_named(changes, word):
    with pytest.raises(ConfigError, match=word):
        RateConfig(**changes)
