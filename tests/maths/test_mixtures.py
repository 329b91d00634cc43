"""Mixtures of Gaussians: what is fitted is what was drawn from, and half precision on disk changes little."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from tests.conftest import small
from vaedemo import runtime
from vaedemo.data.datasets import Pictures
from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.maths.mixtures import REGULARISATION, Mixture, fit_mixture
from vaedemo.models import build_model
from vaedemo.store.checkpoints import MIXTURES, available, read_tensors, save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.mixtures import SMALLEST, load_mixture, mixture_name, save_mixtures
from vaedemo.training import mixtures as training_mixtures
from vaedemo.training.mixtures import COMPONENTS, SMALL, codes, fit_model


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
    more = np.diag(REGULARISATION * z.var(0))
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
    with np.errstate(divide="raise"):
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
        with pytest.raises(ConfigError, match=r"^codes of shape \(.*\) cannot be fitted"):
            fit_mixture(bad)
    assert fit_mixture(np.array([[0.0, 1.0], [2.0, 1.0]])).means == pytest.approx(np.ones((1, 2)))


def test_a_fit_is_that_of_codes_scaled_to_variance_one(two, generator, monkeypatch):
    import sklearn.mixture

    asked = []

    class Noted(sklearn.mixture.GaussianMixture):
        def fit(self, z):
            asked.append((self.n_components, self.reg_covar, self.random_state, self.max_iter, z, self))
            return super().fit(z)

    monkeypatch.setattr(sklearn.mixture, "GaussianMixture", Noted)
    z = two.sample(1100, generator)
    found, single = fit_mixture(z.astype(np.float64)), fit_mixture(z)
    assert all(np.array_equal(a, b) for a, b in zip(found, single, strict=True))  # in double precision both
    fit_mixture(z, 3, 7, 0.01)
    assert [words[:4] for words in asked] == [(10, 1e-3, 0, 200)] * 2 + [(3, 0.01, 7, 200)]
    (*_, scaled, law), z = asked[0], z.astype(np.float64)
    assert np.allclose(scaled.mean(0), 0) and np.allclose(scaled.std(0), 1)
    assert np.allclose(found.means, law.means_ * z.std(0) + z.mean(0), rtol=1e-5)
    assert np.allclose(covariances(found), law.covariances_ * np.outer(z.std(0), z.std(0)), rtol=1e-4)
    assert np.array_equal(found.weights, law.weights_)


def test_a_code_is_its_components_mean_and_factor_times_noise(two):
    u, eps = np.array([0.1, 0.3]), np.array([[1.0, 0.0], [-2.0, 0.5]], np.float32)
    wanted = two.means + 0.5 * np.stack([two.factors[0] @ eps[0], two.factors[1] @ eps[1]])
    assert two.place(u, eps, 0.5) == pytest.approx(wanted, rel=1e-6)
    own, same = torch.Generator().manual_seed(2), torch.Generator().manual_seed(2)
    u = torch.rand(40, generator=same, dtype=torch.float64).numpy()
    eps = torch.randn(40, 2, generator=same).numpy()
    for temperature in ((), (0.5,)):
        own.manual_seed(2)
        assert np.array_equal(two.sample(40, own, *temperature), two.place(u, eps, *temperature))


def test_components_are_chosen_in_double_precision():
    weights = np.random.default_rng(0).random(2000).astype(np.float32)
    weights /= weights.sum()
    many = Mixture(weights, np.arange(2000, dtype=np.float32)[:, None], np.ones((2000, 1, 1), np.float32))
    upto = np.cumsum(weights.astype(np.float64))
    u = upto[:-1] / upto[-1]  # exactly where the next component begins
    assert np.array_equal(many.place(u, np.zeros((1999, 1), np.float32))[:, 0], np.arange(1, 2000))


def test_a_file_gives_back_every_mixture(two, tmp_path, generator):
    path = tmp_path / "digits" / MIXTURES.file
    wide = fit_mixture(np.random.default_rng(1).standard_normal((500, 40)) * 10.0 ** np.arange(-5, 3).repeat(5), 3)
    save_mixtures(
        path,
        {mixture_name(ModelKey("digits", "vae", 2)): two, mixture_name(ModelKey("digits", "ae", 40), 3): wide},
        "digits",
        {"seed": 0},
    )
    assert read_tensors(path, MIXTURES, ()).names == ["ae-40/class3", "vae-2/all"]
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
    save_mixtures(tmp_path / "digits" / MIXTURES.file, {"vae-3/all": two}, "digits")
    assert [e.path.name for e in available(tmp_path)] == ["vae-3.safetensors"]


def test_a_file_that_is_missing_damaged_or_something_else_is_named(two, tmp_path):
    path = tmp_path / "digits" / MIXTURES.file
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
    for most in (1e6, -float(np.finfo(np.float16).max)):
        with pytest.raises(ConfigError, match="half precision"):
            save_mixtures(path, {"vae-2/all": two._replace(means=np.full((2, 2), most))}, "digits")


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_a_models_codes_and_its_mixtures(kind, blobs):
    model = build_model(small(kind)).eval()
    z = codes(model, blobs)
    with torch.no_grad():
        code = model.encode(blobs[:])
    assert z.shape == (200, 3)
    if kind == "ae":
        assert z == pytest.approx(code.mu.numpy(), abs=1e-5)
    else:
        eps = (z - code.mu.numpy()) / (0.5 * code.logvar).exp().numpy()
        assert eps.mean() == pytest.approx(0, abs=0.15) and eps.std() == pytest.approx(1, abs=0.1)
    found = fit_model(model, Pictures(blobs.x, torch.arange(200) % 2), "digits")
    assert set(found) == {None, 0, 1}
    assert all(m.means.shape[1] == 3 for m in found.values())


def test_a_models_mixtures_are_fitted_to_the_codes_of_each_class(blobs, monkeypatch):
    model, y = build_model(small("vae")).eval(), torch.arange(200) % 2
    monkeypatch.setattr(training_mixtures, "PICTURES", 150)
    asked = []

    def noted(z, components, seed):
        asked.append((z, components, seed))
        return fit_mixture(z, 1)

    monkeypatch.setattr(training_mixtures, "fit_mixture", noted)
    found = fit_model(model, Pictures(blobs.x, y), "digits", seed=5)
    chosen = torch.randperm(200, generator=runtime.generator("mixtures", 5))[:150]
    z = codes(model, Pictures(blobs.x[chosen]), 5)
    many, few = COMPONENTS.get("digits", (10, 3))
    assert [(components, seed) for _, components, seed in asked] == [(many, 5), (few, 5), (few, 5)]
    for (given, *_), rows in zip(asked, (slice(None), y[chosen] == 0, y[chosen] == 1), strict=True):
        assert np.array_equal(given, z[rows])
    assert list(found) == [None, 0, 1]
    asked.clear()
    fit_model(model, Pictures(blobs.x, y), "shapes")
    assert [(components, seed) for _, components, seed in asked] == [(COMPONENTS["shapes"][0], 0)] + [
        (COMPONENTS["shapes"][1], 0)
    ] * 2


@pytest.mark.parametrize(("latent_dim", "few"), [(SMALL, 3), (SMALL + 1, 1)])
def test_classes_of_few_dimensions_have_three_components_and_of_many_one(latent_dim, few, blobs, monkeypatch):
    model = build_model(small("ae", latent_dim=latent_dim)).eval()
    asked = []
    monkeypatch.setattr(training_mixtures, "fit_mixture", lambda z, components, seed: asked.append(components))
    fit_model(model, Pictures(blobs.x, torch.zeros(200)), "something else")
    assert asked == [10, few]


def test_codes_follow_their_seed(blobs):
    model = build_model(small("vae")).eval()
    a, b, c = (codes(model, blobs, seed) for seed in (0, 0, 1))
    assert np.array_equal(a, b) and not np.array_equal(a, c) and np.array_equal(a, codes(model, blobs))
    with torch.no_grad():
        mu, logvar = model.encode(blobs[:])
    eps = torch.randn(mu.shape, generator=runtime.generator("codes", 1))
    assert c == pytest.approx((mu + (logvar / 2).exp() * eps).numpy(), abs=1e-5)


def rows_of(d, components=1):
    """A mixture's rows as a file has them: N(0, I), weights 2 each."""
    rows = np.zeros((components, (d + 1) * (d + 2) // 2))
    rows[:, 0] = 2
    rows[:, 1 + d :] = np.eye(d)[np.tril_indices(d)]
    return rows


def written(path, rows):
    save_file({"vae/all": np.asarray(rows, np.float16)}, str(path), {"format": MIXTURES.mark, "domain": "digits"})
    return path


@pytest.mark.parametrize("d", [1, 2, 32])
def test_a_file_of_any_dimension_is_read_and_its_weights_sum_to_one(d, tmp_path):
    found = load_mixture(written(tmp_path / "m.safetensors", rows_of(d, 4)), "vae/all")
    assert np.array_equal(found.weights, np.full(4, 0.25, np.float32)) and not found.means.any()
    assert np.array_equal(found.factors, np.eye(d, dtype=np.float32)[None].repeat(4, 0))


@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: rows[:, :-1],
        lambda rows: np.concatenate([rows, rows[:, :1]], 1),
        lambda rows: rows[:0],
        lambda rows: rows[0],
        lambda rows: rows[:, :1],
        lambda rows: rows * [[0, *[1] * (rows.shape[1] - 1)]],
        lambda rows: rows * [[-1, *[1] * (rows.shape[1] - 1)]],
        lambda rows: rows * [[*[1] * (rows.shape[1] - 1), 0]],
        lambda rows: rows * [[*[1] * (rows.shape[1] - 1), -1]],
        lambda rows: rows + np.array([[0, np.nan, *[0] * (rows.shape[1] - 2)]]),
        lambda rows: rows + np.array([[np.inf, *[0] * (rows.shape[1] - 1)]]),
    ],
)  # fmt: skip
def test_a_damaged_mixture_is_named(damage, tmp_path):
    path = written(tmp_path / "m.safetensors", damage(rows_of(2)))
    with pytest.raises(CheckpointError, match=r"^m.safetensors has a damaged mixture vae/all; restore it"):
        load_mixture(path, "vae/all")


def test_one_component_may_weigh_nothing(tmp_path):
    rows = rows_of(2, 2)
    rows[0, 0] = 0
    assert load_mixture(written(tmp_path / "m.safetensors", rows), "vae/all").weights.tolist() == [0, 1]


def test_a_written_file_says_whose_it_is_and_keeps_every_deviation_above_zero(two, tmp_path):
    path = tmp_path / MIXTURES.file
    thin = two._replace(factors=two.factors * 1e-9)
    save_mixtures(path, {"vae-2/all": thin}, "digits", {"seed": 3})
    assert np.einsum("kii->ki", load_mixture(path, "vae-2/all").factors) == pytest.approx(SMALLEST, rel=0.1)
    assert np.array_equal(thin.factors, two.factors * 1e-9)  # what was given is as it was
    with safe_open(str(path), "np") as file:
        assert file.metadata() == {"format": MIXTURES.mark, "domain": "digits", "record": '{"seed": 3}'}
        assert file.get_tensor("vae-2/all").dtype == np.float16
    save_mixtures(path, {"vae-2/all": two}, "digits")
    with safe_open(str(path), "np") as file:
        assert file.metadata()["record"] == "{}"


def test_distance_is_mahalanobis_to_the_nearest_component(two):
    means, spread = two.means, two.factors
    assert two.distance(means) == pytest.approx([0, 0])
    moved = np.stack([means[0] + 2 * spread[0][:, 0], means[1] - 3 * spread[1][:, 1]])
    assert two.distance(moved) == pytest.approx([2, 3])
    # A component without weight has no codes near it.
    lone = Mixture(np.array([0.0, 1.0]), means, spread)
    assert lone.distance(means[:1])[0] > 5
    assert np.isfinite(lone.log_prob(means)).all()
