"""The tab "Odd one out" in a browser: the threshold, the scores, the story, a batch of files, one's own normal."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from vaedemo.data import datasets
from vaedemo.maths import detection
from vaedemo.pictures.draw import to_image
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder


def opened(visit, query="", **kwargs):
    """A Visit whose picture is judged and whose histograms are drawn."""
    v = visit(**kwargs)
    v.page.goto(f"{v.address}?tab=odd&{query}")
    v.root = v.page.locator(".vd-module-odd[data-ready=true]")
    v.root.wait_for()
    v.own = lambda part: v.root.locator(f"[data-part={part}]")
    v.until = lambda expression, arg=None: v.page.wait_for_function(
        f"""(arg) => {{ const part = (name) => document.querySelector(`.vd-module-odd [data-part=${{name}}]`);
        return {expression}; }}""",
        arg=arg,
    )
    v.until("part('value').textContent && part('histogram').querySelector('.vd-hist-known')")
    return v


def choose(v, part, value):
    v.own(part).locator(f"input[value='{value}']").check()


def threshold(v):
    return float(v.own("histogram").locator("svg").get_attribute("aria-valuenow"))


def png(picture, name):
    buffer = io.BytesIO()
    to_image(picture).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def shapes(count, split="train"):
    return datasets.generated(split, count)[:].numpy()


@pytest.fixture(scope="module")
def reference():
    return Library(checkpoints_folder()).reference(ModelKey("fashion", "vae", 16))


def test_the_line_stands_where_the_service_puts_it(visit, reference):
    v = opened(visit, "domain=fashion&d=16&score=error&other=shapes")
    known, foreign = (reference.scores[name]["error"] for name in ("fashion", "shapes"))
    limit = detection.threshold(known, 0.01)
    assert threshold(v) == pytest.approx(limit, rel=1e-3)
    assert float(v.own("alarms").inner_text()) == pytest.approx(950 * (known > limit).mean(), abs=0.06)
    assert float(v.own("missed").inner_text()) == pytest.approx(50 * (foreign <= limit).mean(), abs=0.06)
    area = detection.auroc(known, foreign)
    assert f"{100 * area.value:.1f} ± {100 * area.error:.1f} %" in v.own("curvesWhy").inner_text()


@pytest.mark.parametrize("finger", [False, True])
def test_the_line_is_dragged_and_the_server_is_not_asked(visit, finger):
    v = opened(visit, "domain=fashion&d=16&score=error&other=digits", **({"has_touch": True} if finger else {})).idle()
    asked, before = len(v.asked), float(v.own("missed").inner_text())
    chart = v.own("histogram").locator("svg")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    middle = box["y"] + box["height"] / 2
    if finger:
        touch = v.page.context.new_cdp_session(v.page)
        for kind, share in (("touchStart", 0.5), ("touchMove", 0.7), ("touchMove", 0.9)):
            points = [{"x": box["x"] + share * box["width"], "y": middle}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        v.page.mouse.move(box["x"] + 0.5 * box["width"], middle)
        v.page.mouse.down()
        v.page.mouse.move(box["x"] + 0.9 * box["width"], middle, steps=8)
        v.page.mouse.up()
    v.until("parseFloat(part('missed').textContent) > arg", before)
    assert float(v.own("alarms").inner_text()) < 5
    high = threshold(v)
    assert float(v.words()["at"]) == pytest.approx(high, rel=1e-3)
    chart.press("Home")
    v.until("parseFloat(part('missed').textContent) === 0")
    assert float(v.own("alarms").inner_text()) > 900 and threshold(v) < high
    chart.press("ArrowRight")
    v.own("lineReset").click()
    v.until("!new URL(location.href).searchParams.has('at')")
    assert len(v.asked) == asked


def test_a_click_on_the_curve_puts_the_line_there(visit):
    v = opened(visit, "domain=fashion&d=16&score=error&other=digits")
    before = threshold(v)
    chart = v.own("roc").locator("svg")
    chart.click(position={"x": chart.bounding_box()["width"] * 0.6, "y": 40})
    v.until("Number(part('histogram').querySelector('svg').getAttribute('aria-valuenow')) !== arg", before)
    assert float(v.own("alarms").inner_text()) > 100


def test_the_base_rate_moves_the_counts(visit):
    v = opened(visit, "domain=digits&other=fashion&score=error")
    before = v.own("right").inner_text()
    v.own("base").focus()
    v.page.keyboard.press("Home")
    v.until("part('right').textContent !== arg", before)
    assert int(v.own("right").inner_text().split()[0]) < 20  # one in a thousand is foreign: most alarms are false
    assert v.words()["base"] == "0.001"


def test_a_picture_of_another_kind_is_the_odd_one_out(visit):
    v = opened(visit, "domain=digits&other=fashion")
    v.until("part('verdict').textContent === 'usual'")
    v.own("strangers").locator("[data-name=trouser]").click()
    v.until("part('verdict').textContent === 'odd one out'")
    assert v.words()["of"] == "fashion" and v.words()["example"] == "trouser"
    address = v.page.url
    w = opened(visit, address.split("?")[1])
    w.until("part('verdict').textContent === 'odd one out'")


def test_the_famous_failure_is_shown_and_repaired(visit):
    v = opened(visit, "domain=digits")
    v.root.locator("[data-story=objects-digits-elbo]").click()
    v.until("part('cells').querySelector('[data-score=elbo] .vd-odd-failed')")
    v.until("/AUROC 0\\.\\d/.test(part('curvesWhy').textContent)")
    v.root.locator("[data-story=objects-digits-typicality]").click()
    v.until("part('value').textContent && /AUROC (9\\d|100)/.test(part('curvesWhy').textContent)")
    assert v.words()["score"] == "typicality" and v.words()["domain"] == "objects"


def test_one_class_against_the_others(visit):
    v = opened(visit, "domain=digits&example=two")
    choose(v, "normal", "class")
    choose(v, "label", 2)
    v.until("part('verdict').textContent === 'usual'")
    choose(v, "label", 7)
    v.until("part('verdict').textContent === 'odd one out'")
    assert v.words()["class"] == "7" and v.root.locator(".vd-odd-cell").count() == 2


def test_a_batch_is_sorted_and_the_broken_file_named(visit, tmp_path):
    v = opened(visit, "domain=shapes&d=10")
    rng = np.random.default_rng(0)
    files = [png(x, f"shape {i}.png") for i, x in enumerate(shapes(3, "test"))]
    files.append(png(rng.random((1, 64, 64), np.float32), "=noise.png"))
    files.append({"name": "broken.png", "mimeType": "image/png", "buffer": files[0]["buffer"][:40]})
    v.own("batchInput").set_input_files(files)
    v.until("part('batchTold').textContent.includes('of 4')")
    assert "broken.png" in v.own("batchBroken").inner_text()
    tiles = v.root.locator(".vd-odd-tile")
    assert tiles.first.get_attribute("data-file") == "=noise.png" and "odd one out" in tiles.first.inner_text()
    with v.page.expect_download() as waiting:
        v.own("csv").click()
    waiting.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").open(newline="")))
    assert rows[0]["file"] == "'=noise.png" and rows[0]["strange"] == "true"
    assert rows[-1]["file"] == "broken.png" and rows[-1]["problem"]
    values = [float(row["joint"]) for row in rows[:-1]]
    assert values == sorted(values, reverse=True)
    # By another score the order is that one's.
    choose(v, "score", "pca")
    v.until("part('tiles').children.length === 4")
    choose(v, "d", 5)
    v.until("part('tiles').children.length === 4 && part('batchTold').textContent.includes('of 4')")


def test_ones_own_normal_is_learnt(visit):
    v = opened(visit, "domain=shapes&d=10")
    v.own("ownInput").set_input_files([png(x, f"{i}.png") for i, x in enumerate(shapes(19))])
    v.until("part('ownTold').textContent.includes('could be read: 19; give 20')")
    v.own("ownInput").set_input_files([png(x, f"{i}.png") for i, x in enumerate(shapes(24))])
    v.until("part('ownTold').textContent.includes('Learnt from 24 pictures')")
    v.until("part('share').closest('div').textContent.includes('of 24 known pictures')")
    v.own("strangers").locator("[data-name=cat]").click()
    v.until("part('verdict').textContent === 'odd one out'")
    assert v.root.locator(".vd-odd-curves").is_hidden()
    v.own("ownForget").click()
    v.until("part('share').closest('div').textContent.includes('of 1,000 known pictures')")


def test_paint_lights_up_and_is_taken_back(visit):
    v = opened(visit, "domain=digits&example=two")
    pad = v.own("paint")
    pad.scroll_into_view_if_needed()
    v.until("part('damageMapArea').textContent.includes('nothing')")
    box = pad.bounding_box()
    v.page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.15 * box["height"])
    v.page.mouse.down()
    v.page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.6 * box["height"], steps=6)
    v.page.mouse.up()
    v.until("parseFloat(part('damageMapArea').textContent.match(/[\\d.]+/)?.[0]) > 97")
    lit = "(() => { const c = part('damageMap'); return c.getContext('2d').getImageData(2, 10, 1, 1).data[0]; })()"
    v.until(f"{lit} > 200")
    v.own("paintUndo").click()
    v.until("part('damageMapArea').textContent.includes('nothing')")
    pad.focus()
    for key in ("ArrowLeft",) * 6 + (" ",):
        pad.press(key)
    v.until("!part('damageMapArea').textContent.includes('nothing')")
    v.own("paintClear").click()
    v.until("part('damageMapArea').textContent.includes('nothing')")


def test_a_drop_of_files_is_the_batch_s(visit):
    v = opened(visit, "domain=shapes&d=10")
    one = Image.new("L", (64, 64), 128)
    one.save(buffer := io.BytesIO(), "PNG")
    v.page.evaluate(
        """(bytes) => {
          const data = new DataTransfer();
          const file = (name) => new File([new Uint8Array(bytes)], name, { type: "image/png" });
          for (const name of ["b.png", "a.png"]) data.items.add(file(name));
          const card = document.querySelector(".vd-odd-batch");
          const about = { dataTransfer: data, bubbles: true, cancelable: true };
          for (const kind of ["dragover", "drop"]) card.dispatchEvent(new DragEvent(kind, about));
        }""",
        list(buffer.getvalue()),
    )
    v.until("part('batchTold').textContent.includes('of 2')")


def test_words_that_are_wrong_are_told(visit):
    v = visit()
    v.page.goto(f"{v.address}?tab=odd&domain=digits&score=beauty&at=high")
    v.page.locator(".vd-module-odd [data-part=messageText]", has_text="not valid").wait_for()


def held(v, name):
    """A function that lets the answers of a server's function come, which until then wait."""
    waiting, held_back = [], [name]

    def hold(route):
        if route.request.post_data_json["fn_name"] in held_back:
            waiting.append(route)
        else:
            route.continue_()

    v.page.route("**/component_server/**", hold)

    def release():
        held_back.clear()
        for route in waiting:
            route.continue_()

    return release


def test_own_pictures_stay_with_their_domain_and_follow_the_dimension(visit):
    v = opened(visit, "domain=shapes&d=10")
    release = held(v, "normal")
    v.own("ownInput").set_input_files([png(x, f"{i}.png") for i, x in enumerate(shapes(22))])
    v.until("part('normal').querySelector('input[value=own]')?.checked")
    choose(v, "domain", "digits")  # while it is learnt
    release()
    v.until("part('share').closest('div').textContent.includes('of 1,000 known pictures')")
    assert v.words()["domain"] == "digits" and v.words()["d"] == "8"
    assert v.own("normal").locator("input[value=own]").count() == 0
    choose(v, "domain", "shapes")
    v.own("normal").locator("input[value=own]").check()
    v.until("part('share').closest('div').textContent.includes('of 22 known pictures')")
    for d in (2, 5):
        choose(v, "d", d)
    v.until("part('ownTold').textContent.includes('with 5 numbers')")
    v.until("part('share').closest('div').textContent.includes('of 22 known pictures')")


def test_a_batch_that_another_model_has_begun_is_scored_by_the_one_at_hand(visit):
    v = opened(visit, "domain=shapes&d=10&score=elbo")
    release = held(v, "score")
    v.own("batchInput").set_input_files([png(x, f"{i}.png") for i, x in enumerate(shapes(3, "test"))])
    v.until("!part('batchBarField').hidden")
    choose(v, "d", 2)
    release()
    v.until("part('batchTold').textContent.includes('of 3') && !part('csv').disabled")
    shown = [tile.inner_text() for tile in v.root.locator(".vd-odd-tile").all()]
    v.own("batchInput").set_input_files([png(x, f"{i}.png") for i, x in enumerate(shapes(3, "test"))])
    v.until("part('tiles').children.length === 0 || !part('batchBarField').hidden")
    v.until("part('batchTold').textContent.includes('of 3') && !part('csv').disabled")
    assert [tile.inner_text() for tile in v.root.locator(".vd-odd-tile").all()] == shown


def test_a_picture_of_ones_own_survives_a_change_of_domain_at_once(visit):
    v = opened(visit, "domain=shapes&d=10")
    picture = png(shapes(1)[0], "mine.png")
    v.own("file").set_input_files(picture)
    for domain in ("digits", "objects", "fashion", "digits"):
        choose(v, "domain", domain)
    v.until("part('seen').width === 28 && part('error').width === 28 && part('value').textContent")
    v.idle()
    assert v.own("message").is_hidden() and "example" not in v.words()


def test_a_picture_drawn_in_another_tab_is_judged_when_this_one_is_seen(visit):
    v = opened(visit, "domain=digits").idle()
    v.page.locator("#vd-tab-reconstruct-button").click()
    v.page.locator(".vd-module-reconstruct [data-part=examples] [data-name=seven]").click()
    v.idle()
    asked = v.asked.count("judge")
    v.page.locator(".vd-module-reconstruct [data-part=examples] [data-name=nine]").click()
    v.idle()
    assert v.asked.count("judge") == asked
    v.page.locator("#vd-tab-odd-button").click()
    v.until("new URL(location.href).searchParams.get('example') === 'nine'")
    v.idle()
    assert v.asked.count("judge") == asked + 1


def test_a_domain_of_examples_alone_begins_with_its_first(visit):
    v = opened(visit, "domain=digits&of=fashion")
    v.until("part('verdict').textContent === 'odd one out'")
    assert v.words()["example"] == "T-shirt"


def test_what_is_taken_away_says_what_is_shown(visit, tmp_path):
    v = opened(visit, "domain=digits&class=7&example=two")
    v.until("part('verdict').textContent === 'odd one out'")
    with v.page.expect_download() as waiting:
        v.own("saveFigures").click()
    waiting.value.save_as(tmp_path / "figures.json")
    told = json.loads((tmp_path / "figures.json").read_text())
    assert (told["domain"], told["class"], told["score"], told["unit"]) == ("digits", "7", "density", "nats")
    assert told["value"] > told["threshold"] and told["known"] + told["foreign"] == 1000
    assert set(told["scores"]) == {"density", "distance"} and told["scores"]["density"] == told["value"]
    with v.page.expect_download() as waiting:
        v.own("saveImage").click()
    waiting.value.save_as(tmp_path / "row.png")
    assert Image.open(tmp_path / "row.png").width > 900


def test_a_batch_is_stopped(visit):
    v = opened(visit, "domain=shapes&d=10")
    release = held(v, "score")
    v.own("batchInput").set_input_files([png(x, f"{i}.png") for i, x in enumerate(shapes(3, "test"))])
    v.until("!part('batchBarField').hidden")
    v.own("batchHalt").click()
    v.until("part('batchBarField').hidden")
    release()
    v.idle()
    assert v.root.locator(".vd-odd-tile").count() == 0 and "Drop pictures" in v.own("batchTold").inner_text()
