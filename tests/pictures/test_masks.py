"""Masks out of files: what is marked, however it is stored, and where that lies once its picture was cut and scaled."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.hostile import chunk, encoded, png
from vaedemo.errors import PictureError
from vaedemo.pictures import masks
from vaedemo.pictures.prepare import Placed, prepare

MARKED = np.zeros((40, 60), bool)
MARKED[5:30, 10:24] = True


def file(levels, mode="L", format="PNG", **options):
    return encoded(Image.fromarray(levels).convert(mode), format, **options)


def palette(colours, index=MARKED):
    image = Image.fromarray(index.astype(np.uint8)).convert("P")
    image.putpalette(np.array(colours, np.uint8).ravel().tolist())
    return encoded(image, "PNG")


def clear(colour, opaque, ground=(0, 0, 0)):
    """RGBA: a colour or a picture (H, W, 3) where `opaque`, nothing elsewhere."""
    rgb = np.where(opaque[..., None], np.asarray(colour, np.uint8), np.uint8(ground))
    return np.dstack([rgb, np.where(opaque, 255, 0).astype(np.uint8)])


def as_file(rgba):
    return encoded(Image.fromarray(rgba), "PNG")


L = np.where(MARKED, 255, 0).astype(np.uint8)
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
RIM = MARKED & ~(np.roll(MARKED, 1, 1) & np.roll(MARKED, -1, 1))  # its left and right edge


def parts(left, right):
    """Two labels, one to each side."""
    return np.where(np.arange(60) > 15, right, left)


ONE_BIT = b"".join(b"\0" + np.packbits(row).tobytes() for row in MARKED)
BOTH = np.where(MARKED, 255, 0)[..., None].repeat(3, 2)
FORMS = {
    "0 and 255": file(L),
    "0 and 1": file(MARKED.astype(np.uint8)),
    "0 and 1 of four bits": png(60, 40, 4, 0, b"".join(b"\0" + bytes(a * 16 + b for a, b in zip(row[::2], row[1::2],
                                strict=True)) for row in MARKED.astype(np.uint8).tolist())),
    "labels 0, 1 and 2": file((MARKED * (1 + (np.arange(60) > 15))).astype(np.uint8)),
    "a dim grey": file(L // 255 * 90),
    "one bit": png(60, 40, 1, 0, ONE_BIT),
    "one bit TIFF": encoded(Image.fromarray(MARKED), "TIFF"),
    "16 bits": encoded(Image.fromarray(MARKED.astype(np.uint16) * 65535), "PNG"),
    "16 bits that hold 0 and 1": encoded(Image.fromarray(MARKED.astype(np.uint16)), "PNG"),
    "16 bits that hold 0 and 255": encoded(Image.fromarray(MARKED.astype(np.uint16) * 255), "TIFF"),
    "32 bits that hold 0 and 1": encoded(Image.fromarray(MARKED.astype(np.int32)), "TIFF"),
    "floats": encoded(Image.fromarray(MARKED.astype(np.float32)), "TIFF"),
    "a PGM of 0 and 1": b"P5 60 40 255\n" + MARKED.astype(np.uint8).tobytes(),
    "JPEG": file(L, "RGB", "JPEG", quality=60),
    "GIF": file(L, "L", "GIF"),
    "WebP": file(L, "RGB", "WEBP", quality=50),
    "an antialiased edge": file(np.maximum(L, np.roll(L, 1, 1) // 3)),
    "red on black": encoded(Image.fromarray(BOTH.astype(np.uint8) * np.uint8([1, 0, 0])), "PNG"),
    "black and white palette": palette([(0, 0, 0), (255, 255, 255)]),
    "white and black palette": palette([(255, 255, 255), (0, 0, 0)], ~MARKED),
    "VOC palette": palette([(0, 0, 0), (128, 0, 0)]),
    "dark palette": palette([(0, 0, 0), (64, 0, 0)]),
    "palette of one colour": palette([(9, 9, 9), (9, 9, 9)]),
    "viridis": palette([(68, 1, 84), (253, 231, 37)]),
    "grey palette of labels": palette([(v, v, v) for v in range(256)]),
    "white strokes on nothing": as_file(clear((255, 255, 255), MARKED)),
    "white strokes on nothing that hides white": as_file(clear((255, 255, 255), MARKED, (255, 255, 255))),
    "black strokes on nothing": as_file(clear((0, 0, 0), MARKED)),
    "red strokes on nothing": as_file(clear((230, 20, 20), MARKED)),
    "half transparent strokes": as_file(clear((255, 255, 255), MARKED) // np.uint8([1, 1, 1, 3])),
    "a photograph with a hole": as_file(clear(PHOTO, ~MARKED)),
    "a photograph with a hole that hides it": as_file(np.dstack([PHOTO, np.where(MARKED, 0, 255).astype(np.uint8)])),
    "a grey photograph with a hole": encoded(Image.merge("LA", [Image.fromarray(PHOTO[..., 0]),
                                             Image.fromarray(np.where(MARKED, 0, 255).astype(np.uint8))]), "PNG"),
    "a black sheet with a hole": as_file(clear((0, 0, 0), ~MARKED)),
    "white on black with a transparent edge": as_file(clear(BOTH, np.arange(60)[None] + 0 * MARKED < 50)),
    "opaque alpha": as_file(np.dstack([BOTH, np.full_like(L, 255)]).astype(np.uint8)),
    "a level that is transparent": png(60, 40, 1, 0, ONE_BIT, chunk(b"tRNS", b"\0\0")),
    "CMYK": file(L, "CMYK", "TIFF"), "CMYK JPEG": file(L, "CMYK", "JPEG", quality=95),
    "YCbCr": Image.fromarray(L).convert("RGB").convert("YCbCr"),
    "16 bits of labels": encoded(Image.fromarray((MARKED * parts(1, 300)).astype(np.uint16)), "PNG"),
    "16 bits of a city's labels": encoded(Image.fromarray((MARKED * parts(100, 24001)).astype(np.uint16)), "TIFF"),
    "32 bits of labels": encoded(Image.fromarray((MARKED * parts(1, 70000)).astype(np.int32)), "TIFF"),
    "labels below 0": encoded(Image.fromarray(-MARKED.astype(np.int32)), "TIFF"),
    "labels and a border of 255": file(np.where(RIM, 255, MARKED).astype(np.uint8)),
    "labels beyond 127": file((MARKED * parts(20, 140)).astype(np.uint8)),
    "many labels": file((MARKED * (1 + np.arange(40)[:, None] // 2)).astype(np.uint8).repeat(4, 0).repeat(4, 1)),
    "a dim ground": file(np.where(MARKED, 235, 16).astype(np.uint8), "L", "JPEG", quality=75),
    "bool array": MARKED, "0 and 1 array": MARKED.astype(np.uint8), "float array": MARKED.astype(float),
    "RGBA array": clear((255, 255, 255), MARKED), "16-bit array of 0 and 1": MARKED.astype(np.uint16),
    "PIL image": Image.fromarray(L), "PIL image of one bit": Image.fromarray(MARKED),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_mask_is_understood_however_it_is_stored(name):
    missing = masks.read(FORMS[name])
    scale = len(missing) // 40
    assert missing.dtype == bool and missing.shape == (40 * scale, 60 * scale)
    assert np.array_equal(missing, MARKED.repeat(scale, 0).repeat(scale, 1))


@pytest.mark.parametrize("radius", [0.7, 1.5, 4])
def test_a_soft_brush_marks_to_the_middle_of_its_edge(radius):
    soft = Image.fromarray(L).filter(ImageFilter.GaussianBlur(radius))
    assert np.count_nonzero(masks.read(encoded(soft, "PNG")) != MARKED) <= 4 * radius**2 + 4  # its corners are round


def test_a_mask_is_turned_as_its_file_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert np.array_equal(masks.read(encoded(Image.fromarray(L), "PNG", exif=exif)), np.rot90(MARKED, -1))


NOTHING = {
    "black": np.zeros((40, 60), np.uint8), "bool": np.zeros((40, 60), bool),
    "all transparent": as_file(clear((255, 255, 255), np.zeros_like(MARKED))),
    "a dark photograph": file(PHOTO[..., 0] // 4),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_where_nothing_is_marked_it_is_said(name):
    fitted = masks.known(masks.read(NOTHING[name]), Placed.whole((60, 40), (60, 40)))
    assert fitted.known.all() and fitted.note == "nothing" and fitted.said().startswith("Nothing is marked")


def test_nearly_all_white_is_said_and_a_half_is_not():
    for marked, note in ((~MARKED, None), (np.arange(2400).reshape(40, 60) > 100, "most"), (np.ones((40, 60)), "most")):
        assert masks.known(np.asarray(marked, bool), Placed.whole((60, 40), (60, 40))).note == note
    assert "invert" in masks.known(np.ones((9, 9), bool), Placed.whole((9, 9), (9, 9))).said()


def placed(width, height, **settings):
    return prepare(np.zeros((height, width, 3), np.uint8), channels=3, size=32, **settings).placed


def test_what_the_crop_cuts_off_is_not_missing():
    missing = np.zeros((100, 200), bool)
    missing[:, 160:] = True
    fitted = masks.known(missing, placed(200, 100))
    assert fitted.known.all() and fitted.note == "outside" and fitted.said().startswith("Nothing is marked")
    missing[:, 140:] = True
    fitted = masks.known(missing, placed(200, 100))
    want = np.ones((32, 32), bool)
    want[:, int(90 * 32 / 100) :] = False  # column 28 reaches over x = 140
    assert np.array_equal(fitted.known, want) and fitted.note is None
    high = masks.known(missing.T, placed(100, 200))
    assert np.array_equal(high.known, want.T)


def test_a_padded_picture_keeps_its_whole_mask_and_its_bars_are_known():
    missing = np.zeros((100, 200), bool)
    missing[:, 190:] = True
    known = masks.known(missing, placed(200, 100, fit="pad")).known
    want = np.ones((32, 32), bool)
    want[8:24, 30:] = False
    assert np.array_equal(known, want)


@pytest.mark.parametrize("seed", range(5))
def test_a_pixel_is_missing_exactly_where_anything_under_it_is(seed):
    rng = np.random.default_rng(seed)
    width, height = rng.integers(20, 90, 2).tolist()
    missing = rng.random((height, width)) < 0.002
    missing[0, 0] = True
    to = (32, 24)
    known = masks.known(missing, Placed.whole((width, height), to)).known
    ys, xs = np.nonzero(missing)
    want = np.ones((24, 32), bool)
    for y, x in zip(ys, xs, strict=True):  # the pixels that one of the file overlaps, in whole numbers
        rows = [r for r in range(24) if r * height < (y + 1) * 24 and y * 24 < (r + 1) * height]
        columns = [c for c in range(32) if c * width < (x + 1) * 32 and x * 32 < (c + 1) * width]
        want[np.ix_(rows, columns)] = False
    assert np.array_equal(known, want)


def test_twenty_scratches_all_stay_at_every_scale():
    missing = np.zeros((1024, 1536), bool)
    columns = np.random.default_rng(0).choice(np.arange(4, 1532, 8), 20, replace=False)
    missing[:, columns] = True
    for canvas in ((1536, 1024), (768, 512), (512, 341), (512, 342), (700, 467)):
        known = masks.known(missing, Placed.whole((1536, 1024), canvas)).known
        hit = {c * canvas[0] // 1536 for c in columns} | {((c + 1) * canvas[0] - 1) // 1536 for c in columns}
        assert set(np.flatnonzero(~known.any(0))) == hit and len(hit) >= 20 and (known.all(0) | ~known.any(0)).all()
    small = np.zeros((512, 768), bool)
    small[:, 100] = True  # of another size than the picture
    known = masks.known(small, Placed.whole((1536, 1024), (1536, 1024))).known
    assert set(np.flatnonzero(~known.any(0))) == {200, 201}


def drawn(width, height, box, ground=0, ink=255):
    image = Image.new("L", (width, height), ground)
    ImageDraw.Draw(image).rectangle(box, fill=ink)
    return image


@pytest.mark.parametrize("strokes", ["digits", "clothes"])
@pytest.mark.parametrize("ground, ink", [(0, 255), (255, 0)])
def test_a_mask_is_trimmed_and_centred_as_its_picture_was(strokes, ground, ink):
    image = drawn(400, 300, (260, 40, 299, 239), ground, ink)  # a bar, far from the middle
    made = prepare(image, channels=1, size=28, strokes=strokes)
    missing = np.zeros((300, 400), bool)
    missing[40:140, 260:300] = True  # its upper half
    known = masks.known(missing, made.placed).known
    bar = made.x[0] > 0.5
    rows, columns = np.flatnonzero(bar.any(1)), np.flatnonzero(bar.any(0))
    middle = (rows[0] + rows[-1] + 1) / 2
    gone_rows, gone_columns = np.flatnonzero(~known.all(1)), np.flatnonzero(~known.all(0))
    assert abs(gone_rows[0] - rows[0]) <= 1 and abs(gone_rows[-1] + 1 - middle) <= 1
    assert abs(gone_columns[0] - columns[0]) <= 1 and abs(gone_columns[-1] - columns[-1]) <= 1
    elsewhere = np.zeros((300, 400), bool)
    elsewhere[:, :200] = True
    assert masks.known(elsewhere, made.placed).note == "outside"


def test_a_thin_stroke_that_was_made_broader_keeps_its_place():
    image = Image.new("L", (560, 560))
    ImageDraw.Draw(image).line((100, 100, 460, 460), fill=255, width=4)
    made = prepare(image, channels=1, size=28, strokes="digits")
    missing = np.asarray(image) > 0
    missing[300:] = False  # the upper part of the stroke
    known = masks.known(missing, made.placed).known
    rows, columns = np.nonzero(~known)
    assert np.abs(rows - columns).max() <= 2 and (made.x[0][~known] > 0.05).mean() > 0.5
    assert made.x[0][:10][known[:10]].max() < 0.6


def test_a_big_photograph_that_is_read_smaller_has_a_mask_of_its_own_size():
    out = io.BytesIO()
    Image.new("RGB", (5000, 2500)).save(out, "JPEG")
    at = prepare(out.getvalue(), channels=3, size=32).placed
    assert at.size == (5000, 2500) and np.allclose(at.box, (1250, 0, 3750, 2500), atol=8)


@pytest.mark.parametrize("shape", [(50, 100), (200, 400), (32, 32), (67, 133)])
def test_a_mask_of_the_same_shape_is_scaled(shape):
    missing = np.zeros(shape, bool)
    missing[:, -shape[1] // 2 :] = True
    known = masks.known(missing, placed(200, 100)).known
    assert known[:, :15].all() and not known[:, 16:].any() and (known[:, 15].all() or shape == (67, 133))


@pytest.mark.parametrize("shape", [(100, 100), (200, 100), (4, 8), (1, 1), (31, 33)])
def test_a_mask_of_another_shape_is_one_sentence(shape):
    said = f"{shape[1]} x {shape[0]} pixels, the picture 200 x 100; give both one size"
    with pytest.raises(PictureError, match=said):
        masks.known(np.ones(shape, bool), placed(200, 100))
