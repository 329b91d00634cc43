"""The page: TABS -> Blocks, and how they are launched."""

import os
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from gradio.utils import get_upload_folder

from vaedemo.errors import ConfigError
from vaedemo.store.library import Library
from vaedemo.ui.server.calls import HANDLERS, Blocks
from vaedemo.ui.server.component import checkpoints_folder, head, module_html, routes
from vaedemo.ui.server.guard import HEALTH, guards
from vaedemo.ui.server.listen import Place, stop, taken
from vaedemo.ui.server.prefix import middleware, root_path
from vaedemo.ui.server.schema import endpoints
from vaedemo.ui.server.service import Service
from vaedemo.ui.server.tidy import tidied
from vaedemo.ui.server.uploads import route
from vaedemo.ui.tabs import TABS
from vaedemo.ui.text import load

__all__ = ["build", "checkpoints_folder", "launch", "main"]

FONTS = (
    "ui-sans-serif, system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Helvetica, Arial, PingFang SC, "
    "Noto Sans SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif"
)
# A folder of this server's own: what lies there longer than it is of use is removed.
os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir(), f"vaedemo-{os.getpid()}")))
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
# Gradio keeps the state of this many sessions, and every call over plain HTTP is one. Nothing is stored in it, so a
# session that was dropped starts again without a loss.
SESSIONS = 100
# Relabels the tabs in the browser when the language changes.
RELABEL = """async () => {
  const labels = window.document.getElementById("vd-frame").dataset.tabs.split("|");
  return labels.length === 1
    ? { __type__: "update", label: labels[0] } : labels.map((label) => ({ __type__: "update", label }));
}"""


def build(checkpoints: str | Path | None = None) -> Blocks:
    """The page as gr.Blocks over a folder of checkpoints; it neither writes nor downloads anything."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # one picture at a time is too little for more
    try:
        return _blocks(Service(Library(checkpoints or checkpoints_folder()), get_upload_folder()))
    finally:
        torch.set_num_threads(threads)


def _blocks(service: Service) -> Blocks:
    words = load()
    with Blocks(
        title=f"vaedemo: {words['tagline']}", analytics_enabled=False, delete_cache=(600, 3600), fill_width=True
    ) as demo:
        frame = module_html("frame", {})
        with gr.Tabs(elem_id="vd-tabs"):
            tabs = []
            for tab in TABS:
                with gr.Tab(words[f"tab.{tab.name}"], id=tab.name, elem_id=f"vd-tab-{tab.name}") as block:
                    tab.build(service)
                tabs.append(block)
        frame.select(None, None, tabs, js=RELABEL, api_visibility="private")
        endpoints(service, demo, [tab.endpoints for tab in TABS if tab.endpoints])
    # Status updates at every change would tell all who wait of each call's start and end: n clients, n^2 messages.
    demo.uploads = service.uploads
    demo.queue(max_size=256, default_concurrency_limit=2, status_update_rate=2)
    return demo


def launch(demo: Blocks, port: int | None = None, **kwargs: Any) -> Any:
    """Start the server; keywords go to gr.Blocks.launch."""
    torch.set_num_threads(1)  # there are many visitors
    root = root_path(os.environ)
    return demo.launch(
        server_port=port,
        root_path=root,
        theme=gr.themes.Base(font=FONTS.split(", "), font_mono=MONO.split(", ")),
        app_kwargs={
            "routes": [HEALTH, route(demo.uploads), *routes()],
            "middleware": [*guards(os.environ), *middleware(root)],
            "lifespan": tidied(demo, demo.uploads),
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
        _frontend=False,  # else Gradio asks its own server whether it is up, and gives up after 3 s on a busy machine
        **kwargs,
    )


def main(demo: Blocks, where: Place | None) -> Any:
    """Launch at a Place, or where a hosted Space has it (None); a failure is one sentence and exit code 2."""
    try:
        if where is None:
            return launch(demo)
        launch(demo, where.port, server_name=where.name, quiet=True, prevent_thread_lock=True)
    except ConfigError as error:
        stop(error)
    except OSError:  # Gradio opens the port at 127.0.0.1 too, and it may have been taken since it was found free
        stop(taken(where.port) if where else "Gradio found no free port; name one in GRADIO_SERVER_PORT.")
    print(f"vaedemo is at {where.url} (Ctrl+C ends it)", flush=True)
    demo.block_thread()
    return None
