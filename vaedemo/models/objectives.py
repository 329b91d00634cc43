"""What is minimised and what is reported, in nats a picture. A loss is minimised; the ELBO is -loss at beta 1."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vaedemo.configs import RESTORING
from vaedemo.maths import gaussian
from vaedemo.models.likelihoods import LIKELIHOODS
from vaedemo.models.vae import VAE

__all__ = ["Terms", "conditional_terms", "distortion", "importance_bound", "terms", "total_correlation"]

MEAN_WEIGHT = 50.0  # nats a unit of squared error, as of a Gaussian with sigma 0.1


class Terms(NamedTuple):
    """loss = mean(distortion) + beta * mean(kl), a scalar; distortion (B,) and kl (B, D) in nats."""

    loss: Tensor
    distortion: Tensor
    kl: Tensor | None


def distortion(model: VAE, theta: Tensor, x: Tensor, discretised: bool = False) -> Tensor:
    """-log p(x|z) in nats for each picture, (B,), from theta = model.likelihood_parameters(z) and x in [0, 1].

    By the model's likelihood, a row of LIKELIHOODS; with `discretised` it is the probability of x's 8-bit level.
    """
    law = LIKELIHOODS[model.config.likelihood]
    cost = law.levels if discretised else law.cost
    return cost(theta, x, model.log_sigma.float() if law.scaled else None).flatten(1).sum(1)


def total_correlation(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(q(z) || prod q(z_d)) in nats, a scalar, of codes z (B, D) that were drawn from a batch's posteriors (mu and
    logvar, both (B, D)), whose mean stands for q(z). Chen et al. 2018, eq. 2 and 6; each code is in the mean itself, so
    with few pictures and narrow posteriors it says too much."""
    each = gaussian.log_prob(z[:, None], mu[None], logvar[None])
    joint, apart = torch.logsumexp(each.sum(2), 1), torch.logsumexp(each, 1).sum(1)
    return (joint - apart).mean() + (z.shape[1] - 1) * math.log(len(z))


def terms(model: Any, x: Tensor, *given: Any) -> Terms:
    """Terms of a batch x (B, C, H, W) in [0, 1]. Of a VAE `given` is eps (B, D) ~ N(0, I) (Kingma & Welling 2014, eq.
    3) and, of a tc-vae, the weight of total_correlation; of a conditional VAE what conditional_terms takes; of other
    models nothing: their distortion is the squared error, summed over the pixels.
    """
    if model.config.kind in RESTORING:
        return conditional_terms(model, x, *given)
    if not model.config.variational:
        mu, _ = model.encode(x)
        squared = (model.decoder(mu).float() - x).square().flatten(1).sum(1)
        return Terms(squared.mean(), squared, None)
    eps, *gamma = given
    mu, logvar = model.encode(x)
    rate, z = gaussian.kl(mu, logvar), gaussian.sample(mu, logvar, eps)
    cost = distortion(model, model.likelihood_parameters(z), x)
    loss = cost.mean() + model.config.beta * rate.sum(1).mean()
    return Terms(loss + gamma[0] * total_correlation(z, mu, logvar) if gamma else loss, cost, rate)


def conditional_terms(
    model: Any,
    x: Tensor,
    y: Tensor,
    mask: Tensor,
    level: Tensor,
    eps_dense: Tensor,
    eps_map: Tensor,
    places: Tensor | None = None,
) -> Terms:
    """Terms of a conditional VAE: clean x, damaged y, mask and level as in damage.Corruption, eps twice as many as the
    batch. If several processes share a batch, places (B,), ascending, are its rows that are here, eps is that of the
    whole batch, and the mean of the processes' losses is the loss of the batch.

    The first half of the batch minimises -ELBO, with z from the proposal (Sohn et al. 2015, eq. 4). The proposal does
    not train z of the prior, so the second half has two answers a and b drawn from the prior. The mean of
    (x - a)(x - b) is an unbiased estimate of the squared error of the mean of all answers, whatever their spread: it
    moves the mean without making the answers alike, as the usual remedy does (their hybrid objective, eq. 6).
    """
    total = len(eps_dense) // 2
    places = torch.arange(len(x)) if places is None else places.cpu()
    half, processes = (total + 1) // 2, total / len(x)
    here = int((places < half).sum())  # rows of the first half
    features, levels = model.encode(y, level, mask), tuple(model.noise_shapes())
    loss, cost, rate = x.new_zeros(()), x.new_zeros(0), x.new_zeros(0)
    if here:
        eps = dict(zip(levels, (eps_dense[places[:here]], eps_map[places[:here]]), strict=True))
        first = model.decode(features.rows(slice(here)), eps, x[:here])
        cost, rate = -gaussian.log_prob(x[:here], first.mean, 2 * first.log_scale).flatten(1).sum(1), first.kl
        loss = loss + processes * (cost + model.config.beta * rate).sum() / half
    if here < len(x):
        pair = torch.cat([places[here:], places[here:] + total - half])
        eps = dict(zip(levels, (eps_dense[pair], eps_map[pair]), strict=True))
        twice = torch.arange(here, len(x), device=x.device).repeat(2)
        prior = model.decode(features.rows(twice), eps)
        a, b = (x[here:] - m for m in prior.mean.chunk(2))
        loss = loss + processes * MEAN_WEIGHT * (a * b).sum() / (total - half)
    return Terms(loss, cost, rate[:, None])


@torch.no_grad()
def importance_bound(
    model: VAE, x: Tensor, k: int, generator: torch.Generator, discretised: bool = True, chunk: int = 50
) -> Tensor:
    """Upper bound on -log p(x) in nats for each picture, (B,): -log 1/k sum_k p(x, z_k) / q(z_k|x), z_k ~ q.

    Burda et al. 2016, eq. 8; it falls with k towards -log p(x). chunk: samples decoded at a time.
    """
    mu, logvar = model.encode(x)
    assert logvar is not None
    total = torch.full((len(x),), -math.inf, device=x.device)
    for first in range(0, k, chunk):
        n = min(chunk, k - first)
        eps = torch.randn(n, *mu.shape, generator=generator).to(mu)
        z = gaussian.sample(mu, logvar, eps)
        log_q = gaussian.log_prob(z, mu, logvar).sum(2)
        log_prior = gaussian.log_prob(z, torch.zeros_like(mu), torch.zeros_like(mu)).sum(2)
        xs = x.expand(n, *x.shape).flatten(0, 1)
        cost = distortion(model, model.likelihood_parameters(z.flatten(0, 1)), xs, discretised).unflatten(0, (n, -1))
        total = torch.logaddexp(total, torch.logsumexp(log_prior - cost - log_q, dim=0))
    return math.log(k) - total
