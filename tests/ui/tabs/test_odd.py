"""The tab "Odd one out" without a browser: its server functions, honest and hostile."""

import base64
import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from tests.uploaded import laid
from vaedemo.data import datasets
from vaedemo.maths import detection
from vaedemo.services.anomaly import SCORES, class_scores, distances, judge, learn_normal
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server import wire
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.odd.server import NEAREST, Oddities

KEY = ModelKey("digits", "vae", 8)
ASKED = {"domain": "digits", "d": 8}
EXAMPLE = {"example": "two", "domain": "digits"}
JUNK = [None, 0, -1, 2.5, math.nan, math.inf, True, 10**400, "", "x", "é" * 500, "../../etc/passwd", [], [1], {}]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    return Oddities(Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads")))


@pytest.fixture(scope="module")
def functions(tab):
    return {f.__name__: f for f in tab.functions}


@pytest.fixture(scope="module")
def x(functions):
    return functions["x"]({"source": EXAMPLE, "domain": "digits"})["x"]


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def said(answer):
    """The sentence of a failure, checked to be one that a visitor can be shown."""
    assert set(answer) == {"error", "key"}, answer
    sentence = answer["error"]
    assert sentence.endswith((".", "!", "?")) and "\n" not in sentence and len(sentence) < 400, sentence
    assert "went wrong" not in sentence, sentence
    return sentence


def test_the_first_screen_knows_the_domains_and_is_small(tab):
    first = tab.first_screen()
    assert len(json.dumps(first)) < 10_000
    assert set(first["table"]) == {"digits", "fashion", "objects", "shapes"} and set(first["units"]) == set(SCORES)
    row = first["table"]["digits"]
    assert row["few"] == 8 and row["usual"] == "joint" and row["sets"] == ["fashion", "objects", "shapes"]


def test_a_library_without_scores_says_so(tmp_path):
    first = Oddities(Service(Library(tmp_path), tmp_path)).first_screen()
    assert first["table"] == {} and "any" not in first


def test_references_are_those_of_the_library(tab, functions):
    answer, reference = functions["reference"](ASKED), tab.library.reference(KEY)
    assert answer["scores"].keys() == reference.scores.keys()
    for source, scores in reference.scores.items():
        for name, values in scores.items():
            assert np.array_equal(floats(answer["scores"][source][name]), values), (source, name)
    labels = np.frombuffer(base64.b64decode(answer["labels"]), np.uint8)
    assert np.array_equal(labels, reference.known.labels)
    found = class_scores(tab.library, reference.known.codes, KEY)
    for name, values in found.items():
        assert floats(answer["classes"][name]).reshape(10, -1) == pytest.approx(values.T, rel=1e-5)
        nearest = values.argmin(1)  # the class whose codes are nearest is the picture's own, most of the time
        assert (nearest == labels).mean() > 0.8, name


def test_a_picture_is_judged_as_the_service_judges_it(tab, functions, x):
    answer = functions["judge"](ASKED | {"x": x})
    want = judge(tab.library, wire.unpack(x, "digits"), KEY, NEAREST)
    assert answer["scores"] == pytest.approx(want.scores, rel=1e-5)
    assert answer["seen"] == pytest.approx(want.seen, rel=1e-5)
    assert answer["x_hat"] == wire.pack(want.x_hat) and len(answer["nearest"]) == NEAREST
    assert {k: len(v) for k, v in answer["classes"].items()} == {"distance": 10, "density": 10}
    again = functions["score"](ASKED | {"source": EXAMPLE})
    assert again["x"] == x and again["scores"] == answer["scores"] and again["seen"] == answer["seen"]
    assert functions["score"](ASKED | {"x": x}) == again


def test_a_foreign_example_has_the_form_of_the_foreign_test_pictures(tab, functions):
    """Cut out and centred as a digit, a pair of trousers would be one."""
    asked = {"source": {"example": "trouser", "domain": "fashion"}, "domain": "digits"}
    answer = functions["picture"](asked)
    own = functions["picture"](asked | {"domain": "fashion"})
    assert answer["domain"] == "digits" and answer["x"] == own["x"] and own["domain"] == "fashion"
    grey = functions["picture"](asked | {"source": {"example": "cat", "domain": "objects"}})
    assert len(base64.b64decode(grey["x"])) == 784
    assert len(base64.b64decode(functions["picture"](asked | {"domain": "objects"})["x"])) == 3 * 32 * 32
    key = tab.library.key("digits")
    limit = detection.threshold(tab.library.reference(key).scores["digits"]["joint"], 0.01)
    for found in (answer, grey):
        assert judge(tab.library, wire.unpack(found["x"], "digits"), key).scores["joint"] > limit


def test_ones_own_normal_is_that_of_the_service(tab, functions):
    pictures = datasets.generated("train", 25).as_of((1, 28, 28))[:].numpy()
    xs = [wire.pack(one) for one in pictures]
    answer = functions["normal"](ASKED | {"xs": xs})
    seen = np.stack([wire.unpack(text, "digits") for text in xs])
    want = learn_normal(tab.library, seen, KEY)
    mean, factor, left_out = (floats(answer[name]) for name in ("mean", "factor", "left_out"))
    assert left_out == pytest.approx(want.left_out, rel=1e-4)
    # What the page does with it.
    own = np.array(functions["judge"](ASKED | {"x": xs[0]})["seen"])
    away = np.linalg.norm(np.linalg.solve(factor.reshape(len(mean), -1), own - mean))
    assert away == pytest.approx(distances(tab.library, want, seen[:1])[0], rel=1e-3)


def test_painted_damage_lights_up(functions, x):
    picture = wire.unpack(x, "digits").copy()
    picture[0, 2:6, 2:8] = 1
    answer = functions["damage"](ASKED | {"x": wire.pack(picture)})
    found = np.frombuffer(base64.b64decode(answer["map"]), np.uint8).reshape(28, 28)
    painted = found[2:6, 2:8]
    assert painted.mean() > 200 and np.delete(found.reshape(-1), 0).mean() < 40
    assert len(base64.b64decode(answer["x_hat"])) == 784


@pytest.mark.parametrize("count", [0, 19])
def test_too_few_normal_pictures_are_refused(functions, x, count):
    assert f"is {count}; give 20 to 500" in said(functions["normal"](ASKED | {"xs": [x] * count}))


def test_junk_in_any_field_gives_a_sentence(functions, x):
    good = {
        "picture": {"source": {"example": "bag", "domain": "fashion"}, "domain": "digits"},
        "reference": ASKED,
        "judge": ASKED | {"x": x},
        "score": ASKED | {"source": EXAMPLE},
        "x": {"source": EXAMPLE, "domain": "digits"},
        "normal": ASKED | {"xs": [x] * 20},
        "damage": ASKED | {"x": x},
    }
    for name, request in good.items():
        assert "error" not in functions[name](request), name
        for field in request:
            for junk in JUNK:
                if (field, junk) != ("d", True):
                    said(functions[name](request | {field: junk}))
        said(functions[name](None))
    said(functions["reference"]({"domain": "digits", "d": 3}))
    said(functions["normal"](ASKED | {"xs": [x] * 501}))


def test_a_broken_file_is_named_in_one_sentence(tab, functions):
    image = io.BytesIO()
    Image.new("L", (40, 40), 200).save(image, "PNG")
    path = laid(tab.service.uploads.folder, image.getvalue()[:60])
    sentence = said(functions["score"](ASKED | {"source": {"upload": str(path)}}))
    assert "cut off" in sentence
