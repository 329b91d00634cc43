"""MODELS: one row a kind of model; CONFIGS: the kinds whose settings are not a ModelConfig."""

from collections.abc import Callable
from typing import Any

import torch

from vaedemo.errors import UnknownModel
from vaedemo.models.autoencoder import Autoencoder
from vaedemo.models.codec import Codec
from vaedemo.models.conditional import Conditional
from vaedemo.models.entropy import CodecConfig
from vaedemo.models.hierarchical import PhotoConfig, PhotoVAE
from vaedemo.models.lossless import Lossless, LosslessConfig
from vaedemo.models.pca import PCA
from vaedemo.models.vae import VAE

__all__ = ["CONFIGS", "MODELS", "build_model"]

MODELS: dict[str, Callable[[Any], Any]] = {
    "ae": Autoencoder,
    "vae": VAE,
    "tc-vae": VAE,
    "dense": Autoencoder,
    "dense-vae": VAE,
    "pca": PCA,
    "conditional": Conditional,
    "photo-restore": PhotoVAE,
    "codec": Codec,
    "lossless": Lossless,
    "lossless-binary": Lossless,
}
CONFIGS: dict[str, Any] = {
    "photo-restore": PhotoConfig,
    "codec": CodecConfig,
    "lossless": LosslessConfig,
    "lossless-binary": LosslessConfig,
}


def build_model(config: Any, seed: int = 0) -> Any:
    """A new network of MODELS from its config; the same seed gives the same initial weights."""
    if config.kind not in MODELS:
        raise UnknownModel(f"no kind {config.kind!r}; choose from {', '.join(MODELS)}")
    with torch.random.fork_rng(devices=[]):  # PyTorch's initialisers draw from the global generator only
        torch.manual_seed(seed)
        return MODELS[config.kind](config)
