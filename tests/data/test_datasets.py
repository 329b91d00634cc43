import sys
import types

import numpy as np
import pytest
import torch
from PIL import Image

from vaedemo.data import datasets
from vaedemo.errors import DataError


def test_pictures_stay_uint8_and_come_out_as_floats():
    pictures = datasets.Pictures(torch.full((5, 1, 4, 4), 51, dtype=torch.uint8), torch.arange(5))
    assert pictures.x.dtype == torch.uint8 and len(pictures) == 5 and pictures.shape == (1, 4, 4)
    assert torch.allclose(pictures[torch.tensor([0, 3])], torch.full((2, 1, 4, 4), 0.2))
    assert [len(b) for b in pictures.batches(2)] == [2, 2, 1]
    assert len(pictures.first(3)) == len(pictures.first(3).y) == 3
    assert pictures.first(None) is pictures


@pytest.fixture
def folder(tmp_path):
    x = np.arange(2 * 28 * 28, dtype=np.uint32).reshape(2, 28, 28, 1).astype(np.uint8)
    np.savez(tmp_path / "digits_test.npz", x=x, y=np.array([3, 4], dtype=np.uint8))
    return tmp_path


def test_npz_round_trip(folder):
    pictures = datasets.load("digits", "test", folder)
    assert pictures.x.shape == (2, 1, 28, 28) and pictures.y.tolist() == [3, 4]
    assert pictures.x[0, 0, 0, :3].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"y": np.zeros(3)}, "cannot be read"),
        ({"x": np.zeros((3, 28, 28, 1))}, "give uint8"),
        ({"x": np.zeros((3, 28), np.uint8)}, "give uint8"),
        ({"x": np.zeros((3, 32, 32, 3), np.uint8)}, "this domain wants"),
        ({"x": np.zeros((0, 28, 28, 1), np.uint8)}, "no pictures"),
        ({"x": np.zeros((3, 28, 28, 1), np.uint8), "y": np.zeros(2)}, "3 pictures but 2 labels"),
        ({"x": np.array([object()])}, "cannot be read"),
    ],
)
def test_a_wrong_npz_is_named(tmp_path, arrays, sentence):
    np.savez(tmp_path / "digits_test.npz", **arrays)
    with pytest.raises(DataError, match=sentence):
        datasets.load("digits", "test", tmp_path)


def test_a_missing_or_cut_npz_is_named(folder):
    with pytest.raises(DataError, match=r"no file digits_train\.npz"):
        datasets.load("digits", "train", folder)
    path = folder / "digits_test.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"digits_test\.npz cannot be read"):
        datasets.load("digits", "test", folder)


def test_generated_splits_differ_and_are_labelled():
    train, test = datasets.generated("train", n=30), datasets.generated("test", n=30)
    assert train.shape == (1, 64, 64) and not torch.equal(train.x, test.x)
    assert set(train.y.tolist()) <= {0, 1, 2}
    assert torch.equal(train.x, datasets.generated("train", n=30).x)


def test_a_folder_of_pictures_with_a_few_bad_files(tmp_path):
    for i in range(21):
        Image.new("RGB", (40 + i, 30), (i * 10, 100, 50)).save(tmp_path / f"{i:02}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden").write_text("skipped")
    reading = datasets.FromFolder(tmp_path, 16, 3)
    steps = list(reading)
    assert steps[-1] == (22, 22)
    assert reading.unreadable == ["notes.txt"]
    assert reading.pictures.x.shape == (21, 3, 16, 16)
    assert reading.pictures.x[3, :, 8, 8].tolist() == [30, 100, 50]
    grey = datasets.FromFolder(tmp_path, 8, 1)
    assert len(list(grey)) == 22 and grey.pictures.shape == (1, 8, 8)


def test_too_few_pictures_and_no_folder_are_named(tmp_path):
    with pytest.raises(DataError, match="is empty; at least 20"):
        list(datasets.FromFolder(tmp_path, 8, 1))
    for i in range(3):
        Image.new("L", (8, 8)).save(tmp_path / f"{i}.png")
    with pytest.raises(DataError, match="3 pictures .* at least 20 are needed"):
        list(datasets.FromFolder(tmp_path, 8, 1))
    with pytest.raises(DataError, match="no folder"):
        list(datasets.FromFolder(tmp_path / "nowhere", 8, 1))


@pytest.fixture
def torchvision():
    """torchvision's loaders, with the operators that its compiled part would define beside a CPU build of torch."""
    for name, signature in (("nms", "(Tensor a, Tensor b, float c) -> Tensor"),
                            ("qnms", "(Tensor a, Tensor b, float c) -> Tensor")):  # fmt: skip
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", signature)
    return pytest.importorskip("torchvision.datasets")


def test_torchvisions_loaders(torchvision, monkeypatch, tmp_path):
    asked = []

    def fake(root, train, download):
        asked.append((root, train, download))
        return types.SimpleNamespace(data=torch.zeros(4, 28, 28, dtype=torch.uint8), targets=torch.arange(4))

    monkeypatch.setattr(torchvision, "MNIST", fake)
    pictures = datasets.load("digits", "test", download_dir=tmp_path)
    assert asked == [(str(tmp_path), False, True)]
    assert pictures.x.shape == (4, 1, 28, 28) and pictures.y.tolist() == [0, 1, 2, 3]
    monkeypatch.setattr(
        torchvision, "CIFAR10",
        lambda *_, **__: types.SimpleNamespace(data=np.zeros((4, 32, 32, 3), np.uint8), targets=[0, 1, 2, 3]),
    )  # fmt: skip
    assert datasets.load("objects", "train", download_dir=tmp_path).x.shape == (4, 3, 32, 32)


def test_no_network_is_one_sentence(torchvision, monkeypatch, tmp_path):
    import urllib.request

    def refused(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refused)
    for domain in datasets.TORCHVISION:
        with pytest.raises(DataError, match=r"could not be downloaded .* --data-dir"):
            datasets.load(domain, "train", download_dir=tmp_path)


def test_no_torchvision_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(DataError, match=r"torchvision cannot be loaded .* --data-dir"):
        datasets.load("digits", "train", download_dir=tmp_path)


def test_pictures_take_the_form_of_another_domain(blobs):
    same = blobs.as_of((1, 28, 28))
    assert torch.equal(same.x, blobs.x) and torch.equal(same.y, blobs.y)
    coloured = blobs.as_of((3, 32, 32))
    assert coloured.x.shape == (200, 3, 32, 32) and coloured.x.dtype == torch.uint8
    assert torch.equal(coloured.x[:, 0], coloured.x[:, 2])
    assert coloured[:].mean().item() == pytest.approx(blobs[:].mean().item(), abs=0.005)
    levels = torch.tensor([200, 100, 50], dtype=torch.uint8)
    plain = datasets.Pictures(levels[:, None, None].expand(3, 8, 8)[None].contiguous())
    grey = plain.as_of((1, 4, 4))
    assert (grey.x == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)).all() and grey.x.shape == (1, 1, 4, 4)
    assert (plain.as_of((3, 4, 4)).x == plain.x[:, :, :4, :4]).all()
