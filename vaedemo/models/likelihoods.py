"""What p(x|z) of a VAE can be: a row a likelihood. theta is what its decoder gives, one number a value of x in [0, 1];
sigma the standard deviation that all values share. Costs are -log p of each value, in nats, of x's shape.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo.maths import gaussian

__all__ = ["LIKELIHOODS", "Likelihood"]

HALF = 0.5 / 255  # of an 8-bit level
UNIT = math.sqrt(3) / math.pi  # scale of a logistic distribution whose standard deviation is 1


class Likelihood(NamedTuple):
    """cost(theta, x, log_sigma), which is trained; levels(theta, x, log_sigma), of the 8-bit level that x is, where the
    tails belong to 0 and 255: only that compares with bits per dimension in the literature; mean(theta, log_sigma) of
    x, in [0, 1]; scaled: whether there is a sigma."""

    cost: Callable[..., Tensor]
    levels: Callable[..., Tensor]
    mean: Callable[..., Tensor]
    scaled: bool = True


def _cross_entropy(theta: Tensor, x: Tensor, log_sigma: Tensor | None = None) -> Tensor:
    """For grey x it is the expectation over x's binarisations."""
    return F.binary_cross_entropy_with_logits(theta, x, reduction="none")


def _density(theta: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
    return -gaussian.log_prob(x, theta, 2 * log_sigma)


def _gaussian_levels(theta: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
    """-log(ndtr(b) - ndtr(a)), taken in the lower tail by symmetry, so that the difference does not cancel."""
    sigma = torch.exp(log_sigma)
    a, b = (x - HALF - theta) / sigma, (x + HALF - theta) / sigma
    a = torch.where(x < HALF, -torch.inf, a)
    b = torch.where(x > 1 - HALF, torch.inf, b)
    a, b = torch.where(a + b > 0, -b, a), torch.where(a + b > 0, -a, b)
    log_a, log_b = torch.special.log_ndtr(a), torch.special.log_ndtr(b)
    return -(log_b + torch.log1p(-torch.exp(log_a - log_b).clamp(max=1 - 1e-7)))


def _logistic_levels(theta: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
    """-log(s(b) - s(a)) with s(b) - s(a) = s(b) s(-a) (1 - exp(a - b)), where s is the logistic function: PixelCNN++,
    Salimans et al. 2017. Black has no a, white no b."""
    narrow = torch.exp(-log_sigma) / UNIT
    a, b = (x - HALF - theta) * narrow, (x + HALF - theta) * narrow
    black, white = x < HALF, x > 1 - HALF
    between = -torch.log(-torch.expm1(-2 * HALF * narrow))
    below, above = F.softplus(-b).masked_fill(white, 0), F.softplus(a).masked_fill(black, 0)
    return below + above + between * ~(black | white)


def _cut_logistic(theta: Tensor, log_sigma: Tensor) -> Tensor:
    """The mean of a logistic variable cut to [0, 1]: the integral of 1 - its distribution function."""
    scale = torch.exp(log_sigma) * UNIT
    return (scale * (F.softplus(theta / scale) - F.softplus((theta - 1) / scale))).clamp(0, 1)


LIKELIHOODS = {
    "bernoulli": Likelihood(_cross_entropy, _cross_entropy, lambda theta, _: theta.sigmoid(), scaled=False),
    "gaussian": Likelihood(_density, _gaussian_levels, lambda theta, _: theta.clamp(0, 1)),
    "logistic": Likelihood(_logistic_levels, _logistic_levels, _cut_logistic),
}
