"""Values of any depth: black, middle and white come out as 0, 128 and 255, in every way that files store them."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.hostile import chunk, encoded, png
from vaedemo.errors import PictureError
from vaedemo.pictures import filekinds
from vaedemo.pictures.read import layers, read


def tiff(values, bits=None, order="<", photometric=1, kind=1, compression=1, reverse=False, more=()):
    """The bytes of a TIFF of one strip, from whole numbers or floats (H, W) or (H, W, samples), by TIFF 6.0 alone."""
    values = np.asarray(values)
    values = values[..., None] if values.ndim == 2 else values
    height, width, samples = values.shape
    bits = bits or 8 * values.dtype.itemsize
    if bits in (8, 16, 32, 64) and kind in (1, 2, 3):
        data = values.astype(f"{order}{' uif'[kind]}{bits // 8}").tobytes()
    else:
        rows = ["".join(f"{int(v):0{bits}b}" for v in row.ravel()) for row in values]
        rows = [row + "0" * (-len(row) % 8) for row in rows]
        data = b"".join(int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)
    if reverse:
        data = bytes(int(f"{b:08b}"[::-1], 2) for b in data)
    data = zlib.compress(data) if compression == 8 else data
    tags = {256: [width], 257: [height], 258: [bits] * samples, 259: [compression], 262: [photometric],
            266: [2 if reverse else 1], 273: [8], 277: [samples], 278: [height], 279: [len(data)],
            339: [kind] * samples} | dict(more)  # fmt: skip
    index, beyond, at = b"", b"", 8 + len(data) + len(data) % 2
    start = at + 2 + 12 * len(tags) + 4
    for tag, items in sorted(tags.items()):
        floats = isinstance(items[0], float)
        packed = struct.pack(f"{order}{len(items)}{'f' if floats else 'I'}", *items)
        if len(packed) > 4:
            packed, beyond = struct.pack(f"{order}I", start + len(beyond)), beyond + packed
        index += struct.pack(f"{order}HHI", tag, 11 if floats else 4, len(items)) + packed
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    return head + data.ljust(at - 8, b"\0") + struct.pack(f"{order}H", len(tags)) + index + bytes(4) + beyond


def levels(source):
    return np.asarray(read(source)).tolist()


THREE = [0, 128, 255]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 32])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("way", ["plain", "deflate", "reversed"])
def test_whole_numbers_are_scaled_by_their_depth(order, bits, photometric, way):
    top = 2**bits - 1
    values = np.array([[0, (top + 1) // 2, top, 0, top]] * 3, np.uint64)
    made = levels(
        tiff(values, bits, order, photometric, compression=8 if way == "deflate" else 1, reverse=way == "reversed")
    )
    middle = round((top + 1) // 2 * 255 / top)
    want = [0, middle, 255, 0, 255]
    assert made == [[255 - v for v in want] if photometric == 0 else want] * 3


@pytest.mark.parametrize("order", "<>")
def test_colours_of_twelve_and_sixteen_bits_and_their_transparency(order):
    for bits in (10, 12, 16):
        top = 2**bits - 1
        values = np.array([[[0, top // 2 + 1, top], [top, 0, top // 2 + 1]]], np.uint64)
        assert levels(tiff(values, bits, order, 2)) == [[THREE, [255, 0, 128]]]
        clear = np.concatenate([values, [[[top], [0]]]], axis=2)
        assert levels(tiff(clear, bits, order, 2, more=[(338, [2])])) == [[THREE, [255, 255, 255]]]
        grey = np.array([[[0, top], [top, 0], [0, 0]]], np.uint64)
        assert levels(tiff(grey, bits, order, 1, more=[(338, [2])])) == [[0, 255, 255]]
        ink = np.array([[[0, 0, 0, 0], [0, 0, 0, top]]], np.uint64)
        assert levels(tiff(ink, bits, order, 5)) == [[[255] * 3, [0] * 3]]


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("order", "<>")
def test_floats_a_little_outside_0_to_1_are_clipped_and_not_scaled_away(kind, order):
    for row, want in (
        ([0, 0.5, 1.02], THREE),
        ([-0.03, 0.5, 1.05], THREE),
        ([0, 0.25, 0.5], [0, 64, 128]),
        ([0, 127.5, 255], THREE),
        ([-1000, 1000, 3000], THREE),
        ([0, 2.5, 5], THREE),
    ):
        values = np.array([row], kind)
        assert levels(tiff(values, order=order, kind=3)) == [want], row
    bright = np.full((20, 20), 0.5, kind)
    bright[3, 4] = 90  # one highlight does not make the rest black
    made = np.asarray(read(tiff(bright, order=order, kind=3)))
    assert made[0, 0] == 128 and made[3, 4] == 255


def test_a_range_that_is_declared_is_kept():
    values = np.array([[0, 2, 4]], np.float32)
    assert levels(tiff(values, kind=3, more=[(340, [0.0]), (341, [8.0])])) == [[0, 64, 128]]
    rgb = np.array([[[0, 0.5, 1.02]]], np.float32)
    assert levels(tiff(rgb, kind=3, photometric=2)) == [[THREE]]


def test_signed_numbers():
    for values in ([-100, 0, 100], [-32768, 0, 32767]):
        assert levels(tiff(np.array([values], np.int16), kind=2)) == [THREE]
    assert levels(tiff(np.array([[0, 64, 127]], np.int8), kind=2)) == [[0, 129, 255]]
    assert levels(tiff(np.array([[0, 16384, 32767]], np.int16), kind=2)) == [THREE]


SCENE = (np.arange(37 * 53 * 3).reshape(37, 53, 3) * 7919 % 65536).astype(np.uint16)


@pytest.mark.parametrize("options", [
    {}, {"tile": (16, 32)}, {"planarconfig": "separate"}, {"planarconfig": "separate", "tile": (16, 16)},
    {"compression": "zlib"}, {"compression": "zlib", "predictor": True}, {"rowsperstrip": 5},
    {"compression": "zlib", "tile": (16, 16)}, {"compression": "zlib", "rowsperstrip": 5, "planarconfig": "separate"},
    {"byteorder": ">"}, {"byteorder": ">", "compression": "zlib", "predictor": True}, {"bigtiff": True},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_layouts(options, kind):
    values = {"u1": SCENE % 256, "u2": SCENE, "f4": SCENE / 65535}[kind].astype(kind)
    planes = values.transpose(2, 0, 1) if options.get("planarconfig") else values
    out = io.BytesIO()
    if options.get("predictor") and kind == "f4":
        options = options | {"predictor": False}  # that of floats has its own test
    tifffile.imwrite(out, planes, photometric="rgb", **options)
    want = np.round(values.astype(float) * {"u1": 1, "u2": 1 / 257, "f4": 255}[kind])
    assert np.array_equal(levels(out.getvalue()), want)


def test_a_float_predictor_is_undone():
    values = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    planes = values.astype(">f4").view(np.uint8).reshape(4, 6, 4).transpose(0, 2, 1).reshape(4, 24)
    stored = np.concatenate([planes[:, :1], np.diff(planes, axis=1)], axis=1)
    data = tiff(stored.view("<u4"), 32, kind=1, compression=8, more=[(317, [3]), (339, [3])])
    assert np.array_equal(levels(data), np.round(values * 255))


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_compressions_of_sixteen_bits(compression):
    grey = SCENE[..., 0]
    data = encoded(Image.fromarray(grey), "TIFF", compression=compression)
    assert np.array_equal(levels(data), np.round(grey / 257))


def test_lab_and_other_colours_of_tiff():
    lab = np.array([[[255, 0, 0], [0, 0, 0]]], np.uint8)  # white, black
    for data in (
        tiff(lab, photometric=8),
        tiff(lab ^ np.uint8([0, 128, 128]), photometric=9),
        tiff(lab.astype(np.uint16) * 257, photometric=8),
    ):
        assert np.allclose(levels(data), [[[255] * 3, [0] * 3]], atol=1)
    palette = [v * 257 for v in (0, 255, 128, 0)] * 3
    assert levels(tiff(np.array([[0, 1, 2]]), 2, photometric=3, more=[(320, palette)])) == [[0, 255, 128]]


def test_a_palette_of_three_bits_and_colours_multiplied_by_their_alpha():
    palette = [v * 257 for v in (0, 255, 128, 9, 9, 9, 9, 7)] * 3
    assert levels(tiff(np.array([[0, 1, 2, 7]]), 3, photometric=3, more=[(320, palette)])) == [
        [[v] * 3 for v in (0, 255, 128, 7)]
    ]
    half = np.array([[[0, 16384, 32768, 32768], [0, 0, 0, 0]]], np.uint16)
    assert layers(tiff(half, photometric=2, more=[(338, [1])])).getpixel((0, 0)) == (0, 128, 255, 128)
    assert levels(tiff(half, photometric=2, more=[(338, [1])])) == [[[127, 191, 255], [255] * 3]]


@pytest.mark.parametrize("across, down", [(1, 1), (2, 1), (2, 2), (4, 2)])
def test_ycbcr_of_tiff_with_fewer_colours_than_pixels(across, down):
    red, white = (76, 85, 255), (255, 128, 128)
    blocks = [[[colour[0]] * (across * down) + list(colour[1:]) for colour in (red, white)]] * 2
    size = (2 * across, 2 * down)
    more = [(256, [size[0]]), (257, [size[1]]), (277, [3]), (258, [8] * 3), (339, [1] * 3), (278, [size[1]])]
    made = levels(tiff(np.array(blocks, np.uint8), 8, photometric=6, more=[*more, (530, [across, down])]))
    want = [[[254, 0, 0]] * across + [[255, 255, 255]] * across] * size[1]
    assert np.allclose(made, want, atol=1)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_pngs_and_the_level_that_is_transparent_in_them(bits):
    top = 2**bits - 1
    row = [0, top, top // 2] * 8
    packed = int("".join(f"{v:0{bits}b}" for v in row), 2).to_bytes(3 * bits, "big")
    want = [0, 255, round(top // 2 * 255 / top)] * 8
    assert levels(png(24, 1, bits, 0, b"\0" + packed)) == [want]
    for clear in (0, top // 2, top):
        extra = chunk(b"tRNS", struct.pack(">H", clear))
        made = levels(png(24, 1, bits, 0, b"\0" + packed, extra))
        assert made == [[255 if v == clear else w for v, w in zip(row, want, strict=True)]], clear
    assert levels(png(24, 1, bits, 0, b"\0" + packed, chunk(b"sBIT", b"\1"))) == [want]


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_colour_of_a_png_is_that_one_alone(bits):
    pixels = np.array([[[1, 2, 3], [1, 2, 4], [250, 9, 9]]]) * (257 if bits == 16 else 1)
    data = b"\0" + pixels.astype(f">u{bits // 8}").tobytes()
    made = levels(png(3, 1, bits, 2, data, chunk(b"tRNS", pixels[0, 0].astype(">u2").tobytes())))
    assert made == [[[255, 255, 255], [1, 2, 4], [250, 9, 9]]]
    if bits == 16:  # one that differs in the lowest bit is another one
        near = (pixels[0, 0] + 1).astype(">u2").tobytes()
        assert levels(png(3, 1, 16, 2, data, chunk(b"tRNS", near)))[0][0] == [1, 2, 3]


def test_sixteen_bits_of_a_png_are_rounded_and_not_cut():
    values = np.arange(65536).reshape(256, 256)
    for kind, count in ((2, 3), (4, 2), (6, 4)):
        a = np.repeat(values[..., None], count, 2).astype(">u2")
        if kind != 2:
            a[..., -1] = 65535
        data = b"".join(b"\0" + row.tobytes() for row in a)
        made = np.asarray(read(png(256, 256, 16, kind, data)))
        assert np.array_equal(made if kind == 4 else made[..., 1], np.round(values / 257))


@pytest.mark.parametrize("kind, count", [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_a_png_of_sixteen_bits_is_turned_by_exif_behind_its_pixels(kind, count):
    data = png(3, 2, 16, kind, (b"\0" + bytes(3 * 2 * count)) * 2)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read(data).size == (3, 2)
    assert read(data[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + data[-12:]).size == (2, 3)


@pytest.mark.parametrize("top", [1, 100, 255, 1000, 4095, 65535])
@pytest.mark.parametrize("kind", [b"P5", b"P6", b"P2"])
def test_netpbm_is_scaled_by_its_largest_value(top, kind):
    row = [0, (top + 1) // 2, top]
    want = [0, round((top + 1) // 2 * 255 / top), 255]
    text = kind + b"\n# a comment\n%d 2 %d\n" % (1 if kind == b"P6" else 3, top)
    body = (" ".join(map(str, row * 2)).encode() if kind == b"P2"
            else np.array(row * 2, ">u2" if top > 255 else "u1").tobytes())  # fmt: skip
    assert np.asarray(read(text + body)).reshape(2, 3).tolist() == [want] * 2


def test_a_dark_picture_of_sixteen_bits_stays_dark():
    row = np.array([[0, 100, 200, 250]], ">u2")
    assert levels(b"P5 4 1 65535\n" + row.tobytes()) == [[0, 0, 1, 1]]
    assert levels(b"P2 4 1 65535\n0 100 200 250\n") == [[0, 0, 1, 1]]
    assert levels(tiff(row.astype(np.uint16))) == [[0, 0, 1, 1]]
    assert levels(png(4, 1, 16, 0, b"\0" + row.tobytes())) == [[0, 0, 1, 1]]
    assert levels(row.astype(np.uint16)) == [[0, 0, 1, 1]]


def test_pam_and_pfm():
    head = b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH %d\nMAXVAL 255\nTUPLTYPE ANY\nENDHDR\n"
    assert levels(head % 2 + bytes([0, 255, 9, 0])) == [[0, 255]]
    assert levels(head % 4 + bytes([1, 2, 3, 255, 4, 5, 6, 0])) == [[[1, 2, 3], [255] * 3]]
    for order, sign in ("<-", ">+"):
        for kind, shape in ((b"Pf", (2, 3)), (b"PF", (2, 1, 3))):
            values = np.array([[0, 0.5, 1.02], [1, 0, 0]], f"{order}f4").reshape(shape)
            width = b"3" if kind == b"Pf" else b"1"
            made = np.asarray(read(kind + b"\n%s 2\n%s1.0\n" % (width, sign.encode()) + values.tobytes()))
            assert made.reshape(2, 3).tolist() == [[255, 0, 0], THREE]  # from the bottom up


def test_a_bmp_of_sixteen_bits():
    masks = struct.pack("<3I", 0xF800, 0x07E0, 0x001F)
    head = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 16, 3, 4, 0, 0, 0, 0)
    data = b"BM" + struct.pack("<IHHI", 70, 0, 0, 66) + head + masks + struct.pack("<2H", 0xF800, 0x07FF)
    assert levels(data) == [[[255, 0, 0], [0, 255, 255]]]


def bmp(bits, packed, masks, pixels, head=40):
    """The bytes of a BMP of one row from the top, with bits of its own a channel."""
    body = pixels.tobytes() + bytes(-pixels.nbytes % 4)
    rest = b"".join(struct.pack("<I", mask) for mask in masks)
    rest = rest.ljust(max(head - 40, len(rest)), b"\0")
    info = struct.pack("<IiiHHIIiiII", head, pixels.size, -1, 1, bits, packed, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rest) + len(body), 0, 0, 54 + len(rest)) + info + rest + body


@pytest.mark.parametrize(
    "depths", [(5, 6, 5, 0), (5, 5, 5, 1), (4, 4, 4, 4), (3, 3, 2, 0), (8, 8, 8, 8), (10, 10, 10, 2)]
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 0, 3), (3, 0, 1, 2)])
def test_a_bmp_says_which_bits_are_which_channel(depths, order):
    masks, shift = [0] * 4, 0
    for channel in order:
        masks[channel], shift = ((1 << depths[channel]) - 1) << shift, shift + depths[channel]
    tops = [(1 << depth) - 1 for depth in depths]
    rows = [(tops[0], (tops[1] + 1) // 2, 0, tops[3]), (0, 1, tops[2], tops[3])]
    values = [sum(v * (mask & -mask) for v, mask in zip(row, masks, strict=True)) for row in rows]
    pixels = np.array([*values, 0], f"<u{2 if sum(depths) <= 16 else 4}")
    data = bmp(8 * pixels.itemsize, 3, masks, pixels, 56 if depths[3] else 40)
    want = [[round(v * 255 / top) for v, top in zip(row[:3], tops, strict=False)] for row in rows]
    assert levels(data) == [[*want, [255] * 3 if depths[3] else [0] * 3]]
    plain = bmp(16, 0, [], np.array([0x7C00 | 16 << 5, 31], "<u2"))
    assert levels(plain) == [[[255, 132, 0], [0, 0, 255]]]


def test_jpeg_2000_of_sixteen_bits():
    grey = SCENE[..., 0]
    data = encoded(Image.fromarray(grey), "JPEG2000", irreversible=False)
    assert np.array_equal(levels(data), np.round(grey / 257))


def deep_jpeg():
    data = bytearray(encoded(Image.new("L", (8, 8)), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    return bytes(data)


UNUSUAL = {
    "24-bit TIFF": tiff(np.zeros((2, 8), np.uint8), 24, kind=4),
    "TIFF of complex numbers": tiff(np.zeros((2, 2), np.uint64), kind=1, more=[(339, [6])]),
    "TIFF of differing depths": tiff(np.zeros((2, 2, 3), np.uint8), photometric=2, more=[(258, [5, 6, 5])]),
    "TIFF of an unknown compression": tiff(np.zeros((2, 2), np.uint16), more=[(259, [34887])]),
    "LogLuv TIFF": tiff(np.zeros((2, 2, 3), np.uint16), photometric=32845),
    "12-bit JPEG": deep_jpeg(),
    "hierarchical JPEG": encoded(Image.new("L", (8, 8)), "JPEG").replace(b"\xff\xc0", b"\xff\xc5"),
    "BMP of CMYK": bmp(32, 11, [], np.zeros(2, "<u4")),
    "BMP with bits of a channel apart": bmp(16, 3, [0x8001, 0x10, 0x100], np.zeros(2, "<u2")),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_cannot_be_known_is_unusual_and_not_damaged(name):
    with pytest.raises(PictureError, match="unusual"):
        read(UNUSUAL[name])


def test_what_is_cut_off_is_damaged():
    whole = np.zeros((20, 20), np.uint16)
    for data in (tiff(whole, 12)[:200], tiff(whole, 16, order=">", more=[(273, [400])]), b"P5 9 9 4095\n" + bytes(99)):
        with pytest.raises(PictureError, match="damaged"):
            read(data)


def test_what_a_header_claims_is_not_allocated():
    for size in ((7000, 7000), (60000, 60000)):
        for bits in (12, 16, 32):
            more = [(256, [size[0]]), (257, [size[1]]), (278, [size[1]])]
            with pytest.raises(PictureError, match="damaged|million"):
                read(tiff(np.zeros((2, 2), np.uint32), bits, more=more))


def test_strips_that_lie_upon_each_other_are_not_read_one_by_one():
    rows, most = 100_000, 19_000_000
    tags = {256: [10], 257: [rows], 259: [8], 273: [8] * rows, 278: [1], 279: [most] * rows}
    with pytest.raises(PictureError, match="damaged"):
        read(tiff(np.zeros((2, 2), np.uint16), more=tags.items()) + bytes(most))


def sub(photometric, more=()):
    """A TIFF of a thumbnail, with a second directory that is a sensor's."""
    second = tiff(np.zeros((64, 64), np.uint16), photometric=photometric)
    first = tiff(np.zeros((4, 4, 3), np.uint8), photometric=2, more=[(254, [1]), (330, [0]), *more])
    at = struct.unpack_from("<I", second, 4)[0]
    return first.replace(struct.pack("<HHII", 330, 4, 1, 0), struct.pack("<HHII", 330, 4, 1, len(first) + at)) + second


def boxed(*brands):
    """The first box of an ISO base media file that is of these brands, the major one first."""
    return struct.pack(">I", 12 + 4 * len(brands)) + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:]) + bytes(40)


KINDS = {
    "JPEG XL": [b"\xff\x0a" + bytes(40), b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40)],
    "HEIC": [b"\0\0\0\x18ftyp" + b + bytes(40) for b in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1",
                                                        b"msf1", b"mif2")]
            + [boxed(b, b"mif1", b"miaf") for b in (b"MiHE", b"evic", b"unif", b"j2ki", b"mif3")],
    "camera's raw": [
        b"II*\0\x10\0\0\0CR\2\0" + bytes(99), b"\0\0\0\x18ftypcrx " + bytes(40), b"FUJIFILMCCD-RAW 0201" + bytes(40),
        b"IIRO\x08\0\0\0" + bytes(40), b"IIU\0\x18\0\0\0" + bytes(40), sub(32803), sub(34892), sub(1),
        tiff(np.zeros((4, 4, 3), np.uint8), photometric=2, more=[(50706, [1, 4, 0, 0])]),
        tiff(np.zeros((4, 4), np.uint16), photometric=32803),
    ],
    "Photoshop": [b"8BPS\0\1" + bytes(40)], "OpenEXR": [b"\x76\x2f\x31\x01" + bytes(40)],
    "Radiance": [b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n", b"#?RGBE\n"], "DDS": [b"DDS |" + bytes(200)],
    "Targa": [encoded(Image.new("RGB", (5, 4)), "TGA"), encoded(Image.new("L", (5, 4)), "TGA")[:18 + 20],
              encoded(Image.new("RGB", (50, 40)), "TGA", compression="tga_rle")],
    "FITS": [b"SIMPLE  =                    T" + bytes(200)], "DICOM": [bytes(128) + b"DICM" + bytes(40)],
    "film": [b"\x1aE\xdf\xa3" + bytes(40), b"\0\0\0\x18ftypmp42" + bytes(40), b"RIFF\0\0\0\0AVI " + bytes(40)],
    "JPEG XS": [boxed(b"jxs ", b"mif1")],
    "X11": [b"/* XPM */\nstatic char *x[]", b"#define x_width 8\n"], "SGI": [b"\x01\xda\1\1\0\3" + bytes(40)],
    "Sun raster": [b"\x59\xa6\x6a\x95" + bytes(40)], "MNG": [b"\x8aMNG\r\n\x1a\n", b"\x8bJNG\r\n\x1a\n"],
    "Amiga": [b"FORM\0\0\0\x40ILBM" + bytes(40)], "array of numbers": [b"\x93NUMPY\1\0v\0" + bytes(40)],
    "NIfTI": [b"\x5c\1\0\0" + bytes(340) + b"n+1\0" + bytes(40)], "metafile": [b"\1\0\x09\0\0\3" + bytes(40)],
    "netpbm": [b"PF4\n1 1\n-1.0\n" + bytes(16), b"P7 332\n"], "GIMP": [b"gimp xcf file\0" + bytes(40)],
    "JPEG XR": [b"II\xbc\x01" + bytes(40)],
}  # fmt: skip


@pytest.mark.parametrize("what, data", [(k, d) for k, v in KINDS.items() for d in v], ids=lambda v: str(v)[:30])
def test_other_kinds_are_named_with_the_remedy(what, data):
    with pytest.raises(PictureError, match=f"{what}.*(PNG|JPEG)"):
        read(data)


def test_a_raw_file_is_known_by_its_name_too(tmp_path):
    path = tmp_path / "DSC_0001.NEF"
    path.write_bytes(tiff(np.zeros((4, 4, 3), np.uint8), photometric=2))
    with pytest.raises(PictureError, match="camera's raw"):
        read(path)


@pytest.mark.parametrize("brand", [b"avio", b"miaf", b"MA1B", b"heif"])
def test_an_avif_is_known_by_any_of_its_brands(brand):
    data = encoded(Image.new("RGB", (16, 16), (9, 200, 9)), "AVIF", quality=100)
    assert b"avif" in data[16:32]
    assert np.allclose(levels(data[:8] + brand + data[12:])[0][0], (9, 200, 9), atol=3)


def test_ink_of_a_pam():
    head = b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\n"
    assert levels(head + bytes([0, 0, 0, 0, 0, 0, 0, 255])) == [[[255] * 3, [0] * 3]]


def test_noise_is_no_kind():
    for seed in range(200):
        data = np.random.default_rng(seed).bytes(300)
        assert filekinds.unreadable(data, "This file") == (
            "This file is not a picture; choose a PNG, JPEG, WebP, GIF, TIFF or BMP file."
        )
