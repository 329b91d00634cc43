"""The variational autoencoder. Kingma & Welling 2014; one learned sigma for all pixels: Rybkin et al. 2021."""

import math

import torch
from torch import nn

from vaedemo.maths import gaussian
from vaedemo.models.autoencoder import Code, Output, networks

__all__ = ["VAE"]

LOGVAR_RANGE = (-12.0, 8.0)  # sigma from 0.0025 to 55: beyond it exp overflows half precision


class VAE(nn.Module):
    """q(z|x) = N(mu, diag sigma^2), p(z) = N(0, I), p(x|z) Bernoulli or Gaussian, one value a pixel.

    `likelihood_parameters(z)` is what the objective needs (logits, or means), `decode(z)` the mean picture.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = networks(config, 2 * config.latent_dim)
        if config.likelihood == "gaussian" and config.sigma:
            self.register_buffer("log_sigma", torch.tensor(math.log(config.sigma)))
        elif config.likelihood == "gaussian":
            self.log_sigma = nn.Parameter(torch.tensor(-1.5))

    def encode(self, x):
        """Code(mu, logvar), each (B, D), from x (B, C, H, W)."""
        mu, logvar = self.encoder(x).float().chunk(2, dim=1)
        return Code(mu, logvar.clamp(*LOGVAR_RANGE))

    def likelihood_parameters(self, z):
        """Logits (Bernoulli) or means (Gaussian) of p(x|z), float32 (B, C, H, W)."""
        return self.decoder(z).float()

    def decode(self, z):
        """Mean picture of p(x|z), (B, C, H, W) in [0, 1]."""
        theta = self.likelihood_parameters(z)
        return theta.sigmoid() if self.config.likelihood == "bernoulli" else theta.clamp(0, 1)

    def forward(self, x, eps=None):
        """Output with z = mu + sigma * eps; without eps, z = mu."""
        mu, logvar = self.encode(x)
        z = mu if eps is None else gaussian.sample(mu, logvar, eps)
        return Output(self.decode(z), z, mu, logvar)

    def sample(self, n, generator=None, temperature=1.0):
        """n mean pictures decoded from z ~ N(0, temperature^2 I)."""
        z = torch.randn(n, self.config.latent_dim, generator=generator) * temperature
        return self.decode(z.to(next(self.parameters())))
