"""The page in a browser: one server and one Chromium for all tests, a new page for each, and what it complained of."""

import os
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


class Visit:
    """A page with the helpers of the tests; at its end it must have complained of nothing and asked no other host."""

    def __init__(self, context, address):
        self.address, self.page = address, context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints, self.foreign, self.asked = [], [], []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("request", self._note)

    def _note(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)
        if "component_server" in request.url or "/upload" in request.url:
            self.asked.append(request.post_data_json["fn_name"] if "component_server" in request.url else "upload")

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

    def words(self):
        self.page.wait_for_timeout(250)  # the address is written a moment later
        return self.page.evaluate("Object.fromEntries(new URL(location.href).searchParams)")


@pytest.fixture
def visit(chromium, address):
    """A function that makes a Visit; keywords are those of a browser context."""
    made = []

    def make(**kwargs):
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "accept_downloads": True} | kwargs
        context = chromium.new_context(**options)
        made.append((context, Visit(context, address)))
        return made[-1][1]

    yield make
    for context, one in made:
        context.close()
        assert one.complaints == []
        assert one.foreign == []
