"""What tests share: small pictures, and small models of every kind that were trained for a moment."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import numpy as np
import pytest
import torch
from PIL import Image

from vaedemo import pictures
from vaedemo.configs import ModelConfig
from vaedemo.datasets import Pictures
from vaedemo.examples import EXAMPLES, example

torch.set_num_threads(1)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(7)


@pytest.fixture(scope="session")
def blobs():
    """200 grey 28 x 28 pictures of one soft spot each: easy to learn, nothing to download."""
    g = torch.Generator().manual_seed(0)
    at = torch.arange(28)[None, :] + 0.5
    cx, cy, r = (torch.rand(200, 3, generator=g) * torch.tensor([16, 16, 3]) + torch.tensor([6, 6, 2])).unbind(1)
    x = torch.exp(-((at - cx[:, None]) ** 2) / r[:, None] ** 2)
    y = torch.exp(-((at - cy[:, None]) ** 2) / r[:, None] ** 2)
    return Pictures((y[:, None, :, None] * x[:, None, None, :] * 255).round().byte(), torch.arange(200) % 10)


@pytest.fixture(scope="module")
def one_thread():
    """Networks this small spend more on handing work between threads than on the work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digit():
    """An example digit as the models see it, float32 (1, 28, 28)."""
    source = pictures.read(example("digits", EXAMPLES["digits"][0]))
    return pictures.prepare(source, channels=1, size=28, strokes="digits").x


@pytest.fixture(scope="session")
def photo():
    """float32 (3, 80, 96), soft and coloured."""
    coarse = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((96, 80), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32).transpose(2, 0, 1) / 255


@pytest.fixture(scope="module")
def client():
    """A Client of the page's endpoints, on a free port."""
    from gradio_client import Client

    from vaedemo.ui.app import build, launch

    demo = build()
    _, url, _ = launch(demo, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield Client(url, verbose=False)
    demo.close()


def small(kind="vae", **changes):
    """A ModelConfig small enough to train in a second."""
    settings = {"kind": kind, "latent_dim": 3, "size": 28, "channels": 1, "widths": (4, 8), "hidden": 16}
    return ModelConfig(**(settings | changes))


# Files that start processes and servers, train, or run shipped networks many times; `make quick` leaves them out.
SLOW = {
    "test_api", "test_api_clients", "test_api_restore", "test_benchmarks", "test_classical", "test_classifier",
    "test_cli", "test_cli_latent", "test_cli_maps", "test_cli_restore", "test_cli_sample", "test_coarse",
    "test_conditional", "test_evaluate", "test_listen", "test_maps", "test_outputs", "test_own", "test_photonoise",
    "test_photos", "test_restore", "test_shipped", "test_space", "test_terminal", "test_training", "test_ui",
    "test_ui_restore",
}  # fmt: skip


def pytest_collection_modifyitems(items):
    """The browser's tests last: Playwright's event loop stays in its thread, where others could not start theirs."""
    items.sort(key=lambda item: "browser" in item.path.parts)
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker("slow")
