"""What bytes are that no decoder reads: one sentence with the remedy."""

import re
import struct

from vaedemo.pictures import tiffs

__all__ = ["brands", "unreadable", "unusual"]

_SIGNATURES = (
    rb"\x89PNG|\xff\xd8\xff|GIF|II[*+]|MM\0[\0*+]|BM|P[56]|\0\0\0\x0cjP |\xff\x4f\xff\x51|\0\0\x01\0|RIFF....WEBP"
)
_BRANDS = {  # of ISO base media files, whose first box names the major brand and compatible ones
    "a HEIC picture": "heic heix heim heis hevc hevx hevm hevs heif mif1 mif2 mif3 msf1 miaf avci avcs 1pic vvic vvis",
    "a camera's raw file": "crx",
    "a JPEG in a HEIF container": "jpeg jpgs",
    "a JPEG XL picture": "jxl",
    "a JPEG XS picture": "jxs jxsc",
}
_HEADS = {  # regular expressions of a file's first bytes
    "a JPEG XL picture": rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",
    "a camera's raw file": rb"FUJIFILMCCD-RAW|II(RO|RS|U\0)|MMOR|\0MRM|FOVb|II\x1a\0\0\0HEAPCCDR",
    "a Photoshop document": rb"8BP[SB]",
    "an OpenEXR picture": rb"\x76\x2f\x31\x01",
    "a Radiance HDR picture": rb"#\?(RADIANCE|RGBE)",
    "a DDS texture": rb"DDS ",
    "a FITS picture": rb"SIMPLE  =",
    "a DICOM picture": rb"(?s:.{128})DICM",
    "a GIMP document": rb"gimp xcf",
    "a QOI picture": rb"qoif",
    "a BPG picture": rb"BPG\xfb",
    "a FLIF picture": rb"FLIF",
    "a JPEG XR picture": rb"II\xbc[\0\x01]",
    "a DjVu document": rb"AT&TFORM",
    "an icon of macOS": rb"icns",
    "a cursor": rb"\0\0\x02\0[\x01-\x40]\0",
    "a KTX texture": rb"\xabKTX",
    "a DPX film picture": rb"SDPX|XPDS",
    "a Windows metafile": rb"\xd7\xcd\xc6\x9a|[\x01\x02]\0\x09\0\0[\x01\x03]|(?s:\x01\0\0\0.{36} EMF)",
    "an SGI picture": rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]",
    "a Sun raster picture": rb"\x59\xa6\x6a\x95",
    "an X11 picture": rb"/\* XPM \*/|#define \w+_width \d",
    "an Amiga picture": rb"(?s:FORM.{4}(ILBM|PBM |ACBM|ANIM))",
    "an MNG animation": rb"[\x8a\x8b][MJ]NG\r\n\x1a\n",
    "a farbfeld picture": rb"farbfeld",
    "a JBIG2 picture": rb"\x97JB2\r\n\x1a\n",
    "a Cineon film picture": rb"\x80\x2a\x5f\xd7",
    "a Paint Shop Pro picture": rb"Paint Shop Pro Image File",
    "a scan in NIfTI": rb"(?s:\x5c\x01\0\0.{340}(n\+1|ni1)\0)",
    "an array of numbers": rb"\x93NUMPY|\x89HDF\r\n|NRRD\d{4}|MATLAB 5",
    "an OS/2 bitmap": rb"BA(?s:.{12})BM",
    "a netpbm picture of a rare kind": rb"P7 332|P7\r|PF4\s|P[Hh]\s\d|Py\s\d",
    "a PCX picture": rb"\x0a[\0-\x05]\x01[\x01\x02\x04\x08]",
}
_FILMS = rb"\x1aE\xdf\xa3|OggS|\0\0\x01\xba|\0\0\x01\xb3|FLV\x01|RIFF....AVI |\x30\x26\xb2\x75\x8e\x66\xcf\x11"


def unreadable(data: bytes, name: str) -> str:
    """The sentence for bytes that no decoder reads; name: as it is shown."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return f"{name} is an SVG drawing; export it as PNG and try again."
    if head.startswith((b"<!doctype html", b"<html")):
        return f"{name} is a web page, not a picture; save the picture itself."
    if head.startswith(b"%pdf"):
        return f"{name} is a PDF document; export the page as PNG and try again."
    if what := _foreign(data):
        return f"{name} is {what}, which cannot be read here; save it as PNG or JPEG and try again."
    said = brands(data)
    if re.match(_FILMS, data, re.DOTALL) or (said and not {"avif", "avis"} & set(said)):
        return f"{name} is a film; save one picture of it as PNG and try again."
    if head.startswith((b"pk\3\4", b"\x1f\x8b", b"7z\xbc\xaf", b"bzh", b"\xfd7zxz", b"rar!", b"\x28\xb5\x2f\xfd")):
        return f"{name} is a packed archive; unpack it and choose a picture in it."
    if odd := unusual(data, name):
        return odd
    if said or re.match(_SIGNATURES, data, re.DOTALL):
        return f"{name} is damaged or cut off; get a whole copy of it."
    return f"{name} is not a picture; choose a PNG, JPEG, WebP, GIF, TIFF or BMP file."


def brands(data: bytes) -> list[str]:
    """The brands of an ISO base media file, the major one first; [] of others."""
    if data[4:8] != b"ftyp":
        return []
    end = min(struct.unpack_from(">I", data)[0], 512)
    return [data[at : at + 4].decode("latin-1").strip() for at in (8, *range(16, end, 4))]


def _foreign(data: bytes) -> str | None:
    """The name of a kind of picture that is not supported, or None."""
    for brand in brands(data):
        if brand in ("avif", "avis"):
            break
        for what, known in _BRANDS.items():
            if brand in known.split():
                return what
    for what, pattern in _HEADS.items():
        if re.match(pattern, data):
            return what
    return "a Targa picture" if _is_targa(data) else None


def _is_targa(data: bytes) -> bool:
    """Targa has no signature at its start, but one at its end since 1989, and a header whose fields have to agree."""
    if data[-18:] == b"TRUEVISION-XFILE.\0":
        return True
    if len(data) < 19:
        return False
    comment, mapped, kind, first, length, entry, _, _, width, height, bits, flags = struct.unpack_from(
        "<BBBHHBHHHHBB", data
    )
    if kind not in (1, 2, 3, 9, 10, 11) or mapped != (kind in (1, 9)) or not width or not height or flags & 0xC0:
        return False
    if bits not in {1: (8, 16), 2: (15, 16, 24, 32), 3: (8, 16)}[kind & 7] or first + length > 65535:
        return False
    if entry not in ((15, 16, 24, 32) if mapped else (0,)) or (not mapped and (first or length)):
        return False
    pixels = len(data) - 18 - comment - length * -(-entry // 8)
    whole = width * height * -(-bits // 8)
    return pixels >= whole if kind < 8 else pixels > 0


def unusual(data: bytes, name: str) -> str | None:
    """The sentence for a whole file of a supported kind in a variant that is not; None of any other."""
    what = tiffs.unusual(data) or _of_jpeg(data) or _of_bmp(data)
    return what and f"{name} is stored in an unusual way, {what}; save it as PNG with 8 or 16 bits and try again."


def _of_bmp(data: bytes) -> str | None:
    if data[:2] == b"BM" and len(data) >= 34 and data[14:18] != b"\x0c\0\0\0":
        bits, packed = struct.unpack_from("<HI", data, 28)
        if bits in (2, 64) or packed > 2 or (bits not in (1, 4, 8, 16, 24, 32) and bits <= 64):
            return f"with {bits} bits a pixel"
    return None


def _of_jpeg(data: bytes) -> str | None:
    """Of a JPEG with more than 8 bits, or of a process that decoders do not support."""
    at = 2 if data[:3] == b"\xff\xd8\xff" else len(data)
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits = data[at + 4]
            if bits != 8:
                return f"with {bits} bits a value"
            return "as lossless JPEG" if marker & 3 == 3 else "as hierarchical JPEG" if marker & 4 else None
        if marker == 0xF7:
            return "as JPEG-LS"
        if marker == 0xDA:
            return None
        at += 2 + length if marker != 0xFF else 1
    return None
