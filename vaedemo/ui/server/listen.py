"""Where the server listens: PORT or GRADIO_SERVER_PORT, and GRADIO_SERVER_NAME -> a free place, or one sentence."""

import contextlib
import errno
import ipaddress
import os
import re
import socket
import sys
from collections.abc import Mapping, MutableMapping
from typing import NamedTuple, NoReturn

from vaedemo.errors import ConfigError

__all__ = ["Place", "place", "settle", "stop", "taken"]

PORT, HOST = 7860, "127.0.0.1"
_EVERYWHERE = {"0.0.0.0": HOST, "::": "::1"}  # an address that no browser can open -> one that it can
Address = tuple[int, tuple]  # family, and the address that a socket binds


class Place(NamedTuple):
    """host, an IPv4 or IPv6 address of this machine, and a port that was just free."""

    host: str
    port: int

    @property
    def name(self) -> str:
        """The host as in a URL: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        return f"http://{self._replace(host=_EVERYWHERE.get(self.host, self.host)).name}:{self.port}/"


def place(environ: Mapping[str, str]) -> Place:
    """The Place that the environment asks for; port 0 is any free one. ConfigError if it cannot be had."""
    port = _port(environ)
    asked = environ.get("GRADIO_SERVER_NAME", "").strip() or HOST
    problem: OSError | None = None
    for family, address in _addresses(asked, port):
        try:
            return Place(address[0], _free(family, address))
        except OSError as error:
            problem = problem or error
    raise ConfigError(_sentence(problem, asked, port)) from None


def settle(environ: MutableMapping[str, str]) -> Place | None:
    """The Place, or a sentence and exit code 2; None on a hosted Space, which has its own. Call it before Gradio is
    imported, which reads the same variables as plain numbers and for IPv4 only: they are rewritten for it."""
    if environ.get("SPACE_ID"):
        return None
    try:
        where = place(environ)
    except ConfigError as error:
        stop(error)
    environ["GRADIO_SERVER_NAME"] = HOST if ":" in where.host else where.host
    environ["GRADIO_SERVER_PORT"] = str(where.port)
    for name in ("NO_PROXY", "no_proxy"):  # Gradio calls its own server at start, which no proxy can reach
        environ[name] = ",".join(filter(None, [environ.get(name), "localhost", where.host]))
    return where


def stop(sentence: object) -> NoReturn:
    """End the process with one sentence."""
    print(sentence, file=sys.stderr)
    sys.exit(2)


def taken(port: int) -> str:
    """The sentence about a port that is in use."""
    return f"Port {port} is taken; choose another one, for example PORT={port + 1 if port < 65535 else PORT}."


def _port(environ: Mapping[str, str]) -> int:
    for name in ("PORT", "GRADIO_SERVER_PORT"):
        text = environ.get(name, "").strip()
        if not text:
            continue
        if not re.fullmatch("0*[0-9]{1,5}", text) or int(text) > 65535:
            raise ConfigError(
                f"{name} is {text[:40]!r}; give a whole number from 1 to 65535, or 0 for any port that is free."
            )
        return int(text)
    return PORT


def _addresses(asked: str, port: int) -> list[Address]:
    """Addresses of a name or an address, IPv4 first, as everyone finds localhost there."""
    host = asked[1:-1] if asked.startswith("[") and asked.endswith("]") else asked
    found: list[Address] = []
    with contextlib.suppress(OSError, UnicodeError):  # UnicodeError: a part of the name is empty or too long
        for family, _, _, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            if family in (socket.AF_INET, socket.AF_INET6):
                found.append(_plain(family, address))
    if not found:
        raise ConfigError(
            f"GRADIO_SERVER_NAME is {asked[:60]!r}, a name that is not known here; give a name or an address of this "
            "machine, for example 127.0.0.1, or 0.0.0.0 for all of them."
        )
    return sorted(found, key=lambda each: each[0] != socket.AF_INET)


def _plain(family: int, address: tuple) -> Address:
    """An IPv4 address written as IPv6 (::ffff:127.0.0.1), where nothing can listen, as IPv4; others as they are."""
    mapped = getattr(ipaddress.ip_address(address[0].partition("%")[0]), "ipv4_mapped", None)
    return (socket.AF_INET, (str(mapped), address[1])) if mapped else (family, address)


def _free(family: int, address: tuple) -> int:
    """The port, after it was opened as the server will open it, and closed again."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # elsewhere this would share a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)
        return probe.getsockname()[1]


def _sentence(error: OSError | None, asked: str, port: int) -> str:
    assert error is not None  # there is one for each address, and at least one address
    if error.errno == errno.EADDRINUSE:
        return taken(port)
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        without = " (does it have IPv6?)" if ":" in asked else ""
        return (
            f"GRADIO_SERVER_NAME is {asked[:60]!r}, which is no address of this machine{without}; "
            "give 127.0.0.1, or 0.0.0.0 for all that it has."
        )
    return f"Port {port} cannot be opened ({error.strerror}); choose another one, for example PORT={PORT}."
