"""The rules of the house: imports go downward, __all__ tells the truth, files and functions stay short."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import vaedemo

ROOT = Path(vaedemo.__file__).parent
REPOSITORY = ROOT.parent
OWN = [REPOSITORY / "app.py", *ROOT.rglob("*.py"), *(REPOSITORY / "benchmarks").rglob("*.py")]
DEFINED = ast.FunctionDef | ast.AsyncFunctionDef
LINES, FUNCTION = 400, 60  # of a file, of a function at most

# From the ground: a module imports from the floors below its own, and from rooms of its own floor that stand before it.
FLOORS = (
    ("errors", "runtime", "configs"),
    ("maths", "pictures"),
    ("data", "models"),
    ("store",),
    ("training", "services"),
    ("reports",),
    ("cli", "ui", "__main__"),
)
PLACE = {room: (floor, place) for floor, rooms in enumerate(FLOORS) for place, room in enumerate(rooms)}
# Rooms whose parts import nothing of each other.
APART = ("services", "ui.tabs")


def modules():
    return [m.name for m in pkgutil.walk_packages(vaedemo.__path__, "vaedemo.") if m.name != "vaedemo.__main__"]


def imported(path):
    """Dotted names of the project's modules that a file imports, at its top or inside a function, less `vaedemo.`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return {name.removeprefix("vaedemo.") for name in found if name.startswith("vaedemo.")}


def part(room, dotted):
    """Which part of a room a module lies in: of "services" and "services.restore.task" it is "restore"."""
    return dotted.removeprefix(room + ".").split(".")[0] if dotted.startswith(room + ".") else None


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_downward(path):
    own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    room = own.split(".")[0]
    if room == "__init__":
        return
    assert room in PLACE, f"{room} has no floor yet"
    for other in imported(path):
        below = other.split(".")[0]
        if below != room and below in PLACE:
            assert PLACE[below] < PLACE[room], f"{own} imports {other}, which is not below it"
    for apart in APART:
        mine = part(apart, own)
        theirs = {part(apart, other) for other in imported(path)} - {None, mine}
        assert mine in (None, "__init__") or not theirs, f"{own} imports {theirs} beside it"


def test_nothing_lies_flat_but_the_ground():
    flat = {p.stem for p in ROOT.glob("*.py")} - {"__init__", "__main__"}
    assert flat == set(FLOORS[0])


@pytest.mark.parametrize("name", modules())
def test_all_is_sorted_and_there(name):
    module = importlib.import_module(name)
    names = getattr(module, "__all__", None)
    if names is None:
        assert name.endswith("__init__") or not Path(module.__file__).read_text().strip() or hasattr(module, "__path__")
        return
    assert list(names) == sorted(names)
    own = {
        k
        for k, v in vars(module).items()
        if not k.startswith("_") and getattr(v, "__module__", None) == name and callable(v)
    }
    assert set(names) <= set(vars(module))
    assert own <= set(names), f"public but not in __all__: {sorted(own - set(names))}"


def test_importing_the_package_needs_neither_gradio_nor_tyro_nor_torchvision():
    import subprocess
    import sys

    code = (
        "import sys\nfor name in ('gradio', 'tyro', 'torchvision', 'matplotlib', 'sklearn', 'skimage'):\n"
        "    sys.modules[name] = None\n"
        "import vaedemo.training.run, vaedemo.training.recipes, vaedemo.services.reconstruct, vaedemo.services.walk\n"
        "import vaedemo.reports.evaluate, vaedemo.reports.factors, vaedemo.data.datasets\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def function_lengths(text):
    """[(name, lines)] of every function and method of a module, decorators included, without those defined in it."""
    lengths = []
    for function in (n for n in ast.walk(ast.parse(text)) if isinstance(n, DEFINED)):
        inner = [n for n in ast.walk(function) if isinstance(n, DEFINED) and n is not function]
        lines = lines_of(function).difference(*map(lines_of, inner))
        lengths.append((function.name, len(lines)))
    return lengths


def lines_of(function):
    return set(range(min([function, *function.decorator_list], key=lambda n: n.lineno).lineno, function.end_lineno + 1))


def test_every_kind_of_function_is_measured():
    text = (
        "class A:\n    @classmethod\n    def f(cls):\n        def g():\n            pass\n        return g\n"
        "    async def h(self):\n        pass\n    @property\n    def p(self):\n        return 1\n"
        "if True:\n    def k():\n        pass\n"
    )
    assert sorted(function_lengths(text)) == [("f", 3), ("g", 2), ("h", 2), ("k", 2), ("p", 3)]


@pytest.mark.parametrize("path", sorted(OWN), ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES
    assert not [(name, n) for name, n in function_lengths(text) if n > FUNCTION]
