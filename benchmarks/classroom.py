"""The promises of the tab "Train", measured: python benchmarks/classroom.py [--run] [--beside] [--scrub]

run     the preset "A good start" (a VAE of two numbers on 2,000 digits) with several seeds, in headless Chromium, on a
        machine with nothing else to do: seconds from the click to the last moment, and to the first moment drawn; how
        many of the pictures shown have five nearest neighbours most of which are of their class, and of 500 unseen;
        its moments, and what one takes in the page's memory, in characters of base64
beside  meanwhile, on another visitor's page: from the slider of Reconstruct to the changed picture
scrub   from the slider of the moments to the drawn map, over a run that has ended, without a request
"""

import time
from collections.abc import Callable
from functools import partial

from common import Row, report_parts
from page import DRAG, answered, chromium, ready, server, spread
from playwright.sync_api import Browser, Page, Response

from benchmarks.tables import classroom as tables

# When the map showed which step: [[ms since the page began, step], ...].
WATCHED = """() => {
  const map = document.querySelector("[data-part=map]");
  window.drawn = [];
  new MutationObserver(() => window.drawn.push([performance.now(), Number(map.dataset.shown)])).observe(map, {
    attributeFilter: ["data-shown"],
  });
}"""
CLICK = """() => {
  window.drawn.length = 0;
  window.clicked = performance.now();
  document.querySelector("[data-part=start]").click();
}"""
TAB = ".vd-module-train"
SCRUB = """async (count) => {
  const part = (name) => document.querySelector(`.vd-module-train [data-part=${name}]`);
  const [slider, map] = [part("moment"), part("map")];
  const times = [];
  for (let k = 1; k <= count; k += 1) {
    const changed = new Promise((done) => {
      const watch = new MutationObserver(() => { watch.disconnect(); requestAnimationFrame(() => setTimeout(done)); });
      watch.observe(map, { attributeFilter: ["data-shown"] });
    });
    const start = performance.now();
    slider.value = (k * 7) % Number(slider.max);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await changed;
    times.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 30));
  }
  return times;
}"""


def opened(browser: Browser, address: str, query: str) -> Page:
    """The tab, its network shown before the first step, and a worker ready."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{address}?tab=train&{query}")
    page.locator(f"{TAB} [data-part=map][data-shown='0']").wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(3000)
    page.evaluate(WATCHED)
    return page


def finished(page: Page) -> None:
    """Wait until the run's last step is drawn."""
    page.locator(f"{TAB} [data-part=map][data-shown='{last(page)}']").wait_for(timeout=180_000)


def last(page: Page) -> int:
    """The run's last step."""
    return int(page.locator(f"{TAB} [data-part=steps] input:checked").get_attribute("value") or 0)


def percent(page: Page, part: str) -> float:
    """A figure of the page as a number."""
    text = page.locator(f"{TAB} [data-part={part}]").first.inner_text()
    return float(text.replace("%", "").strip())


def measure_run(seeds: int = 3, steps: int | None = None) -> list[Row]:
    rows = []
    with server() as (address, _), chromium() as browser:
        answered(address)
        for seed in range(seeds):
            page = opened(browser, address, f"seed={seed}" + (f"&steps={steps}" if steps else ""))
            taken: list[int] = []
            page.on("response", partial(counted, taken))
            page.evaluate(CLICK)
            finished(page)
            drawn, clicked = page.evaluate("window.drawn"), page.evaluate("window.clicked")
            unseen = page.locator(f"{TAB} [data-part=right]").locator("xpath=../following-sibling::dd").inner_text()
            moments = int(page.locator(f"{TAB} [data-part=moment]").get_attribute("max") or 0) + 1
            rows.append(
                {
                    "seed": seed,
                    "seconds": round((drawn[-1][0] - clicked) / 1000, 2),
                    "first": round((drawn[0][0] - clicked) / 1000, 2),
                    "learned": round((next(t for t, step in drawn if step) - clicked) / 1000, 2),
                    "right": percent(page, "right"),
                    "unseen": float("".join(c for c in unseen if c.isdigit() or c == ".")),
                    "moments": moments,
                    "characters": round(sum(taken) / moments),
                }
            )
            page.context.close()
    return rows


def counted(taken: list[int], response: Response) -> None:
    """Note how many characters the moments of a poll take in the page."""
    if "component_server" in response.url:
        messages = response.json().get("messages") or []
        taken.append(sum(len(m.get(part, "")) for m in messages for part in ("codes", "map", "rows", "probe")))


def measure_beside(rounds: int = 60) -> list[Row]:
    with server() as (address, _), chromium() as browser:
        answered(address)
        other = browser.new_context().new_page()
        ready(other, f"{address}?domain=digits&kind=vae")
        other.wait_for_load_state("networkidle")
        quiet = other.evaluate(DRAG, rounds)
        page = opened(browser, address, "seed=0")
        page.evaluate(CLICK)
        page.locator(f"{TAB} [data-part=pause]:enabled").wait_for()
        time.sleep(2)
        beside = other.evaluate(DRAG, rounds)
        assert int(page.locator(f"{TAB} [data-part=map]").get_attribute("data-shown") or 0) < last(page)
        page.context.close()
    return [{"what": "nobody trains", **spread(quiet)}, {"what": "a run beside", **spread(beside)}]


def measure_scrub(count: int = 60, steps: int = 2000) -> list[Row]:
    with server() as (address, _), chromium() as browser:
        answered(address)
        page = opened(browser, address, f"steps={steps}")
        page.evaluate(CLICK)
        finished(page)
        page.locator(f"{TAB} [data-part=status]", has_text="Done").wait_for()
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        times = page.evaluate(SCRUB, count)
        page.context.close()
    return [{"what": "moments to map", **spread(times), "requests": len(asked)}]


PARTS: dict[str, Callable[..., list[Row]]] = {"run": measure_run, "beside": measure_beside, "scrub": measure_scrub}
TRIAL = {"run": (1, 300), "beside": (3,), "scrub": (3, 300)}  # their arguments with --tiny


if __name__ == "__main__":
    report_parts("classroom", __doc__, PARTS, TRIAL, tables.PARTS)
