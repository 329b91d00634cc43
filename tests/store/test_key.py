"""A model's name: one spelling, there and back."""

import pytest

from vaedemo.data.domains import DOMAINS
from vaedemo.errors import UnknownModel
from vaedemo.store.key import RESTORER, ModelKey
from vaedemo.store.library import Library

KEYS = (
    (ModelKey("digits", "vae", 8), "digits/vae-8"),
    (ModelKey("digits", "vae", 32, 0.25), "digits/vae-32-beta0.25"),
    (ModelKey("shapes", "vae", 10, 1024.0), "shapes/vae-10-beta1024"),
    (ModelKey("my-own_2", "dense-vae", 4096, 4.0), "my-own_2/dense-vae-4096-beta4"),
    (ModelKey("objects", "vae", 2, 1e-5), "objects/vae-2-beta1e-05"),
)


@pytest.mark.parametrize(("key", "text"), KEYS, ids=lambda v: str(v))
def test_a_name_is_spelt_and_parsed(key, text):
    assert str(key) == text and ModelKey.parse(text) == key
    assert ModelKey.parse(key.name, key.domain) == key
    assert key.file == f"{text.split('/')[1]}.safetensors"


def test_what_restores_has_one_name_a_domain():
    for kind in ("conditional", "photo-restore"):
        assert ModelKey("digits", kind, 32).file == RESTORER == "restore.safetensors"


@pytest.mark.parametrize(
    "text",
    ["", "vae-8", "digits/vae", "digits/vae-8-4", "digits/vae-8-beta", "digits/vae-8-beta1.2.3", "../vae-8", "a/b/ae-2",
     "digits/vae-8\n", "digits/VAE-8", "digits/vae-99999999", "digits/vae-8.safetensors"],
)  # fmt: skip
def test_what_is_no_name_is_one_sentence(text):
    with pytest.raises(UnknownModel, match="names are like"):
        ModelKey.parse(text)


def test_every_shipped_model_is_named_by_its_file():
    library = Library()
    assert {e.key.file for e in library.entries} == {e.path.name for e in library.entries}
    keys = library.model_keys()
    assert len(set(keys)) == len(keys) and {e.key for e in library.entries} <= set(keys)
    assert {k.latent_dim for k in keys if k[:2] == ("digits", "pca")} == set(DOMAINS["digits"].latent_dims)


def test_what_is_left_out_of_a_choice_is_told_by_what_there_is():
    library = Library()
    assert library.key("digits") == ("digits", "vae", 64, 1.0)
    assert library.key("digits", usual="ae", latent_dim=3) == ("digits", "ae", 3, 1.0)
    assert library.key("digits", "vae", beta=4) == ("digits", "vae", 32, 4.0)
