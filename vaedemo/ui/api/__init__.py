"""The page's public endpoints, by name, for gradio_client and plain HTTP; a failure is one plain sentence."""

import gradio as gr

from vaedemo.ui.api import generate, latent, models, restore
from vaedemo.ui.api.common import plain

__all__ = ["TABLE", "endpoints"]

# Each takes the Service and gives its endpoints, documented functions.
TABLE = (models.functions, latent.functions, generate.functions, restore.functions)


def endpoints(service):
    """Add every endpoint of the table to the Blocks that are being built."""
    for functions in TABLE:
        for function in functions(service):
            gr.api(plain(function), api_name=function.__name__, concurrency_id="models")
