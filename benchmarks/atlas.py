"""How exact the picture under a pointer is: the atlas of decoded pictures, blended, against the decoder itself.

    python benchmarks/atlas.py --data-dir DIR

A point is anywhere in a map (half of them) or near a code of a test picture (the other half). Prints, for each domain
and model and for each way of storing the atlas, its size and the difference from the exact decode in grey levels; and
what the exact decoder would cost in the browser: its multiply-adds, and the milliseconds of as many in plain
JavaScript.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import torch

from benchmarks.common import report
from vaedemo import datasets, maps
from vaedemo.domains import DOMAINS
from vaedemo.library import Library
from vaedemo.models.describe import layers

GRIDS = (32, 48, 64)
SIDE = 2304  # pixels a side of the largest sheet
QUALITIES = (50, 65, 80, None)
POINTS = 1_000
# A convolution of as many multiply-adds over typed arrays, the inner loop as plain as it can be.
LOOP = """(macs) => {
  const n = 288, rows = Math.max(1, Math.round(macs / n));
  const w = new Float32Array(n).fill(0.01), x = new Float32Array(n + rows).fill(0.5), y = new Float32Array(rows);
  const run = () => {
    for (let r = 0; r < rows; r += 1) {
      let s = 0;
      for (let i = 0; i < n; i += 1) s += w[i] * x[r + i];
      y[r] = s;
    }
  };
  for (let i = 0; i < 5; i += 1) run();
  const times = Array.from({ length: 21 }, () => {
    const t = performance.now();
    run();
    return performance.now() - t;
  });
  return times.sort((a, b) => a - b)[10];
}"""


def in_javascript(macs):
    """Milliseconds of so many multiply-adds in headless Chromium, or None where there is none."""
    path = shutil.which("chromium")
    if path is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        took = browser.new_page().evaluate(LOOP, macs)
        browser.close()
    return round(took, 1)


@torch.no_grad()
def measured(model, points, low, high, seed):
    """A row for each way of storing the atlas of a model."""
    at = maps.hover_points(points, low, high, POINTS, seed)
    exact = 255 * torch.cat([model.decode(z) for z in torch.from_numpy(at).float().split(250)]).numpy()
    for grid in GRIDS:
        if grid * model.config.size > SIDE:
            continue
        tiles = maps.atlas(model, low, high, grid)
        for quality in QUALITIES:
            data = maps.to_webp(tiles, quality)
            read = maps.from_webp(data, grid, model.config.shape)
            for interpolation in maps.INTERPOLATIONS:
                error = np.abs(maps.blend(read, low, high, at, interpolation) - exact)
                yield {
                    "grid": grid,
                    "quality": quality or "lossless",
                    "interpolation": interpolation,
                    "bytes": len(data),
                    "mean": round(float(error.mean()), 2),
                    "p99": round(float(np.quantile(error, 0.99)), 1),
                    "max": round(float(error.max()), 1),
                }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--domain", choices=list(DOMAINS), help="all if left out")
    parser.add_argument("--seed", type=int, default=0, help="of the points")
    args = parser.parse_args()
    torch.set_num_threads(1)
    library, found, rows = Library(), [], []
    for domain in [args.domain] if args.domain else DOMAINS:
        pictures = datasets.load(domain, "test", args.data_dir).first(maps.COUNT)
        for kind in maps.KINDS:
            model = library.model(domain, kind, 2)
            points, sigma = maps.encodings(model, pictures)
            low, high = maps.box(points, 0 if sigma is None else maps.PRIOR_REACH)
            macs = sum(layer.macs for layer in layers(model.config) if layer.part == "decoder")
            took = in_javascript(macs)
            found.append({"domain": domain, "kind": kind, "decoder_macs": macs, "decoder_ms": took, "ways": []})
            for way in measured(model, points, low, high, args.seed):
                found[-1]["ways"].append(way)
                cells = [way["grid"], way["quality"], way["interpolation"], f"{way['bytes'] / 1e3:.0f}"]
                cells += [way["mean"], way["p99"], way["max"], f"{macs / 1e6:.1f} M", took]
                rows.append([f"{domain} {kind}", *cells])
    columns = ["map", "grid", "WebP", "between tiles", "kB", "mean", "99 %", "largest", "decoder", "its ms"]
    report("atlas", {"maps": found}, columns, rows)


if __name__ == "__main__":
    main()
