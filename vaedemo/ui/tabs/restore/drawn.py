"""What "Denoise" and "Inpaint" draw of a photograph for the page: itself, its maps and a tile of it, as data URIs."""

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from vaedemo.pictures.draw import to_image
from vaedemo.services.restore.run import Answer
from vaedemo.ui.server import wire

__all__ = ["LIMIT", "Photograph", "SHOWN", "SPREAD", "heat", "maps", "shown", "spread", "tile"]

SHOWN = 1400  # longest side of a photograph as the page shows it
LIMIT = 0.1  # the mean error of a pixel at which a photograph's error map saturates
SPREAD = 0.25  # the spread at which its heat map saturates, as the page draws it


class Photograph(NamedTuple):
    """What a photograph's answers are shown with: y damaged, clean or None, mask (H, W)."""

    y: np.ndarray
    clean: np.ndarray | None
    mask: np.ndarray


def spread(answer: Answer) -> np.ndarray:
    """The mean over the channels (H, W), 1 where the scale ends."""
    return answer.spread.mean(0) / SPREAD


def shown(x: np.ndarray, side: int = SHOWN) -> str:
    image = to_image(x)
    image.thumbnail((side, side), Image.Resampling.HAMMING)
    return wire.data_uri(image)


def heat(values: np.ndarray) -> str:
    """Values (H, W), 1 where their scale ends, in grey, for the page to colour."""
    image = to_image(np.clip(values[None], 0, 1))
    image.thumbnail((512, 512), Image.Resampling.BOX)
    return wire.data_uri(image, lossless=True)


def maps(restored: np.ndarray, about: Photograph) -> dict[str, Any]:
    """What was removed of a photograph, grey where that is nothing, and its error map where the clean one is known."""
    y, clean, mask = about
    maps = {"residual": shown(np.clip(0.5 + (y - restored) * mask * 2, 0, 1))}
    return maps if clean is None else maps | {"error_map": heat(np.abs(restored - clean).mean(0) / LIMIT)}


def tile(box: tuple[float, ...], picture: np.ndarray, whole: np.ndarray) -> dict[str, Any]:
    """A tile for the page: no larger than it is in the picture as that is shown."""
    scale = min(1.0, SHOWN / max(whole.shape[1:]))
    side = max((box[2] - box[0]) * whole.shape[2], (box[3] - box[1]) * whole.shape[1])
    return {"box": [round(share, 6) for share in box], "data": shown(picture, max(1, round(side * scale)))}
