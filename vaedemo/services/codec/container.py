"""The file format .vae: what it holds, and the sentences for files that are not of it.

    0   4  magic "VAE" and the version, 1
    4   4  model: the first bytes of the hash of its weights
    8   2  width  - 1, little-endian like all that follows
   10   2  height - 1
   12   1  quality in sixteenths, 0 .. 96
   13   2  channels that are coded
   15   4  length of the payload in bytes
   19   4  CRC-32 of the payload
   23   2  low half of the CRC-32 of the bytes before it
   25      payload: 32-bit words

A file that ends early is still of use: the words come in the order in which they are decoded.
"""

import struct
import zlib
from dataclasses import dataclass

from vaedemo.errors import CodecError

__all__ = ["Container", "HEADER", "MAX_SIDE", "pack", "unpack"]

MAGIC, VERSION = b"VAE", 1
_HEAD = struct.Struct("<3sB4sHHBHII")
HEADER = _HEAD.size + 2  # bytes
MAX_SIDE = 65_536


@dataclass(frozen=True)
class Container:
    """A file's content. size (width, height); quality in [0, 6]; channels that are coded; payload, shorter than `told`
    bytes where the file was cut short."""

    model: bytes
    size: tuple[int, int]
    quality: float
    channels: int
    payload: bytes
    told: int

    @property
    def missing(self) -> int:
        """Bytes that were cut off."""
        return self.told - len(self.payload)


def pack(model: bytes, size: tuple[int, int], quality: float, channels: int, payload: bytes) -> bytes:
    """The file's bytes."""
    width, height = size
    head = _HEAD.pack(
        MAGIC, VERSION, model, width - 1, height - 1, round(16 * quality), channels, len(payload), zlib.crc32(payload)
    )
    return head + struct.pack("<H", zlib.crc32(head) & 0xFFFF) + payload


def unpack(data: bytes, name: str = "This file") -> Container:
    """What a file holds; CodecError where it is none, damaged or of a later version."""
    if data[:3] != MAGIC[: len(data)] or len(data) < 3:
        raise CodecError(f"{name} is not a .vae file; choose one that `compress` wrote.")
    if len(data) < HEADER:
        raise CodecError(f"{name} is cut off within its first {HEADER} bytes; get a longer part of it.")
    _, version, model, width, height, quality, channels, told, check = _HEAD.unpack_from(data)
    if version != VERSION:
        raise CodecError(f"{name} has version {version} of the format; this program reads {VERSION}: update it.")
    (head,) = struct.unpack_from("<H", data, _HEAD.size)
    payload = data[HEADER : HEADER + told]
    whole = len(payload) == told
    if head != zlib.crc32(data[: _HEAD.size]) & 0xFFFF or (whole and zlib.crc32(payload) != check):
        raise CodecError(f"{name} is damaged; get another copy of it.")
    return Container(model, (width + 1, height + 1), quality / 16, channels, payload, told)
