"""The page in a browser: one server and one Chromium for all tests, a new page for each, and what it complained of."""

import os
import re
import shutil
import socket

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)

# How many times slower the page's own work is done: SLOW=6 brings out what a test does not wait for.
SLOW = float(os.environ.get("SLOW", 1))

if CHROMIUM is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header():
    return None if CHROMIUM else "browser tests are left out: no Chromium; install Debian's package or set CHROMIUM"


@pytest.fixture(scope="session")
def address():
    """The page, served on a free port."""
    from vaedemo.ui.app import build, launch

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo = build()
    launch(demo, port, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield f"http://127.0.0.1:{port}/"
    demo.close()


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(chromium, address):
    """A page with its frame there, one for all tests of a file: for modules that are tried alone."""
    page = chromium.new_page()
    page.goto(address)
    page.locator(".vd-module-frame").wait_for()
    yield page
    page.close()


class Visit:
    """A page with the helpers of the tests; at its end it must have complained of nothing and asked no other host."""

    def __init__(self, page, address):
        self.address, self.page = address, page
        self.page.set_default_timeout(30_000 * SLOW)
        self.complaints, self.foreign, self.asked, self.under_way = [], [], [], set()
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("request", self._note)
        for event in ("requestfinished", "requestfailed"):
            self.page.on(event, lambda request: self.under_way.discard(request))
        if SLOW > 1:
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOW})

    def _note(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)
        if "component_server" in request.url or "/upload" in request.url:
            self.asked.append(request.post_data_json["fn_name"] if "component_server" in request.url else "upload")
        if request.resource_type in ("fetch", "xhr") and not re.search("heartbeat|queue/data", request.url):
            self.under_way.add(request)

    def open(self, query=""):
        self.page.goto(f"{self.address}?{query}")
        self.page.locator("[data-ready=true]").wait_for()
        return self

    def part(self, name):
        return self.page.locator(f"[data-part={name}]")

    def wait(self, expression, arg=None):
        """Until a JavaScript expression over `part` is true."""
        part = "const part = (name) => document.querySelector(`[data-part=${name}]`);"
        return self.page.wait_for_function(f"(arg) => {{ {part} return {expression}; }}", arg=arg)

    def pixels(self, name):
        """The canvas of a part as a string that changes when the picture does."""
        return self.part(name).evaluate("(c) => c.toDataURL()")

    def shows(self, key):
        self.wait("part('made').dataset.shown === arg", key)

    def idle(self):
        """Until nothing has been asked of the server for a moment. (Playwright's "networkidle" is of the page's first
        load: reached once, it is not waited for again.)"""
        quiet = 0
        for _ in range(600):
            # The page's own clock: what it put off for less comes before, on a busy machine too.
            self.page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 50))")
            quiet = 0 if self.under_way else quiet + 1
            if quiet == 5:
                return self
        raise AssertionError(f"never at rest: {[r.url for r in self.under_way]}")

    def words(self):
        """The address's words, once what it is about to say is said."""
        self.idle()
        return self.page.evaluate("Object.fromEntries(new URL(location.href).searchParams)")

    def query(self):
        """The address after its "?", once what it is about to say is said."""
        self.idle()
        return self.page.url.split("?", 1)[1]

    def speak(self, language):
        """Switch to "en" or "zh" and wait until the tabs, which Gradio renames one after another, have followed."""
        self.part(language).click()
        self.page.wait_for_function(
            """(zh) => [...document.querySelectorAll("#vd-tabs [role=tab]")].every(
                 (tab) => /[\u4e00-\u9fff]/.test(tab.textContent) === zh)""",
            arg=language == "zh",
        )
        self.idle()


@pytest.fixture(scope="session")
def context_of(chromium):
    """A function from a browser context's keywords to the context with them, made once: the pages after the first have
    their files out of its cache. A page stores nothing that the next one would find."""
    made = {}

    def make(**kwargs):
        key = repr(sorted(kwargs.items()))
        if key not in made:
            made[key] = chromium.new_context(**kwargs)
        return made[key]

    yield make
    for context in made.values():
        context.close()


@pytest.fixture
def visit(context_of, address):
    """A function that makes a Visit; keywords are those of a browser context."""
    visits = []

    def make(**kwargs):
        options = {"locale": "en-GB", "accept_downloads": True} | kwargs
        size = options.pop("viewport", {"width": 1280, "height": 900})
        if options.get("is_mobile"):  # of such a context the size is a part
            options["viewport"] = size
        visits.append(Visit(context_of(**options).new_page(), address))
        visits[-1].page.set_viewport_size(size)
        return visits[-1]

    yield make
    for one in visits:
        one.page.close()
        assert one.complaints == []
        assert one.foreign == []
