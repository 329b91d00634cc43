"""The tabs "Denoise" and "Inpaint" in a browser: noise, masks by brush and key, photographs, addresses, a phone."""

import io
import re

import numpy as np
import pytest
from PIL import Image


def opened(visit, query="tab=inpaint", **kwargs):
    """A Visit whose tab has answered once."""
    v = visit(**kwargs)
    v.page.goto(f"{v.address}?{query}")
    module = "denoise" if "tab=denoise" in query else "inpaint"
    v.root = v.page.locator(f".vd-module-{module}[data-ready=true]")
    v.root.wait_for()
    v.page.wait_for_function(f"document.querySelector('.vd-module-{module} [data-part=restored]')?.dataset.shown")
    v.own = lambda name: v.root.locator(f"[data-part={name}]")
    v.drawn = lambda name: v.own(name).evaluate("(c) => c.toDataURL()")
    return v


def changes(v, name, before):
    v.page.wait_for_function(
        "([m, n, was]) => document.querySelector(`.${m} [data-part=${n}]`).toDataURL() !== was",
        arg=[v.root.get_attribute("class").split()[1], name, before],
    )


def test_noise_is_added_and_taken_away_and_the_other_methods_follow(visit):
    v = opened(visit, "tab=denoise&domain=digits&example=three&level=0.5")
    assert float(v.own("psnr").inner_text()) > float(v.own("psnrWas").inner_text().split()[-1]) + 5
    assert v.own("answers").locator("button").count() == 9
    v.own("methods").locator("[data-name=median]").wait_for()
    nothing = v.own("methods").locator("button").first  # is done: the damaged picture, and its figure
    assert nothing.get_attribute("data-name") == "nothing"
    assert nothing.locator("small").inner_text().split()[0] == v.own("psnrWas").inner_text().split()[-1]
    rows = {name: v.own(name).locator("button").last.bounding_box() for name in ("answers", "methods")}
    card = v.root.locator(".vd-res-methods").bounding_box()
    for box in rows.values():  # the pictures are as large as the row has room
        assert card["width"] - 40 < box["x"] + box["width"] - card["x"] < card["width"]
    before = v.drawn("damaged")
    v.own("level").focus()
    v.page.keyboard.press("Home")
    changes(v, "damaged", before)
    v.page.wait_for_function("new URL(location.href).searchParams.get('level') === '0.02'")
    v.own("noise").locator("input[value=jpeg]").check()
    v.page.wait_for_function("new URL(location.href).searchParams.get('noise') === 'jpeg'")


def test_a_click_on_an_answer_shows_it(visit):
    v = opened(visit, "tab=denoise&domain=fashion")
    before = v.drawn("restored")
    v.own("answers").locator("button").nth(2).click()
    changes(v, "restored", before)
    v.page.wait_for_function("new URL(location.href).searchParams.has('view')")
    v.own("fourthMode").locator("input[value=spread]").check()
    v.page.wait_for_function("new URL(location.href).searchParams.get('fourth') === 'spread'")


def test_a_picture_that_is_damaged_already_gets_no_noise_and_an_estimate(visit):
    v = opened(visit, "tab=denoise&domain=digits")
    rng = np.random.default_rng(1)
    noisy = np.zeros((28, 28))
    noisy[6:22, 12:16] = 1
    noisy = (np.clip(noisy + rng.normal(0, 0.3, noisy.shape), 0, 1) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noisy).save(file, "PNG")
    v.own("given").check()
    v.idle()
    before = v.drawn("damaged")
    v.own("file").set_input_files({"name": "n.png", "mimeType": "image/png", "buffer": file.getvalue()})
    changes(v, "damaged", before)
    v.idle()
    assert re.search("[1-9]", v.own("toldWhy").inner_text())
    shown = v.own("damaged").evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]")
    assert shown[::4] == noisy.ravel().tolist()
    assert v.own("psnr").inner_text() == "–"


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_the_brush_takes_pixels_away_and_gets_them_back(visit, touch):
    options = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 844}} if touch else {}
    v = opened(visit, "tab=inpaint&domain=digits&example=three&mask=left", **options)
    before = v.drawn("restored")
    pad = v.own("brushPad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * 0.5) for x in (0.55, 0.65, 0.75, 0.85)]
    if touch:
        client = v.page.context.new_cdp_session(v.page)
        for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove", "touchMove"), at, strict=True):
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        v.page.mouse.move(*at[0])
        v.page.mouse.down()
        for x, y in at[1:]:
            v.page.mouse.move(x, y)
        v.page.mouse.up()
    changes(v, "restored", before)
    v.page.wait_for_function("new URL(location.href).searchParams.has('m')")
    word = v.words()["m"]
    # Every pixel that is known is the picture's own.
    same = v.root.evaluate(
        """(root) => {
          const part = (name) => root.querySelector(`[data-part=${name}]`);
          const read = (name) => part(name).getContext('2d').getImageData(0, 0, 28, 28).data;
          const [hole, y, made] = ['brushPad', 'damaged', 'restored'].map(read);
          let known = 0;
          for (let i = 0; i < hole.length; i += 4) if (!hole[i + 3]) { known += 1; if (y[i] !== made[i]) return -1; }
          return known;
        }"""
    )
    assert 250 < same < 392
    other = opened(visit, v.query())
    assert other.drawn("restored") == v.drawn("restored") and other.words()["m"] == word


def test_the_mask_by_keyboard_undo_invert_clear_and_another_picture(visit):
    v = opened(visit, "tab=inpaint&domain=digits&mask=right")
    first = v.drawn("brushPad")
    v.own("wipe").click()
    changes(v, "brushPad", first)
    clear = v.drawn("brushPad")
    v.own("brushPad").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Space"):
        v.page.keyboard.press(key)
    v.page.keyboard.press("Tab")
    changes(v, "brushPad", clear)
    v.own("maskUndo").click()
    v.page.wait_for_function(
        "(was) => document.querySelector('.vd-module-inpaint [data-part=brushPad]').toDataURL() === was", arg=clear
    )
    v.own("maskUndo").click()
    v.page.wait_for_function(
        "(was) => document.querySelector('.vd-module-inpaint [data-part=brushPad]').toDataURL() === was", arg=first
    )
    v.own("invert").click()
    kept = v.drawn("brushPad")
    assert kept != first
    v.root.locator(".vd-example").nth(3).click()
    v.page.wait_for_function("new URL(location.href).searchParams.get('example') !== null")
    assert v.drawn("brushPad") == kept


def test_a_photograph_is_restored_with_a_bar_and_keeps_its_size(visit):
    v = opened(visit, "tab=inpaint&domain=photos&example=astronaut&mask=text&n=1")
    assert v.own("bar").get_attribute("max") == "1" and v.own("halt").is_disabled()
    assert v.own("restored").evaluate("(c) => [c.width, c.height]") == [512, 512]
    assert float(v.own("hole").inner_text()) > 15
    with v.page.expect_download() as download:
        v.own("saveImage").click()
    assert Image.open(download.value.path()).size == (512, 512)
    assert download.value.suggested_filename == "vaedemo-inpaint-photos-astronaut-text-mean.png"


def test_the_number_of_samples_that_is_chosen_is_the_number_that_is_drawn(visit):
    """A domain offers what its row says; another domain's choice is not kept where it is not offered."""
    v = opened(visit, "tab=denoise&domain=digits&n=16")
    count = v.own("count").locator("input")

    def offered():
        return count.evaluate_all("(all) => all.map((i) => i.value)"), v.own("count").locator(":checked").input_value()

    assert offered() == (["1", "4", "8", "16"], "16") and v.own("answers").locator("button").count() == 17
    v.own("domain").locator("input[value=photos]").check()
    v.page.wait_for_function("document.querySelector('.vd-module-denoise [data-part=answers]').children.length === 5")
    assert offered() == (["1", "4"], "4") and "n" not in v.words()
    count.first.check()
    v.page.wait_for_function("document.querySelector('.vd-module-denoise [data-part=answers]').children.length === 2")
    assert v.words()["n"] == "1"
    file = io.BytesIO()
    Image.new("RGB", (2400, 1700), (90, 120, 150)).save(file, "PNG")  # more pixels than samples are drawn of
    v.own("file").set_input_files({"name": "l.png", "mimeType": "image/png", "buffer": file.getvalue()})
    v.page.wait_for_function(
        "document.querySelector('.vd-module-denoise [data-part=yoursNote]').textContent.includes('2400')"
    )
    assert offered() == (["0"], "0")
    v.own("halt").click()


def test_a_sample_of_a_photograph_has_its_figure_and_its_own_error(visit):
    v = opened(visit, "tab=denoise&domain=photos&example=camera")
    mean, note = v.drawn("fourth"), v.own("fourthNote").inner_text()
    figures = [cell.inner_text() for cell in v.own("answers").locator("small").all()]
    assert len(figures) == 5 and all(f.endswith(" dB") for f in figures)
    v.own("answers").locator("button").nth(2).click()
    changes(v, "fourth", mean)
    v.page.wait_for_function(
        "/-1-error$/.test(document.querySelector('.vd-module-denoise [data-part=fourth]').dataset.shown)"
    )
    assert v.own("fourthNote").inner_text() == note and v.own("psnr").inner_text() == figures[2].split()[0]
    assert v.own("restoredNote").inner_text() == "sample 2" and v.drawn("fourth") != mean


def test_a_mask_file_is_read_as_its_picture_was_cut(visit):
    v = opened(visit, "tab=inpaint&domain=objects&mask=left")
    rgb = np.random.default_rng(0).integers(0, 256, (100, 200, 3)).astype(np.uint8)
    marked = np.zeros((100, 200), np.uint8)
    marked[:, 140:] = 1  # labels, of which the middle square holds ten columns

    def give(name, array):
        file = io.BytesIO()
        Image.fromarray(array).save(file, "PNG")
        before = v.drawn("brushPad" if name == "maskFile" else "damaged")
        v.own(name).set_input_files({"name": "f.png", "mimeType": "image/png", "buffer": file.getvalue()})
        changes(v, "brushPad" if name == "maskFile" else "damaged", before)
        v.idle()

    def columns():
        data = v.own("brushPad").evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, 32, 32).data]")
        return np.flatnonzero(np.array(data).reshape(32, 32, 4)[..., 3].any(0)).tolist()

    give("file", rgb)
    give("maskFile", marked)
    assert columns() == [28, 29, 30, 31] and v.own("message").is_hidden()
    marked[:, :160] = 0
    give("maskFile", marked)
    assert columns() == [] and v.own("messageText").inner_text().endswith("nothing is filled.")


def test_a_bad_mask_file_is_one_sentence(visit):
    v = opened(visit)
    v.own("maskFile").set_input_files({"name": "m.png", "mimeType": "image/png", "buffer": b"no picture"})
    v.own("message").wait_for()
    assert v.own("messageText").inner_text().endswith(".")


@pytest.mark.parametrize("query", ["tab=inpaint&m=AAAA", "tab=denoise&noise=__proto__", "tab=denoise&level=9&n=3"])
def test_a_garbage_address_falls_back_with_a_note(visit, query):
    v = opened(visit, query)
    v.own("message").wait_for()


def test_on_a_phone_in_chinese_nothing_is_wider_than_the_screen(visit):
    v = opened(visit, "tab=denoise&lang=zh", viewport={"width": 390, "height": 844})
    assert v.page.evaluate("document.documentElement.scrollWidth") <= 390
    left = v.root.inner_text()
    assert "复原" in left and "restore." not in left


@pytest.mark.parametrize("width", [1280, 390])
def test_a_photograph_has_its_own_shape_and_as_much_room_as_there_is(visit, width):
    v = opened(visit, "tab=denoise&domain=photos&example=coffee&n=1", viewport={"width": width, "height": 900})
    for name in ("damagedFrame", "restoredFrame"):
        box = v.own(name).bounding_box()
        assert box["width"] / box["height"] == pytest.approx(1.5, rel=0.02)
        assert box["width"] > (0.42 if width > 1000 else 0.9) * width
    assert v.page.evaluate("document.documentElement.scrollWidth") <= width
    assert v.page.evaluate("new URL(location.href).searchParams.get('level')") == "0.1"
    v.page.wait_for_function(
        "getComputedStyle(document.querySelector('.vd-module-denoise [data-part=halt]')).visibility === 'hidden'"
    )
    for method in ("nlm", "wavelet", "tv", "median"):
        v.own("methods").locator(f"[data-name={method}]").wait_for()
    assert v.own("beside").is_hidden()


def test_before_and_after_lies_in_the_picture_and_has_a_label(visit):
    v = opened(visit, "tab=denoise&domain=digits&example=three")
    slider, frame = v.own("share").bounding_box(), v.own("restoredFrame").bounding_box()
    assert slider == pytest.approx(frame, abs=1)
    assert v.root.locator(f"label[for={v.own('share').get_attribute('id')}]").inner_text()
    assert v.own("before").evaluate("(c) => getComputedStyle(c).visibility") == "hidden"
    v.own("share").focus()
    v.page.keyboard.press("End")
    assert v.own("before").evaluate("(c) => getComputedStyle(c).visibility") == "visible"


@pytest.mark.parametrize("task", ["denoise", "inpaint"])
def test_nothing_but_terms_and_descriptions_is_in_the_list_of_figures(visit, task):
    v = opened(visit, f"tab={task}&domain=digits")
    assert v.root.locator("dl > div > :not(dt):not(dd)").count() == 0 == v.root.locator("dl > :not(div)").count()


def test_bar_and_stop_lie_over_the_photograph_that_is_painted_tile_by_tile(visit):
    """And nothing of the picture before it is left beside the new one."""
    v = opened(visit, "tab=denoise&domain=photos&example=coffee&n=1")
    assert v.own("answers").locator("small").first.inner_text().endswith("dB")
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 12, 3)).astype(np.uint8)).resize((1536, 1024)).save(
        file, "PNG"
    )
    v.own("file").set_input_files({"name": "l.png", "mimeType": "image/png", "buffer": file.getvalue()})
    v.page.wait_for_function(
        "Number(document.querySelector('.vd-module-denoise [data-part=restored]').dataset.tiles) >= 2"
    )
    frame, bar, halt = (v.own(name).bounding_box() for name in ("restoredFrame", "barField", "halt"))
    for inside in (bar, halt):
        assert frame["y"] <= inside["y"] and inside["y"] + inside["height"] <= frame["y"] + frame["height"]
        assert frame["x"] <= inside["x"] and inside["x"] + inside["width"] <= frame["x"] + frame["width"]
    assert v.own("answers").locator("button").count() == 0 and v.own("psnr").inner_text() == "–"
    v.own("halt").click()
    assert v.own("restored").evaluate("(c) => [c.width, c.height]") == [1400, 933]
