import numpy as np
import pytest
import torch

from tests.services.restore.calls import answers, by, estimated, photo
from vaedemo import runtime
from vaedemo.data.damage import add_noise, draw_mask
from vaedemo.data.domains import get_domain
from vaedemo.errors import ConfigError, PictureError, UnknownDomain, UnknownModel
from vaedemo.services.restore import classical, networks
from vaedemo.services.restore.run import measure
from vaedemo.services.restore.task import DENOISING, FILLING
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

LEFT = draw_mask("left", 28, 28, None).numpy()


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def library():
    return Library()


@pytest.fixture(scope="module")
def x(library):
    """Four digits float32 (4, 1, 28, 28) as the shipped VAE makes them, and no more than 8 bits deep."""
    z = torch.randn(4, 32, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return (library.model(ModelKey("digits", "vae", 32)).decode(z) * 255).round() / 255


@pytest.fixture
def noisy(x, generator):
    return add_noise(x, "gaussian", 0.25, generator, clip=False).numpy()


def test_answers_have_their_shapes_and_ranges(library, noisy):
    made = answers(library, noisy[0], "digits", LEFT, sigma=0.25, samples=5)
    assert made.samples.shape == (5, 1, 28, 28) and made.log_likelihood.shape == (5,)
    assert made.mean.shape == made.spread.shape == (1, 28, 28)
    assert all(v.dtype == np.float32 for v in (made.samples, made.mean, made.spread))
    assert made.samples.min() >= 0 and made.samples.max() <= 1
    assert np.allclose(made.mean, made.samples.mean(0), atol=1e-6)
    assert (made.spread >= made.samples.std(0) - 1e-6).all() and made.spread.min() > 0
    assert made.best is None
    assert np.isfinite(made.log_likelihood).all()


def test_the_same_seed_gives_the_same_answers_and_another_seed_others(library, noisy):
    a, b, c = (answers(library, noisy[0], "digits", sigma=0.25, samples=3, seed=s) for s in (1, 1, 2))
    assert all(np.array_equal(v, w) for v, w in zip(a, b, strict=True))
    assert not np.array_equal(a.samples, c.samples) and not np.array_equal(a.samples[0], a.samples[1])


def test_known_pixels_without_noise_come_back_bit_for_bit_and_are_certain(library, x):
    clean, known = x[1].numpy(), LEFT > 0
    made = answers(library, clean, "digits", LEFT, sigma=0, samples=4)
    assert all(np.array_equal(s[:, known], clean[:, known]) for s in (*made.samples, made.mean))
    assert not made.spread[:, known].any() and made.spread[:, ~known].min() > 0
    whole = answers(library, clean, "digits", sigma=0, samples=2)
    assert np.array_equal(whole.samples[1], clean) and not whole.spread.any()
    beyond = answers(library, 3 * clean - 1, "digits", sigma=0, samples=2)  # values that no picture has
    assert beyond.samples.min() == 0 and beyond.samples.max() == 1


def test_what_lies_under_the_hole_is_not_looked_at(library, x):
    clean = x[1].numpy()
    made = [answers(library, np.where(LEFT > 0, clean, v), "digits", LEFT, sigma=0, samples=3) for v in (0, 0.7, -3)]
    for other in made[1:]:
        assert all(np.array_equal(v, w) for v, w in zip(made[0], other, strict=True))


def test_the_closest_is_named_where_nothing_is_missing_and_there_is_noise(library, x, noisy):
    for level in (0.25, None):
        made = answers(library, noisy[2], "digits", sigma=level, samples=8)
        assert isinstance(made.best, int) and made.best == made.log_likelihood.argmax()
    clean = x[1].numpy()
    for y, mask, level in ((clean, LEFT, 0), (noisy[1], LEFT, 0.25), (noisy[1], LEFT, None), (clean, None, 0)):
        assert answers(library, y, "digits", mask, sigma=level, samples=4).best is None
    for noise in ("salt_and_pepper", "speckle", "poisson"):
        assert answers(library, noisy[2], "digits", sigma=0.25, samples=2, noise=noise).best is None
    colour = np.random.default_rng(0).random((3, 32, 32), np.float32)
    assert answers(library, colour, "objects", sigma=None, samples=2).best is None
    assert answers(library, colour, "objects", sigma=0.1, samples=2).best in (0, 1)


def test_how_close_a_sample_is_counts_the_noise_that_was_told_or_else_estimated(library, x, noisy):
    near = {v: answers(library, noisy[0], "digits", sigma=v, samples=4) for v in (0.25, None)}
    assert near[0.25].log_likelihood == pytest.approx(near[None].log_likelihood, abs=30)  # -800 without the noise
    model = library.restorer("digits")
    drawn = networks.draws(model, get_domain("digits"), torch.from_numpy(noisy[:1]), torch.ones(1, 1, 28, 28), 0.25, 4,
                          runtime.generator("restore", 0))  # fmt: skip
    means, scales = (t[:, 0].detach() for t in drawn)
    law = torch.distributions.Normal(means, (scales.square() + 0.25**2).sqrt())
    want = law.log_prob(torch.from_numpy(noisy[0])).flatten(1).sum(1)
    assert near[0.25].log_likelihood == pytest.approx(want.numpy(), rel=1e-4)


def test_the_spread_is_that_of_the_samples_and_of_each_one_together(library, noisy):
    made = answers(library, noisy[0], "digits", LEFT, sigma=0.25, samples=5)
    model = library.restorer("digits")
    given = torch.from_numpy(noisy[:1]), torch.from_numpy(LEFT)[None, None]
    means, scales = (t[:, 0].detach() for t in networks.draws(model, get_domain("digits"), *given, 0.25, 5,
                                                             runtime.generator("restore", 0)))  # fmt: skip
    want = np.sqrt(means.numpy().var(0, ddof=1) + (scales.numpy() ** 2).mean(0))
    assert np.allclose(made.spread, want, atol=1e-5)
    one = answers(library, noisy[0], "digits", LEFT, sigma=0.25, samples=1)
    assert np.isfinite(one.spread).all() and one.spread.min() > 0


def test_noise_is_taken_off_and_a_clean_picture_stays(library, x, noisy):
    for one, clean in zip(noisy, x.numpy(), strict=True):
        made = answers(library, one, "digits", sigma=0.25)
        assert measure(made.mean, clean).psnr > measure(one.clip(0, 1), clean).psnr + 3
        assert measure(answers(library, one, "digits").mean, clean).psnr > measure(one.clip(0, 1), clean).psnr + 3
        assert np.array_equal(answers(library, clean, "digits", sigma=0).mean, clean)


@pytest.mark.parametrize(
    ("y", "mask", "options", "error", "says"),
    [
        (np.zeros((1, 28, 28)), np.ones((14, 20)), {}, PictureError, "the mask is 20 x 14 pixels, the picture 28 x 28"),
        (np.zeros((1, 28, 28)), np.ones(28), {}, PictureError, "give both one size"),
        (np.full((1, 28, 28), np.nan), None, {}, PictureError, "not numbers"),
        (np.full((1, 28, 28), np.inf), None, {}, PictureError, "not numbers"),
        (np.full((1, 28, 28), 255), None, {}, PictureError, "far outside 0 to 1"),
        (np.zeros((1, 28, 30)), None, {}, PictureError, r"has shape \(1, 28, 28\), this one \(1, 28, 30\)"),
        (np.zeros((28, 28)), None, {}, PictureError, r"this one \(28, 28\)"),
        (np.zeros((3, 28, 28)), None, {}, PictureError, r"this one \(3, 28, 28\)"),
        (np.zeros((1, 0, 28)), None, {}, PictureError, r"this one \(1, 0, 28\)"),
        ("a picture", None, {}, PictureError, "an array of numbers"),
        (np.zeros((1, 28, 28)), None, {"samples": 0}, ConfigError, "samples is 0; choose 1 to 16"),
        (np.zeros((1, 28, 28)), None, {"samples": 17}, ConfigError, "samples is 17"),
        (np.zeros((1, 28, 28)), None, {"sigma": 2}, ConfigError, "strength is 2; choose 0 to 1"),
        (np.zeros((1, 28, 28)), None, {"sigma": -0.1}, ConfigError, "strength is -0.1"),
        (np.zeros((1, 28, 28)), None, {"sigma": float("nan")}, ConfigError, "strength is nan"),
    ],
)  # fmt: skip
def test_what_is_no_damaged_picture_is_refused_with_a_sentence(library, y, mask, options, error, says):
    with pytest.raises(error, match=says):
        answers(library, y, "digits", mask, **options)


def test_unknown_domains_and_methods_are_refused(library, x):
    clean = x[0].numpy()
    with pytest.raises(UnknownDomain, match="no domain 'cats'"):
        answers(library, clean, "cats")
    with pytest.raises(ConfigError, match="no method 'magic'; choose from vae, plain, nlm"):
        by(library, "magic", clean, "digits")
    with pytest.raises(UnknownModel, match="no plain VAE of photographs"):
        by(library, "plain", np.zeros((3, 20, 20)), "photos")
    with pytest.raises(PictureError, match="the mask is"):
        by(library, "biharmonic", clean, "digits", np.ones((3, 3)))


def test_the_estimated_level_grows_with_the_noise_and_is_small_of_a_clean_picture(library, x):
    found = [estimated(library, clean, "digits") for clean in x.numpy()]
    for level, clip in ((0.1, False), (0.25, True), (0.5, True)):
        y = add_noise(x, "gaussian", level, torch.Generator().manual_seed(1), clip=clip).numpy()
        now = [estimated(library, one, "digits") for one in y]
        assert now == pytest.approx([level] * 4, rel=0.2) and np.mean(now) == pytest.approx(level, rel=0.15)
        assert all(a < b for a, b in zip(found, now, strict=True))
        found = now
    assert max(estimated(library, clean, "digits") for clean in x.numpy()) < 0.08
    assert estimated(library, x[0].numpy(), "digits", np.zeros((28, 28))) == 0


def test_the_noise_of_a_photograph_is_estimated_from_its_finest_detail(library):
    noise = np.random.default_rng(0).normal(size=(3, 64, 64))
    found = [estimated(library, 0.5 + level * noise, "photos") for level in (0, 0.05, 0.2)]
    assert found == pytest.approx([0, 0.05, 0.2], rel=0.1, abs=1e-6)


def test_the_plain_vae_fills_the_hole_and_keeps_the_rest(library, x):
    clean, known = x[1].numpy(), LEFT > 0
    made = by(library, "plain", clean * LEFT, "digits", LEFT)
    assert made.shape == clean.shape and made.min() >= 0 and made.max() <= 1
    assert np.array_equal(made[:, known], clean[:, known])
    assert measure(made, clean, LEFT).hole_psnr > measure(np.where(known, clean, 0.5), clean, LEFT).hole_psnr + 3
    again = by(library, "plain", np.where(known, clean, 0.9), "digits", LEFT)
    assert np.array_equal(made, again)


def test_every_method_restores_a_noisy_picture(library, x, noisy):
    for method in DENOISING:
        made = by(library, method, noisy[0], "digits", sigma=0.25, clip=False)
        assert made.shape == (1, 28, 28) and made.dtype == np.float32 and made.min() >= 0 and made.max() <= 1
        if method != "plain":
            assert measure(made, x[0].numpy()).psnr > measure(noisy[0].clip(0, 1), x[0].numpy()).psnr
    for method in FILLING:
        made = by(library, method, x[0].numpy() * LEFT, "digits", LEFT, sigma=0)
        assert np.array_equal(made[:, LEFT > 0], x[0].numpy()[:, LEFT > 0])


@pytest.mark.parametrize("method", ["nlm", "wavelet", "tv", "median"])
def test_a_classical_method_is_told_whether_the_noise_was_clipped(library, x, method):
    def error(made, clean):
        return float(np.square(made - clean).mean())

    noise = torch.Generator().manual_seed(3)
    y, clean = add_noise(x[:1], "gaussian", 0.25, noise)[0].numpy(), x[0].numpy()
    made = {clip: by(library, method, y, "digits", sigma=0.25, clip=clip) for clip in (True, False)}
    assert error(made[True], clean) < 0.8 * error(made[False], clean)
    setting = classical.setting_for(classical.read_settings(library.folder / "digits"), method, "poisson", 0.3)
    want = classical.denoise(y, method, 0.2, setting, kind="poisson", level=0.3, clip=True)
    got = by(library, method, y, "digits", sigma=0.2, noise="poisson", level=0.3)
    assert np.array_equal(got, want)


def test_the_method_vae_is_the_mean_of_eight_samples(library, noisy):
    made = by(library, "vae", noisy[0], "digits", sigma=0.25, seed=3)
    assert np.array_equal(made, answers(library, noisy[0], "digits", sigma=0.25, samples=8, seed=3).mean)


@pytest.mark.parametrize("channels", [1, 3])
def test_figures_of_a_hole_are_a_closed_form(channels):
    clean, mask = np.full((channels, 16, 20), 0.5, np.float32), np.ones((16, 20))
    mask[4:9, 3:13] = 0  # 50 of 320 pixels
    made = np.where(mask > 0, clean, clean + 0.1)
    found = measure(made, clean, mask)
    assert found.hole_psnr == pytest.approx(20, abs=1e-3)
    assert found.psnr == pytest.approx(20 - 10 * np.log10(50 / 320), abs=1e-3)
    assert found.ssim < 1 and measure(clean, clean).ssim == pytest.approx(1)
    assert measure(made, clean).hole_psnr is None
    assert measure(made, clean, np.ones((16, 20))).hole_psnr is None
    assert measure(clean[:, :5], clean[:, :5]) == (100.0, None, None)
    with pytest.raises(PictureError, match="the clean picture is 20 x 16 pixels, the restored one 20 x 5"):
        measure(clean[:, :5], clean)


def test_a_photograph_keeps_its_known_pixels_through_the_tiles(library):
    y = np.random.default_rng(0).random((3, 90, 150), np.float32)
    mask = np.ones((90, 150))
    mask[30:50, 60:140] = 0
    known = mask > 0
    for tile, tiles in ((512, 1), (128, 2)):
        job = photo(library, y, mask=mask, seeds=(1,), tile=tile)
        assert [*job][-1] == (tiles, tiles)
        for made in (job.mean.numpy(), job.samples[0].numpy()):
            assert made.shape == y.shape and made.min() >= 0 and made.max() <= 1
            assert np.array_equal((made * 255).round()[:, known], (y * 255).round()[:, known])
            assert np.abs(made - y)[:, known].max() <= (0 if tiles == 1 else 1e-6)  # tiles are blended
        assert not np.array_equal(job.mean[:, ~known], job.samples[0][:, ~known])


@pytest.mark.parametrize("tile", [512, 128])
def test_the_spread_of_a_photograph_is_as_that_of_a_small_picture(library, tile):
    y = np.random.default_rng(0).random((3, 90, 150), np.float32)
    mask = np.ones((90, 150), bool)
    mask[30:50, 60:140] = False
    job = photo(library, y, mask=mask, seeds=(1, 2, 3), tile=tile)
    assert [*job]
    between = job.samples.numpy().var(0, ddof=1)
    own = job.spread.numpy() ** 2 - between
    assert not job.spread[:, mask].any() and own[:, ~mask].min() > 0
    drawn = []
    for seed in (1, 2, 3):
        job = photo(library, y, mask=mask, seeds=(seed,), tile=tile)
        assert [*job]
        drawn.append(job.spread)  # of one sample: its own alone
    assert np.allclose(own, torch.stack(drawn).square().mean(0).numpy(), atol=1e-5)
    assert photo(library, y, mask=mask).spread is None


def test_what_is_no_photograph_is_refused(library):
    with pytest.raises(PictureError, match="3 colours, this one 1; convert it"):
        photo(library, np.zeros((1, 40, 40)))
    with pytest.raises(PictureError, match="the mask is 30 x 40 pixels"):
        photo(library, np.zeros((3, 40, 40)), mask=np.ones((40, 30)))
    with pytest.raises(ConfigError, match="strength is 2"):
        photo(library, np.zeros((3, 40, 40)), sigma=2)
    with pytest.raises(PictureError, match="this one"):
        photo(library, np.zeros((40, 40)))


class Echo:
    """A restorer that answers every draw with the damaged picture and tells its draws apart by their scales."""

    def __init__(self):
        self.counts = []

    def samples(self, y, mask, level, n, generator):
        self.counts.append(n)
        return y.expand(n, *y.shape), (1 + torch.arange(n, dtype=y.dtype)).view(-1, 1, 1, 1, 1) * y


@pytest.mark.parametrize(("domain", "counts"), [("digits", [7]), ("objects", [4, 3])])
def test_what_a_mirrored_draw_gives_is_flipped_back(domain, counts, generator):
    shape = get_domain(domain).shape
    y, model = torch.rand(2, *shape, generator=generator), Echo()
    means, scales = networks.draws(model, get_domain(domain), y, torch.ones(2, 1, *shape[1:]), 0.1, 7, generator)
    assert model.counts == counts and len(get_domain(domain).mirrors) == len(counts)
    assert torch.equal(means, y.expand(7, *y.shape))
    strengths = torch.cat([1.0 + torch.arange(n) for n in counts])
    assert torch.allclose(scales, strengths.view(-1, 1, 1, 1, 1) * y)


def test_pairs_look_into_the_mirrors_by_turns(generator):
    """Of eight draws of shapes, which have as many mirrors as the table says, each mirror has its pair."""
    mirrors, seen = get_domain("shapes").mirrors, []
    y = torch.rand(1, *get_domain("shapes").shape, generator=generator)

    class Noted(Echo):
        def samples(self, y, mask, level, n, generator):
            seen.append((n, y, mask))
            return super().samples(y, mask, level, n, generator)

    mask = torch.ones(1, 1, 64, 64)
    mask[..., :20, :10] = 0
    networks.draws(Noted(), get_domain("shapes"), y, mask, 0.1, 2 * len(mirrors), generator)
    assert [n for n, *_ in seen] == [2] * len(mirrors)
    for axes, (_, given, known) in zip(mirrors, seen, strict=True):
        assert torch.equal(given, (y * mask).flip(axes)) and torch.equal(known, mask.flip(axes))
