"""Where a picture is damaged: what is painted lights up, a whole picture stays dark, each picture has its own map."""

import numpy as np
import pytest
import torch

from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError, PictureError, UnknownDomain
from vaedemo.maths.detection import pixel_auroc
from vaedemo.pictures import shapes
from vaedemo.services import damaged
from vaedemo.services.damaged import damage_map
from vaedemo.store.library import Library


@pytest.fixture(scope="module")
def figures():
    """Shapes that nobody has learned from, float32 (12, 1, 64, 64)."""
    return shapes.generate(12, seed=5).x.numpy()


def test_a_stroke_across_a_digit_lights_up(shipped, digit):
    painted = digit.copy()
    painted[:, 13:16, 3:25] = 0.5
    whole, hurt = damage_map(shipped, np.stack([digit, painted]), "digits")
    assert whole.shape == (28, 28) and whole.dtype == np.float32 and whole.min() >= 0 and whole.max() <= 1
    where = (np.abs(painted - digit) > 0.1)[0]
    assert hurt[where].mean() > 0.7 and hurt[~where].mean() < 0.1
    assert whole.mean() < 0.05


def test_a_hole_and_a_stain_in_a_shape_light_up(shipped, figures):
    at = (np.arange(64, dtype=np.float32) + 0.5) / 64
    spot = 0.8 * np.exp(-((at[:, None] - 0.5) ** 2 + (at - 0.5) ** 2) / (2 * 0.1**2))
    stained = (figures * (1 - spot) + 0.5 * spot).astype(np.float32)
    rows, columns = (np.argwhere(x[0] > 0.5).mean(0).round().astype(int) for x in figures), figures.copy()
    for x, (row, column) in zip(columns, rows, strict=True):  # a square of the figure's middle
        x[:, row - 3 : row + 3, column - 3 : column + 3] = 0
    for hurt in (stained, columns):
        where = (np.abs(hurt - figures) > 0.1)[:, 0]
        assert pixel_auroc(damage_map(shipped, hurt, "shapes"), where).value > 0.95
    assert damage_map(shipped, figures, "shapes").mean() < 0.02


def test_a_picture_has_its_map_whatever_stands_beside_it(shipped, figures, monkeypatch):
    together = damage_map(shipped, figures, "shapes")
    monkeypatch.setattr(damaged, "BATCH", 5)
    again = damage_map(shipped, figures[::-1], "shapes")[::-1]
    assert again == pytest.approx(together, abs=1e-4)
    assert damage_map(shipped, figures[:0], "shapes").shape == (0, 64, 64)


@pytest.mark.parametrize("domain", list(SIZED))
def test_every_domain_has_maps(shipped, domain):
    x = np.full((2, *SIZED[domain].shape), 0.5, np.float32)
    found = damage_map(shipped, x, domain)
    assert shipped.finds_damage(domain) and found.shape == (2, *x.shape[2:]) and np.isfinite(found).all()


def test_it_is_the_networks_probability(shipped, digit):
    with torch.no_grad():
        expected = shipped.finder("digits")(torch.from_numpy(digit[None])).sigmoid().numpy()
    assert damage_map(shipped, digit[None], "digits") == pytest.approx(expected, abs=1e-6)


def test_what_has_no_map_is_refused(shipped, digit, tmp_path):
    with pytest.raises(PictureError, match=r"a picture of fashion has shape \(1, 28, 28\)"):
        damage_map(shipped, digit, "fashion")
    with pytest.raises(PictureError, match="from 0 to 1"):
        damage_map(shipped, digit[None] * 300, "digits")
    with pytest.raises(UnknownDomain, match="no domain 'photos'"):
        damage_map(shipped, digit[None], "photos")
    with pytest.raises(CheckpointError, match="derive --only finder"):
        damage_map(Library(tmp_path), digit[None], "digits")
