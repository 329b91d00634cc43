"""The page behind a proxy: under a path of it (GRADIO_ROOT_PATH=/vae), whether that takes the prefix off or leaves it
on, and with the address by which each caller came.
"""

import re
from urllib.parse import unquote, urlsplit

from starlette.middleware import Middleware

from vaedemo.errors import ConfigError

__all__ = ["OwnAddress", "Prefix", "middleware", "root_path"]


_INFO = re.compile(r"/gradio_api/info/?$")
_ASKED = re.compile(rb"(^|&)(page|all_endpoints)=")


def root_path(environ):
    """GRADIO_ROOT_PATH as Gradio wants it: "", "/path" or "https://host/path", without a slash at its end."""
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

    ASGI wants scope["path"] to begin with scope["root_path"]; Gradio sets the second alone, to an address even.
    """

    def __init__(self, app, prefix):
        self.app, self.prefix = app, prefix

    async def __call__(self, scope, receive, send):
        if scope["type"] in ("http", "websocket"):
            path = scope["path"]
            if not f"{path}/".startswith(f"{self.prefix}/"):
                path = self.prefix + path
            scope = {**scope, "path": path, "root_path": self.prefix}
        await self.app(scope, receive, send)


class OwnAddress:
    """Lets /info tell each caller the address by which that one came.

    Gradio would keep what it told the first caller, whatever the Host header was, for all the others. It keeps nothing
    of an address where it is asked for a page of the application: of "", the only one.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        query = scope.get("query_string", b"")
        if scope["type"] == "http" and _INFO.search(scope["path"]) and not _ASKED.search(query):
            scope = {**scope, "query_string": b"&".join(filter(None, (query, b"page=")))}
        await self.app(scope, receive, send)


def middleware(root):
    """What stands before Gradio, for a root path as root_path() gives it."""
    prefix = [Middleware(Prefix, prefix=unquote(urlsplit(root).path))] if root else []
    return [*prefix, Middleware(OwnAddress)]
