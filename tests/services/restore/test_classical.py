import json

import numpy as np
import pytest
import torch

from vaedemo import runtime
from vaedemo.cli.learned import derive_classical
from vaedemo.data.damage import NOISES, add_noise, expected, strength
from vaedemo.data.domains import SIZED
from vaedemo.errors import CheckpointError, ConfigError, PictureError
from vaedemo.services.restore import classical
from vaedemo.services.restore.classical import (
    DENOISERS,
    Method,
    denoise,
    inpaint,
    levels,
    read_settings,
    setting_for,
    tune,
    unbiased,
)
from vaedemo.store.library import CHECKPOINTS, Library

FAST = {
    "keep": Method(lambda y, sigma, share: share * y, ({"share": 1.0}, {"share": 0.5}, {"share": 0.0})),
    "blank": Method(lambda y, sigma, value: value + 0 * y, ({"value": 0.0},)),
}


@pytest.fixture(scope="module")
def pictures(blobs):
    """{channels: (3, C, 28, 28)}, the colours different."""
    grey = blobs[torch.arange(3)]
    return {1: grey, 3: torch.cat([grey, 0.5 * grey.roll(1, 0), 1 - grey], 1)}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("method", list(DENOISERS))
def test_every_method_is_nearer_to_the_clean_picture_than_the_noisy_one(method, channels, pictures, generator):
    x = pictures[channels]
    for clip in (True, False):
        y = add_noise(x, "gaussian", 0.2, generator, clip)
        for one, clean in zip(y.numpy(), x.numpy(), strict=True):
            made = denoise(one, method, 0.2)
            assert made.shape == clean.shape and made.dtype == np.float32
            assert made.min() >= 0 and made.max() <= 1
            assert ((made - clean) ** 2).mean() < 0.7 * ((one.clip(0, 1) - clean) ** 2).mean()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("method", list(DENOISERS))
def test_without_noise_the_picture_comes_back_clipped(method, channels, pictures):
    y = 1.5 * pictures[channels][0].numpy() - 0.25
    assert np.array_equal(denoise(y, method, 0), y.clip(0, 1))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("method", list(DENOISERS))
def test_every_setting_that_is_tried_works_and_a_flat_picture_stays_flat(method, channels):
    flat = np.full((channels, 16, 20), 0.5, np.float32)
    for setting in DENOISERS[method].settings:
        assert np.allclose(denoise(flat, method, 0.25, setting), 0.5, atol=1e-5), setting


def test_the_median_is_closed_to_a_single_wrong_pixel_and_keeps_colours_apart():
    x = np.stack([np.full((9, 9), value, np.float32) for value in (0.2, 0.5, 0.8)])
    y = x.copy()
    y[0, 4, 4] = 1
    assert np.array_equal(denoise(y, "median", 0.1), x)


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("kind", list(NOISES))
def test_the_noises_mean_is_taken_back(kind, clip):
    x = np.linspace(0, 1, 400).reshape(1, 20, 20)
    for level in levels(kind):
        assert np.allclose(unbiased(expected(x, kind, level, clip), kind, level, clip), x, atol=1e-5)
    assert unbiased(np.array([-1.0, 0.0]), "gaussian", 0.25).tolist() == [0, 0]  # darker than black's mean
    assert unbiased(np.array([-1.0, 2.0]), "gaussian", 0.25, clip=False).tolist() == [-1, 2]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("method", ["nlm", "wavelet", "tv"])
@pytest.mark.parametrize("value", [0.0, 0.1, 0.9, 1.0])
def test_a_flat_ground_keeps_its_value_under_clipped_noise(value, method, channels, generator):
    x = torch.full((1, channels, 48, 48), value)
    setting = {"nlm": {"h": 2.0, "patch": 3, "distance": 11, "told": 0, "fast": True},
               "wavelet": {"threshold": 3.0, "wavelet": "db1", "shifts": 3},
               "tv": {"weight": 30.0}}[method]  # fmt: skip
    for sigma in (0.1, 0.3):
        y = add_noise(x, "gaussian", sigma, generator)[0].numpy()
        made = {clip: denoise(y, method, sigma, setting, clip=clip).mean() for clip in (True, False)}
        bias = float(expected(value, "gaussian", sigma)) - value
        assert made[False] == pytest.approx(value + bias, abs=0.02)
        assert made[True] == pytest.approx(value, abs=0.02 if value in (0.1, 0.9) else 0.03)
        assert abs(made[True] - value) < abs(made[False] - value) or abs(bias) < 0.01


def test_a_setting_says_whether_the_mean_is_taken_back_and_the_kind_which_mean(pictures, generator):
    y = add_noise(pictures[1][:1], "salt_and_pepper", 0.4, generator)[0].numpy()
    for method, usual in classical.USUAL.items():
        kept = denoise(y, method, 0.4, usual | {"unbiased": False}, kind="salt_and_pepper", level=0.4, clip=True)
        back = denoise(y, method, 0.4, usual | {"unbiased": True}, kind="salt_and_pepper", level=0.4, clip=True)
        assert np.allclose(back, np.clip((kept - 0.2) / 0.6, 0, 1), atol=1e-3)
        assert np.array_equal(denoise(y, method, 0.4, usual), denoise(y, method, 0.4, usual, clip=False))


def test_what_cannot_be_is_refused(pictures):
    y = pictures[1][0].numpy()
    with pytest.raises(ConfigError, match="no method 'magic'; choose from nlm"):
        denoise(y, "magic", 0.1)
    for sigma in (-0.1, float("nan"), 10):
        with pytest.raises(ConfigError, match="choose 0 to 1"):
            denoise(y, "tv", sigma)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_hole_is_filled_and_known_pixels_stay_bit_for_bit(channels, pictures, generator):
    y = pictures[channels][1].numpy()
    mask = (torch.rand(28, 28, generator=generator) > 0.6).numpy()
    made = inpaint(np.where(mask, y, 7), mask)
    assert made.dtype == np.float32 and made.shape == y.shape
    assert np.array_equal(made[:, mask], y[:, mask])
    assert made.min() >= 0 and made.max() <= 1
    assert ((made - y) ** 2)[:, ~mask].mean() < 0.1 * ((y - y[:, mask].mean(1)[:, None, None]) ** 2)[:, ~mask].mean()


def test_a_slope_solves_the_biharmonic_equation():
    down, along = np.mgrid[0:20, 0:24] / 50
    y, mask = np.stack([down, along, 0.9 - down - along / 2]).astype(np.float32), np.ones((20, 24))
    mask[6:14, 5:18] = 0
    assert np.allclose(inpaint(y * mask, mask), y, atol=1e-4)


def test_nothing_missing_is_returned_and_all_missing_is_refused(pictures):
    y = pictures[3][0].numpy()
    assert np.array_equal(inpaint(y, np.ones((28, 28))), y)
    with pytest.raises(PictureError, match="Nothing of the picture is known"):
        inpaint(y, np.zeros((28, 28)))


def test_tuning_finds_the_better_setting(monkeypatch, generator):
    monkeypatch.setattr(classical, "DENOISERS", FAST)
    x = torch.zeros(2, 1, 12, 12)
    found = tune(x, "gaussian", 0.5, generator, methods=("keep", "blank"))
    assert found["keep"] == {"setting": {"share": 0.0}, "unbiased": True, "psnr": 100.0}
    assert found["blank"] == {"setting": {"value": 0.0}, "unbiased": True, "psnr": 100.0}
    half = tune(x + 0.5, "gaussian", 0.001, generator, methods=("keep", "blank"))
    assert half["keep"]["setting"] == {"share": 1.0}
    assert half["blank"]["psnr"] == pytest.approx(-20 * np.log10(0.5), abs=0.01)


def test_tuning_is_never_worse_than_the_usual_setting(pictures):
    found = tune(pictures[1][:2], "gaussian", 0.25, runtime.generator("tune"))
    y = add_noise(pictures[1][:2], "gaussian", 0.25, runtime.generator("tune")).numpy()
    for method, best in found.items():
        for clip in (True, False):
            made = [denoise(a, method, 0.25, clip=clip) for a in y]
            error = [((a - b) ** 2).mean() for a, b in zip(made, pictures[1].numpy()[:2], strict=True)]
            assert best["psnr"] >= -10 * np.log10(error).mean() - 1e-3
        assert best["setting"] in DENOISERS[method].settings


@pytest.mark.parametrize("kind", list(NOISES))
def test_levels_are_in_the_noises_own_unit(kind):
    low, high = sorted((NOISES[kind].weakest, NOISES[kind].strongest))
    assert all(low <= level <= high for level in levels(kind)) and len(set(levels(kind))) >= classical.LEVELS
    assert 0 < float(strength(kind, levels(kind)[0])) < 1


def row(kind, level, clip, setting):
    return {"kind": kind, "level": level, "clip": clip, "methods": {"tv": {"setting": setting, "psnr": 20.0}}}


def test_the_nearest_level_decides_and_what_was_not_tuned_falls_back():
    rows = [
        row("gaussian", 0.1, True, "weak"), row("gaussian", 0.5, True, "strong"),
        row("gaussian", 0.1, False, "free"), row("jpeg", 20, True, "blocks"),
    ]  # fmt: skip
    assert setting_for(rows, "tv", "gaussian", 0.28) == "weak"
    assert setting_for(rows, "tv", "gaussian", 0.32) == "strong"
    assert setting_for(rows, "tv", "gaussian", 0.9, clip=False) == "free"
    assert setting_for(rows, "tv", "jpeg", 90) == "blocks"
    assert setting_for(rows, "tv", "jpeg", 90, clip=False) == "free"  # no such row: as Gaussian noise of its strength
    assert setting_for(rows, "tv", "speckle", 0.3) == "weak"  # its strength is 0.15
    assert setting_for(rows, "tv", "speckle", 0.9) == "strong"
    assert setting_for(rows, "nlm", "jpeg", 20) is None
    assert setting_for([], "tv", "gaussian", 0.1) is None


def test_settings_are_read_and_a_folder_without_them_has_none(tmp_path):
    assert read_settings(tmp_path / "none") == []
    rows = [row("gaussian", 0.1, True, {"weight": 1.0})]
    (tmp_path / classical.FILE).write_text(json.dumps({"pictures": 1, "rows": rows}))
    assert read_settings(tmp_path) == rows


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"rows": 3}', '{"rows": [3]}', '{"rows": [{"kind": "jpeg"}]}', "\0"]
)
def test_a_damaged_file_is_one_sentence(text, tmp_path):
    (tmp_path / classical.FILE).write_text(text)
    with pytest.raises(CheckpointError, match="classical.json is damaged; write it again .* derive"):
        read_settings(tmp_path)
    (tmp_path / classical.FILE).write_bytes(b"\xff\xfe" + text.encode())
    with pytest.raises(CheckpointError, match="is damaged"):
        read_settings(tmp_path)


def test_deriving_writes_what_is_read_back_and_looks_at_training_pictures_only(monkeypatch, tmp_path, blobs):
    monkeypatch.setattr(classical, "DENOISERS", FAST)
    monkeypatch.setattr(classical.tune, "__defaults__", (True, tuple(FAST)))
    assert read_settings(tmp_path / "digits") == []
    asked = []
    made = derive_classical(Library(tmp_path), "digits", lambda split: asked.append(split) or blobs, 0)
    assert asked == ["train"] and made["pictures"] == 12
    rows = read_settings(tmp_path / "digits")
    assert {(r["kind"], r["clip"]) for r in rows} == {(k, True) for k in NOISES} | {("gaussian", False)}
    assert made["rows"] == len(rows) == sum(len(levels(k)) for k in NOISES) + len(levels("gaussian"))
    assert setting_for(rows, "keep", "gaussian", 0.05) == {"share": 1.0, "unbiased": True}
    assert setting_for(rows, "keep", "gaussian", 0.75)["share"] == 0.0  # the spots are small, the rest is black


@pytest.mark.parametrize("domain", list(SIZED))
def test_shipped_settings_are_of_every_noise_and_work(domain, generator):
    rows = read_settings(CHECKPOINTS / domain)
    assert len(rows) == 25
    y = torch.rand(SIZED[domain].channels, 28, 28, generator=generator).numpy()
    for r in rows:
        assert r["level"] in levels(r["kind"]) and set(r["methods"]) == set(DENOISERS)
        for method, chosen in r["methods"].items():
            assert chosen["setting"] in DENOISERS[method].settings
            assert np.isfinite(denoise(y, method, 0.2, chosen["setting"])).all()
