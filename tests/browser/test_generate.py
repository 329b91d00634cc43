"""The tab "Generate" as a visitor meets it."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vaedemo.errors import VaedemoError
from vaedemo.services.generate import generate
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.tabs import TABS

LIBRARY = Library(checkpoints_folder())
ROOT = ".vd-module-generate"


def have_mixtures():
    try:
        return bool(LIBRARY.mixture(ModelKey("digits", "vae", 8)))
    except VaedemoError:
        return False


MIXTURES = have_mixtures()
# The grid of the chosen sample, and how many grids are drawn.
GRID, DRAWN = ("vae-mixture", 4) if MIXTURES else ("ae-normal", 2)
needs_mixtures = pytest.mark.skipif(not MIXTURES, reason="no mixtures in checkpoints/ yet")
WORDS = "domain=digits&d=8"


class Tab:
    """A Visit at the tab."""

    def __init__(self, v, query=WORDS):
        self.v, self.page = v, v.page
        v.page.goto(f"{v.address}?tab=generate&{query}")
        self.settle()

    def settle(self):
        self.page.locator(f"{ROOT}[data-ready=true]").wait_for()
        self.page.wait_for_function("document.querySelector('[data-part=grids]')?.dataset.shown")
        self.page.wait_for_function("document.querySelector('[data-part=sumvae]')?.dataset.shown")
        self.page.wait_for_function("document.querySelector('[data-part=wayvae]')?.dataset.shown")

    def part(self, name):
        return self.page.locator(f"{ROOT} [data-part={name}]")

    def canvas(self, name):
        return self.page.locator(f"[data-grid={name}] canvas").first

    def pixels(self, name):
        return self.canvas(name).evaluate("(c) => c.toDataURL()")

    def picture(self, part):
        return self.part(part).evaluate("(c) => c.toDataURL()")

    def shown(self):
        return self.part("grids").get_attribute("data-shown")

    def until(self, words):
        self.page.wait_for_function(
            "(w) => document.querySelector('[data-part=grids]').dataset.shown.split(' ').includes(w)", arg=words
        )

    def shows(self, part, start):
        self.page.wait_for_function(
            "([p, s]) => document.querySelector(`[data-part=${p}]`).dataset.shown.startsWith(s)", arg=[part, start]
        )

    def changed(self, part, before):
        self.page.wait_for_function(
            "([p, b]) => document.querySelector(`.vd-module-generate [data-part=${p}]`).toDataURL() !== b",
            arg=[part, before],
        )

    def cell(self, name, i, n=6):
        """The middle of sample i of a grid, in pixels of the window."""
        self.canvas(name).scroll_into_view_if_needed()
        box = self.canvas(name).bounding_box()
        return box["x"] + (i % n + 0.5) / n * box["width"], box["y"] + (i // n + 0.5) / n * box["height"]

    def click(self, name, i, n=6):
        self.page.mouse.click(*self.cell(name, i, n))


@pytest.fixture
def tab(visit):
    return lambda query=WORDS, **kwargs: Tab(visit(**kwargs), query)


def png():
    image = Image.new("L", (200, 200), 250)
    ImageDraw.Draw(image).line((90, 30, 110, 170), fill=20, width=18)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_the_first_screen_is_complete_before_any_click(tab):
    g = tab("")
    for name in ("ae-normal", "vae-normal") + (("ae-mixture", "vae-mixture") if MIXTURES else ()):
        box = g.canvas(name).bounding_box()
        assert box["width"] >= 300 and box["y"] + box["height"] <= 900
        assert g.canvas(name).evaluate(
            "(c) => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 8"
        )
    for name in ("chosen", "sumae", "sumvae", "wayae", "wayvae", "stripae", "stripvae"):
        assert g.part(name).evaluate(
            "(c) => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 8"
        )
    assert g.part("message").is_hidden() and g.part("toReconstruct").is_enabled()


def test_the_pictures_are_the_librarys_own(tab):
    g = tab()
    shown = g.canvas("vae-normal").evaluate(
        "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
    )
    sheet = np.array(shown).reshape(173, 173)
    want = generate(LIBRARY, ModelKey("digits", "vae", 8), "normal", 36, 1).x_hat
    for i in (0, 7, 35):
        top, left = 29 * (i // 6), 29 * (i % 6)
        assert np.abs(sheet[top : top + 28, left : left + 28] - np.round(want[i, 0] * 255)).max() <= 1


def test_the_same_seed_gives_the_same_samples_and_the_die_others(tab):
    g = tab()
    before = g.pixels("vae-normal")
    g.part("die").click()
    g.page.wait_for_function("!document.querySelector('[data-part=grids]').dataset.shown.includes(' 1 1 6')")
    assert g.pixels("vae-normal") != before
    assert g.part("seed").input_value() != "1"
    g.part("seed").fill("1")
    g.until("1")
    g.page.wait_for_function("document.querySelector('[data-part=grids]').dataset.shown.includes(' 1 1 6')")
    assert g.pixels("vae-normal") == before
    g.part("seed").fill("-5")
    g.part("seed").blur()
    assert g.part("seed").input_value() == "1" and g.part("message").is_hidden()


def test_the_temperature_is_followed_while_it_is_dragged(tab):
    g = tab()
    seen, box = {g.pixels("vae-normal")}, g.part("t").bounding_box()
    y = box["y"] + box["height"] / 2
    g.page.mouse.move(box["x"] + box["width"] * 2 / 3, y)
    g.page.mouse.down()
    for share in (0.5, 0.3, 0.1):
        before = g.shown()
        g.page.mouse.move(box["x"] + share * box["width"], y, steps=4)
        g.page.wait_for_function("(b) => document.querySelector('[data-part=grids]').dataset.shown !== b", arg=before)
        g.page.wait_for_function(
            "Number(document.querySelector('[data-part=grids]').dataset.shown.split(' ')[2]) ==="
            " Number(document.querySelector('.vd-module-generate [data-part=t]').value)"
        )
        seen.add(g.pixels("vae-normal"))
    g.page.mouse.up()
    assert len(seen) == 4
    g.part("t").press("Home")
    g.until("0")
    first = g.canvas("vae-normal").evaluate(
        """(c) => { const at = (x) => [...c.getContext('2d').getImageData(x, 0, 28, 28).data].join();
                    return at(0) === at(29) && at(0) === at(29 * 5); }"""
    )
    assert first, "at temperature 0 every sample of N(0, I) is the same"


@needs_mixtures
def test_a_class_button_moves_the_mixtures_and_says_so(tab):
    g = tab()
    normal, mixture = g.pixels("vae-normal"), g.pixels("vae-mixture")
    g.part("class").locator("input[value='3']").check()
    g.page.wait_for_function("document.querySelector('[data-part=grids]').dataset.shown.includes(' 6 3 ')")
    assert g.pixels("vae-normal") == normal and g.pixels("vae-mixture") != mixture
    assert g.page.locator("[data-grid=vae-mixture] [data-note]").inner_text() == "3"
    assert g.page.locator("[data-grid=vae-normal] [data-note]").inner_text() == "every class"
    assert g.v.words()["class"] == "3"
    g.part("class").locator("input[value=all]").check()
    g.until("all")
    assert g.pixels("vae-mixture") == mixture


@pytest.mark.parametrize("n", [4, 10])
def test_grids_of_other_sizes_and_pca(tab, n):
    g = tab()
    g.part("n").locator(f"input[value='{n}']").check()
    g.page.wait_for_function(f"document.querySelector('[data-grid=vae-normal] canvas').width === {29 * n - 1}")
    g.part("pca").check()
    g.until("true")
    assert g.canvas("pca-gaussian").is_visible()
    g.click("pca-gaussian", n * n - 1, n)
    assert g.v.words()["at"] == str(n * n - 1) and g.v.words()["grid"] == "pca-gaussian"


def test_hovering_enlarges_a_sample_without_a_request(tab):
    g = tab()
    asked = len(g.v.asked)
    g.page.mouse.move(*g.cell("vae-normal", 14))
    lens = g.page.locator("[data-grid=vae-normal] .vd-gen-lens")
    assert lens.is_visible() and lens.bounding_box()["width"] >= 100
    assert "sample 15 of 36" in g.part("readout").inner_text()
    g.page.mouse.move(5, 5)
    assert lens.is_hidden() and len(g.v.asked) == asked


def test_a_sample_goes_to_reconstruct(tab):
    g = tab()
    g.click("vae-normal", 7)
    picture = g.picture("chosen")
    g.part("toReconstruct").click()
    seen = ".vd-module-reconstruct [data-part=seen]"
    g.page.wait_for_function(
        "([s, b]) => document.querySelector(s)?.offsetParent && document.querySelector(s).toDataURL() === b",
        arg=[seen, picture],
    )
    g.page.wait_for_function("new URL(location.href).searchParams.get('kind') === 'vae'")
    words = g.v.words()
    assert words["d"] == "8" and "seed" not in words and "tab" not in words
    g.page.get_by_role("tab", name="Generate").click()
    g.page.wait_for_function("new URL(location.href).searchParams.get('at') === '7'")
    assert g.picture("chosen") == picture


@pytest.mark.skipif("latent" not in {tab.name for tab in TABS}, reason="no such tab yet")
def test_a_sample_goes_to_the_latent_space(tab):
    g = tab()
    g.click("vae-normal", 3)
    g.part("toLatent").click()
    g.page.locator(".vd-module-latent[data-ready=true]").wait_for()
    assert g.v.words()["tab"] == "latent"


def test_a_grid_and_all_of_them_download_as_png(tab):
    g = tab()
    with g.page.expect_download() as got:
        g.page.locator("[data-save=vae-normal]").click()
    assert got.value.suggested_filename == "vaedemo-generate-digits-vae-normal-8-seed1.png"
    image = np.asarray(Image.open(got.value.path()).convert("L"))
    scale = round(1120 / 173)
    assert image.shape == ((173 + 16) * scale,) * 2
    inside = image[8 * scale : -8 * scale : scale, 8 * scale : -8 * scale : scale]
    want = generate(LIBRARY, ModelKey("digits", "vae", 8), "normal", 36, 1).x_hat
    assert np.abs(inside[:28, :28].astype(int) - np.round(want[0, 0] * 255)).max() <= 1
    with g.page.expect_download() as got:
        g.part("saveAll").click()
    assert Image.open(got.value.path()).width > 320 * DRAWN


def test_a_copied_address_restores_everything(tab):
    g = tab("domain=fashion&d=8")
    g.part("seed").fill("77")
    g.part("t").press("ArrowLeft")
    g.part("n").locator("input[value='4']").check()
    g.page.wait_for_function("document.querySelector('[data-part=grids]').dataset.shown.includes(' 77 4 ')")
    g.click("vae-normal", 9, 4)
    g.page.locator(f"{ROOT} [data-slot=b]").click()
    before = g.picture("sumvae")
    g.part("sumCard").locator("[data-name=bag]").click()
    g.changed("sumvae", before)
    g.part("path").locator("input[value=spherical]").check()
    g.part("step").press("Home")
    words = g.v.words()
    wanted = {"tab": "generate", "domain": "fashion", "t": "0.99", "seed": "77", "n": "4", "b": "bag", "at": "9"}
    assert wanted.items() <= words.items() and words["path"] == "spherical" and words["step"] == "0"
    g.v.idle()
    other = tab(g.v.query().replace("tab=generate", ""))
    other.v.idle()
    assert other.shown() == g.shown()
    assert other.pixels("vae-normal") == g.pixels("vae-normal")
    for name in ("chosen", "sumae", "sumvae", "wayae", "stripvae"):
        other.page.wait_for_function(
            "([p, b]) => document.querySelector(`.vd-module-generate [data-part=${p}]`).toDataURL() === b",
            arg=[name, g.picture(name)],
        )
    assert other.v.words() == words and other.part("message").is_hidden()


@pytest.mark.parametrize(
    "query",
    ["domain=nowhere", "d=7", "t=9", "t=", "seed=-1", "seed=1.5", "n=3", "class=eleven", "at=99", "grid=pca-gaussian",
     "a=%3Cscript%3E", "path=crooked&step=1000", "pca=yes", "d=" + "9" * 3000],
)  # fmt: skip
def test_a_garbage_address_falls_back_with_a_note(tab, query):
    g = tab(query)
    assert g.part("message").is_visible() and g.part("message").inner_text().endswith(".")


def test_arithmetic_with_examples_a_sample_and_a_file(tab):
    g = tab()
    card = g.part("sumCard")
    for slot in "abc":  # A - A + A is A
        card.locator(f"[data-slot={slot}]").click()
        before = g.picture("sumae")
        card.locator("[data-name=zero]").click()
        if slot != "c":
            g.changed("sumae", before)
    g.v.idle()
    same = g.picture("sumvae")
    assert g.v.words() | {"a": "zero", "b": "zero", "c": "zero"} == g.v.words()
    card.locator("[data-slot=a]").click()
    g.click("vae-normal", 5)
    card.locator("[data-from=sample]").click()
    g.changed("sumvae", same)
    slot = card.locator("[data-slot=a] canvas").evaluate("(c) => c.toDataURL()")
    assert slot == g.picture("chosen")
    before = g.picture("sumvae")
    card.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": png()})
    g.changed("sumvae", before)
    assert "a" not in g.v.words()
    card.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no"})
    g.page.wait_for_function("!document.querySelector('.vd-module-generate [data-part=message]').hidden")
    assert "not a picture" in g.part("message").inner_text()


def test_the_way_between_two_pictures_follows_its_slider_without_a_request(tab):
    g = tab()
    g.v.idle()
    asked, seen = len(g.v.asked), set()
    g.part("step").press("Home")
    for _ in range(24):
        seen.add(g.picture("wayvae"))
        g.part("step").press("ArrowRight")
    seen.add(g.picture("wayvae"))
    assert len(seen) >= 24 and len(g.v.asked) == asked
    box = g.part("stripae").bounding_box()
    g.page.mouse.click(box["x"] + 3, box["y"] + 10)
    assert g.v.words()["step"] == "0"
    before = g.picture("wayvae")
    g.part("wayCard").locator("input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": png()}
    )
    g.changed("wayvae", before)


def test_a_file_can_be_dropped_on_a_place_or_pasted(tab):
    g = tab()
    send = """([bytes, selector, events]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], "a.png", { type: "image/png" }));
      const options = { dataTransfer: data, clipboardData: data, bubbles: true, cancelable: true };
      const make = { paste: ClipboardEvent };
      for (const type of events)
        document.querySelector(selector).dispatchEvent(new (make[type] ?? DragEvent)(type, options));
    }"""
    before = g.picture("sumvae")
    g.page.evaluate(send, [list(png()), f"{ROOT} [data-slot=c]", ["dragover", "drop"]])
    g.changed("sumvae", before)
    assert g.part("sumCard").locator("[data-slot=c]").get_attribute("aria-pressed") == "true"
    before = g.picture("wayvae")
    g.part("wayCard").locator("[data-slot=q]").click()
    g.page.evaluate(send, [list(png()), "body", ["paste"]])
    g.changed("wayvae", before)


def test_domains_are_switched_and_dimensions_follow(tab):
    g = tab()
    for domain in ("shapes", "objects", "digits"):
        g.part("domain").locator(f"input[value={domain}]").check()
        g.until(domain)
        g.shows("sumvae", domain)
        assert g.v.words()["domain"] == domain
    g.part("d").locator("input[value='2']").check()
    g.shows("sumvae", "digits-2")


def test_the_keyboard_alone(tab):
    g = tab()
    g.canvas("vae-normal").focus()
    for key in ("Home", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"):
        g.page.keyboard.press(key)
    assert "sample 13 of 36" in g.part("readout").inner_text()
    g.page.keyboard.press("Enter")
    assert {"grid": "vae-normal", "at": "12"}.items() <= g.v.words().items()
    assert g.part("chosen").get_attribute("aria-label") == "VAE + N(0, I), sample 13"
    reached = set()
    g.page.locator("[data-part=theme]").first.focus()
    for _ in range(90):
        g.page.keyboard.press("Tab")
        name, seen = g.page.evaluate(
            """() => {
              const e = document.activeElement;
              const near = e.matches('.vd-choice input') ? e.nextElementSibling : e;
              const style = getComputedStyle(near);
              const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
              const other = e.matches('input[type=range], [role=tab], body');
              const grid = e.closest('[data-grid]')?.dataset.grid;
              return [e.dataset?.part || e.dataset?.slot || e.dataset?.from || e.dataset?.save || e.name || grid
                      || e.tagName, ring || other];
            }"""
        )
        assert seen, f"no focus ring on {name}"
        reached.add(name)
    wanted = "vd-gen-domain vd-gen-d t seed die vd-gen-n vd-gen-class toReconstruct vae-normal ae-normal saveAll pca"
    assert set(wanted.split()) | set("abcpq") | {"sample", "file", "step", "chosen", "vd-gen-path"} <= reached


def test_every_canvas_has_a_name_and_a_role(tab):
    g = tab()
    nameless = g.page.evaluate(
        """[...document.querySelectorAll('.vd-module-generate canvas, .vd-module-generate svg')].filter((e) =>
             e.getAttribute('aria-hidden') !== 'true' && !(e.getAttribute('aria-label') && e.getAttribute('role'))
             && !e.closest('button')).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    buttons = g.page.evaluate(
        """[...document.querySelectorAll('.vd-module-generate button')].filter((b) =>
             !b.textContent.trim() && !b.ariaLabel).map((b) => b.outerHTML.slice(0, 80))"""
    )
    assert buttons == []


def test_chinese_is_complete(tab):
    g = tab(WORDS + "&lang=zh")
    text = g.page.locator(ROOT).evaluate("(e) => e.innerText")
    assert not re.findall(r"\b[a-z]+(?:\.[a-z]+)+\b", text), "a key instead of its phrase"
    left = set(re.findall(r"[A-Za-z]{4,}", text)) - {"Fréchet", "chet"}
    assert not left or not MIXTURES, f"not translated: {left}"
    g.v.speak("en")
    assert not re.findall(r"[\u4e00-\u9fff]", g.page.locator(ROOT).evaluate("(e) => e.innerText"))


@pytest.mark.parametrize("query", [WORDS, "lang=zh&domain=fashion&theme=dark&pca=1"])
def test_390_pixels_without_sideways_scroll_and_by_touch(tab, query):
    g = tab(query, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    g.v.idle()
    assert g.page.evaluate("document.documentElement.scrollWidth") <= 390
    over = g.page.evaluate(
        """[...document.querySelectorAll('.vd *')].filter((e) => e.getClientRects().length
             && getComputedStyle(e).visibility === 'visible' && e.getBoundingClientRect().right > 391)
             .map((e) => e.className)"""
    )
    assert over == []
    small = g.page.evaluate(
        """[...document.querySelectorAll('.vd-module-generate button, .vd-module-generate .vd-choice')].filter((e) =>
             e.offsetParent && Math.max(e.offsetHeight, e.offsetWidth) < 28).length"""
    )
    assert small == 0
    place = g.cell("vae-normal", 8)
    g.page.touchscreen.tap(*place)
    g.page.wait_for_function("new URL(location.href).searchParams.get('at') === '8'")
    box = g.part("chosen").bounding_box()
    assert 0 < box["y"] < 844, "the chosen sample is in sight while the grids are"
    g.part("toReconstruct").tap()
    g.page.wait_for_function("document.querySelector('.vd-module-reconstruct [data-part=seen]')?.offsetParent")


def test_nothing_jumps_while_samples_change(tab):
    g = tab()
    tall = "[...document.querySelectorAll('.vd-gen-top, .vd-gen .vd-card')].map((e) => e.offsetHeight).join()"
    heights = {g.page.evaluate(tall)}
    for domain in ("fashion", "objects", "digits"):
        g.part("domain").locator(f"input[value={domain}]").check()
        heights.add(g.page.evaluate(tall))
        g.until(domain)
        g.v.idle()
        heights.add(g.page.evaluate(tall))
    g.part("class").locator("input[value='3']").check()
    heights.add(g.page.evaluate(tall))
    assert len(heights) == 1, heights


FIGURES = """{"rows": [
  {"domain": "digits", "d": 8, "source": "ae+normal", "frechet": [300, 5], "precision": [0.3, 0.01]},
  {"domain": "digits", "d": 8, "source": "vae+mixture", "frechet": [30, 1], "precision": [0.9, 0.01]},
  {"domain": "digits", "d": 8, "source": "vae+normal", "frechet": [40, 1], "precision": [0.895, 0.01]},
  {"domain": "digits", "d": 8, "source": "test", "frechet": [2, 0.1], "precision": [0.99, 0.01]}]}"""


def test_the_figures_say_what_is_best_or_that_they_are_not_measured(tab):
    g = tab()
    if not (checkpoints_folder() / "maps" / "samples.json").is_file():
        assert g.part("qualityTable").inner_text() == "These figures are not measured yet."
    made = g.page.evaluate(
        """async (figures) => {
          const style = document.querySelector('link[href$="generate/style.css"]').href;
          const { best, scale } = await import(new URL('quality.js', style));
          const rows = JSON.parse(figures).rows;
          const { x, ticks } = scale([2, 30, 300]);
          const rising = x(2) < x(30) && x(30) < x(300) && x(300) < 220;
          return [best(rows, 'frechet'), best(rows, 'precision'), ticks, rising];
        }""",
        FIGURES,
    )
    assert made == [["vae+mixture"], ["vae+mixture", "vae+normal"], [10, 100], True]
