"""The measurement of samples: real pictures measure well, noise does not, and what is written is what was measured."""

import json

import pytest
import torch

from vaedemo.errors import DataError
from vaedemo.models.classifier import Judgement
from vaedemo.reports import samples


def judgement(n, shift=0.0, classes=10, seed=0):
    g = torch.Generator().manual_seed(seed)
    return Judgement(torch.randn(n, 4, generator=g) + shift, torch.eye(classes)[torch.arange(n) % classes])


def test_real_pictures_measure_better_than_what_lies_elsewhere():
    real = judgement(1200)
    good = samples.measure(real, lambda seed: judgement(400, 0.0, seed=seed + 1), "digits", 2, "ae+mixture", 3, 400)
    poor = samples.measure(real, lambda seed: judgement(400, 2.0, 2, seed=seed + 1), "digits", 2, "ae+normal", 3, 400)
    assert poor.frechet[0] == pytest.approx(4 * 2.0**2, rel=0.1) and good.frechet[0] < 0.1
    assert all(
        getattr(good, m)[0] > getattr(poor, m)[0] for m in ("precision", "recall", "density", "coverage", "entropy")
    )
    assert good.samples == 400 and good.frechet[1] > 0 and good.confident == (1, 0)
    gain, error = samples.lead(good, poor, 3)
    assert gain == pytest.approx(poor.frechet[0] - good.frechet[0]) and gain > 10 * error > 0
    assert error == pytest.approx(((good.frechet[1] ** 2 + poor.frechet[1] ** 2) / 3) ** 0.5)
    assert samples.lead(good, good)[0] == 0


def test_one_seed_has_no_error_bar_and_too_few_pictures_are_refused():
    one = samples.measure(judgement(300), lambda _: judgement(200, seed=3), "digits", 2, "test", 1, 250)
    assert one.recall[1] == 0
    with pytest.raises(DataError, match="too few"):
        samples.measure(judgement(20), lambda _: judgement(20), "digits", 2, "test", 1, 250)


def test_rows_are_written_beside_those_of_other_models(tmp_path):
    real = judgement(300)
    row = samples.measure(real, lambda seed: judgement(250, seed=seed + 1), "fashion", 8, "vae+mixture", 2, 250)
    samples.write(tmp_path, [row, row._replace(source="ae+normal")])
    samples.write(tmp_path, [row._replace(domain="digits", d=2), row._replace(samples=7)])
    rows = json.loads((tmp_path / "maps" / "samples.json").read_text())["rows"]
    assert [(r["domain"], r["d"], r["source"], r["samples"]) for r in rows] == [
        ("digits", 2, "vae+mixture", 250),
        ("fashion", 8, "ae+normal", 250),
        ("fashion", 8, "vae+mixture", 7),
    ]
    assert rows[0]["frechet"] == pytest.approx(row.frechet, rel=1e-3)
    assert set(rows[0]) == {"domain", "d", "source", "samples", *samples.MEASURES}
