"""Odd and hostile pictures, one row a case: what is given, and what must come of it. Used by the tests of every door.

make(folder) writes what it needs below folder and returns what is handed over: a path, bytes, an array or anything.
expect is "picture", or a regular expression found in the sentence of the PictureError; check, if any, looks at the
picture that read() returns and says whether it is right.
"""

import gzip
import io
import os
import struct
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, PngImagePlugin, features

__all__ = ["HOSTILE", "Case", "encoded", "scene"]


class Case(NamedTuple):
    name: str
    make: Callable
    expect: str = "picture"
    check: Callable[[Image.Image], Any] | None = None


def scene(mode="RGB"):
    """A small picture, 40 x 30, of which no rotation or reflection looks like another: red top left, blue top right."""
    image = Image.new("RGB", (40, 30), (90, 200, 90))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 19, 9), fill=(255, 0, 0))
    draw.rectangle((20, 0, 39, 9), fill=(0, 0, 255))
    return image.convert(mode)


def encoded(image, format, **options):
    """The bytes of a file."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def looks_like_scene(picture, tolerance=25):
    """Upright, not mirrored, colours right."""
    at = picture.convert("RGB").getpixel
    width, height = picture.size
    seen = [at((width // 8, height // 8)), at((width * 7 // 8, height // 8)), at((width // 2, height * 7 // 8))]
    return all(abs(a - b) <= tolerance for s, e in zip(seen, SCENE, strict=True) for a, b in zip(s, e, strict=True))


SCENE = ((255, 0, 0), (0, 0, 255), (90, 200, 90))
RAMP = np.linspace(0, 65535, 256).round().astype(np.uint16)[None].repeat(4, 0)  # 0..65535 = 257 * 0..255


def is_ramp(picture):
    a = np.asarray(picture)
    return picture.mode == "L" and np.abs(a.astype(int) - np.arange(256)).max() <= 1


def rotated(orientation):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that EXIF's number takes back
    image = scene() if orientation == 1 else scene().transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return image, exif


def exif_case(orientation, format):
    def make(_):
        image, exif = rotated(orientation)
        return encoded(image, format, exif=exif, **({"quality": 95} if format in ("JPEG", "WEBP") else {}))

    def upright(p):
        return p.size == (40, 30) and looks_like_scene(p, 45)

    return Case(f"EXIF orientation {orientation} in {format}", make, check=upright)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth=8, colour=0, data=b"", extra=b""):
    """A PNG from its parts; data is what the pixels are packed from, lines and all."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    packed = chunk(b"IDAT", zlib.compress(data, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + packed + chunk(b"IEND", b"")


def gif_of(frames):
    """A GIF of that many frames, made from two: the first is red, the rest blue; no picture library is that patient."""
    one = encoded(Image.new("P", (8, 8), 0), "GIF")
    palette = bytes([255, 0, 0, 0, 0, 255])
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + palette
    assert one.startswith(b"GIF8")

    def frame(index):
        # LZW of 64 equal pixels with 3-bit codes: a clear code before every pixel keeps the codes that short.
        bits = "".join(format(code, "03b")[::-1] for code in [4, index] * 64 + [5])
        bits += "0" * (-len(bits) % 8)
        body = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
        descriptor = b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0)
        return b"\x21\xf9\x04\0\1\0\0\0" + descriptor + b"\x02" + bytes([len(body)]) + body + b"\0"

    return head + frame(0) + frame(1) * (frames - 1) + b";"


def animation(format):
    frames = [scene(), ImageChops.invert(scene()), Image.new("RGB", (40, 30))]
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 95}}.get(format, {})
    return encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)


def transparent(mode):
    """Left half opaque black, right half red that is fully transparent: what shows there is paper."""
    image = Image.new("RGBA", (40, 30), (0, 0, 0, 255))
    image.paste((255, 0, 0, 0), (20, 0, 40, 30))
    return image.convert(mode)


def on_white(picture):
    at = picture.convert("RGB").getpixel
    return at((5, 15)) == (0, 0, 0) and at((35, 15)) == (255, 255, 255)


def palette_transparent(_):
    image = Image.new("P", (40, 30), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(1, (20, 0, 40, 30))
    return encoded(image, "PNG", transparency=1)


def cut(format, share, **options):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), format, **options)
    return data[: int(len(data) * share)]


def cut_case(format, share, **options):
    return Case(
        f"{format} cut to {share:.0%}", lambda _: cut(format, share, **options), r"damaged or cut off|not a picture"
    )


def saved(name, data):
    def make(folder):
        path = folder / name
        path.write_bytes(data)
        return path

    return make


def bad_crc(_):
    data = bytearray(encoded(scene(), "PNG"))
    data[29] ^= 0xFF  # the checksum of the header
    return bytes(data)


def zero_size_jpeg(_):
    data = bytearray(encoded(scene(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\0\0\0\0"
    return bytes(data)


def wide_icon(_):
    """An icon that says 16 x 16 and holds a PNG of 100 megapixels."""
    inner = png(10_000, 10_000)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def tiff_of(array):
    return lambda _: encoded(Image.fromarray(array), "TIFF")


def pipe(folder):
    os.mkfifo(folder / "pipe.png")
    return folder / "pipe.png"


def loop(folder):
    (folder / "loop.png").symlink_to(folder / "loop.png")
    return folder / "loop.png"


def commented(_):
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "x" * 3_000_000)
    return encoded(scene(), "PNG", pnginfo=info)


def text_bomb(_):
    return png(4, 4, data=bytes(20), extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000), 9)))


def grey16(_):
    return png(256, 4, 16, 0, b"".join(b"\0" + row.astype(">u2").tobytes() for row in RAMP))


def colour16(_):
    rows = RAMP[..., None].repeat(3, 2).astype(">u2")
    return png(256, 4, 16, 2, b"".join(b"\0" + row.tobytes() for row in rows))


def is_colour_ramp(picture):
    return np.abs(np.asarray(picture.convert("RGB")).astype(int) - np.arange(256)[:, None]).max() <= 1


def uninverted_cmyk(_):
    """CMYK JPEG as every program writes it: with Adobe's mark, and inverted."""
    data = encoded(scene("CMYK"), "JPEG", quality=95, subsampling=0)
    assert b"Adobe" in data
    return data


def ycck(_):
    """The same with Adobe's other transform, 2: inverted YCCK, as Photoshop writes it."""
    cmyk = np.asarray(scene("CMYK"), np.uint8)
    ycc = Image.merge("RGB", [Image.fromarray(cmyk[..., i]) for i in range(3)]).convert("YCbCr")
    planes = [255 - np.asarray(ycc)[..., i] for i in range(3)] + [cmyk[..., 3]]
    image = Image.merge("CMYK", [Image.fromarray(p) for p in planes])
    data = bytearray(encoded(image, "JPEG", quality=95, subsampling=0))
    at = data.index(b"Adobe")
    data[at + 11] = 2
    return bytes(data)


def half(value):
    a = np.full((6, 8), 0.5, np.float32)
    a[2, 3] = value
    return lambda _: a


def grey(level, tolerance=1):
    return lambda p: abs(np.asarray(p).astype(int) - level).max() <= tolerance


WHOLE = [exif_case(o, "JPEG") for o in range(1, 9)] + [exif_case(6, f) for f in ("PNG", "WEBP", "TIFF")]
MODES = [
    Case("16-bit grey PNG", grey16, check=is_ramp),
    Case("16-bit colour PNG", colour16, check=is_colour_ramp),
    Case("16-bit grey TIFF", tiff_of(RAMP), check=is_ramp),
    Case("16-bit big-endian PGM", lambda _: b"P5 256 4 65535\n" + RAMP.astype(">u2").tobytes(), check=is_ramp),
    Case("32-bit TIFF of 16-bit values", tiff_of(RAMP.astype(np.int32)), check=is_ramp),
    Case("float TIFF, 0 to 1", tiff_of((RAMP / 65535).astype(np.float32)), check=is_ramp),
    Case("float TIFF, 0 to 255", tiff_of((RAMP / 257).astype(np.float32)), check=is_ramp),
    Case("float TIFF, -1000 to 3000", tiff_of((RAMP / 65535 * 4000 - 1000).astype(np.float32)), check=is_ramp),
    Case("float TIFF with NaN", tiff_of(half(np.nan)(None)), "infinite or not a number"),
    Case("1-bit PNG", lambda _: encoded(Image.new("1", (9, 9), 1), "PNG"), check=grey(255, 0)),
    Case("CMYK JPEG", uninverted_cmyk, check=lambda p: looks_like_scene(p, 45)),
    Case("YCCK JPEG, Adobe-inverted", ycck, check=lambda p: looks_like_scene(p, 45)),
    Case("CMYK TIFF", lambda _: encoded(scene("CMYK"), "TIFF"), check=looks_like_scene),
    Case("palette PNG", lambda _: encoded(scene("P"), "PNG"), check=lambda p: looks_like_scene(p, 60)),
    Case("grey palette GIF", lambda _: encoded(scene("L"), "GIF"), check=lambda p: p.mode == "L"),
    Case("palette PNG with transparency", palette_transparent, check=on_white),
    Case("RGBA PNG", lambda _: encoded(transparent("RGBA"), "PNG"), check=on_white),
    Case("LA PNG", lambda _: encoded(transparent("LA"), "PNG"), check=lambda p: p.mode == "L" and on_white(p)),
    Case("RGB PNG with a transparent colour",
         lambda _: encoded(transparent("RGBA").convert("RGB"), "PNG", transparency=(255, 0, 0)), check=on_white),
    Case("RGBA WebP", lambda _: encoded(transparent("RGBA"), "WEBP", lossless=True), check=on_white),
    Case("half transparent", lambda _: encoded(Image.new("RGBA", (5, 5), (0, 0, 0, 128)), "PNG"), check=grey(127, 0)),
]  # fmt: skip
FORMATS = [
    Case("BMP", lambda _: encoded(scene(), "BMP"), check=looks_like_scene),
    Case("ICO", lambda _: encoded(scene().resize((32, 32)), "ICO", sizes=[(32, 32)]), check=looks_like_scene),
    Case("PPM", lambda _: encoded(scene(), "PPM"), check=looks_like_scene),
    Case("plain PPM", lambda _: b"P3 2 1 255 255 0 0 0 0 255", check=lambda p: p.getpixel((1, 0)) == (0, 0, 255)),
    Case("TIFF of two pages",
         lambda _: encoded(scene(), "TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
         check=looks_like_scene),
    Case("animated GIF", lambda _: animation("GIF"), check=lambda p: looks_like_scene(p, 60)),
    Case("animated PNG", lambda _: animation("PNG"), check=looks_like_scene),
    Case("animated WebP", lambda _: animation("WEBP"), check=looks_like_scene),
    Case("GIF of 10,000 frames", lambda _: gif_of(10_000), check=lambda p: p.getpixel((3, 3)) == (255, 0, 0)),
    Case("progressive JPEG named .gif", saved("a.gif", encoded(scene(), "JPEG", progressive=True, quality=95)),
         check=lambda p: looks_like_scene(p, 60)),
]  # fmt: skip
if features.check("avif"):
    FORMATS += [Case("AVIF", lambda _: encoded(scene(), "AVIF", quality=95), check=lambda p: looks_like_scene(p, 60))]
if features.check("jpg_2000"):
    FORMATS += [Case("JPEG 2000", lambda _: encoded(scene(), "JPEG2000"), check=looks_like_scene)]
SIZES = [
    Case("1 x 1", lambda _: encoded(Image.new("L", (1, 1), 7), "PNG"), check=grey(7, 0)),
    Case("1 x 5000", lambda _: encoded(Image.new("L", (1, 5000), 7), "PNG"), check=lambda p: p.size == (1, 5000)),
    Case("5000 x 1", lambda _: encoded(Image.new("RGB", (5000, 1)), "PNG"), check=lambda p: p.size == (5000, 1)),
    Case("PNG of 100 megapixels", lambda _: png(10_000, 10_000, 1, 0, bytes(1251 * 10_000)), "100 million.*is 50"),
    Case("PNG that says 30,000 x 30,000", lambda _: png(30_000, 30_000), "900 million.*limit is 50"),
    Case("PNG that says 2^31 - 1 squared", lambda _: png(2**31 - 1, 2**31 - 1), "million"),
    Case("PNG that says 0 x 0", lambda _: png(0, 0), "damaged|no pixels"),
    Case("JPEG that says 0 x 0", zero_size_jpeg, "damaged|no pixels"),
    Case("GIF that says 65,535 x 65,535", lambda _: gif_of(1).replace(b"\x08\0" * 2, b"\xff" * 4, 1), "4,295 million"),
    Case("icon that holds 100 megapixels", wide_icon, "100 million"),
    Case("26 MB of zeros", lambda _: bytes(26_000_000), "larger than 25 MB"),
    Case("sparse file of 1 TB", lambda folder: sparse(folder, 10**12), "larger than 25 MB"),
]


def sparse(folder, size):
    path = folder / "sparse.png"
    with open(path, "wb") as file:
        file.truncate(size)
    return path


DAMAGED = [cut_case(f, s) for f in ("PNG", "JPEG", "WEBP", "GIF") for s in (0.02, 0.3, 0.9)] + [
    cut_case("TIFF", 0.5),
    cut_case("BMP", 0.5),
    Case("PNG whose header has a wrong checksum", bad_crc, "damaged"),
    Case("PNG with 3 MB of comment", commented, check=looks_like_scene),
    Case("PNG with 50 MB of packed comment", text_bomb, "damaged|picture"),
    Case("PNG signature and noise", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "damaged"),
    Case("JPEG marker and nothing", lambda _: b"\xff\xd8\xff\xe0", "damaged"),
]
OTHER = [
    Case("nothing", lambda _: b"", "is empty"),
    Case("empty file", saved("empty.png", b""), '"empty.png" is empty'),
    Case("text renamed .png", saved("notes.png", b"Dear all,\nthis is a letter.\n" * 20), "not a picture"),
    Case("web page renamed .jpg", saved("cat.jpg", b"<!DOCTYPE html><html><body>404</body></html>"), "web page"),
    Case("SVG", saved("logo.svg", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"), "SVG"),
    Case("PDF", saved("paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(100)), "PDF"),
    Case("gzip", lambda _: gzip.compress(encoded(scene(), "PNG")), "packed archive; unpack"),
    Case("zip", saved("pictures.zip", b"PK\3\4" + bytes(64)), "packed archive; unpack"),
    Case("HEIC", lambda _: b"\0\0\0\x18ftypheic" + bytes(64), "HEIC"),
    Case("film", lambda _: b"\0\0\0\x18ftypisom" + bytes(64), "film"),
    Case("PostScript", lambda _: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not a picture"),
    Case("random bytes", lambda _: np.random.default_rng(1).bytes(5000), "not a picture"),
    Case("missing", lambda folder: folder / "not-here.png", '"not-here.png" does not exist'),
    Case("folder", lambda folder: folder, "not a file"),
    Case("file below a file", lambda folder: saved("a.png", b"x")(folder) / "b.png", "does not exist"),
    Case("path upwards", lambda _: "../../../../../../etc/passwd", '"passwd" (is not a picture|does not exist)'),
    Case("NUL in a name", lambda _: "a\0b.png", "does not exist"),
    Case("very long name", lambda _: "x" * 5000 + ".png", "cannot be opened|does not exist"),
    Case("empty name", lambda _: "", "does not exist|not a file"),
    Case("lone surrogate in a name", lambda _: "\ud800.png", "does not exist"),
    Case("markup in a name", lambda _: "<img src=x onerror=alert(1)>.png", '"_img src_x.* does not exist'),
    Case("right-to-left mark in a name", saved("\u202egnp.\u6570\u5b57.exe", encoded(scene(), "PNG")),
         check=looks_like_scene),
    Case("address instead of a path", lambda _: "http://example.org/cat.png", "does not exist"),
    Case("device without end", lambda _: "/dev/zero", "not a file|does not exist"),
    Case("pipe nobody writes to", pipe, "not a file"),
    Case("link to itself", loop, "cannot be opened|does not exist"),
]  # fmt: skip
ARRAYS = [
    Case("array of NaN", half(np.nan), "infinite or not a number"),
    Case("array of infinities", half(-np.inf), "infinite or not a number"),
    Case("negative values", half(-3), "from -3 to 0.5"),
    Case("values above 1", half(255), "from 0.5 to 255"),
    Case("float16 array", lambda _: np.full((6, 8), 0.5, np.float16), check=grey(128)),
    Case("bool array", lambda _: np.ones((6, 8), bool), check=grey(255, 0)),
    Case("uint16 array", lambda _: RAMP, check=is_ramp),
    Case("big-endian uint16 array", lambda _: RAMP.astype(">u2"), check=is_ramp),
    Case("RGBA array", lambda _: np.asarray(transparent("RGBA")), check=on_white),
    Case("array of one channel", lambda _: np.full((6, 8, 1), 9, np.uint8), check=grey(9, 0)),
    Case("array that is a view", lambda _: np.asarray(scene())[::-1, ::-1][::-1, ::-1], check=looks_like_scene),
    Case("array, one dimension", lambda _: np.zeros(784, np.uint8), r"shape \(784,\)"),
    Case("array, no dimension", lambda _: np.array(3.0), "shape"),
    Case("array, channels first", lambda _: np.zeros((3, 28, 28)), r"shape \(3, 28, 28\)"),
    Case("array, four dimensions", lambda _: np.zeros((1, 28, 28, 3)), "shape"),
    Case("array without pixels", lambda _: np.zeros((0, 28), np.uint8), "no pixels"),
    Case("array of 100 megapixels", lambda _: np.broadcast_to(np.uint8(0), (10_000, 10_000)), "limit is 50"),
    Case("array of int64", lambda _: np.zeros((6, 8), np.int64), "holds int64"),
    Case("array of objects", lambda _: np.array([["a", None]], object), "holds object"),
    Case("array of complex", lambda _: np.zeros((6, 8), complex), "holds complex"),
    Case("array of text", lambda _: np.array([["a", "b"]]), "holds"),
    Case("None", lambda _: None, "type NoneType is not a picture"),
    Case("number", lambda _: 7, "int is not a picture"),
    Case("list of text", lambda _: ["a.png"], "list is not a picture"),
    Case("dictionary", lambda _: {"path": "a.png"}, "dict is not a picture"),
    Case("closed picture", lambda _: closed(), "damaged"),
]


def closed():
    image = Image.open(io.BytesIO(encoded(scene(), "PNG")))
    image.close()
    return image


HOSTILE = WHOLE + MODES + FORMATS + SIZES + DAMAGED + OTHER + ARRAYS
