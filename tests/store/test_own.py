"""Models of one's own pictures: trained on a folder under a name, protected, and used in every command, the API and
the page's server functions like the shipped ones."""

import json
import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from tests.cli.test_cli import refused
from tests.conftest import learn, small
from vaedemo.cli import main
from vaedemo.cli import train as train_command
from vaedemo.data import datasets
from vaedemo.data.datasets import Pictures
from vaedemo.data.domains import SIZED, checked_name, own_domain
from vaedemo.errors import CheckpointError, ConfigError, DataError, TrainingError, UnknownDomain
from vaedemo.models import build_model
from vaedemo.store.checkpoints import available, place, save_checkpoint
from vaedemo.store.library import Library
from vaedemo.training.run import Run, run
from vaedemo.ui.server import wire
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.generate import server as generate
from vaedemo.ui.tabs.latent import server as latent
from vaedemo.ui.tabs.reconstruct.server import first_screen
from vaedemo.ui.tabs.restore import server as restore

pytestmark = pytest.mark.usefixtures("one_thread")
QUICK = ["--epochs", "1", "--batch-size", "12", "--hidden", "8", "--threads", "1"]


def draw(folder, seed, n=24, mode="RGB"):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for i in range(n):
        Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)).convert(mode).save(folder / f"{i:02}.png")
    return folder


def train(out, images, *words):
    main(["train", "--images", str(images), "--out", str(out), *QUICK, *map(str, words)])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs, as `train --images` leaves it: colour 64 x 64 with two kinds, grey 28 x 28 with two."""
    root = tmp_path_factory.mktemp("own")
    before = torch.get_num_threads()
    colour, grey = draw(root / "colour", 1), draw(root / "grey", 2, mode="L")
    train(root / "R", colour, "--name", "faces", "--kind", "vae", "--latent-dim", 3)
    train(root / "R", colour, "--name", "faces", "--kind", "pca", "--latent-dim", 3)
    for kind in ("ae", "vae"):
        train(root / "R", grey, "--name", "marks", "--kind", kind, "--size", 28, "--channels", 1)
    torch.set_num_threads(before)
    return root / "R"


@pytest.fixture(scope="module")
def service(runs, tmp_path_factory):
    return Service(Library(runs), tmp_path_factory.mktemp("uploads"))


def said(capsys, *words):
    main(list(map(str, words)))
    return capsys.readouterr().out


# ---- what tells one set of pictures from another -----------------------------------------------------------------


def test_pictures_are_told_apart_by_their_content():
    x = torch.randint(0, 256, (5, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[3, 0, 2, 1] ^= 1
    assert Pictures(x).digest == Pictures(x.clone()).digest
    assert len({Pictures(t).digest for t in (x, other, x.flip(0), x.reshape(5, 1, 2, 8))}) == 4


def test_other_pictures_do_not_go_on_with_an_interrupted_run(blobs, tmp_path):
    config = train_command.TrainConfig(epochs=4, batch_size=50, warmup=1, save_every=0)
    steps = learn(build_model(small()), blobs, config, state_path=tmp_path / "state.pt")
    next(steps)
    steps.close()
    with pytest.raises(TrainingError, match="on other pictures; choose another --name"):
        next(learn(build_model(small()), Pictures(blobs.x.flip(0)), config, state_path=tmp_path / "state.pt"))


def test_a_stopped_run_is_saved_at_once_and_goes_on(blobs, tmp_path):
    config = train_command.TrainConfig(epochs=8, batch_size=50, warmup=1, save_every=1e9)
    steps = learn(build_model(small()), blobs, config, state_path=tmp_path / "state.pt")
    assert next(steps).step == 10 and not (tmp_path / "state.pt").exists()
    steps.close()
    model, whole = build_model(small(), seed=9), build_model(small())
    assert [p.step for p in learn(model, blobs, config, state_path=tmp_path / "state.pt")] == [20, 30, 32]
    list(learn(whole, blobs, config))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), whole.parameters(), strict=True))


def test_a_run_stopped_after_its_last_step_is_finished_when_it_goes_on(blobs, tmp_path):
    config = train_command.TrainConfig(epochs=2, batch_size=50, warmup=1)
    job = Run("marks", small(), config, tmp_path / "marks" / "vae-3")
    steps = run(job, blobs, blobs)
    assert next(steps).step == 8
    steps.close()
    assert not (job.folder / "model.safetensors").exists()
    assert list(run(job, blobs, blobs)) == [] and (job.folder / "model.safetensors").exists()


@pytest.mark.parametrize("after", [0, 1], ids=["before the first record", "after it"])
def test_ctrl_c_tells_the_truth(tmp_path, after, monkeypatch, capsys):
    def stopped(job, *_, **__):
        job.folder.mkdir(parents=True)
        if after:
            (job.folder / "state.pt").write_bytes(b"")
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(train_command, "run", stopped)
    with pytest.raises(SystemExit) as stop:
        train(tmp_path / "R", draw(tmp_path / "in", 3))
    line = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 130
    assert ("goes on from here" in line) == bool(after) and ("begins from the start" in line) != bool(after)


def test_another_folder_replaces_nothing(runs, tmp_path, capsys):
    out = tmp_path / "R"
    shutil.copytree(runs, out)
    model = out / "marks" / "vae-2" / "model.safetensors"
    before = model.read_bytes()
    other = draw(tmp_path / "other", 7, mode="L")
    words = ["train", "--images", other, "--out", out, *QUICK, "--size", 28, "--channels", 1, "--name", "marks"]
    assert "other pictures" in refused(capsys, *words)
    assert "other pictures" in refused(capsys, *words, "--kind", "dense"), "a name stands for one set of pictures"
    assert model.read_bytes() == before
    draw(tmp_path / "grey", 2, mode="L")
    words[2] = tmp_path / "grey"
    assert "marks vae-2: trained" in said(capsys, *words), "the same run again is finished already"
    assert "other settings" in refused(capsys, *words, "--lr", 0.001)
    assert model.read_bytes() == before
    said(capsys, *words, "--lr", 0.001, "--overwrite")
    assert model.read_bytes() != before


# ---- which files are pictures of the folder ----------------------------------------------------------------------


def test_links_are_followed_once_and_hidden_folders_left_out(tmp_path):
    folder, away = draw(tmp_path / "in", 1, n=20), draw(tmp_path / "away", 2, n=3)
    draw(folder / ".thumbnails", 3, n=4)
    draw(folder / "sub" / ".cache" / "deep", 4, n=2)
    (folder / ".hidden.png").write_bytes((folder / "00.png").read_bytes())
    (folder / "linked").symlink_to(away)
    (folder / "again").symlink_to(away)
    (folder / "loop").symlink_to(folder)
    (folder / "one.png").symlink_to(folder / "00.png")
    os.link(folder / "01.png", folder / "hard.png")
    (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "self").symlink_to(folder / "self")
    reading = datasets.FromFolder(folder, 8, 1)
    assert list(reading)
    assert len(reading.pictures) == 23
    assert reading.unreadable == ["gone.png", "self"]


def test_a_folder_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "MAX_FILES", 10)
    with pytest.raises(DataError, match="more than 10 files"):
        list(datasets.FromFolder(draw(tmp_path / "in", 1), 8, 1))


def test_a_run_is_not_written_among_its_pictures(tmp_path, capsys):
    images = draw(tmp_path / "in", 1)
    for out in (images, images / "runs"):
        assert "choose another --out" in refused(capsys, "train", "--images", images, "--out", out)


# ---- names and shapes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "digits", "Digits", "photos", "maps", "a/b", "..", "-x", "a b", "x" * 41, None])
def test_names_that_are_none(name):
    with pytest.raises(ConfigError, match=r"no name|is taken"):
        checked_name(name)


def test_names_in_any_script():
    assert [checked_name(n) for n in ("faces", "My-Cats_2", "猫")] == ["faces", "My-Cats_2", "猫"]


def test_models_of_two_shapes_under_one_name_are_named(tmp_path):
    for d, size in ((2, 28), (3, 32)):
        save_checkpoint(tmp_path / "own" / f"vae-{d}.safetensors", build_model(small(latent_dim=d, size=size)), "own")
    with pytest.raises(CheckpointError, match="28 x 28 in grey and 32 x 32 in grey"):
        Library(tmp_path)


def test_a_row_is_what_its_models_say():
    row = own_domain("faces", [small("vae", latent_dim=d) for d in (8, 3)] + [small("pca", latent_dim=16)])
    assert (row.shape, row.latent_dims, row.anchor, row.classes) == ((1, 28, 28), (3, 8, 16), 8, ())


def test_a_library_knows_its_own_domains_and_nothing_else_does(runs):
    library = Library(runs)
    assert list(library.domains) == [*SIZED, "faces", "marks"]
    assert library.domain("faces").shape == (3, 64, 64) and library.domain("marks").shape == (1, 28, 28)
    assert library.kinds("faces") == ["vae", "pca"] and library.modelled("digits") == "faces"
    assert "faces" not in SIZED
    with pytest.raises(UnknownDomain, match="shapes, faces, marks"):
        library.domain("own")


def test_a_run_and_its_published_copy_are_one_model_and_a_folder_names_its_domain(runs, tmp_path):
    run_file = place(runs, "marks", "vae-2.safetensors")
    assert run_file.name == "model.safetensors"
    shutil.copytree(runs / "marks", tmp_path / "renamed")
    shutil.copy(run_file, tmp_path / "renamed" / "vae-2.safetensors")
    entries = available(tmp_path)
    assert [e.key[:2] for e in entries] == [("renamed", "ae"), ("renamed", "vae")]
    assert entries[1].path.name == "vae-2.safetensors" == place(tmp_path, "renamed", "vae-2.safetensors").name


# ---- commands ----------------------------------------------------------------------------------------------------


def test_training_ends_with_the_commands_that_use_it(tmp_path, capsys):
    train(tmp_path / "R", draw(tmp_path / "in", 5, n=20), "--name", "猫", "--kind", "pca", "--size", 16)
    shown = capsys.readouterr().out
    assert f"--checkpoints {tmp_path / 'R'} --domain 猫 --kind pca --latent-dim 2" in shown
    assert f"VAEDEMO_CHECKPOINTS={tmp_path / 'R'} python app.py" in shown


def test_every_command_takes_a_model_of_ones_own(runs, tmp_path, capsys):
    picture = draw(tmp_path / "in", 1, n=1) / "00.png"
    ours, out = ["--checkpoints", runs, "--domain", "faces"], ["--out", tmp_path / "o.png"]
    rows = json.loads(said(capsys, "list", "--checkpoints", runs, "--json"))
    assert [(r["domain"], r["kind"]) for r in rows] == [
        ("faces", "pca"), ("faces", "vae"), ("marks", "ae"), ("marks", "vae")
    ]  # fmt: skip
    for kind in ("vae", "pca"):
        assert f"faces, {kind}, 3 numbers" in said(capsys, "reconstruct", picture, *ours, *out, "--kind", kind)
    assert "faces" in said(capsys, "reconstruct", picture, *ours[:2], *out, "--kind", "vae")
    assert "4 samples from normal" in said(capsys, "sample", *ours, *out, "--count", 4)
    made = json.loads(said(capsys, "sample", *ours[:2], *out, "--count", 2, "--json"))
    assert made["domain"] == "faces" and made["classes"] is None and len(made["z"]) == 2
    assert "faces, vae" in said(capsys, "walk", picture, "0,0,1", *ours, *out, "--steps", 3)
    assert "faces, vae, 3 numbers" in said(capsys, "traverse", *ours, *out, "--steps", 3)
    assert "faces, vae, latent dimension 3" in said(capsys, "describe", *ours)
    assert said(capsys, "evaluate", *ours, "--bound-samples", 2).count("\n| faces") == 2
    assert "faces, nlm" in said(capsys, "denoise", picture, *ours, *out, "--method", "nlm")
    assert "faces, plain" in said(capsys, "denoise", picture, *ours, *out, "--method", "plain")
    assert "no checkpoint of faces that restores" in refused(capsys, "denoise", picture, *ours, *out)
    assert "no map faces-planes" in refused(capsys, "map", *ours, *out, "--latent-dim", 3)
    assert "--data-dir" in refused(capsys, "derive", *ours, "--only", "mixtures")
    assert "has no classes" in refused(capsys, "sample", *ours, *out, "--label", "0")


def test_what_is_left_out_is_told_by_the_models_that_there_are(runs, tmp_path, capsys):
    """A domain of one kind is used as it stands: reconstruct would take an ae, the others a vae."""
    picture = draw(tmp_path / "in", 1, n=1) / "00.png"
    for kind in ("pca", "ae"):
        train(tmp_path / kind, draw(tmp_path / "more", 5, n=20), "--kind", kind, "--size", 16)
    train(tmp_path / "conditional", tmp_path / "more", "--kind", "conditional", "--size", 16)
    capsys.readouterr()
    ours, out = ["--checkpoints", runs, "--domain", "faces"], ["--out", tmp_path / "o.png"]
    assert "faces, vae, 3 numbers" in said(capsys, "reconstruct", picture, *ours, *out)
    for kind in ("pca", "ae"):
        ours = ["--checkpoints", tmp_path / kind, "--domain", "own"]
        for words in (["reconstruct", picture], ["walk", picture, picture], ["traverse"], ["sample", "--count", 2]):
            assert f"own, {kind}, 2 numbers" in said(capsys, *words, *ours, *out), words
    assert "own, vae" in said(capsys, "denoise", picture, "--checkpoints", tmp_path / "conditional", *out)


def test_words_that_do_not_go_together_are_refused(tmp_path, capsys):
    images = draw(tmp_path / "in", 5)
    for words in (["--all"], ["--domain", "digits"]):
        line = refused(capsys, "train", "--images", images, "--out", tmp_path / "R", *words)
        assert "pictures of your own" in line and " ".join(words) in line
    assert "00.png is a file; give the folder" in refused(capsys, "list", "--checkpoints", images / "00.png")


def test_maps_of_ones_own(runs, tmp_path, capsys):
    shutil.copytree(runs, tmp_path / "R")
    ours = ["--checkpoints", tmp_path / "R", "--domain", "marks"]
    said(capsys, "derive", "--only", "maps", *ours)
    assert "marks, ae, 2 numbers: 2 test pictures" in said(
        capsys, "map", *ours, "--out", tmp_path / "m.png", "--kind", "ae"
    )
    assert latent.first_value(Service(Library(tmp_path / "R"), tmp_path))["maps"] == ["marks"]


def test_a_model_of_ones_own_restores(tmp_path, capsys):
    images = draw(tmp_path / "in", 5)
    train(tmp_path / "R", images, "--kind", "conditional", "--size", 16)
    words = ["--checkpoints", tmp_path / "R", "--domain", "own", "--out", tmp_path / "o.png"]
    assert "own, vae" in said(capsys, "denoise", images / "00.png", *words)
    assert Library(tmp_path / "R").restores("own")


# ---- the page and its API ----------------------------------------------------------------------------------------


def test_the_page_knows_them(runs, service):
    screen = first_screen(service)
    assert screen["first"]["domain"] == "faces" and screen["first"]["picture"]["results"]
    assert screen["table"]["faces"]["kinds"] == {"vae": [3], "pca": [3]}
    assert service.functions[0]({"domain": "faces"})["figures"]["vae-3"]["psnr"] > 0
    x = wire.pack(np.zeros((3, 64, 64), np.float32))
    assert service.functions[2]({"domain": "faces", "x": x, "models": [["vae", 3, 1]]})["results"]
    made = generate.Generation(service)
    assert set(made.first_screen()["table"]) == {"faces", "marks"}
    asked = {"domain": "faces", "d": 3, "n": 4, "seed": 1, "temperature": 1, "label": None, "pca": False}
    grids = made.samples(asked)["grids"]
    assert "x" in grids["vae-normal"] and "mixtures" in grids["vae-mixture"]["error"]
    assert latent.first_value(service)["maps"] == []
    assert restore.RestoreTab(service).first_value("denoise")["table"] == {}


def test_a_folder_without_models_has_a_page_that_says_so(tmp_path):
    service = Service(Library(tmp_path), tmp_path)
    assert first_screen(service)["first"] is None
    assert "any" not in generate.Generation(service).first_screen()


def test_the_api_knows_them(service):
    from vaedemo.ui.tabs.generate import api as api_generate
    from vaedemo.ui.tabs.latent import api as api_latent
    from vaedemo.ui.tabs.reconstruct import api as api_models
    from vaedemo.ui.tabs.restore import api as api_restore

    models, reconstruct, encode, decode = api_models.functions(service)
    assert {(m["domain"], tuple(m["shape"])) for m in models()} == {("faces", (3, 64, 64)), ("marks", (1, 28, 28))}
    rows = [[0.5] * 8] * 8
    assert reconstruct(rows, "marks", "vae", 2)["domain"] == "marks"
    assert reconstruct(rows, "", "vae", 3)["domain"] == "faces"
    assert reconstruct(rows, "faces", latent_dim=3)["kind"] == "vae"
    assert reconstruct(rows, "marks", latent_dim=2)["kind"] == "ae"
    assert np.shape(decode([0.0, 0.0, 0.0])["x_hat"]) == (3, 64, 64)
    assert len(encode(rows, "marks", "ae", 2)["mu"]) == 2
    assert np.shape(decode([0.0, 0.0, 0.0], "faces", "vae")["x_hat"]) == (3, 64, 64)
    sample, _ = api_generate.functions(service)
    assert len(sample("faces", "vae", 3, n=2)["pictures"]) == 2
    walk, traverse, _ = api_latent.functions(service)
    assert len(walk([0.0, 1.0], [1.0, 0.0], "marks", "vae", steps=3)["z"]) == 3
    assert traverse(None, "marks", "vae", 2)["domain"] == "marks"
    denoise, _ = api_restore.functions(service)
    assert denoise(rows, "marks", method="median", sigma=0.1)["domain"] == "marks"
    with pytest.raises(CheckpointError, match="no checkpoint of marks that restores"):
        denoise(rows, "marks")
