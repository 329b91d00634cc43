"""The Content-Security-Policy stops nothing that the page needs: a Visit fails on whatever Chromium complains of."""

import re

from tests.browser.conftest import SLOW

WATCH = """() => { window.stopped = []; document.addEventListener("securitypolicyviolation",
  (e) => window.stopped.push(`${e.violatedDirective} ${e.blockedURI}`)); }"""


def refused(v):
    """What the policy stopped since WATCH."""
    return v.page.evaluate("window.stopped")


def test_dark_theme_camera_png_and_animation_pass_the_policy(visit):
    v = visit(permissions=["camera"], color_scheme="dark")
    with v.page.expect_response(lambda answer: answer.url.startswith(f"{v.address}?")) as page:
        v.open("domain=objects&theme=dark")
    told = page.value.headers
    assert "default-src 'self'" in told["content-security-policy"] and "http:" not in told["content-security-policy"]
    assert "camera=(self)" in told["permissions-policy"] and told["x-content-type-options"] == "nosniff"
    v.page.evaluate(WATCH)
    assert v.page.evaluate("document.body.classList.contains('dark')")
    v.part("theme").click()
    seen = v.pixels("seen")
    v.part("camera").click()
    v.page.locator("[data-part=video]:visible").wait_for()
    v.wait("part('seen').toDataURL() !== arg", seen)
    v.part("camera").click()
    for tab, button, name in (
        ("generate", "[data-save=vae-normal]", "png"),
        ("latent", "[data-format=gif]", "gif"),
    ):
        v.page.locator(f"#vd-tab-{tab}-button").click()
        v.page.locator(f".vd-module-{tab}[data-ready=true]").wait_for()
        v.idle()  # what is saved has to be there
        with v.page.expect_download() as download:
            v.page.locator(button).first.click()
        assert download.value.suggested_filename.endswith(f".{name}") and download.value.path().stat().st_size > 100
    assert refused(v) == []


def test_the_description_of_the_api_opens_under_the_policy(visit):
    v = visit()
    v.page.add_init_script(f"({WATCH})()")
    v.page.goto(f"{v.address}?view=api")
    v.page.locator(".api-docs").get_by_text(re.compile("/reconstruct")).first.wait_for(timeout=30_000 * SLOW)
    v.idle()
    assert refused(v) == []
    # Gradio looks whether there is an MCP server, which there is not; that is all it may complain of.
    assert [text for text in v.complaints if "404" not in text] == []
    v.complaints.clear()
