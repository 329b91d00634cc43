"""A part of the page: one gr.HTML whose markup, drawing and behaviour are an ES module in static/."""

import functools
import hashlib
from pathlib import Path

import gradio as gr
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from vaedemo.ui.text import FOLDER as TEXT

__all__ = ["head", "module_html", "routes"]

STATIC = Path(__file__).resolve().parent / "static"


@functools.cache
def _base():
    """The folder of the page's files as its address names it; it changes with their content, so they can be cached."""
    digest = hashlib.sha256()
    for path in sorted([*STATIC.iterdir(), *TEXT.glob("*.json")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"page-{digest.hexdigest()[:12]}"


class _Forever(StaticFiles):
    """Files that may be cached for good: their address changes when they do."""

    async def get_response(self, path, scope):
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def routes():
    """Routes that serve static/ and text/ beside Gradio's own."""
    return [Mount(f"/{_base()}/text", _Forever(directory=TEXT)), Mount(f"/{_base()}", _Forever(directory=STATIC))]


def head():
    """Tags that let the browser fetch the page's files while Gradio is still starting."""
    sheets = [f'<link rel="stylesheet" href="{_base()}/{p.name}">' for p in sorted(STATIC.glob("*.css"), reverse=True)]
    modules = [f'<link rel="modulepreload" href="{_base()}/{p.name}">' for p in sorted(STATIC.glob("*.js"))]
    return "".join(sheets + modules)


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
