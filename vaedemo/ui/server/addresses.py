"""Files at addresses of the open internet, fetched with care: anyone may have chosen the address."""

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


def is_address(value: object) -> bool:
    """Whether a value is a text that begins like an http or https address."""
    return isinstance(value, str) and value.lstrip()[:8].lower().startswith(("http://", "https://"))


def fetch(address: str) -> bytes:
    """The bytes of a file at an http or https address, at most MAX_BYTES + 1; PictureError if it cannot be fetched.

    Only public addresses are asked: nobody may make a server read what is private to its network.
    """
    try:
        return asyncio.run(_within(address.strip()))
    except TimeoutError:
        raise PictureError(f"The address did not answer within {SECONDS} seconds; send the picture itself.") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        raise PictureError("This is not an address that can be read; check it or send the picture itself.") from None
    except (httpx.HTTPError, OSError):
        raise PictureError("The address cannot be reached from here; check it or send the picture itself.") from None


async def _within(address: str) -> bytes:
    async with asyncio.timeout(SECONDS):
        for _ in range(MAX_HOPS):
            body, moved = await _fetched(address)
            if body is not None:
                return body
            address = urljoin(address, moved or "")
    raise PictureError("The address leads to another one too many times; send the picture itself.")


async def _fetched(address: str) -> tuple[bytes | None, str | None]:
    """(bytes, None), or (None, the address that this one has moved to)."""
    host = httpx.URL(address).host
    if not host:
        raise httpx.InvalidURL("no host")
    # The connection goes to the very number that was checked, whatever the name resolves to a moment later.
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


async def _number(host: str) -> str:
    """A public IP number of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    number = next((n for *_, (n, *_) in found if _is_open(str(n))), None)
    if number is None:
        raise PictureError("The address is of a private network; send the picture itself.")
    return str(number)


def _is_open(number: str) -> bool:
    address = ipaddress.ip_address(number.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global and not address.is_multicast
