"""What is printed reaches any terminal: one of an old encoding, a closed one, a full device; never with a trace."""

import codecs
import contextlib
import os
import sys

from vaedemo.cli.common import harmless
from vaedemo.errors import VaedemoError

__all__ = ["discard", "flush", "forgive", "guarded", "say"]

# Frames and bars where an encoding has none; everything else becomes an escape such as \\u4e2d.
_PLAIN = {"─": "-", "━": "-", "│": "|", "┃": "|", "╭": "+", "╮": "+", "╯": "+", "╰": "+", "├": "+", "┤": "+",
          "█": "#", "▏": "#", "▎": "#", "▍": "#", "▌": "#", "▋": "#", "▊": "#", "▉": "#", "…": "...", "•": "*",
          "’": "'", "–": "-", "×": "x"}  # fmt: skip
_ERRORS = "vaedemo.plain"


def _plain(error):
    """Handler of characters that an encoding lacks, as codecs.register_error wants it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing), error.end


def forgive():
    """Let both streams write any text, whatever their encoding has; one that is closed swallows it."""
    codecs.register_error(_ERRORS, _plain)
    sys.stdout, sys.stderr = (s or open(os.devnull, "w", encoding="utf-8") for s in (sys.stdout, sys.stderr))  # noqa: SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # closed, or a stand-in
            stream.reconfigure(errors=_ERRORS)


def flush():
    """Hand on what was printed now, where a failure can still be told."""
    with contextlib.suppress(ValueError):  # closed
        sys.stdout.flush()


def say(sentence):
    """One line on the error stream."""
    with contextlib.suppress(OSError, ValueError):
        print(f"vaedemo: {harmless(sentence)}", file=sys.stderr, flush=True)


def discard():
    """Let what could not be written go: Python would try again at its end, and complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
                continue
            with contextlib.suppress(OSError, ValueError, AttributeError):
                os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def guarded(command):
    """Carry out a command, a function: a failure is one line on the error stream and exit code 2, 130 if stopped."""
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
