"""What every tab shares: address, languages, themes, width, keyboard."""

import re

import pytest

from vaedemo.ui.tabs import TABS


def test_a_copied_address_restores_the_state_in_a_new_page(visit):
    v = visit().open()
    v.part("domain").locator("input[value=fashion]").check()
    v.page.wait_for_function("new URL(location.href).searchParams.get('domain') === 'fashion'")
    v.page.locator(".vd-example").nth(2).click()
    v.part("kind").locator("input[value=pca]").check()
    v.part("dimension").press("End")
    v.part("errorMode").locator("input[value=signed]").check()
    v.part("theme").click()
    v.speak("zh")
    words = v.words()
    assert {"domain": "fashion", "kind": "pca", "lang": "zh", "error": "signed"}.items() <= words.items()
    v.idle()
    other = visit().open(v.query())
    other.wait("part('made').toDataURL() === arg", v.pixels("made"))
    for name in ("seen", "error"):
        assert other.pixels(name) == v.pixels(name)
    assert other.words() == words
    assert other.page.evaluate("document.body.classList.contains('dark')") == v.page.evaluate(
        "document.body.classList.contains('dark')"
    )
    assert other.part("message").is_hidden()


@pytest.mark.parametrize(
    "query",
    [
        "domain=nowhere&kind=ae",
        "d=7",
        "d=NaN&kind=vae",
        "kind=__proto__",
        "domain=constructor",
        "example=%00%ff%3Cscript%3Ealert(1)%3C/script%3E",
        "x=AAAA",
        "x=!!!",
        "fit=1&polarity=2&error=3&lang=xx&theme=pink&beta=1e309",
        "d=" + "9" * 3000,
        "tab=../../etc/passwd&domain=",
        "beta=-1&d=%F0%9F%92%A9",
    ],
)
def test_a_garbage_address_falls_back_with_a_note(visit, query):
    v = visit().open(query)
    v.wait("!part('message').hidden")
    assert v.part("message").inner_text().endswith(".")
    assert float(v.part("psnr").inner_text()) > 3


def test_tabs_get_their_names_where_gradio_was_not_ready_to_hear_them(visit):
    v = visit()

    def deaf(route):
        """The frame, whose first two words to Gradio are lost, as on a machine that is busy building the page."""
        heard = "(window.told = (window.told ?? 0) + 1) > 2 && given.trigger(name)"
        body = route.fetch().text()
        assert "new Frame(given)" in body
        route.fulfill(
            body=body.replace("new Frame(given)", f"new Frame({{ ...given, trigger: (name) => {heard} }})"),
            content_type="text/javascript",
        )

    v.page.route("**/frame/frame.js*", deaf)
    v.page.goto(f"{v.address}?lang=zh")
    names = "[...document.querySelectorAll('#vd-tabs .tab-wrapper [role=tab]')].map((b) => b.textContent.trim())"
    v.page.wait_for_function(f"(all => all.length && all.every((name) => /[\u4e00-\u9fff]/.test(name)))({names})")
    assert v.page.evaluate("window.told") >= 3


def test_both_languages_are_complete_and_switch_without_a_reload(visit):
    v = visit().open()
    v.page.evaluate("window.still = true")
    assert v.page.get_by_role("tab", name="Reconstruct").is_visible()
    v.speak("zh")
    assert v.page.evaluate("window.still") and v.page.evaluate("document.documentElement.lang") == "zh-CN"
    text = v.page.evaluate("document.body.innerText")
    assert not re.findall(r"\b[a-z]+(?:\.[a-z]+)+\b", text), "a key instead of its phrase"
    left = set(re.findall(r"[A-Za-z]{4,}", text)) - {"English", "vaedemo", "PSNR", "SSIM", "ELBO", "WebP"}
    assert not left, f"not translated: {left}"
    v.speak("en")
    assert v.page.get_by_role("tab", name="Reconstruct").is_visible()
    assert not re.findall(r"[\u4e00-\u9fff]", v.page.evaluate("document.body.innerText").replace("中文", ""))


def test_the_browsers_language_is_the_first_one(visit):
    v = visit(locale="zh-CN").open()
    assert v.page.get_by_role("tab", name="重建").is_visible()
    v.part("file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no"})
    v.wait("/不是图片/.test(part('message').textContent)")


@pytest.mark.parametrize("query", ["", "lang=zh&kind=vae", "domain=objects&d=128&theme=dark"])
def test_390_pixels_without_sideways_scroll_and_by_touch(visit, query):
    v = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).open(query)
    v.idle()
    assert v.page.evaluate("document.documentElement.scrollWidth") <= 390
    over = v.page.evaluate(
        """[...document.querySelectorAll('.vd *')].filter((e) => e.getClientRects().length
             && getComputedStyle(e).visibility === 'visible' && e.getBoundingClientRect().right > 391)
             .map((e) => e.className)"""
    )
    assert over == []
    small = v.page.evaluate(
        """[...document.querySelectorAll('.vd button, .vd-choice, .vd-slider input')].filter((e) => e.offsetParent
             && getComputedStyle(e).visibility === 'visible' && Math.max(e.offsetHeight, e.offsetWidth) < 28).length"""
    )
    assert small == 0
    box = v.part("dimension").bounding_box()
    before = v.pixels("made")
    v.page.touchscreen.tap(box["x"] + 15, box["y"] + box["height"] / 2)
    v.page.touchscreen.tap(box["x"] + box["width"] - 15, box["y"] + box["height"] / 2)
    v.wait("part('made').toDataURL() !== '' && Number(part('dimension').value) === Number(part('dimension').max)")
    v.page.touchscreen.tap(box["x"] + 15, box["y"] + box["height"] / 2)
    v.wait("Number(part('dimension').value) === 0")
    assert v.pixels("made") != before


def test_the_keyboard_alone_reaches_everything_and_its_focus_is_seen(visit):
    v = visit().open("kind=vae")
    reached = []
    for _ in range(90):
        v.page.keyboard.press("Tab")
        name, seen = v.page.evaluate(
            """() => {
              const e = document.activeElement;
              const near = e.matches('.vd-choice input') ? e.nextElementSibling : e;
              const style = (x) => getComputedStyle(x);
              const ring = [near, e.closest('.vd-picture') ?? near].some((x) =>
                style(x).outlineStyle !== 'none' && parseFloat(style(x).outlineWidth) >= 2);
              const other = e.matches('input[type=range], [role=tab]');  // a ring on the thumb, Gradio's own
              return [e.dataset?.part || e.name || e.className.split?.(' ')[0], ring || other];
            }"""
        )
        if name:
            reached.append(name)
            assert seen, f"no focus ring on {name}"
    wanted = (
        "en theme help seen made error upload draw camera dimension vd-domain vd-kind vd-error vd-polarity vd-cell vd-z"
    )
    for name in [*wanted.split(), "saveImage", "copyLink"]:
        assert name in reached, f"{name} cannot be reached"


def test_every_canvas_and_chart_has_a_name_and_a_role(visit):
    v = visit().open("kind=vae")
    nameless = v.page.evaluate(
        """[...document.querySelectorAll('.vd canvas, .vd svg:not([aria-hidden])')].filter((e) =>
             !(e.getAttribute('aria-label') && e.getAttribute('role')) && !e.closest('button[aria-label]'))
             .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    buttons = v.page.evaluate(
        """[...document.querySelectorAll('.vd button')].filter((b) =>
             !b.innerText.trim() && !b.ariaLabel && !b.querySelector('img[alt]')).length"""
    )
    assert buttons == 0


def test_nothing_jumps_while_the_slider_moves(visit):
    v = visit().open("kind=vae")
    heights = set()
    for key in ("Home", *["ArrowRight"] * 5):
        v.part("dimension").press(key)
        tall = "[...document.querySelectorAll('.vd-top, .vd-card')].map((e) => e.offsetHeight).join()"
        heights.add(v.page.evaluate(tall))
    assert len(heights) <= 2, heights  # more than 32 numbers bring a fold


def test_help_and_themes(visit):
    v = visit(color_scheme="dark").open()
    assert v.page.evaluate("document.body.classList.contains('dark')")
    v.part("theme").click()
    assert not v.page.evaluate("document.body.classList.contains('dark')")
    assert v.words()["theme"] == "light"
    v.part("help").click()
    assert v.part("helpText").is_visible()


def test_a_tab_opens_from_an_address_though_its_button_is_drawn_late(visit):
    v = visit()
    v.page.add_init_script(
        """const find = document.getElementById.bind(document);
        let early = 3;
        document.getElementById = (id) => (id === "vd-tab-latent-button" && early-- > 0 ? null : find(id));"""
    )
    v.page.goto(f"{v.address}?tab=latent")
    v.page.locator(".vd-module-latent[data-ready=true]").wait_for()
    assert v.words()["tab"] == "latent"


def test_a_wide_window_is_filled_and_larger_text_stays_larger(visit):
    v = visit(viewport={"width": 1280, "height": 720}).open()
    measured = """() => ({ text: parseFloat(getComputedStyle(document.documentElement).fontSize),
      wide: document.querySelector('.vd-top').offsetWidth,
      low: document.querySelector('[data-part=kind]').getBoundingClientRect().bottom })"""
    laptop = v.page.evaluate(measured)
    assert laptop["text"] == 16 and laptop["low"] <= 720
    v.page.set_viewport_size({"width": 1920, "height": 1080})
    projector = v.page.evaluate(measured)
    assert 1700 <= projector["wide"] <= 1840 and projector["text"] > 19 and projector["low"] <= 1080
    assert v.page.locator("#vd-tabs > .tab-wrapper [role=tab]:visible").count() == len(TABS)
    left = "(of) => document.querySelector(of).getBoundingClientRect().left"
    assert v.page.evaluate(left, ".vd-top") == v.page.evaluate(left, ".vd-name")
    # The browser's own size, twice as large: the page grows with it, as it does in the teacher's mode.
    size = "() => parseFloat(getComputedStyle(document.documentElement).fontSize)"
    session = v.page.context.new_cdp_session(v.page)
    session.send("Page.enable")
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    v.page.wait_for_function(f"({size})() === 32")
    v.part("teach").click()
    assert v.page.evaluate(size) >= 36
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})


def enlarged(v):
    """The figure over the page, and the ways to close it: by Escape, by a click."""
    dialog = v.page.locator("dialog[data-part=enlarged][open]")
    dialog.wait_for()
    return dialog


def test_a_double_click_enlarges_a_figure_and_the_focus_comes_back(visit):
    v = visit(viewport={"width": 1280, "height": 720}).open("kind=vae")
    v.part("error").dblclick()
    dialog = enlarged(v)
    copy = dialog.locator("canvas:visible")
    assert copy.evaluate("(c) => c.toDataURL()") == v.pixels("error")
    assert copy.evaluate("(c) => getComputedStyle(c).imageRendering") == "pixelated"
    assert copy.bounding_box()["height"] > 560 and dialog.bounding_box()["height"] <= 720
    assert dialog.locator("figcaption").inner_text().startswith("Error")
    v.page.keyboard.press("Escape")
    assert not v.page.locator("dialog[open]").count()
    # By the keyboard, a chart too; a click anywhere closes it.
    for button in (v.page.locator(".vd-panel-made [data-enlarge]"), v.page.locator(".vd-curve [data-enlarge]")):
        button.focus()
        v.page.keyboard.press("Enter")
        enlarged(v).locator(".vd-enlarged-body").click(force=True)
        assert not v.page.locator("dialog[open]").count()
        assert button.evaluate("(b) => b === document.activeElement")
    v.part("curve").locator("svg").dblclick(position={"x": 120, "y": 60})
    assert enlarged(v).locator("svg").bounding_box()["height"] > 400
    v.page.keyboard.press("Escape")
    v.part("draw").click()
    v.part("pad").dblclick()  # two dots of ink
    assert not v.page.locator("dialog[open]").count()


def test_back_and_forward_go_through_tabs_and_domains_with_their_state(visit):
    v = visit().open("d=4")
    steps = v.page.evaluate("history.length")
    v.part("domain").locator("input[value=fashion]").check()
    v.page.wait_for_function("new URL(location.href).searchParams.get('domain') === 'fashion'")
    v.page.locator(".vd-example").nth(2).click()
    v.part("kind").locator("input[value=pca]").check()
    v.idle()
    for tab in ("latent", "generate"):
        v.page.locator(f"#vd-tabs [role=tab][data-tab-id={tab}]").click()
        v.page.locator(f".vd-module-{tab}[data-ready=true]").wait_for()
        v.idle()
    assert v.page.evaluate("history.length") == steps + 3  # a domain and two tabs, and nothing else

    def go(way, tab, **words):
        getattr(v.page, f"go_{way}")()
        v.page.locator(f".vd-module-{tab}").wait_for()
        told = v.words()
        assert words.items() <= told.items() and told.get("tab", "reconstruct") == tab

    go("back", "latent", domain="fashion")
    go("back", "reconstruct", domain="fashion", kind="pca", example="pullover")
    go("back", "reconstruct", domain="digits", d="4")
    v.wait("part('domain').querySelector('input:checked').value === 'digits' && part('dimension').value === '1'")
    go("forward", "reconstruct", domain="fashion", kind="pca", example="pullover")
    go("forward", "latent", domain="fashion")
    assert v.page.evaluate("history.length") == steps + 3


SMALL = """() => [...document.querySelectorAll('.vd :is(.vd-button, .vd-small, .vd-choice, .vd-example, .vd-icon)')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().height < 44)
  .map((e) => e.outerHTML.slice(0, 90))"""


def test_on_a_phone_every_tab_is_a_swipe_away_and_every_control_a_thumb_high(visit):
    v = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).open()
    row = v.page.locator("#vd-tabs [role=tablist]")
    assert row.locator("[role=tab]").count() == len(TABS) and not v.page.get_by_role("button", name="More tabs").count()
    ends = "(r) => [...r.children].filter((b) => b.getBoundingClientRect().right <= 390).length"
    reach = row.evaluate(ends)
    row.evaluate("(r) => r.scrollTo({ left: r.clientWidth })")
    assert reach >= 3 and row.evaluate(ends) >= min(len(TABS), reach + 3)
    assert v.page.get_by_role("tab", name="Latent", exact=True).count() == 1
    for tab in ("odd", "latent", "generate"):
        v.page.locator(f"#vd-tab-{tab}-button").tap()
        v.page.locator(f".vd-module-{tab}[data-ready=true]").wait_for()
        assert v.words()["tab"] == tab
        box = v.page.locator(f"#vd-tab-{tab}-button").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert v.page.evaluate(SMALL) == []
