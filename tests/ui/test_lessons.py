"""The lessons: their files, their figures, their links."""

import base64
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from vaedemo.errors import ConfigError, VaedemoError
from vaedemo.store.library import Library
from vaedemo.ui.app import build, checkpoints_folder
from vaedemo.ui.lessons import FOLDER, folders, read, read_all
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.lessons.server import FIGURES, KEPT, Lessons, coloured
from vaedemo.ui.text import LANGUAGES, load

ROOT = Path(__file__).resolve().parents[2]
LESSONS, PROBLEMS = read_all([FOLDER])
STEPS = [(name, i) for name, lesson in LESSONS["en"].items() for i in range(len(lesson.steps))]
GOOD = json.loads((FOLDER / "en" / "01-bottleneck.json").read_text(encoding="utf-8"))
JUNK = [None, 0, -1, 2.5, float("nan"), True, 10**400, "", "x", "é" * 500, "../../etc/passwd", [], [1], {}, [[]] * 9]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    return Lessons(Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads")))


def parts_of(figure):
    """Ids of what a figure consists of."""
    for field in ("rows", "sheets", "bars", "sets", "panels"):
        for part in figure.get(field, ()):
            yield part["id"]
            yield from (cell["id"] for cell in part.get("cells", ()))


# ---- files -------------------------------------------------------------------------------------------------------


def test_every_lesson_is_there_in_both_languages_with_the_same_structure():
    assert PROBLEMS == []
    assert len(LESSONS["en"]) == 10 and list(LESSONS["en"]) == list(LESSONS["zh"])
    files = {language: [p.name for p in sorted((FOLDER / language).glob("*.json"))] for language in LANGUAGES}
    assert files["en"] == files["zh"]
    for name, en in LESSONS["en"].items():
        zh = LESSONS["zh"][name]
        assert 3 <= len(en.steps) <= 5 and len(en.steps) == len(zh.steps)
        assert re.search(r"[\u4e00-\u9fff]", zh.title + zh.lead) and not re.search(r"[\u4e00-\u9fff]", en.title)
        for a, b in zip(en.steps, zh.steps, strict=True):
            assert a._replace(question="", answers=(), why="") == b._replace(question="", answers=(), why="")
            assert len(a.answers) == len(b.answers)
            assert all(re.search(r"[\u4e00-\u9fff]", text) for text in (b.question, b.why))
            assert len(a.question) < 300 and len(a.why) < 300  # one idea a screen


def test_right_answers_do_not_stand_in_one_place():
    places = [step.right for lesson in LESSONS["en"].values() for step in lesson.steps]
    assert max(places.count(place) for place in set(places)) < 0.6 * len(places)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{", "no JSON (line 1)"),
        ("[1]", "one object"),
        ({"title": ""}, "has no title"),
        ({"steps": []}, "1 to 9 steps"),
        ({"steps": [GOOD["steps"][0]] * 10}, "1 to 9 steps"),
        ({"steps": [3]}, "step 1"),
        ({"question": None}, "step 1 has no question"),
        ({"why": 3}, "step 1 has no why"),
        ({"answers": ["one"]}, "2 to 5"),
        ({"answers": ["a", 3]}, "has no answer"),
        ({"right": 3}, "0 to 2"),
        ({"right": True}, "0 to 2"),
        ({"figure": "x"}, "no figure"),
        ({"hide": "x"}, "list of texts"),
        ({"formula": "$$x$$"}, "without $"),
        ({"link": "https://example.org"}, "words of an address"),
        ({"questoin": "?"}, "'questoin'"),
        ({"why": "x" * 1000}, "longer than"),
    ],
)
def test_a_broken_file_is_left_out_and_one_sentence_says_which(tmp_path, change, said):
    for language in LANGUAGES:
        (tmp_path / language).mkdir()
    text = change
    if isinstance(change, dict):
        own = {k: v for k, v in change.items() if k in ("title", "lead", "steps")}
        step = GOOD["steps"][0] | {k: v for k, v in change.items() if k not in own}
        text = json.dumps(GOOD | {"steps": [step]} | own)
    (tmp_path / "en" / "11-own.json").write_text(text, encoding="utf-8")
    (tmp_path / "en" / "12-good.json").write_text(json.dumps(GOOD), encoding="utf-8")
    lessons, problems = read_all([FOLDER, tmp_path])
    assert list(lessons["en"])[:10] == list(LESSONS["en"])
    assert list(lessons["en"])[10:] == list(lessons["zh"])[10:] == ["good"]  # in one language: shown in both
    (sentence,) = problems
    assert "en/11-own.json" in sentence and said in sentence and sentence.endswith(".") and "\n" not in sentence


def test_names_and_folders_are_checked_too(tmp_path):
    with pytest.raises(ConfigError, match="small letters"):
        read(tmp_path / "Lesson 1.json")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "01-missing.json")
    assert folders({}) == [FOLDER] and folders({"VAEDEMO_LESSONS": str(tmp_path)}) == [FOLDER, tmp_path]
    (sentence,) = read_all([tmp_path / "nowhere"])[1]
    assert "nowhere" in sentence


# ---- figures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "i"), STEPS, ids=[f"{name}-{i + 1}" for name, i in STEPS])
def test_every_figure_is_drawn_and_hides_what_it_has(tab, name, i):
    step = LESSONS["en"][name].steps[i]
    figure = tab.drawn(step.figure)
    assert set(step.hide) <= set(parts_of(figure))
    assert len(json.dumps(figure)) < 200_000
    phrases = load()
    text = json.dumps(figure)
    assert all(key in phrases for key in re.findall(r'\["((?:lessons|kind|domain|score)\.[\w.]+)"', text)), text[:500]
    for uri in re.findall(r'"data:image/png;base64,([^"]+)"', text):
        Image.open(io.BytesIO(base64.b64decode(uri))).verify()


def test_every_kind_of_figure_is_used():
    assert {step.figure["kind"] for lesson in LESSONS["en"].values() for step in lesson.steps} >= set(FIGURES) - {
        "dimensions"
    }


@pytest.mark.parametrize("kind", sorted(FIGURES))
def test_hostile_words_give_one_sentence(tab, kind):
    good = [s.figure for lesson in LESSONS["en"].values() for s in lesson.steps if s.figure["kind"] == kind]
    words = good[0] if good else {"domain": "digits", "example": "two", "kinds": ["ae"], "dims": [2], "kind": kind}
    assert tab.drawn(words)
    for field in set(words) - {"kind"}:
        for value in JUNK:
            try:
                assert "form" in tab.drawn(words | {field: value})
            except VaedemoError as error:
                assert "\n" not in str(error) and len(str(error)) < 400
    with pytest.raises(VaedemoError):
        tab.drawn({"kind": kind})


def test_the_server_answers_for_a_lesson_and_a_step_alone(tab):
    lesson, figure = (next(f for f in tab.functions if f.__name__ == name) for name in ("lesson", "figure"))
    told = lesson({"language": "zh", "name": "elbo"})["steps"]
    assert [s["question"] for s in told] == [s.question for s in LESSONS["zh"]["elbo"].steps]
    assert all(s["figure"] is None and (s["formula"] is None or 0 <= s["formula"] < len(tab.formulas)) for s in told)
    assert figure({"language": "en", "name": "elbo", "step": 0})["form"] == "bars"
    for wrong in ({"language": "de"}, {"name": "../en/01-bottleneck"}, {"step": 9}, {"step": 0.5}, {"name": None}):
        assert "error" in figure({"language": "en", "name": "elbo", "step": 0} | wrong)
    for value in JUNK:
        assert "error" in figure(value) and "error" in lesson(value)


def test_figures_are_kept_and_no_more_than_so_many(tab):
    words = {"kind": "lengths", "dims": [2], "n": 100, "seed": 0}
    assert tab.drawn(words) is tab.drawn(dict(words))
    for seed in range(KEPT + 3):
        tab.drawn(words | {"seed": seed})
    assert len(tab._kept) == KEPT
    assert tab.drawn({"kind": "lengths", "dims": [2], "n": 100, "seed": KEPT}) is not None


def test_what_the_page_begins_with_is_small(tab):
    assert len(json.dumps(tab.first_screen(), ensure_ascii=False).encode()) < 12_000


def test_every_symbol_of_a_formula_has_its_colour():
    assert coloured(r"\mu") == r"{\textcolor{#0067ab}{\mu}}"
    assert coloured(r"z_0") == r"{\textcolor{#6d3fc0}{z}}_0"
    assert coloured(r"\hat{x}") == r"{\textcolor{#00795b}{\hat{x}}}"
    assert coloured(r"\sigma \odot \varepsilon").count("textcolor") == 2
    assert coloured(r"\mathrm{KL}") == r"{\textcolor{#c0322b}{\mathrm{KL}}}"
    for plain in (r"\Vert", r"\zeta", "x", r"\mathbb{Z}"):
        assert coloured(plain) == plain
    css = (FOLDER.parent / "tabs" / "lessons" / "style.css").read_text(encoding="utf-8")
    tokens = (FOLDER.parent / "page" / "frame" / "tokens.css").read_text(encoding="utf-8")
    for name, colour in re.findall(r"--vd-(mu|sigma|epsilon|z|rec|kl): (#\w{6});", tokens.split(".dark")[0]):
        rgb = ", ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
        assert re.search(rf'\[style\*="rgb\({rgb}\)"\] {{\s*color: var\(--vd-{name}\)', css), name


# ---- links -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("node") is None, reason="node is missing: the links of the lessons are not tried")
def test_every_link_opens_in_that_very_state():
    values = {b.elem_id.removeprefix("vd-"): b.value for b in build().blocks.values() if isinstance(b, gr.HTML)}
    links = [step.link for lesson in LESSONS["en"].values() for step in lesson.steps]
    wrong = ["tab=latent&domain=cats", "tab=reconstruct&d=3", "tab=nothing", "tab=generate&p=nobody", "tab=odd&foo=1"]
    given = json.dumps({"values": values, "links": links + wrong})
    made = subprocess.run(
        ["node", ROOT / "tests" / "js" / "links.mjs"], input=given, capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stderr[-2000:]
    assert json.loads(made.stdout) == wrong
