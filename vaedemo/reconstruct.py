"""A picture through a model and back: what survives, what it costs, where the bits go. Plain numpy at the boundary."""

import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from vaedemo import gaussian, metrics, objectives, runtime
from vaedemo.checkpoints import available, find, load_checkpoint
from vaedemo.configs import KINDS
from vaedemo.domains import get_domain
from vaedemo.errors import CheckpointError, ConfigError, PictureError

__all__ = [
    "CHECKPOINTS",
    "ERROR_LIMIT",
    "Library",
    "Reconstruction",
    "decode",
    "encode",
    "error_image",
    "every_model",
    "figures_key",
    "reconstruct",
    "sheet",
    "to_image",
]

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
KEPT = 128  # models in memory at once: every shipped one, PCA's parts included, some 50 MB
ERROR_LIMIT = 0.5  # the error at which every error map saturates
DRAWS = 8  # posterior samples over which a picture's distortion is averaged


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


class Reconstruction(NamedTuple):
    """x_hat float32 (C, H, W) in [0, 1]; z (D,), the posterior mean of a VAE, and its sigma (D,) or None; mse of values
    in [0, 1], psnr in dB; latent_bytes at 8 bits a number. For a VAE distortion_nats, averaged over 8 samples of z,
    and kl_nats (D,): ELBO = -(distortion_nats + kl_nats.sum()); of a Gaussian likelihood the discretised one."""

    domain: str
    kind: str
    latent_dim: int
    beta: float
    x_hat: np.ndarray
    z: np.ndarray
    sigma: np.ndarray | None
    mse: float
    psnr: float
    ssim: float
    latent_bytes: int
    picture_bytes: int
    ratio: float
    unusual: bool
    distortion_nats: float | None
    kl_nats: np.ndarray | None


def figures_key(domain, kind, latent_dim, beta=1.0):
    """The name under which a model's figures are kept."""
    return f"{domain}/{kind}-{latent_dim}" + ("" if beta == 1 else f"-beta{beta:g}")


def _picture(x, domain):
    """x checked, as a batch of one."""
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
def reconstruct(library, x, domain, kind, latent_dim, beta=1.0):
    """Reconstruction of a picture x, float32 (C, H, W) in [0, 1], by one model."""
    x = _picture(x, domain)
    model = library.model(domain, kind, latent_dim, beta)
    mu, logvar = model.encode(x)
    distortion = rate = None
    if logvar is None:
        x_hat = model.decode(mu)
    else:
        eps = torch.randn(DRAWS, latent_dim, generator=runtime.generator("reconstruct"))
        # One pass decodes the mean and the samples together.
        theta = model.likelihood_parameters(torch.cat([mu, gaussian.sample(mu, logvar, eps)]))
        x_hat = theta[:1].sigmoid() if model.config.likelihood == "bernoulli" else theta[:1].clamp(0, 1)
        distortion = (
            objectives.distortion(model, theta[1:], x.expand(DRAWS, -1, -1, -1), discretised=True).mean().item()
        )
        rate = gaussian.kl(mu, logvar)[0].numpy()
    error = metrics.mse(x_hat, x)
    figures = library.figures(domain, kind, latent_dim, beta)
    return Reconstruction(
        domain, kind, latent_dim, float(beta),
        x_hat=x_hat[0].numpy(),
        z=mu[0].numpy(),
        sigma=None if logvar is None else (0.5 * logvar[0]).exp().numpy(),
        mse=error.item(),
        psnr=metrics.psnr(error).item(),
        ssim=metrics.ssim(x_hat, x).item(),
        latent_bytes=latent_dim,
        picture_bytes=x.numel(),
        ratio=x.numel() / latent_dim,
        unusual=bool(figures and error.item() > figures["mse_p99"]),
        distortion_nats=distortion,
        kl_nats=rate,
    )  # fmt: skip


def every_model(library, x, domain, kinds=None):
    """Reconstructions by every latent dimension (beta 1) of the kinds, all by default, in order."""
    kinds = library.kinds(domain) if kinds is None else kinds
    return [reconstruct(library, x, domain, kind, d) for kind in kinds for d in library.dims(domain, kind)]


@torch.no_grad()
def encode(library, x, domain, kind, latent_dim, beta=1.0):
    """(mu, sigma or None), each float32 (D,), of a picture x (C, H, W) in [0, 1]."""
    mu, logvar = library.model(domain, kind, latent_dim, beta).encode(_picture(x, domain))
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


def to_image(x):
    """A PIL picture, L or RGB, from float32 (C, H, W) in [0, 1]."""
    levels = np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))


def error_image(x, x_hat, limit=ERROR_LIMIT):
    """The absolute error, mean over the channels, as an RGB picture: 0 dark, `limit` and above bright (magma)."""
    from matplotlib import colormaps  # half a second that only this picture has to spend

    error = np.abs(np.asarray(x_hat) - np.asarray(x)).mean(0) / limit
    return Image.fromarray((colormaps["magma"](np.clip(error, 0, 1))[..., :3] * 255).round().astype(np.uint8))


def sheet(x, x_hat, side=256, gap=8):
    """Input, reconstruction and error map side by side, each scaled up without smoothing to about `side` pixels."""
    parts = [to_image(x), to_image(x_hat), error_image(x, x_hat)]
    scale = max(1, side // parts[0].width)
    width, height = parts[0].width * scale, parts[0].height * scale
    made = Image.new("RGB", (3 * width + 2 * gap, height), "white")
    for i, part in enumerate(parts):
        made.paste(part.resize((width, height), Image.Resampling.NEAREST), (i * (width + gap), 0))
    return made
