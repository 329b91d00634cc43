"""The variational autoencoder. Kingma & Welling 2014; one learned sigma for all pixels: Rybkin et al. 2021."""

import math

import torch
from torch import Tensor, nn

from vaedemo.configs import ModelConfig
from vaedemo.models.autoencoder import Code, Model, networks
from vaedemo.models.likelihoods import LIKELIHOODS, Likelihood

__all__ = ["VAE"]

LOGVAR_RANGE = (-12.0, 8.0)  # sigma from 0.0025 to 55: beyond it exp overflows half precision


class VAE(Model):
    """q(z|x) = N(mu, diag sigma^2), p(z) = N(0, I), p(x|z) a row of LIKELIHOODS.

    `likelihood_parameters(z)` is what the objective needs (logits, or locations), `decode(z)` the mean picture.
    """

    log_sigma: Tensor  # of the likelihood, if it has one

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.encoder, self.decoder = networks(config, 2 * config.latent_dim)
        if self.likelihood.scaled and config.sigma:
            self.register_buffer("log_sigma", torch.tensor(math.log(config.sigma)))
        elif self.likelihood.scaled:
            self.log_sigma = nn.Parameter(torch.tensor(-1.5))

    @property
    def likelihood(self) -> Likelihood:
        """The row of LIKELIHOODS."""
        return LIKELIHOODS[self.config.likelihood]

    def encode(self, x: Tensor) -> Code:
        """Code(mu, logvar), each (B, D), from x (B, C, H, W)."""
        mu, logvar = self.encoder(x).float().chunk(2, dim=1)
        return Code(mu, logvar.clamp(*LOGVAR_RANGE))

    def likelihood_parameters(self, z: Tensor) -> Tensor:
        """Logits (Bernoulli) or locations of p(x|z), float32 (B, C, H, W)."""
        return self.decoder(z).float()

    def decode(self, z: Tensor) -> Tensor:
        """Mean picture of p(x|z), (B, C, H, W) in [0, 1]."""
        return self.mean(self.likelihood_parameters(z))

    def mean(self, theta: Tensor) -> Tensor:
        """Mean picture of p(x|z) from its parameters, (B, C, H, W) in [0, 1]."""
        return self.likelihood.mean(theta, self.log_sigma.float() if self.likelihood.scaled else None)
