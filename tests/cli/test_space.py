"""Publishing as a Space: what is checked, what goes, and that a hub which refuses binaries in commits takes it."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError

import pytest

from tests.fakehub import TOKEN, FakeHub
from vaedemo.cli import space
from vaedemo.errors import ConfigError

ROOT = space.ROOT
SETTINGS = {
    "title": "vaedemo", "emoji": "🔢", "colorFrom": "blue", "colorTo": "purple", "sdk": "gradio",
    "sdk_version": "6.31.0", "python_version": '"3.11"', "app_file": "app.py", "license": "mit",
    "short_description": "Autoencoders",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A small repository without git, and beside it what does not belong to it."""
    for name, content in {
        "app.py": "demo = None\n",
        "requirements.txt": "gradio>=6.31,<7\n",
        "constraints.txt": "gradio==6.31.0\n",
        ".gitignore": "# not these\n.venv/\n/data/\nruns/\n__pycache__/\n*.log\ndocs/draft.md\n",
        "vaedemo/data/domains.py": "DOMAINS = {}\n",
        "docs/draft.md": "no",
        "docs/kept.md": "Grüße\n",
        "checkpoints/digits/ae-2.safetensors": "weights",
        "vaedemo/__pycache__/a.pyc": "no",
        "data/digits_train.npz": "no",
        "runs/digits/log.json": "no",
        ".git/config": "no",
        ".venv/bin/python": "no",
        ".env": "HF_TOKEN=no",
        "last.log": "no",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "checkpoints/digits/ae-2.safetensors").write_bytes(bytes(range(256)) * 100)
    write_front(tmp_path)
    return tmp_path


def write_front(folder, **changed):
    lines = [f"{key}: {value}" for key, value in (SETTINGS | changed).items() if value is not None]
    (folder / "README.md").write_text("\n".join(["---", *lines, "---", "# vaedemo", ""]), encoding="utf-8")


def said(capsys, *args, **kwargs):
    with pytest.raises(SystemExit) as stop:
        space.main(*args, **kwargs)
    assert stop.value.code == 2
    line = capsys.readouterr().err.strip()
    assert line.startswith("vaedemo: ") and "\n" not in line and "Traceback" not in line
    return line


def test_this_repository_can_be_published():
    found = space.files(ROOT)
    space.check(ROOT, found)
    assert {"app.py", "README.md", "checkpoints/digits/vae-32.safetensors", "vaedemo/ui/text/en.json"} <= set(found)
    assert (ROOT / ".gitattributes").exists() and ".gitattributes" not in found  # the hub has its own
    assert not [
        n for n in found if re.match(r"(\.git|\.venv|data|runs)/|.*(__pycache__|node_modules|\.pytest_cache)", n)
    ]


def test_a_space_takes_the_tested_cpu_wheels_and_a_laptop_none_of_it():
    wheels = (ROOT / "pre-requirements.txt").read_text(encoding="utf-8").splitlines()
    assert "--index-url https://download.pytorch.org/whl/cpu" in wheels
    pins = [line for line in wheels if re.match(r"torch(vision)?==", line)]
    assert len(pins) == 2 and set(pins) <= set((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        assert re.match(r"#|[A-Za-z-]+>=[\d.]+,<\d+$", line), (
            f"{line!r} is no plain range, which any pip reads anywhere"
        )


def test_only_what_belongs_goes(folder, capsys):
    kept = ["app.py", "requirements.txt", "constraints.txt", ".gitignore", "docs/kept.md", "README.md"]
    kept.append("vaedemo/data/domains.py")  # /data/ is of the root alone
    assert set(space.files(folder)) == {*kept, "checkpoints/digits/ae-2.safetensors"}
    space.main(["--dry-run"], root=folder)
    out = capsys.readouterr().out
    assert re.search(r"^ +25,600  checkpoints/digits/ae-2\.safetensors$", out, re.MULTILINE) and "in 8 files" in out


def test_of_a_clone_what_git_follows_goes(folder):
    subprocess.run(["rm", "-r", folder / ".git"], check=True)
    for words in (["init", "-q"], ["add", "."], ["rm", "-q", "--cached", "docs/kept.md"]):
        subprocess.run(["git", "-C", folder, *words], check=True)
    (folder / "app.py").unlink()
    assert {"README.md", ".gitignore"} <= set(space.files(folder))
    assert not {"docs/kept.md", "docs/draft.md", "app.py", "last.log"} & set(space.files(folder))


@pytest.mark.parametrize(
    "key, value",
    [
        ("short_description", "x" * 61), ("short_description", '""'), ("short_description", None), ("title", '" "'),
        ("title", None), ("emoji", "A"), ("emoji", '""'), ("emoji", "12"), ("colorFrom", "orange"), ("colorTo", None),
        ("colorTo", "Blue"), ("sdk", "docker"), ("sdk_version", "6.30.0"), ("sdk_version", "6.31"),
        ("python_version", "3.11"), ("python_version", "3.12"), ("python_version", '"3.9"'), ("app_file", "main.py"),
        ("license", "MIT"), ("license", None),
    ],
)  # fmt: skip
def test_what_the_hub_refuses_is_said_first(folder, capsys, key, value):
    write_front(folder, **{key: value})
    assert f"front matter has {key}: " in said(capsys, ["me/demo", "--dry-run"], root=folder)


@pytest.mark.parametrize("text", ["# vaedemo\n", "---\ntitle: [\n---\n", "---\n- a\n---\n", ""])
def test_a_readme_without_front_matter(folder, capsys, text):
    (folder / "README.md").write_text(text, encoding="utf-8")
    assert "no front matter that can be read" in said(capsys, ["--dry-run"], root=folder)


def test_missing_files_and_sizes(folder, capsys, monkeypatch):
    found = space.files(folder)
    for change, sentence in (
        ({"checkpoints/big.safetensors": 6_000_000_000}, "checkpoints/big.safetensors has 6.0 GB; the hub takes 5 GB"),
        ({f"checkpoints/{i}.bin": 600_000_000 for i in range(2)}, "all files have 1.2 GB; a Space takes 1 GB"),
    ):
        with pytest.raises(ConfigError, match=re.escape(sentence)):
            space.check(folder, found | change)
    (folder / "checkpoints/digits/ae-2.safetensors").unlink()
    assert "no models" in said(capsys, ["--dry-run"], root=folder)
    (folder / "requirements.txt").unlink()
    assert "requirements.txt is missing" in said(capsys, ["--dry-run"], root=folder)


def test_wrong_words_and_no_token_are_one_sentence(folder, capsys, monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    assert "no token: set HF_TOKEN" in said(capsys, ["me/demo"], root=folder)
    for words in ([], [""], ["demo"], ["me/demo/more"], ["me/a b"], ["https://huggingface.co/spaces/me/demo"]):
        assert "name the Space as user/name" in said(capsys, words, root=folder)
    assert "see --help" in said(capsys, ["me/demo", "--dryrun"], root=folder)


def test_names_links_and_terminals_that_nobody_foresaw(folder, capfdbinary):
    (folder / "图.md").write_text("x")
    with open(os.fsencode(folder) + b"/bad\xff\n.md", "w") as file:
        file.write("x")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "gone").symlink_to("nowhere")
    (folder / "self.md").symlink_to(folder / "docs" / "kept.md")
    assert not {"link", "gone"} & set(space.files(folder)) and "self.md" in space.files(folder)
    script = "import pathlib, sys; from vaedemo.cli import space; space.main(['--dry-run'], pathlib.Path(sys.argv[1]))"
    words = [sys.executable, "-c", script, str(folder)]
    for encoding in ("cp1252", "utf-8"):
        subprocess.run(words, cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": encoding}, check=True)
        lines = capfdbinary.readouterr().out.decode(encoding).splitlines()
        assert len(lines) == 12 and any(line.endswith("  bad__.md") for line in lines)
        assert any(line.endswith("图.md" if encoding == "utf-8" else "\\u56fe.md") for line in lines)


@pytest.mark.parametrize("name", ["README.md", "constraints.txt"])
def test_text_of_another_encoding(folder, capsys, name):
    (folder / name).write_bytes("grün".encode("latin-1"))
    assert f"{name} is not text in UTF-8" in said(capsys, ["--dry-run"], root=folder)


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the hub, which huggingface_hub asks in this process too, by LFS."""
    with FakeHub() as made:
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", made.url)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        yield made


def came(hub, root):
    """The names of what came to me/demo by LFS or Xet, after a look at all that there is."""
    there = hub.spaces["me/demo"]
    pointers = {name for name, content in there.items() if isinstance(content, str)}
    assert set(there) == set(space.files(root))
    assert all(there[name] == (root / name).read_bytes() for name in set(there) - pointers)
    return pointers


def test_a_hub_that_refuses_binaries_takes_this_repository_by_xet():
    """The command itself; Xet is what huggingface_hub uses where hf-xet is installed, as it is with Gradio."""
    with FakeHub() as hub:
        done = subprocess.run(
            [sys.executable, "-m", "vaedemo.cli.space", "me/demo"],
            env=os.environ | {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"},
            cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.splitlines()[-1] == f"{hub.url}/spaces/me/demo"
        pointers, found = came(hub, ROOT), space.files(ROOT)
        assert pointers >= {name for name in found if name.endswith((".safetensors", ".png"))}
        assert hub.sent_by_xet > 0.8 * sum(found[name] for name in pointers)


def test_a_hub_that_refuses_binaries_takes_it_by_lfs_and_again(hub, folder, capsys):
    weights = "checkpoints/digits/ae-2.safetensors"
    for data in ((folder / weights).read_bytes(), bytes(reversed(range(256))) * 50):
        (folder / weights).write_bytes(data)
        space.main(["me/demo"], root=folder)
        assert capsys.readouterr().out.splitlines()[-1] == f"{hub.url}/spaces/me/demo"
        assert came(hub, folder) == {weights} and hub.objects[hub.spaces["me/demo"][weights]] == data


def test_what_the_hub_refuses_is_one_sentence(hub, folder, capsys, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_reads_only")
    assert "does not let this token write to me/demo" in said(capsys, ["me/demo"], root=folder)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert "is no name of a Space" in said(capsys, ["me/-demo"], root=folder)
    plain = [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in space.files(folder)]
    monkeypatch.setattr(hub, "preupload", lambda *_: (200, {"files": plain}))
    assert "because it contains binary files" in said(capsys, ["me/demo"], root=folder)
    assert hub.spaces["me/demo"] == {}
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert "the hub did not take it (" in said(capsys, ["me/demo"], root=folder)


def test_the_hub_of_these_tests_refuses_binaries_in_commits():
    with FakeHub() as hub:
        hub.spaces["me/demo"] = {}
        lines = [
            {"key": "header", "value": {"summary": "push"}},
            {"key": "file", "value": {"path": "a.png", "content": "iVBORw0KGgoAAAAN", "encoding": "base64"}},
        ]
        request = urllib.request.Request(
            f"{hub.url}/api/spaces/me/demo/commit/main",
            "\n".join(map(json.dumps, lines)).encode(),
            {"Authorization": f"Bearer {TOKEN}"},
        )
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 400 and b"contains binary files" in refused.value.read()
        assert hub.spaces["me/demo"] == {}
