"""What a stranger may try: files of the machine, pickles, odd names, addresses and bodies."""

import http.client
import json
import os
import pickle
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from vaedemo.data.datasets import from_npz
from vaedemo.errors import CheckpointError, DataError, TrainingError
from vaedemo.store.checkpoints import load_checkpoint
from vaedemo.training.loop import read_state
from vaedemo.ui.app import build, launch
from vaedemo.ui.server.component import routes
from vaedemo.ui.server.guard import MOST_BODY

ROOT = Path(__file__).resolve().parents[3]
SECRET = "never to be read"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(Blocks, client, a file that is none of the page's)"""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    secret.write_text(SECRET)
    demo = build()
    launch(demo, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    with httpx.Client(base_url=demo.local_url, timeout=60) as client:
        yield demo, client, secret
    demo.close()


def raw(demo, path, method="GET", body=None, headers=()):
    """(status, text) of a request whose path is sent as it is written."""
    host = urlsplit(demo.local_url)
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
    connection._validate_path = lambda url: None
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(errors="replace")
    connection.close()
    return found


# ---- files -------------------------------------------------------------------------------------------------------

UP = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e%252f", "....//", "..;/", "%c0%ae%c0%ae/")


def test_no_file_outside_the_pages_own_folders_can_be_read(site):
    demo, client, secret = site
    base = routes()[-1].path.rsplit("/", 1)[0]
    kept = Path(client.post("gradio_api/upload", files={"files": ("a.txt", SECRET.encode())}).json()[0])
    (kept.parent / "link.txt").symlink_to(secret)
    plain = (str(secret), str(kept), str(kept.parent / "link.txt"), "app.py", "vaedemo/errors.py", "/proc/self/environ",
             "C:\\Windows\\win.ini", "\\\\host\\share", "file:///etc/passwd", "/etc/passwd%00.png")  # fmt: skip
    tried = [f"/gradio_api/{door}{path}" for door in ("file=", "file/", "stream/a/b/") for path in plain]
    doors = ("/assets/", "/static/", "/svelte/", f"{base}/page/", f"{base}/tabs/", f"{base}/text/", f"{base}/maps/",
             f"{base}/decoders/digits/", f"{base}/decoders/", "/gradio_api/upload/", "/")  # fmt: skip
    for door in doors:
        tried += [door + up * 12 + str(secret).lstrip("/") for up in UP] + [door + "/" + str(secret)]
        tried += [door + up * 2 + "errors.py" for up in UP]
    tried += [
        f"{base}/{name}" for name in ("page/frame/state.test.js", "tabs/odd/server.py", "tabs/__init__.py", "app.py")
    ]
    for path in tried:
        status, text = raw(demo, path)
        assert status in (301, 307, 400, 403, 404, 405, 422), f"{path}: {status}"
        assert SECRET not in text and "root:" not in text and "VaedemoError" not in text, path


@pytest.mark.parametrize(
    "name", ["../../up.txt", "/etc/up.txt", "..\\up.txt", "a\r\nb.txt", "n" * 400, "", ".", "é\u202e.txt"]
)
def test_an_upload_lies_in_its_folder_whatever_its_name(site, name):
    demo, client, _ = site
    sent = client.post("gradio_api/upload", files={"files": (name or "x", name.encode() + b"!")})
    folder = demo.uploads.folder.resolve()
    if sent.status_code == 200:
        assert all(Path(path).resolve().is_relative_to(folder) for path in sent.json())
    assert sent.status_code < 500 and not list(folder.parent.glob("up.txt"))


def test_a_request_that_is_too_large_leaves_nothing(site):
    demo, client, _ = site
    before = set(demo.uploads.folder.rglob("*"))
    assert raw(demo, "/gradio_api/upload", "POST", b"x", {"Content-Length": str(MOST_BODY + 1)}.items())[0] == 413
    large = client.post("gradio_api/upload", files={"files": ("a.png", b"x" * 27_000_000)})
    assert large.status_code == 413 and set(demo.uploads.folder.rglob("*")) == before


# ---- pickles -----------------------------------------------------------------------------------------------------


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_no_code_reads_a_pickle():
    for path in [ROOT / "app.py", *(ROOT / "vaedemo").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\b(pickle|cPickle|dill|joblib|shelve|marshal|allow_pickle=True|weights_only=False)\b", text
        ), path
        for call in re.findall(r"(?:torch|np|numpy)\.load\([^\n]*", text):
            assert "weights_only=True" in call or "allow_pickle=False" in call, f"{path}: {call}"


def test_a_pickle_in_the_place_of_a_file_is_a_sentence_and_is_not_run(tmp_path):
    ran = tmp_path / "ran"
    bomb = pickle.dumps(Trap(ran))
    (tmp_path / "vae-2.safetensors").write_bytes(bomb)
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "vae-2.safetensors")
    (tmp_path / "state.pt").write_bytes(bomb)
    with pytest.raises(TrainingError):
        read_state(tmp_path / "state.pt")
    np.savez(tmp_path / "a.npz", x=np.array([Trap(ran)], object))
    (tmp_path / "b.npz").write_bytes(bomb)
    for name in ("a.npz", "b.npz"):
        with pytest.raises(DataError):
            from_npz(tmp_path / name)
    assert not ran.exists()
    pickle.loads(bomb)
    assert ran.exists(), "the trap works"


def test_a_pickle_or_an_array_of_objects_sent_as_a_picture_is_not_run(site, tmp_path):
    _, client, _ = site
    ran = tmp_path / "ran"
    np.save(tmp_path / "a.npy", np.array([Trap(ran)], object), allow_pickle=True)
    for data in (pickle.dumps(Trap(ran)), (tmp_path / "a.npy").read_bytes()):
        path = client.post("gradio_api/upload", files={"files": ("a.npy", data)}).json()[0]
        answer = client.post("gradio_api/run/reconstruct", json={"data": [{"path": path}, "digits"]})
        assert "error" in answer.json() and "PNG" in answer.text, answer.text
    assert not ran.exists()


# ---- names, addresses, bodies ------------------------------------------------------------------------------------

BODIES = (
    *(b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 50_000, b'{"data": 7}', b'{"data": {"a": 1}}'),
    *(b'{"data": [NaN]}', b'{"data": [1e999]}', b'{"data": [' + b"0," * 9999 + b"0]}"),
    *(b'{"session_hash": ["a"], "data": []}', b'{"data": [], "fn_index": -1}'),
    json.dumps({"data": ["../" * 50, "\0", "\ud800"]}).encode(),
)
POSTS = ("run/reconstruct", "call/denoise", "call/v2/sample", "queue/join", "component_server", "upload")
NO_ADDRESSES = (
    *("http://127.0.0.1:1/a.png", "http://[::1]/a.png", "http://169.254.169.254/latest", "http://0/a", "http://"),
    *("http://2130706433/a", "http://0x7f.1/a", "http://localhost/a", "http://a@127.0.0.1/", "HTTP://127.1/"),
    *("file:///etc/passwd", "ftp://x/y"),
)


@pytest.mark.parametrize("post", POSTS)
def test_a_body_of_any_sort_is_answered_without_a_trace(site, post):
    demo, _, _ = site
    for body in BODIES:
        for kind in ("application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain"):
            status, text = raw(demo, f"/gradio_api/{post}", "POST", body, {"Content-Type": kind}.items())
            assert (
                200 <= status < 600
                and "Traceback" not in text
                and str(ROOT) not in text
                and "site-packages" not in text
            )
    assert raw(demo, "/health") == (200, "ok")


def test_an_address_of_the_inside_or_of_no_sort_is_not_fetched(site):
    _, client, _ = site
    for address in NO_ADDRESSES:
        answer = client.post("gradio_api/run/reconstruct", json={"data": [address, "digits"]})
        assert SECRET not in answer.text and re.fullmatch(r'[^<>]{10,400}\."', json.dumps(answer.json()["error"])), (
            answer.text
        )


def test_names_that_are_hostile_are_refused_in_one_sentence(site):
    _, client, _ = site
    for name in (
        "../../etc",
        "digits/../..",
        "<script>alert(1)</script>",
        "\0",
        "'; --",
        "x" * 10_000,
        "${7*7}",
        "\u202e",
    ):
        for given in ([name, "vae"], ["digits", name]):
            answer = client.post("gradio_api/run/reconstruct", json={"data": [[[0.5] * 8] * 8, *given]})
            assert "Traceback" not in answer.text and len(answer.json()["error"]) < 500
    for name in ("a/../../b", "<b>", "%00", "x" * 3000):
        assert client.get(f"?tab={name}&domain={name}&lang={name}").status_code == 200
