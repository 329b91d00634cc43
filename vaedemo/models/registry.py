"""MODELS: one row a kind of model; CONFIGS: those whose settings are not a ModelConfig."""

import torch

from vaedemo.errors import UnknownModel
from vaedemo.models.autoencoder import Autoencoder
from vaedemo.models.conditional import Conditional
from vaedemo.models.hierarchical import PhotoConfig, PhotoVAE
from vaedemo.models.pca import PCA
from vaedemo.models.vae import VAE

__all__ = ["CONFIGS", "MODELS", "build_model"]

MODELS = {
    "ae": Autoencoder,
    "vae": VAE,
    "dense": Autoencoder,
    "dense-vae": VAE,
    "pca": PCA,
    "conditional": Conditional,
    "photo-restore": PhotoVAE,
}
CONFIGS = {"photo-restore": PhotoConfig}


def build_model(config, seed=0):
    """A new network from its ModelConfig; the same seed gives the same first weights."""
    if config.kind not in MODELS:
        raise UnknownModel(f"no kind {config.kind!r}; choose from {', '.join(MODELS)}")
    with torch.random.fork_rng(devices=[]):  # PyTorch's initialisers draw from the global generator only
        torch.manual_seed(seed)
        return MODELS[config.kind](config)
