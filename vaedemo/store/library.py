"""The shipped models by name: loaded when asked for, kept in memory, and called on one picture or one code."""

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vaedemo.configs import KINDS, RESTORING, ModelConfig
from vaedemo.data.domains import DOMAINS, SIZED, Domain, get_domain, own_domain
from vaedemo.errors import CheckpointError, ConfigError, UnknownModel
from vaedemo.maths.mixtures import Mixture
from vaedemo.maths.quantise import Quantiser
from vaedemo.models.classifier import Classifier
from vaedemo.models.finder import Finder
from vaedemo.store.checkpoints import (
    CHECKPOINTS,
    CLASSIFIER,
    FINDER,
    MIXTURES,
    MODEL,
    QUANTISERS,
    STRANGENESS,
    Entry,
    find,
    load_checkpoint,
    place,
    read_config,
    read_tensors,
    scan,
    weights_hash,
)
from vaedemo.store.inputs import checked_codes, checked_picture
from vaedemo.store.key import RESTORER, ModelKey
from vaedemo.store.lent import Domains, Shelf
from vaedemo.store.mixtures import load_mixture, mixture_name
from vaedemo.store.quantisers import load_quantiser
from vaedemo.store.strangeness import Reference, load_reference

__all__ = ["CHECKPOINTS", "Library", "decode", "encode"]

KEPT = 128  # models in memory at once: every shipped one, PCA's parts included, some 50 MB
KEPT_QUANTISERS = 256  # a few kB each
KEPT_REFERENCES = 64  # 0.1 MB each
KEPT_MIXTURES = 256  # at most 0.7 MB each, most of them a tenth of that


class Library:
    """The checkpoints of a folder: loaded when first asked for, the least recently used one dropped; thread-safe."""

    def __init__(self, folder: str | os.PathLike[str] = CHECKPOINTS) -> None:
        self.folder = Path(folder)
        found = scan(self.folder)
        self.entries = sorted(entry for entry in found if entry.key.kind in KINDS)
        # By name: those whose pictures have a size, what the files are of besides, and with these all that is restored.
        known = SIZED | _own_domains(found)
        self.lent = Shelf()
        self.domains, self.restorable = Domains(known, self.lent), Domains(known | DOMAINS, self.lent)
        self._models: OrderedDict[Any, Any] = OrderedDict()
        self._mixtures: OrderedDict[Any, Any] = OrderedDict()
        self._quantisers: OrderedDict[Any, Quantiser | None] = OrderedDict()
        self._references: OrderedDict[Any, Reference | None] = OrderedDict()
        self._lock = threading.Lock()
        try:
            self._figures = json.loads((self.folder / "figures.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._figures = {}
        except (OSError, ValueError):
            raise CheckpointError("figures.json is damaged; write it again with `python -m vaedemo evaluate`") from None

    def domain(self, name: str | Domain) -> Domain:
        """The row of a domain of this name; UnknownDomain says which there are."""
        return get_domain(name, self.domains)

    def home(self, name: str | Domain) -> str:
        """The name of the domain whose networks serve a domain: its own, or of a lent model the one that it is like, if
        their pictures are of one shape."""
        row = get_domain(name, self.restorable)
        same = row.like is not None and self.domains[row.like].shape == row.shape
        return row.like if row.like and same else row.name

    def shipped(self, key: ModelKey) -> ModelKey:
        """The ModelKey under which a model that is not lent itself is kept."""
        return key._replace(domain=self.home(key.domain))

    def modelled(self, preferred: str | None = None) -> str:
        """The name of the preferred domain, or where there is no model of it of the first one that has some."""
        preferred = preferred or next(iter(self.domains))
        have = {e.key.domain for e in self.entries}
        return preferred if preferred in have or not have else next(name for name in self.domains if name in have)

    def kinds(self, domain: str) -> list[str]:
        """Kinds of model there are for a domain, in the order of KINDS."""
        self.domain(domain)
        if lent := self.lent.get(domain):
            return [k for k in KINDS if self.dims(domain, k) or k == lent.key.kind]
        have = {e.key.kind for e in self.entries if e.key.domain == domain}
        return [k for k in KINDS if k in have]

    def dims(self, domain: str, kind: str, beta: float = 1.0) -> list[int]:
        """Latent dimensions there are, ascending; PCA has every one of its domain's. Of a lent model its own alone."""
        if lent := self.lent.get(domain):
            d, home = lent.key.latent_dim, self.home(domain)
            return [d] if kind == lent.key.kind or (home != domain and d in self.dims(home, kind)) else []
        own = {d for *key, d, b in (e.key for e in self.entries) if (*key, b) == (domain, kind, beta)}
        if kind == "pca" and own:
            return [d for d in self.domain(domain).latent_dims if d <= max(own)]
        return sorted(own)

    def betas(self, domain: str, latent_dim: int) -> list[float]:
        """Betas of the VAEs there are for a domain at a latent dimension, ascending."""
        if self.lent.get(domain):
            return [1.0]
        return sorted(e.key.beta for e in self.entries if e.key[:3] == (domain, "vae", latent_dim))

    def model_keys(self, domain: str | None = None) -> list[ModelKey]:
        """ModelKeys of every model there is, of one domain or of all, as the page lists them; PCA at every latent
        dimension of its domain."""
        found = []
        for name in self.domains if domain is None else [domain]:
            for kind in self.kinds(name):
                own = [e.key for e in self.entries if e.key[:2] == (name, kind)]
                listed = kind == "pca" or self.lent.get(name) is not None
                found += [ModelKey(name, kind, d) for d in self.dims(name, kind)] if listed else own
        return found

    def key(
        self, domain: str, kind: str | None = None, latent_dim: int | None = None, beta: float = 1.0, usual: str = "vae"
    ) -> ModelKey:
        """The ModelKey of a choice: a kind left out is the usual one, or one that the domain has; a latent dimension
        left out is the largest."""
        if not kind:
            have = self.kinds(domain)
            kind = next((k for k in (usual, "vae", "ae", *have) if k in have), usual)
        d = latent_dim or (self.dims(domain, kind, beta) or self.domain(domain).latent_dims)[-1]
        return ModelKey(domain, kind, d, float(beta))

    def model(self, key: ModelKey) -> Any:
        """The model of a ModelKey, in evaluation mode on the CPU; UnknownModel says what there is."""
        self.domain(key.domain)
        if lent := self.lent.own(key):
            return lent.model
        key = self.shipped(key)
        entry = find(self.entries, key)
        with self._lock:
            whole = _kept(self._models, KEPT, entry.key, lambda: load_checkpoint(entry.path)[0])
            return whole if key == entry.key else _kept(self._models, KEPT, key, lambda: whole.first(key.latent_dim))

    def mixture(self, key: ModelKey, label: int | None = None) -> Mixture:
        """The mixture of Gaussians over the codes of a model, of all classes or of the class number label."""
        if lent := self.lent.own(key):
            if label not in lent.mixtures:
                raise UnknownModel("there is no mixture of this class; choose all classes")
            return lent.mixtures[label]
        path, name = self.folder / self.shipped(key).domain / MIXTURES.file, mixture_name(key, label)
        with self._lock:
            return _kept(self._mixtures, KEPT_MIXTURES, (path, name), lambda: load_mixture(path, name))

    def quantiser(self, key: ModelKey) -> Quantiser | None:
        """How the code of a ModelKey's model is rounded and counted; None of a model that no quantiser was derived
        for."""
        if lent := self.lent.own(key):
            return lent.quantiser
        path = self.folder / self.shipped(key).domain / QUANTISERS.file
        with self._lock:
            return _kept(self._quantisers, KEPT_QUANTISERS, key, lambda: load_quantiser(path, key.name, key.latent_dim))

    def reference(self, key: ModelKey) -> Reference | None:
        """How strange known and foreign pictures are to a ModelKey's model; None where that was not derived, or not of
        these weights."""
        if self.lent.get(key.domain):  # of the pictures of a lent model's own kind, and of no shipped model's
            lent = self.lent.own(key)
            return lent.reference if lent else None
        path = self.folder / self.domain(key.domain).name / STRANGENESS.file
        with self._lock:
            return _kept(self._references, KEPT_REFERENCES, key, lambda: self._own_reference(path, key))

    def _own_reference(self, path: Path, key: ModelKey) -> Reference | None:
        found = load_reference(path, key.name)
        return found if found and found.weights == self.weights(key) else None

    def record(self, key: ModelKey) -> dict[str, Any]:
        """What a ModelKey's file tells of its training (a dict: pictures, seconds, epochs and so on)."""
        return json.loads(read_tensors(find(self.entries, key).path, MODEL, []).metadata.get("record", "{}"))

    def weights(self, key: ModelKey) -> str:
        """The hash of the weights in a ModelKey's file, hexadecimal digits."""
        return weights_hash(find(self.entries, key).path).hex()[:16]

    def has_mixture(self, key: ModelKey) -> bool:
        """Whether there is a mixture over the codes of a ModelKey's model, of all classes."""
        if lent := self.lent.own(key):
            return None in lent.mixtures
        path = self.folder / self.shipped(key).domain / MIXTURES.file
        if not path.is_file():
            return False
        with self._lock:
            names = _kept(
                self._mixtures, KEPT_MIXTURES, path, lambda: frozenset(read_tensors(path, MIXTURES, []).names)
            )
        return mixture_name(key) in names

    def classifier(self, domain: str) -> Classifier:
        """The classifier of a domain, in evaluation mode on the CPU."""
        path = self.folder / self.home(self.domain(domain)) / CLASSIFIER.file
        with self._lock:
            return _kept(self._models, KEPT, (path, None), lambda: load_checkpoint(path, format=CLASSIFIER)[0])

    def finder(self, domain: str) -> Finder:
        """The network that finds damage in pictures of a domain, in evaluation mode on the CPU."""
        path = self.folder / self.home(self.domain(domain)) / FINDER.file
        with self._lock:
            return _kept(self._models, KEPT, (path, None), lambda: load_checkpoint(path, format=FINDER)[0])

    def restorer(self, domain: str | Domain) -> Any:
        """The network that restores pictures of a domain, its row or its name, in evaluation mode on the CPU."""
        name = self.home(domain)
        path = place(self.folder, name, RESTORER)
        if not path.is_file():
            raise CheckpointError(
                f"there is no checkpoint of {name} that restores pictures; choose another method, or train one with "
                f"--kind {RESTORING[0]}"
            )
        with self._lock:
            return _kept(self._models, KEPT, (path, None), lambda: load_checkpoint(path)[0])

    def codec(self) -> tuple[Any, bytes]:
        """As `exact`, of the network that compresses photographs."""
        return self.exact("photos", "codec")

    def coded_channels(self) -> int:
        """How many channels the network that compresses photographs has."""
        return read_config(place(self.folder, "photos", "codec.safetensors")).channels

    def has_exact(self, domain: str, kind: str) -> bool:
        """Whether there is such a network."""
        return place(self.folder, domain, f"{kind}.safetensors").is_file()

    def exact(self, domain: str, kind: str) -> tuple[Any, bytes]:
        """(a network whose files are read by itself alone, in evaluation mode on the CPU; four bytes of its weights'
        hash)."""
        path = place(self.folder, domain, f"{kind}.safetensors")
        if not self.has_exact(domain, kind):
            raise CheckpointError(f"there is no {kind} of {domain}; train one with --domain {domain} --kind {kind}")
        with self._lock:
            return _kept(self._models, KEPT, (path, None), lambda: (load_checkpoint(path)[0], weights_hash(path)[:4]))

    def kodak(self) -> dict[str, list[float]] | None:
        """{"bpp", "psnr", "ms_ssim"} of Kodak at several qualities, as the benchmark measured them with these very
        weights and left them beside them; None before that."""
        path = place(self.folder, "photos", "kodak.json")
        if not path.is_file():
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if found.pop("model", None) == self.codec()[1].hex() else None

    def restoring(self, preferred: str) -> str:
        """The preferred domain, or where nothing restores its pictures one of one's own with such a model, if there is
        one."""
        own = (name for name in self.domains if name not in DOMAINS and self.restores(name))
        return preferred if self.restores(preferred) else next(own, preferred)

    def restores(self, name: str) -> bool:
        """Whether there is a model that restores pictures of a domain."""
        return place(self.folder, self.home(name), RESTORER).is_file()

    def mixed(self, domain: str) -> bool:
        """Whether there are mixtures over the codes of a domain's models."""
        lent = self.lent.get(domain)
        return lent is not None or (self.folder / self.home(self.domain(domain)) / MIXTURES.file).is_file()

    def finds_damage(self, domain: str) -> bool:
        """Whether there is a network that finds damage in pictures of a domain."""
        return (self.folder / self.home(self.domain(domain)) / FINDER.file).is_file()

    def judged(self, domain: str) -> bool:
        """Whether there is a classifier of a domain."""
        return (self.folder / self.home(self.domain(domain)) / CLASSIFIER.file).is_file()

    def figures(self, key: ModelKey) -> dict[str, Any] | None:
        """The figures that `evaluate` measured for a ModelKey's model over its test set, a dict; None before that."""
        return self._figures.get(str(key))


def _own_domains(found: Sequence[Entry]) -> dict[str, Domain]:
    """{name: Domain} of the checkpoints that scan found of other domains than the shipped ones."""
    own: dict[str, list[ModelConfig]] = {}
    for entry in found:
        if entry.key.domain not in DOMAINS and entry.key.kind in (*KINDS, *RESTORING):
            own.setdefault(entry.key.domain, []).append(entry.config)
    try:
        return {name: own_domain(name, own[name]) for name in sorted(own)}
    except ConfigError as error:
        raise CheckpointError(str(error)) from None


def _kept(cache: OrderedDict[Any, Any], limit: int, key: Any, make: Callable[[], Any]) -> Any:
    """What a cache holds under this key, made if it is not there; called with the library's lock held."""
    if key not in cache:
        cache[key] = make()
        while len(cache) > limit:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]


@torch.no_grad()
def encode(library: Library, x: np.ndarray, key: ModelKey) -> tuple[np.ndarray, np.ndarray | None]:
    """(mu, sigma or None), each float32 (D,), of a picture x (C, H, W) in [0, 1] by a ModelKey's model."""
    mu, logvar = library.model(key).encode(checked_picture(x, library.domain(key.domain)))
    return mu[0].numpy(), None if logvar is None else (0.5 * logvar[0]).exp().numpy()


@torch.no_grad()
def decode(library: Library, z: np.ndarray, key: ModelKey) -> np.ndarray:
    """The mean picture float32 (C, H, W) in [0, 1] of a code z (D,) by a ModelKey's model."""
    return library.model(key).decode(checked_codes([z], key.latent_dim))[0].numpy()
