"""Every benchmark runs: a trial of each on little data (--tiny), which leaves what was measured alone."""

import hashlib
import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaedemo.data import datasets
from vaedemo.data.domains import SIZED
from vaedemo.store.library import CHECKPOINTS

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
PARTS = ("common.py", "damaged.py", "visitors.py")  # no scripts of their own
SCRIPTS = sorted(p.name for p in BENCHMARKS.glob("*.py") if p.name not in PARTS)
PAGES = {
    "classroom.py": ["--scrub"],
    "latent.py": ["--click"],
    "page.py": ["--slider"],
}  # need Chromium; one part is enough
SOME = PAGES | {"serving.py": ["--memory", "--visitors"]}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder as `make bench DATA=...` is given: 60 training and 12 test pictures a domain, and two photographs."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for domain in ("digits", "fashion", "objects"):
        row = SIZED[domain]
        for split, n in (("train", 60), ("test", 12)):
            x = np.zeros((n, row.size, row.size, row.channels), np.uint8)
            x[:, 6:-6, 8:-8] = rng.integers(0, 256, (n, row.size - 12, row.size - 16, row.channels))
            np.savez(root / f"{domain}_{split}.npz", x=x, y=np.arange(n) % 10)
    for number in (1, 2):
        path = root / "photos" / "kodak" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8))
        coarse.resize((96, 64), Image.Resampling.BICUBIC).save(path)
    return root


def measured():
    """What benchmarks write outside of a trial."""
    files = [*sorted((BENCHMARKS / "results").glob("*")), CHECKPOINTS / "maps" / "samples.json"]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_runs_and_leaves_what_was_measured(script, data, tmp_path, monkeypatch, one_thread):
    text = (BENCHMARKS / script).read_text(encoding="utf-8")
    if script in PAGES and shutil.which("chromium") is None:
        pytest.skip("no Chromium")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import common

    assert "parse(parser" in text or "report_parts(" in text, f"{script} takes its arguments through benchmarks.common"
    monkeypatch.setattr(common, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(datasets, "GENERATED", dict(datasets.GENERATED))
    monkeypatch.setattr(sys, "argv", [script, "--tiny", "--data-dir", str(data), *SOME.get(script, [])])
    (tmp_path / "results").mkdir()
    before = measured()
    runpy.run_path(str(BENCHMARKS / script), run_name="__main__")
    written = list((tmp_path / "results").glob("*.json"))
    assert written and all(json.loads(p.read_text()) for p in written)
    assert measured() == before


def test_a_trial_from_the_command_line_has_a_folder_of_its_own(data):
    """And one that fails neither stops the others nor is passed over."""
    before = measured()
    made = subprocess.run(
        [sys.executable, BENCHMARKS / "proposal.py", "--tiny", "--data-dir", data],
        capture_output=True, text=True, timeout=120, env={"PATH": ""},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "a trial: the figures mean nothing" in made.stdout and measured() == before


def test_make_bench_goes_on_after_a_failure_and_reports_it(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name, body in (("a", "print('first', sys.argv[1:])"), ("b", "sys.exit(3)"), ("c", "print('last')")):
        (tmp_path / "benchmarks" / f"{name}.py").write_text(f"import sys\n{body}\n")
    made = subprocess.run(
        ["make", "-o", ".venv/dev", "bench", "DATA=pictures", "TINY=1"], cwd=tmp_path, capture_output=True, text=True
    )
    assert made.returncode != 0
    assert "first ['--data-dir', 'pictures', '--tiny']" in made.stdout and "last" in made.stdout
    assert "These benchmarks failed: benchmarks/b.py" in made.stdout
