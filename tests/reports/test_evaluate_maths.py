"""Every figure of an evaluation written out again, from the streams of random numbers that it takes."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from tests.conftest import small
from vaedemo import runtime
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import get_domain
from vaedemo.maths.quantise import fit_quantiser
from vaedemo.models import build_model, objectives
from vaedemo.models.pca import fit_pca
from vaedemo.reports import evaluate
from vaedemo.store.checkpoints import Entry
from vaedemo.store.key import ModelKey


class Shelf:
    """A library of given models of digits."""

    def __init__(self, pca_dims=(2, 4), **models):
        self.models, self.pca_dims, self.asked = models, list(pca_dims), []

    def model(self, key):
        self.asked.append(key)
        return self.models[key.kind]

    def quantiser(self, key):
        return None

    def dims(self, domain, kind):
        assert (domain, kind) == ("digits", "pca")
        return self.pca_dims


@pytest.fixture(scope="module")
def twelve(blobs):
    return Pictures(blobs.x[:12])


def random_model(kind, **changes):
    """A small model of random weights, whose posteriors are wide, narrow, near and far."""
    model = build_model(small(kind, latent_dim=2, **changes)).eval().requires_grad_(False)
    g = torch.Generator().manual_seed(5)
    for p in model.parameters():
        p += 0.15 * torch.randn(p.shape, generator=g)
    if model.config.likelihood == "gaussian" and kind == "vae":
        model.log_sigma.fill_(-0.4)
    return model


def posterior(model, pictures, seed, k):
    """(distortion (N,), kl (N, D), bound (N,), mu (N, D)), five pictures at a time."""
    bernoulli = model.config.likelihood == "bernoulli"
    binary, single, many = (runtime.generator(name, seed) for name in ("binarise", "posterior", "bound"))
    costs, rates, bounds, means = [], [], [], []
    for start in range(0, len(pictures), 5):
        x = pictures[start : start + 5]
        if bernoulli:
            x = (torch.rand(x.shape, generator=binary) < x).float()
        mu, logvar = model.encode(x)
        z = mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=single)
        theta = model.likelihood_parameters(z)
        if bernoulli:
            cost = -torch.distributions.Bernoulli(logits=theta).log_prob(x)
        else:
            centre, sigma, x = theta.double(), model.log_sigma.double().exp(), x.double()
            low = ((x - 0.5 / 255 - centre) / sigma).where(x > 0, torch.tensor(-math.inf).double())
            high = ((x + 0.5 / 255 - centre) / sigma).where(x < 1, torch.tensor(math.inf).double())
            upper = low > 0  # there the difference of two numbers near one would cancel
            low, high = (-high).where(upper, low), (-low).where(upper, high)
            cost = -(torch.special.ndtr(high) - torch.special.ndtr(low)).log()
            x = x.float()
        costs.append(cost.sum((1, 2, 3)).float())
        rates.append((mu**2 + logvar.exp() - logvar - 1) / 2)
        bounds.append(objectives.importance_bound(model, x, k, many))
        means.append(mu)
    return tuple(map(torch.cat, (costs, rates, bounds, means)))


@pytest.mark.parametrize(("likelihood", "seed"), [("bernoulli", 0), ("bernoulli", 4), ("gaussian", 0)])
def test_what_a_vae_says_of_pictures_written_out(likelihood, seed, twelve):
    model = random_model("vae", likelihood=likelihood)
    got = evaluate.likelihood(model, twelve, 3, seed)
    for mine, wanted in zip(got, posterior(model, twelve, seed, 3), strict=True):
        assert mine.shape == wanted.shape and torch.allclose(mine, wanted, rtol=1e-4, atol=1e-4)
    assert torch.allclose(got.negative_elbo, got.distortion + got.kl[:, 0] + got.kl[:, 1])
    if seed == 0:
        assert all(torch.equal(a, b) for a, b in zip(got, evaluate.likelihood(model, twelve, 3), strict=True))


@pytest.mark.parametrize(("likelihood", "seed"), [("bernoulli", 3), ("gaussian", 0)])
def test_a_row_of_a_vae_written_out(likelihood, seed, twelve, monkeypatch):
    monkeypatch.setattr(evaluate, "BATCH", 5)
    model = random_model("vae", likelihood=likelihood)
    last = [m for m in model.encoder if isinstance(m, torch.nn.Linear)][-1]
    last.weight.mul_(torch.tensor([4, 1e-3, 1, 1])[:, None])  # the code's second number is switched off
    shelf = Shelf(vae=model, pca=fit_pca(small("pca", latent_dim=2), twelve))
    row = evaluate.evaluate_model(shelf, twelve, ModelKey("digits", "vae", 2, 4.0), bound_samples=3, seed=seed)
    assert shelf.asked == [("digits", "vae", 2, 4), ("digits", "pca", 2, 1.0)]
    cost, rate, bound, mu = posterior(model, twelve, seed, 3)
    x = twelve[:]
    x_hat, pca = model.decode(model.encode(x).mu), shelf.models["pca"](x).x_hat
    error = (x_hat - x).square().mean((1, 2, 3))
    likeness = []
    for a, b in zip(x_hat[:, 0].numpy(), x[:, 0].numpy(), strict=True):
        _, index = structural_similarity(
            a, b, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
        )
        likeness.append(index[5:-5, 5:-5].mean())
    near = {"rel": 1e-4, "abs": 1e-6}
    assert row[:4] == ("digits", "vae", 2, 4.0) and isinstance(row.beta, float)
    assert row.parameters == sum(p.numel() for p in model.parameters())
    assert row.mse == pytest.approx(error.mean().item(), **near)
    assert row.psnr == pytest.approx((-10 * error.log10()).mean().item(), **near)
    assert row.ssim == pytest.approx(sum(likeness) / 12, abs=1e-4)
    assert row.pca_mse == pytest.approx((pca - x).square().mean().item(), **near)
    assert row.distortion == pytest.approx(cost.mean().item(), **near)
    assert row.kl == pytest.approx(rate.sum(1).mean().item(), **near)
    assert row.elbo == pytest.approx(-(cost.mean() + rate.sum(1).mean()).item(), **near)
    assert row.nll_bound == pytest.approx(bound.mean().item(), **near)
    assert row.bits_per_dim == pytest.approx(bound.mean().item() / 784 / math.log(2), **near)
    assert row.kl_each == pytest.approx(rate.mean(0).tolist(), **near)
    assert row.mu_mean == pytest.approx(mu.mean(0).tolist(), **near)
    assert row.mu_std == pytest.approx((mu - mu.mean(0)).square().sum(0).div(11).sqrt().tolist(), rel=1e-3)
    assert row.active == (True, False) and row.active_units == 1 and isinstance(row.active_units, int)
    assert (row.pictures, row.bound_samples) == (12, 3)
    ordered = sorted(error.tolist())  # 99 % of the way from the first to the twelfth
    assert row.mse_p99 == pytest.approx(ordered[10] + 0.89 * (ordered[11] - ordered[10]), **near)
    assert all(isinstance(v, (float, int, str, tuple)) for v in row[:-2]) and json.dumps(row)


def test_a_row_without_a_likelihood_has_none_of_its_figures(twelve):
    model = random_model("ae")
    row = evaluate.evaluate_model(Shelf((), ae=model), twelve, ModelKey("digits", "ae", 2))
    mu = model.encode(twelve[:]).mu
    assert row.mu_mean == pytest.approx(mu.mean(0).tolist(), rel=1e-4)
    assert row.mu_std == pytest.approx(mu.std(0).tolist(), rel=1e-4)
    absent = {name for name, value in row._asdict().items() if value is None}
    assert absent == {
        "elbo", "kl", "distortion", "nll_bound", "bits_per_dim", "active_units", "pca_mse", "bound_samples", "kl_each",
        "active", "coded_bits", "coded_psnr",
    }  # fmt: skip
    one = evaluate.evaluate_model(Shelf((), ae=model), twelve.first(1), ModelKey("digits", "ae", 2))
    assert one.mu_std == (0.0, 0.0) and one.beta == 1.0
    two = evaluate.evaluate_model(Shelf((), ae=model), twelve.first(2), ModelKey("digits", "ae", 2))
    assert two.mu_std == pytest.approx(((mu[0] - mu[1]).abs() / math.sqrt(2)).tolist(), rel=1e-3)


def test_bits_and_error_of_rounded_codes_are_means_over_the_pictures(twelve):
    model = random_model("ae")
    mu = model.encode(twelve[:]).mu
    quantiser = fit_quantiser(mu.numpy(), np.full(2, 0.3))
    shelf = Shelf((), ae=model)
    shelf.quantiser = lambda key: quantiser
    row = evaluate.evaluate_model(shelf, twelve, ModelKey("digits", "ae", 2))
    n, step = np.rint((mu.numpy() - mu.numpy().mean(0)) / 0.3), np.float32(0.3)
    errors = (model.decode(torch.tensor(n * step + mu.numpy().mean(0))) - twelve[:]).square().mean((1, 2, 3))
    assert row.coded_psnr == pytest.approx((-10 * errors.log10()).mean().item(), abs=1e-3)
    bits = 0.0
    for column in n.T.astype(int):  # half a time more each, also of any other integer
        values, counts = np.unique(column, return_counts=True)
        shares = dict(zip(values, counts, strict=True))
        entries = 2 * np.abs(column).max() + 2
        bits += sum(-np.log2((shares[v] + 0.5) / (12 + entries / 2)) for v in column)
    assert row.coded_bits == pytest.approx(bits / 12, rel=1e-4)


def test_the_bounds_samples_are_fifty_and_their_seed_is_0(twelve):
    shelf = Shelf((), vae=random_model("vae"))
    row = evaluate.evaluate_model(shelf, twelve.first(3), ModelKey("digits", "vae", 2))
    assert row == evaluate.evaluate_model(
        shelf, twelve.first(3), ModelKey("digits", "vae", 2), bound_samples=50, seed=0
    )
    assert row.bound_samples == 50
    assert row != evaluate.evaluate_model(shelf, twelve.first(3), ModelKey("digits", "vae", 2), seed=1)


def test_pca_is_compared_as_far_as_it_goes_and_has_its_own_parameters(twelve):
    shelf = Shelf((2, 4), ae=random_model("ae"), pca=fit_pca(small("pca", latent_dim=4), twelve))
    assert evaluate.evaluate_model(shelf, twelve, ModelKey("digits", "ae", 4)).pca_mse is not None
    assert evaluate.evaluate_model(shelf, twelve, ModelKey("digits", "ae", 5)).pca_mse is None
    bare = Shelf((), ae=shelf.models["ae"])
    assert evaluate.evaluate_model(bare, twelve, ModelKey("digits", "ae", 1)).pca_mse is None
    row = evaluate.evaluate_model(shelf, twelve, ModelKey("digits", "pca", 4))
    assert row.mse == row.pca_mse and row.parameters == 4 * 784 + 784


@pytest.fixture
def shelf(tmp_path):
    """A library of three models and a PCA of up to eight numbers."""

    def entry(domain, kind, d, beta=1.0):
        return Entry(ModelKey(domain, kind, d, beta), tmp_path / f"{domain}-{kind}-{d}-{beta}", 1)

    entries = [
        entry("digits", "ae", 4), entry("digits", "pca", 8), entry("digits", "vae", 4),
        entry("digits", "vae", 4, 0.25), entry("fashion", "ae", 4),
    ]  # fmt: skip
    dims, keys = {("digits", "pca"): [2, 8]}, [e.key for e in entries]
    keys.insert(1, ModelKey("digits", "pca", 2))
    known = {"entries": entries, "dims": lambda *words: dims[words], "domain": get_domain, "model_keys": lambda: keys}
    return SimpleNamespace(**known)


def test_targets_are_all_models_that_fit_every_wish(shelf):
    every = [
        ("digits", "ae", 4, 1.0), ("digits", "pca", 2, 1.0), ("digits", "pca", 8, 1.0), ("digits", "vae", 4, 0.25),
        ("digits", "vae", 4, 1.0), ("fashion", "ae", 4, 1.0),
    ]  # fmt: skip
    assert evaluate.targets(shelf) == every
    assert evaluate.targets(shelf, "digits", latent_dim=4) == [every[0], every[3], every[4]]
    assert evaluate.targets(shelf, kind="pca", latent_dim=8) == [every[2]]
    assert evaluate.targets(shelf, beta=0.25) == [every[3]]
    assert evaluate.targets(shelf, "fashion", "vae") == []


def made(kind, d, beta=1.0, **changes):
    """An Evaluation of digits with figures that are easily told apart."""
    values = dict.fromkeys(evaluate.Evaluation._fields)
    values |= {
        "domain": "digits", "kind": kind, "latent_dim": d, "beta": beta, "parameters": 12_345_678,
        "mse": 0.0123456789, "psnr": 19.876543, "ssim": 0.76543, "pca_mse": 0.024691357, "pictures": 10_000,
        "mse_p99": 1e-7 / 3, "mu_mean": (0.1 / 3, -2.0), "mu_std": (1.0, 2.0 / 3),
    }  # fmt: skip
    return evaluate.Evaluation(**(values | changes))


def test_figures_keep_six_digits_and_those_of_other_models(tmp_path):
    path = tmp_path / "figures.json"
    assert list(evaluate.write_figures(tmp_path, [made("ae", 4)])) == ["digits/ae-4"]
    known = evaluate.write_figures(str(tmp_path), [made("vae", 4, 4.0, active=(True, False), mse=0.5)])
    assert json.loads(path.read_text()) == known and set(known) == {"digits/ae-4", "digits/vae-4-beta4"}
    found = known["digits/ae-4"]
    assert (found["mse"], found["psnr"], found["parameters"]) == (0.0123457, 19.8765, 12_345_678)
    assert found["mse_p99"] == 3.33333e-08 and found["mu_mean"] == [0.0333333, -2.0] and found["elbo"] is None
    assert known["digits/vae-4-beta4"]["active"] == [True, False]
    evaluate.write_figures(tmp_path, [made("ae", 4, mse=0.25)])
    lines = path.read_text().split("\n")
    assert lines[0] == "{" and lines[3:] == ["}", ""] and json.loads(path.read_text())["digits/ae-4"]["mse"] == 0.25
    assert lines[1].startswith('"digits/ae-4": {"domain": "digits", ') and lines[1].endswith("},")
    assert lines[2].startswith('"digits/vae-4-beta4": {')


def test_what_is_reported_ends_with_pca():
    row = made("ae", 4)
    assert list(row.reported().items()) == list(row._asdict().items())[:15] and list(row.reported())[-1] == "pca_mse"


def test_the_page_shows_each_figure_in_its_column(shelf, tmp_path, monkeypatch):
    record = {"seconds": 5400, "hardware": "a test", "steps": 9360, "started_from": None}
    records = {"digits-vae-4-1.0": record | {"started_from": "ae-4", "steps": 1170}}
    monkeypatch.setattr(evaluate, "load_checkpoint", lambda path: (None, None, records.get(path.name, record)))
    told = {"elbo": -101.236, "kl": 20.5, "nll_bound": 98.7654, "bound_samples": 50, "bits_per_dim": 0.18174}
    rows = [
        made("ae", 4, coded_bits=36.94, coded_psnr=19.777), made("pca", 8, pca_mse=0.0),
        made("vae", 4, active_units=3, **told),
        made("vae", 4, 0.25, active_units=0, **told),
    ]  # fmt: skip
    evaluate.write_figures(tmp_path, rows)
    evaluate.write_models_page(tmp_path, shelf)
    lines = (tmp_path / "MODELS.md").read_text().split("\n")
    start = lines.index(f"## digits: {get_domain('digits').source}")
    assert (
        lines[start - 1 : start + 2] == ["", lines[start], ""] and lines[start + 3] == "|---|" + "---:|" * 15 + "---|"
    )
    assert lines[start + 2] == (
        "| model | d | parameters | MSE | / PCA | PSNR dB | SSIM | coded, bits | coded, PSNR dB | -ELBO | KL "
        "| bound (k) | bits/dim | active | steps | minutes | hardware |"
    )
    errors = "12,345,678 | 0.01235 | {} | 19.88 | 0.765"
    likely = "101.24 | 20.50 | 98.77 (50) | 0.182"
    assert lines[start + 4 : start + 8] == [
        f"| ae | 4 | {errors.format('0.500')} | 36.9 | 19.78 |  |  |  |  |  | 9,360 | 90.0 | a test |",
        f"| pca | 8 | {errors.format('')} |  |  |  |  |  |  |  | 9,360 | 90.0 | a test |",
        f"| vae (from ae-4) | 4 | {errors.format('0.500')} |  |  | {likely} | 3 | 1,170 | 90.0 | a test |",
        f"| vae, beta 0.25 | 4 | {errors.format('0.500')} |  |  | {likely} | 0 | 9,360 | 90.0 | a test |",
    ]
    assert lines[start + 8 : start + 10] == ["", f"## fashion: {get_domain('fashion').source}"] and lines[-1] == ""
