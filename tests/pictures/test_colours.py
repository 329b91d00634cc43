"""Colours come out as sRGB, checked against the mathematics in closed form; profiles are built here, by the bytes."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.hostile import chunk, encoded, png
from vaedemo.pictures.prepare import prepare
from vaedemo.pictures.read import layers, read

D65, REC709 = (0.3127, 0.3290), ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SPACES = {  # white, primaries, exponent
    "Adobe RGB": (D65, ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), 563 / 256),
    "Display P3, gamma 2.2": (D65, ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), 2.2),
    "ProPhoto": ((0.3457, 0.3585), ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), 1.8),
    "linear sRGB": (D65, REC709, 1.0),
}


def xyz_of(white, primaries):
    """The matrix from linear RGB to XYZ, and its white."""
    w, *columns = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in (white, *primaries))
    m = np.stack(columns, 1)
    return m * np.linalg.solve(m, w), w


def adapted(white):
    """Bradford's adaptation from a white to D50."""
    b = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    return np.linalg.inv(b) @ np.diag((b @ [0.9642, 1, 0.8249]) / (b @ white)) @ b


def closed_form(rgb, space):
    """sRGB 0..255, not rounded, of levels 0..255 in another space."""
    white, primaries, gamma = SPACES[space]
    (own, w), (srgb, d65) = xyz_of(white, primaries), xyz_of(D65, REC709)
    light = (np.asarray(rgb) / 255) ** gamma
    light = light @ (np.linalg.inv(adapted(d65) @ srgb) @ adapted(w) @ own).T
    light = np.clip(light, 0, 1)
    return encoded_srgb(light)


def encoded_srgb(light):
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def icc(space, tags):
    """An ICC profile of version 2 from its tags."""
    index, body = b"", b""
    for name, tag in tags.items():
        index += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(tag))
        body += tag.ljust(-(-len(tag) // 4) * 4, b"\0")
    head = struct.pack(">I4sI4s4s4s12s4s", 132 + len(index) + len(body), b"", 0x02400000, b"mntr" if space != b"CMYK"
                       else b"prtr", space, b"XYZ " if space != b"CMYK" else b"Lab ", b"", b"acsp")  # fmt: skip
    head += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + body


def xyz(v):
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(x * 65536)) for x in v)


def matrix(space):
    white, primaries, gamma = SPACES[space]
    m, w = xyz_of(white, primaries)
    columns = (adapted(w) @ m).T
    curve = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H", round(gamma * 256))
    tags = {n + b"XYZ": xyz(c) for n, c in zip((b"r", b"g", b"b"), columns, strict=True)}
    return icc(b"RGB ", {b"wtpt": xyz(w)} | tags | {n + b"TRC": curve for n in (b"r", b"g", b"b")})


def grey(gamma):
    return icc(b"GRAY", {b"wtpt": xyz((0.9642, 1, 0.8249)), b"kTRC": b"curv\0\0\0\0\0\0\0\1" +
                         struct.pack(">H", round(gamma * 256))})  # fmt: skip


def cmyk():
    """A press without any ink but a black of L* = 20: every corner of CMYK is (100 - 80 K, 0, 0) in Lab."""
    corners = [[c, m, y, k] for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    table = b"".join(bytes([round(255 * (1 - 0.8 * k)), 128, 128]) for *_, k in corners)
    identity = bytes(range(256))
    unit = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + unit + identity * 4 + table + identity * 3
    return icc(b"CMYK", {b"A2B0": lut, b"wtpt": xyz((0.9642, 1, 0.8249))})


def one(colour, mode="RGB"):
    return Image.new(mode, (9, 7), colour)


def pixel(source, at=(4, 3)):
    return read(source).getpixel(at)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_adobe_rgb_in_every_format_that_carries_a_profile(format):
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}, "AVIF": {"quality": 100}}
    data = encoded(one((60, 180, 60)), format, icc_profile=matrix("Adobe RGB"), **options.get(format, {}))
    assert np.allclose(pixel(data), (0, 181, 42), atol=0 if format in ("PNG", "WEBP", "TIFF") else 3)
    with Image.open(io.BytesIO(data)) as image:
        assert np.allclose(pixel(image), (0, 181, 42), atol=3)
    seen = prepare(data, channels=3, size=4).x[:, 2, 2] * 255
    assert np.allclose(seen, (0, 181, 42), atol=3)
    again = read(read(data))  # what is read is sRGB, and is not converted twice
    assert np.array_equal(np.asarray(again), np.asarray(read(data))) and not again.info


def test_profiles_where_pillow_does_not_look():
    profile, colour = matrix("Adobe RGB"), (60, 180, 60)
    plain = encoded(one(colour), "JPEG2000")
    at = plain.index(b"colr") - 4
    box = struct.pack(">I4s3B", 15 + len(profile) - 4, b"colr", 2, 0, 0) + profile
    outer = struct.unpack_from(">I", plain, 32)[0] + len(box) - 15
    data = plain[:32] + struct.pack(">I", outer) + plain[36:at] + box + plain[at + 15 :]
    assert pixel(data) == (0, 181, 42) and pixel(plain) == colour
    rows = bytes(colour) * 8
    head = struct.pack("<IiiHHIIiiII", 124, 4, 2, 1, 24, 0, 24, 0, 0, 0, 0) + bytes(16) + b"DEBM" + bytes(48)
    head += struct.pack("<4I", 4, 124 + len(rows), len(profile), 0)
    for body in (profile, b"rubbish"):
        data = b"BM" + struct.pack("<IHHI", 138 + len(rows) + len(body), 0, 0, 138) + head + rows + body
        assert pixel(data, (1, 1)) == ((0, 181, 42) if body == profile else colour)


def calibrated(space, exponent=None):
    """A BMP whose header says the XYZ of its colours and their exponents."""
    white, primaries, gamma = SPACES[space]
    columns = xyz_of(white, primaries)[0].T if exponent is None else np.zeros((3, 3))
    head = struct.pack("<IiiHHIIiiII", 108, 2, 1, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(20)
    head += struct.pack("<9i", *(round(v * 2**30) for v in columns.ravel()))
    head += struct.pack("<3I", *[round(65536 * (gamma if exponent is None else exponent))] * 3)
    return b"BM" + struct.pack("<IHHI", 130, 0, 0, 122) + head + bytes((60, 180, 60)) * 2 + bytes(2)


def test_the_header_of_a_bmp_says_the_colours_too():
    assert np.allclose(pixel(calibrated("linear sRGB"), (1, 0)), closed_form((60, 180, 60), "linear sRGB"), atol=1)
    want = closed_form((60, 180, 60), "Adobe RGB")
    assert np.allclose(pixel(calibrated("Adobe RGB"), (1, 0)), want, atol=6)  # 1/2.2 stands for sRGB's own curve
    assert pixel(calibrated("Adobe RGB", exponent=0), (1, 0)) == (60, 180, 60)  # most writers leave it empty


@pytest.mark.parametrize("space", SPACES)
def test_every_colour_is_what_the_mathematics_say(space):
    rgb = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    made = np.asarray(read(encoded(Image.fromarray(rgb), "PNG", icc_profile=matrix(space))), float)
    error = np.abs(made - closed_form(rgb, space))
    # Beside black sRGB's curve is steep: there a profile's 16 bits of XYZ are a level or two.
    assert error.max() < 3 and error.mean() < 0.5 and np.percentile(error, 99) < 1.1


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_grey_profiles(mode, gamma):
    ramp = np.arange(256, dtype=np.uint8)[None]
    image = Image.fromarray(ramp).convert(mode)
    light = np.asarray(image.convert("L"), float) / 255
    light = light**gamma
    want = encoded_srgb(light)
    assert np.abs(np.asarray(read(encoded(image, "PNG", icc_profile=grey(gamma)))) - want).max() <= 1


def test_grey_of_sixteen_bits_is_converted_before_it_is_rounded():
    values = np.arange(0, 65536, 17, dtype=np.uint16)[None]
    data = encoded(Image.fromarray(values), "PNG", icc_profile=grey(1.0))
    assert np.abs(np.asarray(read(data)) - encoded_srgb(values / 65535)).max() < 1


def test_a_cmyk_profile_is_used_and_without_one_the_plain_rule_is():
    def level(lightness):
        y = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3
        return 255 * (1.055 * y ** (1 / 2.4) - 0.055)

    for ink, lightness in (((0, 0, 0, 0), 100), ((255, 0, 0, 0), 100), ((0, 0, 0, 255), 20), ((0, 9, 0, 128), 60)):
        for format, options in (("TIFF", {}), ("JPEG", {"quality": 100})):
            data = encoded(one(ink, "CMYK"), format, icc_profile=cmyk(), **options)
            assert np.allclose(pixel(data), level(lightness), atol=4), (ink, format)
    assert pixel(encoded(one((255, 0, 0, 0), "CMYK"), "TIFF")) == (0, 255, 255)


def test_srgb_changes_nothing_bit_for_bit():
    rgb = np.random.default_rng(1).integers(0, 256, (90, 90, 3), np.uint8)
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode in ("RGB", "L", "RGBA"):
        image = Image.fromarray(rgb).convert(mode)
        assert read(encoded(image, "PNG", icc_profile=own)).tobytes() == read(encoded(image, "PNG")).tobytes()


DAMAGED = {
    "noise": np.random.default_rng(2).bytes(400), "cut": matrix("Adobe RGB")[:200], "nothing": b"\0",
    "a grey one of a coloured picture": grey(1.0), "a press's of a coloured picture": cmyk(),
    "tags beyond its end": matrix("Adobe RGB")[:132] + b"\xff" * 300,
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_damaged_profile_is_left_out(name, format):
    plain = encoded(one((60, 180, 60)), format)
    assert np.allclose(pixel(encoded(one((60, 180, 60)), format, icc_profile=DAMAGED[name])), pixel(plain), atol=1)


def test_a_profile_that_cannot_be_unpacked_is_left_out():
    body = zlib.compress(bytes([0, 60, 180, 60] * 1))
    for extra in (
        chunk(b"iCCP", b"icc\0\0not packed"),
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(9_000_000))),
        chunk(b"iCCP", b"icc\0\7" + body),
        chunk(b"iCCP", b"icc"),
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(matrix("Adobe RGB")))[:-1] + b"?",
        chunk(b"cHRM", bytes(32)) + chunk(b"gAMA", bytes(4)),
        chunk(b"gAMA", b"\xff" * 4),
        chunk(b"cICP", b"\xff" * 4),
        chunk(b"cICP", b""),
    ):
        assert pixel(png(1, 1, 8, 2, bytes([0, 60, 180, 60]), extra), (0, 0)) == (60, 180, 60)


def chrm(space):
    white, primaries, _ = SPACES[space]
    return chunk(b"cHRM", b"".join(struct.pack(">2I", round(x * 1e5), round(y * 1e5)) for x, y in (white, *primaries)))


def gama(gamma):
    return chunk(b"gAMA", struct.pack(">I", round(1e5 / gamma)))


def test_chunks_of_a_png_say_the_colours_too():
    def made(*extra):
        return pixel(png(1, 1, 8, 2, bytes([0, 60, 180, 60]), b"".join(extra)), (0, 0))

    want = np.round(closed_form((60, 180, 60), "Adobe RGB"))
    assert np.allclose(made(gama(563 / 256), chrm("Adobe RGB")), want, atol=6)  # 1/2.2 stands for sRGB's own curve
    assert made(chrm("Adobe RGB"))[0] == 0
    assert np.allclose(made(gama(1)), closed_form((60, 180, 60), "linear sRGB"), atol=1)
    p3 = closed_form((60, 180, 60), "Display P3, gamma 2.2")
    assert np.allclose(made(chunk(b"cICP", bytes([12, 4, 0, 1]))), p3, atol=1)
    for same in (gama(2.2), gama(2.2) + chrm("linear sRGB"), chunk(b"sRGB", b"\0") + gama(1) + chrm("ProPhoto"),
                 chunk(b"cICP", bytes([1, 13, 0, 1])) + gama(1)):  # fmt: skip
        assert made(same) == (60, 180, 60)
    profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(matrix("Adobe RGB")))
    assert made(profile, gama(1)) == (0, 181, 42)
    assert np.allclose(made(chunk(b"cICP", bytes([12, 4, 0, 1])), profile), p3, atol=1)


def test_linear_grey_of_a_png():
    values = np.array([0, 200, 65535, 30000], ">u2")
    made = np.asarray(read(png(4, 1, 16, 0, b"\0" + values.tobytes(), gama(1))))[0]
    light = values / 65535
    assert np.allclose(
        made, 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055), atol=1
    )


@pytest.mark.parametrize("words", [{0xA001: 2}, {0xA001: 0xFFFF, 0xA005: {1: "R03"}}])
def test_adobe_rgb_that_only_exif_tells(words):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update(words)
    exif[0x0112] = 6
    data = encoded(one((60, 180, 60)), "JPEG", quality=100, subsampling=0, exif=exif)
    assert np.allclose(pixel(data), (0, 181, 42), atol=3) and read(data).size == (7, 9)
    srgb = Image.Exif()
    srgb.get_ifd(0x8769)[0xA001] = 1
    data = encoded(one((60, 180, 60)), "JPEG", quality=100, subsampling=0, exif=srgb)
    assert np.allclose(pixel(data), (60, 180, 60), atol=2)


def test_transparency_is_kept_apart():
    image = one((60, 180, 60, 255), "RGBA")
    image.paste((60, 180, 60, 0), (0, 0, 3, 3))
    image.paste((60, 180, 60, 128), (6, 0, 9, 3))
    data = encoded(image, "PNG", icc_profile=matrix("Adobe RGB"))
    assert pixel(data) == (0, 181, 42) and pixel(data, (0, 0)) == (255,) * 3
    assert np.allclose(pixel(data, (8, 0)), np.array([0, 181, 42]) * 0.5 + 127.5, atol=1)
    table = Image.new("P", (9, 7), 1)
    table.putpalette([9, 9, 9, 60, 180, 60])
    table.paste(0, (0, 0, 3, 3))
    data = encoded(table, "PNG", icc_profile=matrix("Adobe RGB"), transparency=0)
    assert pixel(data) == (0, 181, 42) and pixel(data, (0, 0)) == (255,) * 3
    clear = encoded(one((60, 180, 60)), "PNG", icc_profile=matrix("Adobe RGB"), transparency=(60, 180, 60))
    assert pixel(clear) == (255,) * 3


def test_a_mask_is_read_as_it_is_stored():
    data = encoded(one((60, 180, 60)), "PNG", icc_profile=matrix("Adobe RGB"))
    assert layers(data).getpixel((0, 0)) == (60, 180, 60)


def test_a_big_picture_is_converted_after_it_was_made_small():
    for format, options in (("JPEG", {"quality": 95}), ("PNG", {})):
        data = encoded(one((60, 180, 60)).resize((4200, 3100)), format, icc_profile=matrix("Adobe RGB"), **options)
        made = prepare(data, channels=3, size=32)
        assert np.allclose(made.x[:, 9, 9] * 255, (0, 181, 42), atol=2) and made.size == (4200, 3100)
        assert np.allclose(made.picture.getpixel((5, 5)), (0, 181, 42), atol=2)


def test_a_turned_picture_is_not_turned_again():
    exif = Image.Exif()
    exif[0x0112] = 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        once = read(encoded(one((9, 9, 9)), "PNG", exif=exif))
        assert once.size == (7, 9) and read(once).size == (7, 9) and prepare(once, channels=3, size=4).size == (7, 9)
