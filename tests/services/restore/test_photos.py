"""Photographs: crops and damage, the model's invariances, tiles against the whole, a loss that falls."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from vaedemo.configs import TrainConfig
from vaedemo.data import photos
from vaedemo.data.damage import photo_mask
from vaedemo.errors import TrainingError
from vaedemo.models.hierarchical import PhotoConfig, PhotoVAE, fill_holes
from vaedemo.services.restore import classical, tiles
from vaedemo.store.checkpoints import load_checkpoint, save_checkpoint
from vaedemo.training.loop import fit
from vaedemo.training.run import Run, run
from vaedemo.training.tasks import crops
from vaedemo.training.tasks.crops import CropConfig, Crops, SmallPictures

pytestmark = pytest.mark.usefixtures("one_thread")


def model(seed=0, loud=True, channels=3):
    """A small PhotoVAE; loud ones have weights where zeros start, so that every path counts."""
    torch.manual_seed(seed)
    sizes = {"widths": (8, 8, 8), "blocks": (1, 1, 1), "latents": (0, 2, 2), "guide": 4}
    made = PhotoVAE(PhotoConfig(**sizes, channels=channels)).eval()
    if loud:
        for name, p in made.named_parameters():
            if not p.any() and name.endswith("weight"):
                torch.nn.init.normal_(p, std=0.1)
    return made.requires_grad_(False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty soft pictures in each set's folder."""
    root, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for name, size in (("cid22", (160, 144)), ("clic", (320, 304))):
        (root / name).mkdir()
        for i in range(20):
            small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
            small.resize(size, Image.Resampling.BICUBIC).save(root / name / f"{i}.png")
    return root


@pytest.fixture(scope="module")
def opened(folder):
    return photos.open_photos(folder)


def test_cache_keeps_a_part_apart_and_reads_back_exactly(folder, opened):
    assert len(opened.held_out) == 20
    assert {k: len(v) for k, v in opened.train.items()} == {"cid22": 4, "clic": 16, "clic-half": 16}
    stored = [opened.picture(r) for r in opened.held_out if r[0] == "clic"]
    files = [np.asarray(Image.open(p)) for p in (folder / "clic").glob("*.png")]
    assert all(any(np.array_equal(a, b) for b in files) for a in stored)


def test_crops_and_damage_come_from_the_generator(opened):
    bank = photos.mask_bank(8, side=96)

    def draw():
        g = torch.Generator().manual_seed(3)
        return photos.damage(opened.crops(4, 64, g), bank, g, noisy=0.5, broken=1.0)

    first, second = draw(), draw()
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert first.x.shape == first.y.shape == (4, 3, 64, 64) and first.sigma.shape == first.mask.shape == (4, 1, 64, 64)
    assert not (first.y * (1 - first.mask)).any() and first.sigma.max() <= 75 / 255
    quiet = (first.sigma == 0) & (first.mask > 0)
    assert torch.equal((first.x * quiet), first.y * quiet)


def test_noise_has_the_strength_it_says(opened):
    g = torch.Generator().manual_seed(0)
    b = photos.damage(opened.crops(64, 64, g), photos.mask_bank(2, side=64), g)
    unclipped = b.y.amin((1, 2, 3)) * b.y.amax((1, 2, 3)) < 0
    ratio = (b.y - b.x).square().mean((1, 2, 3)).sqrt() / b.sigma.square().mean((1, 2, 3)).sqrt()
    assert unclipped.any() and ((ratio[unclipped] > 0.9) & (ratio[unclipped] < 1.1)).all()


def test_crops_turned_grey_have_one_noise_for_all_channels(opened):
    g = torch.Generator().manual_seed(0)
    b = photos.damage(opened.crops(8, 64, g), photos.mask_bank(2, side=64), g, grey=1.0)
    for t in (b.x, b.y):
        assert torch.equal(t[:, 0], t[:, 1]) and torch.equal(t[:, 1], t[:, 2])
    assert torch.allclose((255 * b.x).round() / 255, b.x, atol=1e-6) and not torch.equal(b.x, b.y)


@pytest.mark.parametrize("kind", ["strokes", "scratches", "text", "holes", "pixels"])
def test_masks_damage_a_part(kind):
    shares = [1 - photo_mask(128, np.random.default_rng(i), kind).mean() for i in range(20)]
    assert 0.001 < np.mean(shares) < 0.6


def test_fill_holes_keeps_what_is_known_and_a_constant():
    y = torch.full((1, 3, 64, 64), 0.3)
    mask = torch.ones(1, 1, 64, 64)
    mask[:, :, 8:52, 10:50] = 0
    assert torch.allclose(fill_holes(y * mask, mask), y, atol=1e-6)
    noise = torch.rand(1, 3, 64, 64)
    assert torch.equal(fill_holes(noise * mask, mask) * mask, noise * mask)
    assert torch.equal(fill_holes(noise * 0, mask * 0), torch.full_like(y, 0.5))


def test_a_thin_hole_is_filled_as_the_biharmonic_equation_says():
    y = torch.from_numpy(np.random.default_rng(0).random((8, 8))).float()[None, None]
    y = torch.nn.functional.interpolate(y, size=64, mode="bicubic").clamp(0, 1).expand(1, 3, 64, 64)
    mask = torch.ones(1, 1, 64, 64)
    mask[:, :, 20:44, 30:33] = mask[:, :, 50:52, 10:40] = 0
    wanted = classical.inpaint((y * mask)[0].numpy(), mask[0, 0].numpy())
    error = (fill_holes(y * mask, mask)[0].numpy() - wanted)[:, mask[0, 0].numpy() == 0]
    flat = (fill_holes(y * mask, mask, rounds=0)[0].numpy() - wanted)[:, mask[0, 0].numpy() == 0]
    assert np.abs(error).mean() < 0.005 and np.abs(error).mean() < 0.1 * np.abs(flat).mean()


def test_known_pixels_without_noise_come_back_bit_exact():
    y, mask = torch.rand(1, 3, 64, 64), (torch.rand(1, 1, 64, 64) < 0.7).float()
    mean = model()(y * mask, torch.zeros(1, 1, 64, 64), mask).mean
    assert torch.equal(mean * mask, y * mask) and not torch.equal(mean, y)


def test_posterior_of_an_untrained_model_is_its_prior():
    m, x = model(loud=False), torch.rand(2, 3, 32, 32)
    sigma, mask = torch.full((2, 1, 32, 32), 0.1), torch.ones(2, 1, 32, 32)
    features = m.encode(x, sigma, mask)
    eps = {i: torch.randn(2, *s) for i, s in m.noise_shapes(32, 32).items()}
    found = m.decode(features, eps, x)
    assert torch.equal(found.kl, torch.zeros(2)) and torch.equal(found.mean, m.decode(features, eps).mean)


@pytest.mark.parametrize("size", [(1, 1), (33, 70), (5, 200)])
def test_any_size_and_the_same_seed_again(size):
    y, m = torch.rand(3, *size), model()
    results = []
    for seeds in ((1, 2), (2, 1)):
        job = tiles.Tiles(m, y, 0.1, seeds=seeds)
        assert list(job) == [(1, 1)]
        results.append(job)
    assert results[0].mean.shape == y.shape
    assert torch.equal(results[0].samples[0], results[1].samples[1])
    assert not torch.equal(results[0].samples[0], results[0].samples[1])


def test_tiles_give_the_whole_pictures_result():
    y, m = torch.rand(3, 230, 301), model()
    mask = torch.rand(230, 301) < 0.9
    whole = tiles.Tiles(m, y, 0.05, mask, seeds=(4,), tile=320)
    tiled = tiles.Tiles(m, y, 0.05, mask, seeds=(4,), tile=192, overlap=128)
    assert len(list(whole)) == 1 and len(list(tiled)) == 6
    for a, b in ((whole.mean, tiled.mean), (whole.samples[0], tiled.samples[0])):
        assert (a - b).abs().max() < 2 / 255 and (a - b).abs().mean() < 2e-4  # half precision's own rounding


@pytest.mark.parametrize("length", [1, 32, 769, 1500, 4000, 20_000])
def test_memory_is_bounded_whatever_the_size(length):
    spans = tiles._spans(length, 32, tiles.TILE, tiles.OVERLAP)
    assert all(e - s <= tiles.TILE and s % 32 == e % 32 == 0 for s, e in spans)
    assert spans[0][0] == 0 and spans[-1][1] >= length > spans[-1][1] - 32
    assert all(b[0] <= a[1] - tiles.OVERLAP for a, b in zip(spans, spans[1:], strict=False))
    whole = torch.zeros(length)
    for (start, _), w in zip(spans, tiles._weights(spans, length), strict=True):
        whole[start : start + len(w)] += w
    assert torch.allclose(whole, torch.ones(length))


def losses(model, batch, share, **changes):
    """Terms of a Damaged batch, the last share of which goes through the posterior."""
    count, g = len(batch.x), torch.Generator().manual_seed(1)
    first = count - round(share * count)
    eps = {i: torch.randn(count - first, *s, generator=g) for i, s in model.noise_shapes(*batch.x.shape[2:]).items()}
    return crops.losses(model, batch, eps, first, CropConfig(**{"free": 0.0} | changes))


def test_loss_falls_on_one_batch(opened):
    g = torch.Generator().manual_seed(0)
    b = photos.damage(opened.crops(4, 32, g), photos.mask_bank(8, side=64), g, broken=0.5)
    m = model(loud=False).requires_grad_(True).train()
    optimizer, found = torch.optim.Adam(m.parameters(), 3e-3), []
    for _ in range(20):
        terms = losses(m, b, 0.5)
        optimizer.zero_grad()
        terms.loss.backward()
        optimizer.step()
        found.append(terms)
    mean, whole = ([t.distortion.item() for t in found], [t.loss.item() for t in found])
    assert mean[-1] < mean[0] - 0.05 and whole[-1] - mean[-1] < whole[0] - mean[0] - 0.05  # the bound weighs a half


def test_a_run_gone_on_with_is_the_plain_run(opened, tmp_path):
    bank = photos.mask_bank(8, side=32)

    def trained(folder, *steps):
        for n in steps:
            m = model(loud=False).requires_grad_(True)
            task = Crops(opened, m, CropConfig(noise_crops=(2, 32), hole_crops=(2, 32)), holes=bank)
            config = TrainConfig(steps=n, schedule="wsd", cooldown=0.5, save_every=0, warmup=2)
            (tmp_path / folder).mkdir(exist_ok=True)
            last = list(fit(m, task, config, state_path=tmp_path / folder / "state.pt"))[-1]
        return m, last

    (whole, last), (resumed, _) = trained("whole", 8), trained("parts", 4, 8)
    assert last.step == 8 and set(last.measured) == set(crops.TASKS)
    assert (tmp_path / "parts" / "stable.pt").exists()
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_run_on_photographs_leaves_a_folder_and_may_be_longer(opened, tmp_path):
    sizes = {"widths": (8, 8, 8), "blocks": (1, 1, 1), "latents": (0, 2, 2), "guide": 4}
    train = TrainConfig(steps=4, schedule="wsd", cooldown=0.5, warmup=2)
    small = CropConfig(noise_crops=(2, 32), hole_crops=(2, 32))
    job = Run("photos", PhotoConfig(**sizes), train, tmp_path / "restore", crops=small)
    middles = photos.middles(opened, 64)
    for steps, changes in ((4, {}), (8, {"steps": 8})):
        longer = job._replace(train=replace(train, **changes))
        assert [p.step for p in run(longer, opened, middles)] == [steps]
        _, domain, record = load_checkpoint(job.folder / "model.safetensors")
        assert (domain, record["steps"], record["pictures"]) == ("photos", steps, 36) and "epochs" not in record
        assert set(record["held_out_psnr"]) == set(crops.TASKS)
        assert list(run(longer, opened, middles)) == []  # it is finished
    found = {p.name for p in job.folder.iterdir()}
    assert found == {"config.json", "log.json", "losses.png", "model.safetensors", "reconstructions.png",
                     "samples.png", "stable.pt"}  # fmt: skip
    with pytest.raises(TrainingError, match="with other settings"):
        next(run(job._replace(crops=CropConfig()), opened, middles))


def test_the_shipped_size_stays_below_two_million_parameters():
    with torch.device("meta"):
        assert sum(p.numel() for p in PhotoVAE(PhotoConfig()).parameters()) <= 2_000_000


@pytest.mark.parametrize(
    ("domain", "channels", "size", "tasks"),
    [("objects", 3, 32, {"0.1", "0.25"}), ("digits", 1, 28, {"0.25", "0.5", "0.75"})],
)
def test_small_pictures_of_a_domain_are_learnt_and_their_level_may_be_untold(
    tmp_path, generator, domain, channels, size, tasks
):
    from vaedemo.data.datasets import Pictures

    x = (torch.rand(24, channels, size, size, generator=generator) * 255).byte()
    m = model(loud=False, channels=channels).requires_grad_(True)
    task = SmallPictures(Pictures(x[:16]), Pictures(x[16:]), domain, m, CropConfig(honest=0.5), count=6)
    batch, _ = task.damaged(0, generator)
    assert batch.x.shape == (6, channels, 32, 32) and batch.sigma.shape == batch.mask.shape == (6, 1, 32, 32)
    (last,) = fit(m, task, TrainConfig(steps=3, schedule="wsd", warmup=1))
    assert set(last.measured) == {*tasks, "left", "block", "random"}
    save_checkpoint(tmp_path / "model.safetensors", m, domain)
    back, named, _ = load_checkpoint(tmp_path / "model.safetensors")
    assert (named, len(task)) == (domain, 16)
    y, mask = batch.y[:2, :, :size, :size], batch.mask[:2, :, :size, :size]
    means, scales = back.samples(y, mask, torch.full((2, 1, 1, 1), -1.0), 3, generator)
    assert means.shape == scales.shape == (3, 2, channels, size, size) and scales.min() > 0


def test_honest_moves_the_scales_and_the_mean_of_opposite_draws(generator):
    m = model().requires_grad_(True).train()
    x = torch.rand(2, 3, 32, 32, generator=generator)
    sigma = torch.full((2, 1, 32, 32), 0.1)
    batch = photos.Damaged(x, x + 0.1 * torch.randn(x.shape, generator=generator), sigma, torch.ones_like(sigma))

    def change(model, share):
        """By honest alone, of what the head adds to the mean and to the scales."""
        plain, honest = (losses(model, batch, share, honest=h).loss for h in (0, 1))
        found = torch.autograd.grad(honest - plain, model.head.bias)[0].view(6, 4)
        return found[:3].mean(1), found[3:].mean(1)

    mean, scales = change(m, 0.5)
    assert mean.abs().max() > 1e-3 and scales.abs().max() > 1e-3
    for latent in m.latent.values():  # where z says nothing, a pair's mean is the mean pass
        torch.nn.init.zeros_(latent.inject.weight)
    rows = slice(1, 2)
    features = m.encode(batch.y[rows], sigma[rows], batch.mask[rows])
    square = (m.decode(features).mean - x[rows]).square()
    alone = crops._mean_error(square, batch.mask[rows], sigma[rows])
    expected = torch.autograd.grad(alone, m.head.bias)[0].view(6, 4)[:3].mean(1)
    assert torch.allclose(change(m, 0.5)[0], expected, atol=1e-4)
