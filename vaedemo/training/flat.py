"""A model's weights as one vector, so that a step's arithmetic is a few calls however many tensors there are."""

import contextlib
from collections.abc import Iterator
from itertools import accumulate

import torch
from torch import Tensor, nn

__all__ = ["Flat"]

ALIGNED = 16  # each tensor starts at a multiple of so many numbers, 64 bytes: a cache line
SLOW = 0.1  # share of the learning rate of a model's slow parameters
CAST = (nn.Linear, nn.Conv2d)  # layers whose weights autocast would cast at each use


class Flat:
    """values, gradient and average, each float32 (P,), of a model's trainable parameters.

    The parameters become views of values, in the memory format that they have; average starts as a copy of values.
    parts are what an optimiser takes: parameters that are parts of values, each with its share of the learning rate;
    two if the model names some parameters slow. With apart, the weights of other layers, (O, ...), are no such part but
    matrices, each a parameter (O, I). Between two tensors there may be numbers that are always 0. With half, the layers
    that autocast runs in bfloat16 have such weights while a loss is computed, all cast by one call.
    """

    def __init__(self, model: nn.Module, half: bool = False, apart: bool = False) -> None:
        slow = {id(p) for p in getattr(model, "slow", ())}
        ours = [p for p in model.parameters() if p.requires_grad]

        def rank(p: nn.Parameter) -> int:
            return 1 if id(p) in slow else 2 if apart and p.ndim > 1 else 0

        self.parameters = sorted(ours, key=rank)
        starts = [0, *accumulate(-(-p.numel() // ALIGNED) * ALIGNED for p in self.parameters)]
        self.values = torch.zeros(starts[-1], device=self.parameters[0].device)
        self.gradient, self.half = torch.zeros_like(self.values), self.values.bfloat16() if half else None
        places = list(zip(self.parameters, starts, strict=False))
        for p, start in places:
            p.data = self.values.as_strided(p.shape, p.stride(), start).copy_(p.detach())
        self._gradients = [self.gradient.as_strided(p.shape, p.stride(), start) for p, start in places]
        self.average = self.values.clone()
        usual, edge = (starts[sum(rank(p) <= most for p in ours)] for most in (0, 1))
        self.parts = [(self._part(0, usual), 1.0), (self._part(usual, edge), SLOW)][: 2 if slow else 1]
        self.matrices = [self._part(s, s + p.numel(), len(p)) for p, s in places if rank(p) == 2]
        self._leaves, self._swaps = list(self.parameters), []  # what a loss is computed with, and where it goes
        if self.half is None:
            return
        for i, (p, start) in enumerate(places):
            held = [(m, name) for m in model.modules() for name, q in m._parameters.items() if q is p]
            if all(type(m) in CAST for m, _ in held):
                leaf = self._leaves[i] = nn.Parameter(self.half.as_strided(p.shape, p.stride(), start))
                self._swaps += [(m._parameters, name, p, leaf) for m, name in held]

    def _part(self, first: int, last: int, rows: int = 0) -> nn.Parameter:
        shape = (rows, -1) if rows else (-1,)
        part = nn.Parameter(self.values[first:last].view(shape))
        part.grad = self.gradient[first:last].view(shape)
        return part

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """Within it a loss is computed."""
        if self.half is not None:
            self.half.copy_(self.values)
        for parameters, name, _, leaf in self._swaps:
            parameters[name] = leaf
        try:
            yield
        finally:
            for parameters, name, p, _ in self._swaps:
                parameters[name] = p

    def backward(self, loss: Tensor) -> None:
        """The gradient of a loss. A fresh tensor a parameter, copied, costs half of what adding to the vector does."""
        for leaf in self._leaves:
            leaf.grad = None
        loss.backward()
        for p, leaf, gradient in zip(self.parameters, self._leaves, self._gradients, strict=True):
            if leaf.grad is None:
                gradient.zero_()
            else:
                gradient.copy_(leaf.grad)
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
