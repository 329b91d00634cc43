"""The page without a browser: its texts, its server functions under hostile requests, its endpoints, its start."""

import base64
import inspect
import json
import math
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hostile import HOSTILE
from tests.uploaded import laid
from vaedemo.data.domains import SIZED
from vaedemo.errors import PictureError
from vaedemo.services.reconstruct import reconstruct
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.app import build, checkpoints_folder
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import UI, files
from vaedemo.ui.server.inputs import example_names
from vaedemo.ui.server.service import Service
from vaedemo.ui.server.uploads import Uploads
from vaedemo.ui.tabs import TABS
from vaedemo.ui.tabs.reconstruct.server import first_screen
from vaedemo.ui.text import LANGUAGES, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads"))


@pytest.fixture(scope="module")
def functions(service):
    return {f.__name__: f for f in service.functions}


@pytest.fixture(scope="module")
def model(service):
    """(domain, kind, latent dimension) of some model there is."""
    e = service.library.entries[0]
    return *e.key[:2], service.library.dims(*e.key[:2], e.key.beta)[0]


# ---- texts -------------------------------------------------------------------------------------------------------


def placeholders(phrase):
    return sorted(re.findall(r"\{(\w+)\}", phrase))


def test_every_phrase_is_there_in_both_languages_with_the_same_gaps():
    tables = {name: load(name) for name in LANGUAGES}
    for table in tables.values():
        table.pop("error.patterns", None)
    en, zh = tables["en"], tables["zh"]
    assert set(en) == set(zh)
    for key in en:
        assert placeholders(en[key]) == placeholders(zh[key]), key
        assert zh[key].strip() and (en[key].strip() or key == "error.intro"), key
    same = {k for k in en if en[k] == zh[k] and re.search(r"[A-Za-z]{4,}", en[k])}
    assert same <= {"psnr.name", "ssim.name", "msssim.name", "score.elbo", "odd.area", "restore.db"}


def test_figures_of_one_class_are_those_measured():
    """In both languages, beside what Ruff et al. published."""
    found = json.loads((ROOT / "benchmarks" / "results" / "anomaly.json").read_text())["oneclass"]
    means = {
        (domain, row["method"], row["input"]): np.mean(row["auroc"])
        for domain, by in found.items()
        for row in by["rows"]
    }
    wanted = [means["digits", "ours", "gradients"], means["digits", "k nearest neighbours", "pixels"], 94.8]
    wanted += [means["fashion", "ours", "gradients"], means["fashion", "OC-SVM", "gradients"]]
    for language in LANGUAGES:
        said = re.findall(r"(\d\d\.\d) %", load(language)["odd.more"])
        assert said == [f"{value:.1f}" for value in wanted]


def test_every_key_that_the_page_uses_exists_and_every_phrase_is_used():
    en = load()
    source = "".join(p.read_text(encoding="utf-8") for p in [*files(), *(UI / "tabs").rglob("*.py")])
    plain = set(re.findall(r"""\bt\(\s*"([\w.]+)\"""", source))
    plain |= set(re.findall(r'data-t(?:-label|-title)?="([\w.]+)"', source))
    assert plain <= set(en), plain - set(en)
    ends = {k.rsplit(".", 1)[-1] for k in en}
    for key in en:
        stem, _, end = key.rpartition(".")
        built = (f"{stem}." in source or f'"{stem}"' in source) and end in ends  # such as t(`kind.${kind}`)
        assert f'"{key}"' in source or built or f".{end}" in source, f"{key} is never shown"
    for tab in TABS:
        assert f"tab.{tab.name}" in en
    for name in SIZED:
        assert f"domain.{name}" in en


@pytest.mark.parametrize("theme", [":root", ".dark"])
def test_every_colour_that_text_is_written_in_can_be_read(theme):
    css = (UI / "page/frame/tokens.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--vd-([\w-]+):\s*#(\w{6})", css.split(theme + " {")[1].split("}")[0]))

    def luminance(value):
        channels = [int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    def contrast(a, b):
        high, low = sorted((luminance(colours[a]), luminance(colours[b])), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for paper in ("paper", "card"):
        for ink in ("ink", "soft", "mu", "sigma", "epsilon", "z", "rec", "kl", "ae", "vae", "pca", "dense"):
            assert contrast(ink, paper) >= 4.5, (ink, paper)
    assert contrast("soft", "well") >= 4.5
    assert contrast("warn", "warn-paper") >= 4.5


# ---- server functions --------------------------------------------------------------------------------------------


def grey(domain, value=0.5):
    return wire.pack(np.full(SIZED[domain].shape, value, np.float32))


def said(answer):
    """The sentence of a failure, checked to be one that a visitor can be shown."""
    assert set(answer) == {"error", "key"}, answer
    sentence = answer["error"]
    assert sentence and (sentence[0].isupper() or sentence[0] == '"'), sentence
    assert sentence.endswith((".", "!", "?")) and "\n" not in sentence and len(sentence) < 400, sentence
    assert "Traceback" not in sentence and str(ROOT) not in sentence and "/tmp" not in sentence, sentence
    return sentence


JUNK = [None, 0, -1, 2.5, math.nan, math.inf, True, 10**400, "", "x", "é" * 50, "../../etc/passwd", "\0"]
JUNK += [[], [1], {}, {"a": 1}]


def test_server_functions_take_one_argument_and_carry_their_names(service):
    assert [f.__name__ for f in service.functions] == ["domain", "prepare", "look", "decode"]
    for function in service.functions:
        assert list(inspect.signature(function).parameters) == ["request"]


@pytest.mark.parametrize("name", ["domain", "prepare", "look", "decode"])
def test_no_server_function_raises_whatever_comes(functions, model, name):
    domain, kind, d = model
    good = {
        "domain": {"domain": domain},
        "prepare": {"source": {"example": example_names(domain)[0], "domain": domain}, "domain": domain, "fit": "crop",
                    "polarity": "auto", "models": [[kind, d, 1.0]]},
        "look": {"x": grey(domain), "domain": domain, "models": [[kind, d, 1.0]]},
        "decode": {"domain": domain, "kind": kind, "d": d, "beta": 1.0, "z": [0.0] * d, "x": grey(domain)},
    }[name]  # fmt: skip
    answer = functions[name](good)
    assert "error" not in answer
    json.dumps(answer, allow_nan=False)
    for junk in JUNK:
        if not isinstance(junk, dict):
            said(functions[name](junk))
        for field in good:
            got = functions[name](good | {field: junk})
            if "error" in got:
                said(got)
            json.dumps(got, allow_nan=False)


WRONG = [
    ("look", {"models": [["ae", 3, 1.0]]}),
    ("look", {"models": [["ae", 8, 1.0]] * 65}),
    ("look", {"models": [[["ae"], 8, 1.0]]}),
    ("look", {"models": [["ae", True, 1.0]]}),
    ("look", {"models": [["ae", 8, math.nan]]}),
    ("look", {"models": [["ae", 8, 1.0, 2]]}),
    ("look", {"models": {"ae": 8}}),
    ("look", {"x": base64.b64encode(b"short").decode()}),
    ("look", {"x": "not base64!"}),
    ("look", {"x": "A" * 10**6}),
    ("look", {"domain": "letters"}),
    ("decode", {"z": [0.0]}),
    ("decode", {"z": [math.nan] * 2}),
    ("decode", {"z": [math.inf] * 2}),
    ("decode", {"z": [1e300] * 2}),
    ("decode", {"z": [10**400] * 2}),
    ("decode", {"z": ["1", "2"]}),
    ("decode", {"z": [[1, 2]]}),
    ("decode", {"z": [0.0] * 10**5}),
    ("decode", {"kind": "gan"}),
    ("decode", {"d": 2.5}),
    ("decode", {"kind": "ae", "beta": -1}),
    ("prepare", {"fit": "stretch"}),
    ("prepare", {"polarity": None}),
    ("prepare", {"source": {"example": "no such", "domain": "digits"}}),
    ("prepare", {"source": {"example": "zero", "domain": "objects"}}),
    ("prepare", {"source": {"data": "http://example.com/a.png"}}),
    ("prepare", {"source": {"data": "data:image/png;base64,####"}}),
    ("prepare", {"source": {"data": "data:text/html;base64,AAAA"}}),
    ("prepare", {"source": {"data": "data:image/png;base64," + "A" * 9_000_000}}),
    ("prepare", {"source": {"upload": "../../../etc/passwd"}}),
    ("prepare", {"source": {"upload": "/etc/passwd"}}),
    ("prepare", {"source": {"upload": "/dev/zero"}}),
    ("prepare", {"source": {"upload": "/proc/self/environ"}}),
    ("prepare", {"source": {"upload": "\0"}}),
    ("prepare", {"source": {"upload": "a" * 5000}}),
    ("prepare", {"source": {"upload": ["a"]}}),
    ("prepare", {"source": {}}),
]


@pytest.mark.parametrize("name, change", WRONG, ids=[f"{n} {str(c)[:50]}" for n, c in WRONG])
def test_a_wrong_request_gives_one_sentence(functions, name, change):
    base = {
        "look": {"x": grey("digits"), "domain": "digits", "models": [["pca", 2, 1.0]]},
        "decode": {"domain": "digits", "kind": "pca", "d": 2, "beta": 1.0, "z": [0.0, 0.0]},
        "prepare": {"source": {"example": "zero", "domain": "digits"}, "domain": "digits"},
    }[name]
    assert "error" not in functions[name](base)
    said(functions[name](base | change))


@pytest.mark.parametrize("case", HOSTILE, ids=lambda c: c.name)
def test_every_hostile_file_gives_a_picture_or_one_sentence(functions, service, tmp_path, case):
    made = case.make(tmp_path)
    if not isinstance(made, bytes) or len(made) > 25_000_000:
        pytest.skip("nothing that can be uploaded")
    path = laid(service.uploads.folder, made)
    answer = functions["prepare"]({"source": {"upload": str(path)}, "domain": None})
    path.unlink(missing_ok=True)
    if case.expect == "picture":
        assert "error" not in answer, answer
        shape = SIZED[answer["domain"]].shape
        assert len(base64.b64decode(answer["x"])) == math.prod(shape)
        assert answer["original"].startswith("data:image/")
    else:
        said(answer)


def test_only_what_was_uploaded_here_is_opened(tmp_path):
    secret, root = tmp_path / "secret.png", tmp_path / "uploads"
    Image.new("L", (8, 8)).save(secret)
    inside = laid(root, secret.read_bytes())
    folder = inside.parent
    (folder / "link.png").symlink_to(secret)
    (folder / "loop").symlink_to(folder / "loop")
    uploads, up = Uploads(root), folder / ".." / ".."
    for name in (secret, folder / "link.png", folder / "loop", up / "secret.png", folder, root, "secret.png"):
        with pytest.raises(PictureError):
            uploads.path(str(name))
    assert uploads.path(str(inside)) == inside.resolve()


def test_an_upload_that_is_gone_is_told_by_its_key(functions, service):
    gone = {"source": {"upload": str(service.uploads.folder / "gone.png")}, "domain": "digits"}
    assert functions["prepare"](gone) == {
        "error": "The uploaded file is no longer here; choose it again.", "key": "Gone"
    }  # fmt: skip
    never = functions["prepare"]({"source": {"upload": ""}, "domain": "digits"})
    assert never["key"] == "PictureError"


def test_the_disk_that_uploads_take_is_bounded(tmp_path):
    uploads = Uploads(tmp_path, limit_bytes=1000, limit_files=5)
    for i in range(20):
        uploads.path(str(laid(tmp_path, b"x" * 300, f"{i}")))
    assert sorted(p.name for p in tmp_path.glob("*/*")) == ["17", "18", "19"]
    assert len(list(tmp_path.iterdir())) == 3


def test_what_the_browser_gets_is_what_the_library_computes(functions, service, model):
    domain, kind, d = model
    row = SIZED[domain]
    x = (np.random.default_rng(0).integers(0, 256, row.shape) / np.float32(255)).astype(np.float32)
    got = functions["look"]({"x": wire.pack(x), "domain": domain, "models": [[kind, d, 1.0]]})["results"][0]
    want = reconstruct(service.library, x, ModelKey(domain, kind, d))
    assert got["mse"] == pytest.approx(want.mse, rel=1e-4)
    assert np.abs(wire.unpack(got["x_hat"], domain) - want.x_hat).max() <= 0.51 / 255
    assert got["z"] == pytest.approx(want.z.tolist(), rel=1e-4, abs=1e-6)
    made = functions["decode"]({"domain": domain, "kind": kind, "d": d, "beta": 1.0, "z": got["z"], "x": wire.pack(x)})
    assert made["psnr"] == pytest.approx(want.psnr, abs=0.02)


def test_the_first_screen_is_baked_in_and_small(service):
    first = first_screen(service)
    assert len(json.dumps(first, allow_nan=False)) < 250_000
    state, have = first["first"], {r["key"] for r in first["first"]["picture"]["results"]}
    kinds = first["table"][state["domain"]]["kinds"]
    assert {f"{k}-{d}" for k, dims in kinds.items() for d in dims} <= have


def test_without_any_model_the_page_says_so(tmp_path):
    first = first_screen(Service(Library(tmp_path), tmp_path))
    assert first["first"] is None
    assert build(tmp_path) is not None


# ---- the start ---------------------------------------------------------------------------------------------------


def run(code_or_args, cwd, **env):
    return subprocess.run(
        code_or_args, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_taken_port_and_a_wrong_one_are_said_in_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run([sys.executable, str(ROOT / "app.py")], tmp_path, PORT=port)
    assert done.returncode == 2
    said = f"Port {port} is taken; choose another one, for example PORT={int(port) + 1}."
    assert done.stderr.strip().splitlines() == [said]


def test_importing_the_page_writes_nothing_and_needs_no_particular_folder(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    temp = tmp_path / "temp"
    temp.mkdir()
    empty.chmod(0o555)
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import app; print(type(app.demo).__name__)"
    settings = {"TMPDIR": str(temp), "GRADIO_TEMP_DIR": str(temp / "gradio"), "HOME": str(temp)}
    done = run([sys.executable, "-B", "-c", code], empty, **settings)
    assert done.stdout.strip() == "Blocks", done.stderr
    assert list(empty.iterdir()) == []
    left = [p for p in temp.rglob("*") if p.is_file()]
    assert left == []
