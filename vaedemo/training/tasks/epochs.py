"""Tasks over a set of pictures, one epoch after another: give them back (AE, VAE, dense), restore damaged ones."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo import runtime
from vaedemo.configs import TrainConfig
from vaedemo.data.damage import random_corruption
from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError
from vaedemo.models import objectives
from vaedemo.models.objectives import Terms
from vaedemo.models.pca import begin_as_pca

__all__ = ["Epochs", "Exact", "Pairs", "Reconstruction", "binarised", "moved"]


def binarised(x: Tensor, generator: torch.Generator, mine: slice = slice(None)) -> Tensor:
    """float32 of x's shape, 1 with probability x / 255 (to 2^-16) and else 0, from x uint8 (B, ...). With mine, those
    rows of it.

    Sixteen random bits are compared with 257 x = 2^16 x / 255, as two bytes: the second is the first of the next value,
    since only one value in 256 looks at it. Bytes take a fifth of the time that floats do.
    """
    words = torch.empty(x.numel() // 8 + 1, dtype=torch.int64).random_(-(2**63), None, generator=generator)
    first, second = (words.view(torch.uint8)[i : i + x.numel()].view(x.shape)[mine] for i in (0, 1))
    x = x[mine]
    return ((first < x) | ((first == x) & (second < x))).view(torch.uint8).float()


def moved(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """x (B, C, H, W), a share of them moved by -1, 0 or 1 pixel each way, all nine as likely; zeros come in at the
    edges."""
    count, _, height, width = x.shape
    chosen = torch.rand(count, generator=generator) < share
    down, across = (torch.randint(-1, 2, (2, count), generator=generator) * chosen)[:, :, None]
    rows, columns = torch.arange(height) + 1 - down, torch.arange(width) + 1 - across
    padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)
    return padded[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)


class Epochs:
    """Batches of Pictures, a new order each epoch, the incomplete last batch left out."""

    stream, order = "noise", "order"  # words that are seeded with: of a step's noise, of an epoch's order

    def __init__(self, pictures: Pictures, config: TrainConfig) -> None:
        self.settings: dict[str, Any] = {}
        self.pictures, self.seed = pictures, config.seed
        self.moved, self.flipped = config.moved, config.flipped
        self.batches: tuple[int, ...] = (min(config.batch_size, len(pictures)),)
        self._epoch, self._rows = -1, torch.empty(0)

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def digest(self) -> str:
        return self.pictures.digest

    def rows(self, step: int) -> Tensor:
        """Rows of the pictures for a step."""
        batch = self.batches[0]
        epoch, within = divmod(step, len(self) // batch)
        if self._epoch != epoch:
            generator = runtime.generator(self.order, self.seed, epoch)
            self._epoch, self._rows = epoch, torch.randperm(len(self), generator=generator)
        return self._rows[within * batch : (within + 1) * batch]

    def varied(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """x uint8 of these rows, a share of them moved or turned as the run's settings say."""
        x = self.pictures.x.index_select(0, rows)
        if self.flipped:
            chosen = torch.rand(len(x), generator=generator) < self.flipped
            x = torch.where(chosen[:, None, None, None], x.flip(3), x)
        return moved(x, self.moved, generator) if self.moved else x

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        raise NotImplementedError

    def terms(self, model: nn.Module, batch: tuple) -> Terms:
        return objectives.terms(model, *batch)

    def measure(self, model: nn.Module) -> dict[str, float]:
        return {}


class Reconstruction(Epochs):
    """Pictures to give back; for a Bernoulli likelihood binarised anew each time."""

    def __init__(self, pictures: Pictures, model: nn.Module, config: TrainConfig) -> None:
        super().__init__(pictures, config)
        self.model_config: Any = model.config
        self.gamma = (config.gamma_start, config.gamma_steps)

    def begin(self, model: Any) -> None:
        """First weights that come from the pictures: PCA, where the network has a linear map."""
        if self.model_config.linear:
            begin_as_pca(model, self.pictures)

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """(x,), or of a VAE (x, eps), or of a tc-vae (x, eps, gamma)."""
        rows, config = self.rows(step), self.model_config
        if config.kind == "tc-vae" and (mine.step or 1) > 1:
            raise ConfigError("the codes of a tc-vae's batch are compared with each other; train it in one process")
        eps = torch.randn(len(rows), config.latent_dim, generator=generator)[mine] if config.variational else None
        if config.variational and config.likelihood == "bernoulli":
            x = binarised(self.varied(rows, generator), generator, mine)
        else:
            x = self.varied(rows, generator)[mine].float().div_(255)
        x = x.contiguous(memory_format=torch.channels_last)
        if config.kind == "tc-vae":
            first, steps = self.gamma
            return x, eps, config.gamma + max(0.0, 1 - step / max(1, steps)) * (first - config.gamma) * (steps > 0)
        return (x,) if eps is None else (x, eps)


class Exact(Epochs):
    """Pictures in whole levels, of a Lossless VAE; for black and white binarised anew each time."""

    def __init__(self, pictures: Pictures, model: nn.Module, config: TrainConfig) -> None:
        super().__init__(pictures, config)
        self.model_config: Any = model.config

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """(x uint8, eps)."""
        rows = self.rows(step)
        eps = torch.randn(len(rows), self.model_config.latent_dim, generator=generator)[mine]
        x = self.varied(rows, generator)
        return binarised(x, generator, mine).byte() if self.model_config.binary else x[mine], eps

    def terms(self, model: Any, batch: tuple) -> Terms:
        return model.terms(*batch)


class Pairs(Epochs):
    """Clean pictures and damaged ones, for a conditional VAE."""

    def __init__(self, pictures: Pictures, model: Any, config: TrainConfig) -> None:
        super().__init__(pictures, config)
        self.noise = model.noise

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """What objectives.conditional_terms takes: all of the batch's eps, and of the rest the process's rows."""
        x = self.pictures[self.rows(step)]
        eps = self.noise(2 * len(x), generator)
        return *(t[mine] for t in (x, *random_corruption(x, generator))), *eps, torch.arange(len(x))[mine]
