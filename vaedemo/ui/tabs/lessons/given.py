"""What a lesson says of a figure, read with care: every mistake is one sentence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from vaedemo.errors import ConfigError
from vaedemo.store.key import ModelKey
from vaedemo.ui.server import wire
from vaedemo.ui.server.service import Service

__all__ = ["Given", "model_label", "model_labels"]


class Given(dict[str, Any]):
    """The words of a figure, {name: value of JSON}, over the page's Service."""

    def __init__(self, service: Service, words: Mapping[str, Any]) -> None:
        super().__init__(words)
        self.service, self.library = service, service.library

    def __missing__(self, name: str) -> Any:
        raise wire.RequestError(f"the figure {str(self.get('kind'))[:30]} has no {name}; give it one")

    def text(self, name: str) -> str:
        value = self[name]
        if not isinstance(value, str) or len(value) > 100:
            raise wire.RequestError(f"{name} has to be a short text")
        return value

    def choice(self, name: str, choices: Iterable[str], default: str | None) -> str:
        return wire.choice(self, name, choices, default)

    def whole(self, name: str, low: int, high: int) -> int:
        return wire.whole({name: self[name]}, name, low, high)

    def number(self, name: str, low: float, high: float) -> float:
        return wire.number({name: self[name]}, name, low, high)

    def list(self, name: str, most: int) -> list[Any]:
        value = self[name]
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise wire.RequestError(f"{name} has to be a list of 1 to {most}")
        return value

    @property
    def domain(self) -> str:
        return self.library.domain(self.text("domain")).name

    def picture(self, name: Any) -> np.ndarray:
        """An example of the domain as its models see it, float32 (C, H, W) in [0, 1]."""
        source = {"example": name, "domain": self.domain}
        packed = self.service.prepare({"source": source, "domain": self.domain})["x"]
        return wire.unpack(packed, self.library.domain(self.domain))

    def key_of(self, model: Any, domain: str | None = None) -> ModelKey:
        """The ModelKey of [kind, d] or [kind, d, beta]; UnknownModel, where there is none."""
        if not isinstance(model, list) or not 2 <= len(model) <= 3:
            raise wire.RequestError("a model is named by [kind, latent dimension] or [kind, latent dimension, beta]")
        key = wire.model_key(domain or self.domain, *model)
        self.library.model(key)
        return key

    def figures(self, key: ModelKey) -> dict[str, Any]:
        """What `evaluate` measured for a model."""
        found = self.library.figures(key)
        if found is None:
            raise ConfigError(f"{key} has no figures; measure them with `python -m vaedemo evaluate --write`")
        return found


def model_labels(keys: Sequence[ModelKey]) -> list[list[Any]]:
    """The names of models that are compared as labels: of those that differ in beta or in their domain alone, that."""
    if len({(key.domain, key.kind, key.latent_dim) for key in keys}) == 1 < len(keys):
        return [["lessons.beta", {"v": key.beta}] for key in keys]
    if len({key[1:] for key in keys}) == 1 < len(keys):
        return [[f"domain.{key.domain}"] for key in keys]
    return [model_label(key) for key in keys]


def model_label(key: ModelKey) -> list[Any]:
    """A model's name as a label: kind, latent dimension, and beta where that is not 1."""
    values = {"kind": [f"kind.{key.kind}"], "d": key.latent_dim}
    return ["lessons.model", values] if key.beta == 1 else ["lessons.model.beta", {**values, "beta": key.beta}]
