"""One picture for the whole page: from tab to tab and from domain to domain, until the visitor chooses another one."""

import io

import numpy as np
from PIL import Image


def blocks():
    """A picture of 450 x 300 coloured blocks, which no example resembles, as a PNG."""
    colours = np.random.default_rng(0).integers(0, 256, (10, 15, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.kron(colours, np.ones((30, 30, 1), np.uint8))).save(file, "PNG")
    return {"name": "blocks.png", "mimeType": "image/png", "buffer": file.getvalue()}


def at(v, tab):
    """A tab of an open page, brought into sight: its root, once it has taken the page's picture."""
    v.page.locator(f"#vd-tabs [role=tab][data-tab-id={tab}]").click()
    v.page.locator(f".vd-module-{tab}[data-ready=true]").wait_for()
    v.idle()
    return v.page.locator(f".vd-module-{tab}")


def shown(root):
    return root.locator("[data-part=original]").get_attribute("src")


def test_an_upload_goes_from_tab_to_tab_and_through_every_domain(visit):
    v = visit()
    v.page.goto(f"{v.address}?tab=denoise&domain=objects")
    denoise = v.page.locator(".vd-module-denoise[data-ready=true]")
    denoise.wait_for()
    denoise.locator("[data-part=file]").set_input_files(blocks())
    v.wait("part('pagePicture').textContent.includes('blocks.png')")
    v.idle()
    mine = shown(denoise)
    for tab in ("inpaint", "reconstruct", "odd"):
        assert shown(at(v, tab)) == mine, tab
    # From objects to photographs, digits and back: never an example in its place.
    denoise = at(v, "denoise")
    for domain in ("photos", "digits", "photos"):
        denoise.locator(f"[data-part=domain] input[value={domain}]").check()
        v.idle()
        assert "450 × 300" in denoise.locator("[data-part=yoursNote]").inner_text(), domain
        assert v.words().get("example") is None
    # As a photograph it is one in the tabs that have them, and an object on the map.
    for tab in ("reconstruct", "compress", "inpaint"):
        root = at(v, tab)
        assert "450 × 300" in root.locator("[data-part=yoursNote]").inner_text(), tab
        assert v.words().get("example") is None
    latent = at(v, "latent")
    assert v.words()["domain"] == "objects"
    assert shown(latent) == mine
    # An explicit choice replaces it, everywhere.
    latent.locator(".vd-example").first.click()
    v.wait("!part('pagePicture').textContent.includes('blocks.png')")
    v.idle()
    assert shown(at(v, "inpaint")) == shown(latent)


def test_a_drawing_and_a_sample_are_pictures_that_every_domain_converts(visit):
    v = visit()
    v.page.goto(f"{v.address}?tab=generate&domain=digits&d=32")
    v.page.locator(".vd-module-generate [data-shown]").first.wait_for()
    v.idle()
    v.page.locator(".vd-module-generate [data-part=toReconstruct]").click()
    v.idle()
    words = v.words()
    assert words["d"] == "32" and "tab" not in words
    sample = shown(v.page.locator(".vd-module-reconstruct"))
    assert v.part("pagePicture").locator("img").get_attribute("src") == sample
    v.page.locator(".vd-module-reconstruct [data-part=domain] input[value=fashion]").check()
    v.page.wait_for_function("new URL(location.href).searchParams.get('domain') === 'fashion'")
    assert "example" not in v.words(), "a sample became an example"


def test_the_link_of_an_upload_says_that_the_picture_is_not_in_it_and_back_keeps_it(visit):
    v = visit().open("domain=objects")
    v.part("file").set_input_files(blocks())
    v.wait("part('yoursNote').textContent.includes('450 × 300')")
    v.idle()
    mine = shown(v.page.locator(".vd-module-reconstruct"))
    query, taken = v.query(), v.words()["domain"]
    assert "picture=own" in query and "example=" not in query
    for language, words in (("en", "stands in its place"), ("zh", "换成了一张示例")):
        other = visit().open(f"{query}&lang={language}")
        assert words in other.part("message").inner_text()
        assert "picture" not in other.words() and other.words()["example"]
    # Whoever goes to another domain and back has it still.
    v.part("domain").locator("input[value=digits]").check()
    v.page.wait_for_function("new URL(location.href).searchParams.get('domain') === 'digits'")
    v.page.go_back()
    v.wait("part('domain').querySelector('input:checked').value === arg", taken)
    v.idle()
    assert shown(v.page.locator(".vd-module-reconstruct")) == mine and v.part("message").is_hidden()
    assert v.words()["picture"] == "own"


def test_the_dimension_that_was_chosen_goes_from_tab_to_tab_and_so_does_the_picture(visit):
    v = visit().open("domain=digits&kind=vae&example=five")
    at(v, "latent")
    assert "d" not in v.words()  # nothing was chosen: the map has two
    at(v, "reconstruct")
    v.part("dimension").press("ArrowRight")
    v.part("dimension").press("ArrowRight")
    v.wait("part('dimensionValue').textContent === '32'")
    for tab in ("latent", "generate", "odd"):
        at(v, tab)
        words = v.words()
        assert words["d"] == "32", tab
        assert words.get("example", "five") == "five", tab
    # Photographs alone are at home in Compress: it opens with one, and the page's picture stays.
    at(v, "compress")
    at(v, "reconstruct")
    words = v.words()
    assert {"domain": "digits", "d": "32", "example": "five"}.items() <= words.items()
    odd = at(v, "odd")
    odd.locator("[data-part=d] input[value='4']").check()
    v.idle()
    at(v, "reconstruct")
    assert v.words()["d"] == "4" and v.part("dimensionValue").inner_text() == "4"


def test_a_dimension_that_another_tab_lacks_is_the_nearest_and_is_said(visit):
    v = visit().open("domain=digits&kind=dense&d=2")
    most = v.part("ticks").locator("span").last.inner_text()
    latent = at(v, "latent")
    latent.locator("[data-part=dims] input[value='64']").check()
    v.idle()
    reconstruct = at(v, "reconstruct")
    assert {"kind": "dense", "d": most}.items() <= v.words().items() and most != "64"
    said = reconstruct.locator("[data-part=messageText]").inner_text()
    assert "no model of 64 numbers" in said and f"has {most}" in said
