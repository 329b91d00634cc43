"""A photograph to bytes and back: what the decoder knows is what the encoder knew, bit for bit."""

import numpy as np
import pytest
import torch

from vaedemo.services.codec import photos
from vaedemo.services.codec.photos import analyse, decode, encode, synthesise

pytestmark = pytest.mark.usefixtures("one_thread")


def blocks(picture):
    return tuple(-(-side // 16) for side in picture.shape[:2])


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("quality", [0, 2.5, 6])
@pytest.mark.parametrize("channels", [0, 1, 6, 40])
def test_the_decoder_knows_what_the_encoder_knew(codec, soft, quality, channels):
    coded = encode(codec, analyse(codec, soft, quality), quality, channels)
    known, *found = decode(codec, coded.payload, blocks(soft), quality, channels)
    assert found == [channels, 0] and same(known, coded.known)
    assert not known.y_hat[:, channels:].any()
    assert 0 <= 8 * len(coded.payload) - coded.bits.sum() <= 100
    assert synthesise(codec, known, quality, soft.shape[:2]).shape == soft.shape


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (33, 16), (130, 65)])
def test_any_size(codec, size):
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    coded = encode(codec, analyse(codec, picture, 3), 3, 40)
    known = decode(codec, coded.payload, blocks(picture), 3, 40).known
    assert same(known, coded.known)
    assert synthesise(codec, known, 3, size).shape == picture.shape


def test_threads_and_the_weights_of_the_floating_point_networks_change_nothing(codec, soft):
    import copy

    coded = encode(codec, analyse(codec, soft, 4), 4, 40)
    torch.set_num_threads(2)
    assert same(decode(codec, coded.payload, blocks(soft), 4, 40).known, coded.known)
    torch.set_num_threads(1)
    other = copy.deepcopy(codec)
    with torch.no_grad():
        for module in (other.analysis, other.synthesis, other.hyper_analysis):
            for p in module.parameters():
                p.mul_(1.001)
    assert same(decode(other, coded.payload, blocks(soft), 4, 40).known, coded.known)


def test_every_sum_of_the_entropy_model_is_whole_and_small(codec, soft, monkeypatch):
    """So that it is exact in float64 in any order of summation: by another build, with other threads."""
    coded = encode(codec, analyse(codec, soft, 4), 4, 40)
    product, largest = torch.Tensor.__matmul__, []

    def checked(a, b):
        sums = product(a, b)
        if sums.dtype == torch.float64:
            assert torch.equal(sums, torch.round(sums))
            largest.append(product(a.abs(), b.abs()).max().item())  # of partial sums too
        return sums

    monkeypatch.setattr(torch.Tensor, "__matmul__", checked)
    assert same(decode(codec, coded.payload, blocks(soft), 4, 40).known, coded.known)
    assert len(largest) >= 10 and max(largest) < 2**53


def test_tiles_are_seamless(codec, monkeypatch):
    g = np.random.default_rng(2)
    picture = np.repeat(np.repeat(g.integers(0, 256, (20, 24, 3), dtype=np.uint8), 16, 0), 16, 1)
    whole = analyse(codec, picture, 3)
    coded = encode(codec, whole, 3, 40)
    shown = synthesise(codec, coded.known, 3, picture.shape[:2])
    monkeypatch.setattr(photos, "TILE", 7)
    assert torch.allclose(analyse(codec, picture, 3).y, whole.y, atol=0.05)
    parts = synthesise(codec, coded.known, 3, picture.shape[:2])
    assert np.abs(parts.astype(int) - shown).max() <= 2


def test_a_cut_payload_gives_all_that_is_there_and_predictions_of_the_rest(codec, soft):
    coded = encode(codec, analyse(codec, soft, 5), 5, 40)
    counts, far = [], []
    for length in range(0, len(coded.payload), 16):
        known, whole, in_part = decode(codec, coded.payload[:length], blocks(soft), 5, 40, cut=True)
        assert torch.equal(known.y_hat[:, :whole], coded.known.y_hat[:, :whole])
        counts.append(whole + in_part)
        far.append((known.y_hat - coded.known.y_hat).square().mean().item())
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] >= 38
    assert far[-1] < far[len(far) // 2] < far[0]


def test_of_channels_in_two_steps_half_a_part_is_of_use(codec, soft):
    """The first slice, of 4 channels: all of their anchors come before the others."""
    coded = encode(codec, analyse(codec, soft, 5), 5, 40)
    anchors = np.add.outer(np.arange(5), np.arange(7)) % 2 == 0
    cuts = [decode(codec, coded.payload[:n], blocks(soft), 5, 40, cut=True) for n in range(4, len(coded.payload), 4)]
    found = [known for known, whole, in_part in cuts if (whole, in_part) == (0, 4)]
    assert found
    for known in found:
        difference = (known.y_hat - coded.known.y_hat)[0, :4].numpy()
        assert not difference[:3, anchors].any() and difference[:, ~anchors].any()


def test_memory_is_given_back_between_the_steps_of_a_large_photograph_only(codec, soft, monkeypatch):
    times = []
    monkeypatch.setattr(photos.runtime, "hand_back", lambda: times.append(1))
    coded = encode(codec, analyse(codec, soft, 3), 3, 40)
    assert not times
    monkeypatch.setattr(photos, "LARGE", 5 * 7)
    again = encode(codec, analyse(codec, soft, 3), 3, 40)
    synthesise(codec, again.known, 3, soft.shape[:2])
    assert len(times) >= 8 and again.payload == coded.payload and same(again.known, coded.known)
