"""Printing that works on any terminal: of an old encoding, closed, on a full device; never with a trace."""

import codecs
import contextlib
import os
import sys
from collections.abc import Callable

from vaedemo.cli.common import harmless
from vaedemo.errors import VaedemoError

__all__ = ["discard", "flush", "forgive", "guarded", "say"]

# Frames and bars for an encoding that has none; everything else becomes an escape such as \\u4e2d.
_PLAIN = str.maketrans("─━│┃╭╮╯╰├┤█▏▎▍▌▋▊▉•’–×", "--||++++++########*'-x", "") | {ord("…"): "..."}
_ERRORS = "vaedemo.plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Replaces characters that an encoding lacks, for codecs.register_error."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end].translate(_PLAIN)
    return missing.encode("ascii", "backslashreplace").decode(), error.end


def forgive() -> None:
    """Let both streams write any text, whatever their encoding; a closed one swallows it."""
    codecs.register_error(_ERRORS, _plain)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, stays open
        with contextlib.suppress(AttributeError, ValueError, OSError):  # closed, or a stand-in
            getattr(sys, name).reconfigure(errors=_ERRORS)


def flush() -> None:
    """Write what was printed now, while a failure can still be reported."""
    with contextlib.suppress(ValueError):  # closed
        sys.stdout.flush()


def say(sentence: str) -> None:
    """One line on the error stream."""
    with contextlib.suppress(OSError, ValueError):
        print(f"vaedemo: {harmless(sentence)}", file=sys.stderr, flush=True)


def discard() -> None:
    """Drop what could not be written: Python would try again at its end, and complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
                continue
            with contextlib.suppress(OSError, ValueError, AttributeError):
                os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def guarded(command: Callable[[], object]) -> None:
    """Run a command, a function: a failure is one line on the error stream and exit code 2, 130 if stopped."""
    forgive()
    try:
        try:
            command()
        finally:
            flush()
    except VaedemoError as error:
        say(str(error))
        raise SystemExit(2) from None
    except KeyboardInterrupt as stop:
        say(str(stop) or "stopped")
        raise SystemExit(130) from None
    except BrokenPipeError:  # the reader of a pipe has had enough
        discard()
    except OSError as error:
        discard()
        what = (error.filename and os.fspath(error.filename)) or "the output"
        say(f"{what} cannot be read or written: {error.strerror or error}")
        raise SystemExit(2) from None
