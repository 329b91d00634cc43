"""What is to be restored and how: a Task, resolved and checked before anything runs, whoever asks.

A damaged picture y is float32 (C, H, W), in [0, 1] but for noise that was not clipped; a mask is 1 where known.
"""

import functools
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from vaedemo.data.domains import DOMAINS, Domain, get_domain
from vaedemo.errors import ConfigError, PictureError, UnknownModel
from vaedemo.pictures import masks
from vaedemo.pictures.prepare import Placed, prepare, propose_domain
from vaedemo.services.restore import classical, photonoise
from vaedemo.services.restore.coarse import depth
from vaedemo.store.library import Library

__all__ = ["DENOISING", "FILLING", "MAX_SAMPLES", "MAX_SIGMA", "Task", "check", "domain_of", "seen", "task_of"]

DENOISING = ("vae", "plain", *classical.DENOISERS)  # methods by their names; vae is the conditional one
FILLING = ("vae", "plain", "biharmonic")
UNTOLD = ("plain", "biharmonic")  # methods that are told of no noise
MAX_SAMPLES = 16
MAX_SIGMA = 1.0
SMALL = 64  # pixels: no domain's pictures are larger
ANY_SIZE = next(name for name, row in DOMAINS.items() if row.size is None)


@dataclass(frozen=True, eq=False)
class Task:
    """Pictures of a domain that are damaged alike, and how they are restored; made of one picture or of several, and
    one if they have no size.

    y float32 (B, C, H, W); known float32 (B, H, W), 1 where known, None of pictures without holes. sigma: the noise's
    standard deviation on what is known, None where it is not told; noise and level: its kind of damage.NOISES and its
    level in that one's unit, where they are known, and clip: whether y was cut to [0, 1] with it. Of these the method
    vae wants sigma, and a classical one chooses its setting by the rest. samples: how many the method vae draws, from
    the seed on. estimate: whether the strength is measured too where the method does without. strips: whether a
    classical method sees a photograph in strips, so that it can be stopped.
    """

    domain: Domain
    y: np.ndarray
    known: np.ndarray | None = None
    _: KW_ONLY
    method: str = "vae"
    sigma: float | None = None
    noise: str | None = None
    level: float | None = None
    clip: bool = True
    samples: int = 8
    seed: int = 0
    estimate: bool = False
    strips: bool = False
    note: str | None = None  # a sentence about the mask for who gave it

    def __post_init__(self) -> None:
        told, photo = None if self.method in UNTOLD else self.sigma, self.domain.size is None
        check(self.method, {*DENOISING, *FILLING}, told, self.samples if self.samples or not photo else None)
        if photo and self.method == "plain":
            raise UnknownModel("there is no plain VAE of photographs; choose vae or a classical method")
        if self.samples > (most := self.domain.damages.most_samples):
            raise ConfigError(f"the number of samples is {self.samples}; choose 1 to {most} for photographs")
        object.__setattr__(self, "y", _pictures(self.y, self.domain))
        if self.known is not None:
            object.__setattr__(self, "known", _masks(self.known, self.y))
            if not self.domain.size and not self.known.any():
                raise PictureError("nothing of the photograph is known; leave a part of it unmasked")

    @functools.cached_property
    def mask(self) -> np.ndarray:
        """float32 (B, H, W), 1 where known."""
        return np.ones((len(self.y), *self.y.shape[2:]), np.float32) if self.known is None else self.known

    @functools.cached_property
    def told(self) -> tuple[Any, np.ndarray]:
        """(sigma, a number or (H, W); mask (H, W)) of a photograph as its network is told them. Without a sigma they
        are found out: what salt and pepper took is missing, and the rest is as it was taken; noise that grows with the
        light has a strength of its own at each pixel."""
        if self.sigma is not None:
            return self.sigma, self.mask[0]
        y, mask = self.y[0], self.mask[0]
        if self.noise in (None, "salt_and_pepper"):
            lost = photonoise.lost_pixels(y, told=self.noise is not None)
            if lost.any():
                return 0.0, mask * ~lost
        return self.measured if self.noise is None else photonoise.noise_map(y, self.noise, self.level or 0.0), mask

    @functools.cached_property
    def measured(self) -> float:
        """How strong the noise of a photograph is, by its finest wavelets."""
        return photonoise.level(self.y[0])

    @functools.cached_property
    def guessed(self) -> bool:
        """Whether a photograph's hole is wider than those that were learnt: then it is filled from coarse to fine, and
        what is far from anything known is only a guess."""
        reach = self.domain.damages.hole
        return reach is not None and depth(self.mask[0]) > reach


def _pictures(y: Any, domain: Domain) -> np.ndarray:
    """y as (B, C, H, W); PictureError where it holds no damaged pictures of the domain."""
    try:
        y = np.asarray(y, np.float32)
    except (TypeError, ValueError):
        raise PictureError("a damaged picture is an array of numbers") from None
    shape, whole = y.shape if y.ndim != 4 else y.shape[1:], y[None] if y.ndim == 3 else y
    wanted = domain.shape if domain.size else "(3, height, width)"
    if len(shape) != 3 or not y.size or (domain.size and shape != domain.shape):
        raise PictureError(f"a damaged picture has shape {wanted}, this one {shape}")
    if shape[0] != domain.channels:
        raise PictureError(f"a photograph has 3 colours, this one {shape[0]}; convert it to RGB")
    if not domain.size and len(whole) > 1:
        raise PictureError(f"{len(whole)} photographs were given at once; give one")
    if not np.isfinite(y).all() or y.max() > 20 or y.min() < -20:
        raise PictureError("the picture holds values that are not numbers or far outside 0 to 1; give 0 to 1")
    return whole


def _masks(known: Any, y: np.ndarray) -> np.ndarray:
    """known as float32 (B, H, W) of 0 and 1; PictureError where it does not fit y (B, C, H, W)."""
    size = y.shape[2:]
    known = (np.asarray(known) > 0).astype(np.float32)
    if known.shape[-2:] != size or known.ndim not in (2, 3):
        sizes = " x ".join(map(str, known.shape[:-3:-1])), " x ".join(map(str, size[::-1]))
        raise PictureError(f"the mask is {sizes[0]} pixels, the picture {sizes[1]}; give both one size")
    return np.broadcast_to(known, (len(y), *size)).copy()


def check(method: str, methods: Any, sigma: float | None, samples: int | None) -> None:
    """Refuse what can be asked of no picture: ConfigError of a method that is not among the methods, of a sigma and a
    number of samples that are out of range, and of noise that the method is not told of."""
    if method not in methods:
        choices = [m for m in dict.fromkeys((*DENOISING, *FILLING)) if m in methods]
        raise ConfigError(f"no method {method!r}; choose from {', '.join(choices)}")
    if sigma is not None and not 0 <= sigma <= MAX_SIGMA:
        raise ConfigError(
            f"the noise's strength is {sigma:g}; choose 0 to 1, in units of the whole range (25 of 255 levels are 0.1)"
        )
    if samples is not None and not 1 <= samples <= MAX_SAMPLES:
        raise ConfigError(f"the number of samples is {samples}; choose 1 to {MAX_SAMPLES}")
    if method in UNTOLD and sigma:
        raise ConfigError(f"the method {method} is told of no noise; leave sigma to another one")


def domain_of(library: Library, name: str | None, image: Image.Image) -> Domain:
    """The row of this name; without one the domain that a picture of mode L or RGB seems to be of, among those that a
    model restores: of any size where both sides are longer than any domain's."""
    if not name:
        name = library.restoring(ANY_SIZE if min(image.size) > SMALL else propose_domain(image))
    return get_domain(name, library.restorable)


def seen(image: Image.Image, domain: Domain) -> np.ndarray:
    """float32 (C, H, W) in [0, 1]: a photograph as it is, another picture at its domain's size; never trimmed, because
    noise would be."""
    if domain.size is None:
        return np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1) / np.float32(255)
    return prepare(image, channels=domain.channels, size=domain.size).x


def task_of(image: Image.Image, domain: Domain, mask: Any = None, **options: Any) -> Task:
    """The Task of a picture of mode L or RGB, and of a mask in which white is missing (what masks.read takes); options
    are Task's. PictureError where the mask is of another shape, or leaves nothing to a method that needs something."""
    if mask is None:
        return Task(domain, seen(image, domain), **options)
    placed = Placed.whole(image.size, image.size)
    if domain.size is not None:  # cut as the picture is
        placed = prepare(image, channels=domain.channels, size=domain.size).placed
    fitted = masks.known(masks.read(mask), placed)
    if not fitted.known.any() and (domain.size is None or options.get("method") == "biharmonic"):
        raise PictureError("the mask is white all over, so nothing is known; leave a part of it black")
    task = Task(domain, seen(image, domain), fitted.known, **options)
    note = fitted.said()
    if note is None and task.method == "vae" and task.guessed:
        note = (
            f"a part of the hole is more than {domain.damages.hole} pixels from anything known, further than was "
            "learnt: it is filled from coarse to fine, and far inside it is only a guess"
        )
    return replace(task, note=note)
