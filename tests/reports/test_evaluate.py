import json

import pytest
import torch

from tests.conftest import learn, small
from vaedemo import runtime
from vaedemo.configs import TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.models import build_model
from vaedemo.models.pca import fit_pca
from vaedemo.reports.evaluate import DECODED, evaluate_model, targets, write_figures, write_models_page
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

RECORD = {"seconds": 90, "hardware": "a test", "epochs": 20, "steps": 200, "pictures": 200, "started_from": None}


@pytest.fixture(scope="module")
def library(blobs, tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    for kind in ("ae", "vae"):
        model = build_model(small(kind, latent_dim=4, likelihood="bernoulli"))
        list(learn(model, blobs, TrainConfig(epochs=40, batch_size=20, warmup=5, average=0.9)))
        save_checkpoint(root / "digits" / ModelKey("digits", kind, 4).file, model, "digits", RECORD)
    save_checkpoint(root / "digits" / "pca-8.safetensors", fit_pca(small("pca", latent_dim=8), blobs), "digits", RECORD)
    return Library(root)


def test_an_autoencoders_row(library, blobs):
    row = evaluate_model(library, blobs, ModelKey("digits", "ae", 4))
    model = library.model(ModelKey("digits", "ae", 4))
    with torch.no_grad():
        x = blobs[torch.arange(200)]
        mse = (model(x).x_hat - x).square().mean().item()
    assert row.mse == pytest.approx(mse, rel=1e-4)
    assert row.mse <= row.mse_p99 and 0 < row.ssim <= 1
    assert row.pca_mse > 0 and row.elbo is row.kl is row.nll_bound is row.active_units is None
    assert len(row.mu_mean) == len(row.mu_std) == 4


def test_a_vaes_row(library, blobs):
    row = evaluate_model(library, blobs, ModelKey("digits", "vae", 4), bound_samples=20)
    assert row.elbo == pytest.approx(-(row.distortion + row.kl))
    assert row.kl == pytest.approx(sum(row.kl_each), rel=1e-4)
    assert 0 < row.nll_bound < -row.elbo  # the bound with more samples is the tighter one
    assert row.bits_per_dim == pytest.approx(row.nll_bound / 784 / 0.693147, rel=1e-4)
    assert 0 <= row.active_units <= 4 and row.active_units == sum(row.active)
    assert row == evaluate_model(library, blobs, ModelKey("digits", "vae", 4), bound_samples=20)


def test_all_that_a_posterior_tells_is_of_one_input_the_binarised_pictures(library, blobs):
    """Binarised once more a binarised picture stays as it is, so nothing but the errors may change."""
    row = evaluate_model(library, blobs, ModelKey("digits", "vae", 4), bound_samples=5)
    uniform = runtime.generator("binarise", 0)
    x = torch.cat([torch.rand(x.shape, generator=uniform) < x for x in blobs.batches(DECODED)])
    binary = evaluate_model(library, Pictures(x.byte() * 255), ModelKey("digits", "vae", 4), bound_samples=5)
    errors = {"mse", "psnr", "ssim", "mse_p99", "pca_mse"}
    assert {n: v for n, v in row._asdict().items() if n not in errors} == {
        n: v for n, v in binary._asdict().items() if n not in errors
    }
    assert row.mse != binary.mse
    with torch.no_grad():
        mu = library.model(ModelKey("digits", "vae", 4)).encode(x.float()).mu
    assert row.mu_std == pytest.approx(mu.std(0).tolist(), rel=1e-4)
    assert row.active == tuple(s * s > 0.01 for s in row.mu_std)


def test_only_the_bound_depends_on_its_samples(library, blobs):
    one, many = (evaluate_model(library, blobs, ModelKey("digits", "vae", 4), bound_samples=k) for k in (1, 7))
    assert many.nll_bound < one.nll_bound
    same = {"nll_bound": 0, "bits_per_dim": 0, "bound_samples": 0}
    assert one._replace(**same) == many._replace(**same)


def test_one_picture_has_figures_too(library, blobs):
    row = evaluate_model(library, blobs.first(1), ModelKey("digits", "vae", 4), bound_samples=2)
    assert row.mu_std == (0.0,) * 4 and row.active_units == 0
    assert "NaN" not in json.dumps(row._asdict())


def test_pca_is_its_own_yardstick(library, blobs):
    row = evaluate_model(library, blobs, ModelKey("digits", "pca", 4))
    assert row.mse == row.pca_mse and row.parameters == 784 * 5


def test_the_columns_of_the_report(library, blobs):
    row = evaluate_model(library, blobs.first(20), ModelKey("digits", "ae", 4))
    assert list(row.reported()) == [
        "domain", "kind", "latent_dim", "beta", "parameters", "mse", "psnr", "ssim", "elbo", "kl", "distortion",
        "nll_bound", "bits_per_dim", "active_units", "pca_mse",
    ]  # fmt: skip
    json.dumps(row.reported())


def test_targets_choose(library):
    assert targets(library, kind="vae") == [("digits", "vae", 4, 1.0)]
    assert targets(library, latent_dim=4) == [
        ("digits", "ae", 4, 1.0), ("digits", "pca", 4, 1.0), ("digits", "vae", 4, 1.0)
    ]  # fmt: skip
    assert targets(library, domain="fashion") == []


def test_figures_and_page_are_written_and_kept(library, blobs):
    rows = [evaluate_model(library, blobs, t, bound_samples=5) for t in targets(library, latent_dim=4)]
    write_figures(library.folder, rows[:1])
    known = write_figures(library.folder, rows[1:])
    assert sorted(known) == ["digits/ae-4", "digits/pca-4", "digits/vae-4"]
    write_models_page(library.folder, library)
    page = (library.folder / "MODELS.md").read_text()
    assert "| ae | 4 |" in page and "a test" in page and "1.5" in page
    assert Library(library.folder).figures(ModelKey("digits", "vae", 4))["kl_each"]


def test_limit_is_a_shorter_test_set(library, blobs):
    assert evaluate_model(library, blobs.first(7), ModelKey("digits", "ae", 4)).pictures == 7
    assert isinstance(blobs.first(7), Pictures)
