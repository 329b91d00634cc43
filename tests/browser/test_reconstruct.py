"""The tab "Reconstruct" as a visitor meets it."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vaedemo.services.improve import ROUNDS
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder

LIBRARY = Library(checkpoints_folder())
DIMS = {kind: LIBRARY.dims("digits", kind) for kind in LIBRARY.kinds("digits")}


def stroke_png(side=200):
    """A dark stroke on paper: an upload that looks like a digit."""
    image = Image.new("L", (side, side), 250)
    ImageDraw.Draw(image).line((90, 30, 110, 170), fill=20, width=18)
    return png(image)


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def colourful_png():
    y, x = np.mgrid[0:240, 0:320]
    a = np.stack([x * 255 / 320, y * 255 / 240, 128 + 90 * np.sin(x / 17) * np.cos(y / 23)], -1)
    return png(Image.fromarray(a.astype(np.uint8)))


def test_the_first_screen_is_complete_without_a_click_and_without_asking_for_more(visit):
    v = visit().open()
    v.idle()
    assert v.asked == []
    for name in ("seen", "made", "error"):
        assert v.part(name).evaluate(
            "(c) => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 8"
        )
    assert float(v.part("psnr").inner_text()) > 5
    assert v.page.locator(".vd-cell canvas").count() == sum(map(len, DIMS.values()))
    assert v.page.locator(".vd-cell.vd-pale").count() == 0
    assert v.page.locator(".vd-line").count() == len(DIMS)
    assert v.page.locator(".vd-z").count() >= 2
    assert v.part("message").is_hidden()
    assert v.page.locator(".vd-example").count() >= 4
    assert min(v.part(name).bounding_box()["width"] for name in ("seen", "made", "error")) >= 250


def test_the_slider_changes_the_picture_by_mouse_and_by_keyboard(visit):
    dims = DIMS["ae"]
    v = visit().open(f"kind=ae&d={dims[0]}")
    v.shows(f"ae-{dims[0]}")
    before, box = v.pixels("made"), v.part("dimension").bounding_box()
    y = box["y"] + box["height"] / 2
    v.page.mouse.move(box["x"] + 14, y)
    v.page.mouse.down()
    seen = set()
    for step in range(21):
        v.page.mouse.move(box["x"] + 14 + step / 20 * (box["width"] - 28), y)
        seen.add(v.part("made").get_attribute("data-shown"))
    v.page.mouse.up()
    assert seen == {f"ae-{d}" for d in dims}
    assert v.pixels("made") != before
    v.part("dimension").press("ArrowLeft")
    v.shows(f"ae-{dims[-2]}")
    v.part("dimension").press("Home")
    v.shows(f"ae-{dims[0]}")
    assert v.pixels("made") == before
    assert v.part("dimension").get_attribute("aria-valuetext") == f"{dims[0]} numbers"
    assert v.asked == []


def test_strip_curve_and_switches_choose_a_model(visit):
    v = visit().open()
    v.page.locator(".vd-cell").last.click()
    last = v.page.locator(".vd-cell").last
    assert last.get_attribute("aria-pressed") == "true"
    other = list(DIMS)[1]
    v.page.locator(f"[data-part=kind] input[value={other}]").check()
    assert v.words()["kind"] == other
    chart = v.page.locator("[data-part=curve] svg")
    chart.focus()
    chart.press("ArrowRight")
    chart.press("ArrowUp")
    assert "dB" in v.page.locator("[data-part=curve] output").inner_text()
    chart.press("Enter")
    assert v.words()["kind"] in DIMS
    v.part("errorMode").locator("input[value=signed]").check()
    assert v.words()["error"] == "signed"
    assert "−0.5" in v.part("scaleLow").inner_text()


def test_the_cursor_reads_pixels_by_mouse_and_keys(visit):
    v = visit().open()
    box = v.part("seen").bounding_box()
    v.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.1)
    v.wait("/row 3, column 15: +input 0\\.00/.test(part('readout').textContent)")
    assert v.page.locator(".vd-cursor:visible").count() == 3
    v.part("error").focus()
    v.part("error").press("ArrowDown")
    v.wait("/row 4, column 15/.test(part('readout').textContent)")


def test_a_drawing_is_followed_while_it_is_drawn(visit):
    v = visit().open("kind=ae")
    before = v.part("seen").evaluate("(c) => c.toDataURL()")
    v.part("draw").click()
    box = v.part("pad").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"]
    v.page.mouse.move(x, y + 0.2 * box["height"])
    v.page.mouse.down()
    v.page.mouse.move(x + 20, y + 0.8 * box["height"], steps=8)
    v.wait("part('seen').toDataURL() !== arg", before)  # the button is still down
    half = v.pixels("seen")
    v.page.mouse.move(x - 70, y + 0.5 * box["height"], steps=8)
    v.page.mouse.up()
    v.wait("part('seen').toDataURL() !== arg", half)
    v.page.wait_for_function("document.querySelectorAll('.vd-cell.vd-pale').length === 0")
    drawn = v.pixels("seen")
    v.part("undo").click()
    v.wait("part('seen').toDataURL() !== arg", drawn)
    v.part("clear").click()
    v.wait("part('remark').textContent !== ''")  # blank, and said so


def test_a_drawing_travels_in_the_address(visit):
    v = visit().open("kind=ae")
    v.part("draw").click()
    box = v.part("pad").bounding_box()
    v.page.mouse.move(box["x"] + 80, box["y"] + 60)
    v.page.mouse.down()
    v.page.mouse.move(box["x"] + 150, box["y"] + 220, steps=5)
    v.page.mouse.up()
    v.page.wait_for_function("new URL(location.href).searchParams.has('x')")
    v.idle()
    word = v.words()["x"]
    other = visit().open(f"x={word}&kind=ae")
    read = "(c) => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]"
    a, b = (np.array(one.part("seen").evaluate(read)) for one in (v, other))
    assert np.abs(a - b).max() <= 9  # four bits a pixel
    assert a.std() > 20


def paste(v, data, name="a.png", kind="image/png"):
    v.page.evaluate(
        """([data, name, type]) => {
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], name, { type }));
          const event = { clipboardData: transfer, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new ClipboardEvent("paste", event));
        }""",
        [base64.b64encode(data).decode(), name, kind],
    )


def test_a_pasted_picture_is_reconstructed_and_its_domain_proposed(visit):
    v = visit().open()
    before = v.pixels("seen")
    paste(v, colourful_png())
    v.page.wait_for_function("new URL(location.href).searchParams.get('domain') === 'photos'")
    v.part("domain").locator("input[value=objects]").check()
    v.wait("part('seen') && part('seen').toDataURL() !== arg", before)
    assert "example" not in v.words()
    assert v.part("yoursNote").inner_text() == "320 × 240"
    assert v.part("seenNote").inner_text() == "32 × 32 × 3"
    cropped = v.pixels("seen")
    v.part("fit").locator("input[value=pad]").check()
    v.wait("part('seen').toDataURL() !== arg", cropped)
    v.part("domain").locator("input[value=digits]").check()  # one click takes it elsewhere, and the picture stays
    v.page.wait_for_function("new URL(location.href).searchParams.get('domain') === 'digits'")
    assert v.part("yoursNote").inner_text() == "320 × 240"


def test_an_uploaded_picture_can_be_turned_dark_for_light(visit):
    v = visit().open("domain=digits&kind=ae")
    before = v.pixels("seen")
    v.part("file").set_input_files({"name": "../../odd name.png", "mimeType": "image/png", "buffer": stroke_png()})
    v.wait("part('seen').toDataURL() !== arg", before)
    v.idle()
    v.part("domain").locator("input[value=digits]").check()
    v.wait("part('seenUnder').textContent !== ''")
    right = v.pixels("seen")
    v.part("polarity").locator("input[value=keep]").check()
    v.wait("part('seen').toDataURL() !== arg", right)
    v.part("polarity").locator("input[value=auto]").check()
    v.wait("part('seen').toDataURL() === arg", right)


def test_a_dropped_picture_is_taken(visit):
    v = visit().open()
    before = v.pixels("seen")
    v.page.evaluate(
        """(data) => {
          const transfer = new DataTransfer();
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          transfer.items.add(new File([bytes], "a.png", { type: "image/png" }));
          const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", event));
        }""",
        base64.b64encode(stroke_png()).decode(),
    )
    v.wait("part('seen').toDataURL() !== arg", before)


@pytest.mark.parametrize(
    "data, name",
    [(b"not a picture", "a.png"), (stroke_png()[:100], "b.png"), (b"<svg xmlns='x'/>", "c.svg")],
    ids=["text", "cut", "svg"],
)
def test_a_hostile_upload_gives_one_sentence_and_the_page_goes_on(visit, data, name):
    v = visit().open("kind=ae")
    v.part("file").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
    v.wait("!part('message').hidden")
    said = v.part("message").inner_text()
    assert said.endswith(".") and "\n" not in said and len(said) < 160 and "/" not in said
    v.part("dimension").press("End")
    v.shows(f"ae-{DIMS['ae'][-1]}")
    v.page.locator(".vd-example").nth(1).click()
    v.wait("part('message').hidden")


def test_the_webcam_is_seen_through_live_and_frozen(visit):
    v = visit(permissions=["camera"]).open("domain=objects")
    before = v.pixels("seen")
    v.part("camera").click()
    v.wait("part('seen').toDataURL() !== arg", before)
    one = v.pixels("seen")
    v.wait("part('seen').toDataURL() !== arg", one)  # the fake camera's picture moves
    v.part("freeze").click()
    assert v.part("video").is_hidden()
    assert v.part("original").is_visible()


def test_without_a_webcam_one_sentence_says_so(visit):
    v = visit()
    v.page.add_init_script("navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('none'));")
    v.open()
    v.part("camera").click()
    v.wait("!part('message').hidden")
    assert "webcam" in v.part("message").inner_text()


def test_dragging_a_number_changes_the_picture_and_can_be_undone(visit):
    v = visit().open("kind=ae")
    own, seen, line = v.pixels("made"), v.pixels("seen"), v.part("sizeLine").inner_text()
    track = v.page.locator(".vd-z .vd-track").first
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    v.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    v.page.mouse.down()
    v.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 3, steps=6)
    v.page.mouse.up()
    v.wait("part('made').dataset.shown.endsWith('-edited')")
    assert v.pixels("made") != own
    assert v.pixels("seen") == seen
    assert "edited" in v.part("madeNote").inner_text()
    v.wait("part('sizeLine').innerText !== arg", line)  # the code that is shown is the one that is priced
    v.part("reset").click()
    v.wait("part('made').toDataURL() === arg", own)
    v.wait("part('sizeLine').innerText === arg", line)
    bar = v.page.locator(".vd-z").nth(1)
    bar.focus()
    bar.press("PageUp")
    v.wait("part('made').dataset.shown.endsWith('-edited')")
    assert float(bar.get_attribute("aria-valuenow")) != float(
        v.page.locator(".vd-z").first.get_attribute("aria-valuenow")
    )


@pytest.mark.parametrize("kind, said", [("vae", "nats short"), ("ae", "dB short")])
def test_a_code_is_improved_shown_and_undone(visit, kind, said):
    v = visit().open(f"kind={kind}&d=8")
    own, first = v.pixels("made"), v.part("improveText").inner_text()
    psnr = float(v.part("psnr").inner_text())
    v.part("improve").click()
    v.wait("part('made').dataset.shown.endsWith('-edited')")
    assert v.pixels("made") != own and said in v.part("improveText").inner_text()
    assert v.part("improveCurve").locator("path").get_attribute("d").count("L") == ROUNDS
    assert float(v.part("psnr").inner_text()) >= psnr - (0.3 if kind == "vae" else 0)
    assert v.page.locator(".vd-z.vd-edited").count() > 0
    with v.page.expect_download() as figures:
        v.part("saveFigures").click()
    told = json.loads(figures.value.path().read_text(encoding="utf-8"))["edited"]
    assert len(told["z"]) == 8 and told["improved"]["psnr"][1] == pytest.approx(told["psnr"], abs=1e-3)
    v.part("reset").click()
    v.wait("part('made').toDataURL() === arg", own)
    assert v.part("improveText").inner_text() == first


def test_a_search_is_stopped_and_another_model_ends_it(visit):
    v = visit().open("domain=shapes&kind=vae&d=10")
    own = v.pixels("made")
    for stop in (lambda: v.part("improveStop").click(), lambda: v.page.keyboard.press("ArrowLeft")):
        v.part("dimension").focus()
        v.part("improve").evaluate("(button) => button.click()")
        v.wait("part('improveCurve').querySelector('path').getAttribute('d').includes('L')")  # under way
        stop()
        v.part("improve").wait_for()
        v.idle()
        assert not v.part("improveCurve").locator("path").get_attribute("d")
        assert not v.part("made").get_attribute("data-shown").endswith("-edited")
        if v.words()["d"] == "10":
            assert v.pixels("made") == own


def test_numbers_that_are_switched_off_are_quiet_until_they_are_edited(visit):
    v = visit().open("kind=vae&d=32&domain=digits")
    v.wait("document.querySelector('.vd-numbers .vd-off')")
    off, on = (v.page.locator(f".vd-numbers .vd-z{kind}") for kind in (".vd-off", ":not(.vd-off)"))
    assert off.count() + on.count() == 32 and off.count() > 5
    assert off.first.get_attribute("aria-label").endswith("switched off")
    assert "−0.00" not in v.page.locator(".vd-numbers output").all_inner_texts()

    def colours(one):
        return one.evaluate(
            "(z) => [['.vd-sigma', 'backgroundColor'], ['.vd-knob', 'borderTopColor']].map("
            "([part, what]) => getComputedStyle(z.querySelector(part))[what])"
        )

    before = colours(off.first)
    assert not {*before} & {*colours(on.first)}
    assert off.first.locator(".vd-sigma").bounding_box()["height"] < off.first.bounding_box()["height"] / 2
    off.first.focus()
    off.first.press("ArrowUp")
    v.wait("document.querySelector('.vd-numbers .vd-off.vd-edited')")
    assert colours(off.first)[1] == colours(on.first)[1]


def test_downloads(visit):
    v = visit().open("kind=ae")
    with v.page.expect_download() as picture:
        v.part("saveImage").click()
    image = Image.open(picture.value.path())
    assert image.width > 900 and picture.value.suggested_filename.startswith("vaedemo-reconstruct-")
    with v.page.expect_download() as figures:
        v.part("saveFigures").click()
    told = json.loads(figures.value.path().read_text(encoding="utf-8"))
    assert len(told["z"]) == told["latent_dim"] == told["d"]
    assert len(told["x"]) == len(told["x_hat"]) == 784
    error = np.mean((np.array(told["x"]) / 255 - np.array(told["x_hat"]) / 255) ** 2)
    assert abs(error - told["mse"]) < 2e-4
    assert len(told["others"]) >= sum(map(len, DIMS.values()))


def low(v, name):
    return v.part(name).evaluate("(e) => [e.getBoundingClientRect().top, e.getBoundingClientRect().bottom]")


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_a_sentence_leads_to_the_pictures_and_the_slider_stands_under_them(visit, width):
    v = visit(viewport={"width": width, "height": 720}).open("d=8")
    lead, picture, slider = low(v, "lead"), low(v, "madeFrame"), low(v, "dimensionField")
    assert lead[1] <= picture[0] and 0 <= slider[0] - picture[1] < 60
    assert slider[1] <= low(v, "domain")[0]
    if width == 1280:  # the first screen is whole
        assert low(v, "kind")[1] <= 720 and low(v, "flow")[1] <= picture[0]
    said = v.part("lead").inner_text()
    assert "8 numbers" in said and "z · 8" in v.part("flow").text_content()
    tall = "(f) => Number(f.querySelector('rect.vd-flow-z').getAttribute('height'))"
    before = v.part("flow").evaluate(tall)
    v.part("dimension").press("End")
    v.wait("part('lead').textContent.includes('64 numbers')")
    assert v.part("flow").evaluate(tall) > before and "64" in v.part("flow").get_attribute("aria-label")


def test_a_story_sets_the_state_and_says_what_to_see_until_something_else_is_chosen(visit):
    v = visit().open("domain=fashion")
    story = lambda name: v.page.locator(f"[data-story={name}]")  # noqa: E731
    usual = v.part("lead").inner_text()
    story("two").click()
    v.page.wait_for_function("new URL(location.href).searchParams.get('example') === 'five'")
    assert {"domain": "digits", "d": "2"}.items() <= v.words().items()
    assert "too few" in v.part("lead").inner_text() and story("two").get_attribute("aria-pressed") == "true"
    assert low(v, "lead")[1] - low(v, "lead")[0] < 30  # one line: nothing jumps
    story("dress").click()
    v.page.wait_for_function("new URL(location.href).searchParams.has('x')")
    assert "dress" in v.part("lead").inner_text() and v.words()["domain"] == "digits"
    other = visit().open(v.query())
    assert other.pixels("seen") == v.pixels("seen")
    story("own").click()
    v.wait("!part('pad').hidden")
    assert v.words()["d"] == "32"
    v.part("pad").click(position={"x": 60, "y": 60})
    v.page.wait_for_function("new URL(location.href).searchParams.has('x')")
    assert "Draw a digit" in v.part("lead").inner_text()
    v.part("kind").locator("input[value=ae]").check()
    v.wait("part('lead').textContent.includes('The encoder keeps')")
    assert usual.startswith("The encoder keeps")
