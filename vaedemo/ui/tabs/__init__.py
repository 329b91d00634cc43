"""TABS: one row a tab. A tab is one file here, one module in static/, and its phrases in text/."""

from collections.abc import Callable
from typing import NamedTuple

from vaedemo.ui.tabs import generate, latent, reconstruct, restore

__all__ = ["TABS", "Tab"]


class Tab(NamedTuple):
    """A tab's name, which is its word in the address and in the key "tab.<name>" of text/, and what builds it."""

    name: str
    build: Callable


TABS = (
    Tab("reconstruct", reconstruct.build),
    Tab("latent", latent.build),
    Tab("generate", generate.build),
    Tab("denoise", restore.build_denoise),
    Tab("inpaint", restore.build_inpaint),
)
