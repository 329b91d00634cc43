"""The page's promises, measured: python benchmarks/page.py [--slider] [--visitors] [--start] [--memory]

slider    from a changed slider to the changed picture on the screen, in headless Chromium: input event to the first
          frame after the canvas was painted, every model already in the browser (warm) or each one asked for (cold)
visitors  32 visitors dragging for 10 s: each asks for another dimension every 50 ms, one request in flight, and every
          3 s takes a new picture (prepare, then every model, one request a kind); latency of each request over HTTP
start     `python app.py` to the first complete page, less `import gradio, torch`: to the answered page over HTTP, and
          to the complete first screen in a Chromium that is already running
memory    resident memory of the server before and after 1,000 uploads of mixed sizes, each prepared and looked at by
          every model, after 100 to warm up
"""

import asyncio
import io
import itertools
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil
from common import Row, report_parts
from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from benchmarks.tables import page as tables
from vaedemo.ui.server.inputs import example_names

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


Log = list[tuple[str, float, str | None]]  # what was asked, seconds, an error

# ---- the server --------------------------------------------------------------------------------------------------


@contextmanager
def server(**environ: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """(address, process) of the page in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py")],
        env={**os.environ, "PORT": str(port), **environ},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield address, process
    finally:
        process.terminate()
        process.wait(20)


def answered(address: str, patience: float = 180) -> httpx.Response:
    """Wait until the page is served; the last answer."""
    end = time.perf_counter() + patience
    while time.perf_counter() < end:
        try:
            answer = httpx.get(address, timeout=30)
            if answer.status_code == 200:
                return answer
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("the page did not start")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def ready(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("[data-ready=true]").wait_for(timeout=60_000)


# ---- slider ------------------------------------------------------------------------------------------------------

DRAG = """async (rounds) => {
  const part = (name) => document.querySelector(`[data-part=${name}]`);
  const [slider, picture] = [part("dimension"), part("made")];
  const count = Number(slider.max) + 1;
  const times = [];
  for (let k = 1; k <= rounds; k += 1) {
    const before = picture.dataset.shown;
    const changed = new Promise((done) => {
      const watch = new MutationObserver(() => { watch.disconnect(); requestAnimationFrame(() => setTimeout(done)); });
      watch.observe(picture, { attributeFilter: ["data-shown"] });
    });
    const start = performance.now();
    slider.value = (Number(slider.value) + 1) % count;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await changed;
    if (picture.dataset.shown === before) throw new Error("the picture did not change");
    times.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 30));
  }
  return times;
}"""


def hold_all_but_single(route: Route) -> None:
    """Never answer the request for every model, so that each dimension has to be asked for."""
    body = route.request.post_data_json
    if body is None or body["fn_name"] != "look" or len(body["data"]["models"]) == 1:
        route.continue_()


def measure_slider(rounds: int = 60, pictures: int | None = None) -> list[Row]:
    rows = []
    with server() as (address, _), chromium() as browser:
        answered(address)
        for query, label in (("domain=digits&kind=ae", "digits, ae"), ("domain=digits&kind=vae", "digits, vae")):
            page = browser.new_page()
            ready(page, f"{address}?{query}")
            page.wait_for_load_state("networkidle")
            times = page.evaluate(DRAG, rounds)
            rows.append({"what": f"slider to picture, {label}, warm", **spread(times)})
            page.close()
            page = browser.new_page()
            page.route("**/component_server/**", hold_all_but_single)
            page.route("**/component_server", hold_all_but_single)
            times = []
            for name in example_names("digits")[1:][:pictures]:
                ready(page, f"{address}?{query}&example={name}")
                page.wait_for_timeout(400)
                count = page.evaluate("Number(document.querySelector('[data-part=dimension]').max)")
                times += page.evaluate(DRAG, count)
            rows.append({"what": f"slider to picture, {label}, each asked for", **spread(times)})
            page.close()
    return rows


def spread(times: list[float]) -> Row:
    times = sorted(times)
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
        "most_ms": round(times[-1], 1),
        "n": len(times),
    }


# ---- visitors ----------------------------------------------------------------------------------------------------


def component(address: str) -> tuple[int, Row]:
    """(id of the tab's component, the table of models) from the page's configuration."""
    config = httpx.get(f"{address}config", timeout=30).json()
    found = next(c for c in config["components"] if c["props"].get("elem_id") == "vd-reconstruct")
    return found["id"], found["props"]["value"]["table"]


async def ask(
    client: httpx.AsyncClient, address: str, identity: int, session: str, function: str, data: Row
) -> tuple[float, Row]:
    """(seconds, answer) of one call of a server function."""
    start = time.perf_counter()
    answer = await client.post(
        f"{address}gradio_api/component_server/",
        json={"data": data, "component_id": identity, "fn_name": function, "session_hash": session},
    )
    answer.raise_for_status()
    result = answer.json()
    if "error" in result:
        raise RuntimeError(result["error"])
    return time.perf_counter() - start, result


def every(table: Row, domain: str) -> list[list]:
    return [[kind, d, 1.0] for kind, dims in table[domain]["kinds"].items() for d in dims]


async def visitor(address: str, identity: int, table: Row, number: int, seconds: float, log: Log) -> None:
    domains = [name for name, row in table.items() if row["kinds"]]
    turns = itertools.cycle(domains[number % len(domains) :] + domains[: number % len(domains)])
    session = f"visitor{number}"
    end = time.perf_counter() + seconds
    async with httpx.AsyncClient(timeout=60) as client:
        while time.perf_counter() < end:
            domain = next(turns)
            models, name = every(table, domain), table[domain]["examples"][number % len(table[domain]["examples"])]
            try:
                body = {"source": {"example": name, "domain": domain}, "domain": domain, "models": models[:1]}
                took, picture = await ask(client, address, identity, session, "prepare", body)
                log.append(("prepare", took, None))
                look = {"x": picture["x"], "domain": domain}
                for kind in table[domain]["kinds"]:
                    own = [m for m in models if m[0] == kind]
                    took, _ = await ask(client, address, identity, session, "look", {**look, "models": own})
                    log.append(("a kind's models", took, None))
                next_picture = time.perf_counter() + 3
                for k in itertools.count(number):
                    now = time.perf_counter()
                    if now > min(end, next_picture):
                        break
                    took, _ = await ask(
                        client, address, identity, session, "look", {**look, "models": [models[k % len(models)]]}
                    )
                    log.append(("drag", took, None))
                    await asyncio.sleep(max(0, 0.05 - (time.perf_counter() - now)))
            except (httpx.HTTPError, RuntimeError) as error:
                log.append(("error", 0, str(error) or type(error).__name__))


async def crowd(address: str, count: int, seconds: float) -> Log:
    identity, table = component(address)
    async with httpx.AsyncClient(timeout=60) as client:  # models are read when first asked for
        for domain in table:
            for name in table[domain]["examples"][:1] if table[domain]["kinds"] else []:
                body = {"source": {"example": name, "domain": domain}, "domain": domain, "models": every(table, domain)}
                await ask(client, address, identity, "warm", "prepare", body)
    log: Log = []
    await asyncio.gather(*(visitor(address, identity, table, n, seconds, log) for n in range(count)))
    return log


def measure_visitors(count: int = 32, seconds: float = 10) -> list[Row]:
    with server() as (address, _):
        answered(address)
        log = asyncio.run(crowd(address, count, seconds))
    errors = [error for _, _, error in log if error is not None]
    times = [1000 * took for kind, took, _ in log if kind != "error"]
    rows = [{"what": f"{count} visitors, every request", **spread(times), "errors": len(errors)}]
    for kind in ("drag", "a kind's models", "prepare"):
        times = [1000 * took for k, took, _ in log if k == kind]
        rows.append({"what": f"{count} visitors, {kind}", **spread(times), "errors": len(errors)})
    for sentence in sorted(set(errors))[:5]:
        print("error:", sentence)
    return rows


# ---- start -------------------------------------------------------------------------------------------------------


def imports() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio, torch"], check=True, cwd=ROOT)
    return time.perf_counter() - start


def measure_start(times: int = 3) -> list[Row]:
    base, served, seen = [], [], []
    with chromium() as browser:
        for _ in range(times):
            base.append(imports())
            start = time.perf_counter()
            with server() as (address, _):
                answered(address)
                served.append(time.perf_counter() - start)
            page = browser.new_context().new_page()
            start = time.perf_counter()
            with server() as (address, _):
                answered(address)
                ready(page, address)
                seen.append(time.perf_counter() - start)
            page.context.close()
    imported = statistics.median(base)
    above = (("served page", served), ("complete first screen", seen))
    return [
        {"what": "import gradio, torch", "seconds": round(imported, 2)},
        *(
            {
                "what": f"python app.py to the {what}, above that",
                "seconds": round(statistics.median(took) - imported, 2),
            }
            for what, took in above
        ),
    ]


# ---- memory ------------------------------------------------------------------------------------------------------


def files() -> list[bytes]:
    """Encoded pictures of mixed sizes and formats: mostly small, some of 3 and 12 megapixels."""
    rng = np.random.default_rng(0)
    encoded = []
    for line in (
        "28 28 L PNG",
        "64 64 RGB PNG",
        "300 200 L JPEG",
        "640 480 RGB JPEG",
        "800 600 RGBA PNG",
        "1280 960 RGB WEBP",
        "2048 1536 RGB JPEG",
        "4000 3000 RGB JPEG",
    ):
        width, height, mode, kind = line.split()
        channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
        coarse = rng.integers(0, 256, (12, 16, channels), np.uint8).squeeze()
        image = Image.fromarray(coarse, mode).resize((int(width), int(height)), Image.Resampling.BICUBIC)
        out = io.BytesIO()
        image.save(out, kind)
        encoded.append(out.getvalue())
    return encoded


async def upload(client: httpx.AsyncClient, address: str, identity: int, table: Row, data: bytes, number: int) -> None:
    name = f"{number}.bin"
    answer = await client.post(f"{address}gradio_api/upload", files={"files": (name, data)})
    answer.raise_for_status()
    body = {"source": {"upload": answer.json()[0]}, "domain": None}
    _, picture = await ask(client, address, identity, f"u{number % 8}", "prepare", body)
    look = {"x": picture["x"], "domain": picture["domain"], "models": every(table, picture["domain"])}
    await ask(client, address, identity, f"u{number % 8}", "look", look)


async def uploads(address: str, count: int, at_once: int = 4) -> None:
    identity, table = component(address)
    data, gate = files(), asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(timeout=120) as client:

        async def one(n: int) -> None:
            async with gate:
                # A byte after the end makes every file its own to the server.
                await upload(client, address, identity, table, data[n % len(data)] + n.to_bytes(4, "big"), n)

        await asyncio.gather(*(one(n) for n in range(count)))


def measure_memory(count: int = 1000, warm: int = 100) -> list[Row]:
    with server() as (address, process):
        answered(address)
        watched = psutil.Process(process.pid)
        first = watched.memory_info().rss / 1e6
        asyncio.run(uploads(address, warm))
        before = watched.memory_info().rss / 1e6
        asyncio.run(uploads(address, count))
        after = watched.memory_info().rss / 1e6
    return [
        {"what": "memory of the server at its start", "megabytes": round(first)},
        {"what": f"after {warm} uploads", "megabytes": round(before)},
        {"what": f"after {count} more, growth", "megabytes": round(after - before)},
    ]


# ---- the command --------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[..., list[Row]]] = {
    "slider": measure_slider,
    "visitors": measure_visitors,
    "start": measure_start,
    "memory": measure_memory,
}
TRIAL = {"slider": (3, 1), "visitors": (2, 1), "start": (1,), "memory": (8, 2)}  # their arguments with --tiny


if __name__ == "__main__":
    report_parts("page", __doc__, PARTS, TRIAL, tables.PARTS)
