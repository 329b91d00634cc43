"""The tab "Generate" without a browser: its server functions, honest and hostile."""

import base64
import json
import math

import numpy as np
import pytest

from vaedemo.data.domains import SIZED
from vaedemo.services.generate import generate
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import example_names
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.generate.server import GRIDS, MAX_SAMPLES, Generation

GOOD = {
    "samples": {"domain": "digits", "d": 8, "n": 4, "seed": 1, "temperature": 1.0, "label": None, "pca": False},
    "examples": {"domain": "digits"},
    "combine": {"domain": "digits", "d": 8},
    "between": {"domain": "digits", "d": 8, "n": 3, "path": "straight"},
}
JUNK = [None, 0, -1, 2.5, math.nan, math.inf, True, 10**400, "", "x", "é" * 500, "../../etc/passwd", [], [1], {}]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    return Generation(Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads")))


@pytest.fixture(scope="module")
def functions(tab):
    return {f.__name__: f for f in tab.functions}


@pytest.fixture(scope="module")
def good(functions):
    """A request that is answered, for each function."""
    xs = [e["x"] for e in functions["examples"]({"domain": "digits"})["examples"]][:3]
    return GOOD | {
        "combine": GOOD["combine"] | {"xs": xs},
        "between": GOOD["between"] | {"a": xs[0], "b": xs[1]},
    }


def said(answer):
    """The sentence of a failure, checked to be one that a visitor can be shown."""
    assert set(answer) == {"error", "key"}, answer
    sentence = answer["error"]
    assert sentence[0].isupper() or not sentence[0].isalpha(), sentence
    assert sentence.endswith((".", "!", "?")) and "\n" not in sentence and len(sentence) < 400, sentence
    assert "went wrong" not in sentence, sentence
    return sentence


def pictures(text, domain):
    """uint8 (N, C, H, W) of packed pictures."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, *SIZED[domain].shape)


def test_the_functions_are_named_and_the_first_screen_is_small(tab, functions):
    assert list(functions) == ["samples", "examples", "combine", "between", "prepare", "row"]
    first = tab.first_screen()
    assert len(json.dumps(first)) < 10_000
    assert set(first["table"]) <= set(SIZED) and first["table"]["digits"]["dims"]


@pytest.mark.parametrize("domain", ["digits", "objects"])
def test_samples_are_those_of_the_library_and_a_seed_gives_the_same_again(tab, functions, domain):
    request = GOOD["samples"] | {"domain": domain, "pca": True, "n": 5, "temperature": 0.8}
    grids = functions["samples"](request)["grids"]
    assert list(grids) == [f"{kind}-{prior}" for kind, prior in GRIDS]
    assert functions["samples"](request)["grids"] == grids
    for kind, prior in GRIDS:
        grid = grids[f"{kind}-{prior}"]
        if "error" in grid:
            assert prior == "mixture"  # not fitted yet
            continue
        made = generate(tab.library, ModelKey(domain, kind, 8), prior, 5, 1, 0.8).x_hat
        assert np.array_equal(pictures(grid["x"], domain), np.round(made.clip(0, 1) * 255).astype(np.uint8))
    other = functions["samples"](request | {"seed": 2})["grids"]
    assert all(other[name] != grids[name] for name in grids if "x" in grids[name])


def test_at_temperature_zero_every_sample_of_the_prior_is_the_same(functions):
    grids = functions["samples"](GOOD["samples"] | {"temperature": 0})["grids"]
    x = pictures(grids["vae-normal"]["x"], "digits")
    assert (x == x[0]).all()


def test_one_class_moves_the_mixtures_only(functions):
    every = functions["samples"](GOOD["samples"])["grids"]
    if "error" in every["vae-mixture"]:
        pytest.skip("no mixtures yet")
    three = functions["samples"](GOOD["samples"] | {"label": 3})["grids"]
    assert three["vae-normal"] == every["vae-normal"] and three["ae-normal"] == every["ae-normal"]
    assert three["vae-mixture"] != every["vae-mixture"] and three["ae-mixture"] != every["ae-mixture"]


def test_the_examples_come_as_the_models_see_them(functions):
    for domain in SIZED:
        shown = functions["examples"]({"domain": domain})["examples"]
        assert [e["name"] for e in shown] == list(example_names(domain))
        assert all(wire.unpack(e["x"], domain).shape == SIZED[domain].shape for e in shown)


def test_a_minus_a_plus_c_is_c(functions, good):
    a, c = good["combine"]["xs"][0], good["combine"]["xs"][2]
    made = functions["combine"](good["combine"] | {"xs": [a, a, c]})["results"]
    whole = functions["between"](good["between"] | {"a": c, "b": a, "n": 2})["results"]
    assert set(made) == {"ae", "vae"}
    for kind in made:
        x_hat, first = pictures(made[kind], "digits")[0], pictures(whole[kind], "digits")[0]
        assert np.abs(x_hat.astype(int) - first).max() <= 1  # the arithmetic is in float32


def test_a_path_begins_and_ends_where_it_should(functions, good):
    there = functions["between"](good["between"] | {"n": 9})["results"]
    back = functions["between"](good["between"] | {"n": 9, "a": good["between"]["b"], "b": good["between"]["a"]})[
        "results"
    ]
    for kind in there:
        forth, turned = pictures(there[kind], "digits"), pictures(back[kind], "digits")[::-1]
        assert len(forth) == 9 and np.abs(forth.astype(int) - turned).max() <= 1
    arc = functions["between"](good["between"] | {"n": 9, "path": "spherical"})["results"]
    for kind in arc:
        ends = [0, -1]
        assert (
            np.abs(pictures(arc[kind], "digits")[ends].astype(int) - pictures(there[kind], "digits")[ends]).max() <= 1
        )
        assert arc[kind] != there[kind]


@pytest.mark.parametrize("name", list(GOOD))
def test_no_function_raises_whatever_comes(functions, good, name):
    json.dumps(functions[name](good[name]), allow_nan=False)
    for junk in JUNK:
        if not isinstance(junk, dict):
            said(functions[name](junk))
        for field in good[name]:
            answer = functions[name](good[name] | {field: junk})
            json.dumps(answer, allow_nan=False)
            if "error" in answer:
                said(answer)


WRONG = [
    ("samples", {"n": MAX_SAMPLES + 1}),
    ("samples", {"n": 0}),
    ("samples", {"seed": -1}),
    ("samples", {"seed": 2**31}),
    ("samples", {"temperature": 1.6}),
    ("samples", {"temperature": -0.1}),
    ("samples", {"label": 10}),
    ("samples", {"label": -1}),
    ("samples", {"label": "3"}),
    ("samples", {"domain": "letters"}),
    ("samples", {"d": 7}),
    ("combine", {"xs": []}),
    ("combine", {"xs": ["AAAA"] * 3}),
    ("combine", {"xs": ["A" * 10**6] * 3}),
    ("combine", {"d": 7}),
    ("combine", {"domain": "objects"}),
    ("between", {"n": 1}),
    ("between", {"n": 1000}),
    ("between", {"path": "crooked"}),
    ("between", {"a": None}),
]


@pytest.mark.parametrize("name, change", WRONG, ids=[f"{n} {str(c)[:40]}" for n, c in WRONG])
def test_a_wrong_request_gives_one_sentence(functions, good, name, change):
    said(functions[name](good[name] | change))


def test_without_models_the_tab_says_so(tmp_path):
    tab = Generation(Service(Library(tmp_path), tmp_path))
    assert tab.first_screen() == {"table": {}, "measured": False}
    for function in tab.functions:
        if function.__name__ in GOOD and function.__name__ != "examples":
            said(function(GOOD[function.__name__]))


@pytest.mark.parametrize(
    ("domain", "d", "label"), [("shapes", 10, None), ("shapes", 10, 2), ("digits", 8, None), ("digits", 32, 4)]
)
def test_the_number_of_gaussians_is_that_of_the_mixture_that_was_drawn_from(tab, functions, domain, d, label):
    answer = functions["samples"](GOOD["samples"] | {"domain": domain, "d": d, "label": label})
    counts = {name: grid["components"] for name, grid in answer["grids"].items() if "components" in grid}
    fitted = {
        f"{kind}-mixture": len(tab.library.mixture(ModelKey(domain, kind, d), label).weights) for kind in ("ae", "vae")
    }
    assert counts == fitted
