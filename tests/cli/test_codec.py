"""compress, decompress and info, as a person types them."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.services.codec.conftest import write_codec
from tests.services.codec.test_bitsback import network
from vaedemo.cli import main
from vaedemo.store.checkpoints import save_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A folder with models and a picture, soft.png."""
    folder = tmp_path_factory.mktemp("codec_cli")
    write_codec(folder / "models")
    save_checkpoint(folder / "models" / "digits" / "lossless.safetensors", network("lossless"), "digits")
    coarse = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((90, 70), Image.Resampling.BICUBIC).save(folder / "soft.png")
    return folder


def run(capsys, there, *words):
    main([*map(str, words), *(() if words[0] == "info" else ("--checkpoints", str(there / "models")))])
    return capsys.readouterr().out


def refused(capsys, there, *words):
    with pytest.raises(SystemExit) as stop:
        run(capsys, there, *words)
    assert stop.value.code == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    return said


def test_there_and_back(capsys, there):
    said = json.loads(run(capsys, there, "compress", there / "soft.png", there / "a.vae", "--json"))
    size = (there / "a.vae").stat().st_size
    assert said["bytes"] == size and said["quality"] == 50 and said["channels"] == 40
    assert said["ratio"] == pytest.approx(70 * 90 * 3 / size, abs=0.01)
    assert said["bpp"] == pytest.approx(8 * size / 6300, abs=1e-4)
    assert run(capsys, there, "decompress", there / "a.vae", there / "a.png").startswith("a.png: 90 x 70, 40 of 40")
    back = np.asarray(Image.open(there / "a.png"), float)
    error = np.mean((back - np.asarray(Image.open(there / "soft.png"))) ** 2)
    assert 10 * np.log10(255**2 / error) == pytest.approx(said["psnr"], abs=0.001)
    told = json.loads(run(capsys, there, "info", there / "a.vae", "--json"))
    assert (told["size"], told["bytes"], told["quality"], told["missing"]) == ("90 x 70", size, 50, 0)


def test_a_size_is_searched_and_the_search_is_shown(capsys, there):
    said = run(capsys, there, "compress", there / "soft.png", there / "b.vae", "--bytes", 1500)
    assert (there / "b.vae").stat().st_size <= 1500
    assert said.count("tried quality") >= 4 and "b.vae:" in said


def test_a_cut_file_is_opened_and_said_to_be_cut(capsys, there):
    run(capsys, there, "compress", there / "soft.png", there / "c.vae")
    (there / "d.vae").write_bytes((there / "c.vae").read_bytes()[:-300])
    said = run(capsys, there, "decompress", there / "d.vae", there / "d.png")
    assert re.search(r"\b\d+ of 40 channels.*; 300 bytes are missing, and what they said is predicted", said)
    assert "missing    300" in run(capsys, there, "info", there / "d.vae")


def test_a_folder_of_small_pictures_and_back(capsys, there, blobs):
    x = blobs.x[:5, 0].numpy()
    (there / "small").mkdir()
    for i, picture in enumerate(x):
        Image.fromarray(picture).save(there / "small" / f"{i}.png")
    said = json.loads(run(capsys, there, "compress", there / "small", there / "s.vae", "--lossless", "--json"))
    assert said["pictures"] == 5 and said["bytes"] == (there / "s.vae").stat().st_size
    assert said["bpp"] == pytest.approx(8 * said["bytes"] / x.size, abs=1e-4)
    assert run(capsys, there, "decompress", there / "s.vae", there / "back").startswith("back: 5 pictures")
    for i, picture in enumerate(x, 1):
        assert np.array_equal(np.asarray(Image.open(there / "back" / f"{i:05}.png")), picture)
    told = json.loads(run(capsys, there, "info", there / "s.vae", "--json"))
    assert (told["pictures"], told["bytes"]) == (5, said["bytes"])
    assert "is there already" in refused(capsys, there, "decompress", there / "s.vae", there / "back")
    assert "no grey picture" in refused(capsys, there, "compress", there, there / "t.vae", "--lossless")
    assert "has no quality" in refused(capsys, there, "compress", there, there / "t.vae", "--lossless", "--bpp", 1)


def test_what_is_wrong_is_one_sentence(capsys, there):
    soft, out = there / "soft.png", there / "e.vae"
    (there / "broken.vae").write_bytes(b"VAE" + bytes(40))
    assert "quality and bytes" in refused(capsys, there, "compress", soft, out, "--quality", 5, "--bytes", 900)
    assert "too few" in refused(capsys, there, "compress", soft, out, "--bytes", 20)
    assert "does not end in .vae" in refused(capsys, there, "compress", soft, there / "e.jpg")
    assert "is not a .vae file" in refused(capsys, there, "decompress", soft, there / "e.png")
    assert "version 0" in refused(capsys, there, "info", there / "broken.vae")
    assert "cannot be opened" in refused(capsys, there, "info", there / "none.vae")
    assert not out.exists()


def test_what_reading_did_to_the_picture_is_said(capsys, there):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    Image.open(there / "soft.png").save(there / "turned.jpg", exif=exif)
    words = ("compress", there / "turned.jpg", there / "t.vae")
    assert json.loads(run(capsys, there, *words, "--json"))["changes"] == ["turned", "dropped"]
    assert "turned upright as its EXIF says, parted from its other metadata" in run(capsys, there, *words)
    assert "before that" not in run(capsys, there, "compress", there / "soft.png", there / "s.vae")
