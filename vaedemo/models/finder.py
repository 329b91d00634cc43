"""A network for each domain that finds damage in a picture: picture in, a logit a pixel out.

It is the network that restores (Conditional) without its posterior, and with one number a pixel in the last layer: who
can fill a hole knows what a picture should look like. It starts from those weights and learns from pictures damaged at
random, after Zavrtanik, Kristan & Skocaj 2021 (DRAEM), who let one network restore and a second one compare.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaedemo.data.damage import UNKNOWN
from vaedemo.errors import ConfigError
from vaedemo.models.conditional import Conditional

__all__ = ["Finder", "FinderConfig", "build_finder"]

POSTERIOR = ("see", "seen", "shift_dense", "shift_map")  # layers that look at the clean picture too
HEAD = 3  # the place of the last convolution in `last`


@dataclass(frozen=True)
class FinderConfig:
    """Pictures are (channels, size, size), their size a multiple of 8; the rest as of a Conditional's ModelConfig."""

    channels: int = 1
    size: int = 28
    latent_dim: int = 32
    widths: tuple[int, ...] = (32, 48)
    hidden: int = 96
    neck: int = 6
    kind: str = "finder"

    def __post_init__(self) -> None:
        numbers = (self.latent_dim, *self.widths, self.hidden, self.neck)
        fits = self.channels in (1, 3) and self.size >= 8 and self.size % (4 if self.size <= 32 else 8) == 0
        if not fits or len(self.widths) != 2 or min(numbers) < 1 or self.kind != "finder":
            raise ConfigError(
                f"{self} finds no damage; give 1 or 3 channels, a size in fours up to 32 or in eights, and two widths"
            )


class Finder(Conditional):
    """(B, C, S, S) in [0, 1] -> logits (B, S, S) that a pixel is damaged, as data.painted.changed has it."""

    def __init__(self, config: FinderConfig) -> None:
        super().__init__(config)  # type: ignore[arg-type]
        for name in POSTERIOR:
            delattr(self, name)
        self.last[HEAD] = nn.Conv2d(config.widths[0], self.fold**2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.ones_like(x[:, :1])  # nothing is told to be missing, and nothing of noise
        h, _ = self.wide(self.encode(x, UNKNOWN * whole, whole))
        return self.last(h)[:, 0].float()


def build_finder(config: FinderConfig, seed: int = 0) -> Finder:
    """A new Finder; the same seed gives the same initial weights."""
    with torch.random.fork_rng(devices=[]):  # PyTorch's initialisers draw from the global generator only
        torch.manual_seed(seed)
        return Finder(config)
