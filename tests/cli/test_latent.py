"""The commands walk and traverse."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.cli.test_cli import refused
from vaedemo.cli import main
from vaedemo.data.domains import SIZED
from vaedemo.models import build_model
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.inputs import seen
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, encode


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    code = {"mu_mean": [0.0, 1.0], "mu_std": [1.0, 2.0], "kl_each": None, "active": None}
    figures = {}
    for domain, kind in (("digits", "ae"), ("digits", "vae"), ("objects", "vae")):
        config = SIZED[domain].model_config(kind, 2)
        model = build_model(replace(config, depth=1 if kind == "ae" else config.depth), seed=1)
        save_checkpoint(root / domain / ModelKey(domain, kind, 2).file, model, domain)
        own = {"kl_each": [0.001, 2.5], "active": [False, True]} if kind == "vae" else {}
        figures[str(ModelKey(domain, kind, 2))] = code | own
    (root / "figures.json").write_text(json.dumps(figures))
    for i in range(2):
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (28, 28), dtype=np.uint8)).save(root / f"{i}.png")
    return root


def run(*words):
    main(list(map(str, words)))


def test_a_walk_between_codes_is_a_strip(folder, tmp_path, capsys):
    run("walk", "-1,0.5", "2,1", "--out", tmp_path / "w.png", "--steps", 5, "--checkpoints", folder, "--json")
    said = json.loads(capsys.readouterr().out)
    assert Image.open(tmp_path / "w.png").size == (5 * 112 + 4 * 4, 112)
    assert np.allclose(said["z"], np.linspace([-1, 0.5], [2, 1], 5)) and len(said["step_mse"]) == 4
    assert (said["domain"], said["kind"], said["latent_dim"], said["path"]) == ("digits", "vae", 2, "straight")


@pytest.mark.parametrize("name", ["w.gif", "w.webp"])
def test_a_walk_between_pictures_is_an_animation(folder, tmp_path, capsys, name):
    words = [folder / "0.png", folder / "1.png", "--domain", "digits", "--kind", "ae", "--path", "spherical"]
    run("walk", *words, "--steps", 4, "--out", tmp_path / name, "--checkpoints", folder, "--json")
    image = Image.open(tmp_path / name)
    assert image.size == (252, 252) and 2 <= image.n_frames <= 6
    x = seen(Library(folder), folder / "0.png", "digits").x
    z = json.loads(capsys.readouterr().out)["z"]
    assert np.allclose(z[0], encode(Library(folder), x, ModelKey("digits", "ae", 2))[0], atol=1e-5)


def test_a_picture_and_a_code_can_be_the_ends(folder, tmp_path, capsys):
    run("walk", folder / "0.png", "0,0", "--domain", "digits", "--out", tmp_path / "w.png", "--checkpoints", folder)
    assert "11 pictures on the straight path" in capsys.readouterr().out


def test_a_traversal_starts_anywhere(folder, tmp_path, capsys):
    out = ["--out", tmp_path / "t.png", "--checkpoints", folder]
    run("traverse", *out, "--span", 2, "--steps", 3, "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["z"] == [0, 0] and said["dims"] == [1, 0] and said["values"] == [[-2, 0, 2]] * 2
    assert said["carried"] == {"unit": "nats", "value": [2.5, 0.001], "active": [True, False]}
    assert Image.open(tmp_path / "t.png").height == 2 * 56 + 2
    run("traverse", "3,-3", *out, "--json", "--rows", 1)
    said = json.loads(capsys.readouterr().out)
    assert said["z"] == [3, -3] and said["dims"] == [1]
    run("traverse", folder / "0.png", *out, "--kind", "ae", "--domain", "digits")
    assert "2 active; variance: z2 4, z1 1" in capsys.readouterr().out
    run("traverse", *out, "--domain", "objects")
    assert Image.open(tmp_path / "t.png").mode == "RGB"


@pytest.mark.parametrize(
    "words",
    [
        ["walk"],
        ["walk", "0,0", "1,1"],
        ["walk", "0,0", "1,1", "--out", "OUT.docx"],
        ["walk", "0,0", "1,1,1", "--out", "OUT.png"],
        ["walk", "0,0,0", "1,1,1", "--out", "OUT.png"],
        ["walk", "0,nan", "1,1", "--out", "OUT.png"],
        ["walk", "nowhere.png", "1,1", "--out", "OUT.png"],
        ["walk", "0,0", "1,1", "--out", "OUT.png", "--path", "scenic"],
        ["walk", "0,0", "1,1", "--out", "OUT.png", "--steps", "1"],
        ["walk", "0,0", "1,1", "--out", "OUT.png", "--kind", "gan"],
        ["walk", "0,0", "1,1", "--out", "OUT.gif", "--domain", "cats"],
        ["traverse"],
        ["traverse", "--out", "OUT.png", "--rows", "0"],
        ["traverse", "--out", "OUT.png", "--span", "-1"],
        ["traverse", "--out", "OUT.png", "--steps", "500"],
        ["traverse", "--out", "OUT.png", "--latent-dim", "7"],
        ["traverse", "nowhere.png", "--out", "OUT.png"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_writes_nothing(words, folder, tmp_path, capsys):
    words = [word.replace("OUT", str(tmp_path / "out")) for word in words]
    refused(capsys, *words, "--checkpoints", folder)
    assert not list(tmp_path.iterdir())
