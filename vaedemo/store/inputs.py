"""What models are given: a picture of any source as x, and codes as z, both checked."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from vaedemo.data.domains import Domain, get_domain
from vaedemo.errors import ConfigError, PictureError
from vaedemo.pictures.prepare import Prepared, prepare, propose_domain
from vaedemo.pictures.read import read

if TYPE_CHECKING:
    from vaedemo.store.library import Library

__all__ = ["Seen", "checked_codes", "checked_picture", "checked_pictures", "seen"]

LARGEST = 1e4  # number of a code


class Seen(NamedTuple):
    """A picture as the models of a domain see it: what prepare made of it, the domain's row, and the name of the domain
    that the picture seems to be of, None where that was not asked for."""

    prepared: Prepared
    row: Domain
    proposed: str | None

    @property
    def x(self) -> np.ndarray:
        """float32 (C, H, W) in [0, 1]."""
        return self.prepared.x


def seen(
    library: "Library",
    source: Any,
    domain: str | None = None,
    fit: str = "crop",
    polarity: str = "auto",
    *,
    proposed: str | None = None,
    propose: bool = False,
) -> Seen:
    """A source that read() takes as the models of a domain see it; without a domain's name as those of the one that the
    picture seems to be of, or where there are none the first that has models. proposed: that domain, where it is known;
    propose: tell it even if a domain is named."""
    picture = read(source)
    if proposed is None and (propose or not domain):
        proposed = propose_domain(picture)
    row = library.domain(domain or library.modelled(proposed))
    channels, size, _ = row.shape
    prepared = prepare(picture, channels=channels, size=size, strokes=row.strokes, fit=fit, polarity=polarity)
    return Seen(prepared, row, proposed)


def checked_pictures(xs: Any, domain: Domain | str) -> torch.Tensor:
    """Pictures xs, float32 (N, C, H, W) in [0, 1], checked, of a domain's row or of a shipped one by its name;
    PictureError otherwise."""
    row = get_domain(domain)
    try:
        values = np.ascontiguousarray(xs, dtype=np.float32)
    except (TypeError, ValueError):
        raise PictureError(f"a picture of {row.name} is an array of numbers of shape {row.shape}") from None
    if values.ndim < 1 or values.shape[1:] != row.shape:
        raise PictureError(
            f"a picture of {row.name} has shape {row.shape}, this one {values.shape[1:]}; prepare it first"
        )
    if not np.isfinite(values).all() or (values.size and (values.min() < 0 or values.max() > 1)):
        raise PictureError("the picture holds values that are not numbers from 0 to 1; prepare it first")
    return torch.from_numpy(values)


def checked_picture(x: Any, domain: Domain | str) -> torch.Tensor:
    """A picture x (C, H, W), checked as checked_pictures does, as a batch of one."""
    return checked_pictures([x], domain)


def checked_codes(z: Any, latent_dim: int) -> torch.Tensor:
    """Codes z (N, D), checked, as a float32 tensor; ConfigError otherwise."""
    try:
        values = np.asarray(z, dtype=np.float32, order="C")
    except (TypeError, ValueError):
        raise ConfigError(f"a code of this model is {latent_dim} numbers") from None
    if values.ndim != 2 or values.shape[1] != latent_dim:
        raise ConfigError(f"a code of this model is {latent_dim} numbers; this one has shape {values.shape[1:]}")
    if not np.isfinite(values).all() or np.abs(values).max(initial=0) > LARGEST:
        raise ConfigError("the code holds numbers that are not finite or larger than 10000; choose smaller ones")
    return torch.from_numpy(values)
