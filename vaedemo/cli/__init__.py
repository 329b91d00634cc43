"""The command line, which tyro builds from dataclasses: one row of COMMANDS a command."""

import contextlib
import functools
import io
import operator
import re
from collections.abc import Sequence
from typing import Annotated, Any

from vaedemo.cli import terminal
from vaedemo.cli.derive import Derive, Map
from vaedemo.cli.latent import Traverse, Walk
from vaedemo.cli.models import Describe, Evaluate, List
from vaedemo.cli.reconstruct import Reconstruct
from vaedemo.cli.restore import Denoise, Inpaint
from vaedemo.cli.sample import Sample
from vaedemo.cli.train import Train

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "list": List,
    "describe": Describe,
    "train": Train,
    "evaluate": Evaluate,
    "reconstruct": Reconstruct,
    "sample": Sample,
    "denoise": Denoise,
    "inpaint": Inpaint,
    "map": Map,
    "walk": Walk,
    "traverse": Traverse,
    "derive": Derive,
}


def _one_line(text: str) -> str:
    """tyro's boxed message as one line: without its frame, up to the first rule. A terminal that cannot draw lines has
    no box, but a title over a rule."""
    lines = [line.strip("│╭╮╰╯ \t") for line in text.splitlines()]
    rules = [len(line) > 3 and set(line) <= {"─", "-"} for line in lines]
    if lines and lines[0].startswith("─"):
        lines, rules = lines[1:], rules[1:]
    elif any(rules[:2]):
        lines, rules = lines[2:], rules[2:]
    kept: list[str] = []
    for line, rule in zip(lines, rules, strict=True):
        if kept and rule:
            break
        if line and not rule:
            kept.append(line)
    return re.sub(r"\s+", " ", " ".join(kept)).rstrip(".") or "these words make no command"


def _parse(args: Sequence[str] | None) -> Any:
    import tyro

    rows = [Annotated[c, tyro.conf.subcommand(name=name, description=c.__doc__)] for name, c in COMMANDS.items()]
    union: Any = functools.reduce(operator.or_, rows)
    problem = io.StringIO()
    try:
        with contextlib.redirect_stderr(problem):
            return tyro.cli(
                union,
                prog="python -m vaedemo",
                args=args,
                config=(tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff),
            )
    except SystemExit as stop:
        if stop.code:
            terminal.say(f"{_one_line(problem.getvalue())}; see --help")
        raise


def main(args: Sequence[str] | None = None) -> None:
    """Run one command; exit code 0, or 2 with one line on the error stream."""
    terminal.guarded(lambda: _parse(args).run())
