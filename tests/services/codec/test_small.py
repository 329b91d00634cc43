"""Codes of small pictures as bytes."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaedemo.errors import CodecError, ConfigError
from vaedemo.maths.quantise import Quantiser, fit_quantiser
from vaedemo.models.entropy import PRECISION
from vaedemo.services.codec import small
from vaedemo.services.codec.coder import Queue, shortest
from vaedemo.services.codec.tables import counted
from vaedemo.services.reconstruct import reconstruct
from vaedemo.store.key import ModelKey


def tables_of(*counts):
    return tuple(counted(np.array(c)) for c in counts).__getitem__


# ---- tables and bytes --------------------------------------------------------------------------------------------


def test_a_counted_table_has_a_share_for_everything_and_half_a_time_more():
    table = counted(np.array([0, 7, 2, 0]))
    assert table.counts.sum() == 2**PRECISION and table.bound == 1
    assert table.counts / 2**PRECISION == pytest.approx(np.array([0.5, 7.5, 2.5, 0.5]) / 11, abs=1e-6)


TABLES = tables_of([5, 90, 3, 0], [40, 0], [1] * 31 + [0, 0, 1], [0] * 1000 + [20000, 3])


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(-2, 2) | st.integers(-(2**22), 2**22), st.integers(0, 3)), max_size=40))
def test_any_integers_come_back_from_the_fewest_bytes(pairs):
    values, index = np.array(pairs, np.int64).reshape(-1, 2).T
    data, bits = shortest(values, index, TABLES)
    assert np.array_equal(Queue(data).pop(index, TABLES), values)
    assert 0 <= 8 * len(data) - bits.sum() < 8.1


def test_what_is_certain_takes_no_byte():
    data, bits = shortest(np.zeros(3, np.int64), np.full(3, 1), tables_of([9, 0], [20000, 0]))
    assert len(data) <= 1 and bits.sum() < 1e-3


@pytest.mark.parametrize("data", [b"", b"\0" * 9, b"\xff" * 9, bytes(range(64))])
def test_any_bytes_give_some_code_or_are_refused(data, shipped):
    try:
        assert np.isfinite(small.decoded(shipped, data, ModelKey("digits", "ae", 8))).all()
    except CodecError as error:
        assert "damaged" in str(error)


def test_many_codes_on_one_stack_take_their_bits():
    z = np.random.default_rng(0).standard_normal((400, 3)) * [1, 3, 0.2]
    quantiser = fit_quantiser(z, np.array([0.5, 0.5, 1]))
    payload, bits = small.together(quantiser, z)
    assert np.array_equal(small.apart(quantiser, payload, 400), quantiser.codes(quantiser.integers(z)))
    assert 0 <= 8 * len(payload) - bits.sum() < 64
    share = np.bincount(quantiser.integers(z)[:, 0] + 20) / 400  # entropy of what was counted
    entropy = -(share[share > 0] * np.log2(share[share > 0])).sum()
    assert bits[:, 0].mean() == pytest.approx(entropy, rel=0.02)


# ---- the shipped models ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, d", [("ae", 2), ("ae", 64), ("vae", 32), ("dense", 8), ("pca", 16)])
def test_a_code_comes_back_and_its_figures_are_of_what_it_decodes_to(shipped, x, kind, d):
    key = ModelKey("digits", kind, d)
    found = reconstruct(shipped, x, key)
    coded = small.encoded(shipped, x, key, found.z)
    assert np.array_equal(small.decoded(shipped, coded.data, key), coded.z)
    assert len(coded.data) == int(np.ceil(coded.bits / 8)) and coded.ratio == 784 / len(coded.data)
    assert coded.mse == pytest.approx(((coded.x_hat - x) ** 2).mean(), rel=1e-4)
    assert coded.psnr == pytest.approx(-10 * np.log10(coded.mse), abs=1e-3)
    assert np.abs(coded.psnr - found.psnr) < 1
    assert coded.bits < 32 * d


def test_numbers_that_are_switched_off_cost_nothing(shipped, x):
    key = ModelKey("digits", "vae", 32)
    coded = small.encoded(shipped, x, key, reconstruct(shipped, x, key).z)
    active = np.array(shipped.figures(key)["active"])
    assert 8 < active.sum() < 24
    assert coded.bits_each[~active].sum() < 0.1 < coded.bits_each[active].min()


def test_an_edited_code_is_coded_too_however_far_it_is(shipped, x):
    key = ModelKey("digits", "ae", 8)
    far = small.encoded(shipped, x, key, np.array([0.0] * 7 + [9999.0]))
    assert far.bits_each[7] > 24 and np.array_equal(small.decoded(shipped, far.data, key), far.z)
    with pytest.raises(ConfigError):
        small.encoded(shipped, x, key, np.zeros(3))


def test_a_model_without_a_quantiser_has_no_bytes(x, shipped, monkeypatch):
    monkeypatch.setattr(shipped, "quantiser", lambda key: None)
    assert small.encoded(shipped, x, ModelKey("digits", "ae", 8), np.zeros(8)) is None
    with pytest.raises(CodecError, match="derive --only quantisers"):
        small.decoded(shipped, b"", ModelKey("digits", "ae", 8))


def test_bytes_are_by_the_counts_alone():
    """Steps and centres may differ by a machine's rounding: what the integers cost and say does not."""
    one = Quantiser(np.ones(1, np.float32), np.zeros(1, np.float32), (np.array([1, 5, 1, 0]),))
    two = Quantiser(np.full(1, 1.001, np.float32), np.zeros(1, np.float32), one.counts)
    assert small.together(one, np.ones((9, 1)))[0] == small.together(two, np.ones((9, 1)))[0]


@pytest.mark.parametrize("channels", [1, 3])
def test_png_and_webp_are_whole_files_without_loss(channels):
    x = np.random.default_rng(0).integers(0, 256, (channels, 20, 20)).astype(np.float32) / 255
    found = small.lossless_bytes(x)
    assert set(found) == {"png", "webp"}
    for name, options in small.FORMATS.items():
        image = Image.fromarray(np.moveaxis((x * 255).round().astype(np.uint8), 0, -1).squeeze())
        image.save(file := BytesIO(), name, **options)
        back = np.asarray(Image.open(file).convert("RGB" if channels == 3 else "L"))
        assert np.array_equal(back, np.asarray(image)) and found[name] == len(file.getvalue()) > 400 * channels
