"""Pictures behind addresses: what is read, what is refused, each with one sentence; all of it on loopback."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.hostile import encoded, scene
from vaedemo.errors import PictureError
from vaedemo.pictures import read as read_module
from vaedemo.pictures.read import read
from vaedemo.ui.server import addresses

PNG = encoded(scene(), "PNG")
ANSWERS = {
    "/scene.png": (200, {}, PNG),
    "/page.html": (200, {"Content-Type": "text/html"}, b"<!doctype html><title>A scene</title>"),
    "/empty": (200, {}, b""),
    "/large": (200, {}, b"\0" * 3_000_000),
    "/moved": (302, {"Location": "scene.png"}, b""),
    "/round": (301, {"Location": "/round"}, b""),
    "/inwards": (302, {"Location": "http://127.0.0.2/scene.png"}, b""),
    "/scheme": (302, {"Location": "file:///etc/passwd"}, b""),
}


class Answering(BaseHTTPRequestHandler):
    never = threading.Event()

    def do_GET(self):
        if self.path == "/silent":
            self.never.wait()
        status, headers, body = ANSWERS.get(self.path, (404, {}, b"nothing here"))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):  # of what is too large not all is fetched
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    Answering.never.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_loopback(monkeypatch):
    """127.0.0.1 counts as open to everyone, every other number as what it is."""
    real = addresses._is_open
    monkeypatch.setattr(addresses, "_is_open", lambda number: number == "127.0.0.1" or real(number))


@pytest.mark.parametrize("path", ["/scene.png", "/moved"])
def test_a_picture_is_read(site, open_loopback, path):
    assert addresses.fetch(site + path) == PNG


def test_no_more_is_read_than_a_picture_may_have(site, open_loopback, monkeypatch):
    for owner in (addresses, read_module):
        monkeypatch.setattr(owner, "MAX_BYTES", 1_000_000)
    data = addresses.fetch(site + "/large")
    assert 1_000_000 < len(data) < 2_000_000
    with pytest.raises(PictureError, match="larger than 1 MB"):
        read(data)


@pytest.mark.parametrize(
    "path, sentence",
    [
        ("/page.html", "not a picture"),
        ("/empty", "is empty"),
        ("/nothing", "answers with status 404"),
        ("/round", "too many times"),
        ("/inwards", "private network"),
        ("/scheme", "not an address that can be read"),
    ],
)
def test_what_is_no_picture_is_one_sentence(site, open_loopback, path, sentence):
    with pytest.raises(PictureError, match=sentence) as caught:
        read(addresses.fetch(site + path))
    assert "\n" not in str(caught.value)


def test_an_address_that_never_answers_is_given_up(site, open_loopback, monkeypatch):
    monkeypatch.setattr(addresses, "SECONDS", 0.2)
    with pytest.raises(PictureError, match="did not answer within 0.2 seconds"):
        addresses.fetch(site + "/silent")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]",
        "[ff02::1]",
    ],
)  # fmt: skip
def test_private_networks_are_not_asked(host):
    with pytest.raises(PictureError, match="private network|cannot be reached"):
        addresses.fetch(f"http://{host}/a.png")


@pytest.mark.parametrize(
    "address", ["http://", "http:///a.png", "https://:80", "http://a b/", "http://[::1", "http://\0"]
)
def test_what_is_no_address(address):
    with pytest.raises(PictureError, match="not an address that can be read|cannot be reached"):
        addresses.fetch(address)


def test_which_numbers_are_open():
    assert addresses._is_open("93.184.216.34") and addresses._is_open("2606:2800:220:1:248:1893:25c8:1946")
    assert not addresses._is_open("::ffff:192.168.0.1") and not addresses._is_open("fe80::1%eth0")
