"""A small convolutional classifier for each domain, trained here: its features and confidence measure samples.

Its 64 features take the place of Inception's in the Frechet distance, precision and recall, so these figures compare
models of one domain, but not with published figures.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vaedemo.data.datasets import Pictures
from vaedemo.errors import ConfigError

__all__ = ["Classifier", "ClassifierConfig", "FEATURES", "Judgement", "accuracy", "build_classifier", "judge"]

FEATURES = 64
BATCH = 500  # pictures judged at a time


@dataclass(frozen=True)
class ClassifierConfig:
    """Pictures are (channels, size, size); widths are channels, one entry for each halving of the picture."""

    channels: int = 1
    size: int = 28
    classes: int = 10
    widths: tuple[int, ...] = (32, 64)

    def __post_init__(self) -> None:
        if not (self.channels in (1, 3) and self.size >= 8 and self.classes >= 2 and self.widths):
            raise ConfigError(f"{self} makes no classifier; give 1 or 3 channels, 8 pixels and 2 classes or more")


class Judgement(NamedTuple):
    """What a classifier says of pictures: features (N, 64) and probabilities (N, classes), float32."""

    features: Tensor
    probabilities: Tensor


def _convolution(before: int, after: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]


class _Residual(nn.Module):
    """x + two convolutions. He et al. 2016."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(*_convolution(width, width), *_convolution(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Classifier(nn.Module):
    """(B, C, S, S) in [0, 1] -> logits (B, classes): strided convolutions with a residual block at every size but the
    smallest, the mean of 64 features over the positions, one linear layer."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        before = config.channels
        for i, width in enumerate(config.widths):
            layers += _convolution(before, width, 4 if i == 0 else 3, stride=2)
            layers += [_Residual(width)] if i < len(config.widths) - 1 else _convolution(width, FEATURES)
            before = width
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(FEATURES, config.classes)

    def features(self, x: Tensor) -> Tensor:
        """What the last layer sees, (B, 64), none negative."""
        return self.body(x - 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def build_classifier(config: ClassifierConfig, seed: int = 0) -> Classifier:
    """A new Classifier; the same seed gives the same initial weights."""
    with torch.random.fork_rng(devices=[]):  # PyTorch's initialisers draw from the global generator only
        torch.manual_seed(seed)
        return Classifier(config)


@torch.no_grad()
def judge(model: Classifier, x: Tensor) -> Judgement:
    """Judgement of pictures x, float32 (N, C, H, W) in [0, 1]."""
    features = torch.cat([model.features(part) for part in x.split(BATCH)]) if len(x) else x.new_zeros(0, FEATURES)
    return Judgement(features, model.head(features).softmax(1))


def accuracy(model: Classifier, pictures: Pictures) -> float:
    """Share of labelled Pictures whose most probable class is their own."""
    assert pictures.y is not None
    found = torch.cat([judge(model, x).probabilities.argmax(1) for x in pictures.batches(BATCH)])
    return (found == pictures.y).double().mean().item()
