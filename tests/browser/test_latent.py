"""The tab "Latent space" as a visitor meets it: maps, hovering, the picture at hand."""

import json
import re
from statistics import NormalDist

import numpy as np
import pytest

from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server.service import Service

LIBRARY = Library(checkpoints_folder())
MAPS = checkpoints_folder() / "maps"
READY = ".vd-module-latent[data-ready=true]"


def enter(visit, query="", **kwargs):
    """The tab, opened by its address, drawn and at rest."""
    v = visit(**kwargs)
    v.page.set_default_timeout(45_000)
    v.page.goto(f"{v.address}?tab=latent&{query}")
    v.page.locator(READY).wait_for()
    v.idle()
    return v


def part(v, name):
    return v.page.locator(f".vd-module-latent [data-part={name}]")


def wait(v, expression, arg=None):
    """Until a JavaScript expression over `part` is true."""
    find = "const part = (name) => document.querySelector(`.vd-module-latent [data-part=${name}]`);"
    return v.page.wait_for_function(f"(arg) => {{ {find} return {expression}; }}", arg=arg)


def url(v, name):
    return part(v, name).evaluate("(c) => c.toDataURL()")


def grey(v, name):
    """A picture's canvas at its own resolution, uint8 (H, W)."""
    data = part(v, name).evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    side = int((len(data) / 4) ** 0.5)
    return np.array(data, np.uint8).reshape(side, side, 4)[..., 0]


def spot(v, kind, x, y):
    """A point of a map in the window's pixels, from shares of its width and height; the map is scrolled into sight."""
    part(v, f"{kind}Moving").scroll_into_view_if_needed()
    box = part(v, f"{kind}Moving").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def sight(v, kind):
    """The piece of the plane that a map shows, {"low", "high"}."""
    low, high = part(v, f"{kind}Still").get_attribute("data-sight").split(" ")
    return {"low": [float(w) for w in low.split(",")], "high": [float(w) for w in high.split(",")]}


def about(domain):
    return json.loads((MAPS / f"{domain}.json").read_text())


# Timers wait meanwhile: on a machine that stalls for longer than a rest, the pointer would be taken to rest.
HOVER = """async ([name, count]) => {
  const canvas = document.querySelector(`[data-part=${name}Moving]`);
  const picture = document.querySelector(`[data-part=${name}Picture]`);
  const [box, seen, timer] = [canvas.getBoundingClientRect(), new Set(), window.setTimeout];
  const move = (i) => {
    const clientX = box.left + box.width * (0.5 + 0.45 * Math.cos(i * 0.13));
    const clientY = box.top + box.height * (0.5 + 0.45 * Math.sin(i * 0.1));
    canvas.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true, pointerType: "mouse" }));
  };
  window.setTimeout = () => 0;
  for (let i = 0; i < count; i += 1) {
    move(i);
    await new Promise((done) => requestAnimationFrame(() => timer(done)));
    if (i % 5 === 0) seen.add(picture.toDataURL());
  }
  const shown = picture.dataset.shown;
  window.setTimeout = timer;
  timer(() => move(0), 100);
  return { seen: seen.size, shown };
}"""


def test_the_first_screen_is_complete_without_a_click(visit):
    v = enter(visit)
    for name in ("aeStill", "vaeStill", "aePicture", "vaePicture", "lens", "seen", "aeOwn", "vaeOwn"):
        assert part(v, name).evaluate(
            "(c) => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 8"
        ), name
    assert v.page.locator(".vd-lat-sample canvas[data-shown]").count() == 16
    assert v.page.locator(".vd-lat-class").count() == 10
    assert part(v, "message").is_hidden()
    assert min(part(v, f"{k}Moving").bounding_box()["width"] for k in ("ae", "vae")) >= 420
    assert min(part(v, f"{k}Picture").bounding_box()["width"] for k in ("ae", "vae")) >= 200
    assert part(v, "aePicture").get_attribute("data-shown") == "exact"


@pytest.mark.parametrize("domain", ["digits", "objects"])
@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_hovering_changes_the_picture_in_the_same_frame_and_asks_for_nothing(visit, domain, kind):
    v, requests = enter(visit, f"domain={domain}"), []
    # Scripts of the other tabs may still be on their way; they are none of this one's.
    v.page.on("request", lambda r: r.resource_type == "script" or requests.append(r.url))
    got = v.page.evaluate(HOVER, [kind, 60])
    assert got["shown"] == "preview" and got["seen"] >= 10
    assert requests == []
    wait(v, f"part('{kind}Picture').dataset.shown === 'exact'")  # it rests now
    assert len(requests) == 1


@pytest.mark.parametrize("domain", ["digits", "objects"])
@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_a_click_gives_the_servers_exact_picture(visit, domain, kind):
    v = enter(visit, f"domain={domain}")
    v.page.mouse.click(*spot(v, kind, 0.62, 0.31))
    wait(v, f"part('{kind}Picture').dataset.shown === 'exact' && part('{kind}Picture').dataset.at !== 'own'")
    z = [float(word) for word in v.words()[kind].split(",")]
    box = sight(v, kind)
    share = (np.array(z) - box["low"]) / (np.array(box["high"]) - box["low"])
    assert share == pytest.approx([0.62, 0.69], abs=0.004)
    x_hat = np.round(255 * decode(LIBRARY, np.array(z), ModelKey(domain, kind, 2))).astype(np.uint8)
    assert np.array_equal(grey(v, f"{kind}Picture"), x_hat[0])
    text = part(v, f"{kind}Live").inner_text()
    assert part(v, f"{kind}Mark").inner_text() == "exact" and "nearest test pictures" in text
    v.page.mouse.move(*spot(v, kind, 0.2, 0.8))
    wait(v, f"part('{kind}Picture').dataset.at !== '{z[0]},{z[1]}' && part('{kind}Picture').dataset.shown === 'exact'")
    v.page.mouse.move(5, 5)  # off the map: the chosen point is back
    wait(v, f"part('{kind}Picture').dataset.at === arg", ",".join(f"{c:g}" for c in z))
    assert np.array_equal(grey(v, f"{kind}Picture"), x_hat[0])


def test_a_hole_of_the_autoencoder_is_called_one(visit):
    v = enter(visit, "domain=fashion")
    part(v, "hole").click()
    wait(v, "part('aeWhy').classList.contains('vd-lat-hole')")
    assert "no test picture's code lies near here" in part(v, "aeWhy").inner_text()
    v.page.mouse.click(*spot(v, "vae", 0.5, 0.5))
    wait(v, "!part('vaeWhy').classList.contains('vd-lat-hole') && part('vaeNear').textContent.length > 25")


def test_a_map_zooms_by_wheel_and_keys_and_the_page_still_scrolls(visit):
    v = enter(visit)
    points = sight(v, "ae")
    whole = json.loads((LIBRARY.folder / "maps" / "digits.json").read_text())["models"]["ae"]
    assert points["high"][0] - points["low"][0] < 0.4 * (whole["high"][0] - whole["low"][0])  # the central codes
    v.page.mouse.move(*spot(v, "ae", 0.5, 0.5))
    v.page.mouse.wheel(0, 300)  # no focus: the page's
    v.page.wait_for_function("scrollY > 0")
    assert sight(v, "ae") == points
    part(v, "aeMoving").focus()
    v.page.mouse.move(*spot(v, "ae", 0.5, 0.5))
    v.page.mouse.wheel(0, -400)
    wide = points["high"][0] - points["low"][0]
    wait(v, "(([a, b]) => b - a < arg)(part('aeStill').dataset.sight.split(' ').map(parseFloat))", 0.9 * wide)
    assert "aebox" in v.words()
    part(v, "aeMoving").press("0")
    wait(v, "(([a, b]) => b - a > arg)(part('aeStill').dataset.sight.split(' ').map(parseFloat))", 0.99 * wide)
    assert "aebox" not in v.words()
    part(v, "hole").click()
    wait(v, "part('aeWhy').classList.contains('vd-lat-hole')")
    frame = part(v, "aePicture").evaluate("(c) => [c.parentElement.dataset.hole, c.parentElement.offsetWidth]")
    assert frame[0] == "true"
    assert part(v, "aeWhy").bounding_box()["y"] - part(v, "aePicture").bounding_box()["y"] <= frame[1] + 8


def test_the_elbo_is_shown_by_beta_and_epsilon_beyond_training_is_said(visit):
    v = enter(visit, "noise=8")
    assert "Stronger than in training" in part(v, "noiseWhy").inner_text()
    wait(v, "part('elboRows').dataset.of === 'beta'")
    rows = v.page.locator(".vd-bound-row")
    assert [rows.nth(i).get_attribute("data-beta") for i in range(4)] == ["0.25", "1", "4", "16"]
    for text in rows.locator(".vd-bound-sum").all_inner_texts():
        rec, kl, total = (float(w.replace(",", "")) for w in re.findall(r"[\d.,]+", text))
        assert rec + kl == pytest.approx(total, abs=0.11)
    part(v, "elboBy").locator("input[value=d]").check()
    wait(v, "part('elboRows').dataset.of === 'd'")
    assert "not the PSNR" in part(v, "elboWhy").inner_text()
    assert part(v, "beta").locator("input[value='4']").is_disabled()
    assert "others only with 32" in part(v, "betaField").inner_text()


def picture_of(name, domain="digits", d=2):
    service = Service(LIBRARY, "/tmp")
    source = {"example": name, "domain": domain}
    answer = service.prepare({"source": source, "domain": domain, "models": [["ae", d, 1], ["vae", d, 1]]})
    return answer["x"], answer["results"]


ORANGE = """(canvas) => {
  const [w, ratio] = [canvas.width, canvas.width / canvas.clientWidth];
  const { data } = canvas.getContext("2d").getImageData(0, Math.round(w / 2) - 1, w, 3);
  const hit = [];
  for (let i = 0; i < data.length; i += 4)
    if (data[i] > 150 && data[i] - data[i + 2] > 110 && data[i + 1] < 170) hit.push((i / 4) % w);
  return [Math.min(...hit) / ratio, (Math.max(...hit) + 1) / ratio];
}"""


@pytest.mark.parametrize("scale", [1, 2])
def test_the_ellipse_has_the_posteriors_sigma_on_the_screen(visit, scale):
    v = enter(visit, "example=four&hide=0,1,2,3,4,5,6,7,8,9&noise=0", device_scale_factor=scale)
    sigma = picture_of("four")[1][1]["sigma"]
    box = about("digits")["models"]["vae"]
    side = part(v, "vaeMoving").bounding_box()["width"]
    drawn = [float(w) for w in part(v, "vaeMoving").get_attribute("data-ellipse").split(",")]
    for axis in (0, 1):
        assert drawn[axis] == pytest.approx(sigma[axis] / (box["high"][axis] - box["low"][axis]) * side, abs=0.05)
    lens = part(v, "lens")
    half = float(lens.get_attribute("data-reach"))
    width = lens.bounding_box()["width"]
    seen = [float(w) for w in lens.get_attribute("data-ellipse").split(",")]
    for axis in (0, 1):
        assert seen[axis] == pytest.approx(sigma[axis] / (2 * half) * width, abs=0.3)
    left, right = lens.evaluate(ORANGE)  # the outer edge of the 2-sigma ellipse, whose line is 1.7 pixels wide
    assert (right - left) / 2 - 0.8 == pytest.approx(2 * sigma[0] / (2 * half) * width, abs=1)
    assert (left + right) / 2 == pytest.approx(width / 2, abs=1)


def test_samples_are_mu_plus_sigma_times_epsilon(visit):
    v = enter(visit, "example=four&n=3&noise=2&seed=7")
    rows = v.page.locator(".vd-lat-numbers tr")
    mu, sigma, epsilon, z = (
        [float(c.replace("−", "-")) for c in rows.nth(i).locator("td").all_inner_texts()] for i in range(4)
    )
    assert z == pytest.approx(np.array(mu) + np.array(sigma) * epsilon, abs=0.003)
    assert v.page.locator(".vd-lat-sample:enabled").count() == 3
    before = v.page.locator(".vd-lat-sample canvas").nth(1).evaluate("(c) => c.toDataURL()")
    part(v, "again").click()
    assert v.words()["seed"] == "8"
    v.page.wait_for_function(
        "(b) => document.querySelectorAll('.vd-lat-sample canvas')[1].toDataURL() !== b", arg=before
    )
    v.page.wait_for_function(
        "[...document.querySelectorAll('.vd-lat-sample canvas')].slice(0, 3).every((c) => c.dataset.shown === 'exact')"
    )
    part(v, "noise").press("Home")
    assert rows.nth(2).locator("td").all_inner_texts() == ["0.000", "0.000"]
    assert v.words()["noise"] == "0"


def test_a_copied_address_restores_the_state(visit):
    v = enter(visit, "domain=fashion")
    v.page.mouse.click(*spot(v, "ae", 0.4, 0.4))
    v.page.mouse.click(*spot(v, "vae", 0.7, 0.6))
    part(v, "view").locator("input[value=grid]").check()
    part(v, "spacing").locator("input[value=quantiles]").check()
    v.page.locator(".vd-lat-class").nth(3).click()
    part(v, "count").press("Home")
    part(v, "again").click()
    v.page.mouse.move(5, 5)
    for kind in ("ae", "vae"):
        wait(v, f"part('{kind}Picture').dataset.shown === 'exact'")
    words = v.words()
    expected = {"domain": "fashion", "view": "grid", "spacing": "quantiles", "hide": "3", "n": "1", "seed": "2"}
    assert expected.items() <= words.items() and {"ae", "vae"} <= set(words)
    other = enter(visit, v.query().replace("tab=latent&", ""))
    for kind in ("ae", "vae"):
        wait(other, f"part('{kind}Picture').dataset.shown === 'exact'")
        assert other.words()[kind] == words[kind]
    for page in (v, other):
        wait(page, "['ae', 'vae'].every((k) => part(`${k}Still`).dataset.drawn === `${k}-2 grid`)")
    for name in ("aePicture", "vaePicture", "aeStill", "vaeStill", "seen"):
        wait(other, f"part('{name}').toDataURL() === arg", url(v, name))
    assert other.words() == words


@pytest.mark.parametrize(
    "query",
    ["domain=nowhere", "d=7", "ae=1,2,3", "vae=NaN,1", "view=%00", "hide=99", "seed=-1", "n=17", "noise=1e9", "x=!!!"],
)
def test_a_garbage_address_falls_back_with_a_note(visit, query):
    v = enter(visit, query)
    assert part(v, "message").is_visible() and part(v, "message").inner_text().strip().endswith(".")


def colours(v, name):
    return part(v, name).evaluate(
        """(c) => { const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height); const seen = {};
             for (let i = 0; i < data.length; i += 4) {
               const key = data.slice(i, i + 3).join();
               seen[key] = (seen[key] ?? 0) + 1;
             }
             return seen; }"""
    )


def test_a_class_is_hidden_by_a_click_and_shown_by_another(visit):
    v = enter(visit)
    entry, before = v.page.locator(".vd-lat-class").nth(1), url(v, "vaeStill")
    entry.click()
    assert entry.get_attribute("aria-pressed") == "false" and url(v, "vaeStill") != before
    assert v.words()["hide"] == "1"
    for i in [0, *range(2, 10)]:
        v.page.locator(".vd-lat-class").nth(i).click()
    empty = sum(n for k, n in colours(v, "vaeStill").items() if k != "255,255,255")
    entry.click()
    only = colours(v, "vaeStill")
    strong = [k for k, n in only.items() if n > 100 and np.ptp([int(c) for c in k.split(",")]) > 40]
    assert sum(only.values()) - only["255,255,255"] > empty + 1000
    assert strong and all(int(k.split(",")[0]) > int(k.split(",")[2]) for k in strong)  # class 1 is orange
    for i in [0, *range(2, 10)]:
        v.page.locator(".vd-lat-class").nth(i).click()
    assert url(v, "vaeStill") == before


def test_density_and_the_decoded_grid_are_other_drawings_of_the_same_map(visit):
    v = enter(visit)
    drawn = {url(v, "aeStill")}
    for view in ("density", "grid"):
        part(v, "view").locator(f"input[value={view}]").check()
        for kind in ("ae", "vae"):
            wait(v, f"part('{kind}Still').dataset.drawn === '{kind}-2 {view}'")
        drawn.add(url(v, "aeStill"))
    vae = url(v, "vaeStill")
    part(v, "spacing").locator("input[value=quantiles]").check()
    # What was drawn before has the same name; on the way there is a name with "…", which a quick answer hardly shows.
    wait(v, "part('vaeStill').dataset.drawn === 'vae-2 grid' && part('vaeStill').toDataURL() !== arg", vae)
    assert len(drawn) == 3
    assert url(v, "aeStill") in drawn  # it has no prior


def test_more_dimensions_show_a_plane_and_decode_what_is_pointed_at(visit):
    v = enter(visit, "domain=digits")
    part(v, "dims").locator("input[value='8']").check()
    wait(v, "/%/.test(part('vaeNote').textContent) && part('vaeStill').dataset.drawn.startsWith('vae-8')")
    drawn = url(v, "vaeStill")
    part(v, "view").locator("input[value=grid]").check()
    assert url(v, "vaeStill") != drawn
    part(v, "view").locator("input[value=points]").check()
    v.page.mouse.click(*spot(v, "vae", 0.3, 0.6))
    wait(v, "part('vaePicture').dataset.shown === 'exact' && part('vaePicture').dataset.at !== 'own'")
    a, b = (float(w) for w in v.words()["vae"].split(","))
    plane = json.loads((MAPS / "digits-planes.json").read_text())["models"]["vae-8"]
    z = np.array(plane["mean"]) + a * np.array(plane["components"][0]) + b * np.array(plane["components"][1])
    x_hat = np.round(255 * decode(LIBRARY, z, ModelKey("digits", "vae", 8)))[0]
    assert np.abs(grey(v, "vaePicture") - x_hat).max() <= 1
    assert v.words()["d"] == "8"
    part(v, "dims").locator("input[value='32']").check()
    part(v, "beta").locator("input[value='4']").check()
    wait(v, "part('vaeStill').dataset.drawn.startsWith('vae-32-beta4')")
    assert v.words()["beta"] == "4"


def test_a_drawing_moves_on_the_map_while_it_is_drawn(visit):
    v = enter(visit)
    part(v, "draw").click()
    part(v, "pad").scroll_into_view_if_needed()
    box, before = part(v, "pad").bounding_box(), part(v, "lens").get_attribute("data-ellipse")
    v.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.15 * box["height"])
    v.page.mouse.down()
    v.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=12)
    wait(v, "part('lens').dataset.ellipse !== arg", before)  # the pen is still down
    v.page.mouse.up()
    words, old = v.words(), None
    while words != old:  # until the last move has been answered
        v.page.wait_for_timeout(500)
        words, old = v.words(), words
    assert "x" in words and "example" not in words
    other = enter(visit, f"x={words['x']}")
    assert np.abs(grey(other, "seen").astype(int) - grey(v, "seen")).max() <= 9  # four bits a pixel
    assert np.abs(grey(other, "vaePicture").astype(int) - grey(v, "vaePicture")).mean() < 4


def test_the_picture_of_reconstruct_comes_along_and_goes_back(visit):
    v = visit().open("domain=fashion")
    v.page.locator(".vd-example").nth(2).click()
    v.idle()
    seen = v.page.locator(".vd-module-reconstruct [data-part=seen]").evaluate("(c) => c.toDataURL()")
    v.page.locator("#vd-tab-latent-button").click()
    v.page.locator(READY).wait_for()
    wait(v, "part('seen').toDataURL() === arg", seen)
    assert v.words()["domain"] == "fashion"
    v.page.locator(".vd-module-latent .vd-example").nth(1).click()
    wait(v, "part('seen').toDataURL() !== arg", seen)
    v.page.locator("#vd-tab-reconstruct-button").click()  # which takes it when it is in sight
    v.page.wait_for_function(
        "(old) => document.querySelector('.vd-module-reconstruct [data-part=seen]').toDataURL() !== old", arg=seen
    )


def test_the_keyboard_alone_moves_chooses_and_goes_back(visit):
    v = enter(visit)
    canvas = part(v, "vaeMoving")
    canvas.focus()
    outline = "(c) => getComputedStyle(c).outlineStyle !== 'none' && parseFloat(getComputedStyle(c).outlineWidth) >= 2"
    canvas.press("ArrowRight")
    assert canvas.evaluate(outline)
    first = url(v, "vaePicture")
    canvas.press("Shift+ArrowUp")
    wait(v, "part('vaePicture').toDataURL() !== arg", first)
    canvas.press("Enter")
    wait(v, "part('vaePicture').dataset.shown === 'exact'")
    chosen, at = url(v, "vaePicture"), v.words()["vae"]
    for _ in range(6):
        canvas.press("Shift+ArrowLeft")
    wait(v, "part('vaePicture').toDataURL() !== arg", chosen)
    canvas.press("Escape")
    wait(v, "part('vaePicture').toDataURL() === arg", chosen)
    assert v.words()["vae"] == at
    reached = set()
    for _ in range(60):
        v.page.keyboard.press("Shift+Tab")
        reached.add(
            v.page.evaluate("document.activeElement.dataset.part ?? document.activeElement.className.split(' ')[0]")
        )
    assert {"aeMoving", "aeSave"} <= reached
    v.page.locator(".vd-lat-class").first.focus()
    v.page.keyboard.press("Space")
    assert v.words()["hide"] == "0"


@pytest.mark.parametrize("query", ["", "lang=zh&view=grid&domain=fashion", "d=8&theme=dark"])
def test_390_pixels_without_sideways_scroll_and_by_finger(visit, query):
    v = enter(visit, query, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert v.page.evaluate("document.documentElement.scrollWidth") <= 390
    over = v.page.evaluate(
        """[...document.querySelectorAll('.vd-module-latent *')].filter((e) => e.getClientRects().length
             && getComputedStyle(e).visibility === 'visible' && e.getBoundingClientRect().right > 391)
             .map((e) => e.className)"""
    )
    assert over == []
    x, y = spot(v, "ae", 0.3, 0.5)
    box = part(v, "aeMoving").bounding_box()
    assert box["width"] >= 340
    before, top = url(v, "aePicture"), v.page.evaluate("scrollY")
    touch = v.page.context.new_cdp_session(v.page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        touch.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + 8 * step, "y": y + 6 * step}]}
        )
    wait(v, "part('aePicture').toDataURL() !== arg", before)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait(v, "part('aePicture').dataset.shown === 'exact'")
    assert "ae" in v.words()
    assert v.page.evaluate("scrollY") == top  # the finger was the map's


def test_every_canvas_has_a_name_and_a_role_and_a_text_tells_of_the_point(visit):
    v = enter(visit)
    nameless = v.page.evaluate(
        """[...document.querySelectorAll('.vd-lat-maps canvas, .vd-lat-yours canvas')].filter((e) =>
             !(e.getAttribute('aria-label') && e.getAttribute('role')) && e.getAttribute('aria-hidden') !== 'true'
             && !e.closest('button[aria-label]')).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    v.page.mouse.click(*spot(v, "ae", 0.5, 0.5))
    wait(v, "/AE, z = \\(/.test(part('aeLive').textContent)")
    assert part(v, "aeMoving").get_attribute("aria-describedby") == part(v, "aeLive").get_attribute("id")
    part(v, "view").locator("input[value=density]").check()
    v.speak("zh")
    wait(v, "/最近/.test(part('aeLive').textContent)")
    text = v.page.evaluate("document.querySelector('.vd-lat').innerText")
    assert not re.findall(r"\blatent\.[a-z.]+\b", text), "a key instead of its phrase"


def metrics(v, session):
    session.send("HeapProfiler.collectGarbage")
    got = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return got | {"canvases": v.page.evaluate("document.querySelectorAll('canvas').length")}


def test_switching_tabs_and_hovering_leaves_nothing_behind(visit):
    v = enter(visit)
    session = v.page.context.new_cdp_session(v.page)
    session.send("Performance.enable")

    def round_trip(times, events):
        for _ in range(times):
            for name in ("reconstruct", "latent"):
                v.page.locator(f"#vd-tab-{name}-button").click()
                v.page.wait_for_function(f"document.querySelector('.vd-module-{name}').offsetParent !== null")
        v.page.evaluate(HOVER, ["ae", events])
        v.page.mouse.move(5, 5)
        v.idle()

    round_trip(2, 40)
    before = metrics(v, session)
    round_trip(8, 400)
    after = metrics(v, session)
    assert after["canvases"] == before["canvases"]
    assert after["JSEventListeners"] <= before["JSEventListeners"]
    assert after["Nodes"] <= before["Nodes"] + 20  # Gradio's own
    assert after["JSHeapUsedSize"] <= before["JSHeapUsedSize"] + 1.5e6


def test_maps_are_fetched_once_and_only_when_the_tab_is_first_seen(visit):
    v = visit()
    asked = []
    v.page.on("request", lambda r: asked.append(r.url) if re.search("/(maps|decoders)/", r.url) else None)
    v.open()
    v.idle()
    assert asked == []
    for _ in range(3):
        v.page.locator("#vd-tab-latent-button").click()
        v.page.locator(READY).wait_for()
        v.idle()
        v.page.locator("#vd-tab-reconstruct-button").click()
    seen = (re.search(r"/(maps/digits\..*|decoders/digits/.*-2\..*)", url) for url in asked)
    own = [found[1] for found in seen if found]
    assert sorted(own) == [
        "decoders/digits/ae-2.safetensors", "decoders/digits/vae-2.safetensors", "maps/digits.bin", "maps/digits.json"
    ]  # fmt: skip
    assert len(asked) == len(set(asked))


GEOMETRY = """async (body) => {
  const page = document.querySelector('link[href$="frame/page.css"]').href;
  const module = (path) => import(new URL(`../${path}`, page));
  const [geometry, data] = [await module("maths/geometry.js"), await module("map/data.js")];
  return new Function("geometry", "data", body)(geometry, data);
}"""


def test_the_geometry_of_the_maps(visit):
    v = enter(visit)
    share = np.linspace(0.001, 0.999, 57)
    quantiles = v.page.evaluate(GEOMETRY, f"return {share.tolist()}.map(geometry.quantile)")
    normal = NormalDist()
    assert quantiles == pytest.approx([normal.inv_cdf(p) for p in share], abs=1e-7)
    back = v.page.evaluate(GEOMETRY, f"return {quantiles}.map(geometry.normal)")
    assert back == pytest.approx(share, abs=2e-7)
    drawn = np.array(v.page.evaluate(GEOMETRY, "return [...geometry.noise(5, 20000)]"))
    assert abs(drawn.mean()) < 0.03 and abs(drawn.std() - 1) < 0.03 and len(set(drawn)) == 20000
    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 2)).astype(np.float32)
    flat = json.dumps(points.ravel().tolist())
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(far, np.inf)
    box = "{low: [-4, -4], high: [4, 4]}"
    found = v.page.evaluate(GEOMETRY, f"return geometry.neighbourDistance(Float32Array.from({flat}), {box}, 0.9)")
    assert found == pytest.approx(np.sort(far.min(1))[int(0.9 * 399)], rel=1e-4)
    near = v.page.evaluate(GEOMETRY, f"return geometry.nearest(Float32Array.from({flat}), 0.3, -0.2, 5)")
    gaps = np.linalg.norm(points - np.float32([0.3, -0.2]), axis=1)
    assert [n["index"] for n in near] == np.argsort(gaps)[:5].tolist()
    axes = v.page.evaluate(GEOMETRY, "return geometry.axesOf([[2, 0.7], [0.7, 1]])")
    values = np.sqrt(np.linalg.eigvalsh([[2, 0.7], [0.7, 1]]))
    assert [axes["r2"], axes["r1"]] == pytest.approx(values)


def test_a_map_can_be_taken_away_as_a_picture(visit):
    v = enter(visit)
    with v.page.expect_download() as event:
        part(v, "vaeSave").click()
    assert event.value.suggested_filename == "vaedemo-latent-map-digits-vae-2-points.png"
    data = event.value.path().read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > 10_000


def test_samples_of_a_map_that_is_leaving_are_not_asked_of_the_next_domain(visit):
    """Its codes have as many numbers, and the pictures that came back had other channels."""
    v = enter(visit)
    held = []
    v.page.route("**/maps/objects.bin", lambda route: held.append(route))
    v.page.locator(".vd-module-latent [data-part=domain] input[value=objects]").check()
    v.page.wait_for_function("() => new URL(location.href).searchParams.get('domain') === 'objects'")
    before = v.asked.count("decode_many")
    part(v, "again").click()
    # The page's own clock: what rests for less has been put off no longer.
    v.page.evaluate("() => new Promise((done) => setTimeout(done, 600))")
    assert v.asked.count("decode_many") == before
    for route in held:
        route.continue_()
    wait(v, "part('vaePicture').width === 32")
    v.idle()
