"""When a benchmark says that a bar is met: never without the error of its figure."""

import numpy as np
import pytest

from benchmarks.common import correlated, kept
from benchmarks.tables.anomaly import anomaly
from benchmarks.tables.cells import MET, MISSED, OPEN, Measured, mean_and_error, verdict
from benchmarks.tables.codec import codec


def test_the_error_is_that_of_the_mean_of_a_sample():
    assert mean_and_error([1, 2, 3, 4]) == pytest.approx((2.5, (5 / 3) ** 0.5 / 2))
    assert mean_and_error([3.5]) == (3.5, None) and str(mean_and_error([3.5])) == "3.50"
    assert str(Measured(1.591, 0.14)) == "1.59 ± 0.14"
    rng = np.random.default_rng(0)
    found = [mean_and_error(row) for row in rng.normal(2, 3, (2000, 25))]
    assert np.std([m.mean for m in found]) == pytest.approx(np.mean([m.error for m in found]), rel=0.05)


@pytest.mark.parametrize(
    "measured, bar, said",
    [
        ((1.59, 0.14), 1.5, OPEN),
        ((1.80, 0.14), 1.5, MET),
        ((1.45, 0.14), 1.5, OPEN),
        ((1.20, 0.14), 1.5, MISSED),
        ((1.75, 0.125), 1.5, MET),
        ((1.5, None), 1.5, MET),
        ((1.49, None), 1.5, MISSED),
        ((-2.3, 0.1), 1, MISSED),
    ],
)
def test_a_bar_is_met_beyond_two_errors_missed_short_of_two_and_else_open(measured, bar, said):
    assert verdict(Measured(*measured), bar) == said


def test_a_range_is_met_from_both_sides():
    assert [verdict(Measured(v, 0.005), 0.9, 0.99) for v in (0.95, 0.983, 0.998, 0.901, 0.7)] == [
        MET, OPEN, OPEN, OPEN, MISSED
    ]  # fmt: skip
    assert verdict(Measured(1.02, 0.005), 0.9, 0.99) == MISSED


def test_a_correlation_has_the_error_of_pictures_not_of_pixels():
    rng, found = np.random.default_rng(1), []
    for _ in range(200):
        a = rng.normal(size=(30, 1, 5, 4)) * rng.uniform(0.2, 2, (30, 1, 1, 1))
        b, where = 0.6 * a + 0.8 * rng.normal(size=(30, 1, 1, 1)) + 0.1 * rng.normal(size=a.shape), a < 1
        found.append(correlated((v[w], u[w]) for v, u, w in zip(a, b, where, strict=True)))
        assert found[-1].mean == pytest.approx(np.corrcoef(a[where], b[where])[0, 1])
    assert np.std([m.mean for m in found]) == pytest.approx(np.mean([m.error for m in found]), rel=0.2)


def test_what_is_kept_is_measured_once(tmp_path):
    path, calls = tmp_path / "runs" / "kept.json", []
    for key in ("a", "b", "a"):
        assert kept(path, key, lambda: calls.append(1) or [len(calls), 0.5]) == [1 + (key == "b"), 0.5]
    assert len(calls) == 2


def test_memory_cut_files_and_refining_have_tables():
    figures = {
        "memory": {"compress": 1.38, "decompress": 1.6, "megapixels": 12.0},
        "cut": {
            "pictures": 24,
            "rows": [{"quality": 14, "share": 0.25, "psnr": 24.1, "psnr_whole": 12, "whole": 0, "in_part": 16}],
        },
        "refine": {"pictures": 8, "seconds": 60.0, "threads": 2, "steps": 301.0, "bd_rate": [-12.4, 0.9]},
    }
    memory, cut, refine = codec(figures)
    assert [row[2] for row in memory.rows] == [f"1.5 GB {MET}", f"1.5 GB {MISSED}"]
    assert cut.rows == [["14", "25%", "24.10", "12.00", "0", "16"]]
    assert refine.rows[0][1:] == ["-12.4 ± 0.9 %", f"-10 % {MET}"]
    rate = {"ours": [], "bd_rate": {}, "bd_rate_published": {}, "weights": "new"}
    told = codec({"rate": rate, "memory": figures["memory"] | {"weights": "new"}, "refine": figures["refine"]})
    assert [table.title.endswith("(with earlier weights)") for table in told] == [False] * 4 + [True]


def test_one_class_is_judged_by_its_bar_and_against_each_simple_method():
    """Two classes, three seeds of ours, one of nearest neighbours, three of the forest."""
    rows = [
        {"method": "ours", "input": "g", "setting": [0.0, 1.0], "auroc": [[99.0, 98.0], [99.2, 98.0], [99.4, 98.0]]},
        {"method": "ours, code alone", "input": "g", "setting": [0.0, 1.0], "auroc": [[97.0, 98.0]] * 3},
        {"method": "nearest", "input": "g", "setting": 3, "auroc": [[98.0, 98.0]]},
        {"method": "close", "input": "g", "setting": 3, "auroc": [[99.1, 98.0]]},
        {"method": "forest", "input": "g", "setting": [9, 2], "auroc": [[99.5, 98.4], [99.7, 98.4], [99.9, 98.4]]},
    ]
    table, choices = anomaly(
        {
            "oneclass": {"digits": {"pictures": 4, "rows": rows}},
            "oneclass_choices": {
                "digits": [
                    {"method": "nearest", "input": "g", "setting": k, "auroc": a} for k, a in ((1, 97.0), (2, 98.0))
                ]
            },
        }
    )
    ours, code, nearest, close, forest, *published = table.rows
    assert ours == ["ours, g", "0 / 1", "98.60 ± 0.058", "", f"97 %: {MET}", "99.2", "98.0"]
    assert code[3:5] == ["+1.10 ± 0.058", ""]
    assert nearest[3:5] == ["+0.60 ± 0.058", f"ours above it: {MET}"]
    assert close[3:5] == ["+0.05 ± 0.058", f"ours above it: {OPEN}"]
    assert forest[3:5] == ["-0.45 ± 0.000", f"ours above it: {MISSED}"]
    assert published[0] == ["Deep SVDD, Ruff et al. 2018", "", "94.8", "+3.8", "", "98.0", "99.7"]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert choices.rows == [["nearest, g", "2", "98.00", "1: 97.00; 2: 98.00"]]
