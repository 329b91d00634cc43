"""A part of the page: one gr.HTML whose markup, drawing and behaviour are an ES module in page/ or tabs/."""

import functools
import hashlib
import os
import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from vaedemo.configs import DOMAIN_NAME
from vaedemo.errors import CheckpointError, UnknownModel
from vaedemo.store.checkpoints import available, decoder_bytes, place
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS
from vaedemo.ui.text import FOLDER as TEXT

__all__ = ["checkpoints_folder", "files", "head", "module", "module_html", "needed", "routes"]

UI = Path(__file__).resolve().parent.parent
TREES = ("page", "tabs")  # folders whose scripts and stylesheets are served, and nothing else in them
SHEETS = tuple(
    f"page/{name}.css"
    for name in (
        "frame/tokens",
        "frame/shell",
        "frame/page",
        "frame/teach",
        "frame/enlarge",
        "draw/charts",
        "picture/photo",
    )
)
FOLDERS = {"denoise": "restore", "inpaint": "restore"}  # tabs whose files lie in another one's folder
IMPORT = re.compile(r'^(?:import|export)\b(?:[^"=;]*\bfrom)?\s*"(\.[^"]+)";', re.MULTILINE)
CACHED = {"Cache-Control": "public, max-age=31536000, immutable"}  # an address changes when its content does
DECODED = ("ae", "vae")  # kinds whose decoder the browser can run


def checkpoints_folder() -> Path:
    """The folder of the models: VAEDEMO_CHECKPOINTS, if that is set, else the repository's own."""
    return Path(os.environ.get("VAEDEMO_CHECKPOINTS") or CHECKPOINTS)


def _maps() -> Path:
    """The folder of the maps that `derive` wrote beside the checkpoints; it is served as maps/ beside the scripts."""
    return checkpoints_folder() / "maps"


def _served(path: str | Path) -> bool:
    """Whether a file of page/ or tabs/ is one for the browser."""
    name = str(path)
    return name.endswith((".js", ".css")) and not name.endswith(".test.js")


def files() -> list[Path]:
    """The scripts and stylesheets that the browser may ask for, as paths below ui/."""
    return sorted(p for tree in TREES for p in (UI / tree).rglob("*") if _served(p))


@functools.cache
def _base() -> str:
    """The folder of the page's files as its address names it; it changes with their content, so they can be cached."""
    digest = hashlib.sha256()
    decoded = [e.path for e in available(checkpoints_folder()) if e.key.kind in DECODED]
    for path in [*files(), *sorted([*TEXT.glob("*.json"), *_maps().glob("*"), *decoded])]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"page-{digest.hexdigest()[:12]}"


class _Forever(StaticFiles):
    """Files that may be cached for good: those of a folder that `wanted` does not turn down."""

    def __init__(self, directory: Path, wanted: Callable[[str], bool] = lambda path: True) -> None:
        super().__init__(directory=directory)
        self.wanted = wanted

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not self.wanted(path):
            return Response(status_code=404)
        response = await super().get_response(path, scope)
        response.headers.update(CACHED)
        return response


def _decoder(request: Request) -> Response:
    """decoders/<domain>/<file>: what of a checkpoint the browser needs to decode, half of it."""
    domain, name = request.path_params["domain"], request.path_params["name"]
    try:
        key = ModelKey.parse(name.removesuffix(".safetensors"), domain)
        if key.kind not in DECODED or key.file != name or key.domain != domain or not DOMAIN_NAME.fullmatch(domain):
            return Response(status_code=404)
        data = decoder_bytes(place(checkpoints_folder(), domain, name))
    except (CheckpointError, UnknownModel):
        return Response(status_code=404)
    return Response(data, media_type="application/octet-stream", headers=CACHED)


def routes() -> list[BaseRoute]:
    """Routes that serve page/, tabs/, text/, the maps and the decoders beside Gradio's own."""
    base = f"/{_base()}"
    mounts = [Mount(f"{base}/{tree}", _Forever(UI / tree, _served)) for tree in TREES]
    data = {"text": TEXT, "maps": _maps()}
    mounts += [Mount(f"{base}/{name}", _Forever(folder)) for name, folder in data.items() if folder.is_dir()]
    return [Route(f"{base}/decoders/{{domain}}/{{name}}", _decoder), *mounts]


def module(tab: str) -> str:
    """The module of a tab, or of the page's frame, as a path below ui/."""
    return "page/frame/frame.js" if tab == "frame" else f"tabs/{FOLDERS.get(tab, tab)}/index.js"


@functools.cache
def needed(name: str) -> list[str]:
    """A module and all that it imports, directly or not, in the order of their names; import() does not count."""
    found, left = set(), [name]
    while left:
        path = left.pop()
        found.add(path)
        text = (UI / path).read_text(encoding="utf-8")
        left += {posixpath.normpath(posixpath.join(posixpath.dirname(path), to)) for to in IMPORT.findall(text)} - found
    return sorted(found)


def head(tabs: Iterable[str]) -> str:
    """Tags that name the tabs, and have the browser fetch what the first of them needs while Gradio is starting."""
    tabs, base = list(tabs), _base()
    first = module(tabs[0])
    sheets = [f'<link rel="stylesheet" href="{base}/{p}">' for p in (*SHEETS, f"{posixpath.dirname(first)}/style.css")]
    scripts = sorted({*needed(module("frame")), *needed(first)})
    modules = [f'<link rel="modulepreload" href="{base}/{p}">' for p in scripts]
    names, all_of = ",".join(tabs), ",".join(module(tab) for tab in tabs)
    return "".join([f'<meta name="vd-tabs" content="{names}" data-modules="{all_of}">', *sheets, *modules])


def module_html(name: str, value: Any, functions: Iterable[Callable] = (), **kwargs: Any) -> gr.HTML:
    """A gr.HTML that hands itself to mount() of a tab's module, or the frame's; its events are select and change."""
    script = f"""import(new URL("{_base()}/{module(name)}", document.baseURI)).then(
        (m) => m.mount({{ name: "{name}", element, trigger, props, server, upload, watch }}));"""
    return gr.HTML(
        value,
        html_template=f'<div class="vd vd-module-{name}"></div>',
        js_on_load=script,
        apply_default_css=False,
        server_functions=list(functions),
        elem_id=f"vd-{name}",
        **kwargs,
    )
