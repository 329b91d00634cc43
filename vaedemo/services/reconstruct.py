"""A picture through a model and back: what survives, and where the nats go. Plain numpy at the boundary. What a code
costs as bytes is told by codec.small."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from vaedemo import runtime
from vaedemo.maths import gaussian, metrics
from vaedemo.models import objectives
from vaedemo.pictures.draw import to_image
from vaedemo.store.inputs import checked_picture
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library

__all__ = ["ERROR_LIMIT", "Reconstruction", "error_image", "every_model", "reconstruct", "sheet"]

ERROR_LIMIT = 0.5  # the error at which every error map saturates
DRAWS = 8  # posterior samples over which a picture's distortion is averaged


class Reconstruction(NamedTuple):
    """x_hat float32 (C, H, W) in [0, 1]; z (D,), the posterior mean of a VAE, and its sigma (D,) or None; mse of values
    in [0, 1], psnr in dB. For a VAE distortion_nats, averaged over 8 samples of z,
    and kl_nats (D,): ELBO = -(distortion_nats + kl_nats.sum()); of a Gaussian likelihood the discretised one."""

    key: ModelKey
    x_hat: np.ndarray
    z: np.ndarray
    sigma: np.ndarray | None
    mse: float
    psnr: float
    ssim: float
    unusual: bool
    distortion_nats: float | None
    kl_nats: np.ndarray | None


@torch.no_grad()
def reconstruct(library: Library, x: np.ndarray, key: ModelKey) -> Reconstruction:
    """Reconstruction of a picture x, float32 (C, H, W) in [0, 1], by a ModelKey's model."""
    pictures = checked_picture(x, library.domain(key.domain))
    model = library.model(key)
    mu, logvar = model.encode(pictures)
    distortion = rate = None
    if logvar is None:
        x_hat = model.decode(mu)
    else:
        eps = torch.randn(DRAWS, key.latent_dim, generator=runtime.generator("reconstruct"))
        # One pass decodes the mean and the samples together.
        theta = model.likelihood_parameters(torch.cat([mu, gaussian.sample(mu, logvar, eps)]))
        x_hat = model.mean(theta[:1])
        costs = objectives.distortion(model, theta[1:], pictures.expand(DRAWS, -1, -1, -1), discretised=True)
        distortion = costs.mean().item()
        rate = gaussian.kl(mu, logvar)[0].numpy()
    error = metrics.mse(x_hat, pictures)
    figures = library.figures(key)
    return Reconstruction(
        key,
        x_hat=x_hat[0].numpy(),
        z=mu[0].numpy(),
        sigma=None if logvar is None else (0.5 * logvar[0]).exp().numpy(),
        mse=error.item(),
        psnr=metrics.psnr(error).item(),
        ssim=metrics.ssim(x_hat, pictures).item(),
        unusual=bool(figures and error.item() > figures["mse_p99"]),
        distortion_nats=distortion,
        kl_nats=rate,
    )


def every_model(
    library: Library, x: np.ndarray, domain: str, kinds: Collection[str] | None = None
) -> list[Reconstruction]:
    """Reconstructions by every latent dimension (beta 1) of the kinds, all by default, in order."""
    keys = [key for key in library.model_keys(domain) if key.beta == 1 and (kinds is None or key.kind in kinds)]
    return [reconstruct(library, x, key) for key in keys]


def error_image(x: np.ndarray, x_hat: np.ndarray) -> Image.Image:
    """The absolute error, mean over the channels, as an RGB picture: 0 dark, ERROR_LIMIT and above bright (magma)."""
    from matplotlib import colormaps  # half a second that only this picture has to spend

    error = np.abs(np.asarray(x_hat) - np.asarray(x)).mean(0) / ERROR_LIMIT
    return Image.fromarray((colormaps["magma"](np.clip(error, 0, 1))[..., :3] * 255).round().astype(np.uint8))


def sheet(x: np.ndarray, x_hat: np.ndarray, side: int = 256, gap: int = 8) -> Image.Image:
    """Input, reconstruction and error map side by side, each scaled up without smoothing to about `side` pixels."""
    parts = [to_image(x), to_image(x_hat), error_image(x, x_hat)]
    scale = max(1, side // parts[0].width)
    width, height = parts[0].width * scale, parts[0].height * scale
    image = Image.new("RGB", (3 * width + 2 * gap, height), "white")
    for i, part in enumerate(parts):
        image.paste(part.resize((width, height), Image.Resampling.NEAREST), (i * (width + gap), 0))
    return image
