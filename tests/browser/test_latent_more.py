"""The lower half of "Latent space" as a visitor meets it: walks, and one dimension at a time."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from vaedemo.data.domains import SIZED
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode, encode
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server import wire
from vaedemo.ui.server.inputs import example_names
from vaedemo.ui.server.service import Service

LIBRARY = Library(checkpoints_folder())
MAPS = checkpoints_folder() / "maps"
ROWS = [(kind, path) for kind in ("ae", "vae") for path in ("straight", "spherical")]
KEY = ModelKey("digits", "vae", 32)

pytestmark = pytest.mark.skipif(not (MAPS / "digits.json").is_file(), reason="the maps have not been derived")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(LIBRARY, tmp_path_factory.mktemp("uploads"))


def seen(service, domain, name):
    """The picture x that the models see of an example, (C, H, W)."""
    made = service.prepare({"source": {"example": name, "domain": domain}, "domain": domain, "models": []})
    return wire.unpack(made["x"], domain)


def levels(x):
    """A picture (C, H, W) in [0, 1] as the page shows it: (H, W, 3) grey levels."""
    x = np.round(np.clip(x, 0, 1) * 255).astype(int)
    return np.broadcast_to(x.transpose(1, 2, 0), (*x.shape[1:], 3))


PIXELS = "(c) => [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"


def painted(locator):
    """What a canvas shows, (H, W, 3)."""
    width, height, data = locator.evaluate(PIXELS)
    return np.array(data).reshape(height, width, 4)[..., :3]


def opened(v, query):
    v.page.goto(f"{v.address}?tab=latent&{query}")
    v.page.locator(".vd-module-latent[data-ready=true]").wait_for()


def walks(v, query=""):
    opened(v, query)
    v.part("walkStrips").locator("[data-drawn]").nth(3).wait_for()
    return v


def dims(v, query=""):
    opened(v, query)
    v.part("dimsTable").scroll_into_view_if_needed()
    v.page.locator("[data-part=dimsTable][data-drawn]").wait_for()
    v.page.locator("[data-part=dimsCanvas][data-shown]").wait_for()
    return v


def z_shown(v):
    return [float(w) for w in v.part("dimsCanvas").get_attribute("data-shown").split(": ")[1].split(",")]


def settled(v):
    """Until the decoded picture is of the code that the sliders show."""
    v.page.wait_for_function(
        """() => {
          const shown = document.querySelector("[data-part=dimsCanvas]").dataset.shown.split(": ")[1].split(",");
          return [...document.querySelectorAll(".vd-dimrow")].every((row) =>
            Math.abs(Number(row.querySelector("output").textContent.replace("−", "-")) - shown[row.dataset.i]) < 0.006);
        }"""
    )


# ---- walks -------------------------------------------------------------------------------------------------------


def test_the_strips_ends_are_the_decodes_of_both_pictures(visit, service):
    v = walks(visit(), "from=three&to=eight")
    ends = [seen(service, "digits", name) for name in ("three", "eight")]
    for kind, path in ROWS:
        cells = v.page.locator(f"[data-row={kind}-{path}] .vd-walkstrip canvas")
        assert cells.count() == 9
        for x, cell in zip(ends, (cells.first, cells.last), strict=True):
            mu, _ = encode(LIBRARY, x, ModelKey("digits", kind, 2))
            want = levels(decode(LIBRARY, mu, ModelKey("digits", kind, 2)))
            assert np.abs(painted(cell) - want).max() <= 1, (kind, path)
        assert np.abs(painted(cells.first) - painted(cells.nth(4))).max() > 60
    assert {"from": "three", "to": "eight"}.items() <= v.words().items()


def test_steps_and_dimension_change_the_strips_and_the_address(visit):
    v = walks(visit())
    v.part("walkSteps").press("End")
    v.wait("part('walkStrips').dataset.drawn === '2 15'")
    assert v.page.locator("[data-row=vae-straight] .vd-walkstrip canvas").count() == 15
    v.part("walkD").locator("input[value='32']").check()
    v.wait("part('walkStrips').dataset.drawn === '32 15'")
    assert {"wd": "32", "steps": "15"}.items() <= v.words().items()
    assert v.part("endPoint").is_hidden()  # a map has two dimensions
    lengths = "[...document.querySelectorAll('[data-row=vae-{}] small')].map((e) => Number(e.textContent))"
    straight, arc = (v.page.evaluate(lengths.format(path)) for path in ("straight", "spherical"))
    assert min(straight) < 0.95 * min(arc)  # the chord is nearer to the origin than the arc


def test_play_goes_there_and_back_and_a_picture_can_be_clicked(visit):
    v = walks(visit())
    large = v.page.locator("[data-row=ae-straight] .vd-picture canvas")
    before = large.evaluate("(c) => c.toDataURL()")
    v.part("walkPlay").click()
    v.wait("Number(part('walkPosition').value) > 0.6")
    v.wait("Number(part('walkPosition').value) < 0.4")
    v.part("walkPlay").click()
    still = v.part("walkPosition").input_value()
    v.page.wait_for_timeout(200)
    assert v.part("walkPosition").input_value() == still
    assert v.part("walkPlay").get_attribute("aria-pressed") == "false"
    v.page.locator("[data-row=vae-straight] .vd-walkstrip canvas").last.click()
    assert v.part("walkPosition").input_value() == "1"
    last = v.page.locator("[data-row=ae-straight] .vd-walkstrip canvas").last
    assert (painted(large) == painted(last)).all() and large.evaluate("(c) => c.toDataURL()") != before
    v.part("walkPosition").press("Home")
    assert large.evaluate("(c) => c.toDataURL()") == before


@pytest.mark.parametrize("form, row", [("gif", "ae-straight"), ("webp", "vae-spherical")])
def test_a_walk_downloads_as_an_animation_with_all_its_frames(visit, form, row):
    v = walks(visit(), "steps=5")
    with v.page.expect_download() as download:
        v.page.locator(f"[data-row={row}] [data-format={form}]").click()
    assert download.value.suggested_filename == f"vaedemo-latent-walk-digits-{row.replace('-', '-2-')}.{form}"
    image = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert image.format == form.upper() and image.n_frames == 2 * 17 - 2
    assert image.width >= 8 * 28
    first = np.asarray(image.convert("L").resize((28, 28), Image.Resampling.NEAREST)).astype(int)
    shown = painted(v.page.locator(f"[data-row={row}] .vd-walkstrip canvas").first)[..., 0]
    assert np.abs(first - shown).max() <= 2


def test_two_points_of_a_map_are_walked_between_and_escape_gives_up(visit):
    v = walks(visit())
    v.part("endPoint").click()
    box = v.part("vaeMoving").bounding_box()
    for share in (0.3, 0.7):
        v.page.mouse.click(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
    v.wait("part('endPoint').getAttribute('aria-pressed') === 'false'")
    v.wait("/^vae:\\S+ vae:\\S+$/.test(part('walkStrips').dataset.ends)")
    words = v.words()
    a, b = ([float(n) for n in words[w].split(":")[1].split(",")] for w in ("from", "to"))
    assert a[0] < b[0] and abs(a[1] - b[1]) < 0.05
    cells = v.page.locator("[data-row=vae-straight] .vd-walkstrip canvas")
    for z, cell in ((a, cells.first), (b, cells.last)):
        assert np.abs(painted(cell) - levels(decode(LIBRARY, z, ModelKey("digits", "vae", 2)))).max() <= 2
    other = walks(visit(), f"from={words['from']}&to={words['to']}")
    assert (painted(other.page.locator("[data-row=ae-spherical] canvas").nth(5)) > 100).any()
    v.part("endPoint").click()
    v.page.keyboard.press("Escape")
    v.wait("part('endPoint').getAttribute('aria-pressed') === 'false'")
    assert v.words()["from"] == words["from"]


def test_ends_by_keyboard_an_upload_and_the_turn(visit):
    v = walks(visit())
    v.part("end0").focus()
    v.part("end0").press("ArrowRight")
    assert v.part("end1").get_attribute("aria-checked") == "true"
    v.page.locator("[data-part=endExamples] button").nth(3).press("Enter")
    v.wait("/four/.test(part('end1').textContent)")
    image = Image.new("L", (60, 60), 255)
    image.paste(0, (27, 8, 33, 52))
    data = io.BytesIO()
    image.save(data, "PNG")
    v.part("end0").click()
    v.part("endFile").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": data.getvalue()})
    v.wait("/a file/.test(part('end0').textContent)")
    v.part("endTurn").click()
    v.wait("/a file/.test(part('end1').textContent) && /four/.test(part('end0').textContent)")


# ---- dimensions --------------------------------------------------------------------------------------------------


def test_rows_are_sorted_by_kl_and_say_what_they_carry(visit):
    v = dims(visit())
    kl = LIBRARY.figures(KEY)["kl_each"]
    order = sorted(range(32), key=lambda i: -kl[i])
    rows = v.page.locator(".vd-dimrow")
    assert rows.evaluate_all("(all) => all.map((r) => Number(r.dataset.i))") == order
    assert f"{kl[order[0]]:.2f} nats" in rows.first.inner_text()
    assert v.page.locator(".vd-dimrow:visible").count() == 10
    v.part("dimsTable").locator("summary").click()
    assert v.page.locator(".vd-dimrow:visible").count() == 32
    rows.last.scroll_into_view_if_needed()
    rows.last.locator("canvas[data-drawn]").wait_for()


def test_a_slider_changes_the_picture_as_the_decoder_does_and_reset_undoes_it(visit, service):
    v = dims(visit(), "example=five")
    slider, own = v.page.locator(".vd-dimrow input").first, v.pixels("dimsCanvas")
    mu, _ = encode(LIBRARY, seen(service, "digits", "five"), KEY)
    assert np.abs(np.array(z_shown(v)) - mu).max() < 2e-3
    slider.focus()
    slider.press("Home")
    settled(v)
    z = mu.copy()
    z[int(v.page.locator(".vd-dimrow").first.get_attribute("data-i"))] = -3
    assert np.abs(painted(v.part("dimsCanvas")) - levels(decode(LIBRARY, z, KEY))).max() <= 2
    assert v.pixels("dimsCanvas") != own and v.words()["z"].endswith(":-3")
    slider.press("PageUp")  # to the next picture of its row
    settled(v)
    assert slider.input_value() == "-2.25"
    v.part("dimsUndo").click()
    v.wait("part('dimsCanvas').toDataURL() === arg", own)
    assert "z" not in v.words()


def test_a_cell_of_the_table_sets_its_slider_and_is_the_picture(visit):
    v = dims(visit())
    row = v.page.locator(".vd-dimrow").nth(2)
    row.locator("canvas[data-drawn]").wait_for()
    sheet, box = painted(row.locator("canvas")), row.locator("canvas").bounding_box()
    first = v.page.locator(".vd-dimrow canvas").first
    before = first.evaluate("(c) => c.toDataURL()")
    v.page.mouse.click(box["x"] + box["width"] * 7.5 / 9, box["y"] + box["height"] / 2)
    settled(v)
    assert row.locator("input").input_value() == "2.25"
    left = 7 * (28 + 2)
    assert np.abs(painted(v.part("dimsCanvas")) - sheet[:, left : left + 28]).max() <= 1
    # The other rows start from the new code a moment later.
    v.page.wait_for_function("(b) => document.querySelector('.vd-dimrow canvas').toDataURL() !== b", arg=before)


def test_what_the_vae_switched_off_is_marked_and_does_nothing(visit):
    v = dims(visit(), "zm=vae-32-16")
    active = LIBRARY.figures(ModelKey("digits", "vae", 32, 16.0))["active"]
    assert v.page.locator(".vd-deadrow").count() == active.count(False) > 20
    row = v.page.locator(".vd-deadrow").first
    assert "switched off" in row.inner_text()
    assert "switched off" in row.locator("input").get_attribute("aria-label")
    before = painted(v.part("dimsCanvas"))
    row.locator("input").press("End")
    settled(v)
    assert np.abs(painted(v.part("dimsCanvas")) - before).max() <= 25
    assert "does nothing" in v.part("dimsNote").inner_text()
    alive = v.page.locator(".vd-dimrow:not(.vd-deadrow) input").first
    alive.press("End")
    settled(v)
    assert np.abs(painted(v.part("dimsCanvas")) - before).max() > 100


def test_the_chart_of_beta_shows_its_figures_and_chooses_one(visit):
    v = dims(visit())
    told = v.part("dimsSparse").locator("svg").get_attribute("aria-label")
    for beta in (0.25, 1.0, 4.0, 16.0):
        known = LIBRARY.figures(ModelKey("digits", "vae", 32, beta))
        active, nats = re.search(rf"β {beta:g}: (\d+) active, ([\d.]+) nats", told).groups()
        assert int(active) == sum(known["active"]) and abs(float(nats) - sum(known["kl_each"])) < 0.11
    v.part("dimsSparse").locator("[data-beta='16']").click()
    v.wait("part('dimsBeta').querySelector('input:checked').value === '16'")
    assert v.words()["zm"] == "vae-32-beta16"


def test_zero_random_and_the_address_that_restores_them(visit):
    v = dims(visit())
    v.part("dimsStart").locator("input[value=zero]").check()
    v.wait("/: (-?0.000,?)+$/.test(part('dimsCanvas').dataset.shown)")
    assert np.abs(painted(v.part("dimsCanvas")) - levels(decode(LIBRARY, np.zeros(32), KEY))).max() <= 1
    v.part("dimsStart").locator("input[value=random]").check()
    v.part("dimsAgain").click()
    v.page.locator(".vd-dimrow input").nth(1).press("End")
    settled(v)
    other = dims(visit(), v.query())
    other.wait("part('dimsCanvas').dataset.shown === arg", v.part("dimsCanvas").get_attribute("data-shown"))
    assert other.pixels("dimsCanvas") == v.pixels("dimsCanvas")
    assert other.words() == v.words()


def test_an_ae_is_measured_by_variance(visit):
    v = dims(visit(), "zm=ae-8")
    std = np.array(LIBRARY.figures(ModelKey("digits", "ae", 8))["mu_std"])
    rows = v.page.locator(".vd-dimrow")
    assert rows.evaluate_all("(all) => all.map((r) => Number(r.dataset.i))") == np.argsort(-(std**2)).tolist()
    assert f"variance {max(std**2):.2f}" in rows.first.inner_text()
    assert v.page.locator(".vd-deadrow").count() == 0
    assert not v.part("dimsBeta").is_visible()


@pytest.mark.skipif(not (MAPS / "shapes-factors.json").is_file(), reason="the factors have not been measured")
def test_the_matrix_of_factors_is_drawn_for_shapes(visit):
    v = dims(visit(), "domain=shapes")
    known = json.loads((MAPS / "shapes-factors.json").read_text(encoding="utf-8"))
    matrix = v.part("dimsFactors").locator("svg")
    v.wait("part('dimsFactors').querySelectorAll('[data-share]').length === 50")
    shown = matrix.locator("[data-share]").evaluate_all("(all) => all.map((r) => Number(r.dataset.share))")
    model = known["vae-10"]
    order = np.argsort(-np.array(LIBRARY.figures(ModelKey("shapes", "vae", 10))["kl_each"]), kind="stable")
    want = np.maximum(0, np.array(model["mi"])[:, order]) / np.array(model["entropy"])[:, None]
    assert np.abs(np.array(shown).reshape(5, 10) - want).max() < 1e-3
    matrix.focus()
    matrix.press("ArrowDown")
    matrix.press("ArrowDown")
    said = v.part("dimsFactors").locator("output").inner_text()
    assert f"number {order[0] + 1} and size" in said and "nats" in said
    matrix.press("Enter")
    assert v.page.evaluate("document.activeElement.matches('.vd-dimrow input')")
    table = v.part("dimsFactors").locator("tbody tr")
    betas = LIBRARY.betas("shapes", 10)
    others = sum(name in known for name in ("ae-10", "tc-vae-10"))
    assert table.count() == others + sum(ModelKey("shapes", "vae", 10, b).name in known for b in betas)
    shown = table.filter(has_text="β 4").inner_text().split("\t")[1]
    assert float(shown) == pytest.approx(known["vae-10-beta4"]["mig"], abs=0.00501)
    v.page.get_by_role("button", name="VAE, β 16").click()
    v.wait("part('dimsBeta').querySelector('input:checked').value === '16'")


def test_for_digits_it_says_that_no_factors_are_known(visit):
    v = dims(visit())
    assert "shapes" in v.part("dimsFactorsWhy").inner_text()
    assert not v.part("dimsFactors").is_visible()


def test_the_table_downloads_as_one_picture(visit):
    v = dims(visit())
    with v.page.expect_download() as download:
        v.part("dimsSave").click()
    image = Image.open(download.value.path())
    assert download.value.suggested_filename == "vaedemo-latent-traversal-digits-vae-32.png"
    assert image.width > 800 and image.height > 800
    assert np.asarray(image.convert("L")).std() > 40


# ---- both --------------------------------------------------------------------------------------------------------


def test_another_domain_takes_everything_with_it(visit):
    v = dims(visit())
    for domain in [name for name in SIZED if name != "digits" and (MAPS / f"{name}.json").is_file()]:
        drawn = v.part("dimsTable").get_attribute("data-drawn")
        v.page.locator(f".vd-module-latent [data-part=domain] input[value={domain}]").check()
        v.part("dimsTable").scroll_into_view_if_needed()
        v.wait("part('dimsTable').dataset.drawn !== arg", drawn)
        settled(v)
        v.wait("part('walkStrips').dataset.ends.startsWith(arg)", example_names(domain)[0])
        size = SIZED[domain].size
        assert v.part("dimsCanvas").evaluate("(c) => c.width") == size
        assert v.page.locator(".vd-walkstrip canvas").first.evaluate("(c) => c.width") == size
        v.wait("part('end0').textContent.includes(arg)", example_names(domain)[0])


@pytest.mark.parametrize(
    "query",
    [
        "wd=3&steps=99&from=nobody&to=vae:1",
        "zm=vae-32&zfrom=-1&z=1:2:3",
        "zm=__proto__-2-1&z=0:1_1:9&from=ae:1e9,2",
        "z=" + "1:1_" * 900,
        "zm=ae-8-NaN&to=%00&steps=NaN&z=%F0%9F%92%A9",
    ],
)
def test_words_that_cannot_be_understood_are_left_out(visit, query):
    v = dims(walks(visit(), query), query)
    assert v.page.locator(".vd-walkstrip canvas").count() == 36
    assert v.part("dimsKind").locator("input:checked").get_attribute("value") in ("ae", "vae")


def test_chinese_is_complete_and_comes_without_a_reload(visit):
    v = dims(visit())
    v.speak("zh")
    v.page.get_by_role("heading", name="逐个维度").wait_for()
    text = v.page.evaluate(
        "[...document.querySelectorAll('.vd-walks, .vd-dims, .vd-factors')].map((e) => e.innerText).join(' ')"
    )
    assert "dims." not in text and "walk." not in text and "{" not in text
    left = {w for w in text.split() if w.isascii() and w.isalpha() and len(w) > 4}
    assert left <= {*example_names("digits")}, left
    assert v.page.locator(".vd-walkrow").count() == 4
    assert painted(v.page.locator(".vd-walkstrip canvas").first).max() > 100


@pytest.mark.parametrize("query", ["", "lang=zh&theme=dark&domain=shapes&wd=10", "zm=vae-32-beta16&zfrom=5"])
def test_390_pixels_without_sideways_scroll_and_by_touch(visit, query):
    v = dims(walks(visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True), query), query)
    assert v.page.evaluate("document.documentElement.scrollWidth") <= 390
    inside = "'.vd-walks *, .vd-dims *, .vd-factors *'"
    over = v.page.evaluate(
        f"""[...document.querySelectorAll({inside})].filter((e) => e.getClientRects().length
             && getComputedStyle(e).visibility === 'visible' && e.getBoundingClientRect().right > 391)
             .map((e) => e.className)"""
    )
    assert over == []
    small = v.page.evaluate(
        """[...document.querySelectorAll(`:is(.vd-walks, .vd-dims, .vd-factors)
             :is(button, .vd-choice, input[type=range])`)]
             .filter((e) => e.offsetParent && getComputedStyle(e).visibility === 'visible'
               && Math.max(e.offsetHeight, e.offsetWidth) < 28).length"""
    )
    assert small == 0
    assert v.page.locator(".vd-dimrow canvas").first.evaluate("(c) => c.width") == 7 * SIZED[
        "shapes" if "shapes" in query else "digits"
    ].size + 6 * (5 if "shapes" in query else 2)
    row = v.page.locator(".vd-dimrow").first
    row.locator("canvas").scroll_into_view_if_needed()
    box = row.locator("input").bounding_box()
    v.page.touchscreen.tap(box["x"] + box["width"] - 14, box["y"] + box["height"] / 2)
    v.page.wait_for_function("Number(document.querySelector('.vd-dimrow input').value) > 2.5")
    picture = v.part("dimsCanvas").bounding_box()
    assert 0 <= picture["y"] < 844  # it stays in sight above the rows


def test_the_keyboard_alone_reaches_every_control(visit):
    v = dims(visit())
    v.part("end0").focus()
    reached = set()
    for _ in range(60):
        name = v.page.evaluate(
            """() => {
              const e = document.activeElement;
              return e.dataset?.part || e.dataset?.format || e.name || e.className;
            }"""
        )
        reached.add(name)
        v.page.keyboard.press("Tab")
    wanted = "end0 endTurn endYours endUpload endPoint vd-walk-d walkSteps walkPlay walkPosition gif webp vd-dims-kind"
    for name in [*wanted.split(), "vd-dims-d", "vd-dims-beta", "vd-dims-start", "vd-lat-slider", "dimsSave"]:
        assert name in reached, f"{name} cannot be reached"


def test_every_canvas_and_chart_has_a_name_and_a_role(visit):
    v = dims(visit(), "domain=shapes")
    nameless = v.page.evaluate(
        """[...document.querySelectorAll(':is(.vd-walks, .vd-dims, .vd-factors) :is(canvas, svg:not([aria-hidden]))')]
             .filter((e) => e.getClientRects().length && !(e.getAttribute('aria-label') && e.getAttribute('role'))
               && !e.closest('button[aria-label]')).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []


def test_nothing_jumps_while_models_and_places_change(visit):
    v = dims(visit())
    tall = "[...document.querySelectorAll('.vd-walks, .vd-dims')].map((e) => e.offsetHeight).join()"
    heights = {v.page.evaluate(tall)}
    for value in ("16", "0.25", "4"):
        v.part("dimsBeta").locator(f"input[value='{value}']").check()
        heights.add(v.page.evaluate(tall))
        v.wait("part('dimsTable').dataset.drawn.endsWith(arg)", f"vae-32-beta{value}")
        heights.add(v.page.evaluate(tall))
    v.part("walkD").locator("input[value='8']").check()
    heights.add(v.page.evaluate(tall))
    v.page.locator(".vd-dimrow input").first.press("End")
    heights.add(v.page.evaluate(tall))
    assert len(heights) == 1, heights
