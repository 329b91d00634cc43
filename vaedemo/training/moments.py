"""Moments of a run: what a class sees of a network at a step, small enough to keep hundreds of them."""

import math
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vaedemo.data.taught import FOLLOWED, Taught
from vaedemo.errors import NotFinite
from vaedemo.maths import gaussian
from vaedemo.models import objectives
from vaedemo.pictures.draw import grid
from vaedemo.training.plain import Plain, Step

__all__ = ["Moment", "Watch", "neighbours_right"]

SIDE = 10  # decoded pictures along an axis of the map
# Pixels that a decoded picture of the map has at most, and one that is given back: the first that fit into MOST_BYTES.
CELLS = ((28, 64), (20, 40), (14, 28), (12, 24))
MOST_BYTES = 96_000  # of a moment's pictures and codes, so that a page keeps 300 moments in 30 MB
JUDGED = 200  # unseen pictures whose distortion is told
POINTS = 2000
NEAREST = 5
ACTIVE = 0.01  # variance of a dimension's mean over pictures, above which it is active (Burda et al. 2016)
LEVELS = 32767  # of a coordinate


class Moment(NamedTuple):
    """told: numbers, fit for JSON; codes int16 (N, 2), a coordinate's share of `span` from the centre; map and rows:
    PNGs of decoded pictures, SIDE x SIDE, the top row at the largest second coordinate, and of FOLLOWED pictures given
    back; probe: PNG of one picture of the step's batch and what the step gave for it."""

    told: dict[str, Any]
    codes: bytes
    map: bytes
    rows: bytes
    probe: bytes


@torch.no_grad()
def neighbours_right(codes: Tensor, labels: Tensor, of: Tensor | None = None, own: Tensor | None = None) -> float:
    """Share of codes `of` (M, D) whose class `own` is that of most of the five nearest codes (N, D); without them of
    those codes themselves, each left out of its own neighbours."""
    left_out = of is None
    query, true = (codes, labels) if of is None or own is None else (of, own)
    far = torch.cdist(query, codes)
    if left_out:
        far.fill_diagonal_(torch.inf)
    near = labels[far.topk(min(NEAREST, len(codes) - 1), largest=False).indices]
    return (near.mode(1).values == true).float().mean().item()


class Watch:
    """Looks at a run: the same pictures each time, the map in a plane that turns as little as it can."""

    def __init__(self, run: Plain, taught: Taught) -> None:
        self.run, self.taught = run, taught
        cost = run.model.config.size**2 * run.model.config.channels * (1 if run.config.kind.startswith("dense") else 3)
        # So that looking takes a tenth of a second: 2,000 grey digits by a dense network, a few hundred large pictures.
        self.count = min(len(taught.seen), POINTS, max(250, 5_000_000 // cost))
        self.plane: Tensor | None = None
        self.followed, self.judged = taught.followed(), taught.unseen[:JUDGED]

    @torch.no_grad()
    def moment(self, step: Step | None) -> Moment:
        """What there is to see after a step, or before the first."""
        model = self.run.model.eval()
        told: dict[str, Any] = {"step": self.run.number}
        if step:
            told |= {name: getattr(step, name) for name in ("loss", "distortion", "kl", "norms")}
            told["numbers"] = {
                name: [round(v, 4) for v in value.tolist()]
                for name in ("mu", "logvar", "eps", "z")
                if (value := getattr(step, name)) is not None
            }
        mu, logvar = model.encode(self.taught.seen[: self.count])
        if not torch.isfinite(mu.square().sum()):
            raise NotFinite(f"the codes are not finite after {self.run.number} steps; try a lower learning rate")
        spread = mu.var(0, unbiased=False)
        told["active"] = int((spread > ACTIVE).sum())
        if logvar is not None:
            told["kl_each"] = [round(v, 4) for v in (0.5 * (mu.square() + logvar.exp() - logvar - 1)).mean(0).tolist()]
            if model.config.likelihood == "gaussian":
                told["noise"] = round(model.log_sigma.exp().item(), 4)
        told |= self._classes(model, mu) | self._unseen(model)
        centre, plane = self._plane(mu)
        flat = (mu - centre) @ plane.T
        span = _round(float(flat.abs().quantile(0.98)))
        told["span"], told["centre"] = span, [round(v, 4) for v in (plane @ centre).tolist()]
        codes = (flat / span).clamp(-1, 1).mul(LEVELS).round().short().numpy()
        axis = torch.linspace(-1, 1, 2 * SIDE + 1)[1::2] * span
        z = torch.stack([axis.repeat(SIDE), axis.flip(0).repeat_interleave(SIDE)], 1) @ plane + centre
        probe = b"" if step is None else _png(torch.stack([step.x, step.x_hat]), 2)
        grid_x, rows_x = model.decode(z), model.decode(model.encode(self.followed).mu)
        model.train()
        for cell, given_back in CELLS:
            drawn = _png(_small(grid_x, cell), SIDE), _png(_small(rows_x, given_back), FOLLOWED)
            if codes.nbytes + len(probe) + sum(map(len, drawn)) <= MOST_BYTES:
                break
        return Moment(told, codes.tobytes(), *drawn, probe)

    def _classes(self, model: Any, mu: Tensor) -> dict[str, float]:
        """How many of a picture's nearest neighbours in the latent space are of its class, and of pictures unseen."""
        labels = self.taught.seen.y
        if labels is None:
            return {}
        labels, told = labels[: self.count], {}
        told["right"] = round(neighbours_right(mu, labels), 4)
        if len(self.taught.unseen) and self.taught.unseen.y is not None:
            new = model.encode(self.taught.unseen[:]).mu
            told["right_unseen"] = round(neighbours_right(mu, labels, new, self.taught.unseen.y), 4)
        return told

    def _unseen(self, model: Any) -> dict[str, float]:
        """The distortion of pictures that are not learned from, as a step's own is counted, with one draw of z each,
        the same ones at every moment; nothing where it is not finite."""
        if not len(self.judged):
            return {}
        mu, logvar = model.encode(self.judged)
        if logvar is None:
            cost = (model.decoder(mu) - self.judged).square().flatten(1).sum(1)
        else:
            eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(0))
            theta = model.likelihood_parameters(gaussian.sample(mu, logvar, eps))
            cost = objectives.distortion(model, theta, self.judged)
        mean = cost.mean().item()
        return {"unseen": mean} if math.isfinite(mean) else {}

    def _plane(self, mu: Tensor) -> tuple[Tensor, Tensor]:
        """(centre (D,), two orthonormal rows (2, D)): of two numbers their own plane, of more the one in which the
        codes spread most, turned to lie as near as possible to that of the moment before (orthogonal Procrustes)."""
        d = mu.shape[1]
        if d == 2:
            variational = self.run.model.config.variational and self.run.config.beta > 0
            return torch.zeros(2) if variational else mu.median(0).values, torch.eye(2)
        centre = mu.mean(0)
        plane = torch.linalg.svd(mu - centre, full_matrices=False).Vh[:2]
        if self.plane is not None:
            u, _, vh = torch.linalg.svd(self.plane @ plane.T)
            plane = (u @ vh) @ plane
        self.plane = plane
        return centre, plane


def _round(value: float) -> float:
    """A little more than a value, one of few, so that the map's edge stays where it is for a while; at least 3."""
    span = 3.0
    while span < value * 1.05 and span < 1e6:
        span *= 1.25
    return span


def _small(x: Tensor, size: int) -> Tensor:
    return x if x.shape[-1] <= size else F.interpolate(x, size=(size, size), mode="area")


def _png(x: Tensor, columns: int) -> bytes:
    buffer = BytesIO()
    grid(np.asarray(x.clamp(0, 1)), columns, gap=0).save(buffer, "png", compress_level=1)
    return buffer.getvalue()
