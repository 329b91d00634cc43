"""Mixtures of Gaussians: what is fitted is what was drawn from, and half precision on disk changes little."""

import numpy as np
import pytest
import torch

from tests.conftest import small
from vaedemo import mixtures
from vaedemo.checkpoints import available, save_checkpoint
from vaedemo.datasets import Pictures
from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.mixtures import Mixture, fit_mixture, load_mixture, mixture_name, save_mixtures
from vaedemo.models import build_model


@pytest.fixture(scope="module")
def two():
    """Two Gaussians in the plane, a quarter and three quarters, with correlated numbers of very different size."""
    factors = np.array([[[1.0, 0.0], [0.5, 0.1]], [[0.2, 0.0], [-3.0, 2.0]]])
    return Mixture(np.array([0.25, 0.75]), np.array([[-6.0, 0.0], [4.0, 30.0]]), factors)


def covariances(mixture):
    return mixture.factors @ mixture.factors.transpose(0, 2, 1)


def test_the_fit_finds_what_the_codes_were_drawn_from(two, generator):
    z = two.sample(20_000, generator)
    found = fit_mixture(z, components=2)
    found = Mixture(*(v[np.argsort(found.weights)] for v in found))
    assert found.weights == pytest.approx(two.weights, abs=0.02)
    assert found.means == pytest.approx(two.means, abs=0.1)
    more = np.diag(mixtures.REGULARISATION * z.var(0))
    assert covariances(found) == pytest.approx(covariances(two) + more, rel=0.1, abs=0.1)


def test_a_component_without_weight_is_never_drawn_and_weighs_nothing(two):
    """Even where single precision makes the weights sum to a little less than one."""
    more = Mixture(
        np.array([0.0, 0.1, 0.2, 0.7 - 1e-6, 0.0], np.float32),
        np.array([[900.0, 0], [0, 0], [1, 1], [2, 2], [900, 0]], np.float32),
        np.tile(np.eye(2, dtype=np.float32), (5, 1, 1)),
    )
    u = np.concatenate([np.linspace(0, 1, 999, endpoint=False), [np.nextafter(1.0, 0.0)]])
    assert more.place(u, np.zeros((1000, 2), np.float32)).max() == 2
    rest = Mixture(*(v[1:4] for v in more))
    z = np.array([[0.0, 0.0], [900.0, 0.0]])
    assert more.log_prob(z) == pytest.approx(rest.log_prob(z))


def test_samples_have_the_moments_of_the_mixture(two, generator):
    z = two.sample(100_000, generator)
    assert z.dtype == np.float32
    assert z.mean(0) == pytest.approx(two.weights @ two.means, abs=0.2)
    inner = np.einsum("k,kij->ij", two.weights, covariances(two))
    apart = two.means - two.weights @ two.means
    assert np.cov(z.T) == pytest.approx(inner + np.einsum("k,ki,kj->ij", two.weights, apart, apart), rel=0.03)


def test_temperature_scales_the_spread_in_each_component_and_leaves_its_mean(two):
    u, eps = np.array([0.0, 0.24, 0.26, 0.999]), np.random.default_rng(0).standard_normal((4, 2)).astype(np.float32)
    means = two.means[[0, 0, 1, 1]]
    assert two.place(u, eps, 0.0) == pytest.approx(means)
    assert two.place(u, eps, 2.0) - means == pytest.approx(2 * (two.place(u, eps) - means), rel=1e-4)
    rounded = two._replace(weights=two.weights * 0.999)
    assert np.isfinite(rounded.place(np.array([0.9999]), eps[:1])).all()


def test_log_prob_is_that_of_torch(two, generator):
    z = two.sample(50, generator)
    normal = torch.distributions.MultivariateNormal(
        torch.tensor(two.means), scale_tril=torch.tensor(two.factors, dtype=torch.float64)
    )
    mix = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(torch.tensor(two.weights)), normal)
    assert two.log_prob(z) == pytest.approx(mix.log_prob(torch.tensor(z, dtype=torch.float64)).numpy(), rel=1e-6)


def test_a_mixture_explains_codes_held_out_better_than_one_gaussian(two, generator):
    z, held_out = two.sample(2000, generator), two.sample(500, generator)
    assert fit_mixture(z, 2).log_prob(held_out).mean() > fit_mixture(z, 1).log_prob(held_out).mean() + 0.3


def test_few_codes_make_few_components_and_still_numbers_are_no_trouble():
    z = np.random.default_rng(0).standard_normal((250, 8))
    z[:, 3] = 7.0
    found = fit_mixture(z, components=10)
    assert len(found.weights) == 2
    drawn = found.sample(100, torch.Generator().manual_seed(0))
    assert drawn[:, 3] == pytest.approx(7, abs=0.02) and np.isfinite(drawn).all()
    assert np.isfinite(fit_mixture(np.zeros((20, 2))).sample(5, torch.Generator())).all()
    for bad in (np.zeros(5), np.zeros((1, 2)), np.full((5, 2), np.nan)):
        with pytest.raises(ConfigError):
            fit_mixture(bad)


def test_a_file_gives_back_every_mixture(two, tmp_path, generator):
    path = tmp_path / "digits" / mixtures.FILE
    wide = fit_mixture(np.random.default_rng(1).standard_normal((500, 40)) * 10.0 ** np.arange(-5, 3).repeat(5), 3)
    save_mixtures(path, {mixture_name("vae", 2): two, mixture_name("ae", 40, 3): wide}, "digits", {"seed": 0})
    assert mixtures.mixture_names(path) == ["ae-40/class3", "vae-2/all"]
    back = load_mixture(path, "vae-2/all")
    for values, again in zip(two, back, strict=True):
        assert again.dtype == np.float32 and again == pytest.approx(values, rel=1e-3)
    assert back.weights.sum() == pytest.approx(1, abs=1e-6)
    same = load_mixture(path, "ae-40/class3")
    assert same.factors.shape == (3, 40, 40)
    assert np.linalg.eigvalsh(covariances(same.__class__(*(v.astype(np.float64) for v in same)))).min() > 0
    spread = wide.sample(4000, torch.Generator().manual_seed(1)).std(0)
    assert same.sample(4000, torch.Generator().manual_seed(1)).std(0) == pytest.approx(spread, rel=0.02, abs=1e-4)


def test_models_beside_it_are_found_all_the_same(two, tmp_path):
    save_checkpoint(tmp_path / "digits" / "vae-3.safetensors", build_model(small()), "digits")
    save_mixtures(tmp_path / "digits" / mixtures.FILE, {"vae-3/all": two}, "digits")
    assert [e.path.name for e in available(tmp_path)] == ["vae-3.safetensors"]


def test_a_file_that_is_missing_damaged_or_something_else_is_named(two, tmp_path):
    path = tmp_path / "digits" / mixtures.FILE
    with pytest.raises(CheckpointError, match="derive --only mixtures"):
        load_mixture(path, "vae-2/all")
    save_mixtures(path, {"vae-2/all": two}, "digits")
    with pytest.raises(UnknownModel, match="vae-4/all"):
        load_mixture(path, "vae-4/all")
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(CheckpointError, match="cut"):
        load_mixture(path, "vae-2/all")
    path.write_bytes(whole[:-2] + b"\x00\x7e")  # the last number of a factor's diagonal is none
    with pytest.raises(CheckpointError, match="damaged"):
        load_mixture(path, "vae-2/all")
    save_checkpoint(path, build_model(small()), "digits")
    with pytest.raises(CheckpointError, match="no mixtures of this version"):
        load_mixture(path, "vae-2/all")
    with pytest.raises(ConfigError, match="half precision"):
        save_mixtures(path, {"vae-2/all": two._replace(means=two.means * 1e5)}, "digits")


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_a_models_codes_and_its_mixtures(kind, blobs):
    model = build_model(small(kind)).eval()
    z = mixtures.codes(model, blobs)
    with torch.no_grad():
        code = model.encode(blobs[:])
    assert z.shape == (200, 3)
    if kind == "ae":
        assert z == pytest.approx(code.mu.numpy(), abs=1e-5)
    else:
        eps = (z - code.mu.numpy()) / (0.5 * code.logvar).exp().numpy()
        assert eps.mean() == pytest.approx(0, abs=0.15) and eps.std() == pytest.approx(1, abs=0.1)
    found = mixtures.fit_model(model, Pictures(blobs.x, torch.arange(200) % 2), "digits")
    assert set(found) == {None, 0, 1}
    assert all(m.means.shape[1] == 3 for m in found.values())
