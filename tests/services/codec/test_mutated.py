"""Files with bytes changed, cut out and put in: a picture or one sentence, and soon. MUTATED=10000 tries so many.

Two in three get their lengths and checksums put right again, so that what is wrong reaches the decoder.
"""

import os
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from vaedemo.errors import CodecError
from vaedemo.services.codec import stacks
from vaedemo.services.codec.container import HEADER, STACK_HEADER, Photo, unpack
from vaedemo.services.codec.files import decompress
from vaedemo.store.library import Library

pytestmark = pytest.mark.usefixtures("one_thread")

KEPT = Path(__file__).with_name("kept")
COUNT = int(os.environ.get("MUTATED", "600"))
STARTS = {b"VAE": HEADER, b"VAL": STACK_HEADER}


def mutated(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        kind, place = rng.random(), rng.randrange(len(data) + 1)
        if kind < 0.6 and place < len(data):
            data[place] = rng.randrange(256)
        elif kind < 0.8:
            del data[place:]
        else:
            data[place:place] = rng.randbytes(rng.randrange(40))
    return bytes(data)


def mended(data, rng):
    """The file with a small size, and with the length and the checksums of what it has."""
    start = STARTS.get(data[:3])
    if start is None or len(data) < start:
        return data
    head, payload = bytearray(data[: start - 2]), data[start:]
    if start == HEADER:
        head[8:12] = struct.pack("<HH", rng.randrange(120), rng.randrange(120))
    head[-8:] = struct.pack("<II", len(payload), zlib.crc32(payload))
    return bytes(head) + struct.pack("<H", zlib.crc32(head) & 0xFFFF) + payload


def test_a_mutated_file_gives_a_picture_or_a_sentence():
    library, rng, pictures = Library(KEPT), random.Random(0), 0
    files = [(KEPT / name).read_bytes() for name in ("photo.vae", "pictures.vae", "white.vae")]
    for _ in range(COUNT):
        data = mutated(rng.choice(files), rng)
        data = mended(data, rng) if rng.random() < 0.67 else data
        try:
            file = unpack(data)
            if isinstance(file, Photo):
                assert decompress(library, file).picture.shape == (*file.size[::-1], 3)
            else:
                assert len(np.concatenate(list(stacks.decompress(library, file)))) == file.count
            pictures += 1
        except CodecError as error:
            assert str(error).endswith(".")
    assert COUNT / 20 < pictures < COUNT  # both happen
