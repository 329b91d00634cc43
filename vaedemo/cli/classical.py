"""A row of `derive`: the settings of the classical methods that suit each noise, chosen on training pictures."""

import json

import torch
import tqdm

from vaedemo import runtime
from vaedemo.data import datasets
from vaedemo.data.damage import NOISES
from vaedemo.data.domains import PHOTOS, damages_of
from vaedemo.data.photos import as_grey, open_photos
from vaedemo.services.restore import classical
from vaedemo.store.checkpoints import write_atomic

__all__ = ["derive_classical", "derive_photos"]

HELD_OUT = 2000  # training pictures that no model was trained on
PICTURES = {"shapes": 8}  # of these for tuning, the first; larger pictures take longer
USUAL = 12


def derive_classical(library, domain, load, seed):
    """Tune the classical methods for a domain and write their settings; what was made, a dict. load(split) gives
    Pictures. Values as a file holds them, and of Gaussian noise also unclipped; the same noise for both."""
    path = library.folder / domain / classical.FILE
    held_out = datasets.held_out(load("train"), HELD_OUT)[1]
    x = held_out[torch.arange(min(PICTURES.get(domain, USUAL), len(held_out)))]
    wanted = [
        (kind, level, clip)
        for kind in NOISES
        for clip in ((True, False) if kind == "gaussian" else (True,))
        for level in classical.levels(kind)
    ]
    rows = []
    for kind, level, clip in tqdm.tqdm(wanted, desc=f"{domain} classical", disable=None, unit="noise"):
        methods = classical.tune(x, kind, level, runtime.generator("classical", seed, kind, level), clip)
        rows.append({"kind": kind, "level": level, "clip": clip, "methods": methods})
    write_atomic(path, (json.dumps({"pictures": len(x), "rows": rows}, indent=1) + "\n").encode())
    classical.read_settings.cache_clear()
    return {"pictures": len(x), "rows": len(rows), "bytes": path.stat().st_size}


PHOTO_SIDE, PHOTO_EVERY = 96, 5  # pixels a side of the middle of every fifth held-out photograph


def derive_photos(library, folder, seed):
    """The same of photographs in folder/cid22 and folder/clic, in colour and turned grey (one channel)."""
    held_out = open_photos(folder)
    crops = []
    for row in held_out.held_out[::PHOTO_EVERY]:
        picture = torch.from_numpy(held_out.picture(row).copy()).permute(2, 0, 1)
        top, left = ((side - PHOTO_SIDE) // 2 for side in picture.shape[1:])
        crops.append(picture[:, top : top + PHOTO_SIDE, left : left + PHOTO_SIDE] / 255)
    x, rows = torch.stack(crops), []
    for kind, (low, high, usual) in damages_of(PHOTOS).noises.items():
        for level in sorted({low + (high - low) / 6, usual, (low + high) / 2 + (high - low) / 4}):
            for clean in (x, as_grey(x)[:, :1]):
                generator = runtime.generator("classical", seed, kind, level)
                methods = classical.tune(clean, kind, level, generator)
                rows.append(
                    {"kind": kind, "level": level, "clip": True, "channels": clean.shape[1], "methods": methods}
                )
    path = library.folder / PHOTOS / classical.FILE
    write_atomic(path, (json.dumps({"pictures": len(x), "rows": rows}, indent=1) + "\n").encode())
    classical.read_settings.cache_clear()
    return {"pictures": len(x), "rows": len(rows), "bytes": path.stat().st_size}
