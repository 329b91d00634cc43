"""What the shipped lessons claim, against the models that ship: right answers, and the numbers in their sentences."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.lessons import FOLDER, read_all
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.lessons.server import Lessons
from vaedemo.ui.text import LANGUAGES

LESSONS, _ = read_all([FOLDER])


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    return Lessons(Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads")))


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
    assert classes(tab, figure["rows"][2]["cells"])[0] == [0, 8, 5, 7, 8]  # four of five
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
    assert rows["ae-32"][0][halfway] not in (0, 7) and 9 not in rows["ae-32"][0]  # a gap
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
    _, mig, say = claim("beta", 5)
    assert max(mig["vae-10"], mig["vae-10-beta256"]) < mig["pca-10"] < 0.05
    say(f"{mig['tc-vae-10']:.2f}")


def test_dimensions(claim):
    _, mse, say = claim("dimensions", 1)
    errors = list(mse.values())
    say(f"{100 * (1 - errors[1] / errors[0]):.0f}%", f"{100 * (1 - errors[4] / errors[3]):.0f}%")
    say(f"{figures('fashion/vae-64')['active_units']}")
    assert 1 - errors[4] / errors[3] == pytest.approx(1 / 20, abs=0.01)
    _, mse, _ = claim("dimensions", 2)
    assert 6.5 < mse["ae-5"] / mse["ae-10"] < 7.5
    _, active, say = claim("dimensions", 3)
    assert (active["vae-8"], active["vae-16"]) == (8, 16)
    say(f"{active['vae-64']:.0f}", f"{active['vae-32']:.0f}")
    _, bits, say = claim("dimensions", 4)
    say(f"{bits['ae-8']:.0f}", 256)
    assert bits["ae-8"] / 8 == pytest.approx(6, abs=0.5)


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
        and min(nats["coat"], nats["ankle boot"]) > 2400
    )
    say(f"{nats['0.0']:.0f}", 2400)
    assert strange(tab, "digits", 32, "fashion", "elbo") > 0.995
    assert strange(tab, "objects", 128, "digits", "joint") > 0.995
