"""What the page knows of a domain whose pictures are restored, before it asks."""

from typing import Any

from vaedemo.data.domains import get_domain
from vaedemo.store.library import Library
from vaedemo.ui.server.inputs import example_names

__all__ = ["LOSSLESS", "described"]

LOSSLESS = 4_000_000  # pixels up to which a photograph is given back as PNG, and has samples


def described(library: Library, name: str) -> dict[str, Any] | None:
    """A domain's pictures, and what its model was trained for; None where nothing restores them."""
    if not library.restores(name):
        return None
    row = get_domain(name, library.restorable)
    d = row.damages
    levels = {k: dict(zip(("low", "high", "usual"), v, strict=True)) for k, v in d.noises.items()}
    return {
        "channels": row.channels,
        "size": row.size,
        "strokes": row.strokes,
        "examples": list(example_names(row.like or name)),
        "noises": levels,
        "mask": d.mask,
        "strongest": d.strongest,
        "hole": d.hole,
        "samples": list(d.samples),
        "usual": d.usual_samples,
        "sampled": LOSSLESS if row.size is None else None,
        **({"like": row.like} if row.like else {}),
    }
