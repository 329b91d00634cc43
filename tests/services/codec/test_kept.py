"""Files of an earlier commit, written on another machine: they say to the bit what they said then.

kept/ has a small codec and small lossless VAEs, all untrained, and a file that each of them wrote (27 November 2026).
"""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vaedemo.services.codec import photos, stacks
from vaedemo.services.codec.container import unpack
from vaedemo.store.library import Library

pytestmark = pytest.mark.usefixtures("one_thread")

KEPT = Path(__file__).with_name("kept")
Y_HAT = "e99606692867a418ebd18a465844aa87beaf865674fb00c420d1f5a6123a554d"


def said(library):
    """SHA-256 of y_hat of the kept photograph."""
    file, (model, identity) = unpack((KEPT / "photo.vae").read_bytes()), library.codec()
    assert file.model == identity and file.size == (101, 70)
    known, whole, in_part = photos.decode(model, file.payload, (5, 7), file.quality, file.channels)
    assert (whole, in_part) == (40, 0)
    return hashlib.sha256(known.y_hat.numpy().tobytes()).hexdigest()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_photograph_says_what_it_said(threads):
    torch.set_num_threads(threads)
    assert said(Library(KEPT)) == Y_HAT
    torch.set_num_threads(1)


def test_another_process_and_another_model_before_change_nothing():
    code = (
        "from tests.services.codec.test_kept import *\n"
        "library = Library(KEPT)\n"
        "library.exact('digits', 'lossless')[0](torch.rand(1, 1, 28, 28))\n"
        "print(said(library))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=KEPT.parents[3]
    )
    assert found.stdout.strip() == Y_HAT


@pytest.mark.parametrize("name", ["pictures", "white"])
def test_small_pictures_return_as_they_were(name):
    file = unpack((KEPT / f"{name}.vae").read_bytes())
    x = (np.arange(3 * 784).reshape(3, 28, 28) * 7 % 256).astype(np.uint8)
    x = np.where(x > 127, 255, 0) if name == "white" else x
    assert np.array_equal(np.concatenate(list(stacks.decompress(Library(KEPT), file))), x)
