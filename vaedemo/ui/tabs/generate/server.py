"""The tab "Generate": samples of several sources side by side, arithmetic and paths between pictures, and measures."""

from vaedemo.errors import UnknownModel, VaedemoError
from vaedemo.maths.quality import SURE
from vaedemo.reports.samples import COUNT, NEIGHBOURS, SEEDS
from vaedemo.services.generate import arithmetic, generate
from vaedemo.services.walk import PATHS, walk
from vaedemo.store.key import ModelKey
from vaedemo.store.library import encode
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.service import example_names

__all__ = ["GRIDS", "Generation", "MAX_SAMPLES", "build"]

# (kind of model, prior) of each grid, in the order in which they are shown.
GRIDS = (("ae", "normal"), ("ae", "mixture"), ("vae", "normal"), ("vae", "mixture"), ("pca", "gaussian"))
MAX_SAMPLES = 100  # of one grid: 10 x 10
MAX_TEMPERATURE = 1.5
MAX_SEED = 2**31 - 1
MAX_FRAMES = 49


def build(page):
    """The tab's component; its pictures are asked for when it is first seen."""
    own = Generation(page.service)
    return module_html("generate", own.first_screen(), own.functions)


class Generation:
    """The tab's server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service):
        self.service, self.library, self._shown = service, service.library, {}
        named = (self.samples, self.examples, self.combine, self.between, service.prepare)
        self.functions = [wire.answered(f) for f in named]

    def first_screen(self):
        """The domains there are models of, with what the page has to know of them before it asks."""
        table = {}
        for name, row in self.library.domains.items():
            kinds = {kind: self.library.dims(name, kind) for kind in self.library.kinds(name)}
            dims = sorted({*kinds.get("ae", ()), *kinds.get("vae", ())})
            if dims:
                table[name] = {
                    "channels": row.channels,
                    "size": row.size,
                    "strokes": row.strokes,
                    "classes": list(row.classes),
                    "examples": list(example_names(name)),
                    "dims": dims,
                    "pca": "pca" in kinds,
                }
        protocol = {"samples": COUNT, "near": NEIGHBOURS, "seeds": SEEDS, "sure": round(100 * SURE)}
        measured = (self.library.folder / "maps" / "samples.json").is_file()
        others = {} if table or not self.library.entries else {"any": True}  # models that this tab has no use for
        return {"table": table, "measured": measured and protocol, **others}

    def samples(self, request):
        """{"domain", "d", "n", "seed", "temperature", "label": index of a class or null, "pca": bool} -> {"grids":
        {"ae-normal": {"x": n pictures, base64 of uint8 (n, C, H, W)} or {"error": sentence}, ...}}, of a mixture its
        "components" too. One class at a time is a matter of the mixtures; the others draw from all."""
        row = self.library.domain(wire.text(request, "domain"))
        d, n, seed = (
            _dim(request),
            wire.whole(request, "n", 1, MAX_SAMPLES),
            wire.whole(request, "seed", 0, MAX_SEED),
        )
        temperature = wire.number(request, "temperature", 0, MAX_TEMPERATURE)
        label = request.get("label")
        if label is not None:
            label = wire.whole(request, "label", 0, len(row.classes) - 1)
        wanted = [grid for grid in GRIDS if grid[0] != "pca" or request.get("pca") is True]
        grids, failed = {}, None
        for kind, prior in wanted:
            try:
                with self.service.models_turn:
                    only = label if prior == "mixture" else None
                    key = ModelKey(row.name, kind, d)
                    x = generate(self.library, key, prior, n, seed, temperature, only).x_hat
                grids[f"{kind}-{prior}"] = {"x": wire.pack(x)}
                if prior == "mixture":
                    parts = len(self.library.mixture(key, only).weights)
                    grids[f"{kind}-{prior}"]["components"] = parts
            except VaedemoError as error:
                grids[f"{kind}-{prior}"], failed = {"error": wire.sentence(error)}, error
        if not any("x" in grid for grid in grids.values()):
            raise failed
        return {"grids": grids}

    def examples(self, request):
        """{"domain"} -> {"examples": [{"name", "x"}]}: what the models see of its examples."""
        domain = self.library.domain(wire.text(request, "domain")).name
        if domain not in self._shown:
            made = {
                name: self.service.prepare({"source": {"example": name, "domain": domain}, "domain": domain})
                for name in example_names(domain)
            }
            self._shown[domain] = [{"name": name, "x": one["x"]} for name, one in made.items()]
        return {"examples": self._shown[domain]}

    def combine(self, request):
        """{"domain", "d", "xs": pictures A, B, C} -> {"results": {"ae": picture, "vae": picture}} of A - B + C."""
        name, d = self.library.domain(wire.text(request, "domain")).name, _dim(request)
        xs = request.get("xs")
        if not isinstance(xs, list) or len(xs) != 3:
            raise wire.RequestError("xs has to be a list of three pictures")
        xs = [wire.unpack(x, self.library.domain(name)) for x in xs]
        return {"results": self._each_kind(name, d, lambda key: arithmetic(self.library, xs, key).x_hat)}

    def between(self, request):
        """{"domain", "d", "a", "b", "n", "path": "straight" or "spherical"} -> {"results": {"ae": n pictures, "vae": n
        pictures}} from picture a to picture b."""
        name, d = self.library.domain(wire.text(request, "domain")).name, _dim(request)
        a, b = (wire.unpack(request.get(field), self.library.domain(name)) for field in ("a", "b"))
        n, path = (
            wire.whole(request, "n", 2, MAX_FRAMES),
            wire.choice(request, "path", tuple(PATHS), "straight"),
        )
        return {"results": self._each_kind(name, d, lambda key: self._walk(a, b, key, n, path))}

    def _walk(self, a, b, key, n, path):
        ends = [encode(self.library, x, key)[0] for x in (a, b)]
        return walk(self.library, *ends, key, n=n, path=path).x_hat

    def _each_kind(self, name, d, make):
        """{"ae": pictures, "vae": pictures} of the kinds that have this latent dimension."""
        results = {}
        for kind in ("ae", "vae"):
            if d in self.library.dims(name, kind):
                with self.service.models_turn:
                    results[kind] = wire.pack(make(ModelKey(name, kind, d)))
        if not results:
            raise UnknownModel(f"no model of {name} with latent dimension {d}")
        return results


def _dim(request):
    return wire.model_key("", "ae", request.get("d")).latent_dim
