"""A row of `derive`: the settings of the classical methods that suit each noise, chosen on training pictures."""

import json

import torch
import tqdm

from vaedemo import classical, datasets, runtime
from vaedemo.checkpoints import write_atomic
from vaedemo.degrade import NOISES

__all__ = ["derive_classical"]

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
