"""Damage to learn from: every form and content, where it is, and how much of it."""

import pytest
import torch

from vaedemo.data.painted import changed
from vaedemo.data.spoiled import CONTENTS, FORMS, WHOLE, spoil


@pytest.fixture
def x(generator):
    return torch.rand(400, 1, 28, 28, generator=generator)


def test_it_says_where_it_is_and_leaves_some_pictures_whole(x, generator):
    before = x.clone()
    y, damaged = spoil(x, generator)
    assert torch.equal(x, before) and y.shape == x.shape and y.min() >= 0 and y.max() <= 1
    assert torch.equal(damaged, changed(x, y))
    whole = (y == x).flatten(1).all(1).float().mean()
    assert WHOLE - 0.06 < whole < WHOLE + 0.06
    assert 0.03 < damaged.float().mean() < 0.2


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("side", [28, 64])
def test_a_form_covers_a_part_of_a_picture(form, side, generator):
    opacity = FORMS[form][0](50, side, generator)
    assert opacity.shape == (50, side, side) and opacity.min() >= 0 and opacity.max() <= 1
    shares = (opacity > 0.2).flatten(1).float().mean(1)
    assert shares.max() > 0.02 and shares.median() < 0.3


@pytest.mark.parametrize("content", list(CONTENTS))
@pytest.mark.parametrize("channels", [1, 3])
def test_a_content_is_a_picture(content, channels, generator):
    x = torch.rand(9, channels, 28, 28, generator=generator)
    filled = CONTENTS[content][0](x, generator)
    assert filled.shape == x.shape and filled.min() >= 0 and filled.max() <= 1
    assert not torch.equal(filled, x)
    assert CONTENTS[content][0](x[:1], generator).shape == (1, channels, 28, 28)


def test_moved_pictures_keep_their_pixels_and_another_picture_is_whole(x, generator):
    moved = CONTENTS["elsewhere"][0](x[:20], generator)
    assert torch.equal(moved.flatten(1).sort(1).values, x[:20].flatten(1).sort(1).values)
    other = CONTENTS["other"][0](x[:20], generator)
    assert all(any(torch.equal(o, one) for one in x[:20]) for o in other)


def test_clouds_are_soft_and_blobs_have_edges(generator):
    def between(form):
        """The share of what is covered that is covered in part."""
        opacity = FORMS[form][0](100, 64, generator)
        return ((opacity > 0.1) & (opacity < 0.9)).sum() / (opacity > 0.1).sum()

    assert between("clouds") > 1.2 * between("blobs")


def test_the_same_seed_gives_the_same_and_forms_can_be_left_out(x):
    first, again = (spoil(x, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first.y, again.y)
    fewer = spoil(x, torch.Generator().manual_seed(1), ("clouds",))
    assert not torch.equal(fewer.y, first.y)
