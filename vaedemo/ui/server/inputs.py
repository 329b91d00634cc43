"""One way in: a picture in any form that the page or a caller may give it -> x, and a model's words -> its ModelKey."""

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from vaedemo.data.domains import get_domain
from vaedemo.errors import PictureError
from vaedemo.pictures import shapes
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.examples import EXAMPLES, example
from vaedemo.store.inputs import Seen, seen
from vaedemo.store.key import ModelKey
from vaedemo.ui.server import addresses, wire

if TYPE_CHECKING:
    from vaedemo.ui.server.service import Service

__all__ = ["example_names", "key_of", "page_source", "prepared", "shown_example", "source_of", "whole"]

MAX_DATA_URI = 8_000_000  # characters of a drawing or a webcam picture
MAX_TEXT = 35_000_000  # characters of a caller's picture in base64
MAX_SIDE = 4096  # of a picture given as rows of numbers

# Examples of the shapes domain: shape, size, angle, x, y as in shapes.FACTORS.
_SHAPES = {
    "heart": (2, 1.0, 0.0, 0.5, 0.5),
    "square": (0, 0.9, 0.35, 0.42, 0.46),
    "ellipse": (1, 1.0, 0.8, 0.55, 0.5),
    "small heart": (2, 0.6, 2.4, 0.35, 0.62),
    "small square": (0, 0.55, 0.0, 0.66, 0.36),
    "small ellipse": (1, 0.6, 2.1, 0.62, 0.66),
}


def example_names(domain: str) -> tuple[str, ...]:
    """Names of the examples of a domain; one that is not shipped has the photographs, which any model can be shown."""
    return tuple(_SHAPES) if domain == "shapes" else EXAMPLES.get(domain, EXAMPLES["objects"])


@functools.cache
def shown_example(domain: str, name: str) -> Image.Image:
    """The example of this name itself, upright; not to be changed."""
    if domain != "shapes":
        return example(domain if domain in EXAMPLES else "objects", name)
    x = shapes.draw(torch.tensor([_SHAPES[name]]), get_domain("shapes").shape[1])
    return to_image(x[0].numpy())


def page_source(service: "Service", given: Any) -> Any:
    """Something that read takes, of what the page sends: {"example", "domain"}, {"upload"} or {"data"}."""
    given = given if isinstance(given, dict) else {}
    if "example" in given:
        domain, name = wire.text(given, "domain"), wire.text(given, "example")
        row = service.library.domain(domain)
        whose = row.like or row.name
        if name not in example_names(whose):
            raise wire.RequestError(f"there is no example {name!r} of {domain}")
        return shown_example(whose, name)
    if "upload" in given:
        return service.uploads.path(given["upload"])
    if "data" in given:
        data = given["data"]
        head, _, body = data.partition(",") if isinstance(data, str) else ("", "", "")
        if not (head.startswith("data:image/") and head.endswith(";base64")):
            raise PictureError("This is not a picture; choose a PNG, JPEG, WebP, GIF, TIFF or BMP file.")
        return wire.base64_bytes(body, "the picture", MAX_DATA_URI)
    raise wire.RequestError("a source is an object with one of example, upload, data")


def source_of(service: "Service", picture: Any) -> Any:
    """Something that read takes, of a picture in any of the forms that the endpoints take."""
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


def _rows(picture: list[Any]) -> np.ndarray:
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


def prepared(service: "Service", picture: Any, domain: str, fit: str, polarity: str) -> Seen:
    """A caller's picture as the models of a domain see it, "" for the domain that suits it."""
    if not all(isinstance(word, str) for word in (domain, fit, polarity)):
        raise wire.RequestError("domain, fit and polarity have to be texts")
    if domain:
        service.library.domain(domain)  # UnknownDomain, before anything is fetched
    source = source_of(service, picture)
    with service.decoders_turn:
        return seen(service.library, source, domain, fit, polarity)


def key_of(service: "Service", domain: str, kind: Any, latent_dim: Any, beta: Any, usual: str = "vae") -> ModelKey:
    """The ModelKey of a call, checked; a kind of "" is the usual one, or one that the domain has."""
    return service.library.key(*wire.model_key(domain, kind, latent_dim, beta), usual=usual)


def whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number given as an argument, within its limits."""
    return wire.whole({name: value}, name, low, high)
