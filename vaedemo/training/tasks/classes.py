"""The task of a classifier: pictures and their classes."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.configs import TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.errors import TrainingError
from vaedemo.models.objectives import Terms
from vaedemo.training.tasks.epochs import Epochs

__all__ = ["Classes", "augmented"]

SHIFT = 0.07  # of a picture's side, by which it is moved at random while training


def augmented(x: Tensor, generator: torch.Generator, mirrored: bool) -> Tensor:
    """Pictures (B, C, H, W) moved by up to SHIFT of their side, the edge repeated, and half of them mirrored where that
    is told."""
    n, _, height, width = x.shape
    reach = max(1, round(SHIFT * height))
    padded = F.pad(x, (reach,) * 4, mode="replicate")
    down, right = torch.randint(0, 2 * reach + 1, (2, n), generator=generator)
    rows, columns = down[:, None] + torch.arange(height), right[:, None] + torch.arange(width)
    if mirrored:
        flipped = torch.rand(n, generator=generator) < 0.5
        columns[flipped] = columns[flipped].flip(1)
    moved = padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # (N, H, W, C)
    return moved.permute(0, 3, 1, 2)


class Classes(Epochs):
    """Labelled Pictures; the loss is the cross entropy in nats. TrainingError where there are no labels."""

    stream, order = "shift", "classifier"

    def __init__(self, pictures: Pictures, config: TrainConfig, mirrored: bool = False) -> None:
        if pictures.y is None:
            raise TrainingError("these pictures have no classes; a classifier needs an array y beside x")
        super().__init__(pictures, config)
        self.labels, self.mirrored = pictures.y, mirrored
        self.settings: dict[str, Any] = {"mirrored": mirrored}

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """(x, y)."""
        rows = self.rows(step)
        return augmented(self.pictures[rows], generator, self.mirrored)[mine], self.labels[rows[mine]]

    def terms(self, model: nn.Module, batch: tuple) -> Terms:
        x, y = batch
        nats = F.cross_entropy(model(x).float(), y, reduction="none")
        return Terms(nats.mean(), nats, None)
