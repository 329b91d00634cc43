"""TABS: one row a tab. A tab is one folder here and its phrases in text/."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from vaedemo.ui.tabs.compress import api as compress_api
from vaedemo.ui.tabs.compress import server as compress_server
from vaedemo.ui.tabs.generate import api as generate_api
from vaedemo.ui.tabs.generate import server as generate_server
from vaedemo.ui.tabs.latent import api as latent_api
from vaedemo.ui.tabs.latent import server as latent_server
from vaedemo.ui.tabs.lessons import server as lessons_server
from vaedemo.ui.tabs.odd import api as odd_api
from vaedemo.ui.tabs.odd import server as odd_server
from vaedemo.ui.tabs.reconstruct import api as reconstruct_api
from vaedemo.ui.tabs.reconstruct import server as reconstruct_server
from vaedemo.ui.tabs.restore import api as restore_api
from vaedemo.ui.tabs.restore import server as restore_server
from vaedemo.ui.tabs.train import server as train_server

__all__ = ["TABS", "Tab"]


class Tab(NamedTuple):
    """A tab's name, which is its word in the address and in the key "tab.<name>" of text/; what builds it of a
    Service; and what gives its public endpoints of one, if it has any."""

    name: str
    build: Callable
    endpoints: Callable | None = None


TABS = (
    Tab("reconstruct", reconstruct_server.build, reconstruct_api.functions),
    Tab("latent", latent_server.build, latent_api.functions),
    Tab("generate", generate_server.build, generate_api.functions),
    Tab("denoise", partial(restore_server.build, name="denoise"), restore_api.functions),
    Tab("inpaint", partial(restore_server.build, name="inpaint")),
    Tab("compress", compress_server.build, compress_api.functions),
    Tab("odd", odd_server.build, odd_api.functions),
    Tab("train", train_server.build),
    Tab("lessons", lessons_server.build),
)
