"""The command score: sorted, with a threshold, whatever lies in the folder."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.cli.test_cli import refused
from vaedemo.cli import main, score
from vaedemo.cli.score import OWN
from vaedemo.maths.detection import threshold
from vaedemo.pictures.examples import example
from vaedemo.services.anomaly import SCORES
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

KEY = ModelKey("digits", "vae", 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two digits, noise, what is no picture, and a hidden file."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("two", "five"):
        example("digits", name).save(folder / f"{name}.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)).save(folder / "noise.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / ".hidden").write_bytes(b"")
    return folder


def run(capsys, *words, score="elbo"):
    main(["score", *map(str, words), "--score", score])
    return capsys.readouterr()


def test_the_strangest_comes_first_and_what_is_broken_is_named(folder, capsys):
    said = run(capsys, folder, "--domain", "digits")
    assert 'broken.png: "broken.png" is not a picture' in said.err
    lines = said.out.splitlines()
    assert lines[0] == "digits/vae-64: elbo in nats; higher is stranger"
    assert lines[1].startswith("1 of 3 are above ")
    assert lines[-3].endswith("noise.png") and "strange" in lines[-3]
    assert not any("strange " in line for line in lines[-2:])


def test_json_has_every_figure(folder, capsys):
    said = json.loads(run(capsys, folder, "--domain", "digits", "--json", "--false-alarms", "0.05").out)
    known = Library().reference(KEY).scores["digits"]["elbo"]
    assert said["threshold"] == threshold(known, 0.05)
    assert (said["domain"], said["latent_dim"], said["scores"]) == ("digits", 64, {"elbo": "nats"})
    noise, *_, broken = said["pictures"]
    assert noise["strange"] and noise["elbo"] > said["threshold"] and noise["share"] < 0.01
    assert broken["file"].endswith("broken.png") and "not a picture" in broken["problem"]
    values = [row["elbo"] for row in said["pictures"][:-1]]
    assert values == sorted(values, reverse=True)


def test_csv_has_a_row_a_file(folder, capsys):
    rows = list(csv.DictReader(io.StringIO(run(capsys, folder, "--domain", "digits", "--csv").out)))
    assert len(rows) == 4 and list(rows[0]) == ["file", "elbo", "share", "strange", "problem"]
    assert [row["strange"] for row in rows] == ["True", "False", "False", ""]
    assert rows[-1]["problem"]


def test_all_scores_at_once(folder, capsys):
    rows = list(csv.DictReader(io.StringIO(run(capsys, folder, "--domain", "digits", "--csv", score="all").out)))
    assert list(rows[0]) == ["file", *SCORES, "problem"]
    lines = run(capsys, folder / "two.png", "--domain", "digits", score="all").out.splitlines()
    assert lines[1].split() == list(SCORES)


def test_a_threshold_of_ones_own_decides(folder, capsys):
    said = json.loads(run(capsys, folder, "--domain", "digits", "--json", "--threshold", "-1").out)
    assert said["threshold"] == -1 and all(row["strange"] for row in said["pictures"][:-1])


def test_a_model_without_known_scores_has_no_verdict(folder, capsys):
    words = ["score", str(folder / "two.png"), "--domain", "digits", "--kind", "ae", "--score", "error"]
    main([*words, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["threshold"] is None and set(said["pictures"][0]) == {"file", "error"}
    assert refused(capsys, *words, "--false-alarms", "0.1").endswith("kept for digits/ae-64; give a --threshold")


def test_the_first_picture_proposes_the_domain(folder, capsys):
    assert run(capsys, folder / "two.png", folder / "five.png").out.startswith("digits/vae-64")


def test_without_a_score_it_is_joint_or_of_other_models_error(folder, capsys):
    for kind, name in (("vae", "joint"), ("ae", "error"), ("pca", "error")):
        main(["score", str(folder / "two.png"), "--domain", "digits", "--kind", kind, "--json"])
        assert list(json.loads(capsys.readouterr().out)["scores"]) == [name]


def test_a_folder_tells_what_is_normal(folder, tmp_path, capsys):
    two = np.asarray(example("digits", "two").convert("L").resize((28, 28)))
    for k in range(24):
        Image.fromarray(np.roll(two, (k % 5 - 2, k // 5 - 2), (0, 1))).save(tmp_path / f"{k}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    main(["score", str(folder), "--normal", str(tmp_path), "--domain", "digits", "--json", "--false-alarms", "0.1"])
    out, err = capsys.readouterr()
    assert err.count("is not a picture") == 2
    said = json.loads(out)
    assert (said["latent_dim"], list(said["scores"].values())) == (8, ["standard deviations"])
    strange = {row["file"].split("/")[-1]: row["strange"] for row in said["pictures"] if "strange" in row}
    assert strange["noise.png"] and strange["five.png"]
    # Each of the normal ones is held against the others.
    main(["score", str(tmp_path), "--normal", str(tmp_path), "--domain", "digits", "--json", "--false-alarms", "0.25"])
    rows = json.loads(capsys.readouterr().out)["pictures"]
    assert sum(row.get("strange", False) for row in rows) == round(0.25 * 25) - 1
    main(["score", str(folder / "two.png"), "--normal", str(tmp_path), "--domain", "digits", "--json"])
    assert json.loads(capsys.readouterr().out)["threshold"] == max(row.get(OWN, 0) for row in rows)
    few = refused(capsys, "score", folder / "two.png", "--normal", folder / "five.png", "--domain", "digits")
    assert "the number of normal pictures is 1; give 20 to 500" in few


def test_what_cannot_be_read_as_normal_is_said(folder, tmp_path, capsys):
    (tmp_path / "good").mkdir()
    assert "no pictures to score" in refused(capsys, "score", folder / "two.png", "--normal", tmp_path / "good")
    assert "does not exist" in refused(capsys, "score", folder / "two.png", "--normal", tmp_path / "typo")


def test_many_files_are_scored_in_parts(folder, capsys, monkeypatch):
    words = (folder, "--domain", "digits", "--json")
    whole = json.loads(run(capsys, *words).out)
    monkeypatch.setattr(score, "CHUNK", 2)
    parts = json.loads(run(capsys, *words).out)
    assert parts["threshold"] == whole["threshold"]
    assert [row["file"] for row in parts["pictures"]] == [row["file"] for row in whole["pictures"]]


def test_a_name_that_cannot_be_is_named_and_the_others_scored(folder, capsys):
    said = run(capsys, "x" * 300, folder / "two.png", "--domain", "digits", "--json")
    first, second = json.loads(said.out)["pictures"]
    assert first["file"].endswith("two.png") and second["problem"]


def test_a_file_named_twice_is_scored_once(folder, capsys):
    said = json.loads(run(capsys, folder / "two.png", folder, "--domain", "digits", "--json").out)
    assert len(said["pictures"]) == 4


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--json", "--csv"], "choose one"),
        (["--threshold", "3", "--false-alarms", "0.1"], "choose one"),
        (["--score", "all", "--threshold", "3"], "one score's"),
        (["--normal", ".", "--score", "elbo"], "leave --score out"),
        (["--score", "beauty"], "choose from error, elbo"),
        (["--threshold", "nan"], "give a number"),
        (["--false-alarms", "1.5"], "choose more than 0 and less than 1"),
        (["--false-alarms", "0.00001", "--score", "elbo"], "of 1000 known pictures it can be 0.001 or more"),
        (["--kind", "ae", "--score", "elbo"], "no score 'elbo'"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(folder, more, said, capsys):
    assert said in refused(capsys, "score", folder / "two.png", "--domain", "digits", *more)


def test_no_pictures_are_one_line(folder, tmp_path, capsys):
    assert "no pictures to score" in refused(capsys, "score", tmp_path)
    assert "no pictures to score" in refused(capsys, "score")
    assert '"broken.png" is not a picture' in refused(capsys, "score", folder / "broken.png")
