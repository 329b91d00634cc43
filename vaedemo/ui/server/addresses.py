"""Pictures behind addresses of the open internet, read with care: the address may be anyone's choice."""

import asyncio
import ipaddress
import socket
from urllib.parse import urljoin

import httpx
from safehttpx import AsyncSecureTransport

from vaedemo.errors import PictureError
from vaedemo.pictures.read import MAX_BYTES

__all__ = ["fetch", "is_address"]

SECONDS = 10  # for everything together
MAX_HOPS = 5


def is_address(value):
    """Whether a value is a text that begins as an http or https address does."""
    return isinstance(value, str) and value.lstrip()[:8].lower().startswith(("http://", "https://"))


def fetch(address):
    """The bytes of a file at an http or https address, at most MAX_BYTES + 1; PictureError where it cannot be had.

    Only addresses open to everyone are asked: a server must not be made to read what its own network keeps to itself.
    """
    try:
        return asyncio.run(_within(address.strip()))
    except TimeoutError:
        raise PictureError(f"The address did not answer within {SECONDS} seconds; send the picture itself.") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        raise PictureError("This is not an address that can be read; check it or send the picture itself.") from None
    except (httpx.HTTPError, OSError):
        raise PictureError("The address cannot be reached from here; check it or send the picture itself.") from None


async def _within(address):
    async with asyncio.timeout(SECONDS):
        for _ in range(MAX_HOPS):
            body, moved = await _got(address)
            if moved is None:
                return body
            address = urljoin(address, moved)
    raise PictureError("The address leads to another one too many times; send the picture itself.")


async def _got(address):
    """(bytes, None), or (None, the address that this one has moved to)."""
    host = httpx.URL(address).host
    if not host:
        raise httpx.InvalidURL("no host")
    # The connection goes to the very number that was looked at, whatever the name means a moment later.
    transport = AsyncSecureTransport(await _number(host))
    async with httpx.AsyncClient(transport=transport) as client, client.stream("GET", address) as answer:
        if answer.has_redirect_location:
            return None, answer.headers["Location"]
        if answer.status_code != 200:
            raise PictureError(f"The address answers with status {answer.status_code}; check it or send the picture.")
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                break
        return bytes(body), None


async def _number(host):
    """An IP number of a host that is open to everyone."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    number = next((sockaddr[0] for *_, sockaddr in found if _is_open(sockaddr[0])), None)
    if number is None:
        raise PictureError("The address is of a private network; send the picture itself.")
    return number


def _is_open(number):
    number = ipaddress.ip_address(number.partition("%")[0])
    number = getattr(number, "ipv4_mapped", None) or number
    return number.is_global and not number.is_multicast
