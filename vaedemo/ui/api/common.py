"""What the endpoints share: a picture in any form a caller may give it, and failures as sentences."""

import functools
import math

import gradio as gr
import numpy as np
from PIL import Image

from vaedemo import pictures
from vaedemo.errors import PictureError, VaedemoError
from vaedemo.ui import wire

__all__ = ["plain", "prepared", "source_of", "whole"]

MAX_TEXT = 35_000_000  # characters of a picture in base64
MAX_SIDE = 4096  # of a picture given as rows of numbers


def plain(function):
    """The endpoint with every failure turned into gr.Error of one sentence, which is all the caller sees."""

    @functools.wraps(function)
    def endpoint(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except VaedemoError as error:
            raise gr.Error(wire.sentence(error), print_exception=False) from None

    return endpoint


def prepared(service, picture, domain, fit, polarity):
    """(x float32 (C, H, W) in [0, 1], domain name) of a picture in any of the forms the endpoints take."""
    if not all(isinstance(word, str) for word in (domain, fit, polarity)):
        raise wire.RequestError("domain, fit and polarity have to be texts")
    row = service.library.domain(domain) if domain else None
    source = source_of(service, picture)
    with service.decoders_turn:
        image = pictures.read(source)
        row = row or service.library.domain(service.library.proposed(image))
        made = pictures.prepare(
            image, channels=row.channels, size=row.size, strokes=row.strokes, fit=fit, polarity=polarity
        )
    return made.x, row.name


def source_of(service, picture):
    """Something that pictures.read takes."""
    if isinstance(picture, dict):
        return service.uploads.path(picture.get("path"))
    if isinstance(picture, str):
        head, comma, body = picture.partition(",")
        return wire.base64_bytes(body if comma and head.startswith("data:") else picture, "the picture", MAX_TEXT)
    if isinstance(picture, list):
        return _rows(picture)
    if isinstance(picture, Image.Image):
        return picture
    raise PictureError("A picture is a file, a data URI, base64 text or rows of numbers.")


def _rows(picture):
    """An array of rows of numbers, which may be ragged, too large or no numbers at all."""
    width = len(picture[0]) if picture and isinstance(picture[0], list) else 0
    if not 1 <= len(picture) * width <= MAX_SIDE**2:
        raise PictureError("The rows of numbers are empty or far too many; give (height, width) or (height, width, 3).")
    try:
        array = np.array(picture, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise PictureError("The rows hold something that is no number or are of different lengths.") from None
    if not math.prod(array.shape):
        raise PictureError("The rows of numbers are empty; give (height, width) or (height, width, 3).")
    return array


def whole(value, name, low, high):
    """A whole number given as an argument, within its limits."""
    return wire.whole({name: value}, name, low, high)
