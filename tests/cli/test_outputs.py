"""What commands write is planned before the work: never over their own results, what they read, or other files."""

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.test_cli import refused
from vaedemo.cli import main
from vaedemo.cli.outputs import TAG, distinct, planned, tag
from vaedemo.errors import ConfigError

DIGITS = ["--domain", "digits", "--samples", "2"]


@pytest.fixture
def there(tmp_path):
    (tmp_path / "in").mkdir()
    for i, name in enumerate(("photo.png", "photo-1.png", "photo-spread.png")):
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (28, 28), dtype=np.uint8)).save(
            tmp_path / "in" / name
        )
    return tmp_path


def names(each=2, spread=True):
    def of(target):
        ends = [f"-{i + 1}" for i in range(each)] + ["-spread"] * spread
        return [target, *(target.with_name(f"{target.stem}{end}.png") for end in ends)]

    return of


@pytest.mark.parametrize(
    "files",
    [
        ["photo.png", "photo-1.png"],
        ["photo.png", "photo-spread.png"],
        ["a.png", "a.bmp", "a-1.jpg", "a-2.png"],
        ["A.png", "a.png", "a-1.png"],
        ["a.png", "a.png.png", "a.png-1.png", "a.bmp", "A.PNG"],
        ["\u00e9.png", "e\u0301.png"],  # one letter, written in two ways
    ],
    ids=lambda files: ascii(",".join(files)),
)
def test_no_two_results_have_one_name_on_any_file_system(files):
    made = distinct([Path("in") / f for f in files], Path("out"), names())
    written = [unicodedata.normalize("NFC", str(p)).casefold() for target in made.values() for p in names()(target)]
    assert len(made) == len(files) and len(set(written)) == len(written)


def test_names_that_meet_nothing_stay_as_they_are():
    made = distinct([Path("in/a.jpg"), Path("in/b.png"), Path("in/c.png"), Path("in/c.bmp")], Path("o"), names())
    assert [p.name for p in made.values()] == ["a.png", "b.png", "c.png.png", "c.bmp.png"]


def test_a_folders_samples_do_not_replace_another_pictures_result(there, capsys):
    words = ["denoise", there / "in", "--out", there / "o", *DIGITS, "--each", "--spread"]
    main(list(map(str, words)))
    found = sorted(p.name for p in (there / "o").iterdir())
    assert len(found) == 3 * 4 and "photo.png.png" in found and "photo-1.png.png" in found
    main(list(map(str, words)))  # the same command makes the same files again
    assert sorted(p.name for p in (there / "o").iterdir()) == found
    said = refused(capsys, *words, "--seed", 5)
    assert "11 more are there already" in said and "--overwrite" in said
    main([*map(str, words), "--seed", "5", "--overwrite"])


def test_samples_never_replace_what_another_made(there, capsys):
    picture, mine = there / "in" / "photo.png", there / "x-1.png"
    mine.write_bytes(b"mine")
    said = refused(capsys, "denoise", picture, "--out", there / "x.png", *DIGITS, "--each")
    assert "x-1.png is there already" in said and mine.read_bytes() == b"mine" and not (there / "x.png").exists()
    (there / "y.png").write_bytes(b"old")
    main(["denoise", str(picture), "--out", str(there / "y.png"), *DIGITS])  # what --out names is replaced
    assert Image.open(there / "y.png").size == (28, 28)


@pytest.mark.parametrize("link", ["same", "symbolic", "hard"])
@pytest.mark.parametrize("role", ["picture", "mask", "clean"])
def test_an_input_is_never_written_over(there, role, link, capsys):
    files = {name: there / f"{name}.png" for name in ("picture", "mask", "clean")}
    for path in files.values():
        Image.new("L", (28, 28)).save(path)
    out = files[role] if link == "same" else there / "link.png"
    if link == "symbolic":
        out.symlink_to(files[role])
    elif link == "hard":
        os.link(files[role], out)
    before = files[role].read_bytes()
    words = ["--mask", files["mask"], "--clean", files["clean"], "--overwrite", "--out", out]
    assert "read by this command" in refused(capsys, "inpaint", files["picture"], *words, *DIGITS)
    assert files[role].read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [["reconstruct", "P", "--domain", "digits"], ["walk", "P", "0,0", "--domain", "digits"], ["traverse", "P"]],
    ids=lambda w: w[0],
)
def test_other_commands_keep_their_picture(there, words, capsys):
    path = there / "in" / "photo.png"
    before = path.read_bytes()
    assert "read by this command" in refused(capsys, *[path if w == "P" else w for w in words], "--out", path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", [["sample"], ["map"], ["traverse"], ["walk", "0,0", "1,1"]], ids=lambda w: w[0])
def test_where_no_file_can_lie_is_said_before_the_work(there, command, capsys):
    (there / "folder.png").mkdir()
    (there / "file").write_text("")
    assert "is a folder" in refused(capsys, *command, "--out", there / "folder.png")
    assert "is a file" in refused(capsys, *command, "--out", there / "file" / "x" / "o.png")
    assert "no ending" in refused(capsys, *command, "--out", there / "o.docx")


def test_the_folder_of_the_clean_pictures_or_masks_is_no_place_for_results(there, capsys):
    words = ["denoise", there / "in", "--clean", there / "in2", "--out", there / "in2", *DIGITS, "--overwrite"]
    (there / "in2").mkdir()
    for path in (there / "in").iterdir():
        (there / "in2" / path.name).write_bytes(path.read_bytes())
    assert "read by this command" in refused(capsys, *words)


def test_a_tag_is_of_settings_and_contents(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    first = tag("denoise", 0.1, tmp_path / "a")
    assert first == tag("denoise", 0.1, tmp_path / "a") != tag("denoise", 0.2, tmp_path / "a")
    (tmp_path / "a").write_bytes(b"2")
    assert first != tag("denoise", 0.1, tmp_path / "a")
    Image.new("L", (2, 2)).save(tmp_path / "o.png")
    with pytest.raises(ConfigError, match="there already"):
        planned([], [tmp_path / "o.png"], tags={tmp_path / "o.png": first})
    assert TAG == "vaedemo"


def test_what_is_derived_is_made_anew_only_when_told(tmp_path, capsys):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "shapes.json").write_text("{}")
    said = refused(capsys, "derive", "--only", "maps", "--domain", "shapes", "--checkpoints", tmp_path)
    assert "shapes.json is there already" in said and (tmp_path / "maps" / "shapes.json").read_text() == "{}"
