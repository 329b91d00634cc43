"""Where the server listens: PORT or GRADIO_SERVER_PORT and GRADIO_SERVER_NAME -> a free place, or one sentence."""

import errno
import ipaddress
import os
import re
import socket
import sys
from typing import NamedTuple

from vaedemo.errors import ConfigError

__all__ = ["Place", "place", "settle", "stop", "taken"]

PORT, HOST = 7860, "127.0.0.1"
_EVERYWHERE = {"0.0.0.0": HOST, "::": "::1"}  # no address that a browser could open -> one that it can


class Place(NamedTuple):
    """host, an IPv4 or IPv6 address of this machine, and a port that was free a moment ago."""

    host: str
    port: int

    @property
    def name(self):
        """The host as an address on the web has it: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self):
        """Where a browser on this machine finds the page."""
        return f"http://{self._replace(host=_EVERYWHERE.get(self.host, self.host)).name}:{self.port}/"


def place(environ):
    """The Place that the environment asks for; port 0 is any that is free. ConfigError says what cannot be had."""
    port = _port(environ)
    asked = environ.get("GRADIO_SERVER_NAME", "").strip() or HOST
    problem = None
    for family, address in _addresses(asked, port):
        try:
            return Place(address[0], _free(family, address))
        except OSError as error:
            problem = problem or error
    raise ConfigError(_sentence(problem, asked, port)) from None


def settle(environ):
    """The Place, or a sentence and exit code 2; None on a hosted Space, which has its own. To be called before Gradio
    is imported: it reads the same variables again, as plain numbers and for IPv4 alone, and so gets them made fit."""
    if environ.get("SPACE_ID"):
        return None
    try:
        where = place(environ)
    except ConfigError as error:
        stop(error)
    environ["GRADIO_SERVER_NAME"] = HOST if ":" in where.host else where.host
    environ["GRADIO_SERVER_PORT"] = str(where.port)
    for name in ("NO_PROXY", "no_proxy"):  # it calls its own server when it starts, which no proxy can reach
        environ[name] = ",".join(filter(None, [environ.get(name), "localhost", where.host]))
    return where


def stop(sentence):
    """End the process with one sentence."""
    print(sentence, file=sys.stderr)
    sys.exit(2)


def taken(port):
    """The sentence about a port that someone else has."""
    return f"Port {port} is taken; choose another one, for example PORT={port + 1 if port < 65535 else PORT}."


def _port(environ):
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


def _addresses(asked, port):
    """[(family, address)] of a name or an address, IPv4 first: of localhost everyone finds that one."""
    host = asked[1:-1] if asked.startswith("[") and asked.endswith("]") else asked
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):  # UnicodeError: a part of the name is empty or too long
        found = []
    found = [(family, address) for family, _, _, _, address in found if family in (socket.AF_INET, socket.AF_INET6)]
    if not found:
        raise ConfigError(
            f"GRADIO_SERVER_NAME is {asked[:60]!r}, a name that is not known here; give a name or an address of this "
            "machine, for example 127.0.0.1, or 0.0.0.0 for all of them."
        )
    found = [_plain(family, address) for family, address in found]
    return sorted(found, key=lambda each: each[0] != socket.AF_INET)


def _plain(family, address):
    """An IPv4 address that is written as one of IPv6 (::ffff:127.0.0.1), which nothing can listen at, as what it is."""
    mapped = ipaddress.ip_address(address[0].partition("%")[0])
    mapped = mapped.ipv4_mapped if mapped.version == 6 else None
    return (socket.AF_INET, (str(mapped), address[1])) if mapped else (family, address)


def _free(family, address):
    """The port, once it was opened and closed again, as the server will open it."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # elsewhere it would share a port that is taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)
        return probe.getsockname()[1]


def _sentence(error, asked, port):
    if error.errno == errno.EADDRINUSE:
        return taken(port)
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        without = " (does it have IPv6?)" if ":" in asked else ""
        return (
            f"GRADIO_SERVER_NAME is {asked[:60]!r}, which is no address of this machine{without}; "
            "give 127.0.0.1, or 0.0.0.0 for all that it has."
        )
    return f"Port {port} cannot be opened ({error.strerror}); choose another one, for example PORT={PORT}."
