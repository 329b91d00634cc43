"""What tests share: small pictures, and small models of every kind that were trained for a moment."""

import os
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import numpy as np
import pytest
import torch
from PIL import Image

from vaedemo.configs import ModelConfig
from vaedemo.data.datasets import Pictures
from vaedemo.pictures.examples import EXAMPLES, example
from vaedemo.pictures.prepare import prepare
from vaedemo.pictures.read import read
from vaedemo.training.loop import fit
from vaedemo.training.tasks import task_of

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
    source = read(example("digits", EXAMPLES["digits"][0]))
    return prepare(source, channels=1, size=28, strokes="digits").x


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


def learn(model, pictures, config, **keywords):
    """Progress records of a model that learns from Pictures as its kind does."""
    return fit(model, task_of(model, pictures, config), config, **keywords)


def small(kind="vae", **changes):
    """A ModelConfig small enough to train in a second."""
    settings = {"kind": kind, "latent_dim": 3, "size": 28, "channels": 1, "widths": (4, 8), "hidden": 16}
    return ModelConfig(**(settings | changes))


# Files that start processes and servers, train, or run shipped networks many times; `make quick` leaves them out.
SLOW = {
    "benchmarks/benchmarks",
    "cli/cli",
    "cli/latent",
    "cli/maps",
    "cli/outputs",
    "cli/restore",
    "cli/sample",
    "cli/space",
    "cli/terminal",
    "models/classifier",
    "models/conditional",
    "models/finder",
    "reports/evaluate",
    "services/restore/classical",
    "services/restore/coarse",
    "services/restore/photonoise",
    "services/restore/photos",
    "services/restore/restore",
    "store/maps",
    "store/own",
    "store/shipped",
    "training/codec",
    "training/training",
    "ui/server/api",
    "ui/server/api_clients",
    "ui/server/api_restore",
    "ui/server/listen",
    "ui/tabs/restore",
    "ui/ui",
}
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """The browser's tests last: Playwright's event loop stays in its thread, where others could not start theirs."""
    items.sort(key=lambda item: "browser" in item.path.parts)
    for item in items:
        if str(item.path.relative_to(HERE).with_suffix("")).replace("test_", "") in SLOW:
            item.add_marker("slow")
