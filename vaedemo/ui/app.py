"""TABS -> Blocks, and how they are launched."""

import os
from typing import NamedTuple

import gradio as gr
import torch
from gradio.utils import get_upload_folder

from vaedemo.errors import ConfigError
from vaedemo.store.library import Library
from vaedemo.ui.server.calls import HANDLERS, Blocks
from vaedemo.ui.server.component import checkpoints_folder, head, module_html, routes
from vaedemo.ui.server.listen import stop, taken
from vaedemo.ui.server.prefix import middleware, root_path
from vaedemo.ui.server.schema import endpoints
from vaedemo.ui.server.service import Service
from vaedemo.ui.server.tidy import tidied
from vaedemo.ui.tabs import TABS
from vaedemo.ui.text import load

__all__ = ["Page", "build", "checkpoints_folder", "launch", "main"]

FONTS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Helvetica", "Arial",
         "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"]  # fmt: skip
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]
# Gradio keeps the state of this many sessions, and every call over plain HTTP is one. Nothing here lives in it, so a
# session that was dropped is made again without a loss.
SESSIONS = 100
# Relabels the tabs when the language changes: an update for each, in the browser alone.
RELABEL = """async () => {
  const labels = window.document.getElementById("vd-frame").dataset.tabs.split("|");
  return labels.length === 1
    ? { __type__: "update", label: labels[0] } : labels.map((label) => ({ __type__: "update", label }));
}"""


class Page(NamedTuple):
    """What a tab is built from."""

    service: Service


def build(checkpoints=None):
    """The page as gr.Blocks over a folder of checkpoints; it neither writes nor downloads anything."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # one picture at a time is too little to share out
    try:
        return _blocks(Page(Service(Library(checkpoints or checkpoints_folder()), get_upload_folder())))
    finally:
        torch.set_num_threads(threads)


def _blocks(page):
    words = load()
    with Blocks(
        title=f"vaedemo: {words['tagline']}", analytics_enabled=False, delete_cache=(600, 3600), fill_width=True
    ) as demo:
        frame = module_html("frame", {})
        with gr.Tabs(elem_id="vd-tabs"):
            tabs = []
            for tab in TABS:
                with gr.Tab(words[f"tab.{tab.name}"], id=tab.name, elem_id=f"vd-tab-{tab.name}") as made:
                    tab.build(page)
                tabs.append(made)
        frame.select(None, None, tabs, js=RELABEL, api_visibility="private")
        endpoints(page.service, demo, [tab.endpoints for tab in TABS if tab.endpoints])
    # Told at every change, each of those who wait hears of each call's start and end: n clients cost n^2 messages.
    demo.queue(max_size=256, default_concurrency_limit=2, status_update_rate=2)
    return demo


def launch(demo, port=None, **kwargs):
    """Start the server; keywords go to gr.Blocks.launch."""
    torch.set_num_threads(1)  # there are many visitors
    root = root_path(os.environ)
    return demo.launch(
        server_port=port,
        root_path=root,
        theme=gr.themes.Base(font=FONTS, font_mono=MONO),
        app_kwargs={
            "routes": routes(),
            "middleware": middleware(root),
            "lifespan": tidied(demo),
            "exception_handlers": HANDLERS,
        },
        head=head(tab.name for tab in TABS),
        max_file_size="25mb",
        max_threads=16,
        state_session_capacity=SESSIONS,
        show_error=False,
        ssr_mode=False,
        run_history=False,
        footer_links=["api"],  # without it ?view=api shows nothing; page.css hides the footer itself
        _frontend=False,  # else it asks once more whether it is there, and gives up on a machine that is busy for 3 s
        **kwargs,
    )


def main(demo, where):
    """Launch at a Place, or where a hosted Space has it (None); a failure is one sentence and exit code 2."""
    try:
        if where is None:
            return launch(demo)
        launch(demo, where.port, server_name=where.name, quiet=True, prevent_thread_lock=True)
    except ConfigError as error:
        stop(error)
    except OSError:  # Gradio asks 127.0.0.1 for the port too; and it may have gone since it was looked for
        stop(taken(where.port) if where else "Gradio found no free port; name one in GRADIO_SERVER_PORT.")
    print(f"vaedemo is at {where.url} (Ctrl+C ends it)", flush=True)
    demo.block_thread()
    return None
