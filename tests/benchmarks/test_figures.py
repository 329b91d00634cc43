"""The drawn answers: as they stand in docs/, they are of the results there are, and what their titles say is so."""

import re
from xml.etree import ElementTree

import pytest

from benchmarks.figures import FIGURES, beta, trainingset
from benchmarks.figures.drawing import FOLDER, ROOT, colour, mark, read, svg
from benchmarks.tables.cells import mean_and_error

QUESTIONS = (ROOT / "docs" / "QUESTIONS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("drawn", FIGURES, ids=lambda drawn: drawn.name)
def test_a_figure_is_of_the_results_there_are(drawn):
    file = FOLDER / f"{drawn.name}.svg"
    text = file.read_text(encoding="utf-8")
    assert mark(read(drawn.results)) in text, "draw it again: make figures"
    assert len(text) < 200_000 and f"](questions/{file.name})" in QUESTIONS


@pytest.mark.parametrize("drawn", FIGURES, ids=lambda drawn: drawn.name)
def test_drawing_again_gives_the_same_file_with_an_error_on_every_mean(drawn):
    results = read(drawn.results)
    first = svg(drawn, results)
    assert first == svg(drawn, results) and ElementTree.fromstring(first).tag.endswith("svg")
    changed = {name: figures | {"other": 1} for name, figures in results.items()}
    assert mark(changed) != mark(results)


def test_colours_are_the_pages():
    assert colour("ae") == "#0f6f86" and re.fullmatch("#[0-9a-f]{6}", colour("ink"))
    with pytest.raises(AssertionError, match="no token"):
        colour("none such")


def test_the_folder_holds_no_figure_that_nothing_draws():
    assert {path.stem for path in FOLDER.iterdir()} == {drawn.name for drawn in FIGURES}


def test_numbers_lower_an_autoencoders_error_and_those_of_digits_stop_to_pay():
    domains = read(["dimension"])["dimension"]["domains"]
    for found in domains.values():
        errors = [r["mse"]["ae"][0] for r in found["rows"]]
        assert errors == sorted(errors, reverse=True)
    *_, before, last = domains["digits"]["rows"]
    assert (before["latent_dim"], last["latent_dim"]) == (32, 64) and last["gained"][0] <= 0 < before["gained"][0]
    gained, error = domains["objects"]["rows"][-1]["gained"]
    assert domains["objects"]["rows"][-1]["latent_dim"] == 128 and gained > 2 * error


def test_beta_switches_numbers_off_and_leaves_the_gap_small():
    results = read(["beta", "disentanglement"])
    for domain in beta.NAMES:
        units = [mean for mean, _ in beta.series(results["beta"], domain, "active")]
        assert units == sorted(units, reverse=True) and units[-1] < 0.5 * units[0]
    turned = mean_and_error(results["disentanglement"]["models"]["the factors, turned-5"]["mig"]).mean
    values = [v for r in results["beta"]["domains"]["shapes"]["rows"] for v in r["mig"]]
    assert max(values + [mean for mean, _ in beta.shipped(results, "mig").values()]) < 0.5 * turned


def test_fifty_pictures_are_memorised_and_sixty_thousand_are_not():
    figures = read(["trainingset"])["trainingset"]
    for domain, kind in trainingset.PANELS:
        rows = trainingset.panel(figures, domain, kind)[3000]
        (few, learnt, other), (many, train, test) = rows[0], rows[-1]
        assert (few, many) == (50, 60_000)
        assert other.mean - learnt.mean > 100 * abs(test.mean - train.mean)
        assert abs(test.mean - train.mean) < 0.02 * test.mean
        if kind == "dense":
            assert learnt.mean < 1e-4 * other.mean
