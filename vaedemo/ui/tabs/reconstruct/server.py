"""The tab "Reconstruct": a picture, what a model sees of it, what it gives back, and what that costs."""

from typing import Any

from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.inputs import example_names
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.reconstruct.improving import Improving

__all__ = ["build", "first_screen"]

PREFERRED = (("digits", "vae", 8), ("digits", "ae", 8))


def build(service: Service) -> Any:
    """The tab's component, complete at first paint: the first example through every model is baked into it."""
    functions = [*service.photographs.functions, Improving(service).improve]
    answered = [*service.functions, *map(wire.answered, functions), service.lent(service.row)]
    return module_html("reconstruct", first_screen(service), answered)


def first_screen(service: Service) -> dict[str, Any]:
    """The page's initial state: the table of models and, if there are any, an example through all of one domain's."""
    table = service.table()
    chosen = _default(table)
    if chosen is None:
        return {"table": table, "first": None}
    domain, kind, d = chosen
    name = example_names(domain)[0]
    wanted = [[k, n, 1.0] for k, dims in table[domain]["kinds"].items() for n in dims]
    wanted += [["vae", int(n), b] for n, betas in table[domain]["betas"].items() for b in betas if b != 1]
    source = {"example": name, "domain": domain}
    photos = service.photographs.first_value() if service.photographs.there else {}
    if photos:
        table["photos"] = photos.pop("row")
    return {
        "table": table,
        **photos,
        "first": {
            "domain": domain,
            "kind": kind,
            "d": d,
            "example": name,
            "picture": service.prepare({"source": source, "domain": domain, "models": wanted}),
        },
        "about": service.domain({"domain": domain}),
    }


def _default(table: dict[str, Any]) -> tuple[str, str, int] | None:
    """(domain, kind, latent dimension) of the first screen: the preferred one that exists, else any."""
    for domain, kind, d in PREFERRED:
        if d in table[domain]["kinds"].get(kind, ()):
            return domain, kind, d
    for domain, row in table.items():
        for kind, dims in row["kinds"].items():
            if dims:
                return domain, kind, dims[len(dims) // 2]
    return None
