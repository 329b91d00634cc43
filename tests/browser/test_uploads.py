"""What becomes of the pictures that visitors send: each goes with its page."""

import io
import os
import time
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from PIL import Image


def there():
    """The files in the folder of the uploads."""
    return {path for path in Path(get_upload_folder()).rglob("*") if path.is_file()}


def until(true):
    """Wait for a state of the disk, which no page can tell."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def sent(v):
    """The file of a picture that a visitor uploads, unlike any other."""
    buffer, before = io.BytesIO(), there()
    Image.frombytes("L", (40, 30), os.urandom(1200)).save(buffer, "PNG")
    shown = v.pixels("seen")
    with v.page.expect_response("**/visit") as told:
        v.part("file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
        v.wait("part('seen').toDataURL() !== arg", shown)
    assert told.value.status == 204
    (path,) = there() - before
    return path


@pytest.mark.parametrize(
    "leave", [lambda page: page.close(), lambda page: page.goto("about:blank")], ids=["closed", "left"]
)
def test_an_upload_goes_with_its_page_and_anothers_stays(visit, leave):
    one, other = visit().open(), visit().open()
    mine, theirs = sent(one), sent(other)
    leave(one.page)
    until(lambda: not mine.exists())
    assert not mine.parent.exists() and theirs.exists()
    leave(other.page)
    until(lambda: not theirs.exists())
