"""The project's own pictures: enough of them, the same each time, without a network."""

import socket
import subprocess
import sys

import numpy as np
import pytest

from vaedemo.errors import ConfigError
from vaedemo.pictures import examples
from vaedemo.pictures.examples import EXAMPLES, example
from vaedemo.pictures.read import MAX_PIXELS

EVERY = [(domain, name) for domain, names in EXAMPLES.items() for name in names]


def test_there_are_enough_with_names_of_their_own():
    assert set(EXAMPLES) == {"digits", "fashion", "objects"}
    assert len(EXAMPLES["digits"]) >= 6 and len(EXAMPLES["fashion"]) >= 5 and len(EXAMPLES["objects"]) >= 4
    assert len(set(EVERY)) == len(EVERY)


@pytest.mark.parametrize(("domain", "name"), EVERY)
def test_an_example_is_a_picture_of_its_kind(domain, name):
    picture = example(domain, name)
    assert picture.mode in ("L", "RGB") and 0 < picture.width * picture.height < MAX_PIXELS
    assert np.asarray(picture).std() > 20
    if domain != "objects":
        assert picture.mode == "L" and picture.size == (280, 280)
        assert np.asarray(picture)[:6].min() > 200  # on paper


def test_examples_are_the_same_each_time_and_cannot_be_spoilt():
    for domain, name in EVERY:
        first = np.asarray(example(domain, name)).copy()
        example(domain, name).paste(0, (0, 0, 200, 200))
        assert np.array_equal(first, np.asarray(example(domain, name)))
        examples._drawn.cache_clear()
        assert np.array_equal(first, np.asarray(example(domain, name)))


def test_photographs_come_without_a_network(monkeypatch):
    def refuse(*_):
        raise OSError("no network")

    examples._drawn.cache_clear()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in EXAMPLES["objects"]:
        assert min(example("objects", name).size) >= 300


def test_drawn_examples_need_no_scikit_image():
    code = (
        "import sys\nsys.modules['skimage'] = sys.modules['torch'] = None\n"
        "from vaedemo.pictures.examples import EXAMPLES, example\n"
        "[example(d, n) for d in ('digits', 'fashion') for n in EXAMPLES[d]]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(("domain", "name"), [("digits", "eleven"), ("shapes", "heart"), ("", None)])
def test_an_unknown_example_is_named(domain, name):
    with pytest.raises(ConfigError, match="choose from digits: zero"):
        example(domain, name)
