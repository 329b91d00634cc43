"""The lessons: their files, their figures, their links, and whether what they claim is true of the models that ship."""

import base64
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import gradio as gr
import numpy as np
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


def keys_of(label):
    """Keys of phrases in a label."""
    if isinstance(label, list):
        yield label[0]
        for value in (label[1] if len(label) > 1 else {}).values():
            yield from keys_of(value)


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


# ---- what the lessons claim ----------------------------------------------------------------------------------------


@pytest.fixture
def claim(tab):
    """A function: (lesson, step from 1) -> (its figure, its bars' totals by id, whether both languages say a text)."""

    def make(name, number):
        texts = {}
        for language in LANGUAGES:
            step = LESSONS[language][name].steps[number - 1]
            text = f"{step.question} {' '.join(step.answers)} {step.why}"
            texts[language] = re.sub(r"(?<=\d),(?=\d{3})|(?<=\d) (?=%)", "", text)
        figure = tab.drawn(step.figure)
        totals = {bar["id"]: sum(p["value"] for p in bar["parts"]) for bar in figure.get("bars", ())}

        def say(*said):
            for text in map(str, said):
                for language in LANGUAGES:
                    assert re.search(rf"(?<![\d.]){re.escape(text)}(?![\d.]*\d)", texts[language]), (text, texts)

        return figure, totals, say

    return make


def figures(key):
    return Library(checkpoints_folder())._figures[key]


def pictures(cells):
    return np.stack(
        [np.asarray(Image.open(io.BytesIO(base64.b64decode(c["src"].split(",")[1]))), np.float32) / 255 for c in cells]
    )


def classes(tab, cells):
    """(most probable class, its probability) of grey pictures, by the classifier of digits."""
    import torch

    from vaedemo.models.classifier import judge

    with torch.no_grad():
        found = judge(tab.library.classifier("digits"), torch.from_numpy(pictures(cells))[:, None]).probabilities.max(1)
    return found.indices.tolist(), found.values.numpy()


def test_bottleneck(tab, claim):
    figure, _, say = claim("bottleneck", 1)
    assert classes(tab, figure["rows"][1]["cells"])[0] == [8] * 5  # PCA's are read as nothing but an 8
    assert classes(tab, figure["rows"][2]["cells"])[0] == [0, 3, 5, 7, 8]
    say(f"{100 * figures('digits/ae-2')['mse'] / figures('digits/pca-2')['mse']:.0f}%", 784)
    _, mse, say = claim("bottleneck", 2)
    assert mse["pca-64"] < mse["ae-8"] < mse["pca-32"]
    say(f"{mse['ae-8']:.4f}", f"{mse['pca-32']:.4f}")
    _, share, say = claim("bottleneck", 4)
    say(*(f"{100 * value:.0f}%" for value in share.values()))


def test_holes(tab, claim):
    figure, _, _ = claim("holes", 1)
    ae, vae = (np.array(p["points"])[:, :2] for p in figure["panels"])
    assert (np.linalg.norm(ae, axis=1) > 200).any() and np.quantile(np.abs(vae), 0.999) < 4
    figure, _, _ = claim("holes", 2)
    rows = {row["id"]: classes(tab, row["cells"]) for row in figure["rows"]}
    halfway = len(rows["vae-32"][0]) // 2
    assert rows["vae-32"][0][halfway] == 9 and rows["vae-32"][1][halfway] > 0.99  # a clear 9
    assert rows["ae-32"][1].min() < 0.5 and 9 not in rows["ae-32"][0]  # a gap, and no third digit
    figure, _, _ = claim("holes", 3)
    assert figure["sheets"][0]["id"] == "ae-normal"
    _, sure, say = claim("holes", 4)
    say(*(f"{value:.0f}%" for value in sure.values()), 90)


def test_cloud(tab, claim):
    figure, _, say = claim("cloud", 1)
    assert classes(tab, figure["rows"][0]["cells"])[0] == [0] * 9
    say("0.03")
    figure, _, _ = claim("cloud", 2)
    rows = [classes(tab, row["cells"])[0] for row in figure["rows"]]
    assert set(rows[1]) == {0} and len(set(rows[2])) >= 3
    _, spread, say = claim("cloud", 3)
    assert 70 < spread["score"] / spread["path"] < 90
    say(80)
    figure, _, say = claim("cloud", 4)
    sigma = np.array(figure["sets"][0]["values"])
    assert (np.abs(sigma[17:] - 1) < 0.01).all() and sigma[:17].max() < 0.75
    say(32)


def test_elbo(claim):
    _, total, say = claim("elbo", 1)
    assert total["vae-2"] > total["vae-4"] > total["vae-8"] > total["vae-16"] > total["vae-32"]
    say(f"{total['vae-32']:.1f}", f"{total['vae-64']:.1f}")
    _, bound, say = claim("elbo", 2)
    say(f"{bound['elbo']:.1f}", f"{bound['bound']:.1f}", figures("digits/vae-32")["bound_samples"])
    _, _, say = claim("elbo", 3)
    assert 0.5 * (0.05**2 - 1 - np.log(0.05**2)) == pytest.approx(2.5, abs=0.01)
    say(f"{np.log(2):.1f}")
    figure, _, say = claim("elbo", 4)
    (rec2, kl2), (rec16, kl16) = ([p["value"] for p in bar["parts"]] for bar in figure["bars"])
    assert (rec2 - rec16) / (kl16 - kl2) > 3
    say(f"{kl16 - kl2:.0f}", f"{rec2 - rec16:.0f}")


def test_beta(tab, claim):
    figure, _, say = claim("beta", 1)
    kl = np.array(figure["sets"][0]["values"])
    assert (kl[17:] < 1e-3).all() and (kl[:17] > 0.3).all()
    say(figures("digits/vae-32")["active_units"], 32)
    figure, _, say = claim("beta", 2)
    read_as = {c["id"]: [] for c in figure["rows"][0]["cells"]}
    for row in figure["rows"]:
        for cell, found in zip(row["cells"], classes(tab, row["cells"])[0], strict=True):
            read_as[cell["id"]].append(found)
    assert read_as["vae-32-beta4"] == [5, 0, 7] != read_as["vae-32-beta16"]
    say(f"{figures('digits/vae-32')['kl']:.1f}", f"{figures('digits/vae-32-beta16')['kl']:.1f}")
    _, mse, say = claim("beta", 3)
    say(f"{100 * (1 - mse['vae-32-beta0.25'] / mse['vae-32']):.0f}%")
    say(f"{figures('digits/vae-32')['kl']:.0f}", f"{figures('digits/vae-32-beta0.25')['kl']:.0f}")
    _, active, say = claim("beta", 4)
    say(f"{active['vae-32-beta16']:.0f}", 784)
    _, mig, _ = claim("beta", 5)
    assert max(mig["vae-10-beta16"], mig["vae-10-beta256"]) < mig["pca-10"] < 0.05


def test_dimensions(claim):
    _, mse, say = claim("dimensions", 1)
    errors = list(mse.values())
    assert all(0.45 < errors[i + 1] / errors[i] < 0.53 for i in range(3))
    say(f"{100 * (1 - errors[4] / errors[3]):.0f}%")
    _, mse, _ = claim("dimensions", 2)
    assert 6.5 < mse["ae-5"] / mse["ae-10"] < 7.5
    _, active, say = claim("dimensions", 3)
    assert (active["vae-8"], active["vae-16"]) == (8, 16)
    say(f"{active['vae-64']:.0f}", f"{active['vae-32']:.0f}")
    _, bits, say = claim("dimensions", 4)
    say(f"{bits['ae-8']:.0f}", 256)
    assert bits["ae-8"] / 8 == pytest.approx(5, abs=0.5)


def test_generate(claim):
    _, _, say = claim("generate", 1)
    say(f"{figures('fashion/ae-32')['psnr']:.1f}", f"{figures('fashion/vae-32')['psnr']:.1f}")
    _, sure, say = claim("generate", 2)
    assert sure["ae+mixture"] > sure["vae+normal"] > sure["ae+normal"]
    say(*(f"{value:.0f}%" for value in sure.values()))
    _, _, say = claim("generate", 3)
    rows = json.loads((checkpoints_folder() / "maps" / "samples.json").read_text())["rows"]
    known = {r["source"]: r["confident"][0] for r in rows if r["domain"] == "digits" and r["d"] == 32}
    say(f"{100 * known['vae+normal']:.0f}%", f"{100 * known['vae+mixture']:.0f}%")
    figure, _, say = claim("generate", 4)
    shares = np.array(figure["sets"][2]["values"])
    assert shares[: int(len(shares) * 2 / figure["high"])].sum() == 0
    say(5000, f"{np.sqrt(32):.1f}")


def test_restore(tab, claim):
    figure, _, say = claim("restore", 1)
    assert classes(tab, figure["rows"][1]["cells"])[0] == [5, 5, 5, 3, 5, 5, 3, 5]  # two of eight are a 3
    figure, _, say = claim("restore", 2)
    mean = next(c for c in figure["rows"][0]["cells"] if c["id"] == "mean")["note"].split()[0]
    assert max(float(c["note"].split()[0]) for c in figure["rows"][1]["cells"]) < float(mean)
    say(mean)
    figure, _, say = claim("restore", 3)
    assert {3, 8} <= set(classes(tab, figure["rows"][1]["cells"])[0])
    spread = pictures(figure["rows"][0]["cells"])[3]
    assert spread[:, 14:].max() < 0.05 < 0.4 < spread[:, :14].max()  # in the hole alone
    assert max(spread[:3, :3].max(), spread[-3:, :3].max()) < 0.15  # and not in its corners
    figure, _, say = claim("restore", 4)
    found = classes(tab, figure["rows"][1]["cells"])[0]
    assert found.count(3) > 4 and len(set(found)) > 1
    say("0.9")


def test_bits(claim):
    figure, _, say = claim("bits", 1)
    nats = sum(figure["sets"][0]["values"])
    say(f"{nats:.1f}", f"{nats / np.log(2):.1f}")
    _, size, say = claim("bits", 2)
    say(f"{size['raw']:.0f}", f"{size['png']:.0f}", f"{size['model']:.0f}")
    figure, total, say = claim("bits", 3)
    kl = {bar["id"]: bar["parts"][1]["value"] for bar in figure["bars"]}
    say(f"{kl['vae-2']:.0f}", f"{kl['vae-32']:.0f}", f"{kl['vae-32'] - kl['vae-2']:.0f}")
    say(f"{total['vae-2']:.0f}", f"{total['vae-32']:.0f}", f"{total['vae-2'] - total['vae-32']:.0f}")
    say(f"{total['vae-2'] - total['vae-32'] + kl['vae-32'] - kl['vae-2']:.0f}")
    figure, total, say = claim("bits", 4)
    kl = {bar["id"]: bar["parts"][1]["value"] for bar in figure["bars"]}
    say(f"{kl['vae-32-beta4']:.0f}", f"{total['vae-32-beta4']:.0f}", f"{total['vae-32']:.0f}", f"{kl['vae-32']:.0f}")
    assert total["vae-32"] == min(total.values())


def strange(tab, domain, d, other, score):
    """The probability that a picture of another domain scores higher than one of the model's own."""
    from vaedemo.store.key import ModelKey

    found = tab.library.reference(ModelKey(domain, "vae", d)).scores
    return float((found[other][score][:, None] > found[domain][score][None]).mean())


def test_likelihood(tab, claim):
    assert strange(tab, "objects", 128, "digits", "elbo") < 0.005
    figure, _, say = claim("likelihood", 2)
    nats = {c["id"]: c["note"][1]["value"] for c in figure["rows"][0]["cells"]}
    assert (
        nats["0.0"] < min(nats["coat"], nats["ankle boot"]) < nats["0.5"]
        and min(nats["coat"], nats["ankle boot"]) > 2700
    )
    say(f"{nats['0.0']:.0f}", 2700)
    assert strange(tab, "digits", 32, "fashion", "elbo") > 0.995
    assert strange(tab, "objects", 128, "digits", "joint") > 0.995
