"""Every endpoint by every way to it: gradio_client, what curl sends, and @gradio/client; the same results, the same
sentences. What /info says of them is what they take and give, and its snippets run."""

import base64
import contextlib
import io
import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from vaedemo.ui.server.schema import RESULTS

JS = Path(__file__).parents[2] / "js"
STROKE = np.zeros((28, 28), np.uint8)
STROKE[6:22, 12:16] = 255
ROWS = (STROKE / 255).tolist()


def png():
    file = io.BytesIO()
    Image.fromarray(STROKE).save(file, "PNG")
    return file.getvalue()


PNG = base64.b64encode(png()).decode()
http = httpx.Client(timeout=60)


@pytest.fixture(scope="module")
def node():
    """A function that gives calls.mjs its calls and has back what came of them."""
    if not (shutil.which("node") and (JS / "node_modules").is_dir()):
        pytest.skip("node or @gradio/client is not here: `npm ci --prefix tests/js` installs it")

    def run(*command, text):
        done = subprocess.run(
            ["node", *command], cwd=JS, input=text, capture_output=True, text=True, timeout=120, check=False
        )
        assert not done.returncode, done.stderr[-2000:]
        return done.stdout

    return run


def python(client, endpoint, values):
    try:
        return client.predict(*values, api_name=endpoint)
    except AppError as error:
        return error.message


def curl(client, endpoint, values):
    """What the API page has one type for a shell: POST, then the events."""
    address = f"{client.src}gradio_api/call{endpoint}"
    start = http.post(address, json={"data": values})
    event, data = re.fullmatch(
        r"event: (\w+)\ndata: (.*)\n\n", http.get(f"{address}/{start.json()['event_id']}").text
    ).groups()
    return json.loads(data)["error"] if event == "error" else json.loads(data)[0]


def run(client, endpoint, values):
    answer = http.post(f"{client.src}gradio_api/run{endpoint}", json={"data": values}).json()
    return answer["data"][0] if "data" in answer else answer["error"]


WAYS = (python, curl, run)
SHORT = {
    "/models": [[]],
    "/encode": [[ROWS], [ROWS, None, None], [ROWS, "", "ae", 8, 1.0, "crop", "auto"]],
    "/decode": [[[0.5, -1.0]], [[0.5, -1.0], None, "ae"]],
    "/traverse": [[], [None, "", "vae", None, None, None, 9]],
    "/map": [[], ["digits", None]],
    "/sample": [[], ["digits", "vae", None, None, 16]],
    "/denoise": [[ROWS, "digits"], [ROWS, "digits", None, 8]],
}


@pytest.mark.parametrize("endpoint", SHORT)
def test_what_is_left_out_or_null_is_the_default(client, endpoint):
    results = [way(client, endpoint, values) for way in WAYS for values in SHORT[endpoint]]
    assert isinstance(results[0], dict | list)
    assert all(result == results[0] for result in results)


TAKES = "takes picture, domain, kind, latent_dim, beta, fit, polarity."
MARK = {"meta": {"_type": "gradio.FileData"}}
WRONG = {
    "nothing": ([None], f"There is no value for picture; encode {TAKES}"),
    "never uploaded": (
        [{"path": "/etc/passwd"}],
        "This is not a file that was uploaded here; choose it again.",
    ),
    "gone": ([{"path": "/tmp/nowhere/a.png"}], "The uploaded file is no longer here; choose it again."),
    "without a path": ([{}], "This is not a file that was uploaded here; choose it again."),
    "loopback": (
        [{"path": "http://127.0.0.1:1/a.png", **MARK}],
        "The address is of a private network; send the picture itself.",
    ),
    "mapped": ([{"url": "http://[::ffff:10.0.0.1]/"}], "The address is of a private network; send the picture itself."),
    "metadata": (["http://169.254.169.254/latest"], "The address is of a private network; send the picture itself."),
    "no such host": (
        [{"path": "https://nowhere.invalid/a.png", "url": "https://nowhere.invalid/a.png", **MARK}],
        "The address cannot be reached from here; check it or send the picture itself.",
    ),
    "no host": (["http://"], "This is not an address that can be read; check it or send the picture itself."),
    "no base64": (
        ["photo.png"],
        "The picture is not base64 text; send the file itself, or all of its bytes in base64.",
    ),
    "a data URI in words": (
        ["data:image/svg+xml,<svg/>"],
        "The picture is a data URI without base64; write data:image/png;base64, and the bytes.",
    ),
    "a number": ([7], "A picture is a file, an address, a data URI, base64 text or rows of numbers; this is none."),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_failure_is_the_same_sentence_by_every_way(client, case):
    values, sentence = WRONG[case]
    assert [way(client, "/encode", values) for way in WAYS] == [sentence] * 3


def test_the_javascript_client_gets_the_same(client, node, tmp_path):
    (tmp_path / "stroke.png").write_bytes(png())
    file = {"handle_file": str(tmp_path / "stroke.png")}
    good = [(endpoint, values) for endpoint, cases in SHORT.items() for values in cases]
    named = [("/encode", {"picture": file}), ("/encode", [file, "digits"]), ("/sample", {"n": 2}), ("/models", {})]
    wrong = [("/encode", values) for values, _ in WRONG.values()]
    made = json.loads(node("calls.mjs", client.src, text=json.dumps([*good, *named, *wrong])))
    for (endpoint, values), got in zip(good, made, strict=False):
        assert got["data"] == [run(client, endpoint, values)], (endpoint, got)
    by_file, placed, two, listed = made[len(good) : -len(wrong)]
    assert placed["data"] == [run(client, "/encode", [PNG, "digits"])]
    assert by_file["data"] == [run(client, "/encode", [PNG])]
    assert len(two["data"][0]["pictures"]) == 2 and len(listed["data"][0]) > 5
    assert [got["error"] for got in made[-len(wrong) :]] == [sentence for _, sentence in WRONG.values()]


def lines(text, end):
    return end.join(text[i : i + 76] for i in range(0, len(text), 76))


BASE64 = {
    "MIME": lines(PNG, "\r\n") + "\r\n",
    "lines": lines(PNG, "\n"),
    "spaces": f"  {lines(PNG, ' ')}\t",
    "URL-safe": PNG.replace("+", "-").replace("/", "_"),
    "no padding": PNG.rstrip("="),
    "data URI": f"data:image/png;base64,{PNG}",
    "capitals": f"DATA:IMAGE/PNG;BASE64,{PNG}",
    "charset": f"data:image/png;charset=utf-8;base64,{lines(PNG, chr(10))}",
    "no type": f"data:;base64,{PNG.rstrip('=')}",
    "percent": f"data:image/png;base64,{PNG.replace('+', '%2B').replace('/', '%2F').replace('=', '%3D')}",
    "in a file's place": {"url": f"data:image/png;base64,{PNG}", **MARK},
}


@pytest.mark.parametrize("form", BASE64)
def test_base64_in_every_usual_form(client, form):
    want = run(client, "/encode", [ROWS, "digits"])
    assert isinstance(want, dict) and curl(client, "/encode", [BASE64[form], "digits"]) == want


def test_too_many_values_and_unknown_names(client):
    sentence = f"8 values were given, more than there are parameters; encode {TAKES}"
    assert [way(client, "/encode", [ROWS, *["x"] * 7]) for way in WAYS] == [sentence] * 3
    assert curl(client, "/models", [1]).startswith("1 values were given")
    root = f"{client.src}gradio_api"
    for body, sentence in (
        ({"picture": ROWS, "size": 3}, f"There is no parameter 'size'; encode {TAKES}"),
        ({}, f"There is no value for picture; encode {TAKES}"),
    ):
        answer = http.post(f"{root}/call/v2/encode", json=body)
        assert answer.status_code == 422 and answer.json() == {"error": sentence}
    start = http.post(f"{root}/call/v2/encode", json={"picture": ROWS, "fit": None, "domain": "digits"}).json()
    assert '"mu"' in http.get(f"{root}/call/encode/{start['event_id']}").text


def test_what_is_no_call_is_one_sentence_too(client):
    for way in ("run", "api", "call", "call/v2"):
        answer = http.post(f"{client.src}gradio_api/{way}/encoder", json={"data": []})
        sentence = answer.json()["error"]
        assert answer.status_code == 404 and sentence.startswith("There is no endpoint 'encoder'; choose from models,")
        for body in (b"", b"{", b"[1]", b'{"data": 3}', b'{"data": {"picture": 1}}')[: 3 if way == "call/v2" else 5]:
            answer = http.post(
                f"{client.src}gradio_api/{way}/encode", content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code == 422 and answer.json()["error"].startswith("The call cannot be read; send JSON")
    answer = http.post(f"{client.src}gradio_api/run/encode", json={"data": [], "fn_index": 999})
    assert answer.status_code == 500 and answer.json() == {"error": "Something went wrong on the server; try again."}


def test_what_nobody_foresaw_is_a_sentence_too(client, monkeypatch):
    monkeypatch.setattr("vaedemo.ui.tabs.reconstruct.api.decode_code", lambda *_: 1 / 0)
    for way in WAYS:
        assert way(client, "/decode", [[0.0, 0.0]]) == "Something went wrong on the server; try again."


def test_what_a_sentence_quotes_is_cut_short(client):
    said = {way(client, "/decode", [[0.0, 0.0], "digits\n" * 100_000]) for way in WAYS}
    assert len(said) == 1 and len(said.copy().pop()) < 400
    assert re.fullmatch(r"No domain 'digits.* \.\.\. .*; choose from digits, fashion, .*\.", said.pop())


def test_a_deleted_upload_is_a_sentence(client, tmp_path):
    (tmp_path / "stroke.png").write_bytes(png())
    path = http.post(f"{client.src}gradio_api/upload", files={"files": ("stroke.png", png())}).json()[0]
    uploaded = {"path": path, **MARK}
    want = client.predict(handle_file(tmp_path / "stroke.png"), "digits", api_name="/encode")
    assert curl(client, "/encode", [uploaded, "digits"]) == run(client, "/encode", [uploaded, "digits"]) == want
    Path(path).unlink()
    sentence = "The uploaded file is no longer here; choose it again."
    assert curl(client, "/encode", [uploaded]) == run(client, "/encode", [uploaded]) == sentence


def fits(value, schema):
    """Whether a value is what a JSON schema says; the few words of it that are used here."""
    if "anyOf" in schema:
        return any(fits(value, one) for one in schema["anyOf"])
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
    if schema["type"] == "null" or value is None:
        return value is None and schema["type"] == "null"
    if not isinstance(value, kinds[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        return False
    if schema["type"] == "array":
        return all(fits(v, schema["items"]) for v in value)
    if schema["type"] == "object":
        own = schema["properties"]
        return set(schema["required"]) <= set(value) <= set(own) and all(fits(v, own[k]) for k, v in value.items())
    return value in schema.get("enum", [value])


def test_info_tells_the_types_of_what_goes_in_and_comes_out(client):
    endpoints = http.get(f"{client.src}gradio_api/info").json()["named_endpoints"]
    types = {
        (name.strip("/"), p["parameter_name"]): p["python_type"]["type"]
        for name, endpoint in endpoints.items()
        for p in endpoint["parameters"]
    }
    assert types["encode", "picture"] == "filepath | str | list[list[float | list[float]]]"
    assert types["encode", "fit"] == "Literal['crop', 'pad']"
    assert types["reconstruct", "domain"] == "Literal['', 'digits', 'fashion', 'objects', 'shapes']"
    assert types["denoise", "domain"] == "Literal['', 'digits', 'fashion', 'objects', 'shapes', 'photos']"
    assert types["inpaint", "method"] == "Literal['vae', 'plain', 'biharmonic']"
    assert (types["sample", "latent_dim"], types["sample", "temperature"]) == ("int", "float")
    assert (types["sample", "label"], types["denoise", "sigma"]) == ("int | None", "float | None")
    assert types["decode", "z"] == "list[float]"
    assert "Any" not in " ".join(types.values())
    for name, endpoint in endpoints.items():
        for p in endpoint["parameters"]:
            assert p["python_type"]["description"] and p["label"] == p["parameter_name"]
            assert not p["parameter_has_default"] or fits(p["parameter_default"], p["type"]), (name, p)
        (result,) = endpoint["returns"]
        assert "Any" not in result["python_type"]["type"] and len(result["python_type"]["description"]) > 20


def test_the_snippets_run_and_give_what_info_says(client, node):
    endpoints = http.get(f"{client.src}gradio_api/info").json()["named_endpoints"]
    assert {name.strip("/") for name in endpoints} == set(RESULTS)
    scripts = []
    for name, endpoint in endpoints.items():
        made = {}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(endpoint["code_snippets"]["python"], made)
        assert fits(made["result"], endpoint["returns"][0]["type"]), name
        if name in ("/models", "/encode", "/walk", "/denoise"):  # each takes a process's time to connect
            scripts.append(f"{{ {endpoint['code_snippets']['javascript'].partition(chr(10))[2]} }}")
    script = "\n".join(['import { Client } from "@gradio/client";', *scripts, "process.exit(0);"])
    node("--input-type=module", "-", text=script.replace("console.log(result.data)", "if (!result.data) throw 1"))


def test_a_hundred_calls_at_once_are_all_answered(client):
    """By plain HTTP, 40 under way at any time, as many as a gradio_client.Client keeps.

    Through one Client some calls of such a burst may end in CancelledError, although the server answers each of them.
    All calls of a Client share one stream of events (Client.send_data and stream_messages, gradio_client 2.7.2,
    client.py). The server ends the stream when none of the session's calls is left (close_stream in gradio/routes.py).
    A call posted between that and the moment at which the Client reads of it is noted as the old stream's, because
    stream_open is still true. close_stream() in send_data then puts None behind it, which stream_sse_v1plus (utils.py)
    raises as CancelledError; its answer comes with the next stream and finds nobody. No setting of the server changes
    when the stream ends. Such a call can be made again; a Client a thread, or plain HTTP, does not know it.
    """
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda i: curl(client, "/decode", [[i / 50 - 1, 0.5]]), range(100)))
    want = [run(client, "/decode", [[i / 50 - 1, 0.5]]) for i in (0, 37, 99)]
    assert [answers[0], answers[37], answers[99]] == want and all(isinstance(a, dict) for a in answers)
