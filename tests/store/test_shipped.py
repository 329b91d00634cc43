"""The checkpoints that are shipped: all there, whole, small, measured, and good at pictures they have never seen."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors import safe_open

from vaedemo.configs import KINDS
from vaedemo.data.domains import SIZED
from vaedemo.data.painted import PAINTS, paint
from vaedemo.maths import metrics
from vaedemo.maths.detection import pixel_auroc
from vaedemo.pictures import shapes
from vaedemo.pictures.examples import EXAMPLES, example
from vaedemo.pictures.prepare import prepare
from vaedemo.reports.evaluate import targets
from vaedemo.services.damaged import damage_map
from vaedemo.services.generate import generate
from vaedemo.services.reconstruct import reconstruct
from vaedemo.store.checkpoints import CLASSIFIER, FINDER, MIXTURES, STRANGENESS, load_checkpoint, read_tensors
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS, Library
from vaedemo.store.mixtures import mixture_name
from vaedemo.training import mixtures, quantisers
from vaedemo.training.mixtures import MOST
from vaedemo.training.recipes import RECIPES, classifier_recipe

# Files of what was learned from training codes: of how many pictures.
CODES = {"mixtures": mixtures.PICTURES, "quantisers": quantisers.PICTURES}


@pytest.fixture(scope="module")
def library():
    return Library()


def described(r):
    """(domain, config or None, record) of the file of a recipe."""
    path = CHECKPOINTS / r.path
    if r.kind in ("classifier", "finder"):
        model, domain, record = load_checkpoint(path, format=CLASSIFIER if r.kind == "classifier" else FINDER)
        return domain, model.config, record
    if r.kind in CODES:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata()
        return metadata["domain"], None, json.loads(metadata["record"])
    model, domain, record = load_checkpoint(path)
    return domain, model.config, record


@pytest.mark.parametrize("r", RECIPES, ids=lambda r: r.path)
def test_every_recipe_was_carried_out_to_its_end(r):
    domain, config, record = described(r)
    assert (domain, config) == (r.domain, r.model)
    if r.kind in CODES:
        assert (record["pictures"], record["seed"]) == (CODES[r.kind], 0)
        return
    assert record["hardware"] and record["seconds"] > 0
    if r.kind == "photo-restore":
        assert (record["steps"], record.get("epochs")) == (r.train.steps, None) and record["held_out_psnr"]
    elif r.kind == "codec":
        assert (record["steps"], record.get("epochs")) == (r.train.steps, None) and "BD-rate" in record["held_out"]
    elif r.hold_out:
        assert (record["steps"], record.get("epochs")) == (sum(s.train.steps for s in r.stages), None)
    elif r.kind != "pca":
        assert record["epochs"] == r.train.epochs and not r.train.steps
        assert record["steps"] == round(record["pictures"] // r.train.batch_size * r.train.epochs)
    for name in ("lr", "seed"):  # which the files that were made first do not tell
        assert record.get(name) in (None, getattr(r.train, name))
    pictures = {"objects": 50_000, "photos": 308}.get(domain, 60_000)
    held_out = 2_000 if r.name in ("restore", "finder") and domain != "photos" else 5_000 if r.hold_out else 0
    assert not r.hold_out or record["held_out"] == held_out
    assert record["pictures"] == pictures - held_out


@pytest.mark.parametrize("r", RECIPES, ids=lambda r: r.path)
def test_every_file_came_from_where_its_recipe_says(r):
    _, _, record = described(r)
    started = record.get("started_from")
    if len(r.stages) > 1:  # from the run before, in whose folder the file had the name of its model or its domain
        assert started in (r.name, r.domain, f"{r.name}-{len(r.stages) - 1}")
    elif r.start is None:
        assert started is None
    else:
        domain, _, file = r.start.partition("/")
        assert started == (file.removesuffix(".safetensors") if domain == r.domain else domain)


def test_nothing_else_is_there_and_all_of_it_is_small(library):
    derived = {f"{domain}/{STRANGENESS.file}" for domain in SIZED}  # from the models, as the maps
    found = {str(p.relative_to(CHECKPOINTS)) for p in CHECKPOINTS.rglob("*.safetensors")}
    assert found == {r.path for r in RECIPES} | derived
    models = {(r.domain, r.file) for r in RECIPES if r.kind in KINDS}
    assert {(e.key.domain, e.path.name) for e in library.entries} == models
    assert sum(p.stat().st_size for p in CHECKPOINTS.rglob("*") if p.is_file()) < 48e6


@pytest.mark.parametrize("domain", list(SIZED))
def test_every_autoencoder_has_its_mixtures_and_they_fit_it(library, domain):
    row, expected = SIZED[domain], set()
    for kind, d in [(k, d) for k in ("ae", "vae") for d in library.dims(domain, k) if d <= MOST]:
        spread = np.array(library.figures(ModelKey(domain, kind, d))["mu_std"])
        for label in (None, *range(len(row.classes))):
            expected.add(mixture_name(ModelKey(domain, kind, d), label))
            z = library.mixture(ModelKey(domain, kind, d), label).sample(200, torch.Generator().manual_seed(0))
            assert z.shape == (200, d) and np.isfinite(z).all()
            assert np.abs(z).max() < 12 * max(1, spread.max())  # a VAE's codes are samples of posteriors: 1 and more
    assert set(read_tensors(CHECKPOINTS / domain / MIXTURES.file, MIXTURES, ()).names) == expected


@pytest.mark.parametrize("domain", list(SIZED))
def test_every_domain_has_a_classifier_and_recognises_what_is_generated(library, domain):
    model, name, record = load_checkpoint(CHECKPOINTS / domain / CLASSIFIER.file, format=CLASSIFIER)
    recipe = classifier_recipe(domain)
    assert (name, model.config, record["epochs"]) == (domain, recipe.model, recipe.train.epochs)
    assert record["accuracy"] > {"digits": 0.985, "fashion": 0.9, "objects": 0.7, "shapes": 0.98}[domain]
    shares = []
    for label in range(len(SIZED[domain].classes)):
        key = ModelKey(domain, "vae", SIZED[domain].anchor)
        made = generate(library, key, "mixture", 24, label=label, judged=True)
        shares.append((made.label == label).mean())
    # A blurred object is hardly recognised: one in ten would be chance.
    assert np.mean(shares) > {"digits": 0.8, "fashion": 0.6, "objects": 0.15, "shapes": 0.5}[domain]


@pytest.mark.parametrize("domain", list(SIZED))
def test_every_domain_finds_painted_damage(library, domain):
    """On pictures that need no download, and by the record on those that do."""
    path = CHECKPOINTS / domain / FINDER.file
    record = load_checkpoint(path, format=FINDER)[2]
    assert path.stat().st_size < 400e3 and set(record["held_out_auroc"]) == set(PAINTS)
    assert min(record["held_out_auroc"].values()) > (60 if domain == "objects" else 95)  # whose stains are hardly seen
    if domain == "shapes":
        for kind, expected in record["held_out_auroc"].items():
            y, damaged = paint(shapes.generate(100, seed=1).x, kind, torch.Generator().manual_seed(0))
            found = 100 * pixel_auroc(damage_map(library, y.numpy(), domain), damaged).value
            assert found == pytest.approx(expected, abs=3)


def test_every_model_was_measured(library):
    page = (CHECKPOINTS / "MODELS.md").read_text(encoding="utf-8")
    for target in targets(library):
        figures = library.figures(target)
        assert figures, f"{target} is not in figures.json"
        assert 0 < figures["mse"] < figures["mse_p99"] < 0.3
        assert len(figures["mu_std"]) == target[2]
    for domain in SIZED:
        assert f"## {domain}" in page


def test_the_published_figures_are_those_of_the_files(library):
    """One autoencoder and one VAE measured again, on pictures that need no download."""
    x = shapes.generate(400, seed=1).x  # the first of the test set: its seed is 1
    for kind in ("ae", "vae"):
        model = library.model(ModelKey("shapes", kind, 10))
        with torch.no_grad():
            mse = metrics.mse(model(x).x_hat, x).mean().item()
        assert mse == pytest.approx(library.figures(ModelKey("shapes", kind, 10))["mse"], rel=0.25)


@pytest.mark.parametrize("domain", list(EXAMPLES))
def test_more_numbers_describe_the_examples_better_and_beat_pca(library, domain):
    row = SIZED[domain]
    pictures = [example(domain, name) for name in EXAMPLES[domain]]
    xs = [prepare(p, channels=row.channels, size=row.size, strokes=row.strokes).x for p in pictures]
    means = {
        (kind, d): np.mean([reconstruct(library, x, ModelKey(domain, kind, d)).mse for x in xs])
        for kind in ("ae", "pca")
        for d in row.latent_dims
    }
    ae = [means["ae", d] for d in row.latent_dims]
    assert all(b < a for a, b in pairwise(ae))
    if domain != "objects":  # there the margin over the test set is 5 %: five photographs may fall either way
        assert all(means["ae", d] < means["pca", d] for d in row.latent_dims)
