"""The page behind a proxy: under a prefix (GRADIO_ROOT_PATH=/vae) that the proxy may strip or keep, and with the
address by which each caller came.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from vaedemo.errors import ConfigError

__all__ = ["OwnAddress", "Prefix", "middleware", "root_path"]

_INFO = re.compile(r"/gradio_api/info/?$")
_ASKED = re.compile(rb"(^|&)(page|all_endpoints)=")


def root_path(environ: Mapping[str, str]) -> str:
    """GRADIO_ROOT_PATH as Gradio wants it: "", "/path" or "https://host/path", without a final slash."""
    text = environ.get("GRADIO_ROOT_PATH", "").strip().rstrip("/")
    if not re.match("https?://", text):
        return f"/{text.lstrip('/')}" if text else ""
    try:
        urlsplit(text)
    except ValueError:
        raise ConfigError(
            f"GRADIO_ROOT_PATH is {text[:80]!r}; give a path like /vae or an address like https://example.org/vae."
        ) from None
    return text


class Prefix:
    """Gives every request its prefix, so that Starlette's routes and mounts see the same whatever the proxy does.

    ASGI wants scope["path"] to begin with scope["root_path"]; Gradio sets only the latter, even to a URL.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            path = scope["path"]
            if not f"{path}/".startswith(f"{self.prefix}/"):
                path = self.prefix + path
            scope = {**scope, "path": path, "root_path": self.prefix}
        await self.app(scope, receive, send)


class OwnAddress:
    """Makes /info tell each caller its own address.

    Gradio would cache what it told the first caller, whatever its Host header was. It caches nothing if it is asked for
    one page of the application: "" is the only one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"")
        if scope["type"] == "http" and _INFO.search(scope["path"]) and not _ASKED.search(query):
            scope = {**scope, "query_string": b"&".join(filter(None, (query, b"page=")))}
        await self.app(scope, receive, send)


def middleware(root: str) -> list[Middleware]:
    """The middleware before Gradio, for a root path from root_path()."""
    prefix = [Middleware(Prefix, prefix=unquote(urlsplit(root).path))] if root else []
    return [*prefix, Middleware(OwnAddress)]
