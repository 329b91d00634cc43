"""What to show at the pointer over a map: a sheet of decoded pictures, blended, or the decoder in the browser.

    python benchmarks/atlas.py --data-dir DIR

Half of the points are anywhere in a map, half at the code of a test picture, moved by 0.3 % of the map's side. For
each domain and model, and each way of storing a sheet as WebP: its size and the difference of the blended picture from
the exact decode in grey levels. Then the decoder in headless Chromium (ui/page/maths/decoder.js), with WebAssembly's
SIMD and without: its size, the same difference, and the milliseconds of a picture.
"""

import io
import shutil
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from common import arguments, parse, report
from PIL import Image

from benchmarks.tables.atlas import atlas
from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.models.autoencoder import Model
from vaedemo.models.describe import layers
from vaedemo.store import maps
from vaedemo.store.checkpoints import Entry, decoder_bytes
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.server.component import UI

GRIDS = (32, 48, 64)
SIDE = 2304  # pixels a side of the largest sheet that phones can hold
QUALITIES = (65, 90, None)  # None: lossless
POINTS = 1_000
JITTER = 0.003
HOST = "http://page.test/"
DECODE = """async ([file, codes, simd, rounds]) => {
  const { createDecoder } = await import("/decoder.js");
  const decoder = createDecoder(await (await fetch(file)).arrayBuffer(), { simd });
  const { channels, size } = decoder.config;
  const out = new Uint8Array(channels * size * size);
  const pictures = codes.map((z) => [...decoder.decode(z, out)]);
  const times = [];
  for (let i = 0; i < rounds; i += 1) {
    const from = performance.now();
    for (let k = 0; k < 5; k += 1) decoder.decode(codes[(5 * i + k) % codes.length], out); // the clock is coarse
    times.push((performance.now() - from) / 5);
  }
  times.sort((a, b) => a - b);
  return { pictures, least: times[0], median: times[rounds >> 1] };
}"""


def hover_points(codes: np.ndarray, low: np.ndarray, high: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Points (n, 2) where a pointer may be."""
    random = np.random.default_rng(seed)
    anywhere = random.uniform(low, high, (n // 2, 2))
    near = codes[random.integers(0, len(codes), n - n // 2)]
    near = near + random.normal(size=near.shape) * (high - low) * JITTER
    return np.concatenate([anywhere, np.clip(near, low, high)])


def decoded(model: Model, z: np.ndarray) -> np.ndarray:
    """Pictures float32 (N, C, H, W) in grey levels 0..255 of codes (N, 2)."""
    return 255 * torch.cat([model.decode(part) for part in torch.from_numpy(z).float().split(250)]).numpy()


def sheet_of(model: Model, low: np.ndarray, high: np.ndarray, grid: int) -> np.ndarray:
    """Pictures uint8 (G, G, C, H, W) on a grid over the box, rows from high z2 to low."""
    step = np.linspace(0, 1, grid)
    z1, z2 = np.meshgrid(low[0] + (high[0] - low[0]) * step, high[1] - (high[1] - low[1]) * step)
    tiles = decoded(model, np.stack([z1, z2], -1).reshape(-1, 2)).round().astype(np.uint8)
    return tiles.reshape(grid, grid, *tiles.shape[1:])


def stored(tiles: np.ndarray, quality: int | None) -> tuple[int, np.ndarray]:
    """(bytes of the WebP sheet, the tiles that are read from it)."""
    grid, _, channels, height, width = tiles.shape
    sheet = tiles.transpose(0, 3, 1, 4, 2).reshape(grid * height, grid * width, channels)
    buffer = io.BytesIO()
    how: dict[str, Any] = {"quality": quality} if quality else {"lossless": True}
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(buffer, "WEBP", method=6, **how)
    decoded = np.asarray(Image.open(buffer).convert("L" if channels == 1 else "RGB"))
    return buffer.tell(), decoded.reshape(grid, height, grid, width, channels).transpose(0, 2, 4, 1, 3)


def weights(t: np.ndarray, interpolation: str) -> np.ndarray:
    """Weights (N, 4) of the tiles at -1, 0, 1, 2 for fractions t (N,): linear, or Catmull & Rom 1974."""
    if interpolation == "linear":
        return np.stack([0 * t, 1 - t, t, 0 * t], 1)
    cubic = [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3]
    return 0.5 * np.stack(cubic, 1)


def blended(tiles: np.ndarray, low: np.ndarray, high: np.ndarray, points: np.ndarray, interpolation: str) -> np.ndarray:
    """Pictures (N, C, H, W) in grey levels at points (N, 2), from the tiles around them."""
    grid = len(tiles)
    share = np.clip((points - low) / (high - low), 0, 1)
    places = np.stack([share[:, 0], 1 - share[:, 1]], 1) * (grid - 1)
    first = np.minimum(places.astype(int), grid - 2)
    (columns, rows), (wx, wy) = first.T, (weights(places[:, k] - first[:, k], interpolation) for k in (0, 1))
    pictures = np.zeros((len(places), *tiles.shape[2:]), np.float32)
    for j in range(4):
        for i in range(4):
            near = tiles[np.clip(rows + j - 1, 0, grid - 1), np.clip(columns + i - 1, 0, grid - 1)]
            pictures += (wy[:, j] * wx[:, i]).astype(np.float32)[:, None, None, None] * near
    return np.clip(pictures, 0, 255)


def difference(pictures: np.ndarray, exact: np.ndarray) -> dict[str, float]:
    """Mean, 99th percentile and largest difference in grey levels; the mean at the codes, the second half."""
    error = np.abs(pictures.reshape(exact.shape) - exact)
    figures = {"mean": error.mean(), "mean_at_codes": error[len(error) // 2 :].mean()}
    figures |= {"p99": np.quantile(error, 0.99), "max": error.max()}
    return {name: round(float(value), 2) for name, value in figures.items()}


def sheets(
    model: Model, at: np.ndarray, exact: np.ndarray, low: np.ndarray, high: np.ndarray, grids: Iterable[int] = GRIDS
) -> Iterator[dict[str, Any]]:
    """A row for each way of storing the sheet of a model."""
    for grid in sorted({min(grid, SIDE // model.config.size) for grid in grids}):
        tiles = sheet_of(model, low, high, grid)
        for quality in QUALITIES:
            size, read = stored(tiles, quality)
            for interpolation in ("linear", "cubic"):
                pictures = blended(read, low, high, at, interpolation)
                way = {"way": "sheet", "grid": grid, "quality": quality or "lossless", "between": interpolation}
                yield way | {"bytes": size} | difference(pictures, exact)


def in_browser(entry: Entry, at: np.ndarray, exact: np.ndarray) -> Iterator[dict[str, Any]]:
    """A row for the decoder in headless Chromium, with SIMD and without; none where there is no Chromium."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        return
    data = decoder_bytes(entry.path)
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"]).new_page()
        page.route(HOST, lambda route: route.fulfill(body="<title>decoder</title>", content_type="text/html"))
        page.route(
            f"{HOST}*.js", lambda route: route.fulfill(path=UI / "page/maths" / route.request.url.split("/")[-1])
        )
        page.route(f"{HOST}{entry.path.name}", lambda route: route.fulfill(body=data))
        page.goto(HOST)
        for simd, few in ((True, slice(None, None, 10)), (False, slice(None, None, 50))):
            told = page.evaluate(DECODE, [entry.path.name, at[few].tolist(), simd, 100])
            figures = difference(np.array(told["pictures"], np.float32), np.round(exact[few]))
            way = {"way": "decoder, SIMD" if simd else "decoder, JavaScript", "bytes": len(data)}
            yield way | figures | {"ms": round(told["median"], 2), "ms_least": round(told["least"], 2)}


@torch.no_grad()
def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--domain", choices=list(SIZED), help="all if left out")
    parser.add_argument("--seed", type=int, default=0, help="of the points")
    parser.add_argument("--points", type=int, default=POINTS, help="of each map")
    parser.add_argument("--grids", type=int, nargs="*", default=GRIDS, help="pictures a side of the sheets")
    args = parse(parser, domain="digits", points=20, grids=[8])
    torch.set_num_threads(1)
    library, found = Library(), []
    for domain in [args.domain] if args.domain else SIZED:
        pictures = datasets.load(domain, "test", args.data_dir).first(maps.COUNT)
        for entry in [e for e in library.entries if e.key in [ModelKey(domain, kind, 2) for kind in maps.KINDS]]:
            model = library.model(entry.key)
            codes, sigma = maps.encodings(model, pictures)
            low, high = maps.box(codes, 0 if sigma is None else maps.PRIOR_REACH)
            at = hover_points(codes, low, high, args.points, args.seed).astype(np.float32)
            exact = decoded(model, at)
            ways = list(in_browser(entry, at, exact))
            ways += sheets(model, at, exact, low, high, args.grids)
            macs = sum(layer.macs for layer in layers(model.config) if layer.part == "decoder")
            found.append({"domain": domain, "kind": entry.key.kind, "decoder_macs": macs, "ways": ways})
    report("atlas", {"maps": found}, atlas({"maps": found}))


if __name__ == "__main__":
    main()
