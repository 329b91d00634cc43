"""The tab "Lessons": lessons are files (vaedemo/ui/lessons), their figures are computed when they are asked for."""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import gradio as gr

from vaedemo.ui.lessons import Lesson, folders, read_all
from vaedemo.ui.server import wire
from vaedemo.ui.server.component import module_html
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.lessons.charts import CHARTS
from vaedemo.ui.tabs.lessons.given import Given
from vaedemo.ui.tabs.lessons.grids import GRIDS

__all__ = ["FIGURES", "Lessons", "build", "coloured"]

FIGURES = GRIDS | CHARTS
KEPT = 64  # figures in memory, some 20 kB each
# The colours of a formula's symbols: those of tokens.css in the light theme, for which style.css puts the tokens.
COLOURS = (
    (r"\\mu", "#0067ab"),
    (r"\\sigma", "#b45309"),
    (r"\\(?:var)?epsilon", "#6b7078"),
    (r"(?<![A-Za-z\\])z(?![A-Za-z])", "#6d3fc0"),
    (r"\\hat\s*\{?x\}?", "#00795b"),
    (r"\\mathrm\{KL\}", "#c0322b"),
)
_SYMBOL = re.compile("|".join(f"(?P<c{i}>{pattern}(?![A-Za-z]))" for i, (pattern, _) in enumerate(COLOURS)))


def coloured(formula: str) -> str:
    """LaTeX whose symbols have the colours that they have everywhere."""
    return _SYMBOL.sub(lambda m: rf"{{\textcolor{{{COLOURS[int(str(m.lastgroup)[1:])][1]}}}{{{m[0]}}}}}", formula)


def build(service: Service) -> Any:
    """The tab's component, and beside it the formulas, which Gradio's Markdown typesets for it."""
    own = Lessons(service)
    gr.Markdown(
        "\n\n".join(f"$${coloured(formula)}$$" for formula in own.formulas),
        latex_delimiters=[{"left": "$$", "right": "$$", "display": True}],
        elem_id="vd-formulas",
    )
    return module_html("lessons", own.first_screen(), own.functions)


class Lessons:
    """The tab's server functions over the page's Service; each takes one dict and never raises."""

    def __init__(self, service: Service) -> None:
        self.service, self.library = service, service.library
        self.lessons, self.problems = read_all(folders())
        steps = [step for table in self.lessons.values() for lesson in table.values() for step in lesson.steps]
        self.formulas = list(dict.fromkeys(step.formula for step in steps if step.formula))
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self.functions = [wire.answered(f) for f in (self.lesson, self.figure)]

    def first_screen(self) -> dict[str, Any]:
        """What the page shows before a lesson is opened: of each its name, title, lead and number of steps."""

        def told(lessons: Iterable[Lesson]) -> list[dict[str, Any]]:
            return [{"name": x.name, "title": x.title, "lead": x.lead, "steps": len(x.steps)} for x in lessons]

        listed = {language: told(lessons.values()) for language, lessons in self.lessons.items()}
        return {"table": {}, "lessons": listed, "problems": self.problems, "formulas": len(self.formulas)}

    def lesson(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"language", "name"} -> {"steps"}, each {"question", "answers", "right", "why", "formula": place or null,
        "link", "hide"}; its figure is another question."""
        steps = []
        for step in self._named(request).steps:
            place = self.formulas.index(step.formula) if step.formula else None
            steps.append({**step._asdict(), "figure": None, "formula": place})
        return {"steps": steps}

    def figure(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"language", "name", "step": from 0} -> the figure of a step, see grids.py and charts.py."""
        steps = self._named(request).steps
        return self.drawn(steps[wire.whole(request, "step", 0, len(steps) - 1)].figure)

    def _named(self, request: dict[str, Any]) -> Lesson:
        lessons = self.lessons[wire.choice(request, "language", tuple(self.lessons), None)]
        return lessons[wire.choice(request, "name", tuple(lessons), None)]

    def drawn(self, words: dict[str, Any]) -> dict[str, Any]:
        """The figure of a step's words, computed or kept."""
        made = FIGURES.get(kind) if isinstance(kind := words.get("kind"), str) else None
        if made is None:
            raise wire.RequestError(f"no figure {str(kind)[:30]!r}; choose from {', '.join(FIGURES)}")
        name = json.dumps(words, sort_keys=True)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        with self.service.models_turn:
            figure = made(Given(self.service, words))
        with self._lock:
            self._kept[name] = figure
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return figure
