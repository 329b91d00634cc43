import numpy as np
import pytest
import torch

from vaedemo.data.damage import MASKS, NOISES, UNKNOWN, add_noise, draw_mask, expected, random_corruption, strength
from vaedemo.errors import ConfigError


def seeded(n=3):
    return torch.Generator().manual_seed(n)


@pytest.fixture
def grey():
    return torch.full((4, 1, 28, 28), 0.5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", list(NOISES))
def test_every_noise_keeps_shape_follows_its_seed_and_clips_when_told(kind, channels, generator):
    x = torch.rand(3, channels, 28, 32, generator=generator)
    for level in (NOISES[kind].weakest, NOISES[kind].strongest):
        clipped, free = (add_noise(x, kind, level, seeded(), clip) for clip in (True, False))
        assert clipped.shape == x.shape and torch.isfinite(free).all()
        assert clipped.min() >= 0 and clipped.max() <= 1
        assert torch.equal(clipped, free.clamp(0, 1))
        assert torch.equal(free, add_noise(x, kind, level, seeded(), False))
        assert not torch.equal(free, x)


@pytest.mark.parametrize("kind", list(NOISES))
def test_a_stronger_level_damages_more(kind, generator):
    x = torch.rand(8, 1, 28, 28, generator=generator)
    row = NOISES[kind]
    errors = [(add_noise(x, kind, level, seeded()) - x).square().mean() for level in (row.weakest, row.strongest)]
    assert errors[1] > 2 * errors[0] > 0


@pytest.mark.parametrize(
    ("kind", "level", "sigma"), [("gaussian", 0.3, 0.3), ("speckle", 0.4, 0.2), ("poisson", 0.2, 0.2 * 0.5**0.5)]
)
def test_levels_are_in_their_units(kind, level, sigma, grey):
    noise = add_noise(grey, kind, level, seeded(), clip=False) - grey
    assert noise.mean().item() == pytest.approx(0, abs=4 * sigma / grey.numel() ** 0.5)
    assert noise.std().item() == pytest.approx(sigma, rel=0.1)
    assert strength(kind, level) == pytest.approx(sigma, rel=0.01)


def test_salt_and_pepper_changes_whole_pixels_and_as_many_as_it_says(generator):
    x = torch.full((8, 3, 32, 32), 0.5)
    y = add_noise(x, "salt_and_pepper", 0.3, generator)
    changed = (y != x).any(1)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert torch.equal((y != x).all(1), changed)
    assert set(y.unique().tolist()) == {0.0, 0.5, 1.0}


def test_a_blur_keeps_the_mean_and_a_flat_picture(grey):
    spot = torch.zeros(1, 1, 28, 28)
    spot[..., 14, 14] = 1
    kept = add_noise(spot, "blur", 1.5, seeded(), clip=False) - add_noise(spot * 0, "blur", 1.5, seeded(), clip=False)
    assert kept.sum().item() == pytest.approx(1, abs=1e-3)
    assert kept.max() < 0.1
    assert (add_noise(grey, "blur", 2.0, seeded(), clip=False) - grey).std() < 0.05


def test_levels_may_differ_from_picture_to_picture(grey):
    level = torch.tensor([0.0, 0.1, 0.2, 0.4]).view(-1, 1, 1, 1)
    spread = (add_noise(grey, "gaussian", level, seeded(), clip=False) - grey).flatten(1).std(1)
    assert spread[0] == 0 and torch.allclose(spread[1:], level.flatten()[1:], rtol=0.1)


@pytest.mark.parametrize("size", [(28, 28), (64, 64), (40, 25)])
@pytest.mark.parametrize("kind", list(MASKS))
def test_every_mask_is_binary_follows_its_seed_and_leaves_and_hides_something(kind, size):
    masks = [draw_mask(kind, *size, seeded(n)) for n in range(20)]
    for mask in masks:
        assert mask.shape == size and mask.dtype == torch.float32
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
    assert 0.02 < 1 - torch.stack(masks).mean() < 0.98
    assert torch.equal(masks[4], draw_mask(kind, *size, seeded(4)))


def test_masks_are_named_after_what_is_missing():
    left, block = draw_mask("left", 28, 28, seeded()), draw_mask("block", 28, 28, seeded())
    assert left[:, :14].sum() == 0 and left[:, 14:].all()
    assert block[7:21, 7:21].sum() == 0 and block.sum() == 28 * 28 - 14 * 14
    share = [1 - draw_mask("random", 64, 64, seeded(), amount).mean().item() for amount in (0.25, 0.8, 0.95)]
    assert share == pytest.approx([0.25, 0.8, 0.95], abs=0.03)
    assert draw_mask("random", 8, 8, seeded(), 0.0).all() and not draw_mask("random", 8, 8, seeded(), 1.0).any()


def test_unknown_names_and_levels_are_refused(grey, generator):
    with pytest.raises(ConfigError, match="no noise 'fog'; choose from gaussian"):
        add_noise(grey, "fog", 0.1, generator)
    for level in (-0.1, float("nan"), 1e9):
        with pytest.raises(ConfigError, match="choose 0 to 100"):
            add_noise(grey, "gaussian", level, generator)
    with pytest.raises(ConfigError, match="no mask 'fog'"):
        draw_mask("fog", 28, 28, generator)
    with pytest.raises(ConfigError, match="choose 0 to 1"):
        draw_mask("random", 28, 28, generator, 2)


@pytest.mark.parametrize("channels", [1, 3])
def test_random_corruptions_are_noise_masks_and_both(channels, generator):
    x = torch.rand(400, channels, 28, 28, generator=generator)
    y, mask, level = random_corruption(x, seeded())
    assert y.shape == x.shape and mask.shape == (400, 1, 28, 28) and level.shape == (400, 1, 1, 1)
    assert torch.isfinite(y).all()
    assert not (y * (1 - mask)).any()
    holes = (mask == 0).flatten(1).any(1)
    noisy = ((y - x * mask).abs() > 0).flatten(1).any(1)
    assert 0.4 < holes.float().mean() < 0.7 and 0.5 < noisy.float().mean() < 0.7
    assert (holes & noisy).sum() > 20 and (holes | noisy).float().mean() > 0.97
    untold = level.flatten() == UNKNOWN
    assert 0.2 < untold.float().mean() < 0.45
    assert (level.flatten()[~noisy & ~untold] == 0).all() and (level[~untold] >= 0).all()
    again = random_corruption(x, seeded())
    assert all(torch.equal(a, b) for a, b in zip((y, mask, level), again, strict=True))


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("kind", ["gaussian", "salt_and_pepper", "speckle", "poisson", "blur"])
def test_the_mean_of_a_noise_is_what_its_pixels_tend_to(kind, clip, generator):
    row = NOISES[kind]
    for level in (row.weakest, row.usual, row.strongest):
        for value in (0.0, 0.3, 0.96):
            y = add_noise(torch.full((1, 1, 80, 80), value, dtype=torch.float64), kind, level, generator, clip)
            error = y.std().item() / 80
            assert y.mean().item() == pytest.approx(float(expected(value, kind, level, clip)), abs=4.5 * error + 1e-9)


@pytest.mark.parametrize("kind", list(NOISES))
def test_the_mean_of_a_noise_grows_with_what_is_under_it(kind):
    x = np.linspace(0, 1, 501)
    for level in (NOISES[kind].weakest, NOISES[kind].usual, NOISES[kind].strongest):
        for clip in (True, False):
            mean = expected(x, kind, level, clip)
            assert mean.shape == x.shape and (np.diff(mean) > 0).all() and mean.min() >= 0 and mean.max() <= 1 + 1e-9


def test_the_mean_of_a_clipped_gaussian_has_its_published_values():
    assert expected(0.0, "gaussian", 0.25) == pytest.approx(0.25 / np.sqrt(2 * np.pi), abs=1e-4)
    assert expected(0.5, "gaussian", 0.9) == pytest.approx(0.5)
    assert expected(1.0, "gaussian", 0.1) == pytest.approx(1 - 0.1 / np.sqrt(2 * np.pi), abs=1e-6)
    assert expected(0.3, "gaussian", 0) == pytest.approx(0.3)
