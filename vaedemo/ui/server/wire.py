"""What travels between browser and server: requests read with care, arrays as base64 of bytes, errors as sentences."""

import base64
import binascii
import functools
import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any, TypeGuard
from urllib.parse import unquote

import numpy as np
from PIL import Image

from vaedemo.data.domains import Domain, get_domain
from vaedemo.errors import VaedemoError
from vaedemo.pictures.draw import to_image
from vaedemo.store.key import ModelKey

__all__ = [
    "FAILED",
    "RequestError",
    "answered",
    "base64_bytes",
    "base64_text",
    "choice",
    "data_uri",
    "failure",
    "is_data_uri",
    "is_number",
    "model_key",
    "number",
    "numbers",
    "pack",
    "png",
    "pngs",
    "rounded",
    "sentence",
    "text",
    "unpack",
    "whole",
]

MAX_SEED = 2**31 - 1
MAX_SENTENCE = 360  # characters
MAX_PIXEL_TEXT = 100_000  # characters: a colour picture of 128 x 128 fits, and of a larger model one of its own
SMALL = 96  # pixels: longest side of a picture that is always sent as PNG
FAILED = "Something went wrong on the server; try again."  # of what nobody foresaw; the log has the trace
_DATA_URI = re.compile(r"\s*data:[^,]{0,500},", re.IGNORECASE)
_URL_SAFE = str.maketrans("-_", "+/")
_log = logging.getLogger(__name__)


class RequestError(VaedemoError):
    """A request that the page itself would not send."""


def answered(function: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """A server function that takes one dict and always gives a dict: a failure is {"error": sentence, "key": class}."""

    @functools.wraps(function)
    def answer(request: Any) -> dict[str, Any]:
        try:
            if not isinstance(request, dict):
                raise RequestError("a request is one object with named fields")
            return function(request)
        except Exception as error:
            return failure(error, function.__name__)

    # Gradio reads the signature of the function it was given; the wrapper's own is (request).
    del answer.__wrapped__
    return answer


def failure(error: Exception, what: str) -> dict[str, str]:
    """{"error": sentence, "key": name of the error's class}; of what nobody foresaw the log has the trace."""
    if isinstance(error, VaedemoError):
        return {"error": sentence(error), "key": type(error).__name__}
    _log.error("%s failed", what, exc_info=error)
    return {"error": FAILED, "key": "Exception"}


def sentence(error: object) -> str:
    """The text of an error as one sentence: a capital letter and a full stop, on one line and not endless."""
    message = " ".join(str(error).split())
    message = message if len(message) <= MAX_SENTENCE else f"{message[:60]} ... {message[65 - MAX_SENTENCE :]}"
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "!", "?")) else ".")


def text(request: Mapping[str, Any], name: str) -> Any:
    """A string field of a request, of at most 200 characters; None where it is left out."""
    value = request.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 200):
        raise RequestError(f"{name} has to be a short text")
    return value


def choice(request: Mapping[str, Any], name: str, choices: Iterable[str], default: str | None) -> str:
    """A string field that is one of the choices."""
    value = request.get(name, default)
    if not isinstance(value, str) or value not in choices:
        raise RequestError(f"{name} has to be one of {', '.join(choices)}")
    return value


def model_key(domain: str, kind: Any, latent_dim: Any, beta: Any = 1.0) -> ModelKey:
    """The ModelKey of a domain's name and three values checked for type; whether there is such a model is the library's
    to say."""
    if not isinstance(kind, str) or len(kind) > 20:
        raise RequestError("the kind of a model has to be a short text")
    if not is_number(latent_dim) or latent_dim != latent_dim // 1:
        raise RequestError("the latent dimension has to be a whole number")
    if not 1 <= latent_dim <= 4096:
        raise RequestError("the latent dimension has to be from 1 to 4096")
    if not is_number(beta) or not -1e30 < beta < 1e30:
        raise RequestError("beta has to be a number")
    return ModelKey(domain, kind, int(latent_dim), float(beta))


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value of JSON is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers(value: Any) -> np.ndarray:
    """A flat list of finite numbers as float64 (N,)."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 4096:
        raise RequestError("the code has to be a list of 1 to 4096 numbers")
    if not all(map(is_number, value)):
        raise RequestError("the code has to be a list of numbers")
    if not all(-1e30 < v < 1e30 for v in value):
        raise RequestError("the code holds a number that is not finite or far too large")
    return np.array(value, dtype=np.float64)


def number(request: Mapping[str, Any], name: str, low: float, high: float) -> float:
    """A number field of a request, low..high; nothing that is not a number lies between them."""
    value = request.get(name)
    if not is_number(value) or not low <= value <= high:
        raise RequestError(f"{name} has to be a number from {low:g} to {high:g}")
    return float(value)


def whole(request: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """A whole number of a request, low..high."""
    value = request.get(name)
    if not is_number(value) or not low <= value <= high or value % 1:
        raise RequestError(f"{name} has to be a whole number from {low} to {high}")
    return int(value)


def is_data_uri(value: Any) -> bool:
    """Whether a value is a text that begins as a data URI does."""
    return isinstance(value, str) and _DATA_URI.match(value) is not None


def base64_text(data: bytes) -> str:
    """Bytes in base64, as answers carry them."""
    return base64.b64encode(data).decode()


def base64_bytes(value: Any, what: str, limit: int) -> bytes:
    """Bytes of a base64 text, or of a data URI in base64, of at most `limit` characters.

    Read are both alphabets (RFC 4648, + and / or - and _), lines of any length (RFC 2045) and missing padding; of a
    data URI (RFC 2397) any parameters, in any case, and %2B for +.
    """
    if not isinstance(value, str) or not value:
        raise RequestError(f"{what} has to be base64 text")
    if len(value) > limit:
        raise RequestError(f"{what} is too long")
    if head := _DATA_URI.match(value):
        if not re.search(r";\s*base64\s*,$", head[0], re.IGNORECASE):
            raise RequestError(f"{what} is a data URI without base64; write data:image/png;base64, and the bytes")
        value = unquote(value[head.end() :])
    body = "".join(value.split()).rstrip("=").translate(_URL_SAFE)
    try:
        if not body:
            raise ValueError
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise RequestError(f"{what} is not base64 text; send the file itself, or all of its bytes in base64") from None


def pack(x: np.ndarray) -> str:
    """Base64 of uint8 (C, H, W) from float32 (C, H, W) in [0, 1]."""
    return base64.b64encode(np.round(np.clip(x, 0, 1) * 255).astype(np.uint8).tobytes()).decode()


def unpack(value: Any, domain: Domain | str) -> np.ndarray:
    """float32 (C, H, W) in [0, 1] from what pack() gave, for the shape of a Domain, or of a shipped one by
    its name."""
    row = get_domain(domain)
    shape = row.shape
    data = base64_bytes(value, "the picture x", max(MAX_PIXEL_TEXT, math.prod(shape) * 3 // 2))
    if len(data) != math.prod(shape):
        raise RequestError(f"a picture of {row.name} is {math.prod(shape)} bytes, this one {len(data)}")
    return (np.frombuffer(data, np.uint8).reshape(shape) / np.float32(255)).astype(np.float32)


def rounded(values: Any, digits: int = 5) -> Any:
    """Numbers for JSON, `digits` significant digits; None stays None."""
    if values is None:
        return None
    if isinstance(values, float | int | np.floating):
        return float(f"{float(values):.{digits}g}")
    return [float(f"{float(v):.{digits}g}") for v in values]


def data_uri(image: Image.Image, lossless: bool = False) -> str:
    """A picture as a data URI: PNG where it is small or has to be exact, JPEG otherwise."""
    buffer, small = BytesIO(), max(image.size) <= SMALL
    kind = "png" if lossless or small else "jpeg"
    # Level 1 writes a photograph five times as fast as 6, in a tenth to a fifth more bytes.
    options = {"quality": 88} if kind == "jpeg" else {"compress_level": 6 if small else 1}
    image.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def png(x: np.ndarray) -> str:
    """A picture float32 (C, H, W) in [0, 1] as a data URI, exact to 8 bits."""
    return data_uri(to_image(x), lossless=True)


def pngs(x: Iterable[np.ndarray]) -> list[str]:
    """Pictures float32 (C, H, W) in [0, 1] as data URIs."""
    return [png(picture) for picture in x]
