"""The checkpoints that are shipped: all there, whole, small, measured, and good at pictures they have never seen."""

import numpy as np
import pytest
import torch

from vaedemo import metrics, shapes
from vaedemo.checkpoints import load_checkpoint
from vaedemo.domains import DOMAINS
from vaedemo.evaluate import targets
from vaedemo.examples import EXAMPLES, example
from vaedemo.library import CHECKPOINTS, Library, figures_key
from vaedemo.pictures import prepare
from vaedemo.recipes import recipes
from vaedemo.reconstruct import reconstruct


@pytest.fixture(scope="module")
def library():
    return Library()


@pytest.mark.parametrize("r", recipes(), ids=lambda r: f"{r.domain}/{r.file}")
def test_every_recipe_was_carried_out_to_its_end(r):
    model, domain, record = load_checkpoint(CHECKPOINTS / r.domain / r.file)
    assert (domain, model.config) == (r.domain, r.model)
    assert record["hardware"] and record["seconds"] > 0
    if r.model.kind != "pca":
        assert record["epochs"] == r.train.epochs
        assert record["steps"] == round(record["pictures"] // r.train.batch_size * r.train.epochs)
    assert record["pictures"] == (50_000 if domain == "objects" else 60_000)


def test_nothing_else_is_there_and_all_of_it_is_small(library):
    assert {(e.domain, e.path.name) for e in library.entries} == {(r.domain, r.file) for r in recipes()}
    assert sum(p.stat().st_size for p in CHECKPOINTS.rglob("*") if p.is_file()) < 30e6


def test_every_model_was_measured(library):
    page = (CHECKPOINTS / "MODELS.md").read_text(encoding="utf-8")
    for target in targets(library):
        figures = library.figures(*target)
        assert figures, f"{figures_key(*target)} is not in figures.json"
        assert 0 < figures["mse"] < figures["mse_p99"] < 0.3
        assert len(figures["mu_std"]) == target[2]
    for domain in DOMAINS:
        assert f"## {domain}" in page


def test_the_published_figures_are_those_of_the_files(library):
    """One autoencoder and one VAE measured again, on pictures that need no download."""
    x = shapes.generate(400, seed=1).x  # the first of the test set: its seed is 1
    for kind in ("ae", "vae"):
        model = library.model("shapes", kind, 10)
        with torch.no_grad():
            mse = metrics.mse(model(x).x_hat, x).mean().item()
        assert mse == pytest.approx(library.figures("shapes", kind, 10)["mse"], rel=0.25)


@pytest.mark.parametrize("domain", list(EXAMPLES))
def test_more_numbers_describe_the_examples_better_and_beat_pca(library, domain):
    row = DOMAINS[domain]
    pictures = [example(domain, name) for name in EXAMPLES[domain]]
    xs = [prepare(p, channels=row.channels, size=row.size, strokes=row.strokes).x for p in pictures]
    means = {
        (kind, d): np.mean([reconstruct(library, x, domain, kind, d).mse for x in xs])
        for kind in ("ae", "pca")
        for d in row.latent_dims
    }
    ae = [means["ae", d] for d in row.latent_dims]
    assert all(b < a for a, b in zip(ae, ae[1:], strict=False))
    if domain != "objects":  # there the margin over the test set is 5 %: five photographs may fall either way
        assert all(means["ae", d] < means["pca", d] for d in row.latent_dims)
