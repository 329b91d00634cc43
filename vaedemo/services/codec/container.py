"""The file format .vae: what it holds, and the sentences for files that are not of it.

A photograph:
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

Small pictures without loss:
    0   4  magic "VAL" and the version, 1
    4   4  model
    8   4  number of pictures
   12   1  how many are coded at a time
   13   4, 4, 2 and the payload as above

A file of a photograph that ends early is still of use: the words come in the order in which they are decoded.
"""

import struct
import zlib
from dataclasses import dataclass

from vaedemo.errors import CodecError

__all__ = ["HEADER", "MAX_SIDE", "Photo", "Pictures", "STACK_HEADER", "pack", "pack_pictures", "unpack"]

VERSION = 1
_PHOTO, _STACK = (b"VAE", struct.Struct("<HHBH")), (b"VAL", struct.Struct("<IB"))
_START, _END, _CHECK = struct.Struct("<3sB4s"), struct.Struct("<II"), struct.Struct("<H")
_REST = _START.size + _END.size + _CHECK.size
HEADER, STACK_HEADER = _REST + _PHOTO[1].size, _REST + _STACK[1].size  # bytes
MAX_SIDE = 65_536


@dataclass(frozen=True)
class Photo:
    """A photograph's file. size (width, height); quality in [0, 6]; channels that are coded; payload, shorter than
    `told` bytes where the file was cut short."""

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


@dataclass(frozen=True)
class Pictures:
    """A file of so many small pictures, coded `batch` at a time."""

    model: bytes
    count: int
    batch: int
    payload: bytes


def _packed(magic: bytes, model: bytes, middle: bytes, payload: bytes) -> bytes:
    head = _START.pack(magic, VERSION, model) + middle + _END.pack(len(payload), zlib.crc32(payload))
    return head + _CHECK.pack(zlib.crc32(head) & 0xFFFF) + payload


def pack(model: bytes, size: tuple[int, int], quality: float, channels: int, payload: bytes) -> bytes:
    """The bytes of a photograph's file."""
    magic, middle = _PHOTO
    return _packed(magic, model, middle.pack(size[0] - 1, size[1] - 1, round(16 * quality), channels), payload)


def pack_pictures(model: bytes, count: int, batch: int, payload: bytes) -> bytes:
    """The bytes of a file of small pictures."""
    magic, middle = _STACK
    return _packed(magic, model, middle.pack(count, batch), payload)


def unpack(data: bytes, name: str = "This file") -> Photo | Pictures:
    """What a file holds; CodecError where it is none, damaged or of a later version."""
    middle = dict((_PHOTO, _STACK)).get(data[:3])
    if middle is None:
        raise CodecError(f"{name} is not a .vae file; choose one that `compress` wrote.")
    end = _START.size + middle.size
    start = end + _END.size + _CHECK.size
    if len(data) < start:
        raise CodecError(f"{name} is cut off within its first {start} bytes; get a longer part of it.")
    _, version, model = _START.unpack_from(data)
    if version != VERSION:
        raise CodecError(f"{name} has version {version} of the format; this program reads {VERSION}: update it.")
    told, check = _END.unpack_from(data, end)
    payload = data[start : start + told]
    (head,) = _CHECK.unpack_from(data, start - _CHECK.size)
    whole = len(payload) == told
    if head != zlib.crc32(data[: start - _CHECK.size]) & 0xFFFF or (whole and zlib.crc32(payload) != check):
        raise CodecError(f"{name} is damaged; get another copy of it.")
    fields = middle.unpack_from(data, _START.size)
    if middle is _PHOTO[1]:
        width, height, quality, channels = fields
        return Photo(model, (width + 1, height + 1), quality / 16, channels, payload, told)
    if not whole:
        raise CodecError(f"{name} is cut off: {told - len(payload)} bytes are missing; get a whole copy of it.")
    count, batch = fields
    return Pictures(model, count, batch, payload)
