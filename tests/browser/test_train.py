"""The tab "Train": a run in front of the class, paused, taken by the step, dragged back, forked and kept."""

import zipfile

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def v(context_of, address):
    from tests.browser.conftest import Visit

    visit = Visit(context_of(locale="en-GB", color_scheme="light", timezone_id="Europe/Dublin").new_page(), address)
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    yield visit
    visit.page.close()
    assert visit.complaints == [] and visit.foreign == []


def opened(v, query):
    v.page.goto(f"{v.address}?tab=train&{query}")
    v.page.locator(".vd-module-train[data-ready=true]").wait_for()


def status(v, text):
    v.page.locator(".vd-module-train [data-part=status]", has_text=text).wait_for(timeout=60_000)


def at(v):
    return int(v.part("map").get_attribute("data-shown"))


def test_a_run_is_watched_paused_taken_by_the_step_dragged_back_forked_and_kept(v):
    opened(v, "width=64&depth=1&steps=3000")
    v.wait("part('map').dataset.shown === '0'")  # complete before any click
    v.part("start").click()
    v.wait("Number(part('map').dataset.shown) > 20")
    v.part("pause").click()
    status(v, "Paused")
    v.idle()
    before = at(v)
    v.part("step").click()
    v.wait("Number(part('map').dataset.shown) > arg", before)
    step = at(v)
    v.part("step").click()
    v.wait("Number(part('map').dataset.shown) === arg", step + 1)
    flow = v.page.locator(".vd-train-flow").inner_text()
    assert "log σ²" in flow and "encoder.1 Linear" in flow and "norms of the gradients" in flow
    # Back to the first moment, without a request.
    latest, asked = v.pixels("map"), [name for name in v.asked if name != "poll"]
    v.part("moment").fill("0")
    v.wait("part('map').dataset.shown === '0'")
    assert v.pixels("map") != latest and [name for name in v.asked if name != "poll"] == asked
    assert "step 0" in v.part("momentValue").inner_text()
    v.part("moment").press("End")
    v.wait("Number(part('map').dataset.shown) === arg", step + 1)
    # Kept: the checkpoint, and a script with its pictures.
    files = []
    v.page.on("download", lambda d: files.append(d))
    v.part("keep").click()
    for _ in range(200):
        if len(files) == 2:
            break
        v.page.wait_for_timeout(50)
    names = sorted(d.suggested_filename for d in files)
    assert names == [f"vaedemo-train-digits-dense-vae-2-step{step + 1}.{end}" for end in ("safetensors", "zip")]
    archive = next(d for d in files if d.suggested_filename.endswith("zip"))
    assert zipfile.ZipFile(archive.path()).namelist() == ["train.py", "pictures.u8"]
    # A fork from here: both curves, and the first moment of the second is where it left.
    v.page.locator("[data-part=forkValue] input[value='16']").check(force=True)
    v.part("fork").click()
    v.page.locator(".vd-train-curve .vd-label", has_text="fork").wait_for(timeout=60_000)
    v.wait("Number(part('map').dataset.shown) > arg", step + 1)
    assert "16 ×" in v.page.locator(".vd-train-loss").inner_text()
    v.page.locator("[data-part=which] input[value='0']").check(force=True)
    v.wait("Number(part('map').dataset.shown) === arg", step + 1)
    v.page.locator("[data-part=which] input[value='1']").check(force=True)
    v.part("stop").click()
    status(v, "Stopped")


def test_presets_are_words_of_the_address_and_back(v):
    opened(v, "")
    v.page.locator("[data-part=preset] input[value=collapse]").check(force=True)
    assert "784" in v.part("presetWhy").inner_text()
    words = v.words()
    assert words == {"tab": "train", "data": "digits", "loss": "mean", "steps": "600"}
    opened(v, "data=digits&loss=mean&steps=600")
    assert v.page.locator("[data-part=preset] input[value=collapse]").is_checked()
    v.part("start").click()
    v.page.locator("[data-part=active]", has_text="0 / 2").wait_for(timeout=60_000)
    v.part("stop").click()
    status(v, "Stopped")


def test_the_other_tabs_use_the_model_as_long_as_the_page_is_open(v):
    opened(v, "width=64&depth=1&steps=200")
    v.part("start").click()
    status(v, "Done")
    v.part("lend").click()
    v.page.locator("[data-part=lent] button[data-tab=latent]").click(timeout=60_000)
    latent = v.page.locator(".vd-module-latent")
    latent.locator("[data-part=domain] label", has_text="your VAE").locator("input:checked").wait_for()
    latent.locator("[data-part=vaePicture][data-shown=exact]").wait_for()
    assert v.words()["domain"].startswith("yours-vae-")
    v.page.locator("#vd-tab-train-button").click()
    v.page.locator("[data-part=lent] button[data-tab=reconstruct]").click()
    v.page.locator(".vd-module-reconstruct .vd-panels", has_text="from 2 numbers").wait_for()
    chosen = v.page.locator(".vd-module-reconstruct [data-part=domain] input:checked")
    assert chosen.get_attribute("value") == v.words()["domain"]
    v.idle()
    # Another one takes its place in every tab.
    v.page.locator("#vd-tab-train-button").click()
    old = chosen.get_attribute("value")
    v.part("lend").click()
    other = v.page.locator(f".vd-module-reconstruct[data-borrowed]:not([data-borrowed={old}])")
    other.wait_for(timeout=60_000, state="attached")
    assert chosen.get_attribute("value") not in (old, "digits")
    v.page.locator("#vd-tab-reconstruct-button").click()
    v.idle()


def test_pictures_of_ones_own(v, tmp_path):
    paths = []
    for i in range(21):
        Image.new("RGB", (40, 50), (10 * i, 255 - 10 * i, 90)).save(tmp_path / f"{i}.png")
        paths.append(tmp_path / f"{i}.png")
    opened(v, "steps=3000&width=64&depth=1")
    v.page.locator("[data-part=data] input[value=own]").check(force=True)
    assert v.part("start").is_disabled()
    v.part("trainOwnInput").set_input_files(paths)
    v.page.locator("[data-part=ownTold]", has_text="21").wait_for()
    v.wait("!part('start').disabled")
    v.part("start").click()
    v.wait("Number(part('map').dataset.shown) > 10")
    v.part("stop").click()
    status(v, "Stopped")
