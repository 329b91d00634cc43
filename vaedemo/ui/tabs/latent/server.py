"""The tab "Latent space": the 2-D maps of both models, walks, and one dimension at a time."""

from typing import Any

from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.latent import more

__all__ = ["build", "first_value"]


def build(page: Any) -> Any:
    """The tab's component; its maps are files that the browser fetches when the tab is first seen."""
    service = page.service
    return module_html("latent", first_value(service), [*service.functions, *more.functions(service)])


def first_value(service: Service) -> dict[str, Any]:
    """What the page starts from: the table of models, and the domains whose maps and planes were derived."""
    table, maps = service.table(), service.library.folder / "maps"
    return {
        "table": table,
        "maps": [name for name, row in table.items() if _mapped(row) and (maps / f"{name}.json").is_file()],
        "planes": [name for name in table if (maps / f"{name}-planes.json").is_file()],
    }


def _mapped(row: dict[str, Any]) -> bool:
    """Whether both kinds have the two dimensions that the maps set side by side."""
    return all(2 in row["kinds"].get(kind, ()) for kind in ("ae", "vae"))
