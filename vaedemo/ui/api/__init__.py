"""The page's public endpoints, by name, for gradio_client and plain HTTP; a failure is one plain sentence."""

import gradio as gr

from vaedemo.ui.api import generate, latent, models, restore
from vaedemo.ui.api.calls import HANDLERS, Blocks
from vaedemo.ui.api.common import plain
from vaedemo.ui.api.schema import describe

__all__ = ["Blocks", "HANDLERS", "TABLE", "endpoints"]

# Each takes the Service and gives its endpoints, documented functions.
TABLE = (models.functions, latent.functions, generate.functions, restore.functions)


def endpoints(service, blocks):
    """Add every endpoint of the table to the Blocks that are being built."""
    table = service.table()
    for functions in TABLE:
        for function in functions(service):
            made = gr.api(plain(function), api_name=function.__name__, concurrency_id="models")
            describe(blocks.fns[made["id"]], table)
