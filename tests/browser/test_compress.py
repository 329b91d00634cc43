"""The tab "Compress" and photographs in "Reconstruct" in a browser: sliders, searches, files, comparison, zoom."""

import io
import re

import numpy as np
import pytest
from PIL import Image


def opened(visit, query="tab=compress&example=cat", **kwargs):
    """A Visit whose photograph has been coded."""
    v = visit(**kwargs)
    v.page.goto(f"{v.address}?{query}")
    name = "compress" if "tab=compress" in query else "reconstruct"
    v.root = v.page.locator(f".vd-module-{name}[data-ready=true]")
    v.root.wait_for()
    v.own = lambda part: v.root.locator(f"[data-part={part}]")
    v.until = lambda expression, arg=None: v.page.wait_for_function(
        f"""(arg) => {{ const part = (name) => document.querySelector(`.vd-module-{name} [data-part=${{name}}]`);
        return {expression}; }}""",
        arg=arg,
    )
    v.shown = lambda: v.own("made").get_attribute("data-shown")
    v.coded = lambda before=None: v.until(
        "part('made')?.dataset.shown && part('made').dataset.shown !== arg && !part('saveImage').disabled", before
    )
    v.coded()
    return v


def choose(v, part, value):
    v.own(part).locator(f"input[value={value}]").check()


def photograph(width=96, height=64, seed=0):
    rng = np.random.default_rng(seed)
    rough = Image.fromarray(rng.integers(0, 256, (6, 9, 3), np.uint8))
    buffer = io.BytesIO()
    rough.resize((width, height), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def test_a_better_quality_is_larger_and_the_address_says_it(visit):
    v = opened(visit)
    before, size, psnr = v.shown(), v.own("size").inner_text(), float(v.own("psnr").inner_text())
    v.own("quality").focus()
    v.page.keyboard.press("End")
    v.coded(before)
    v.until("parseFloat(part('psnr').textContent) > arg", psnr + 5)
    assert v.own("size").inner_text() != size
    v.until("new URL(location.href).searchParams.get('quality') === '100'")
    before = v.shown()
    v.own("channels").focus()
    v.page.keyboard.press("Home")
    v.coded(before)
    v.until("parseFloat(part('psnr').textContent) < arg", psnr)
    v.until("new URL(location.href).searchParams.get('k') === '1'")


def test_a_size_is_searched_and_the_search_is_shown(visit):
    v = opened(visit, "tab=compress&example=cat&bytes=4000")
    v.own("search").locator(".vd-cmp-try").nth(5).wait_for()
    v.until("part('size').textContent.replace(/\\D/g, '') <= 4000")
    before = v.shown()
    v.own("typed").fill("100")
    v.own("typed").press("Enter")
    v.until("part('message').hidden === false || part('size').textContent <= 100")
    v.own("typed").fill("2500")
    v.own("typed").press("Enter")
    v.coded(before)
    v.until("part('size').textContent.replace(/\\D/g, '') <= 2500")


def test_a_file_is_downloaded_and_opens_wherever_it_is_dropped(visit, tmp_path):
    v = opened(visit)
    with v.page.expect_download() as waiting:
        v.own("saveFile").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    data = path.read_bytes()
    assert path.suffix == ".vae" and data[:3] == b"VAE"
    w = visit()
    w.open("domain=digits")
    w.page.evaluate(
        """async (bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "photo.vae"));
          for (const kind of ["dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        list(data),
    )
    told = w.page.locator(".vd-module-compress [data-part=opened]")
    told.wait_for()
    assert re.match(r"451 × 300, [\d.,]+ (bytes|kB), quality 50, 320 of 320 channels\.", told.inner_text())


def test_a_file_that_is_none_is_said_and_nothing_is_lost(visit):
    v = opened(visit)
    v.own("vae").set_input_files({"name": "x.vae", "mimeType": "", "buffer": b"no file of ours at all"})
    v.until("!part('message').hidden")
    assert "not a .vae file" in v.own("messageText").inner_text()
    assert v.own("psnr").inner_text() != "–"


def test_other_codecs_come_beside_it_and_move_together(visit):
    v = opened(visit)
    v.own("besideStart").click()
    v.until("document.querySelectorAll('.vd-module-compress tbody tr').length >= 4 && !part('besideStart').disabled")
    names = v.root.locator("tbody th").all_inner_texts()
    assert names[:3] == ["vaedemo", "JPEG", "WebP"]
    v.own("zoomIn").click()
    v.until("new URL(location.href).searchParams.get('at')?.startsWith('1.5,')")
    place = "(arg) => getComputedStyle(document.querySelectorAll('.vd-module-compress .vd-stage')[arg]).transform"
    assert all(v.page.evaluate(place, i).startswith("matrix(1.5, 0, 0, 1.5, ") for i in (0, 5))
    v.own("zoomFit").click()
    v.until("!new URL(location.href).searchParams.has('at')")


def test_the_divider_goes_by_hand_and_by_key(visit):
    v = opened(visit)
    divide = v.own("divide")
    divide.focus()
    v.page.keyboard.press("Home")
    assert divide.get_attribute("aria-valuenow") == "0"
    box = v.own("decodedFrame").bounding_box()
    v.page.mouse.move(box["x"] + 5, box["y"] + 60)
    v.page.mouse.down()
    v.page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 60, steps=4)
    v.page.mouse.up()
    v.until("Math.abs(part('divide').getAttribute('aria-valuenow') - 75) <= 2")


def test_bits_a_stack_and_the_basis_are_shown(visit):
    v = opened(visit)
    choose(v, "third", "bits")
    v.until("new URL(location.href).searchParams.get('third') === 'bits'")
    v.own("basisStart").click()
    v.root.locator("[data-basis=principal] canvas").nth(63).wait_for()
    v.own("stackStart").click()
    said = v.own("stackSaid")
    said.wait_for()
    assert said.get_attribute("data-same") == "true"


def test_thinking_longer_is_shown_and_stopped(visit):
    v = opened(visit)
    v.own("refineStart").click()
    v.until("document.querySelector('.vd-module-compress [data-part=refineBits] path.vd-line')")
    v.own("refineHalt").click()
    v.until("part('refineSaid').textContent.includes('→')")


def test_a_photograph_of_ones_own_stays_one_in_reconstruct(visit):
    v = opened(visit, "domain=photos&example=cat")
    before = v.shown()
    v.own("file").set_input_files(photograph())
    v.coded(before)
    assert v.own("yoursNote").inner_text() == "96 × 64"
    v.until("part('ladderPlot').querySelectorAll('circle.vd-mark').length === 10")
    choose(v, "domain", "objects")
    v.until("part('seen') && new URL(location.href).searchParams.get('domain') === 'objects'")
    assert v.own("yoursNote").inner_text() == "96 × 64"
    choose(v, "domain", "photos")
    v.coded()
    before = v.shown()
    v.own("channels").focus()
    v.page.keyboard.press("Home")
    v.coded(before)
    v.until("new URL(location.href).searchParams.get('k') === '1'")


@pytest.mark.parametrize(
    "query", ["domain=photos&example=coffee&k=8&quality=30", "tab=compress&example=coffee&k=8&quality=30"]
)
def test_a_link_reopens_what_it_shows(visit, query):
    v = opened(visit, query)
    assert v.own("channels").get_attribute("aria-valuetext") == "8 channels"
    assert v.own("quality").input_value() == "30"
    assert set(query.split("&")) <= set(v.query().split("&"))


@pytest.mark.parametrize(
    "query", ["tab=compress&quality=101&k=7&at=x&third=none", "domain=photos&kind=ae&at=,,&quality=-1"]
)
def test_a_garbage_address_falls_back_with_a_note(visit, query):
    v = opened(visit, query)
    assert v.own("messageText").inner_text().endswith(".")


def test_on_a_phone_nothing_is_wider_than_the_window(visit):
    v = opened(visit, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert v.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert v.own("decodedFrame").bounding_box()["width"] > 330
