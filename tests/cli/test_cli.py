import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from vaedemo.cli import COMMANDS, command, main
from vaedemo.data.domains import SIZED
from vaedemo.models import build_model
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.key import ModelKey


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    for kind, d in (("ae", 2), ("vae", 2), ("pca", 16)):
        model = build_model(SIZED["digits"].model_config(kind, d))
        save_checkpoint(root / "digits" / ModelKey("digits", kind, d).file, model, "digits")
    return root


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        np.savez(tmp_path / f"digits_{split}.npz", x=rng.integers(0, 256, (40, 28, 28, 1), dtype=np.uint8))
    return tmp_path


def refused(capsys, *words):
    """The one line that a command ends with, exit code 2."""
    with pytest.raises(SystemExit) as stop:
        main(list(map(str, words)))
    assert stop.value.code == 2
    line = capsys.readouterr().err.strip()
    assert "\n" not in line and line.startswith("vaedemo: ") and "Traceback" not in line
    return line


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help_and_a_seed(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "--seed" in text and "--json" in text


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nope"],
        ["list", "--nope"],
        ["train"],
        ["train", "--domain", "cats"],
        ["train", "--domain", "digits", "--latent-dim", "two"],
        ["train", "--domain", "digits", "--latent-dim", "0"],
        ["train", "--domain", "digits", "--kind", "gan"],
        ["train", "--domain", "digits", "--epochs", "-1"],
        ["train", "--domain", "digits", "--data-dir", "/nowhere"],
        ["train", "--images", "/nowhere"],
        ["evaluate", "--domain", "cats"],
        ["evaluate", "--kind", "gan"],
        ["evaluate", "--limit", "0"],
        ["evaluate", "--latent-dim", "3"],
        ["describe", "--domain", "cats"],
        ["describe", "--kind", "gan"],
        ["reconstruct"],
        ["reconstruct", "nowhere.png", "--out", "x.png"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_code_2(words, capsys):
    refused(capsys, *words)


def test_list(folder, capsys):
    main(["list", "--json", "--checkpoints", str(folder)])
    rows = json.loads(capsys.readouterr().out)
    assert [tuple(r.values())[:5] for r in rows] == [
        ("digits", "ae", 2, 1.0, "digits/ae-2.safetensors"),
        ("digits", "pca", 16, 1.0, "digits/pca-16.safetensors"),
        ("digits", "vae", 2, 1.0, "digits/vae-2.safetensors"),
    ]
    assert all(list(r) == ["domain", "kind", "latent_dim", "beta", "file", "bytes"] for r in rows)
    main(["list", "--checkpoints", str(folder)])
    assert "3 models" in capsys.readouterr().out


def test_help_and_list_wait_for_no_network():
    code = (
        "import atexit, sys\nfrom vaedemo.cli import main\n"
        "atexit.register(lambda: print({'torch', 'scipy', 'sklearn', 'skimage', 'gradio'} & set(sys.modules)))\n"
        "main(sys.argv[1:])\n"
    )
    for words, said in ((["list"], "digits"), (["--help"], "traverse"), (["list", "--help"], "--checkpoints")):
        made = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=120)
        assert made.returncode == 0 and said in made.stdout and made.stdout.endswith("set()\n"), made.stderr


def test_what_help_says_of_a_command_is_its_docstring(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = re.sub(r"[│\s]+", " ", capsys.readouterr().out)
    for name in COMMANDS:
        assert " ".join(command(name).__doc__.split())[:60] in text


def test_list_of_no_models_is_one_sentence(tmp_path, capsys):
    main(["list", "--checkpoints", str(tmp_path / "none")])
    out = capsys.readouterr().out
    assert out.startswith("no models in none: ") and out.count("\n") == 1
    main(["list", "--json", "--checkpoints", str(tmp_path / "none")])
    assert json.loads(capsys.readouterr().out) == []


def test_describe(capsys):
    main(["describe", "--domain", "digits", "--kind", "dense", "--latent-dim", "8"])
    assert "401,920" in capsys.readouterr().out  # 784 x 512 weights and 512 biases
    main(["describe", "--json"])
    assert len(json.loads(capsys.readouterr().out)) == 16


def test_evaluate(folder, data, capsys):
    words = ["evaluate", "--checkpoints", folder, "--data-dir", data, "--limit", "20", "--bound-samples", "3"]
    main([*map(str, words), "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert {r["kind"] for r in rows} == {"ae", "vae", "pca"}
    assert all((r["elbo"] is None) == (r["kind"] != "vae") for r in rows)
    main(list(map(str, words)))
    assert capsys.readouterr().out.count("\n| digits") == len(rows)


def test_reconstruct(folder, tmp_path, capsys):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)).save(tmp_path / "in.png")
    words = ["reconstruct", tmp_path / "in.png", "--domain", "digits", "--checkpoints", folder, "--out"]
    main([*map(str, words), str(tmp_path / "out.png"), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["latent_dim"], told["latent_bytes"], told["picture_bytes"]) == (2, None, 784)  # no quantiser is here
    assert 784 < told["png_bytes"] < 1000 and 784 < told["webp_bytes"] < 1000  # noise
    assert Image.open(tmp_path / "out.png").size == (3 * 252 + 16, 252)
    main([*map(str, words), str(tmp_path / "only.png"), "--only", "--kind", "vae"])
    assert Image.open(tmp_path / "only.png").size == (28, 28)
    assert "no quantiser to code the numbers with; the picture 784 bytes, PNG " in capsys.readouterr().out
    assert "no ending" in refused(capsys, *words, tmp_path / "out.docx")
    (tmp_path / "bad.png").write_text("text")
    words[1] = tmp_path / "bad.png"
    refused(capsys, *words, tmp_path / "out.png")


def test_train_writes_a_whole_folder(data, tmp_path, capsys):
    out = tmp_path / "runs"
    words = ["train", "--domain", "digits", "--kind", "ae", "--latent-dim", "3", "--data-dir", data, "--out", out,
             "--epochs", "2", "--batch-size", "10", "--checkpoints", tmp_path / "none"]  # fmt: skip
    main([*map(str, words), "--dry-run"])
    assert "estimated_seconds" in capsys.readouterr().out
    main([*map(str, words), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["steps"], told["pictures"], told["held_out"]) == (6, 36, 4), "epochs, not the recipe's steps"
    found = {p.name for p in (out / "digits" / "ae-3").iterdir()}
    assert found == {"config.json", "log.json", "losses.png", "model.safetensors", "reconstructions.png", "samples.png"}
    words[words.index("--out") + 1] = tmp_path / "again"
    main([*map(str, words), "--start", str(out / "digits" / "ae-3" / "model.safetensors"), "--dry-run", "--json"])
    assert json.loads(capsys.readouterr().out)["starts_from"] == "model"
    refused(capsys, *words, "--start", tmp_path / "none.safetensors")


def test_what_is_held_out_is_not_trained_on_and_measured_by_evaluate(data, tmp_path, capsys):
    words = ["train", "--domain", "digits", "--kind", "vae", "--latent-dim", "8", "--data-dir", data, "--epochs", "1",
             "--likelihood", "gaussian", "--linear", "True", "--out", tmp_path, "--hold-out"]  # fmt: skip
    main([*map(str, words), "--dry-run", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["model"]["linear"] and told["starts_from"] is None, "the shipped anchor has seen the held-out ones"
    main([*map(str, words), "--json"])
    assert {"pictures": 36, "held_out": 4}.items() <= json.loads(capsys.readouterr().out).items()
    main([*map(str, words[:-1]), "--latent-dim", "4"])
    capsys.readouterr()
    again = [*words, "--latent-dim", "16", "--start"]
    main([*map(str, again), str(tmp_path / "digits" / "vae-8" / "model.safetensors")])
    told = refused(capsys, *again[:-2], "32", "--start", tmp_path / "digits" / "vae-4" / "model.safetensors")
    assert "learned from the pictures that are held out" in told
    words = ["evaluate", "--checkpoints", tmp_path, "--data-dir", data, "--split", "held-out"]
    main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    assert [(r["kind"], r["latent_dim"]) for r in json.loads(out)] == [("vae", 8), ("vae", 16)]
    assert "learned from these pictures: digits/vae-4" in err
    assert "train with --hold-out" in refused(capsys, *words, "--latent-dim", "4")
    assert "--write is for figures of the test set" in refused(capsys, *words, "--write")


def test_train_all_trains_what_is_missing(data, tmp_path, monkeypatch, capsys):
    from vaedemo.training.recipes import recipe

    monkeypatch.setattr("vaedemo.cli.train.ordered", lambda names: [recipe("digits", "ae", d) for d in (2, 4)])
    target = tmp_path / "checkpoints"
    words = ["train", "--all", "--data-dir", data, "--out", tmp_path / "runs", "--checkpoints", target]
    save_checkpoint(target / "digits" / "ae-2.safetensors", build_model(recipe("digits", "ae", 2).model), "digits")
    main([*map(str, words), "--epochs", "1"])
    assert capsys.readouterr().out.count("trained in") == 1
    assert sorted(p.name for p in (target / "digits").iterdir()) == ["ae-2.safetensors", "ae-4.safetensors"]


def test_train_on_a_folder_of_pictures(tmp_path, capsys):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(24):
        Image.new("RGB", (40, 40), (10 * i, 20, 200)).save(pictures / f"{i}.png")
    (pictures / "broken.png").write_text("no")
    words = ["train", "--images", pictures, "--size", "32", "--channels", "3", "--kind", "vae", "--latent-dim", "4",
             "--epochs", "2", "--out", tmp_path / "runs"]  # fmt: skip
    main(list(map(str, words)))
    shown = capsys.readouterr()
    assert "own vae-4: trained" in shown.out
    assert "1 file could not be read as pictures: broken.png" in shown.err
    assert (tmp_path / "runs" / "own" / "vae-4" / "samples.png").exists()


def test_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "vaedemo", "evaluate", "--domain", "cats"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "vaedemo: no domain 'cats'; choose from digits, fashion, objects, shapes"
