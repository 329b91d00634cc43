"""A model's weights as one vector, so that a step's arithmetic is a few calls however many tensors there are."""

import contextlib
from collections.abc import Iterator
from itertools import accumulate

import torch
from torch import Tensor, nn

__all__ = ["Flat"]

ALIGNED = 16  # each tensor starts at a multiple of so many numbers, 64 bytes: a cache line


class Flat:
    """values, gradient and average, each float32 (P,), of a model's trainable parameters.

    The parameters become views of values, in the memory format that they have; average starts as a copy of values.
    Between two tensors there may be numbers that are always 0.
    """

    def __init__(self, model: nn.Module) -> None:
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        starts = [0, *accumulate(-(-p.numel() // ALIGNED) * ALIGNED for p in self.parameters)]
        self.values = torch.zeros(starts[-1], device=self.parameters[0].device)
        self.gradient, self._gradients = torch.zeros_like(self.values), []
        for p, start in zip(self.parameters, starts, strict=False):
            p.data = self.values.as_strided(p.shape, p.stride(), start).copy_(p.detach())
            self._gradients.append(self.gradient.as_strided(p.shape, p.stride(), start))
        self.average = self.values.clone()

    def backward(self, loss: Tensor) -> None:
        """The gradient of a loss. A fresh tensor a parameter, copied, costs half of what adding to the vector does."""
        for p in self.parameters:
            p.grad = None
        loss.backward()
        for p, gradient in zip(self.parameters, self._gradients, strict=True):
            if p.grad is None:
                gradient.zero_()
            else:
                gradient.copy_(p.grad)
            p.grad = gradient

    def clip(self, limit: float) -> None:
        """Scale the gradient down to a norm of at most limit."""
        norm = torch.dot(self.gradient, self.gradient).sqrt().item()
        if norm > limit:
            self.gradient.mul_(limit / (norm + 1e-6))

    def follow(self, decay: float) -> None:
        """Move the average towards the values: average = decay * average + (1 - decay) * values."""
        self.average.lerp_(self.values, 1 - decay)

    def settle(self) -> None:
        """Give the model its averaged weights for good."""
        self.values.copy_(self.average)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Within it the model has its averaged weights."""
        kept = self.values.clone()
        self.settle()
        try:
            yield
        finally:
            self.values.copy_(kept)

    def state(self) -> dict[str, Tensor]:
        return {"parameters": self.values, "average": self.average}

    def load(self, state: dict[str, Tensor]) -> None:
        self.values.copy_(state["parameters"])
        self.average.copy_(state["average"])
