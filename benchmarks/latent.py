"""The promises of the tab "Latent space", measured: python benchmarks/latent.py [--hover] [--click] [--load] [--leak]

hover  script time of one pointer event over a map, in headless Chromium: its handlers and the animation frame in which
       they draw, all of them timed in the page; and the requests that were sent meanwhile
click  from a click on a map to the server's exact picture on the screen
load   bytes of a domain's map over the wire (both decoders and all points), and from their arrival to the drawn maps
leak   the page before and after 50 switches of tabs and 20,000 pointer events: heap after collection, listeners, nodes
"""

from collections.abc import Callable, Sequence
from functools import partial

from common import Row, report_parts
from page import answered, chromium, server, spread
from playwright.sync_api import Browser, CDPSession, Page, Request

from benchmarks.tables import latent as tables
from vaedemo.data.domains import SIZED

READY = ".vd-module-latent[data-ready=true]"

# Adds up the time that callbacks of animation frames take.
TIMED = """
window.plainFrame = window.requestAnimationFrame.bind(window);
window.inFrames = 0;
window.requestAnimationFrame = (callback) => window.plainFrame((time) => {
  const start = performance.now();
  callback(time);
  window.inFrames += performance.now() - start;
});
"""

HOVER = """async ([kind, count]) => {
  const canvas = document.querySelector(`[data-part=${kind}Moving]`);
  const times = [];
  const box = canvas.getBoundingClientRect();
  for (let i = 0; i < count; i += 1) {
    const clientX = box.left + box.width * (0.5 + 0.48 * Math.cos(i * 0.05));
    const clientY = box.top + box.height * (0.5 + 0.48 * Math.sin(i * 0.037));
    const event = new PointerEvent("pointermove", { clientX, clientY, bubbles: true, pointerType: "mouse" });
    window.inFrames = 0;
    const start = performance.now();
    canvas.dispatchEvent(event);
    const own = performance.now() - start;
    await new Promise((done) => window.plainFrame(() => setTimeout(done)));
    times.push(own + window.inFrames);
  }
  canvas.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
  return times;
}"""

CLICK = """async ([kind, x, y]) => {
  const part = (name) => document.querySelector(`[data-part=${kind}${name}]`);
  const [canvas, picture] = [part("Moving"), part("Picture")];
  const box = canvas.getBoundingClientRect();
  const at = { clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true, pointerId: 1 };
  canvas.setPointerCapture = () => null;
  canvas.hasPointerCapture = () => true;
  const changed = new Promise((done) => {
    const before = picture.dataset.at;
    const watch = new MutationObserver(() => {
      if (picture.dataset.shown !== "exact" || picture.dataset.at === before) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now())));
    });
    watch.observe(picture, { attributeFilter: ["data-at", "data-shown"] });
  });
  canvas.dispatchEvent(new PointerEvent("pointerdown", at));
  const start = performance.now();
  canvas.dispatchEvent(new PointerEvent("pointerup", at));
  return (await changed) - start;
}"""


def enter(browser: Browser, address: str, query: str = "", timed: bool = False) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    if timed:
        page.add_init_script(TIMED)
    page.goto(f"{address}?tab=latent&{query}")
    page.locator(READY).wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    return page


def measure_hover(domains: Sequence[str] = tuple(SIZED), events: int = 1000) -> list[Row]:
    rows = []
    with server() as (address, _), chromium() as browser:
        answered(address)
        for domain in domains:
            page = enter(browser, address, f"domain={domain}", timed=True)
            for kind in ("ae", "vae"):
                page.evaluate(HOVER, [kind, 60])
                page.wait_for_timeout(500)
                requests: list[Request] = []
                page.on("request", partial(requests.append))  # it takes no built-in method
                times = page.evaluate(HOVER, [kind, events])
                rows.append({"what": f"pointer event, {domain}, {kind}", **spread(times), "requests": len(requests)})
            page.context.close()
    return rows


def measure_click(domains: Sequence[str] = tuple(SIZED), clicks: int = 45) -> list[Row]:
    rows = []
    with server() as (address, _), chromium() as browser:
        answered(address)
        for domain in domains:
            page = enter(browser, address, f"domain={domain}")
            for kind in ("ae", "vae"):
                places = [[kind, 0.1 + 0.8 * ((i * 0.37) % 1), 0.1 + 0.8 * ((i * 0.61) % 1)] for i in range(clicks)]
                times = []
                for place in places:
                    times.append(page.evaluate(CLICK, place))
                    page.wait_for_timeout(30)
                rows.append({"what": f"click to exact picture, {domain}, {kind}", **spread(times[5:])})
            page.context.close()
    return rows


MARKED = "(name) => performance.getEntriesByName(name)[0].startTime"


def measure_load(domains: Sequence[str] = tuple(SIZED), times: int = 5) -> list[Row]:
    rows = []
    with server() as (address, _), chromium() as browser:
        answered(address)
        for domain in domains:
            took, size = [], 0
            for _ in range(times):
                page = enter(browser, address, f"domain={domain}")
                arrived, drawn = (page.evaluate(MARKED, name) for name in ("map arrived", "map drawn"))
                took.append(drawn - arrived)
                size = page.evaluate(
                    """(domain) => performance.getEntriesByType("resource")
                         .filter((e) => e.name.includes(`/maps/${domain}.`)
                           || new RegExp(`/decoders/${domain}/v?ae-2.safetensors$`).test(e.name))
                         .reduce((sum, e) => sum + e.transferSize, 0)""",
                    domain,
                )
                page.context.close()
            rows.append({"what": f"map of {domain}, arrival to drawn", **spread(took), "bytes": size})
    return rows


def state(page: Page, session: CDPSession) -> Row:
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return {
        "heap_mb": round(found["JSHeapUsedSize"] / 1e6, 2),
        "listeners": int(found["JSEventListeners"]),
        "nodes": int(found["Nodes"]),
        "canvases": page.evaluate("document.querySelectorAll('canvas').length"),
    }


def measure_leak(switches: int = 50, events: int = 20_000) -> list[Row]:
    def round_trip(page: Page, switches: int, events: int) -> None:
        for _ in range(switches):
            for name in ("reconstruct", "latent"):
                page.locator(f"#vd-tab-{name}-button").click()
                page.wait_for_function(f"document.querySelector('.vd-module-{name}').offsetParent !== null")
        for kind in ("ae", "vae"):
            for _ in range(0, events // 2, 500):
                page.evaluate(HOVER, [kind, min(500, events // 2)])
        page.wait_for_timeout(1000)

    with server() as (address, _), chromium() as browser:
        answered(address)
        page = enter(browser, address, timed=True)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        round_trip(page, 3, 1000)
        before = state(page, session)
        round_trip(page, switches, events)
        after = state(page, session)
        page.context.close()
    return [
        {"what": "before", **before},
        {"what": f"after {switches} switches of tabs and {events} pointer events", **after},
    ]


PARTS: dict[str, Callable[..., list[Row]]] = {
    "hover": measure_hover,
    "click": measure_click,
    "load": measure_load,
    "leak": measure_leak,
}
TRIAL = {"hover": (["digits"], 20), "click": (["digits"], 7), "load": (["digits"], 1), "leak": (1, 20)}  # with --tiny


if __name__ == "__main__":
    report_parts("latent", __doc__, PARTS, TRIAL, tables.PARTS)
