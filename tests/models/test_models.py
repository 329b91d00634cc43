from dataclasses import replace

import pytest
import torch

from tests.conftest import small
from vaedemo.configs import KINDS
from vaedemo.data.domains import SIZED
from vaedemo.models import build_model
from vaedemo.models.describe import cost, drawing, layers
from vaedemo.models.pca import fit_pca


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("domain", list(SIZED))
def test_every_kind_has_the_same_calls(kind, domain, generator):
    row = SIZED[domain]
    model = build_model(row.model_config(kind, 5)).eval()
    x = torch.rand(3, *row.shape, generator=generator)
    mu, logvar = model.encode(x)
    assert mu.shape == (3, 5)
    assert (logvar is not None) == (kind in ("vae", "tc-vae", "dense-vae"))
    for pictures in (model.decode(mu), model(x).x_hat, model.sample(3, generator)):
        assert pictures.shape == x.shape
        assert pictures.min() >= 0 and pictures.max() <= 1
    assert torch.equal(model(x).z, mu)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_model_and_same_samples(kind):
    a, b = build_model(small(kind), seed=3), build_model(small(kind), seed=3)
    assert all(torch.equal(v, b.state_dict()[k]) for k, v in a.state_dict().items())
    draw = [m.sample(2, torch.Generator().manual_seed(1)) for m in (a, b)]
    assert torch.equal(*draw)


def test_building_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    build_model(small("vae"), seed=9)
    assert torch.equal(before, torch.get_rng_state())


def test_temperature_scales_the_samples_of_the_prior():
    model = build_model(small("vae")).eval()
    still = model.sample(4, torch.Generator().manual_seed(0), temperature=0.0)
    assert torch.allclose(still[0], still[3])


def test_residual_blocks_start_as_the_identity(generator):
    from vaedemo.models.blocks import Residual

    x = torch.randn(2, 8, 7, 7, generator=generator)
    assert torch.equal(Residual(8)(x), x)


def test_pca_is_the_best_linear_autoencoder(blobs):
    config = small("pca", latent_dim=12)
    model = fit_pca(config, blobs)
    x = blobs[torch.arange(200)].flatten(1)
    _, s, vt = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    assert torch.allclose(model.variance, s[:12].square() / 200, rtol=1e-3, atol=1e-5)
    assert (model.components @ vt[:12].T).abs().diag().min() > 0.99
    left = (x - x.mean(0) - (x - x.mean(0)) @ model.components.T @ model.components).square().sum()
    assert left == pytest.approx(s[12:].square().sum().item(), rel=1e-3)


def test_pca_of_fewer_dimensions_is_the_beginning_of_the_same(blobs):
    whole = fit_pca(small("pca", latent_dim=12), blobs)
    part, fresh = whole.first(3), fit_pca(small("pca", latent_dim=3), blobs)
    x = blobs[torch.arange(20)]
    assert part.config.latent_dim == 3
    assert torch.allclose(part(x).x_hat, fresh(x).x_hat, atol=1e-5)


@pytest.mark.parametrize("kind", ["ae", "vae", "dense", "dense-vae"])
def test_describe_counts_what_is_there(kind):
    config = replace(SIZED["digits"].model_config(kind, 8))
    model = build_model(config)
    counted = sum(layer.parameters for layer in layers(config))
    assert counted == sum(p.numel() for p in model.parameters())
    assert f"{counted:,}" in drawing(config)
    assert layers(config)[-1].shape == (1, 28, 28)


def test_cost_of_a_dense_network_is_its_weights():
    assert cost(small("dense", hidden=10, latent_dim=2)) == 784 * 10 + 10 * 2 + 2 * 10 + 10 * 784
    assert cost(small("pca", latent_dim=4)) == 2 * 4 * 784
