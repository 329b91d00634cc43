"""The shipped models by name: loaded when asked for, kept in memory, and called on one picture or one code."""

import json
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

from vaedemo.checkpoints import available, find, load_checkpoint
from vaedemo.configs import KINDS
from vaedemo.domains import get_domain
from vaedemo.errors import CheckpointError, ConfigError, PictureError

__all__ = ["CHECKPOINTS", "Library", "checked_picture", "decode", "encode", "figures_key"]

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
KEPT = 128  # models in memory at once: every shipped one, PCA's parts included, some 50 MB


class Library:
    """The checkpoints of a folder: loaded when first asked for, the least recently used one dropped; thread-safe."""

    def __init__(self, folder=CHECKPOINTS):
        self.folder = Path(folder)
        self.entries = available(self.folder)
        self._models, self._lock = OrderedDict(), threading.Lock()
        try:
            self._figures = json.loads((self.folder / "figures.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._figures = {}
        except (OSError, ValueError):
            raise CheckpointError("figures.json is damaged; write it again with `python -m vaedemo evaluate`") from None

    def kinds(self, domain):
        """Kinds of model there are for a domain, in the order of KINDS."""
        get_domain(domain)
        have = {e.kind for e in self.entries if e.domain == domain}
        return [k for k in KINDS if k in have]

    def dims(self, domain, kind, beta=1.0):
        """Latent dimensions there are, ascending; PCA has every one of its domain's."""
        own = {e.latent_dim for e in self.entries if (e.domain, e.kind, e.beta) == (domain, kind, float(beta))}
        if kind == "pca" and own:
            return [d for d in get_domain(domain).latent_dims if d <= max(own)]
        return sorted(own)

    def betas(self, domain, latent_dim):
        """Betas of the VAEs there are for a domain at a latent dimension, ascending."""
        return sorted(e.beta for e in self.entries if (e.domain, e.kind, e.latent_dim) == (domain, "vae", latent_dim))

    def model(self, domain, kind, latent_dim, beta=1.0):
        """The model itself, in evaluation mode on the CPU; UnknownModel says what there is."""
        get_domain(domain)
        entry = find(self.entries, domain, kind, latent_dim, beta)
        with self._lock:
            whole = self._kept((entry.path, entry.latent_dim), lambda: load_checkpoint(entry.path)[0])
            if latent_dim == entry.latent_dim:
                return whole
            return self._kept((entry.path, latent_dim), lambda: whole.first(latent_dim))

    def _kept(self, key, make):
        """What is in memory under this key, made if it is not; called with the lock held."""
        if key not in self._models:
            self._models[key] = make()
            while len(self._models) > KEPT:
                self._models.popitem(last=False)
        self._models.move_to_end(key)
        return self._models[key]

    def figures(self, domain, kind, latent_dim, beta=1.0):
        """The figures that `evaluate` measured for a model over its test set, a dict, or None before that."""
        return self._figures.get(figures_key(domain, kind, latent_dim, beta))


def figures_key(domain, kind, latent_dim, beta=1.0):
    """The name under which a model's figures are kept."""
    return f"{domain}/{kind}-{latent_dim}" + ("" if beta == 1 else f"-beta{beta:g}")


def checked_picture(x, domain):
    """x float32 (C, H, W) in [0, 1], checked, as a tensor batch of one; PictureError otherwise."""
    shape = get_domain(domain).shape
    try:
        x = np.asarray(x, dtype=np.float32)
    except (TypeError, ValueError):
        raise PictureError(f"a picture of {domain} is an array of numbers of shape {shape}") from None
    if x.shape != shape:
        raise PictureError(f"a picture of {domain} has shape {shape}, this one {x.shape}; prepare it first")
    if not np.isfinite(x).all() or x.min() < 0 or x.max() > 1:
        raise PictureError("the picture holds values that are not numbers from 0 to 1; prepare it first")
    return torch.from_numpy(np.ascontiguousarray(x))[None]


@torch.no_grad()
def encode(library, x, domain, kind, latent_dim, beta=1.0):
    """(mu, sigma or None), each float32 (D,), of a picture x (C, H, W) in [0, 1]."""
    mu, logvar = library.model(domain, kind, latent_dim, beta).encode(checked_picture(x, domain))
    return mu[0].numpy(), None if logvar is None else (0.5 * logvar[0]).exp().numpy()


@torch.no_grad()
def decode(library, z, domain, kind, latent_dim, beta=1.0):
    """The mean picture float32 (C, H, W) in [0, 1] of a code z (D,)."""
    try:
        z = np.asarray(z, dtype=np.float32)
    except (TypeError, ValueError):
        raise ConfigError(f"a code of this model is {latent_dim} numbers") from None
    if z.shape != (latent_dim,):
        raise ConfigError(f"a code of this model is {latent_dim} numbers; this one has shape {z.shape}")
    if not np.isfinite(z).all() or np.abs(z).max() > 1e4:
        raise ConfigError("the code holds numbers that are not finite or larger than 10000; choose smaller ones")
    return library.model(domain, kind, latent_dim, beta).decode(torch.from_numpy(z)[None])[0].numpy()
