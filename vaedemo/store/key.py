"""ModelKey: which model. Files, figures, maps, caches, endpoints and the page all spell it in this one way."""

import re
from typing import NamedTuple

from vaedemo.configs import PHOTO_RESTORING, RESTORING
from vaedemo.errors import UnknownModel

__all__ = ["ModelKey", "RESTORER"]

RESTORER = "restore.safetensors"  # the file of a domain's one model that restores pictures

_SPELT = re.compile(r"(?:([\w-]+)/)?([a-z]+(?:-[a-z]+)*)-(\d{1,6})(?:-beta(\d[\d.]*(?:e[+-]\d+)?))?")
_ENDING = ".safetensors"


class ModelKey(NamedTuple):
    """A model's name: "digits/vae-8", or "digits/vae-8-beta4" where beta is not 1."""

    domain: str
    kind: str
    latent_dim: int
    beta: float = 1.0

    @property
    def name(self) -> str:
        """The name within its domain: vae-8-beta4; "restore" of a model that restores."""
        if self.kind in (*RESTORING, *PHOTO_RESTORING):
            return RESTORER.removesuffix(_ENDING)
        return f"{self.kind}-{self.latent_dim}{'' if self.beta == 1 else f'-beta{self.beta:g}'}"

    @property
    def file(self) -> str:
        """The name of its file in the folder of its domain."""
        return self.name + _ENDING

    def __str__(self) -> str:
        return f"{self.domain}/{self.name}"

    @classmethod
    def parse(cls, text: str, domain: str = "") -> "ModelKey":
        """The key that str(key) gave, or of a domain key.name; UnknownModel otherwise."""
        found = _SPELT.fullmatch(text)
        if not found or not (found[1] or domain):
            raise UnknownModel(f"no model is named {text[:60]!r}; names are like digits/vae-8 or digits/vae-8-beta4")
        try:
            return cls(found[1] or domain, found[2], int(found[3]), float(found[4] or 1))
        except ValueError:  # 1.2.3
            raise UnknownModel(f"no beta is {found[4][:20]!r}; names are like digits/vae-8-beta4") from None
