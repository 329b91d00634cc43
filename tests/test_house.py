"""The rules of the house: imports go downward, __all__ tells the truth, texts of errors are theirs."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import vaedemo

ROOT = Path(vaedemo.__file__).parent

# Within a floor a module may import those before it; the services of floor 3 import none of each other.
FLOORS = (
    ("errors", "configs", "runtime", "gaussian", "metrics", "degrade", "classical", "strips", "disentanglement",
     "quality", "isolate", "colours", "depths", "tiffs", "filekinds", "pictures", "examples", "shapes", "domains",
     "masks", "datasets", "photonoise", "photos"),
    ("models",),
    ("objectives", "checkpoints", "mixtures", "training", "classifier", "runs", "recipes", "photos_training",
     "tiles", "coarse"),
    ("library", "maps"),
    ("latent", "generate", "reconstruct", "restore"),
    ("evaluate", "factors", "samples"),
    ("cli", "ui", "__main__"),
)  # fmt: skip
SERVICES = {"latent", "generate", "reconstruct", "restore"}


def modules():
    return [m.name for m in pkgutil.walk_packages(vaedemo.__path__, "vaedemo.") if m.name != "vaedemo.__main__"]


def imported(path):
    """Names of the project's modules that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return {name.split(".")[1] for name in found if name.startswith("vaedemo.")} & set(ORDER)


ORDER = {name: (floor, place) for floor, names in enumerate(FLOORS) for place, name in enumerate(names)}


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_downward(path):
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in ORDER, f"{own} has no floor yet"
    for other in imported(path) - {own}:
        assert ORDER[other] < ORDER[own], f"{own} imports {other}, which is not below it"
        assert not (own in SERVICES and other in SERVICES), f"the service {own} imports the service {other}"


@pytest.mark.parametrize("name", modules())
def test_all_is_sorted_and_there(name):
    module = importlib.import_module(name)
    names = getattr(module, "__all__", None)
    if names is None:
        assert name.endswith("__init__") or not Path(module.__file__).read_text().strip() or hasattr(module, "__path__")
        return
    assert list(names) == sorted(names)
    own = {
        k for k, v in vars(module).items()
        if not k.startswith("_") and getattr(v, "__module__", None) == name and callable(v)
    }  # fmt: skip
    assert set(names) <= set(vars(module))
    assert own <= set(names), f"public but not in __all__: {sorted(own - set(names))}"


def test_importing_the_package_needs_neither_gradio_nor_tyro_nor_torchvision():
    import subprocess
    import sys

    code = (
        "import sys\nfor name in ('gradio', 'tyro', 'torchvision', 'matplotlib', 'sklearn', 'skimage'):\n"
        "    sys.modules[name] = None\n"
        "import vaedemo.runs, vaedemo.recipes, vaedemo.reconstruct, vaedemo.evaluate, vaedemo.datasets\n"
        "import vaedemo.latent, vaedemo.factors\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_no_file_is_longer_than_two_rooms():
    long = {p.name: n for p in ROOT.rglob("*.py") if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long
