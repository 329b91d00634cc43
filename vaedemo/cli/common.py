"""What the commands share: a picture read and made ready for a domain, and one written."""

import io

from PIL import Image

from vaedemo import pictures
from vaedemo.checkpoints import write_atomic
from vaedemo.domains import get_domain
from vaedemo.errors import ConfigError

__all__ = ["read_picture", "write_picture"]


def read_picture(path, domain=None, fit="crop", polarity="auto"):
    """(x float32 (C, H, W) in [0, 1], name of the domain): a file as a domain's models see it, None for the domain that
    suits it."""
    source = pictures.read(path)
    row = get_domain(domain or pictures.propose_domain(source))
    made = pictures.prepare(
        source, channels=row.channels, size=row.size, strokes=row.strokes, fit=fit, polarity=polarity
    )
    return made.x, row.name


def write_picture(image, path):
    """Write a PIL picture in the format that the path's ending names."""
    known = Image.registered_extensions()
    if path.suffix.lower() not in known:
        raise ConfigError(
            f"{path.name} has no ending of a picture format; name it for example {path.stem or 'out'}.png"
        )
    buffer = io.BytesIO()
    try:
        image.save(buffer, known[path.suffix.lower()])
    except (OSError, KeyError, ValueError):
        raise ConfigError(f"a picture cannot be written as {path.suffix}; choose .png, .jpg or .webp") from None
    write_atomic(path, buffer.getvalue())
