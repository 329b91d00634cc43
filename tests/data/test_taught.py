"""Sheets of pictures that a class trains on, and drawn shapes."""

import numpy as np
import pytest
import torch
from PIL import Image

from vaedemo.data import taught
from vaedemo.data.datasets import Pictures
from vaedemo.data.taught import TAUGHT, UNSEEN, drawn, read_sheet, write_sheet
from vaedemo.errors import ConfigError, DataError


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_returns_the_first_pictures_of_each_class_in_turn(tmp_path, channels):
    generator, classes = torch.manual_seed(0), 5
    y = torch.randint(classes, (3500,), generator=generator)
    x = torch.randint(256, (3500, channels, 8, 8), generator=generator, dtype=torch.uint8)
    path = tmp_path / "deep" / "sheet.webp"
    assert write_sheet(Pictures(x, y), path) == path.stat().st_size
    seen, unseen = read_sheet(path, (channels, 8, 8), classes)
    assert (len(seen), len(unseen)) == (TAUGHT, UNSEEN)
    for c in range(classes):
        ours = torch.cat([seen.x[seen.y == c], unseen.x[unseen.y == c]])
        assert torch.equal(ours, x[y == c][: len(ours)]) and len(ours) == (TAUGHT + UNSEEN) // classes


def test_a_sheet_that_is_missing_damaged_or_of_other_pictures_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="missing or damaged"):
        read_sheet(tmp_path / "none.png", (1, 8, 8), 5)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="missing or damaged"):
        read_sheet(tmp_path / "bad.png", (1, 8, 8), 5)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "small.png")
    with pytest.raises(DataError, match="no sheet of 2500"):
        read_sheet(tmp_path / "small.png", (1, 8, 8), 5)
    Image.new("RGB", (400, 400), (200, 0, 0)).save(tmp_path / "colour.png")
    with pytest.raises(DataError, match="no sheet of 2500"):
        read_sheet(tmp_path / "colour.png", (1, 8, 8), 5)
    with pytest.raises(ConfigError, match="classes"):
        write_sheet(Pictures(torch.zeros(3, 1, 8, 8).byte()), tmp_path / "x.png")


def test_drawn_shapes_are_the_same_again_and_others_by_another_seed(monkeypatch):
    monkeypatch.setattr(taught, "TAUGHT", 20)
    monkeypatch.setattr(taught, "UNSEEN", 10)
    one, again, other = drawn(), drawn(), drawn(1)
    assert torch.equal(one.seen.x, again.seen.x) and not torch.equal(one.seen.x, other.seen.x)
    assert one.seen.shape == (1, 32, 32) and (len(one.seen), len(one.unseen)) == (20, 10)
    assert set(one.seen.y.tolist()) <= {0, 1, 2}
