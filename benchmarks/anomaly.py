"""How well a model tells foreign pictures from those it knows, and damaged pixels from whole ones.

python benchmarks/anomaly.py --data-dir DIR [--only PART]

domains: every score of each domain's VAEs, of its own test pictures against test pictures of every other domain in the
same form: grey or in three equal channels, resized. AUROC in %, with DeLong's standard error over the pictures. And
what a threshold that was set for 1 % false alarms on one half of the known pictures does on the other, over 200 random
halvings.
oneclass: one class of digits or clothes known, its test pictures against those of the other nine, by a small
autoencoder and by simple methods; their settings were chosen by benchmarks/oneclass.py.
speed: one picture by every score, and 1,000 files from the command line.
damage: pixels that were painted over, erased or stained (benchmarks/damaged.py).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import RESULTS, arguments, median_ms, parse, report
from damaged import damaged
from oneclass import oneclass, options

from benchmarks.tables.anomaly import anomaly as tables
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.maths.detection import auroc, threshold
from vaedemo.pictures.draw import to_image
from vaedemo.services.anomaly import SCORES, scores
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

FALSE_ALARMS, HALVINGS = 0.01, 200


def domains(library: Library, args: argparse.Namespace) -> dict[str, Any]:
    """{domain: {pictures, models}}, of each model {latent_dim, auroc: {score: {other: (%, error)}}, false_alarms:
    {score: (mean share, its standard deviation)}}."""
    found, rng = {}, np.random.default_rng(0)
    sets = {name: datasets.load(name, "test", args.data_dir).some(args.pictures) for name in SIZED}
    for domain, row in SIZED.items():
        x = {name: other.as_of(row.shape)[:].numpy() for name, other in sets.items()}
        models = []
        for d in library.dims(domain, "vae")[-args.dims if args.dims else None :]:
            each = {name: scores(library, values, ModelKey(domain, "vae", d)) for name, values in x.items()}
            known = each.pop(domain)
            areas = {s: {o: auroc(known[s], values[s]) for o, values in each.items()} for s in known}
            models.append(
                {
                    "latent_dim": d,
                    "auroc": {s: {o: [100 * v for v in a] for o, a in by.items()} for s, by in areas.items()},
                    "false_alarms": {s: _false_alarms(values, rng) for s, values in known.items()},
                }
            )
            print(f"{domain} vae-{d} done", flush=True)
        found[domain] = {"pictures": len(sets[domain]), "models": models}
    return found


def _false_alarms(known: np.ndarray, rng: np.random.Generator) -> list[float]:
    """(mean share, standard deviation) of one half above the threshold of the other, over random halvings."""
    shares = []
    for _ in range(HALVINGS):
        one, other = np.array_split(rng.permutation(known), 2)
        shares.append((other > threshold(one, max(FALSE_ALARMS, 1 / (len(one) + 1)))).mean())
    return [float(np.mean(shares)), float(np.std(shares))]


def speed(library: Library, args: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds of one picture by all scores together, {domain: median}; seconds of the files from the command line,
    by the score that it begins with and by all."""
    one = {}
    for domain in SIZED:
        x, key = datasets.load(domain, "test", args.data_dir).some(args.times + 1)[:].numpy(), library.key(domain)
        one[domain] = median_ms(partial(scores, library, key=key), x)
    with tempfile.TemporaryDirectory() as folder:
        for i, picture in enumerate(datasets.load("digits", "test", args.data_dir).some(args.files)[:].numpy()):
            to_image(picture).save(f"{folder}/{i:05}.png")
        command = [sys.executable, "-m", "vaedemo", "score", folder, "--domain", "digits", "--csv"]
        seconds = {}
        for name, more in (("joint", []), ("all", ["--score", "all"])):
            start = time.perf_counter()
            subprocess.run([*command, *more], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds[name] = time.perf_counter() - start
        count = len(list(Path(folder).iterdir()))
    return {
        "one_ms": one,
        "scores": len(SCORES),
        "files": count,
        "seconds": seconds,
        "threads": torch.get_num_threads(),
    }


PARTS = {"domains": domains, "oneclass": oneclass, "speed": speed, "damage": damaged}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--pictures", type=int, default=1000, help="test pictures of each domain, drawn at random")
    parser.add_argument("--dims", type=int, help="of each domain only so many VAEs, the largest; all if left out")
    parser.add_argument("--files", type=int, default=1000, help="that the command line scores")
    parser.add_argument("--times", type=int, default=20, help="that one picture is scored")
    parser.add_argument("--pictures-damaged", type=int, default=500, help="test pictures of each kind of damage")
    options(parser)
    args = parse(parser, pictures=12, dims=1, files=3, times=1, pictures_damaged=4, steps=2, seeds=2)
    found = {part: PARTS[part](Library(), args) for part in ([args.only] if args.only else PARTS)}
    # Read as late as this, since two runs may be of a domain each.
    path = RESULTS / "anomaly.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    figures.pop("machine", None)
    figures |= {part: figures.get(part, {}) | values for part, values in found.items()}
    report("anomaly", figures, tables(figures))


if __name__ == "__main__":
    main()
