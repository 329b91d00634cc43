"""The tab "Generate": samples of several sources side by side, arithmetic and paths between pictures, and measures."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vaedemo.data.domains import Domain
from vaedemo.errors import UnknownModel, VaedemoError
from vaedemo.maths.quality import SURE
from vaedemo.reports.samples import COUNT, NEIGHBOURS, SEEDS
from vaedemo.services.generate import arithmetic, generate
from vaedemo.services.walk import PATHS, walk
from vaedemo.store.key import ModelKey
from vaedemo.store.library import encode
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import example_names
from vaedemo.ui.server.service import Service

__all__ = ["GRIDS", "Generation", "MAX_SAMPLES", "build"]

# (kind of model, prior) of each grid, in the order in which they are shown.
GRIDS = (("ae", "normal"), ("ae", "mixture"), ("vae", "normal"), ("vae", "mixture"), ("pca", "gaussian"))
MAX_SAMPLES = 100  # of one grid: 10 x 10
MAX_TEMPERATURE = 1.5
MAX_FRAMES = 49


def build(service: Service) -> Any:
    """The tab's component; its pictures are asked for when it is first seen."""
    own = Generation(service)
    return module_html("generate", own.first_screen(), own.functions)


class Generation:
    """The tab's server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service: Service) -> None:
        self.service, self.library = service, service.library
        self._shown: dict[str, list[dict[str, Any]]] = {}
        named = (self.samples, self.examples, self.combine, self.between, service.prepare)
        self.functions = [*map(wire.answered, named), service.lent(self.row)]

    def first_screen(self) -> dict[str, Any]:
        """The domains there are models of, with what the page has to know of them before it asks."""
        rows = {name: self.row(name) for name in self.library.domains}
        table = {name: row for name, row in rows.items() if row}
        protocol = {"samples": COUNT, "near": NEIGHBOURS, "seeds": SEEDS, "sure": round(100 * SURE)}
        measured = (self.library.folder / "maps" / "samples.json").is_file()
        others = {} if table or not self.library.entries else {"any": True}  # models that this tab has no use for
        return {"table": table, "measured": measured and protocol, **others}

    def row(self, name: str) -> dict[str, Any] | None:
        """A domain's row of the table; None where no model of it generates."""
        row = self.service.row(name)
        kinds, _ = row.pop("kinds"), row.pop("betas")
        autoencoders = kinds.get("ae", ())
        mixed = [d for d in autoencoders if self.library.has_mixture(ModelKey(name, "ae", d))]
        # N(0, I) alone draws nothing of an autoencoder.
        dims = sorted({*(mixed or autoencoders), *kinds.get("vae", ())})
        classes = list(self.library.domain(name).classes)
        return {**row, "classes": classes, "dims": dims, "pca": "pca" in kinds} if dims else None

    def samples(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"domain", "d", "n", "seed", "temperature", "label": index of a class or null, "pca": bool} -> {"grids":
        {"ae-normal": {"x": n pictures, base64 of uint8 (n, C, H, W)} or {"error": sentence}, ...}}, of a mixture its
        "components" too. One class at a time is a matter of the mixtures; the others draw from all."""
        row, d = self._asked(request)
        n, seed = wire.whole(request, "n", 1, MAX_SAMPLES), wire.whole(request, "seed", 0, wire.MAX_SEED)
        temperature, label = wire.number(request, "temperature", 0, MAX_TEMPERATURE), request.get("label")
        if label is not None:
            label = wire.whole(request, "label", 0, len(row.classes) - 1)
        grids: dict[str, dict[str, Any]] = {}
        failed: VaedemoError | None = None
        for kind, prior in GRIDS:
            if kind == "pca" and request.get("pca") is not True:
                continue
            key, only = ModelKey(row.name, kind, d), label if prior == "mixture" else None
            try:
                with self.service.models_turn:
                    x = generate(self.library, key, prior, n, seed, temperature, only).x_hat
                mixed = prior == "mixture" and {"components": len(self.library.mixture(key, only).weights)}
                grids[f"{kind}-{prior}"] = {"x": wire.pack(x), **(mixed or {})}
            except VaedemoError as error:
                grids[f"{kind}-{prior}"], failed = {"error": wire.sentence(error)}, error
        if failed and not any("x" in grid for grid in grids.values()):
            raise failed
        return {"grids": grids}

    def examples(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"domain"} -> {"examples": [{"name", "x"}]}: what the models see of its examples."""
        domain = self.library.domain(wire.text(request, "domain")).name
        if domain not in self._shown:
            like = self.library.domain(domain).like or domain
            sources = [{"example": name, "domain": like} for name in example_names(like)]
            seen = (self.service.prepare({"source": source, "domain": domain})["x"] for source in sources)
            self._shown[domain] = [{"name": s["example"], "x": x} for s, x in zip(sources, seen, strict=True)]
        return {"examples": self._shown[domain]}

    def combine(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"domain", "d", "xs": pictures A, B, C} -> {"results": {"ae": picture, "vae": picture}} of A - B + C."""
        (row, d), given = self._asked(request), request.get("xs")
        if not isinstance(given, list) or len(given) != 3:
            raise wire.RequestError("xs has to be a list of three pictures")
        xs = [wire.unpack(x, row) for x in given]
        return self._each_kind(row, d, lambda key: arithmetic(self.library, xs, key).x_hat)

    def between(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"domain", "d", "a", "b", "n", "path": "straight" or "spherical"} -> {"results": {"ae": n pictures, "vae": n
        pictures}} from picture a to picture b."""
        row, d = self._asked(request)
        ends = [wire.unpack(request.get(field), row) for field in ("a", "b")]
        n, path = wire.whole(request, "n", 2, MAX_FRAMES), wire.choice(request, "path", tuple(PATHS), "straight")

        def walked(key: ModelKey) -> np.ndarray:
            a, b = (encode(self.library, x, key)[0] for x in ends)
            return walk(self.library, a, b, key, n, path).x_hat

        return self._each_kind(row, d, walked)

    def _asked(self, request: dict[str, Any]) -> tuple[Domain, int]:
        """The row of a request's domain, and its latent dimension."""
        row = self.library.domain(wire.text(request, "domain"))
        return row, wire.model_key(row.name, "ae", request.get("d")).latent_dim

    def _each_kind(self, row: Domain, d: int, make: Callable[[ModelKey], np.ndarray]) -> dict[str, Any]:
        """{"results": {"ae": pictures, "vae": pictures}} of the kinds that have this latent dimension."""
        results = {}
        for kind in ("ae", "vae"):
            if d in self.library.dims(row.name, kind):
                with self.service.models_turn:
                    results[kind] = wire.pack(make(ModelKey(row.name, kind, d)))
        if not results:
            raise UnknownModel(f"no model of {row.name} with latent dimension {d}")
        return {"results": results}
