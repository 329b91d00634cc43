"""A small codec that was never trained: rough, so that every network has a part in it."""

import numpy as np
import pytest
import torch

from tests.models.test_codec import SMALL, cosines, rough
from vaedemo.models.codec import Codec
from vaedemo.store.checkpoints import save_checkpoint
from vaedemo.store.library import Library


def write_codec(folder):
    """Write the small codec into a folder of checkpoints."""
    torch.manual_seed(4)
    model = rough(Codec(SMALL), 1)
    with torch.no_grad():
        model.start(*cosines())
    save_checkpoint(folder / "photos" / "codec.safetensors", model, "photos")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """A folder of checkpoints with one codec in it."""
    folder = tmp_path_factory.mktemp("codec")
    write_codec(folder)
    return Library(folder)


@pytest.fixture(scope="session")
def codec(library):
    return library.codec()[0]


@pytest.fixture(scope="session")
def soft():
    """A picture uint8 (70, 101, 3), soft and coloured."""
    g = np.random.default_rng(0)
    down, across = np.mgrid[0:70, 0:101]
    waves = [np.sin(down / a + across / b + c) for a, b, c in g.uniform(5, 30, (3, 3))]
    return (127.5 + 100 * np.stack(waves, 2)).astype(np.uint8)
