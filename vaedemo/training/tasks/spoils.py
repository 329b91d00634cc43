"""The task of a network that finds damage: pictures that are damaged at random, and where they are."""

from collections.abc import Collection
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaedemo.configs import TrainConfig
from vaedemo.data.datasets import Pictures
from vaedemo.data.spoiled import FORMS, spoil
from vaedemo.models.objectives import Terms
from vaedemo.training.tasks.epochs import Epochs

__all__ = ["Spoils"]


class Spoils(Epochs):
    """Pictures damaged anew each time, by some forms of damage or all; the loss is the cross entropy in nats, a mean
    over the pixels."""

    stream, order = "spoil", "finder"

    def __init__(self, pictures: Pictures, config: TrainConfig, forms: Collection[str] = tuple(FORMS)) -> None:
        super().__init__(pictures, config)
        self.forms = tuple(name for name in FORMS if name in forms)
        self.settings: dict[str, Any] = {"forms": self.forms}

    def batch(self, step: int, generator: torch.Generator, mine: slice) -> tuple:
        """(y, damaged as 0 and 1)."""
        y, damaged = spoil(self.pictures[self.rows(step)], generator, self.forms)
        return y[mine].contiguous(memory_format=torch.channels_last), damaged[mine].float()

    def terms(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Terms:
        y, damaged = batch
        nats = F.binary_cross_entropy_with_logits(model(y), damaged, reduction="none").flatten(1).mean(1)
        return Terms(nats.mean(), nats, None)
