"""docs/RESULTS.md and README's table are what the results files say; neither needs torch."""

import json
import re
import subprocess
import sys
from copy import deepcopy

import pytest

from benchmarks.tables import document
from benchmarks.tables.cells import MISSED, OPEN, Section, Table, by_domain, markdown, number, paired, verdict_below
from benchmarks.tables.headline import headline, judged


@pytest.fixture(scope="module")
def results():
    return document.read()


def test_the_results_page_is_up_to_date(results):
    text = document.RESULTS_PAGE.read_text(encoding="utf-8")
    assert text == document.results_page(results), "write it again: make results"


def test_readmes_table_is_up_to_date(results):
    text = document.READ_ME.read_text(encoding="utf-8")
    assert text == document.readme(text, results), "write it again: make results"


def test_readmes_rows_are_figures_of_the_results_files(results):
    """Computed here again, from the files alone."""
    rows = ["| ".join(map(str, row)) for row in headline(results).rows]
    assert len(rows) == 7
    f = results["reconstruction_quality"]["digits/ae-32"]
    assert f"{f['mse']:.5f}: {f['mse'] / f['pca_mse']:.3f} ± " in rows[0]
    bound = min((d["bound"], d["k"]) for d in results["likelihood"]["dims"].values())
    assert f"k = {bound[1]}: {bound[0]:.2f} ± " in rows[1]
    found = {r["source"]: r["frechet"][0] for r in results["samples"]["rows"] if r["domain"] == "digits"}
    assert f"distance {found['vae+mixture']:.2f}" in rows[2] and f"N(0, I) {found['vae+normal']:.2f}" in rows[2]
    hole = next(r for r in results["restore"]["holes"]["digits"] if r["hole"] == "left half")
    assert f"{hole['mean']:.2f} dB: {hole['mean'] - hole['biharmonic']:+.2f} ± " in rows[3]
    noise = next(r for r in results["photos"]["noise"] if r["damage"] == "sigma 25")
    ours, other = (sum(noise[k]) / len(noise[k]) for k in ("ours", "classical"))
    assert f"{ours:.2f} dB: {ours - other:+.2f} ± " in rows[4]
    slider = next(r for r in results["page"]["slider"] if r["what"].endswith("ae, each asked for"))
    assert f"median {slider['median_ms']:.0f} ms" in rows[6]
    ours = results["anomaly"]["oneclass"]["digits"]["rows"][0]["auroc"]
    assert f"AUROC {sum(map(sum, ours)) / sum(map(len, ours)):.2f} ± " in rows[5]
    readme = document.READ_ME.read_text(encoding="utf-8")
    assert all(f"| {' | '.join(map(str, row))} |" in readme for row in headline(results).rows)


def test_every_results_file_has_a_chapter_and_every_chapter_a_script(results):
    assert {s.results for s in document.SECTIONS} == set(results)
    for section in document.SECTIONS:
        script = re.match(r"python (benchmarks/\w+\.py)", section.command)
        assert script and (document.ROOT / script[1]).exists()


def test_rows_fit_their_columns(results):
    for section in document.SECTIONS:
        for table in section.tables(results[section.results]):
            assert all(len(row) == len(table.columns) for row in table.rows), f"{section.title}: {table.title}"


def test_a_figure_that_changes_makes_the_page_stale(results):
    changed = deepcopy(results)
    changed["reconstruction_quality"]["digits/ae-32"]["ratio"] += 0.01
    assert document.results_page(changed) != document.results_page(results)
    text = document.READ_ME.read_text(encoding="utf-8")
    assert document.readme(text, changed) != text


def test_bars_are_counted_where_they_stand():
    rows = [["a", "0.5 (bar 1: met)", "1"], ["b", f"2 (bar 1: {MISSED})", "1"], ["c", "+3 ± 1", f"+4 {OPEN}"]]
    told = [(Section("s", "", "", "", list), [Table("t", ["", "x", "bar"], rows)])]
    assert judged(told) == (1, [["s", "t: b", f"x: 2 (bar 1: {MISSED})"], ["s", "t: c", f"+3 ± 1 (bar +4 {OPEN})"]])


def test_cells():
    assert number((0.61, 0.0026), 3, 4) == "0.610 ± 0.0026" and number((1.0, None), 2) == "1.00"
    assert paired([1, 2, 3], [0, 0, 0]) == pytest.approx((2, (1 / 3) ** 0.5))
    assert verdict_below((0.9, 0.04), 1) == "met" and verdict_below((0.95, 0.04), 1) == OPEN
    assert verdict_below((1.1, 0.04), 1) == MISSED
    assert [name for name, _ in by_domain({"photos": 1, "shapes": 2, "digits": 3})] == ["digits", "shapes", "photos"]
    assert markdown(["", "x"], [["a", 1]]) == "|  | x |\n|---|---:|\n| a | 1 |"


def test_writing_needs_no_torch():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'numpy', 'gradio', 'vaedemo')))\n"
        "from benchmarks.tables import document; print(len(document.results_page(document.read())))"
    )
    made = subprocess.run([sys.executable, "-c", code], cwd=document.ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert int(json.loads(made.stdout)) > 1000
