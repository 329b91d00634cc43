"""What every tab shares: address, languages, themes, width, keyboard."""

import re

import pytest


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
