"""What stands before Gradio and the tabs: limits of a request, addresses that are not served, headers of safety; and
the address by which a container's health is seen."""

import base64
import hashlib
import re
from asyncio import timeout
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaedemo.errors import ConfigError

__all__ = ["Closed", "HEALTH", "Limits", "Policy", "guards", "policy"]

MOST_BODY = 40_000_000  # bytes of a request: a file of 25 MB in base64 is 35 MB
SILENCE = 30.0  # seconds between two pieces of a request's body
TOO_LARGE = f"A request may have at most {MOST_BODY // 1_000_000} MB; send a smaller file."
TOO_SLOW = f"Nothing of the request came for {SILENCE:.0f} seconds; send it again."

# What Gradio offers and this page has no use for: files by their path, other hosts through this one, a page of figures.
_UNUSED = re.compile(
    "/(gradio_api/(file|proxy|stream|deep_link|custom_component|process_recording)|monitoring(?!/summary$)|docs)([=/]|$)"
)
# Where a page may be shown within another one, beside those that VAEDEMO_EMBED names.
FRAMES = ("'self'", "https://huggingface.co", "https://*.hf.space")
_FRAME = re.compile(r"\*|(https?://)?[\w*.:\[\]-]+", re.ASCII)
_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}


async def _up(request: Request) -> Response:
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})


HEALTH = Route("/health", _up)


class Closed:
    """404 for what Gradio would serve and this page does not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _UNUSED.search(scope["path"]):
            await JSONResponse({"error": "There is nothing at this address."}, 404)(scope, receive, send)
        elif scope["type"] != "websocket":  # the page has none
            await self.app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})


class Limits:
    """413 for a request that is too large, said or not, and 408 for one that stops half way."""

    def __init__(self, app: ASGIApp, most: int = MOST_BODY, silence: float = SILENCE) -> None:
        self.app, self.most, self.silence = app, most, silence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self.most:
            return await JSONResponse({"error": TOO_LARGE}, 413)(scope, receive, send)
        came, whole = 0, False

        async def bounded() -> Message:
            nonlocal came, whole
            if whole:  # now it is the end of the connection that is waited for
                return await receive()
            try:
                async with timeout(self.silence):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, TOO_SLOW) from None
            came, whole = came + len(message.get("body", b"")), not message.get("more_body", False)
            if came > self.most:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self.app(scope, bounded, send)


def policy(scripts: list[bytes], frames: tuple[str, ...] = FRAMES) -> str:
    """The Content-Security-Policy of a page with these scripts in its markup; nothing comes from another host.

    Gradio makes functions out of text, of a gr.HTML's js_on_load for one: 'unsafe-eval'. Its components and the charts
    have style attributes: 'unsafe-inline' for styles alone.
    """
    hashes = (f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'" for text in scripts)
    rows = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "'unsafe-eval'", *dict.fromkeys(hashes)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(frames),
    }
    return "; ".join(f"{name} {value}" for name, value in rows.items())


class Policy:
    """Headers of safety for every answer, and for a page its policy, which names the scripts in it by their hashes."""

    def __init__(self, app: ASGIApp, frames: tuple[str, ...] = FRAMES) -> None:
        self.app, self.frames = app, frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        page: MutableMapping[str, Any] | None = (
            None  # the start of an answer that is held back until its scripts are known
        )
        body = b""

        async def sent(message: Message) -> None:
            nonlocal page, body
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                have = {name.lower() for name, _ in message["headers"]}
                more = [(name, value) for name, value in HEADERS.items() if name not in have]
                message = {**message, "headers": [*message["headers"], *more]}
                if kinds and kinds[0].startswith(b"text/html"):
                    page = message
                    return
            elif page is not None:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                told = policy([text.replace(b"\r\n", b"\n") for text in _SCRIPT.findall(body)], self.frames)
                await send({**page, "headers": [*page["headers"], (b"content-security-policy", told.encode())]})
                message = {**message, "body": body}
            await send(message)

        await self.app(scope, receive, sent)


def guards(environ: Mapping[str, str]) -> list[Middleware]:
    """The middleware, the outermost first. VAEDEMO_EMBED: hosts whose pages may show this one, or * for any."""
    more = tuple(environ.get("VAEDEMO_EMBED", "").split())
    for host in more:
        if not _FRAME.fullmatch(host):
            raise ConfigError(f"VAEDEMO_EMBED has {host[:60]!r}; give addresses like https://school.example, or *.")
    return [Middleware(Policy, frames=(*FRAMES, *more)), Middleware(Limits), Middleware(Closed)]
