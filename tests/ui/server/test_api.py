"""The page's public endpoints through gradio_client and plain HTTP, and garbage thrown at them."""

import base64
import io
import json
import re

import httpx
import numpy as np
import pytest
from gradio_client import handle_file
from PIL import Image

from tests.ui.test_ui import ROOT
from vaedemo.data.domains import SIZED
from vaedemo.maths import detection
from vaedemo.pictures.prepare import prepare
from vaedemo.services import anomaly
from vaedemo.services.codec import small
from vaedemo.services.generate import arithmetic, generate
from vaedemo.services.reconstruct import reconstruct
from vaedemo.services.walk import traverse, walk
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library, decode, encode
from vaedemo.store.maps import FOLDER, read_map
from vaedemo.ui.app import checkpoints_folder


@pytest.fixture(scope="module")
def library():
    return Library(checkpoints_folder())


def image_of(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))))


def test_endpoints_are_named_and_documented(client):
    info = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(info) == {f"/{name}" for name in (
        "models", "reconstruct", "encode", "decode", "walk", "traverse", "map", "sample", "arithmetic", "denoise",
        "inpaint", "compress", "decompress", "score",
    )}  # fmt: skip
    for endpoint in info.values():
        assert len(endpoint["description"]) > 60


def test_models_reconstruct_encode_decode(client, library, tmp_path):
    listed = client.predict(api_name="/models")
    assert {(m["domain"], m["kind"]) for m in listed} == {e.key[:2] for e in library.entries}
    own = next(m for m in listed if m["domain"] == "digits")
    kind, d = own["kind"], own["latent_dim"]
    image = Image.new("L", (200, 200), 255)
    image.paste(0, (90, 30, 110, 170))
    image.save(tmp_path / "stroke.png")
    x = prepare(image, channels=1, size=28, strokes="digits").x
    made = client.predict(handle_file(tmp_path / "stroke.png"), "digits", kind, d, api_name="/reconstruct")
    want = reconstruct(library, x, ModelKey("digits", kind, d))
    assert made["mse"] == pytest.approx(want.mse, rel=1e-3)
    assert np.abs(image_of(made["x"]) / 255 - x[0]).max() < 0.003
    coded = small.encoded(library, np.asarray(image_of(made["x"]), np.float32)[None] / 255, want.key, want.z)
    assert made["latent_bytes"] == len(coded.data) and made["latent_bits"] == pytest.approx(coded.bits, rel=1e-3)
    assert made["picture_bytes"] == 784 and made["ratio"] == pytest.approx(784 / made["latent_bytes"], rel=1e-4)
    assert made["coded_psnr"] == pytest.approx(coded.psnr, abs=0.05)
    assert {f"{name}_bytes": made[f"{name}_bytes"] for name in small.FORMATS} == {
        f"{name}_bytes": count for name, count in small.lossless_bytes(x).items()
    }
    rows = (np.asarray(image) / 255).tolist()
    code = client.predict(rows, "digits", kind, d, api_name="/encode")
    assert code["mu"] == pytest.approx(want.z.tolist(), rel=1e-3, abs=1e-4)
    back = client.predict(code["mu"], "digits", kind, api_name="/decode")
    same = decode(library, np.array(code["mu"]), ModelKey("digits", kind, d))
    assert np.abs(np.array(back["x_hat"]) - same).max() < 1e-3
    assert image_of(back["picture"]).shape == (28, 28)
    uri = f"data:image/png;base64,{base64.b64encode((tmp_path / 'stroke.png').read_bytes()).decode()}"
    assert client.predict(uri, "", kind, d, api_name="/reconstruct")["domain"] in SIZED


def test_walks_traversals_and_maps(client, library):
    a, b = [0.5, -1.0], [-1.0, 2.0]
    made = client.predict(a, b, "digits", "vae", 0, 1.0, 5, "spherical", "gif", api_name="/walk")
    want = walk(library, a, b, ModelKey("digits", "vae", 2), n=5, path="spherical")
    assert made["latent_dim"] == 2 and np.allclose(made["z"], want.z, atol=1e-5)
    for uri, x in zip(made["pictures"], want.x_hat, strict=True):
        assert np.abs(image_of(uri) / 255 - x[0]).max() < 0.003
    assert made["step_mse"] == pytest.approx(want.step_mse.tolist(), rel=1e-3)
    head, _, body = made["animation"].partition(",")
    assert "image/gif" in head and Image.open(io.BytesIO(base64.b64decode(body))).n_frames == 8
    x = np.zeros((28, 28))
    x[6:22, 12:16] = 1
    made = client.predict(x.tolist(), a, "digits", "ae", api_name="/walk")  # a picture and a code
    assert len(made["pictures"]) == 11 and made["animation"] is None
    mu, _ = encode(library, x[None], ModelKey("digits", "ae", 2))
    assert made["z"][0] == pytest.approx(mu.tolist(), rel=1e-3, abs=1e-4)
    rows = client.predict(None, "digits", "vae", 8, 1.0, 2.0, 3, 4, api_name="/traverse")
    want = traverse(library, None, ModelKey("digits", "vae", 8), span=2.0, n=3, rows=4)
    assert rows["dims"] == want.dims.tolist() and rows["values"] == [[-2, 0, 2]] * 4 and rows["unit"] == "nats"
    assert np.abs(image_of(rows["pictures"][3][0]) / 255 - want.x_hat[3, 0, 0]).max() < 0.003
    found = client.predict("digits", "vae", api_name="/map")
    shown = read_map(library.folder / FOLDER, "digits", "vae")
    assert np.allclose(found["points"], shown.points, atol=1e-3) and found["labels"] == shown.labels.tolist()
    assert len(found["sigma"]) == 2 and found["classes"] == list("0123456789")
    found = client.predict("digits", "ae", 8, api_name="/map")
    assert np.shape(found["components"]) == (2, 8) and len(found["points"]) == len(found["labels"]) > 100


def test_samples_and_arithmetic(client, library):
    made = client.predict("digits", "vae", 8, "mixture", 3, 5, 0.8, 4, api_name="/sample")
    want = generate(library, ModelKey("digits", "vae", 8), "mixture", 3, 5, 0.8, 4)
    assert np.allclose(made["z"], want.z, atol=1e-5)
    for uri, x in zip(made["pictures"], want.x_hat, strict=True):
        assert np.abs(image_of(uri) / 255 - x[0]).max() < 0.003
    assert made["classes"].count("4") >= 2 and len(made["confidence"]) == 3
    assert client.predict("shapes", "pca", 5, api_name="/sample")["prior"] == "gaussian"
    xs = np.zeros((3, 28, 28))
    xs[0, 6:22, 12:16], xs[1, 6:22, 8:12], xs[2, 12:16, 6:22] = 1, 1, 1
    made = client.predict(*xs.tolist(), "digits", "vae", 8, api_name="/arithmetic")
    want = arithmetic(library, xs[:, None], ModelKey("digits", "vae", 8))
    assert len(made["x"]) == 3 and made["z"] == pytest.approx(want.z.tolist(), rel=1e-3, abs=1e-4)
    assert np.abs(image_of(made["x_hat"]) / 255 - want.x_hat[0]).max() < 0.01


def test_scores_are_those_of_the_service(client, library):
    x = np.zeros((28, 28))
    x[6:22, 12:16] = 1
    made = client.predict(x.tolist(), "digits", api_name="/score")
    key = library.key("digits")
    seen = prepare(x, channels=1, size=28, strokes="digits").x
    want = anomaly.scores(library, seen[None], key)
    assert (made["kind"], made["latent_dim"]) == ("vae", key.latent_dim) and made["scores"][0]["name"] == "joint"
    assert {row["name"] for row in made["scores"]} == set(want)
    for row in made["scores"]:
        known = anomaly.known_scores(library, key, row["name"])
        assert row["value"] == pytest.approx(want[row["name"]][0], rel=1e-3, abs=1e-6)
        assert row["share"] == pytest.approx(detection.stranger_share(known, row["value"]), abs=0.005)
        assert row["threshold"] == pytest.approx(detection.threshold(known, 0.01), rel=1e-4)
        assert row["strange"] == (row["value"] > row["threshold"])
    plain = client.predict(x.tolist(), "digits", "ae", 8, api_name="/score")["scores"]
    assert plain[0]["name"] == "error" and plain[0]["share"] is None


BAD_CALLS = [
    ("/score", ([[0.1, 0.9]], "letters")),
    ("/score", ([[0.1, 0.9]], "digits", ["vae"])),
    ("/score", ([[0.1, 0.9]], "digits", "vae", 3)),
    ("/score", ([[0.1, 0.9]], "digits", "vae", -1)),
    ("/score", ([[0.1, 0.9]], "digits", "vae", 8, 1.0, 0)),
    ("/score", ([[0.1, 0.9]], "digits", "vae", 8, 1.0, "few")),
    ("/score", (None,)),
    ("/sample", ("letters",)),
    ("/sample", ({"a": 1},)),
    ("/sample", ("digits", "gan")),
    ("/sample", ("digits", "vae", 3)),
    ("/sample", ("digits", "vae", 8, "cauchy")),
    ("/sample", ("digits", "vae", 8, ["normal"])),
    ("/sample", ("digits", "vae", 8, "normal", 0)),
    ("/sample", ("digits", "vae", 8, "normal", 1e9)),
    ("/sample", ("digits", "vae", 8, "normal", 4, -1)),
    ("/sample", ("digits", "vae", 8, "normal", 4, 0, "hot")),
    ("/sample", ("digits", "vae", 8, "normal", 4, 0, 1e9)),
    ("/sample", ("digits", "vae", 8, "normal", 4, 0, 1.0, 3)),
    ("/sample", ("digits", "vae", 8, "mixture", 4, 0, 1.0, 10)),
    ("/sample", ("digits", "vae", 8, "mixture", 4, 0, 1.0, "three")),
    ("/arithmetic", ([[0.1, 0.9]], [[0.1, 0.9]], [], "digits", "vae", 8)),
    ("/arithmetic", ([[0.1, 0.9]], [[0.1, 0.9]], None, "digits", "vae", 8)),
    ("/arithmetic", ([[0.1, 0.9]], [[0.1, 0.9]], [[0.1, 0.9]], "digits", "vae", 3)),
    ("/walk", ([0, 0], [1], "digits", "vae")),
    ("/walk", ([0, "a"], [1, 1], "digits", "vae")),
    ("/walk", ([], [1, 1], "digits", "vae")),
    ("/walk", ([0, 0], None, "digits", "vae")),
    ("/walk", ([0, 0], [1, 1], "letters", "vae")),
    ("/walk", ([0, 0], [1, 1], ["digits"], "vae")),
    ("/walk", ([0, 0], [1, 1], "digits", "vae", -2)),
    ("/walk", ([0, 0], [1, 1], "digits", "vae", 2, 1.0, 1)),
    ("/walk", ([0, 0], [1, 1], "digits", "vae", 2, 1.0, 1e9)),
    ("/walk", ([0, 0], [1, 1], "digits", "vae", 2, 1.0, 5, "scenic")),
    ("/walk", ([0, 0], [1, 1], "digits", "vae", 2, 1.0, 5, ["straight"])),
    ("/walk", ([0, 0], [1, 1], "digits", "vae", 2, 1.0, 5, "straight", "mp4")),
    ("/walk", ([0, 0], [1e9, 1], "digits", "vae")),
    ("/traverse", (None, "digits", ["vae"])),
    ("/traverse", (None, "digits", "vae", 3)),
    ("/traverse", (None, "digits", "vae", 2, 1.0, "far")),
    ("/traverse", (None, "digits", "vae", 2, 1.0, -1)),
    ("/traverse", (None, "digits", "vae", 2, 1.0, 3.0, "nine")),
    ("/traverse", (None, "digits", "vae", 64, 1.0, 3.0, 128, 64)),
    ("/traverse", ([[0.1], []], "digits", "vae")),
    ("/map", ("letters",)),
    ("/map", ({"a": 1},)),
    ("/map", ("digits", "pca", 2)),
    ("/map", ("digits", "vae", 3)),
    ("/map", ("digits", "vae", 2, "one")),
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
