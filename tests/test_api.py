"""The page's public endpoints through gradio_client and plain HTTP, and garbage thrown at them."""

import base64
import io
import json
import re

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tests.test_ui import ROOT
from vaedemo.domains import DOMAINS
from vaedemo.library import Library, decode
from vaedemo.pictures import prepare
from vaedemo.reconstruct import reconstruct
from vaedemo.ui.app import build, checkpoints_folder, launch


@pytest.fixture(scope="module")
def library():
    return Library(checkpoints_folder())


@pytest.fixture(scope="module")
def client():
    demo = build()
    _, url, _ = launch(demo, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield Client(url, verbose=False)
    demo.close()


def image_of(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))))


def test_endpoints_are_named_and_documented(client):
    info = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(info) == {"/models", "/reconstruct", "/encode", "/decode"}
    for endpoint in info.values():
        assert len(endpoint["description"]) > 60


def test_models_reconstruct_encode_decode(client, library, tmp_path):
    listed = client.predict(api_name="/models")
    assert {(m["domain"], m["kind"]) for m in listed} == {(e.domain, e.kind) for e in library.entries}
    own = next(m for m in listed if m["domain"] == "digits")
    kind, d = own["kind"], own["latent_dim"]
    image = Image.new("L", (200, 200), 255)
    image.paste(0, (90, 30, 110, 170))
    image.save(tmp_path / "stroke.png")
    x = prepare(image, channels=1, size=28, strokes="digits").x
    made = client.predict(handle_file(tmp_path / "stroke.png"), "digits", kind, d, api_name="/reconstruct")
    want = reconstruct(library, x, "digits", kind, d)
    assert made["mse"] == pytest.approx(want.mse, rel=1e-3)
    assert np.abs(image_of(made["x"]) / 255 - x[0]).max() < 0.003
    assert made["latent_bytes"] == d and made["picture_bytes"] == 784
    rows = (np.asarray(image) / 255).tolist()
    code = client.predict(rows, "digits", kind, d, api_name="/encode")
    assert code["mu"] == pytest.approx(want.z.tolist(), rel=1e-3, abs=1e-4)
    back = client.predict(code["mu"], "digits", kind, api_name="/decode")
    same = decode(library, np.array(code["mu"]), "digits", kind, d)
    assert np.abs(np.array(back["x_hat"]) - same).max() < 1e-3
    assert image_of(back["picture"]).shape == (28, 28)
    uri = f"data:image/png;base64,{base64.b64encode((tmp_path / 'stroke.png').read_bytes()).decode()}"
    assert client.predict(uri, "", kind, d, api_name="/reconstruct")["domain"] in DOMAINS


BAD_CALLS = [
    ("/reconstruct", ("not base64 !", "digits", "pca", 2)),
    ("/reconstruct", ("AAAA", "digits", "pca", 2)),
    ("/reconstruct", (None, "digits", "pca", 2)),
    ("/reconstruct", (7, "digits", "pca", 2)),
    ("/reconstruct", ({"path": "/etc/passwd"}, "digits", "pca", 2)),
    ("/reconstruct", ([], "digits", "pca", 2)),
    ("/reconstruct", ([[1, 2], [3]], "digits", "pca", 2)),
    ("/reconstruct", ([["a"]], "digits", "pca", 2)),
    ("/reconstruct", ([[7.0, 9.0]], "digits", "pca", 2)),
    ("/reconstruct", ([[[[0.5]]]], "digits", "pca", 2)),
    ("/reconstruct", ([[0.1, 0.9]], "letters", "pca", 2)),
    ("/reconstruct", ([[0.1, 0.9]], ["digits"], "pca", 2)),
    ("/reconstruct", ([[0.1, 0.9]], "digits", "gan", 2)),
    ("/reconstruct", ([[0.1, 0.9]], "digits", "pca", 0)),
    ("/reconstruct", ([[0.1, 0.9]], "digits", "pca", "two")),
    ("/reconstruct", ([[0.1, 0.9]], "digits", "pca", 2, "one")),
    ("/reconstruct", ([[0.1, 0.9]], "digits", "pca", 2, 1.0, "stretch")),
    ("/encode", ([[0.1, 0.9]], "digits", "pca", 2.5)),
    ("/decode", ([], "digits", "pca")),
    ("/decode", ("zz", "digits", "pca")),
    ("/decode", ([1e9, 0], "digits", "pca")),
    ("/decode", ([0, 0], {"a": 1}, "pca")),
]


@pytest.mark.parametrize("endpoint, arguments", BAD_CALLS, ids=[f"{e} {str(a)[:40]}" for e, a in BAD_CALLS])
def test_a_bad_call_gives_one_sentence_and_the_server_goes_on(client, endpoint, arguments):
    with pytest.raises(Exception) as caught:
        client.predict(*arguments, api_name=endpoint)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 400 and "Traceback" not in sentence
    assert "upstream Gradio app" not in sentence, "an error without its sentence"


def test_numbers_that_are_none_come_through_plain_http(client):
    for values in ("[[NaN, 1]]", "[[Infinity, 0]]", "[[1e999, 0]]"):
        body = f'{{"data": [{values}, "digits", "pca", 2, 1.0, "crop", "auto"]}}'
        url, kind = f"{client.src}gradio_api/call/reconstruct", {"content-type": "application/json"}
        start = httpx.post(url, content=body, headers=kind)
        if start.status_code >= 400:
            continue
        event = start.json()["event_id"]
        answer = httpx.get(f"{url}/{event}", timeout=30).text
        assert "event: error" in answer and "Traceback" not in answer
    assert client.predict(api_name="/models")


def test_garbage_at_the_page_itself_leaves_the_server_standing(client):
    config = httpx.get(f"{client.src}config").json()
    identity = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "vd-reconstruct")
    url = f"{client.src}gradio_api/component_server/"
    for body in (b"", b"{", b"[]", b'{"component_id": 999999}', b'{"data": {}, "fn_name": "look"}'):
        answer = httpx.post(url, content=body, headers={"content-type": "application/json"})
        assert answer.status_code >= 400 and "Traceback" not in answer.text
    for name in ("build", "__init__", "uploads", "functions", "get_config"):
        body = {"data": {}, "component_id": identity, "fn_name": name, "session_hash": "s"}
        assert httpx.post(url, json=body).status_code == 404
    for path in ("file=/etc/passwd", "file=../../etc/passwd", f"file={ROOT}/app.py", "upload"):
        assert httpx.get(f"{client.src}gradio_api/{path}").status_code >= 400
    page = re.search(r"page-\w+", config["components"][0]["props"].get("js_on_load") or json.dumps(config))[0]
    for path in (f"{page}/../app.py", f"{page}/%2e%2e/app.py", f"{page}/", f"{page}/text/../../wire.py"):
        assert httpx.get(f"{client.src}{path}").status_code >= 400
    good = {"data": {"domain": "digits"}, "component_id": identity, "fn_name": "domain", "session_hash": "s"}
    assert httpx.post(url, json=good).json()["domain"] == "digits"
