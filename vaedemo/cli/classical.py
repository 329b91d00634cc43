"""A row of `derive`: the settings of the classical methods that suit each noise, chosen on training pictures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import tqdm
from torch import Tensor

from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.data.damage import NOISES
from vaedemo.data.domains import DOMAINS
from vaedemo.data.photos import as_grey, open_photos
from vaedemo.services.restore import classical
from vaedemo.store.checkpoints import write_atomic
from vaedemo.store.library import Library

__all__ = ["derive_classical", "derive_photos"]

HELD_OUT = 2000  # training pictures that no model was trained on
PICTURES = {"shapes": 8}  # of these for tuning, the first; larger pictures take longer
USUAL = 12
PHOTO_SIDE, PHOTO_EVERY = 96, 5  # pixels a side of the middle of every fifth held-out photograph
Case = tuple[dict[str, Any], Tensor]  # a row's kind, level and clip, and the pictures it is tuned on


def derive_classical(
    library: Library, domain: str, load: Callable[[str], datasets.Pictures], seed: int
) -> dict[str, int]:
    """Tune the classical methods for a domain and write their settings; what was made, a dict. load(split) gives
    Pictures. Values as a file holds them, and of Gaussian noise also unclipped; the same noise for both."""
    held_out = datasets.held_out(load("train"), HELD_OUT)[1]
    x = held_out[torch.arange(min(PICTURES.get(domain, USUAL), len(held_out)))]
    cases = [
        ({"kind": kind, "level": level, "clip": clip}, x)
        for kind in NOISES
        for clip in ((True, False) if kind == "gaussian" else (True,))
        for level in classical.levels(kind)
    ]
    return _tuned(library, domain, cases, seed)


def derive_photos(library: Library, folder: Path, seed: int) -> dict[str, int]:
    """The same of photographs in folder/cid22 and folder/clic, in colour and turned grey (one channel)."""
    photos = open_photos(folder)
    crops = []
    for row in photos.held_out[::PHOTO_EVERY]:
        picture = torch.from_numpy(photos.picture(row).copy()).permute(2, 0, 1)
        top, left = ((side - PHOTO_SIDE) // 2 for side in picture.shape[1:])
        crops.append(picture[:, top : top + PHOTO_SIDE, left : left + PHOTO_SIDE] / 255)
    x, cases = torch.stack(crops), []
    for kind, (low, high, usual) in DOMAINS["photos"].damages.noises.items():
        for level in sorted({low + (high - low) / 6, usual, (low + high) / 2 + (high - low) / 4}):
            for clean in (x, as_grey(x)[:, :1]):
                cases.append(({"kind": kind, "level": level, "clip": True, "channels": clean.shape[1]}, clean))
    return _tuned(library, "photos", cases, seed)


def _tuned(library: Library, domain: str, cases: list[Case], seed: int) -> dict[str, int]:
    rows, path = [], library.folder / domain / classical.FILE
    for row, x in tqdm.tqdm(cases, desc=f"{domain} classical", disable=None, unit="noise"):
        generator = runtime.generator("classical", seed, row["kind"], row["level"])
        rows.append(row | {"methods": classical.tune(x, row["kind"], row["level"], generator, row["clip"])})
    write_atomic(path, (json.dumps({"pictures": len(x), "rows": rows}, indent=1) + "\n").encode())
    classical.read_settings.cache_clear()
    return {"pictures": len(x), "rows": len(rows), "bytes": path.stat().st_size}
