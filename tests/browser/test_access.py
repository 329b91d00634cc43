"""Every tab for everyone: no violation that axe-core finds, nothing cut or overlapping in a narrow window and with
large text, in both languages and both themes."""

from pathlib import Path

import pytest

from tests.browser.conftest import Visit

HERE = Path(__file__).resolve().parent
AXE = HERE.parent / "js" / "node_modules" / "axe-core" / "axe.min.js"
LAYOUT = (HERE / "layout.js").read_text(encoding="utf-8")
# A visit a row: the tab, and what it shows.
SHOWN = (
    "tab=reconstruct&kind=vae",
    "tab=latent",
    "tab=latent&domain=shapes",
    "tab=generate",
    "tab=denoise",
    "tab=inpaint",
    "tab=compress",
    "tab=odd",
    "tab=train",
    "tab=lessons",
    "tab=lessons&lesson=bottleneck",
    "tab=reconstruct&domain=photos",
)
# What else than serious and critical violations there must not be.
NEVER = {"definition-list", "heading-order"}
COLOURS = ["color-contrast", "link-in-text-block"]
VIOLATIONS = """async ([never, rules]) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) });
  const bad = violations.filter((v) => ["serious", "critical"].includes(v.impact) || never.includes(v.id));
  return bad.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 100)).join(" | ")}`);
}"""


# Canvases and charts without a name and a role, but those that are hidden from screen readers or lie in a named button.
NAMELESS = """() => [...document.querySelectorAll('.vd canvas, .vd svg')].filter((e) => e.checkVisibility()
  && !e.closest('[aria-hidden=true]') && !(e.getAttribute('aria-label') && e.getAttribute('role'))
  && !e.closest('button')?.getAttribute('aria-label') && !e.closest('button')?.innerText.trim())
  .map((e) => `${e.closest('[data-part]')?.dataset.part}: ${e.outerHTML.slice(0, 90)}`)"""
# What has the focus: its number on the page, or null on nothing; and whether a ring is drawn around it.
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e.closest('.vd')) return [e.closest('[role=tab]') ? -1 : null, true];
  const near = e.matches('.vd-choice input') ? e.nextElementSibling : e;
  const ring = [near, e.closest('.vd-picture') ?? near].map((x) => getComputedStyle(x))
    .some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2);
  return [[...document.querySelectorAll('.vd *')].indexOf(e), ring || e.matches('input[type=range]')];
}"""
# What the keyboard has to reach: of radio buttons the chosen one of each group, of places for pictures the active one.
REACHABLE = """() => [...document.querySelectorAll('.vd *')].map((e, i) => [e, i]).filter(([e]) =>
    e.matches('button, input, summary, a[href], [tabindex="0"]') && e.checkVisibility({ visibilityProperty: true })
    && !e.disabled && e.tabIndex >= 0 && !e.matches('input[type=radio]:not(:checked)'))
  .map(([e, i]) => [i, e.outerHTML.slice(0, 90)])"""


@pytest.fixture(scope="class")
def v(request, context_of, address):
    """A tab in a narrow window that has drawn everything; one page for the tests of a row, which leave it as it was."""
    visit = Visit(context_of(locale="en-GB", color_scheme="light", timezone_id="Europe/Dublin").new_page(), address)
    visit.page.set_viewport_size({"width": 320, "height": 900})
    visit.page.goto(f"{address}?{request.param}&lang=en&theme=light")
    visit.page.locator(f".vd-module-{request.param.split('&')[0].removeprefix('tab=')}[data-ready=true]").wait_for()
    yield visit.idle()
    visit.page.close()
    assert visit.complaints == [] and visit.foreign == []


@pytest.mark.parametrize("v", SHOWN, indirect=True, scope="class")
class TestATab:
    def test_every_picture_has_a_name_and_the_keyboard_reaches_everything(self, v):
        v.page.set_viewport_size({"width": 1280, "height": 900})
        assert v.page.evaluate(NAMELESS) == []
        wanted, reached = dict(v.page.evaluate(REACHABLE)), set()
        v.page.evaluate("document.activeElement.blur()")
        for _ in range(2 * len(wanted)):
            v.page.keyboard.press("Tab")
            number, ring = v.page.evaluate(FOCUSED)
            if number is None and reached:
                break  # past the end
            assert ring, f"no focus ring on {wanted.get(number)}"
            reached.add(number)
        assert not [text for i, text in wanted.items() if i not in reached]

    def test_nothing_is_cut_or_overlaps(self, v):
        for width, text in ((320, 1), (390, 1), (1280, 2), (1280, 1)):
            v.page.set_viewport_size({"width": width, "height": 900})
            v.page.evaluate("(times) => (document.documentElement.style.fontSize = times > 1 ? '200%' : '')", text)
            for language in ("en", "zh"):
                v.speak(language)
                assert v.page.evaluate(LAYOUT) == [], f"{width} px, text {text} times as large, {language}"

    def test_axe_finds_nothing_serious(self, v):
        if not AXE.exists():
            pytest.skip("axe-core is not installed: run npm ci in tests/js")
        v.page.evaluate(AXE.read_text(encoding="utf-8"))
        v.part("help").click()
        for details in v.page.locator(".vd details:visible").all():
            details.evaluate("(e) => (e.open = true)")
        # Every pair of width, language and theme, in four of their eight combinations; the dark one has other colours.
        turns = ((390, "en", None), (390, "zh", COLOURS), (1280, "zh", None), (1280, "en", COLOURS))
        for width, language, rules in turns:
            v.page.set_viewport_size({"width": width, "height": 900})
            v.speak(language)
            where = f"{width} px, {language}, {v.page.evaluate('document.documentElement.style.colorScheme')}"
            assert v.page.evaluate(VIOLATIONS, [sorted(NEVER), rules]) == [], where
            v.part("theme").click()
