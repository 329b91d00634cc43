"""The command sample: a grid as a picture, the same for the same seed, and one line for what cannot be."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.cli.test_cli import refused
from tests.services.test_generate import library  # noqa: F401 - a fixture
from vaedemo.cli import main


@pytest.fixture
def words(library, tmp_path):  # noqa: F811
    return ["sample", "--checkpoints", str(library.folder), "--latent-dim", "2", "--out", str(tmp_path / "grid.png")]


def test_a_grid_is_written_and_the_same_for_the_same_seed(words, tmp_path, capsys):
    main([*words, "--count", "6", "--rows", "2"])
    assert "6 samples from mixture, seed 0" in capsys.readouterr().out
    first = np.asarray(Image.open(tmp_path / "grid.png"))
    assert first.shape == (2 * 56 + 2, 3 * 56 + 4)
    main([*words, "--count", "6", "--rows", "2"])
    assert np.array_equal(np.asarray(Image.open(tmp_path / "grid.png")), first)
    main([*words, "--count", "6", "--rows", "2", "--seed", "1"])
    assert not np.array_equal(np.asarray(Image.open(tmp_path / "grid.png")), first)


def test_json_has_the_codes_and_what_the_classifier_sees(words, capsys):
    main([*words, "--count", "5", "--label", "3", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["prior"], said["latent_dim"], said["seed"]) == ("vae", "mixture", 2, 0)
    assert np.array(said["z"]).mean(0) == pytest.approx([7, 7], abs=0.3)
    assert len(said["classes"]) == 5 and all(0 <= c <= 1 for c in said["confidence"])


@pytest.mark.parametrize("kind, prior", [("ae", "normal"), ("dense", "normal"), ("pca", "gaussian")])
def test_other_kinds_have_their_priors(words, kind, prior, capsys):
    main([*words, "--kind", kind, "--count", "1", *([] if kind != "ae" else ["--prior", "normal"])])
    assert f"from {prior}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more",
    [
        ["--domain", "cats"],
        ["--kind", "gan"],
        ["--kind", "ae"],
        ["--prior", "cauchy"],
        ["--prior", "normal", "--label", "3"],
        ["--label", "ten"],
        ["--label", "10"],
        ["--count", "0"],
        ["--count", "4", "--rows", "5"],
        ["--temperature", "-1"],
        ["--latent-dim", "3"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_one_line(words, more, capsys):
    refused(capsys, *words, *more)


def test_an_ending_that_names_no_format_is_one_line(words, tmp_path, capsys):
    assert "no ending" in refused(capsys, *words, "--out", tmp_path / "grid.docx")
