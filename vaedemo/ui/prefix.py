"""The page under a path of a proxy: GRADIO_ROOT_PATH=/vae, whether the proxy takes that prefix off or leaves it on."""

import re
from urllib.parse import unquote, urlsplit

from starlette.middleware import Middleware

from vaedemo.errors import ConfigError

__all__ = ["Prefix", "middleware", "root_path"]


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


def middleware(root):
    """[Prefix] of a root path as root_path() gives it, or [] of none."""
    return [Middleware(Prefix, prefix=unquote(urlsplit(root).path))] if root else []
