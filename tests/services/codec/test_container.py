"""The file format: what is packed is unpacked, and everything else is refused in one sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaedemo.errors import CodecError
from vaedemo.services.codec.container import HEADER, MAX_SIDE, Photo, Pictures, pack, pack_pictures, unpack

PAYLOAD = bytes(range(200))
DATA = pack(b"abcd", (512, 768), 2.5, 320, PAYLOAD)


def test_what_is_packed_is_unpacked():
    assert unpack(DATA) == Photo(b"abcd", (512, 768), 2.5, 320, PAYLOAD, 200)
    assert len(DATA) == HEADER + 200 and HEADER <= 32
    assert unpack(pack(b"....", (1, MAX_SIDE), 6, 0, b"")).size == (1, MAX_SIDE)


def test_small_pictures_have_a_header_of_their_own_and_have_to_be_whole():
    data = pack_pictures(b"abcd", 70_000, 8, PAYLOAD)
    assert unpack(data) == Pictures(b"abcd", 70_000, 8, PAYLOAD)
    with pytest.raises(CodecError, match="5 bytes are missing"):
        unpack(data[:-5])


@pytest.mark.parametrize("length", range(HEADER, len(DATA)))
def test_a_file_cut_short_says_how_much_is_missing(length):
    found = unpack(DATA[:length])
    assert found.missing == len(DATA) - length and PAYLOAD.startswith(found.payload)


@pytest.mark.parametrize("length", range(HEADER))
def test_a_file_without_its_header_is_refused(length):
    with pytest.raises(CodecError, match="cut off|not a .vae file"):
        unpack(DATA[:length], "x.vae")


@settings(deadline=None)
@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_every_changed_byte_is_noticed(place, change):
    changed = bytearray(DATA)
    changed[place] ^= change
    with pytest.raises(CodecError):
        unpack(bytes(changed))


def test_another_version_is_named():
    changed = DATA[:3] + b"\2" + DATA[4:]
    with pytest.raises(CodecError, match="version 2"):
        unpack(changed)


@given(st.binary(max_size=100))
def test_other_bytes_are_refused(data):
    with pytest.raises(CodecError):
        unpack(data)
