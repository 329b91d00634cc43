"""What a command prints: exact names for scripts, harmless ones for people, on any terminal, a closed one too."""

import io
import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from vaedemo import cli
from vaedemo.cli import main, terminal
from vaedemo.cli.common import harmless, shown

NAMES = [
    b"50% off #1, a@b.png", "中文 图.png".encode(), b"q\"uo'te.png", b"new\nline.png", b"bad\xff\xfe.png",
    "rtl‮gnp.png".encode(), b"tab\there.png", "emoji \U0001f600.png".encode(),
]  # fmt: skip
MEDIAN = ["--domain", "digits", "--method", "median", "--sigma", "0.1"]


@pytest.fixture
def folder(tmp_path):
    data = io.BytesIO()
    Image.new("L", (28, 28), 90).save(data, "PNG")
    (tmp_path / "in").mkdir()
    for name in NAMES:
        with open(os.path.join(os.fsencode(tmp_path / "in"), name), "wb") as file:
            file.write(data.getvalue())
    return tmp_path


def test_json_has_exact_names_and_people_see_harmless_ones(folder, capsys):
    words = ["denoise", str(folder / "in"), "--out", str(folder / "out"), *MEDIAN]
    main([*words, "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert sorted(os.fsencode(row["file"]) for row in rows) == sorted(NAMES)
    assert sorted(os.listdir(os.fsencode(folder / "out"))) == sorted(NAMES)
    main(words)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(NAMES) and all(line.isprintable() for line in lines)
    assert any(line.startswith("50% off #1, a@b.png: digits") for line in lines)
    assert any(line.startswith("new_line.png: ") for line in lines)


def test_a_note_about_a_mask_is_harmless_too(folder, capsys):
    Image.new("L", (28, 28)).save(folder / "mask.png")
    words = ["--mask", folder / "mask.png", "--out", folder / "out", "--domain", "digits", "--method", "plain"]
    main(["inpaint", *map(str, [folder / "in", *words])])
    said = [line for line in capsys.readouterr().err.splitlines() if "Nothing is marked" in line]
    assert len(said) == len(NAMES) and all(line.isprintable() for line in said)
    assert any(line.startswith("vaedemo: new_line.png: ") for line in said)


@pytest.mark.parametrize(
    "bad", ["\n", "\r", "\x1b", "\u202e", "\u2028", "\u2029", "\udcff", "\u200b", "\x85"], ids=ascii
)
def test_what_breaks_a_line_is_made_harmless(bad):
    assert shown(f"folder/a{bad}b, 50% #1 图.png") == harmless(f"a{bad}b, 50% #1 图.png") == "a_b, 50% #1 图.png"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["denoise", "--help"],
        ["list"],
        ["describe", "--domain", "digits", "--kind", "pca"],
        ["train", "--domain", "中文"],
        ["train", "--seed", "中"],
    ],
    ids=" ".join,
)
def test_a_terminal_of_an_old_encoding_shows_everything(words, encoding, monkeypatch):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    code = 0
    try:
        main(words)
    except SystemExit as stop:
        code = stop.code
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)
    assert code == (2 if words[0] == "train" else 0)
    assert out if code == 0 else err.startswith("vaedemo: ") and err.count("\n") == 1 and "---" not in err


def test_chinese_names_pass_a_terminal_of_an_old_encoding(folder, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), "cp1252", errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    main(["denoise", str(folder / "in"), "--out", str(folder / "out"), *MEDIAN])
    out.flush()
    assert "\\u4e2d\\u6587 \\u56fe.png: digits" in out.buffer.getvalue().decode("cp1252")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a full device is Linux's")
@pytest.mark.parametrize(
    "shell, code, said",
    [
        ("{} list | head -n 1 > /dev/null; exit ${{PIPESTATUS[0]}}", 0, ""),
        ("{} list > /dev/full", 2, "vaedemo: the output cannot be read or written: No space left on device\n"),
        ("{} --help >&- ", 0, ""),
    ],
    ids=["closed early", "full", "closed"],
)
def test_what_takes_no_output_gets_no_trace(shell, code, said):
    command = shell.format(f"'{sys.executable}' -m vaedemo")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (code, said)


def test_a_file_that_cannot_be_read_is_one_line(monkeypatch, capsys):
    def broken(args):
        raise PermissionError(13, "Permission denied", "some\nfile")

    monkeypatch.setattr(cli, "_parse", broken)
    monkeypatch.setattr(terminal, "discard", lambda: None)
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert capsys.readouterr().err == "vaedemo: some_file cannot be read or written: Permission denied\n"
