"""The tab "Lessons" and the teacher's mode: predict, see, count; arrow keys; a QR code that a phone reads."""

import io
import json
from urllib.parse import parse_qsl

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def v(context_of, address):
    """One visit for all tests of this file, in a context of its own: it keeps answers."""
    from tests.browser.conftest import Visit

    visit = Visit(context_of(locale="en-GB", color_scheme="light", timezone_id="Europe/Dublin").new_page(), address)
    visit.page.set_viewport_size({"width": 1280, "height": 720})
    yield visit
    visit.page.close()
    assert visit.complaints == [] and visit.foreign == []


def shown(v, key):
    v.page.locator(f".vd-les-step[data-shown='{key}']").wait_for()


def opened(v, query):
    v.page.goto(f"{v.address}?tab=lessons&{query}")
    v.page.locator(".vd-module-lessons[data-ready=true]").wait_for()


def kept(v):
    return json.loads(v.page.evaluate("localStorage.getItem('vaedemo.lessons')"))


def test_predict_then_see_is_counted_kept_and_reset(v):
    opened(v, "lang=en")
    own = v.page.locator(".vd-module-lessons")
    assert own.locator("ol li").count() == 10 and "0 of 41 answered" in v.part("score").inner_text()
    own.locator("[data-lesson=bottleneck]").click()
    shown(v, "bottleneck 1")
    assert own.locator(".vd-les-unknown").count() == 5 and own.locator(".vd-les-picture img").count() == 10
    assert own.locator("[data-part=why]").count() == 0
    own.locator("[data-answer='0']").click()
    assert "your answer" in own.locator("[data-answer='0']").inner_text()
    assert "right" in own.locator("[data-answer='1']").inner_text()
    assert own.locator(".vd-les-unknown").count() == 0 and own.locator(".vd-les-picture img").count() == 15
    own.locator("[data-part=formula] .katex").wait_for()
    own.locator("[data-answer='1']").click(force=True)  # the first answer stays
    assert kept(v)["bottleneck"][0] == {"choice": 0, "right": False}
    own.locator("[data-part=next]").click()
    shown(v, "bottleneck 2")
    own.locator("[data-answer='2']").click()
    assert v.words() == {"tab": "lessons", "lang": "en", "lesson": "bottleneck", "step": "2"}
    v.page.reload()
    shown(v, "bottleneck 2")
    assert own.locator("[data-part=why]").is_visible()
    own.locator("[data-part=all]").click()
    assert "2 of 41 answered, 1 right" in v.part("score").inner_text()
    own.locator("[data-part=reset]").click()
    assert "0 of 41 answered" in v.part("score").inner_text() and kept(v)["bottleneck"] == [None] * 4


def test_every_formula_is_typeset_in_the_colours_of_the_page(v):
    opened(v, "lesson=cloud&step=3&lang=en&theme=dark")
    shown(v, "cloud 3")
    v.page.locator("[data-part=show]").click()
    v.page.locator("[data-part=formula] .katex").wait_for()
    colours = v.page.evaluate(
        """(symbols) => {
          const is = (token) => {
            const probe = document.querySelector("[data-part=why]").appendChild(document.createElement("i"));
            probe.style.color = `var(--vd-${token})`;
            const found = getComputedStyle(probe).color;
            probe.remove();
            return found;
          };
          const all = [...document.querySelectorAll("[data-part=formula] .katex-html span")];
          const of = (text) => getComputedStyle(all.find((e) => !e.children.length && e.textContent === text)).color;
          return symbols.map(([symbol, token]) => of(symbol) === is(token));
        }""",
        [["z", "z"], ["\u03bc", "mu"], ["\u03c3", "sigma"], ["\u03b5", "epsilon"]],
    )
    assert colours == [True] * 4
    assert v.page.locator("#vd-formulas .katex-error").count() == 0
    v.page.locator("[data-part=again]").click()
    assert v.page.locator("[data-part=why]").count() == 0


def test_a_link_opens_the_state_that_the_step_is_about(v):
    opened(v, "lesson=beta&step=2&lang=en")
    shown(v, "beta 2")
    v.page.keyboard.press("3")
    v.part("try").click()
    v.page.locator(".vd-module-reconstruct[data-ready=true]").wait_for()
    words = v.words()
    assert {k: words[k] for k in ("domain", "kind", "d", "beta", "example")} == {
        "domain": "digits",
        "kind": "vae",
        "d": "32",
        "beta": "16",
        "example": "five",
    }
    assert v.page.locator("[data-part=message]:visible").count() == 0
    v.page.go_back()
    shown(v, "beta 2")
    assert v.page.locator("[data-part=why]").is_visible()


def test_a_teacher_needs_the_keyboard_alone(v):
    import zxingcpp

    opened(v, "lesson=elbo&step=4&lang=en")
    shown(v, "elbo 4")
    small = v.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    v.part("teach").click()
    v.page.wait_for_function("document.documentElement.classList.contains('vd-teach')")
    assert not v.page.locator(".vd-head").is_visible() and not v.page.locator("#vd-tabs [role=tab]").first.is_visible()
    assert v.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 1.1 * small
    v.page.evaluate("document.activeElement.blur()")
    v.page.keyboard.press("Space")
    v.page.locator("[data-part=why]").wait_for()
    v.page.keyboard.press("ArrowRight")
    shown(v, "beta 1")
    v.page.keyboard.press("ArrowLeft")
    shown(v, "elbo 4")
    assert v.page.evaluate("document.documentElement.scrollHeight") <= 720  # a step is a screen
    assert v.words()["teach"] == "1"
    v.part("teachQr").click()
    v.part("qr").wait_for()
    picture = Image.open(io.BytesIO(v.part("qr").screenshot()))
    found = zxingcpp.read_barcodes(picture)
    (code,) = found
    address, _, query = code.text.partition("?")
    assert address == v.address
    assert dict(parse_qsl(query)) == {"tab": "lessons", "lesson": "elbo", "step": "4", "lang": "en"}
    v.page.keyboard.press("Escape")
    v.part("qr").wait_for(state="hidden")
    assert v.page.evaluate("document.documentElement.classList.contains('vd-teach')")
    v.page.keyboard.press("Escape")
    v.page.wait_for_function("!document.documentElement.classList.contains('vd-teach')")
    assert "teach" not in v.words()
    v.page.goto(f"{v.address}?tab=latent&teach=1")  # any tab can be taught from
    v.page.locator(".vd-module-latent[data-ready=true]").wait_for()
    assert not v.page.locator(".vd-head").is_visible() and v.part("teachLeave").is_visible()
    v.part("teachLeave").click()
    v.page.locator(".vd-head").wait_for()
