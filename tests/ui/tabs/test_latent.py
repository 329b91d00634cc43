"""The server functions of "Latent space": they give what the library computes, and answer whatever comes."""

import base64
import inspect
import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from vaedemo.data.domains import SIZED
from vaedemo.services import walk as latent
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode, encode
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server import wire
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.latent import server

NAMES = ["decode_many", "walk", "animation", "traverse"]
JUNK = [None, 0, -1, 2.5, math.nan, math.inf, True, 10**400, "", "x", "é" * 50, "../../etc/passwd", "\0", [], [1], [[]]]
JUNK += [[None, None], [{}, {}], {}, {"a": 1}, {"x": 1}, [["ae", "straight"]] * 5, [[["ae"], "straight"]], [["ae", {}]]]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads"))


@pytest.fixture(scope="module")
def functions(service):
    return {f.__name__: f for f in server.functions(service)}


def picture(seed, domain="digits"):
    """Some picture (C, H, W) in [0, 1], exact in bytes."""
    made = np.random.default_rng(seed).integers(0, 256, SIZED[domain].shape)
    return (made / np.float32(255)).astype(np.float32)


def ends(domain="digits"):
    return [{"x": wire.pack(picture(seed, domain))} for seed in (0, 1)]


def good(name):
    walk = {"domain": "digits", "d": 2, "ends": ends(), "rows": [["vae", "spherical"]], "n": 5}
    code = {"domain": "digits", "kind": "vae", "d": 8, "beta": 1.0, "z": [0.5] * 8, "dims": [3, 0], "n": 3}
    many = code | {"z": [[0.5] * 8, [1.0] * 8]}
    return {"decode_many": many, "walk": walk, "animation": walk | {"format": "gif"}, "traverse": code}[name]


def unpacked(packed, n, domain="digits"):
    """n pictures (n, C, H, W) in [0, 1] out of one base64."""
    return np.frombuffer(base64.b64decode(packed), np.uint8).reshape(n, *SIZED[domain].shape) / 255


def said(answer):
    """The sentence of a failure, checked to be one that a visitor can be shown."""
    assert set(answer) == {"error", "key"}, answer
    sentence = answer["error"]
    assert sentence and (sentence[0].isupper() or sentence[0] == '"'), sentence
    assert sentence.endswith((".", "!", "?")) and "\n" not in sentence and len(sentence) < 400, sentence
    assert "Traceback" not in sentence and "/tmp" not in sentence and "went wrong" not in sentence, sentence
    return sentence


def test_they_take_one_argument_and_carry_their_names(functions):
    assert list(functions) == [*NAMES, "lentmap"]
    for function in functions.values():
        assert list(inspect.signature(function).parameters) == ["request"]


def test_a_walk_is_the_librarys(functions, service):
    rows = [[kind, path] for kind in ("ae", "vae") for path in ("straight", "spherical")]
    answer = functions["walk"](good("walk") | {"rows": rows, "n": 9})
    assert [[r["kind"], r["path"]] for r in answer["rows"]] == rows
    for row in answer["rows"]:
        a, b = (encode(service.library, picture(seed), ModelKey("digits", row["kind"], 2))[0] for seed in (0, 1))
        want = latent.walk(service.library, a, b, ModelKey("digits", row["kind"], 2), n=9, path=row["path"])
        assert np.allclose(row["z"], want.z, rtol=1e-4, atol=1e-4)
        assert np.abs(unpacked(row["x_hat"], 9) - want.x_hat).max() <= 0.51 / 255
        first = decode(service.library, a, ModelKey("digits", row["kind"], 2))
        assert np.abs(unpacked(row["x_hat"], 9)[0] - first).max() <= 1 / 255


def test_a_point_is_a_models_own_and_its_picture_the_others(functions, service):
    point = ends()[0] | {"kind": "vae", "z": [0.25, -1.0]}
    rows = [["ae", "straight"], ["vae", "straight"]]
    ae, vae = functions["walk"](good("walk") | {"ends": [point, ends()[1]], "rows": rows})["rows"]
    assert vae["z"][0] == [0.25, -1.0]
    assert np.allclose(ae["z"][0], encode(service.library, picture(0), ModelKey("digits", "ae", 2))[0], rtol=1e-4)


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_an_animation_goes_there_and_back(functions, form):
    answer = functions["animation"](good("animation") | {"format": form, "n": 6})
    image = Image.open(io.BytesIO(base64.b64decode(answer["data"])))
    assert image.format == form.upper() and image.n_frames == 10


def test_a_traversal_is_the_librarys(functions, service):
    request = good("traverse")
    answer = functions["traverse"](request)
    for row, i in zip(answer["rows"], request["dims"], strict=True):
        for k, x in enumerate(unpacked(row, 3)):
            z = np.full(8, 0.5)
            z[i] = (-3, 0, 3)[k]
            assert np.abs(x - decode(service.library, z, ModelKey("digits", "vae", 8))).max() <= 1 / 255


def test_an_ae_is_traversed_in_its_own_spread(functions, service):
    known = service.library.figures(ModelKey("digits", "ae", 8))
    request = good("traverse") | {"kind": "ae", "z": known["mu_mean"], "dims": [5], "n": 2}
    high = unpacked(functions["traverse"](request)["rows"][0], 2)[1]
    z = np.array(known["mu_mean"])
    z[5] += 3 * known["mu_std"][5]
    assert np.abs(high - decode(service.library, z, ModelKey("digits", "ae", 8))).max() <= 1 / 255


@pytest.mark.parametrize("name", NAMES)
def test_whatever_comes_is_answered(functions, name):
    request = good(name)
    json.dumps(functions[name](request), allow_nan=False)
    for junk in JUNK:
        if not isinstance(junk, dict):
            said(functions[name](junk))
        for field in request:
            got = functions[name](request | {field: junk})
            if "error" in got:
                said(got)
            json.dumps(got, allow_nan=False)
        said(functions[name](dict.fromkeys(request, junk)))


X = wire.pack(picture(0))
WRONG = [
    ("walk", {"n": 1}),
    ("walk", {"n": 65}),
    ("walk", {"n": 9.0}),
    ("walk", {"d": 3}),
    ("walk", {"rows": [["pca", "straight"]]}),
    ("walk", {"rows": [["ae", "crooked"]]}),
    ("walk", {"rows": [["ae", "straight", 1]]}),
    ("walk", {"rows": []}),
    ("walk", {"ends": [{"x": X}]}),
    ("walk", {"ends": [{"x": X}, {"x": "AAAA"}]}),
    ("walk", {"ends": [{"x": X}, {"x": "A" * 10**6}]}),
    ("walk", {"ends": [{"x": X}, {"kind": "vae", "z": [0, 0]}]}),
    ("walk", {"ends": [{"x": X}, {"x": X, "kind": "vae", "z": [0.0] * 3}]}),
    ("walk", {"ends": [{"x": X}, {"x": X, "kind": "vae", "z": [math.nan, 0]}]}),
    ("walk", {"ends": [{"x": X}, {"x": X, "kind": "vae", "z": [1e29, 0]}]}),
    ("walk", {"domain": "shapes"}),
    ("animation", {"format": "mp4"}),
    ("animation", {"rows": [["ae", "straight"], ["vae", "straight"]]}),
    ("traverse", {"dims": [8]}),
    ("traverse", {"dims": [-1]}),
    ("traverse", {"dims": [0.0]}),
    ("traverse", {"dims": [True]}),
    ("traverse", {"dims": [0] * 17}),
    ("traverse", {"dims": []}),
    ("traverse", {"n": 17}),
    ("traverse", {"z": [0.0] * 7}),
    ("traverse", {"z": [0.0] * 10**5}),
    ("traverse", {"z": [10**400] * 8}),
    ("traverse", {"beta": 3}),
    ("traverse", {"kind": "gan"}),
    ("traverse", {"domain": "letters"}),
]


@pytest.mark.parametrize("name, change", WRONG, ids=[f"{n} {str(c)[:40]}" for n, c in WRONG])
def test_a_wrong_request_gives_one_sentence(functions, name, change):
    said(functions[name](good(name) | change))
