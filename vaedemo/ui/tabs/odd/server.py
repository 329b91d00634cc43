"""The tab "Odd one out": how strange a picture is to a model, held against known and foreign pictures."""

import base64
from typing import Any

import numpy as np
import torch

from vaedemo.data.datasets import Pictures
from vaedemo.services.anomaly import (
    LEAST_NORMAL,
    MOST_NORMAL,
    SCORES,
    Judged,
    best_score,
    class_scores,
    judge,
    learn_normal,
    normal_key,
)
from vaedemo.services.damaged import damage_map
from vaedemo.store.inputs import seen
from vaedemo.store.key import ModelKey
from vaedemo.store.library import decode, encode
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import page_source
from vaedemo.ui.server.service import Service

__all__ = ["Oddities", "build"]

NEAREST = 6  # known pictures beside one's own
MOST_FILES = 50  # of a batch
Request = dict[str, Any]


def build(service: Service) -> Any:
    """The tab's component; its pictures are asked for when it is first seen."""
    own = Oddities(service)
    return module_html("odd", own.first_screen(), own.functions)


class Oddities:
    """The tab's server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service: Service) -> None:
        self.service, self.library = service, service.library
        named = (self.picture, self.reference, self.judge, self.score, self.x, self.normal, self.damage, service.domain)
        self.functions = [*map(wire.answered, named), service.lent(self.row)]

    def first_screen(self) -> Request:
        """The domains whose VAEs have scores of known pictures, with what the page has to know of them before it asks,
        and the unit of each score."""
        rows = {name: self.row(name) for name in self.library.domains}
        table = {name: row for name, row in rows.items() if row}
        others = {} if table or not self.library.entries else {"any": True}  # models that this tab has no use for
        limits = {"least": LEAST_NORMAL, "most": MOST_NORMAL, "files": MOST_FILES}
        return {
            "table": table,
            "units": {name: score.unit for name, score in SCORES.items()},
            "limits": limits,
            **others,
        }

    def row(self, name: str) -> Request | None:
        """A domain's row of the table; None where no VAE of it has scores of known pictures."""
        row = self.service.row(name)
        kinds, _ = row.pop("kinds"), row.pop("betas")
        keys = [ModelKey(name, "vae", d) for d in kinds.get("vae", ())]
        known = {key: found for key in keys if (found := self.library.reference(key)) is not None}
        if not known:
            return None
        dims = [key.latent_dim for key in known]
        *_, (largest, found) = known.items()
        few = normal_key(self.library, name, "vae", None, 1.0).latent_dim
        about = {"dims": dims, "few": few if few in dims else dims[0], "usual": best_score(self.library, largest)}
        classes = list(self.library.domain(name).classes)
        sets = [s for s in found.scores if s != name]
        return row | about | {"classes": classes, "sets": sets, "finds": self.library.finds_damage(name)}

    def picture(self, request: Request) -> Request:
        """{"source", "domain"} -> what Service.prepare gives. An example of another domain is shown in the form in
        which that domain's test pictures were scored: not cut out and centred as a picture of this one would be."""
        source, domain = request.get("source"), self.library.domain(wire.text(request, "domain")).name
        own = wire.text(source, "domain") if isinstance(source, dict) and "example" in source else None
        if own is None or own in (domain, self.library.domain(domain).like):
            return self.service.prepare({"source": source, "domain": domain})
        found = self.service.prepare({"source": source, "domain": own})
        x = wire.unpack(found["x"], self.library.domain(own))
        form = Pictures(torch.from_numpy(np.round(x * 255).astype(np.uint8))[None]).as_of(
            self.library.domain(domain).shape
        )
        return found | {"x": wire.pack(form[0].numpy()), "domain": domain, "inverted": False}

    def reference(self, request: Request) -> Request:
        """{"domain", "d"} -> {"scores": {set of pictures: {score: base64 of float32 (N,)}}, "labels": base64 of uint8
        (N,) of the known ones, "classes": {score: base64 of float32 (K, N)} by the mixture of each class}."""
        key = self._key(request)
        with self.service.models_turn:
            found = self.library.reference(key)
            if found is None:
                raise wire.RequestError(f"no scores of known pictures are kept for {key}; choose another model")
            by_class = {} if found.known is None else class_scores(self.library, found.known.codes, key)
        labels = np.zeros(0, np.uint8) if found.known is None else found.known.labels.astype(np.uint8)
        return {
            "scores": {s: {name: _floats(v) for name, v in scores.items()} for s, scores in found.scores.items()},
            "labels": base64.b64encode(labels.tobytes()).decode(),
            "classes": {name: _floats(values.T) for name, values in by_class.items()},
        }

    def judge(self, request: Request) -> Request:
        """{"domain", "d", "x"} -> what _judged() says."""
        key = self._key(request)
        x = wire.unpack(request.get("x"), self.library.domain(key.domain))
        with self.service.models_turn:
            found = judge(self.library, x, key, NEAREST)
        nearest = [wire.pack(picture) for picture in found.nearest]
        return _judged(found) | {"x_hat": wire.pack(found.x_hat), "nearest": nearest}

    def score(self, request: Request) -> Request:
        """{"source" or "x", "domain", "d"} -> {"x"} and what _judged() says of it."""
        key, x = self._key(request), self._x(request)
        with self.service.models_turn:
            return {"x": wire.pack(x)} | _judged(judge(self.library, x, key))

    def x(self, request: Request) -> Request:
        """{"source", "domain"} -> {"x"}: what the models of a domain see of a file."""
        return {"x": wire.pack(self._x(request))}

    def damage(self, request: Request) -> Request:
        """{"domain", "d", "x"} -> {"map": the probability of damage to each pixel, base64 of uint8 (H, W), "x_hat":
        what the VAE makes of x}."""
        key = self._key(request)
        x = wire.unpack(request.get("x"), self.library.domain(key.domain))
        with self.service.models_turn:
            found = damage_map(self.library, x[None], key.domain)
            made = decode(self.library, encode(self.library, x, key)[0], key)
        return {"map": wire.pack(found), "x_hat": wire.pack(made)}

    def _x(self, request: Request) -> np.ndarray:
        row = self.library.domain(wire.text(request, "domain"))
        if "x" in request:
            return wire.unpack(request["x"], row)
        with self.service.decoders_turn:
            return seen(self.library, page_source(self.service, request.get("source")), row.name).x

    def normal(self, request: Request) -> Request:
        """{"domain", "d", "xs": 20 to 500 pictures} -> {"mean": (D + 1,), "factor": (D + 1, D + 1) row by row,
        "left_out": (N,)}: what is Normal among them, base64 of float32."""
        key, given = self._key(request), request.get("xs")
        if not isinstance(given, list) or len(given) > MOST_NORMAL:
            raise wire.RequestError(f"xs has to be a list of at most {MOST_NORMAL} pictures")
        row = self.library.domain(key.domain)
        xs = np.stack([wire.unpack(x, row) for x in given]) if given else np.zeros((0, *row.shape), np.float32)
        with self.service.models_turn:
            found = learn_normal(self.library, xs, key)
        return {name: _floats(getattr(found, name)) for name in ("mean", "factor", "left_out")}

    def _key(self, request: Request) -> ModelKey:
        row = self.library.domain(wire.text(request, "domain"))
        return wire.model_key(row.name, "vae", request.get("d"))


def _judged(found: Judged) -> Request:
    """{"scores": {name: value}, "classes": {name: one a class}, "seen": code and log error} of a Judged picture."""
    return {
        "scores": {name: wire.rounded(value, 7) for name, value in found.scores.items()},
        "classes": {name: wire.rounded(values, 7) for name, values in found.of_classes.items()},
        "seen": wire.rounded(found.seen, 7),
    }


def _floats(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode()
