"""A photograph of any size through a PhotoVAE: in overlapping tiles, blended, so that memory stays bounded.

Memory besides the picture: one tile's activations, and 12 bytes a pixel for each result.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo import runtime
from vaedemo.maths import gaussian
from vaedemo.models.hierarchical import PhotoVAE
from vaedemo.services.restore.photonoise import is_grey, unclipped

__all__ = ["TILE", "Tiles", "Window", "tile_count"]

Span = tuple[int, int]  # start and end
Window = tuple[float, float, float, float]
TILE, OVERLAP = 512, 96  # pixels; multiples of every model's stride
# By which the noise of a grey photograph is told stronger. Its channels share one noise, where the network learnt one
# for each: the mean of three whose noises are sqrt(3) as strong has what a grey picture has. A little less was better
# on held-out photographs.
GREY = 1.6
GUARD = 32  # outermost pixels of a tile that are not used where another tile has them


class Tiles:
    """Iterate for (done, total) tiles; afterwards `mean` and `samples` hold the result; stop by leaving the loop.

    y float32 (3, H, W), damaged, in [0, 1] or beyond where noise was not clipped; sigma a number or (H, W) in the same
    unit; mask (H, W), True where known, or None. mean is the prior's mean pass, and samples one picture a seed, all
    float32 (3, H, W) in [0, 1]; spread is the standard deviation that they leave to each pixel, None without samples.
    The same seed gives the same sample whatever the tiles. guesses, of mean and of every sample, float32 (3, H, W), are
    what holes start from. A grey photograph (R = G = B) stays grey; its mean is that of two passes, of which
    one sees it transposed (self-ensemble, Timofte, Rothe & Van Gool 2016). clipped: whether noise of one sigma was cut
    to [0, 1] with the picture; None: if nothing of y is beyond. part, after each tile: its box as shares of the
    picture (left, top, right, bottom), and its mean as the network gave it.
    """

    def __init__(
        self,
        model: PhotoVAE,
        y: Any,
        sigma: Any,
        mask: Any = None,
        *,
        seeds: Sequence[int] = (),
        guesses: list[Tensor] | None = None,
        clipped: bool | None = None,
        tile: int = TILE,
        overlap: int = OVERLAP,
    ) -> None:
        self.model = model
        self.y, self.sigma = torch.as_tensor(y), torch.as_tensor(sigma, dtype=torch.float32)
        self.mask = torch.ones(1, 1) if mask is None else (torch.as_tensor(mask) > 0).float()
        _, self.height, self.width = self.y.shape
        self.grey, self.guesses = is_grey(self.y * self.mask), guesses
        inside = bool((self.y >= 0).all() and (self.y <= 1).all())
        self._clipped = (inside if clipped is None else clipped) and self.sigma.numel() == 1 and float(self.sigma) > 0
        stride = model.stride
        self.rows, self.columns = (_spans(n, stride, tile, overlap) for n in (self.height, self.width))
        self.total = len(self.rows) * len(self.columns)
        self.mean = torch.zeros_like(self.y)
        self.samples = self.y.new_zeros(len(seeds), *self.y.shape)
        self.part: tuple[Window, Tensor] | None = None
        self._variance = self.y.new_zeros(self.y.shape if seeds else 0)  # of p(x | z, y), mean of the samples'
        self._eps: list[dict[int, Tensor]] = []
        for seed in seeds:
            shapes = model.noise_shapes(self.rows[-1][1], self.columns[-1][1]).items()
            drawn = {i: torch.randn(shape, generator=runtime.generator("restore", seed, i)) for i, shape in shapes}
            self._eps.append({i: model.temperature * eps for i, eps in drawn.items()})

    def __iter__(self) -> Iterator[tuple[int, int]]:
        done = 0
        across = [_weights(spans, n) for spans, n in ((self.rows, self.height), (self.columns, self.width))]
        for row, down in zip(self.rows, across[0], strict=True):
            for column, along in zip(self.columns, across[1], strict=True):
                self._tile(row, column, torch.outer(down, along))
                done += 1
                yield done, self.total
        fixed = self._fixed  # the blending's rounding is taken back
        for picture in (self.mean, *self.samples):
            picture.clamp_(0, 1)
            channels = slice(0, 1) if self.grey else slice(None)
            mean = picture.mean(0, keepdim=True) if self.grey else picture
            if self._clipped:
                given = self.mask.expand(self.height, self.width).numpy()
                mean = torch.from_numpy(unclipped(mean.numpy(), self.y[channels].numpy(), float(self.sigma), given))
            picture.copy_(mean.expand_as(picture))
            if bool(fixed.any()):
                picture.copy_(torch.where(fixed, self.y.clamp(0, 1), picture))

    @property
    def _fixed(self) -> Tensor:
        """Where the picture is known exactly."""
        return (self.mask > 0) & (self.sigma == 0)

    @property
    def spread(self) -> Tensor | None:
        """float32 (3, H, W), gaussian.total_std of the samples; zero where the picture is known exactly."""
        if not len(self.samples):
            return None
        # One channel after another, so that no copy of all is made.
        pairs = zip(self.samples.transpose(0, 1), self._variance, strict=True)
        return torch.stack([gaussian.total_std(*pair) for pair in pairs]) * ~self._fixed

    @torch.no_grad()
    def _tile(self, row: Span, column: Span, weight: Tensor) -> None:
        height, width = (min(e, n) - s for (s, e), n in ((row, self.height), (column, self.width)))
        rows, columns = slice(row[0], row[0] + height), slice(column[0], column[0] + width)
        size = (row[1] - row[0], column[1] - column[0])
        y = _padded(self.y[None, :, rows, columns], size)
        told = self.sigma * GREY if self.grey else self.sigma
        sigma, mask = (
            _padded(t.expand(self.height, self.width)[None, None, rows, columns], size) for t in (told, self.mask)
        )
        half = runtime.bfloat16_available(y.device)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            for k, (picture, eps) in enumerate(zip((self.mean, *self.samples), (None, *self._eps), strict=True)):
                if k == 0 or self.guesses:
                    guess = _padded(self.guesses[k][None, :, rows, columns], size) if self.guesses else None
                    features = self.model.encode(y * mask, sigma, mask, guess)
                near = eps and {i: e[None, :, _at(row, i), _at(column, i)] for i, e in eps.items()}
                mean, log_scale, _ = self.model.decode(features, near)
                if self.grey and eps is None:
                    turned = self.model.encode((y * mask).mT, sigma.mT, mask.mT, None if guess is None else guess.mT)
                    mean = (mean + self.model.decode(turned).mean.mT) / 2
                found = mean[0, :, :height, :width].float()
                picture[:, rows, columns] += weight * found
                if k == 0:
                    box = (columns.start / self.width, rows.start / self.height)
                    self.part = ((*box, columns.stop / self.width, rows.stop / self.height), found.clamp(0, 1))
                if eps is not None:
                    own = torch.exp(2 * log_scale[0, :, :height, :width].float())
                    self._variance[:, rows, columns] += weight * own / len(self.samples)


def tile_count(height: int, width: int, stride: int, tile: int, overlap: int) -> int:
    """Tiles of a picture of these sides."""
    return len(_spans(height, stride, tile, overlap)) * len(_spans(width, stride, tile, overlap))


def _spans(length: int, stride: int, tile: int, overlap: int) -> list[Span]:
    """[(start, end)]: tiles over a side, all starts and ends multiples of stride; the last may end beyond the side."""
    end = -(-length // stride) * stride
    if end <= tile:
        return [(0, end)]
    count = -(-(end - overlap) // (tile - overlap))
    starts = [round((end - tile) * k / (count - 1) / stride) * stride for k in range(count)]
    return [(s, s + tile) for s in starts]


def _at(span: Span, level: int) -> slice:
    """A span of pixels in the latent map of a level."""
    return slice(span[0] >> level + 1, span[1] >> level + 1)


def _weights(spans: list[Span], length: int) -> list[Tensor]:
    """For each span its weights over the pixels it has of the side: they add up to one, fall in straight lines, and
    are zero over a tile's outermost GUARD pixels where another tile has them."""
    whole = torch.zeros(length)
    found = []
    for k, (start, end) in enumerate(spans):
        at = torch.arange(start, min(end, length), dtype=torch.float32)
        weight = torch.ones_like(at)
        if k:
            weight = torch.minimum(weight, ((at - start - GUARD + 1) / _ramp(spans[k - 1][1] - start)).clamp(0, 1))
        if k + 1 < len(spans):
            weight = torch.minimum(weight, ((end - GUARD - at) / _ramp(end - spans[k + 1][0])).clamp(0, 1))
        found.append(weight)
        whole[start : start + len(at)] += weight
    return [w / whole[s : s + len(w)] for w, (s, _) in zip(found, spans, strict=True)]


def _ramp(shared: int) -> int:
    return max(1, shared - 2 * GUARD + 1)


def _padded(t: Tensor, size: tuple[int, int]) -> Tensor:
    """t (1, C, H, W) with its last row and column repeated up to a size."""
    height, width = t.shape[2:]
    return F.pad(t, (0, size[1] - width, 0, size[0] - height), mode="replicate")
