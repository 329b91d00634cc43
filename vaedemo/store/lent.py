"""Models that a visitor trained in the page, lent to the other tabs under a name that nobody guesses.

A lent model stands in a domain of its own, with one latent dimension. Where its pictures are those of a shipped domain
(like), it takes the place of that domain's model of its kind, and everything else of that domain serves beside it.
"""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from vaedemo.data.domains import Domain
from vaedemo.errors import Gone
from vaedemo.maths.mixtures import Mixture
from vaedemo.maths.quantise import Quantiser
from vaedemo.store.key import ModelKey
from vaedemo.store.strangeness import Reference

__all__ = ["Domains", "Lent", "Shelf", "lent_name"]

MOST, MOST_BYTES = 24, 256_000_000  # models at once; the least recently used one is dropped
PREFIX = "yours-"


def lent_name(kind: str) -> str:
    """A new name of a domain for one lent model of a kind."""
    return f"{PREFIX}{kind}-{secrets.token_hex(8)}"


@dataclass
class Lent:
    """A model in evaluation mode, its ModelKey and its domain's row; what else is known of it, as far as that was
    derived; mixtures: of each class, and under None of all; map: (what tells how to read it, the points), as the files
    of a shipped map are."""

    row: Domain
    key: ModelKey
    model: Any
    mixtures: dict[int | None, Mixture]
    quantiser: Quantiser | None = None
    reference: Reference | None = None
    map: tuple[dict[str, Any], bytes] | None = None


def _bytes(lent: Lent) -> int:
    """How much a model's weights take."""
    return sum(p.nbytes for p in lent.model.parameters())


class Shelf:
    """Lent models by their domain's name. Thread-safe."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, Lent] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, lent: Lent) -> None:
        """Keep a model until others were used after it, and there is no more room."""
        with self._lock:
            self._models[lent.row.name] = lent
            sizes = [_bytes(kept) for kept in self._models.values()]
            while len(sizes) > MOST or (len(sizes) > 1 and sum(sizes) > MOST_BYTES):
                self._models.popitem(last=False)
                sizes.pop(0)

    def drop(self, name: str) -> None:
        """Forget a model, if it is there."""
        with self._lock:
            self._models.pop(name, None)

    def get(self, name: str) -> Lent | None:
        """The model of this name; None where no lent model has such a name. Gone where it is not kept any more."""
        if not name.startswith(PREFIX):
            return None
        with self._lock:
            if name in self._models:
                self._models.move_to_end(name)
                return self._models[name]
        raise Gone("the model that you trained is no longer kept here; train it again")

    def own(self, key: ModelKey) -> Lent | None:
        """The lent model that a ModelKey names; None where the key is of a shipped one."""
        lent = self.get(key.domain)
        return lent if lent and lent.key == key else None


class Domains(dict[str, Domain]):
    """Domains by name. Those of lent models are found by who knows their names, and are in no list."""

    def __init__(self, known: dict[str, Domain], shelf: Shelf) -> None:
        super().__init__(known)
        self.shelf = shelf

    def __missing__(self, name: str) -> Domain:
        lent = self.shelf.get(name)
        if lent is None:
            raise KeyError(name)
        return lent.row
