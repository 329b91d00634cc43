"""Releases what Gradio and the C library would keep for ever, so that a server can run for months."""

import asyncio
import contextlib
import ctypes
import itertools
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from types import SimpleNamespace
from typing import Any

import gradio as gr

from vaedemo.ui.server.uploads import Uploads

__all__ = ["Tidier", "tidied"]

TRIM = 5.0  # seconds between two returns of freed memory
TIDY = 6  # returns of memory between two rounds of tidying
_log = logging.getLogger(__name__)


class Tidier:
    """Tidies up after the calls of a gr.Blocks; an answer that nobody fetched stays for at least one round."""

    def __init__(self, demo: gr.Blocks) -> None:
        self.demo = demo
        self._idle: set[str] = set()

    def __call__(self) -> None:
        """One round, in the event loop, where nothing else changes these tables meanwhile."""
        queue = self.demo._queue
        at_work = {event.session_hash for event in queue.event_ids_to_events.values()}
        idle = {session for session in queue.pending_event_ids_session if session not in at_work}
        for session in idle & self._idle:  # as in the last round
            queue.pending_event_ids_session.pop(session, None)
            queue.pending_messages_per_session.pop(session, None)
        self._idle = idle - self._idle

    def forget_uploads(self) -> None:
        """Forget the uploads that were removed, and remove their empty folders."""
        known = self.demo.upload_file_set
        for path in [p for p in list(known) if not os.path.exists(p)]:
            known.discard(path)
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(path))


def tidied(demo: gr.Blocks, uploads: Uploads) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """A lifespan in which the server tidies up, its uploads too, and sessions stay small."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        # Gradio gives every session a copy of all components' settings, milliseconds and 0.1 MB a call, for its links
        # to a session's state. Here the address is the state, so a session starts without them.
        app.state_holder.blocks = SimpleNamespace(default_config=demo.default_config, blocks={})
        task = asyncio.create_task(_rounds(Tidier(demo), uploads))
        try:
            yield
        finally:
            task.cancel()

    return lifespan


async def _rounds(tidier: Tidier, uploads: Uploads) -> None:
    trim = _trimmer()
    for turn in itertools.count(1):
        await asyncio.sleep(TRIM)
        try:
            await asyncio.to_thread(uploads.tidy)
            if turn % TIDY == 0:
                tidier()
                await asyncio.to_thread(tidier.forget_uploads)
        except Exception:  # a table that a new version of Gradio has not is no reason to stop serving
            _log.exception("tidying up failed")
        await asyncio.to_thread(trim, 0)


def _trimmer() -> Callable[[int], object]:
    """glibc's malloc_trim, which gives freed memory back to the system: pictures of many sizes in many threads leave
    much of it. Elsewhere it does nothing."""
    try:
        return ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):
        return lambda _: 0
