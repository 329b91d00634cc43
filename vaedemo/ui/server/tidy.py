"""What Gradio and the C library would keep for ever, let go from time to time, so that a server can run for months."""

import asyncio
import contextlib
import ctypes
import itertools
import logging
import os
from types import SimpleNamespace

__all__ = ["Tidier", "tidied"]

TRIM = 5.0  # seconds from one return of freed memory to the next
TIDY = 6  # of those make a round of tidying
_log = logging.getLogger(__name__)


class Tidier:
    """Tidies up after the calls of a gr.Blocks; an answer that nobody fetched stays for one round at least."""

    def __init__(self, demo):
        self.demo, self._idle = demo, set()

    def __call__(self):
        """One round, in the event loop: nothing else changes these tables meanwhile."""
        queue = self.demo._queue
        at_work = {event.session_hash for event in queue.event_ids_to_events.values()}
        idle = {session for session in queue.pending_event_ids_session if session not in at_work}
        for session in idle & self._idle:  # in the last round already
            queue.pending_event_ids_session.pop(session, None)
            queue.pending_messages_per_session.pop(session, None)
        self._idle = idle - self._idle

    def forget_uploads(self):
        """Forget the uploads that were removed, and remove the folders that they had to themselves."""
        known = self.demo.upload_file_set
        for path in [p for p in list(known) if not os.path.exists(p)]:
            known.discard(path)
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(path))


def tidied(demo):
    """A lifespan that tidies up while the server runs, and keeps sessions small."""

    @contextlib.asynccontextmanager
    async def lifespan(app):
        # Every session gets the settings of all components written out, milliseconds and 0.1 MB a call, for Gradio's
        # links to a session's state. Here the address is the state, so a session starts without them.
        app.state_holder.blocks = SimpleNamespace(default_config=demo.default_config, blocks={})
        task = asyncio.create_task(_rounds(Tidier(demo)))
        try:
            yield
        finally:
            task.cancel()

    return lifespan


async def _rounds(tidier):
    trim = _trimmer()
    for turn in itertools.count(1):
        await asyncio.sleep(TRIM)
        try:
            if turn % TIDY == 0:
                tidier()
                await asyncio.to_thread(tidier.forget_uploads)
        except Exception:  # a table of Gradio's that is no longer there is no reason to stop serving
            _log.exception("tidying up failed")
        await asyncio.to_thread(trim, 0)


def _trimmer():
    """glibc's malloc_trim, which gives freed memory back to the system: pictures of many sizes, handled by many
    threads, leave much of it. Elsewhere it does nothing."""
    try:
        return ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):
        return lambda _: 0
