"""docs/RESULTS.md and README's table, out of benchmarks/results/*.json."""

import json
from pathlib import Path

from . import (
    amortisation,
    anomaly,
    atlas,
    beta,
    classroom,
    codec,
    dimension,
    disentanglement,
    latent,
    likelihood,
    lossless,
    page,
    photos,
    proposal,
    reconstruction,
    restore,
    samples,
    serving,
    smallbits,
    training,
    trainingset,
)
from .cells import MISSED, Section, Table, markdown
from .headline import headline, judged

__all__ = ["READ_ME", "RESULTS_PAGE", "read", "readme", "results_page", "write"]

ROOT = Path(__file__).resolve().parents[2]
RESULTS_PAGE, READ_ME = ROOT / "docs" / "RESULTS.md", ROOT / "README.md"
BEGIN, END = "<!-- figures: written by `make results` -->", "<!-- end of figures -->"
SECTIONS = tuple(
    section
    for module in (
        reconstruction, dimension, likelihood, amortisation, samples, disentanglement, beta, trainingset, restore,
        photos, codec, lossless, smallbits, anomaly, proposal, page, latent, classroom, atlas, serving,
        training,
    )
    for section in module.SECTIONS
)  # fmt: skip
HEAD = """# Results

Written by `make results` out of `benchmarks/results/*.json`; a test holds it up to date. Change no figure here.

Each chapter names the command that measures it and prints these tables. `DIR` is a folder with `DOMAIN_train.npz`,
`DOMAIN_test.npz` and, for photographs, `photos/`; `make bench DATA=DIR` runs them all, `TINY=1` makes a trial of it.
Subsets of test pictures are drawn at random by a fixed seed. Every shipped model with its size, training time and
figures stands in [MODELS.md](../checkpoints/MODELS.md). What was tried, and why a bar is missed, stands in
[LOG.md](LOG.md).

± is a standard error, except where a standard deviation is named. A bar is **met** where the mean is beyond it by two
standard errors, **missed** where it is short of it by two, and **not decided** in between; a figure without an error is
compared as it is.

Test pictures were never trained on. The autoencoders and VAEs of fashion and objects, the autoencoders of digits and
the beta-TC-VAE of shapes were chosen on training pictures that were held out, before the test set was opened. Of the
older models (VAEs and dense networks of digits, the others of shapes) not all settings were chosen blind to the test
set: the learning rate, batch size and widths were picked by test error on short runs, and the recipes of `vae-2` and
`vae-64` were changed after a first model's test figure was seen. Their figures are to that degree optimistic.
"""


def read(folder: Path = ROOT / "benchmarks" / "results") -> dict:
    """{name: figures} of every results file."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def _machine(figures: dict) -> str:
    """Where it was measured, in words."""
    told = figures["machine"]
    if isinstance(told, str):
        return told
    words = [told["processor"], f"Python {told['python']}", f"PyTorch {told['torch']}"]
    if "load" in figures:
        words.append(f"load {figures['load']}")
    if "commit" in told:
        words.append(f"commit {told['commit']}")
    return ", ".join(words)


def _chapter(section: Section, tables: list[Table], figures: dict) -> str:
    parts = [f"## {section.title}", f"`{section.command}`", section.about]
    for table in tables:
        parts += [f"**{table.title}**", markdown(table.columns, table.rows)]
    parts += [section.notes] * bool(section.notes)
    parts.append(f"Measured on: {_machine(figures)} (`benchmarks/results/{section.results}.json`).")
    return "\n\n".join(parts)


def _told(results: dict) -> list[tuple[Section, list[Table]]]:
    return [(section, section.tables(results[section.results])) for section in SECTIONS]


def results_page(results: dict) -> str:
    """The text of docs/RESULTS.md."""
    told = _told(results)
    met, short = judged(told)
    missed = sum(MISSED in figure for *_, figure in short)
    lines = [f"## Bars\n\n{met} bars are met, {missed} missed, {len(short) - missed} not decided. Those not met:\n"]
    lines.append(markdown(["chapter", "row", "figure"], short, numbers=False))
    chapters = [_chapter(section, tables, results[section.results]) for section, tables in told]
    return "\n\n".join([HEAD.rstrip(), "\n".join(lines), *chapters]) + "\n"


def readme(text: str, results: dict) -> str:
    """README's text with the six rows between its two marks as the results have them."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    met, short = judged(_told(results))
    missed = sum(MISSED in figure for *_, figure in short)
    table = headline(results)
    said = f"Of all bars {met} are met, {missed} missed and {len(short) - missed} not decided."
    return f"{before}{BEGIN}\n\n{markdown(table.columns, table.rows, numbers=False)}\n\n{said}\n\n{END}{after}"


def write() -> None:
    """Write both."""
    results = read()
    RESULTS_PAGE.write_text(results_page(results), encoding="utf-8")
    READ_ME.write_text(readme(READ_ME.read_text(encoding="utf-8"), results), encoding="utf-8")
