"""Files at a quality, a size, a rate or a PSNR; and every way in which a file can be wrong."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vaedemo.errors import CheckpointError, CodecError, ConfigError
from vaedemo.services.codec.container import HEADER, pack, unpack
from vaedemo.services.codec.files import LEVELS, Wish, compress, decompress
from vaedemo.services.codec.judge import psnr
from vaedemo.store.library import Library

pytestmark = pytest.mark.usefixtures("one_thread")


def result(library, picture, **wish):
    *_, last = compress(library, picture, Wish(**wish))
    assert last.done == last.total
    return last


def test_a_file_opens_to_the_picture_that_was_shown(library, soft):
    made = result(library, soft, quality=50).result
    assert made.level == LEVELS // 2 and unpack(made.data).channels == 40
    opened = decompress(library, unpack(made.data))
    assert np.array_equal(opened.picture, made.picture)
    assert (opened.channels, opened.in_part) == (40, 0) and opened.file.size == (101, 70)
    assert HEADER + made.bits.sum() / 8 == pytest.approx(len(made.data), abs=13)


def test_better_is_larger(library, soft):
    files = [result(library, soft, quality=q).result for q in (0, 50, 100)]
    assert len(files[0].data) < len(files[1].data) < len(files[2].data)
    assert psnr(files[0].picture, soft) < psnr(files[2].picture, soft)


def test_the_best_that_fits_in_so_many_bytes(library, soft):
    limit = len(result(library, soft, quality=40).result.data) + 5
    last = result(library, soft, bytes=limit)
    made, sizes = last.result, {t.level: t.bytes for t in last.tried}
    assert made.channels == 40 and sizes[made.level] == len(made.data) <= limit
    assert len(result(library, soft, quality=100 * (made.level + 1) / LEVELS).result.data) > limit
    rate = result(library, soft, bpp=8 * (limit + 0.5) / (70 * 101)).result
    assert rate.level == made.level


def test_channels_are_left_out_where_the_lowest_quality_is_too_large(library, soft):
    least = len(result(library, soft, quality=0).result.data)
    made = result(library, soft, bytes=least - 40).result
    assert made.level == 0 and 0 <= made.channels < 40 and len(made.data) <= least - 40


def test_the_smallest_of_a_psnr(library, soft):
    best, worst = (psnr(result(library, soft, quality=q).result.picture, soft) for q in (100, 0))
    wanted = (best + worst) / 2
    made = result(library, soft, psnr=wanted).result
    assert psnr(made.picture, soft) >= wanted
    below = result(library, soft, quality=100 * (made.level - 1) / LEVELS).result
    assert psnr(below.picture, soft) < wanted


def test_refined_latents_are_better_and_the_file_is_an_ordinary_one(library, soft):
    from vaedemo.models.entropy import LAMBDAS

    def cost(made):
        error = np.mean((made.picture.astype(float) - soft) ** 2)
        return 8 * len(made.data) / (70 * 101) + LAMBDAS[3] * error

    steps = list(compress(library, soft, Wish(quality=50, refine=3)))
    refined = [p.refined for p in steps if p.refined]
    assert len(refined) >= 3 and [p.done for p in steps] == sorted(p.done for p in steps)
    made = steps[-1].result
    assert cost(made) < cost(result(library, soft, quality=50).result)
    assert np.array_equal(decompress(library, unpack(made.data)).picture, made.picture)


def test_a_refined_file_stays_within_its_limit(library, soft):
    limit = len(result(library, soft, quality=40).result.data)
    assert len(result(library, soft, bytes=limit, refine=0.5).result.data) <= limit


def test_what_cannot_be_is_said(library, soft):
    with pytest.raises(CodecError, match="too few; this picture takes at least"):
        result(library, soft, bytes=20)
    with pytest.raises(CodecError, match="out of reach; ask for"):
        result(library, soft, psnr=90)
    with pytest.raises(CodecError, match="65,536 pixels"):
        result(library, np.zeros((1, 70_000, 3), np.uint8), quality=5)
    with pytest.raises(CodecError, match="what can be refined is 4 million"):
        result(library, np.zeros((2000, 2100, 3), np.uint8), quality=5, refine=1)
    with pytest.raises(ConfigError, match="choose 1 to 40"):
        result(library, soft, quality=5, channels=41)


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({}, "nothing was asked for"),
        ({"quality": 5, "bytes": 5}, "quality and bytes"),
        ({"quality": 101}, "0 to 100"),
        ({"psnr": float("nan")}, "psnr"),
        ({"bytes": 0}, "bytes"),
        ({"bytes": 10**400}, "bytes"),
        ({"bpp": 1e308}, "bpp"),
        ({"quality": 1, "channels": 0}, "channels"),
    ],
)
def test_a_wrong_wish_is_named(wish, word):
    with pytest.raises(ConfigError, match=word):
        Wish(**wish)


def test_a_cut_file_decodes_from_what_is_there(library, soft):
    made = result(library, soft, quality=80).result
    opened = decompress(library, unpack(made.data[: len(made.data) * 2 // 3]))
    assert 0 < opened.channels < opened.channels + opened.in_part < 40 and opened.file.missing > 0
    assert opened.picture.shape == soft.shape


def test_files_of_other_models_and_huge_ones_are_refused(library, soft):
    payload = unpack(result(library, soft, quality=10).result.data).payload
    identity = library.codec()[1]
    for data, word in (
        (pack(b"....", (101, 70), 1, 40, payload), "another model"),
        (pack(identity, (65536, 65536), 1, 40, payload), "million pixels"),
        (pack(identity, (101, 70), 1, 4000, payload), "damaged"),
        (pack(identity, (101, 70), 7, 40, payload), "damaged"),
    ):
        with pytest.raises(CodecError, match=word):
            decompress(library, unpack(data))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.binary(max_size=300), quality=st.integers(0, 96), cut=st.integers(0, 40))
def test_any_payload_gives_a_picture_or_a_sentence(library, payload, quality, cut):
    data = pack(library.codec()[1], (40, 33), quality / 16, 40, payload)
    try:
        assert decompress(library, unpack(data[: len(data) - cut])).picture.shape == (33, 40, 3)
    except CodecError as error:
        assert str(error).endswith(".")


def test_without_a_codec_its_training_is_named(tmp_path, soft):
    with pytest.raises(CheckpointError, match="--kind codec"):
        next(compress(Library(tmp_path), soft, Wish(quality=5)))
