import pytest

from vaedemo.data.domains import SIZED, get_domain
from vaedemo.errors import UnknownDomain


def test_the_four_domains_and_their_latent_dimensions():
    assert {name: row.latent_dims for name, row in SIZED.items()} == {
        "digits": (2, 4, 8, 16, 32, 64),
        "fashion": (2, 4, 8, 16, 32, 64),
        "objects": (2, 8, 32, 128, 512),
        "shapes": (2, 5, 10),
    }
    assert {name: row.likelihood for name, row in SIZED.items()} == {
        "digits": "bernoulli",
        "fashion": "logistic",
        "objects": "logistic",
        "shapes": "gaussian",
    }


@pytest.mark.parametrize("name", ["", "cats", None, 3, ["digits"], "../digits"])
def test_an_unknown_domain_is_named_with_the_choice(name):
    with pytest.raises(UnknownDomain, match="choose from digits, fashion, objects, shapes"):
        get_domain(name)


def test_every_row_makes_its_configs():
    for row in SIZED.values():
        for d in row.latent_dims:
            for kind in ("ae", "vae", "dense", "pca"):
                config = row.model_config(kind, d)
                assert (config.shape, config.latent_dim) == (row.shape, d)
        assert row.anchor in row.latent_dims
        assert row.source and row.licence
