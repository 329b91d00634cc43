"""How the steps are chosen by which a model's code is rounded."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo import runtime
from vaedemo.data.datasets import Pictures
from vaedemo.maths.quantise import Quantiser, fit_quantiser

__all__ = ["Fitted", "fit_model", "sensitivity"]

GROWTH = 0.02  # of the mean squared error by rounding, at most: less than 0.1 dB
PICTURES = 20_000  # training pictures whose codes are counted; the error grows over the first
MEASURED = 2_000  # of them, and how the picture depends on each number is seen at the first
PROBED = 200
PROBE = 0.1  # standard deviations that a number is moved by for that
HALVINGS = 12
BATCH = 500


class Fitted(NamedTuple):
    """growth: of the mean squared error over MEASURED training pictures."""

    quantiser: Quantiser
    growth: float


def _decoded(model: Any, z: Tensor) -> Tensor:
    return torch.cat([model.decode(part) for part in z.split(BATCH)])


@torch.no_grad()
def sensitivity(model: Any, z: Tensor, spread: Tensor) -> np.ndarray:
    """float64 (D,): the mean squared change of a picture's values for a change of each number of the code by one, over
    codes z (N, D) whose numbers have these standard deviations (D,)."""
    before, found = _decoded(model, z), []
    for i, move in enumerate((PROBE * spread).clamp(min=1e-6).tolist()):
        moved = z.clone()
        moved[:, i] += move
        found.append((_decoded(model, moved) - before).square().mean().item() / move**2)
    return np.array(found)


@torch.no_grad()
def fit_model(model: Any, pictures: Pictures, seed: int = 0) -> Fitted:
    """The steps of a model's code over training Pictures, of a seeded choice.

    A number's step is inversely proportional to the root of its sensitivity, so that rounding each adds as much to the
    picture's error: of all steps that add the same error in sum these take the fewest bits, where they are small (for
    principal components that is one step for all). A number that the decoder does not heed is rounded away. How long
    the steps are: as long as the mean squared error grows by at most 2 %.
    """
    chosen = torch.randperm(len(pictures), generator=runtime.generator("quantisers", seed))[:PICTURES]
    z = torch.cat([model.encode(pictures[rows]).mu for rows in chosen.split(BATCH)])
    x, few = pictures[chosen[:MEASURED]], z[:MEASURED]
    error = (_decoded(model, few) - x).square().mean().item()
    felt = np.maximum(sensitivity(model, few[:PROBED], z.std(0, correction=0)), 1e-12)
    reach = np.maximum(np.abs(z.numpy() - z.mean(0).numpy()).max(0), 1e-6)

    def steps(length: float) -> np.ndarray:
        return np.minimum(length / np.sqrt(felt), 4 * reach)

    def growth(length: float) -> float:
        rounded = Quantiser(steps(length).astype(np.float32), z.mean(0).numpy(), ())
        back = torch.from_numpy(rounded.codes(rounded.integers(few.numpy())))
        return (_decoded(model, back) - x).square().mean().item() / error - 1

    # Fine steps add step^2 / 12 for each number.
    usual = np.sqrt(12 * GROWTH * error / z.shape[1])
    low, high = usual / 16, usual * 16
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if growth(middle) <= GROWTH else (low, middle)
    return Fitted(fit_quantiser(z.numpy(), steps(low)), growth(low))
