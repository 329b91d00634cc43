"""Limits of a request, what is not served, and the policy of the page."""

import asyncio
import base64
import hashlib
import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from vaedemo.errors import ConfigError
from vaedemo.ui.server.guard import HEALTH, Closed, Limits, guards, policy

MARKUP = '<script>one()</script><script type="module" src="a.js"></script><SCRIPT id="b">\r\ntwo()\n</SCRIPT>'


async def read(request):
    return JSONResponse(len(await request.body()))


def asked(method, address, middleware, **kwargs):
    """The answer of a small application behind some middleware."""
    routes = [Route("/", lambda request: HTMLResponse(MARKUP)), Route("/read", read, methods=["POST"]), HEALTH]
    transport = httpx.ASGITransport(Starlette(routes=routes, middleware=middleware), raise_app_exceptions=False)

    async def ask():
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            return await client.request(method, address, **kwargs)

    return asyncio.run(ask())


async def pieces(size, pause=0.0):
    for _ in range(2):
        yield b"x" * (size // 2)
        await asyncio.sleep(pause)


@pytest.mark.parametrize("size, status", [(0, 200), (100, 200), (102, 413)])
def test_a_body_is_bounded_whether_its_length_is_said_or_not(size, status):
    limited = [Middleware(Limits, most=100)]
    said = asked("POST", "/read", limited, content=b"x" * size)
    unsaid = asked("POST", "/read", limited, content=pieces(size))
    assert said.status_code == unsaid.status_code == status
    if status == 200:
        assert said.json() == unsaid.json() == size


@pytest.mark.parametrize("length", ["-1", "x", "9" * 100])
def test_a_length_that_is_none_is_refused(length):
    assert asked("POST", "/read", [Middleware(Limits)], headers={"Content-Length": length}).status_code == 413


def test_a_body_that_stops_half_way_is_not_waited_for():
    async def silent(scope, receive, send):
        async def never():
            await asyncio.Event().wait()

        await app(scope, never, send)

    app = Limits(Starlette(routes=[Route("/read", read, methods=["POST"])]), silence=0.01)
    transport = httpx.ASGITransport(silent)

    async def ask():
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            return await client.post("/read", content=b"x")

    assert asyncio.run(ask()).status_code == 408


@pytest.mark.parametrize(
    "path",
    ["gradio_api/file=/etc/passwd", "gradio_api/file/app.py", "gradio_api/proxy=http://example.org", "monitoring",
     "gradio_api/stream/a/b/c/x.m3u8", "gradio_api/deep_link", "monitoring/abc", "vae/gradio_api/file=%2e%2e/app.py"],
)  # fmt: skip
def test_what_the_page_has_no_use_for_is_not_there(path):
    answer = asked("GET", f"/{path}", [Middleware(Closed)])
    assert answer.status_code == 404 and "error" in answer.json()


def test_the_policy_names_each_script_of_the_page_and_no_foreign_host():
    answer = asked("GET", "/", guards({"VAEDEMO_EMBED": "https://school.example"}))
    assert answer.text == MARKUP
    told = answer.headers["content-security-policy"]
    for script in (b"one()", b"\ntwo()\n"):  # a browser reads one sort of line ends
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" in told
    rows = dict(row.split(" ", 1) for row in told.split("; "))
    assert "unsafe-inline" not in rows["script-src"] and len(re.findall("sha256", rows["script-src"])) == 2
    assert rows["frame-ancestors"].split()[-1] == "https://school.example"
    assert not re.search(r"\*|https?:", "; ".join(f"{k} {v}" for k, v in rows.items() if k != "frame-ancestors"))
    assert policy([]).count("'none'") == 1


def test_every_answer_has_the_headers_of_safety_and_health_is_plain():
    answer = asked("GET", "/health", guards({}))
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["x-content-type-options"] == "nosniff" and "content-security-policy" not in answer.headers


@pytest.mark.parametrize("hosts", ["https://a;script-src", "'none'", "a,b", "https://a/b", "\u00fc.de", '"'])
def test_hosts_that_are_none_cannot_change_the_policy(hosts):
    with pytest.raises(ConfigError, match="VAEDEMO_EMBED"):
        guards({"VAEDEMO_EMBED": hosts})
