"""Colours as sRGB: whatever colour space a picture's file declares is converted.

declared() and profile() find what a file declares: an embedded ICC profile, the chunks of a PNG, code points (ITU-T
H.273) of a PNG or an AVIF, or Adobe RGB in a camera's EXIF; each becomes the bytes of an ICC profile. to_srgb()
converts with LittleCMS. A declaration that is damaged or does not fit the picture is ignored: the values count as sRGB.
"""

import contextlib
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["declared", "profile", "to_srgb"]

Info = dict[Any, Any]  # as Image.info
Points = tuple[tuple[float, float], ...]  # (x, y) of white, red, green, blue
Curve = float | Callable[[np.ndarray], np.ndarray]  # an exponent, or a function [0, 1] -> light
Conversion = Callable[[Image.Image], Image.Image]

_D65 = (0.3127, 0.3290)
_REC709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_REC601 = ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07))
_ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_PRIMARIES: dict[int, Points] = {  # of H.273: white point, then red, green and blue
    1: (_D65, *_REC709),
    4: ((0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, *_REC601),
    7: (_D65, *_REC601),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_ADOBE_GAMMA = 563 / 256  # Adobe RGB (1998) Color Image Encoding, 4.3.4.2
_STEPS = 4096  # of a curve's table
_SAME = 1  # level of 255: a profile that moves every colour this little is sRGB, and would only round
_MAX_PROFILE = 8_000_000  # bytes
_WHITE = 203.0  # cd/m^2 of diffuse white where a curve is absolute (ITU-R BT.2408)


def _srgb(v: np.ndarray) -> np.ndarray:
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def _pq(v: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, as a share of diffuse white; what is brighter is clipped."""
    p = v ** (1 / 78.84375)
    nits = 10_000 * (np.maximum(p - 0.8359375, 0) / (18.8515625 - 18.6875 * p)) ** (1 / 0.1593017578125)
    return nits / _WHITE


def _hlg(v: np.ndarray) -> np.ndarray:
    """ARIB STD-B67, for a screen of 1,000 cd/m^2 (ITU-R BT.2100: system gamma 1.2), as a share of diffuse white."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return 1000 * np.where(v <= 0.5, v * v / 3, (np.exp((v - c) / a) + b) / 12) ** 1.2 / _WHITE


# Of H.273. Every screen shows the curves of television cameras (1, 6, 14, 15) as if they were sRGB's.
_CURVES: dict[int, Curve] = {4: 2.2, 5: 2.8, 8: 1.0, 16: _pq, 18: _hlg}
_CURVES |= dict.fromkeys((1, 6, 13, 14, 15), _srgb)


def declared(data: bytes) -> tuple[bytes, Info]:
    """(a file's bytes without a PNG's chunks of colour, the colours that the file declares). Pillow would refuse the
    whole picture for one damaged chunk, and does not know all of them."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _chunks(data)
    if data[4:8] == b"ftyp" and 0 < (at := data.find(b"colrnclx", 0, 65536)) <= len(data) - 12:
        return data, {"cicp": struct.unpack_from(">HH", data, at + 8)}
    if data[:2] == b"BM" and len(data) > 122 and data[14] >= 108 and data[70:74] == bytes(4):
        return data, _calibrated(data)
    icc = _embedded(data)
    return data, {"icc_profile": icc} if icc else {}


def _calibrated(data: bytes) -> dict[Any, Any]:
    """The colours that a BMP's header declares: XYZ of red, green and blue, and their exponents."""
    columns = np.array(struct.unpack_from("<9i", data, 74)).reshape(3, 3) / 2**30
    white, gamma = columns.sum(0), struct.unpack_from("<I", data, 110 + 4)[0] / 65536
    if (columns.sum(1) <= 0).any() or not 0.1 <= gamma <= 10:
        return {}
    points = [(x / (x + y + z), y / (x + y + z)) for x, y, z in (white, *columns)]
    return {"chromaticity": tuple(v for point in points for v in point), "gamma": 1 / gamma}


def _embedded(data: bytes) -> bytes:
    """The profile in a JPEG 2000's box of colour or at the end of a BMP, where Pillow does not look; or b""."""
    if data[4:8] == b"jP  " and 0 < (at := data.find(b"colr", 0, 65536)) < len(data) - 7 and data[at + 4] in (2, 3):
        return data[at + 7 : at - 4 + struct.unpack_from(">I", data, at - 4)[0]]
    if data[:2] == b"BM" and len(data) > 138 and data[70:74] == b"DEBM" and data[14] == 124:
        start, size = struct.unpack_from("<2I", data, 126)
        return data[14 + start : 14 + start + size]
    return b""


def _chunks(data: bytes) -> tuple[bytes, Info]:
    info: Info = {}
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        after = at + 12 + length
        if kind == b"IDAT" or after > len(data):
            break
        if kind not in (b"iCCP", b"cICP", b"sRGB", b"gAMA", b"cHRM"):
            kept.append(data[at:after])
        elif zlib.crc32(data[at + 4 : after - 4]) == struct.unpack_from(">I", data, after - 4)[0]:
            _note(info, kind, data[at + 8 : after - 4])
        at = after
    return b"".join([*kept, data[at:]]), info


def _note(info: Info, kind: bytes, body: bytes) -> None:
    """Add what a chunk declares; a damaged one adds nothing."""
    if kind == b"iCCP":
        _, _, packed = body.partition(b"\0")
        unpacker = zlib.decompressobj()
        with contextlib.suppress(zlib.error):
            icc = unpacker.decompress(packed[1:], _MAX_PROFILE) if packed[:1] == b"\0" else b""
            if icc and unpacker.eof:
                info["icc_profile"] = icc
    elif kind == b"cICP" and len(body) == 4:
        info["cicp"] = tuple(body)
    elif kind == b"sRGB" and len(body) == 1:
        info["srgb"] = body[0]
    elif kind == b"gAMA" and len(body) == 4:
        info["gamma"] = struct.unpack(">I", body)[0] / 1e5
    elif kind == b"cHRM" and len(body) == 32:
        info["chromaticity"] = tuple(v / 1e5 for v in struct.unpack(">8I", body))


def profile(image: Image.Image) -> bytes | None:
    """Bytes of the ICC profile of an opened picture; None if it declares sRGB or nothing.

    Precedence in a PNG: cICP, iCCP, sRGB, then gAMA and cHRM (PNG, third edition, 4.3). In an AVIF a profile comes
    before code points."""
    info, grey = image.info, image.mode in _GREY
    icc = info.get("icc_profile")
    if "cicp" in info and not (icc and image.format == "AVIF"):
        primaries, transfer = info["cicp"][:2]
        if primaries in _PRIMARIES and transfer in _CURVES:
            curve = _CURVES[transfer]
            return None if primaries == 1 and curve is _srgb else _icc(_PRIMARIES[primaries], curve, grey)
    if icc:
        return icc if isinstance(icc, bytes) and len(icc) <= _MAX_PROFILE else None
    if "srgb" in info:
        return None
    if info.get("gamma") or info.get("chromaticity"):
        points = _of_png(info.get("gamma"), info.get("chromaticity"))
        return _icc(*points, grey) if points else None
    return _icc((_D65, *_ADOBE), _ADOBE_GAMMA, grey) if _is_adobe(image) else None


def _of_png(gamma: float | None, chromaticity: Any) -> tuple[Points, Curve] | None:
    """(points, curve) of gAMA and cHRM; None if they mean sRGB, whose curve 1/2.2 stands for, as in libpng."""
    points: Points = (_D65, *_REC709)
    if isinstance(chromaticity, tuple) and len(chromaticity) == 8:
        points = tuple(zip(chromaticity[::2], chromaticity[1::2], strict=True))
    usual = np.allclose(points, (_D65, *_REC709), atol=0.005)
    if not gamma or abs(gamma * 2.2 - 1) < 0.05:
        return None if usual else (points, _srgb)
    return (points, 1 / gamma) if 0.1 <= gamma <= 10 else None


def _is_adobe(image: Image.Image) -> bool:
    """Whether EXIF says Adobe RGB: ColorSpace 2, or uncalibrated with the interoperability index R03 (DCF 2.0)."""
    try:
        exif = image.getexif()
        space = exif.get_ifd(0x8769).get(0xA001)
        return space == 2 or (space == 0xFFFF and str(exif.get_ifd(0xA005).get(1, ""))[:3] == "R03")
    except Exception:  # damaged EXIF is no reason to refuse the picture
        return False


def _icc(points: Points, curve: Curve, grey: bool) -> bytes | None:
    """Bytes of an ICC profile; a grey picture needs only the curve. None if the points span no colours."""
    import imagecodecs

    levels = np.linspace(0, 1, _STEPS)
    light = curve(levels) if callable(curve) else levels**curve
    table = np.round(np.clip(light, 0, 1) * 65535).astype(np.uint16)
    if grey:
        return imagecodecs.cms_profile("gray", whitepoint=_D65, transferfunction=table)
    if any(not 0 <= x <= 1 or not 0 < y <= 1 for x, y in points):
        return None
    primaries = [v for point in points[1:] for v in point]
    try:
        return imagecodecs.cms_profile("rgb", whitepoint=points[0], primaries=primaries, transferfunction=table)
    except RuntimeError:  # of LittleCMS
        return None


def to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """The picture in sRGB, from mode 1, L, LA, I;16, P, RGB, RGBA or CMYK, which becomes RGB; transparency stays. The
    same object if the profile is sRGB's, is damaged, or is of another kind of picture."""
    if not icc:
        return image
    try:
        return _converted(image, icc)
    except Exception:  # LittleCMS and Pillow raise whatever a damaged profile leads them to
        return image


def _converted(image: Image.Image, icc: bytes) -> Image.Image:
    from PIL import ImageCms

    source, srgb = ImageCms.ImageCmsProfile(BytesIO(icc)), ImageCms.createProfile("sRGB")
    space = source.profile.xcolor_space.strip()

    def through(picture: Image.Image) -> Image.Image:
        """RGB of a picture in the profile's space; of a ramp without LittleCMS's short cuts."""
        exact = ImageCms.Flags.NOOPTIMIZE if picture.height == 1 else ImageCms.Flags.NONE
        # As browsers do: black is not stretched to the screen's.
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        converted = ImageCms.profileToProfile(picture, source, srgb, intent, "RGB", flags=exact)
        assert converted is not None  # as it is only in place
        return converted

    mode = image.mode
    if mode == "CMYK" or space == "CMYK":
        return through(image) if mode == space else image
    if space == "GRAY":
        return _through_ramp(image, through) if mode in _GREY else image
    if space != "RGB" or _is_same(_COLOURS, np.asarray(through(Image.fromarray(_COLOURS)))):
        return image
    if mode in _GREY:
        return _through_ramp(image, lambda ramp: through(Image.merge("RGB", [_eight(ramp)] * 3)))
    if mode == "P":
        return _with_palette(image, through)
    if "transparency" in image.info:  # a colour that counts as transparent, looked up before it changes
        image = image.convert("RGBA")
    converted = through(image.convert("RGB"))
    if image.mode == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


_GREY = ("1", "L", "LA", "I;16", "I;16B", "I;16L", "I;16N")
_STEP = np.arange(0, 256, 15).astype(np.uint8)
_COLOURS = np.stack(np.meshgrid(_STEP, _STEP, _STEP), -1).reshape(18, -1, 3)


def _is_same(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether no level of 255 moved farther than by rounding."""
    return bool(np.abs(after.astype(int) - before).max() <= _SAME)


def _eight(image: Image.Image) -> Image.Image:
    """A grey picture of mode L from one of 16 bits."""
    return image if image.mode == "L" else Image.fromarray((np.asarray(image, np.uint32) + 128) // 257).convert("L")


def _through_ramp(image: Image.Image, through: Conversion) -> Image.Image:
    """A grey picture converted by a table of all its levels; one of 16 bits becomes mode L."""
    deep = image.mode.startswith("I")
    levels = np.arange(65536, dtype=np.uint16) if deep else np.arange(256, dtype=np.uint8)
    table = np.asarray(through(Image.fromarray(levels[None])).getchannel("G"))[0]
    if _is_same(np.arange(256), table[:: 257 if deep else 1]):
        return image
    if deep:
        return Image.fromarray(table[np.asarray(image)])
    image = image.convert("LA" if image.has_transparency_data else "L")
    return image.point([*table.tolist(), *range(256)][: 256 * len(image.getbands())])


def _with_palette(image: Image.Image, through: Conversion) -> Image.Image:
    """A picture of mode P with its palette converted."""
    colours = np.asarray(image.getpalette("RGB"), np.uint8).reshape(1, -1, 3)
    converted = image.copy()
    converted.putpalette(through(Image.fromarray(colours)).tobytes(), "RGB")
    return converted
