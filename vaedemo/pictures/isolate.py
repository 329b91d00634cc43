"""One figure on an even ground: found, trimmed and placed as in MNIST and Fashion-MNIST, and its domain guessed.

Every picture here is a PIL image of mode "L" or "RGB", or an array (H, W).
"""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

__all__ = ["Box", "Corners", "Features", "dark_on_light", "features", "figure", "propose_domain", "resize"]

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels and fractions of them
Corners = tuple[int, int, int, int]  # the same in whole pixels

_WORK = 512  # longest side on which a figure is looked for
_SMALL = 128  # longest side on which a picture is judged
_COARSE = 64  # longest side on which the ground is measured and pieces of a figure are told apart
_FAINT = 0.08  # difference from the ground, of the full range, below which there is nothing
_THIN = 1.9  # pixels at 28: one MNIST digit in ten has thinner strokes
_DIGIT_BOX = 20 / 28  # of the side, as in MNIST


def figure(image: Image.Image, size: int, strokes: str, polarity: str) -> tuple[Image.Image, bool, Box, Corners]:
    """Light figure on black, mode "L" (size, size), from mode "L"; whether light and dark were exchanged; and which box
    of the image lies in which corners of the figure."""
    inverted = polarity == "invert" or (polarity == "auto" and dark_on_light(image))
    if inverted:
        image = image.point([255 - v for v in range(256)])
    whole, square = (0, 0, *image.size), (0, 0, size, size)
    if image.size == (size, size):
        return image, inverted, whole, square
    g = _grey(image, _WORK)
    light = _ink(g) if strokes == "digits" else _cloth(g)
    box = _box(light > (0.3 if strokes == "digits" else 0))
    if box is None:
        return Image.new("L", (size, size)), inverted, whole, square
    left, top, right, bottom = box
    trimmed = _image(light[top:bottom, left:right])
    drawn, grow, to = (_digit if strokes == "digits" else _garment)(trimmed, size)
    across, down = image.width / g.shape[1], image.height / g.shape[0]
    box = ((left - grow) * across, (top - grow) * down, (right + grow) * across, (bottom + grow) * down)
    return drawn, inverted, box, to


def _image(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.round(values * 255).clip(0, 255).astype(np.uint8))


def _edge(a: np.ndarray) -> np.ndarray:
    """The values along the edge, one dimension, from a band of a twentieth of the picture."""
    band = max(1, min(a.shape) // 20)
    return np.concatenate([a[:band].ravel(), a[-band:].ravel(), a[:, :band].ravel(), a[:, -band:].ravel()])


def resize(image: Image.Image, width: int, height: int) -> Image.Image:
    """Antialiased. Hamming neither rings nor shifts when it makes smaller; bicubic is smooth when it makes larger."""
    larger = width * height > image.width * image.height
    return image.resize((width, height), Image.Resampling.BICUBIC if larger else Image.Resampling.HAMMING)


def dark_on_light(image: Image.Image) -> bool:
    """Whether the ground, as seen along the edge, is closer to the picture's lightest than to its darkest."""
    low, high = np.percentile(_levelled(_grey(image, _SMALL)), (0.3, 99.7))
    return bool(-low > high)


def _grey(image: Image.Image, longest: int) -> np.ndarray:
    """Values in [0, 1], (H, W), not more than `longest` on a side."""
    return np.asarray(_within(image.convert("L"), longest), np.float32) / 255


def _within(image: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(image.size)
    return resize(image, *(max(1, round(side * scale)) for side in image.size)) if scale < 1 else image


def _levelled(g: np.ndarray) -> np.ndarray:
    """Differences from the ground: the edge's median, or a plane through the edge where that fits clearly better."""
    flat = g - np.median(_edge(g))
    height, width = g.shape
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    design = np.stack([_edge(np.ones_like(g)), _edge(rows), _edge(columns)], axis=1)
    slope = np.linalg.lstsq(design, _edge(g), rcond=None)[0]
    sloped = g - slope[0] - slope[1] * rows - slope[2] * columns
    return sloped if np.abs(_edge(sloped)).mean() < 0.5 * np.abs(_edge(flat)).mean() else flat


def _ink(g: np.ndarray) -> np.ndarray:
    """Light strokes on an unevenly lit ground, (H, W) -> (H, W) in [0, 1]: 0 the ground, 1 the strokes."""
    from scipy.ndimage import grey_opening
    from skimage.filters import threshold_otsu

    height, width = g.shape
    coarse = _within(_image(g), _COARSE)
    # An opening wider than any stroke leaves the ground; what stands above it is ink.
    wide = 2 * round(0.14 * max(coarse.size)) + 1
    opened = grey_opening(np.asarray(coarse), wide, mode="nearest")
    ground = Image.fromarray(opened).filter(ImageFilter.GaussianBlur(wide / 4))
    above = g - np.asarray(ground.resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255
    if np.ptp(above) < _FAINT:
        return np.zeros_like(g)
    count, edges = np.histogram(above, 256, (-1, 1))
    ink = above > threshold_otsu(hist=(count, edges[1:]))
    paper, pen = np.median(above[~ink]), np.median(above[ink])
    grain = 1.5 * np.median(np.abs(above[~ink] - paper))
    if pen - paper < max(_FAINT, 4 * grain):
        return np.zeros_like(g)
    dark, light = paper + max(3 * grain, 0.15 * (pen - paper)), paper + 0.85 * (pen - paper)
    return ((above - dark) / (light - dark)).clip(0, 1)


def _cloth(g: np.ndarray) -> np.ndarray:
    """What differs from an even ground, (H, W) -> (H, W) in [0, 1]; tones kept, the ground's own becomes 0."""
    # Not the median: trimmed clothes may fill most of the edge.
    ground = float(np.percentile(_edge(g), 25))
    spread = 3 * float(np.median(np.abs(_edge(g) - ground)))
    light = ((g - ground) / max(1 - ground, 1e-3)).clip(0, 1)
    return np.where(light > max(0.05, min(spread, 0.3)), light, 0)


def _box(mask: np.ndarray) -> Corners | None:
    """Corners of the figure without specks and without shadows along the edge, or None."""
    from scipy import ndimage
    from skimage.measure import block_reduce

    if not mask.any():
        return None
    step = -(-max(mask.shape) // _COARSE)
    mass = block_reduce(mask, step, np.sum)
    label, pieces = ndimage.label(mass > 0, np.ones((3, 3)))
    weight = np.bincount(label.ravel(), mass.ravel())
    edge = np.isin(np.arange(pieces + 1), _edge(label))
    kept = weight >= np.where(edge, 0.3, 0.03) * weight.max()
    there = np.repeat(np.repeat(kept[label] & (mass > 0), step, 0), step, 1)
    return Image.fromarray(mask & there[: mask.shape[0], : mask.shape[1]]).getbbox()


def _digit(trimmed: Image.Image, size: int) -> tuple[Image.Image, int, Corners]:
    """A trimmed figure placed as in MNIST: longer side 20/28 of the size, centre of mass in the middle; by how many
    pixels it was thickened on each side, and the corners in which it lies."""
    target = max(1, round(_DIGIT_BOX * size))
    a = np.asarray(trimmed, np.float32) / 255
    outline = np.pad(a, 1)
    length = sum(np.abs(np.diff(outline, axis=axis)).sum() for axis in (0, 1)) * np.pi / 4
    scale, grow = target / max(trimmed.size), 0
    thickness = 2 * a.sum() / max(length, 1e-6) * scale * 28 / size
    if thickness < _THIN and scale < 1:
        # A fine pen would fade away when it is scaled down.
        grow = round((_THIN - thickness) * size / 28 / scale / 2)
        trimmed = _thickened(trimmed, grow)
        scale = target / max(trimmed.size)
    width, height = (max(1, round(side * scale)) for side in trimmed.size)
    a = np.asarray(resize(trimmed, width, height), np.float32)
    a *= 255 / max(a.max(), 1)
    mass = max(a.sum(), 1e-6)
    left = size / 2 - (a.sum(0) * np.arange(width)).sum() / mass
    top = size / 2 - (a.sum(1) * np.arange(height)).sum() / mass
    left, top = max(0, min(round(left), size - width)), max(0, min(round(top), size - height))
    canvas = Image.new("L", (size, size))
    canvas.paste(Image.fromarray(np.round(a).astype(np.uint8)), (left, top))
    return canvas, grow, (left, top, left + width, top + height)


def _thickened(trimmed: Image.Image, grow: int) -> Image.Image:
    """Strokes thicker by `grow` pixels on each side."""
    from scipy.ndimage import maximum_filter

    return Image.fromarray(maximum_filter(np.pad(np.asarray(trimmed), grow), 2 * grow + 1))


def _garment(trimmed: Image.Image, size: int) -> tuple[Image.Image, int, Corners]:
    """A trimmed figure scaled to the whole size, centred on black; returns as _digit()."""
    width, height = (max(1, round(side * size / max(trimmed.size))) for side in trimmed.size)
    canvas = Image.new("L", (size, size))
    left, top = (size - width) // 2, (size - height) // 2
    canvas.paste(resize(trimmed, width, height), (left, top))
    return canvas, 0, (left, top, left + width, top + height)


class Features(NamedTuple):
    """What propose_domain() looks at; shares are of all pixels unless said otherwise."""

    light: bool  # the figure is lighter than its ground
    coloured: float  # share whose colour differs from the ground's
    even: float  # share of the edge that is ground
    share: float  # share that is figure
    thick: float  # diameter of the largest disc in the figure, over the figure's longer side
    full: float  # share of the figure whose difference from the ground is close to the largest
    solid: float  # share of the figure's bounding box that it fills
    faint: float  # half-tones between figure and ground, as a share of the figure


def features(picture: Image.Image) -> Features:
    """Features of a picture of mode "L" or "RGB"."""
    from scipy.ndimage import distance_transform_cdt

    small = _within(picture, _SMALL)
    rgb = np.asarray(small.convert("RGB"), np.float32) / 255
    ground = [np.median(_edge(rgb[..., channel])) for channel in range(3)]
    coloured = (np.ptp(rgb - np.asarray(ground, np.float32), axis=2) > 0.12).mean()
    light = not dark_on_light(small)
    g = _levelled(_grey(small, _SMALL)) * (1 if light else -1)
    height = max(np.percentile(g, 99.5), _FAINT)
    mask = g > 0.5 * height
    even = (np.abs(_edge(g)) < 0.2 * height).mean()
    thick = full = solid = faint = 0.0
    if mask.any():
        sides = [np.ptp(np.flatnonzero(mask.any(axis))) + 1 for axis in (0, 1)]
        depth = distance_transform_cdt(np.pad(mask, 1), "taxicab").max()  # of the figure, in steps of a pixel
        thick = 2 * depth / max(sides)
        full = (g[mask] > 0.8 * height).mean()
        solid = mask.sum() / (sides[0] * sides[1])
        faint = ((g > 0.2 * height) & ~mask).sum() / mask.sum()
    return Features(light, *map(float, (coloured, even, mask.mean(), thick, full, solid, faint)))


def propose_domain(picture: Image.Image) -> str:
    """The name of the domain that a picture of mode "L" or "RGB" seems to belong to.

    Strokes on an even ground (a coloured pen will do) are digits; one solid light figure of a single tone is a shape;
    other grey figures on an even ground are clothes; colours and full scenes are objects. Right for 97 of 100 test
    pictures of MNIST, 95 of Fashion-MNIST, 95 of CIFAR-10 and 99 generated shapes (the first 1,000 of each).
    """
    f = features(picture)
    # A linear rule, fitted to training pictures of digits and clothes: as they are, enlarged, inverted and on paper.
    clothes = 14 * f.thick - 17 * f.full + 17 * f.solid + 6 * f.faint - 2.7
    plain = f.even > 0.95 and 0 < f.share < 0.35
    if plain and f.light and f.coloured < 0.02 and f.thick > 0.5 and f.full > 0.8 and f.solid > 0.48:
        return "shapes"
    if plain and f.coloured < 0.15 and clothes < 0:
        return "digits"
    return "fashion" if f.coloured < 0.008 and f.even > 0.65 and f.faint < 6 else "objects"
