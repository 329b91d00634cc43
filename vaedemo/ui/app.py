"""TABS -> Blocks, and how they are launched."""

import errno
import os
import socket
import sys
from typing import NamedTuple

import gradio as gr
import torch
from gradio.utils import get_upload_folder

from vaedemo.library import Library
from vaedemo.ui import api
from vaedemo.ui.component import checkpoints_folder, head, module_html, routes
from vaedemo.ui.service import Service
from vaedemo.ui.tabs import TABS
from vaedemo.ui.text import load

__all__ = ["Page", "build", "checkpoints_folder", "launch", "main"]

FONTS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Helvetica", "Arial",
         "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"]  # fmt: skip
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]
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
    with api.Blocks(
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
        api.endpoints(page.service, demo)
    demo.queue(max_size=64, default_concurrency_limit=2)
    return demo


def launch(demo, port=None, **kwargs):
    """Start the server; keywords go to gr.Blocks.launch."""
    torch.set_num_threads(1)  # there are many visitors
    return demo.launch(
        server_port=port,
        theme=gr.themes.Base(font=FONTS, font_mono=MONO),
        app_kwargs={"routes": routes(), "exception_handlers": api.HANDLERS},
        head=head(tab.name for tab in TABS),
        max_file_size="25mb",
        max_threads=16,
        show_error=False,
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        **kwargs,
    )


def main(demo):
    """Launch for a person, on 127.0.0.1 and PORT or 7860; a port that cannot be had is one sentence and exit code 2."""
    if os.environ.get("SPACE_ID"):  # a hosted Space chooses its own host and port
        return launch(demo)
    named = os.environ.get("PORT") or os.environ.get("GRADIO_SERVER_PORT") or "7860"
    host = os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    try:
        port = int(named)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (ValueError, OverflowError):
        return _stop(f"PORT is {named!r}; give a whole number from 1 to 65535.")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _stop(f"Port {port} is taken; choose another one, for example PORT={port + 1}.")
        return _stop(f"Port {port} cannot be opened ({error.strerror}); choose another one, for example PORT=7860.")
    launch(demo, port, server_name=host, quiet=True, prevent_thread_lock=True)
    print(f"vaedemo is at {demo.local_url} (Ctrl+C ends it)", flush=True)
    demo.block_thread()
    return None


def _stop(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(2)
