"""How long an upload stays: as long as some page holds it, a while when nobody spoke for it, and never too many."""

import asyncio
import os
import time
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from tests.uploaded import laid
from vaedemo.errors import Gone, PictureError
from vaedemo.ui.server import uploads as module
from vaedemo.ui.server.jobs import Job, Jobs
from vaedemo.ui.server.uploads import Uploads, route

A, B = "a" * 32, "b" * 32


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path / "uploads")


def sent(uploads, name, size=10, age=0.0):
    """The path of an upload as Gradio lays it down, in a folder of its own."""
    path = laid(uploads.folder, b"x" * size, name)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_an_upload_goes_with_the_last_page_that_holds_it(uploads):
    one, both = sent(uploads, "one"), sent(uploads, "both")
    uploads.hold(A, [str(one), str(both)])
    uploads.hold(B, [str(both)])
    uploads.hold(A, [])
    assert not one.parent.exists() and both.exists()
    with pytest.raises(Gone):
        uploads.path(str(one))
    uploads.hold(B, [])
    assert list(uploads.folder.iterdir()) == []


def test_a_page_can_give_up_one_of_its_files(uploads):
    one, two = sent(uploads, "one"), sent(uploads, "two")
    uploads.hold(A, [str(one), str(two)])
    uploads.hold(A, [str(two)])
    assert (one.exists(), two.exists()) == (False, True)


def test_what_is_no_upload_is_neither_held_nor_removed(uploads, tmp_path):
    other, mine = tmp_path / "other", sent(uploads, "mine")
    other.write_text("x")
    for wrong in (
        str(other),
        str(mine / ".." / ".." / ".." / "other"),
        "/etc/passwd",
        7,
        None,
        "\0",
        ["x"],
        str(uploads.folder),
    ):
        uploads.hold(A, [wrong])
        uploads.hold(A, [])
    assert other.exists() and mine.exists()


def test_one_who_leaves_takes_nothing_that_a_stranger_asked_for_with_him(uploads):
    held = sent(uploads, "held")
    uploads.hold(A, [str(held)])
    uploads.hold(B, [])
    assert held.exists()


def test_what_no_page_holds_goes_after_a_while_read_or_not(uploads, monkeypatch):
    never, read, held = (sent(uploads, name, age=module.IDLE + 1) for name in ("never", "read", "held"))
    fresh = sent(uploads, "fresh")
    uploads.hold(A, [str(held)])
    assert uploads.path(str(read)) == read
    assert [never.exists(), read.exists(), held.exists(), fresh.exists()] == [False, True, True, True]
    late = time.time() + module.SILENT + 1
    monkeypatch.setattr(module.time, "time", lambda: late)
    uploads.tidy()
    assert [read.exists(), held.exists()] == [True, False], "a page that says nothing holds nothing"


def test_the_oldest_give_way_where_all_are_too_large_asked_for_or_not(tmp_path):
    uploads = Uploads(tmp_path, limit_bytes=1000, limit_files=3)
    paths = [sent(uploads, str(n), 200, age=100 - n) for n in range(6)]
    uploads.hold(A, [str(paths[0])])
    uploads.tidy()
    assert [path.exists() for path in paths] == [False] * 3 + [True] * 3


def test_what_others_lay_into_the_folder_is_neither_read_nor_removed(uploads):
    mine = sent(uploads, "mine", age=module.IDLE + 1)
    foreign = [uploads.folder / "notes.txt", uploads.folder / "cache" / "a", mine.parent / "deep" / "b"]
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
        os.utime(path, (0, 0))
        with pytest.raises(PictureError):
            uploads.path(str(path))
        uploads.hold(A, [str(path)])
        uploads.hold(A, [])
    uploads.tidy()
    assert [path.exists() for path in (mine, *foreign)] == [False, True, True, True]


@pytest.mark.parametrize(
    "body, status",
    [(b'{"visitor": "%s", "files": []}' % A.encode(), 204), (b"", 422), (b"{", 422), (b"[]", 422), (b"null", 422),
     (b"\xff", 422), (b'{"visitor": "x", "files": []}', 422), (b'{"visitor": 7, "files": []}', 422),
     (b'{"visitor": "%s", "files": {}}' % A.encode(), 422), (b"[" * 100_000, 422),
     (b'{"visitor": "%s", "files": [%s0]}' % (A.encode(), b"0," * 500), 422),
     (b'{"visitor": "%s", "files": [], "ended": [7, {}, null, "x"]}' % A.encode(), 204),
     (b'{"visitor": "%s", "files": [], "ended": "x"}' % A.encode(), 422)],
)  # fmt: skip
def test_what_a_page_says_is_read_with_care(uploads, body, status):
    transport = httpx.ASGITransport(Starlette(routes=[route(uploads)]))

    async def ask():
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            return (await client.post("/visit", content=body)).status_code

    assert asyncio.run(ask()) == status


def test_the_jobs_of_a_page_end_with_it_and_no_others(uploads):
    kept = Jobs(10**6, "gone")
    mine, other = (kept.add(Job({"x": iter([SimpleNamespace(done=0, total=1)])}, 1)) for _ in range(2))
    transport = httpx.ASGITransport(Starlette(routes=[route(uploads)]))

    async def leave():
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            return await client.post("/visit", json={"visitor": A, "files": [], "ended": [mine]})

    assert asyncio.run(leave()).status_code == 204
    assert kept.get(other) is not None
    with pytest.raises(Gone, match="gone"):
        kept.get(mine)
