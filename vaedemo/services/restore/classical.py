"""The classical methods of restoration that the models are compared with, by scikit-image, and how they are tuned.

DENOISERS is the table. Pictures are float (C, H, W), in [0, 1] but for noise that was not clipped; results are float32,
clipped to [0, 1]. Which setting suits a noise is measured on training pictures by tune() and kept beside the models.

A method that averages returns E y, which is not x where values were clipped: black under noise is grey in the mean. So
what a method returns is taken back through x -> E y (damage.expected; Foi 2009), where that is better: of strong salt
and pepper it would also blow up what noise is left, and a median is hardly moved by clipping. Tuning says which.
"""

import functools
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vaedemo.data.damage import NOISES, add_noise, expected, strength
from vaedemo.errors import CheckpointError, ConfigError, PictureError

__all__ = [
    "DENOISERS",
    "FILE",
    "Method",
    "denoise",
    "inpaint",
    "levels",
    "read_settings",
    "setting_for",
    "tune",
    "unbiased",
]

FILE = "classical.json"  # beside a domain's models
STEPS = 1025  # places at which a noise's mean is known
LEVELS = 3  # of each noise for which settings are chosen, evenly spaced from its weakest to its strongest
GAUSSIAN = (0.05, 0.1, 0.25, 0.5, 0.75)  # and of the commonest noise
Setting = dict[str, Any]  # of a method: its options by name


class Method(NamedTuple):
    """A row of DENOISERS: run(y (H, W, C) float64, sigma, **setting) -> (H, W, C), and the settings that are tried.
    averages: whether its result is taken back from E y to x where tuning did not say."""

    run: Callable[..., np.ndarray]
    settings: tuple[Setting, ...]
    averages: bool = True


def _grid(**choices: tuple) -> tuple[Setting, ...]:
    return tuple(dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values()))


def _each(function: Callable[..., np.ndarray], y: np.ndarray, **options: Any) -> np.ndarray:
    """A function of scikit-image on (H, W, C); grey pictures go in without their channel, which it would take for a
    side. Those that are spun have a function inside that has to know the channel too."""
    if y.shape[2] == 1:
        return function(y[..., 0], **options)[..., None]
    if "func_kw" in options:
        options["func_kw"] = {**options["func_kw"], "channel_axis": -1}
    return function(y, channel_axis=-1, **options)


def _nlm(y: np.ndarray, sigma: float, h: float, patch: int, distance: int, told: float, fast: bool) -> np.ndarray:
    """Non-local means, Buades, Coll & Morel 2005; h in units of sigma; told: whether the noise's share of a distance is
    taken off it; fast: patches without a Gaussian weight."""
    from skimage.restoration import denoise_nl_means

    sizes = {"patch_size": patch, "patch_distance": distance, "fast_mode": fast}
    mean = _each(denoise_nl_means, y, h=h * sigma, sigma=told * sigma, **sizes)
    return mean.reshape(y.shape)  # it drops a side of one pixel


def _wavelet(y: np.ndarray, sigma: float, threshold: float, wavelet: str, shifts: int) -> np.ndarray:
    """Wavelet shrinkage, Chang, Yu & Vetterli 2000 (BayesShrink), averaged over shifts (Coifman & Donoho 1995);
    threshold in units of sigma."""
    from skimage.restoration import cycle_spin, denoise_wavelet

    options = {"sigma": threshold * sigma, "wavelet": wavelet, "rescale_sigma": False}
    if not shifts:
        return _each(denoise_wavelet, y, **options)
    return _each(cycle_spin, y, max_shifts=shifts, func=denoise_wavelet, func_kw=options, workers=1)


def _tv(y: np.ndarray, sigma: float, weight: float) -> np.ndarray:
    """Total variation, Rudin, Osher & Fatemi 1992, Chambolle 2004; weight in units of sigma."""
    from skimage.restoration import denoise_tv_chambolle

    return _each(denoise_tv_chambolle, y, weight=weight * sigma)


def _median(y: np.ndarray, sigma: float, size: int) -> np.ndarray:
    """The median of size x size pixels, each channel for itself."""
    from scipy.ndimage import median_filter

    return median_filter(y, size=(size, size, 1), mode="reflect")


DENOISERS = {
    "nlm": Method(
        _nlm,
        _grid(h=(0.4, 0.6, 0.8, 1.0), patch=(3, 5, 7), distance=(5, 11), told=(0, 1), fast=(True,))
        + _grid(h=(0.6, 0.8, 1.0), patch=(5, 7), distance=(5,), told=(0, 1), fast=(False,)),
    ),
    "wavelet": Method(_wavelet, _grid(threshold=(0.5, 0.7, 1.0, 1.4, 2.0), wavelet=("db1", "sym4"), shifts=(0, 3))),
    "tv": Method(_tv, _grid(weight=(0.2, 0.3, 0.5, 0.75, 1.0, 1.4, 2.0, 3.0))),
    "median": Method(_median, _grid(size=(3, 5, 7)), averages=False),
}
USUAL: dict[str, Setting] = {
    "nlm": {"h": 0.6, "patch": 5, "distance": 5, "told": 1, "fast": True},
    "wavelet": {"threshold": 1.0, "wavelet": "db1", "shifts": 3},
    "tv": {"weight": 1.0},
    "median": {"size": 3},
}  # where nothing was tuned


def denoise(
    y: np.ndarray,
    method: str,
    sigma: float,
    setting: Setting | None = None,
    *,
    kind: str = "gaussian",
    level: float | None = None,
    clip: bool = False,
) -> np.ndarray:
    """y (C, H, W) with noise of standard deviation sigma -> float32 (C, H, W) in [0, 1], by a method of DENOISERS;
    setting is a dict of that method's, the usual one if None; `unbiased` in it says whether the result is taken back
    from E y to x. The noise's kind and level in its own unit (sigma if None), and whether y was clipped to [0, 1], say
    what E y is."""
    if method not in DENOISERS:
        raise ConfigError(f"no method {method!r}; choose from {', '.join(DENOISERS)}")
    if not 0 <= sigma < 10:
        raise ConfigError(
            f"the noise's strength is {sigma:g}; choose 0 to 1, the standard deviation of values in [0, 1]"
        )
    if sigma == 0:
        return np.clip(y, 0, 1).astype(np.float32)
    own = dict(setting or USUAL[method])
    back = own.pop("unbiased", DENOISERS[method].averages)
    x_hat = _run(y, method, sigma, own)
    if back:
        x_hat = unbiased(x_hat, kind, sigma if level is None else level, clip)
    return np.clip(x_hat, 0, 1).astype(np.float32)


def _run(y: np.ndarray, method: str, sigma: float, own: Setting) -> np.ndarray:
    x_hat = DENOISERS[method].run(np.moveaxis(np.asarray(y, np.float64), 0, -1), float(sigma), **own)
    return np.moveaxis(x_hat, -1, 0)


def unbiased(mean: np.ndarray, kind: str, level: float, clip: bool = True) -> np.ndarray:
    """x in [0, 1] where mean is E y of it (damage.expected, inverted by linear interpolation), an array of any shape.
    What lies beyond the means of black and white is black or white, but not where y was not clipped."""
    x = np.linspace(0, 1, STEPS)
    known = expected(x, kind, level, clip)
    if np.array_equal(known, x):
        return mean
    return np.interp(mean, np.maximum.accumulate(known), x)


def inpaint(y: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """y (C, H, W) in [0, 1] with the pixels filled where mask (H, W) is 0, by biharmonic equations: float32 (C, H, W).

    Damelin & Hoang 2018, as scikit-image has it. PictureError where nothing is known."""
    from skimage.restoration import inpaint_biharmonic

    hole = np.asarray(mask) == 0
    if hole.all():
        raise PictureError("Nothing of the picture is known; leave a part of it unmasked.")
    y = np.where(hole, 0, np.asarray(y, np.float64))
    if not hole.any():
        return y.astype(np.float32)
    filled = inpaint_biharmonic(np.moveaxis(y, 0, -1), hole, channel_axis=-1, split_into_regions=hole.size > 100_000)
    return np.where(hole, np.clip(np.moveaxis(filled, -1, 0), 0, 1), y).astype(np.float32)


def levels(kind: str) -> tuple[float, ...]:
    """Levels of a noise for which settings are chosen."""
    if kind == "gaussian":
        return GAUSSIAN
    row = NOISES[kind]
    return tuple(np.linspace(row.weakest, row.strongest, LEVELS).round(3).tolist())


def tune(
    x: Tensor,
    kind: str,
    level: float,
    generator: torch.Generator,
    clip: bool = True,
    methods: Sequence[str] = tuple(DENOISERS),
) -> dict[str, dict[str, Any]]:
    """{method: {"setting", "unbiased", "psnr"}}: of every method the setting with the highest mean PSNR in dB on clean
    training pictures x (B, C, H, W), damaged by a noise at a level; unbiased: with its result taken back from E y."""
    y = add_noise(x, kind, level, generator, clip).numpy()
    clean, found = x.numpy(), dict[str, dict[str, Any]]()
    # Gaussian noise is told as it was added, clipped or not; of other kinds the nominal strength may be far from this.
    sigma = level if kind == "gaussian" else float(np.sqrt(np.square(y - clean).mean()))
    for name in methods:
        for setting in DENOISERS[name].settings:
            mean = np.stack([_run(one, name, sigma, setting) for one in y])
            for back in (True, False):
                x_hat = unbiased(mean, kind, level, clip) if back else mean
                error = ((x_hat.clip(0, 1) - clean) ** 2).mean((1, 2, 3)).clip(1e-10)
                psnr = round(float(-10 * np.log10(error).mean()), 3)
                if name not in found or psnr > found[name]["psnr"]:
                    found[name] = {"setting": setting, "unbiased": back, "psnr": psnr}
    return found


@functools.lru_cache(maxsize=16)
def read_settings(folder: Path) -> list[dict[str, Any]]:
    """The rows that tune() filled for a domain, [{"kind", "level", "clip", "methods"}, ...]; none where there is no
    file."""
    path = Path(folder) / FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        if not all({"kind", "level", "clip", "methods"} <= set(row) for row in rows):
            raise ValueError(path.name)
        return rows
    except FileNotFoundError:
        return []
    except (OSError, ValueError, LookupError, TypeError):
        raise CheckpointError(f"{path.name} is damaged; write it again with `python -m vaedemo derive`") from None


def setting_for(
    rows: Sequence[dict[str, Any]], method: str, kind: str, level: float, clip: bool = True
) -> Setting | None:
    """The setting of a method that was chosen for the nearest level of a noise, as denoise takes it, or None where none
    was."""
    near = [r for r in rows if r["kind"] == kind and r["clip"] == clip and method in r["methods"]]
    if not near:
        return None if kind == "gaussian" else setting_for(rows, method, "gaussian", float(strength(kind, level)), clip)
    chosen = min(near, key=lambda r: abs(r["level"] - level))["methods"][method]
    return chosen["setting"] | {"unbiased": chosen["unbiased"]} if "unbiased" in chosen else chosen["setting"]
