"""The tab "Latent space": the 2-D maps of both models, walks, and one dimension at a time."""

from vaedemo.services import walk
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.tabs.latent import more

__all__ = ["build", "decode_many", "first_value"]

MAX_CODES = 64  # of one request


def build(page):
    """The tab's component; its maps are files that the browser fetches when the tab is first seen."""
    service = page.service
    functions = [*service.functions, wire.answered(decode_many(service)), *more.functions(service)]
    return module_html("latent", first_value(service), functions)


def first_value(service):
    """What the page starts from: the table of models, and the domains whose maps and planes were derived."""
    table, maps = service.table(), service.library.folder / "maps"
    return {
        "table": table,
        "maps": [name for name, row in table.items() if _mapped(row) and (maps / f"{name}.json").is_file()],
        "planes": [name for name in table if (maps / f"{name}-planes.json").is_file()],
    }


def _mapped(row):
    """Whether both kinds have the two dimensions that the maps set side by side."""
    return all(2 in row["kinds"].get(kind, ()) for kind in ("ae", "vae"))


def decode_many(service):
    """The server function decode_many over a Service."""

    def decode_many(request):
        """{"domain", "kind", "d", "beta", "z": [[...], ...]} -> {"x_hat": one picture a code, in order}."""
        key, rows = service.key(request), request.get("z")
        if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_CODES:
            raise wire.RequestError(f"z has to be a list of 1 to {MAX_CODES} codes")
        codes = [wire.numbers(row) for row in rows]
        with service.models_turn:
            x_hat = walk.decode_many(service.library, codes, key)
        return {"x_hat": [wire.pack(x) for x in x_hat]}

    return decode_many
