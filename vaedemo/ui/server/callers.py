"""What the endpoints share: a picture in any form a caller may give it, and failures as sentences."""

import contextlib
import functools
import logging
import math

import gradio as gr
import numpy as np
from PIL import Image

from vaedemo.errors import PictureError, VaedemoError
from vaedemo.pictures.prepare import prepare
from vaedemo.pictures.read import read
from vaedemo.ui.server import addresses, wire

__all__ = ["key_of", "plain", "prepared", "sentences", "source_of", "whole"]

MAX_TEXT = 35_000_000  # characters of a picture in base64
MAX_SIDE = 4096  # of a picture given as rows of numbers
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def sentences():
    """Whatever fails within becomes gr.Error of one sentence, which is all that a caller sees."""
    try:
        yield
    except gr.Error:
        raise
    except VaedemoError as error:
        raise gr.Error(wire.sentence(error), print_exception=False) from None
    except Exception:  # whatever it is, the caller gets a sentence and the log the trace
        _log.exception("a call failed")
        raise gr.Error(wire.FAILED, print_exception=False) from None


def plain(function):
    """The endpoint with every failure as a sentence."""

    @functools.wraps(function)
    def endpoint(*args, **kwargs):
        with sentences():
            return function(*args, **kwargs)

    return endpoint


def prepared(service, picture, domain, fit, polarity):
    """(x float32 (C, H, W) in [0, 1], domain name) of a picture in any of the forms the endpoints take."""
    if not all(isinstance(word, str) for word in (domain, fit, polarity)):
        raise wire.RequestError("domain, fit and polarity have to be texts")
    row = service.library.domain(domain) if domain else None
    source = source_of(service, picture)
    with service.decoders_turn:
        image = read(source)
        row = row or service.library.domain(service.library.proposed(image))
        made = prepare(image, channels=row.channels, size=row.size, strokes=row.strokes, fit=fit, polarity=polarity)
    return made.x, row.name


def key_of(library, domain, kind, latent_dim, beta, usual):
    """The ModelKey of a call, checked; a kind of "" is the usual one, or one that the domain has."""
    return library.key(*wire.model_key(domain, kind, latent_dim, beta), usual=usual)


def source_of(service, picture):
    """Something that read takes."""
    if isinstance(picture, dict):  # as Gradio's clients describe a file: what they uploaded, or an address
        path = picture.get("path") or picture.get("url")
        if not (addresses.is_address(path) or wire.is_data_uri(path)):
            return service.uploads.path(path)
        picture = path
    if addresses.is_address(picture):
        return addresses.fetch(picture)
    if isinstance(picture, str):
        return wire.base64_bytes(picture, "the picture", MAX_TEXT)
    if isinstance(picture, list):
        return _rows(picture)
    if isinstance(picture, Image.Image):
        return picture
    raise PictureError("A picture is a file, an address, a data URI, base64 text or rows of numbers; this is none.")


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
