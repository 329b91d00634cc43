"""The command line, which tyro builds from dataclasses: one row of COMMANDS a command."""

import ast
import contextlib
import dataclasses
import functools
import importlib
import io
import operator
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from vaedemo.cli import terminal

__all__ = ["COMMANDS", "command", "main"]


# Name: module and class. Only the command that is asked for is imported: PyTorch alone takes more than a second.
COMMANDS = {
    "list": "models.List",
    "describe": "models.Describe",
    "train": "train.Train",
    "evaluate": "models.Evaluate",
    "reconstruct": "latent.Reconstruct",
    "sample": "sample.Sample",
    "denoise": "restore.Denoise",
    "inpaint": "restore.Inpaint",
    "score": "score.Score",
    "compress": "codec.Compress",
    "decompress": "codec.Decompress",
    "info": "codec.Info",
    "map": "derive.Map",
    "walk": "latent.Walk",
    "traverse": "latent.Traverse",
    "derive": "derive.Derive",
}


def command(name: str) -> type:
    """The dataclass of a command, imported."""
    module, _, own = COMMANDS[name].partition(".")
    return getattr(importlib.import_module(f"vaedemo.cli.{module}"), own)


def _stand_in(name: str) -> type:
    """A dataclass that has a command's docstring and none of its options, read without an import."""
    module, _, own = COMMANDS[name].partition(".")
    tree = ast.parse((Path(__file__).with_name(module + ".py")).read_text(encoding="utf-8"))
    defined = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == own)
    return dataclasses.make_dataclass(own, [], namespace={"__doc__": ast.get_docstring(defined)})


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

    args = sys.argv[1:] if args is None else args
    asked = next((word for word in args if word in COMMANDS), None)
    classes = {name: command(name) if name == asked else _stand_in(name) for name in COMMANDS}
    rows = [Annotated[c, tyro.conf.subcommand(name=name, description=c.__doc__)] for name, c in classes.items()]
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
