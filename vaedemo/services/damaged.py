"""Where a known picture is damaged: painted over, erased or stained."""

import numpy as np
import torch

from vaedemo.store.inputs import checked_pictures
from vaedemo.store.library import Library

__all__ = ["damage_map"]

BATCH = 100  # pictures at once


@torch.no_grad()
def damage_map(library: Library, x: np.ndarray, domain: str) -> np.ndarray:
    """The probability in [0, 1] that a pixel's value was changed by more than data.painted.CHANGED, float32 (N, H, W),
    of pictures x, float32 (N, C, H, W) in [0, 1], of a domain; if damage comes as often as where the network learned,
    at about one pixel in twelve (data/spoiled.py)."""
    finder, pictures = library.finder(domain), checked_pictures(x, library.domain(domain))
    found = [finder(part).sigmoid() for part in pictures.split(BATCH)] if len(pictures) else []
    return torch.cat(found).numpy() if found else np.zeros((0, *pictures.shape[2:]), np.float32)
