"""A part of the page: one gr.HTML whose markup, drawing and behaviour are an ES module in static/."""

import functools
import hashlib
import os
from pathlib import Path

import gradio as gr
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from vaedemo.configs import DOMAIN_NAME
from vaedemo.errors import CheckpointError, UnknownModel
from vaedemo.store.checkpoints import available, decoder_bytes, place
from vaedemo.store.key import ModelKey
from vaedemo.store.library import CHECKPOINTS
from vaedemo.ui.text import FOLDER as TEXT

__all__ = ["checkpoints_folder", "head", "module_html", "routes"]

STATIC = Path(__file__).resolve().parent.parent / "static"
CACHED = {"Cache-Control": "public, max-age=31536000, immutable"}  # an address changes when its content does
DECODED = ("ae", "vae")  # kinds whose decoder the browser can run


def checkpoints_folder():
    """The folder of the models: VAEDEMO_CHECKPOINTS, if that is set, else the repository's own."""
    return Path(os.environ.get("VAEDEMO_CHECKPOINTS") or CHECKPOINTS)


def _maps():
    """The folder of the maps that `derive` wrote beside the checkpoints; it is served as maps/ beside the scripts."""
    return checkpoints_folder() / "maps"


def _decoded():
    """The checkpoints whose decoders are served."""
    return [e.path for e in available(checkpoints_folder()) if e.key.kind in DECODED]


@functools.cache
def _base():
    """The folder of the page's files as its address names it; it changes with their content, so they can be cached."""
    digest = hashlib.sha256()
    for path in sorted([*STATIC.iterdir(), *TEXT.glob("*.json"), *_maps().glob("*"), *_decoded()]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"page-{digest.hexdigest()[:12]}"


class _Forever(StaticFiles):
    """Files that may be cached for good."""

    async def get_response(self, path, scope):
        response = await super().get_response(path, scope)
        response.headers.update(CACHED)
        return response


def _decoder(request):
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


def routes():
    """Routes that serve static/, text/, the maps and the decoders beside Gradio's own."""
    folders = [("/text", TEXT), ("/maps", _maps()), ("", STATIC)]
    mounts = [Mount(f"/{_base()}{name}", _Forever(directory=path)) for name, path in folders if path.is_dir()]
    return [Route(f"/{_base()}/decoders/{{domain}}/{{name}}", _decoder), *mounts]


def head(tabs):
    """Tags that name the tabs, and let the browser fetch the page's files while Gradio is still starting."""
    sheets = [f'<link rel="stylesheet" href="{_base()}/{p.name}">' for p in sorted(STATIC.glob("*.css"), reverse=True)]
    modules = [f'<link rel="modulepreload" href="{_base()}/{p.name}">' for p in sorted(STATIC.glob("*.js"))]
    return "".join([f'<meta name="vd-tabs" content="{",".join(tabs)}">', *sheets, *modules])


def module_html(module, value, functions=(), **kwargs):
    """A gr.HTML that hands itself to mount() of static/<module>.js; its events are select and change."""
    script = f"""import(new URL("{_base()}/{module}.js", document.baseURI)).then(
        (m) => m.mount({{ element, trigger, props, server, upload, watch }}));"""
    return gr.HTML(
        value,
        html_template=f'<div class="vd vd-module-{module}"></div>',
        js_on_load=script,
        apply_default_css=False,
        server_functions=list(functions),
        elem_id=f"vd-{module}",
        **kwargs,
    )
