"""The tab "Train" without a browser: its server functions, honest and hostile."""

import base64
import io
import json
import time
import zipfile

import numpy as np
import pytest

from vaedemo.store.checkpoints import load_checkpoint
from vaedemo.store.library import Library
from vaedemo.training.moments import FOLLOWED
from vaedemo.training.pool import Pool
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.train.server import LEAST, Training

JUNK = [None, 0, -1, 2.5, True, 10**400, "", "x", "é" * 500, "../../etc/passwd", [], [1], {}, float("nan")]
SETTINGS = {"kind": "dense-vae", "latent_dim": 2, "width": 32, "steps": 30, "lr": 0.005}


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    made = Training(Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads")), Pool(workers=1))
    yield made
    made.pool.close()


@pytest.fixture(scope="module")
def functions(tab):
    return {f.__name__: f for f in tab.functions}


def followed(functions, run):
    """All messages of a run until it is over, and how it ended."""
    messages = []
    for _ in range(2400):
        answer = functions["poll"]({"run": run})
        messages += answer["messages"]
        if answer["state"] in ("done", "stopped", "failed") and not answer["left"]:
            return messages, answer
        time.sleep(0.05)
    raise AssertionError(f"the run has not ended: {answer['state']}")


def test_first_screen_is_json_and_names_what_can_be_learned_from(tab):
    screen = json.loads(json.dumps(tab.first_screen()))
    assert list(screen["table"]) == ["digits", "fashion", "shapes", "own"]
    assert screen["usual"]["kind"] == "dense-vae"


def test_before_the_first_step_there_is_a_moment_too(functions):
    answer = functions["untrained"]({"settings": SETTINGS, "data": "digits"})
    assert answer["moment"]["step"] == 0 and "loss" not in answer["moment"] and len(answer["moment"]["map"]) > 1000


@pytest.mark.slow
def test_a_run_sends_moments_and_what_is_kept_is_its_model(functions, tmp_path):
    answer = functions["start"]({"settings": SETTINGS, "data": "digits"})
    assert len(base64.b64decode(answer["labels"])) == 2000
    messages, end = followed(functions, answer["run"])
    assert end["state"] == "done", end
    moments = [m for m in messages if m["is"] == "moment"]
    assert moments[0]["step"] == 0 and moments[-1]["step"] == SETTINGS["steps"]
    last = moments[-1]
    assert set(last["numbers"]) == {"mu", "logvar", "eps", "z"} and len(last["numbers"]["z"]) == 2
    assert last["loss"] == pytest.approx(last["distortion"] + last["kl"], rel=1e-5)
    assert len(base64.b64decode(last["codes"])) == 2000 * 4
    kept = functions["keep"]({"run": answer["run"]})
    assert kept["step"] == SETTINGS["steps"]
    path = tmp_path / "kept.safetensors"
    path.write_bytes(base64.b64decode(kept["checkpoint"]))
    model, _, record = load_checkpoint(path)
    assert model.config.kind == "dense-vae" and record["classroom"]["width"] == 32
    opened = functions["open"]({"checkpoint": kept["checkpoint"]})
    assert opened["settings"]["width"] == 32 and opened["data"] == "digits" and len(opened["moment"]["map"]) > 1000
    assert opened["moment"]["right"] == pytest.approx(last["right"], abs=0.02)  # of weights in half precision
    names = zipfile.ZipFile(io.BytesIO(base64.b64decode(kept["script"]))).namelist()
    assert sorted(names) == ["pictures.u8", "train.py"]


@pytest.mark.slow
def test_pictures_of_ones_own_are_learned_and_a_fork_goes_on_from_a_moment(functions):
    rng = np.random.default_rng(0)
    xs = [base64.b64encode(rng.integers(256, size=(3, 32, 32), dtype=np.uint8)).decode() for _ in range(LEAST)]
    own = {"data": "own", "xs": xs, "size": 32, "channels": 3}
    settings = SETTINGS | {"likelihood": "gaussian", "steps": 12}
    start = functions["start"]({"settings": settings, "changes": [[5, "beta", 4.0]], "replay": 5, **own})
    assert start["labels"] is None
    messages, end = followed(functions, start["run"])
    assert end["state"] == "done"
    assert next(m["step"] for m in messages if m["is"] == "moment") == 5
    assert FOLLOWED <= LEAST


def test_few_pictures_too_many_and_of_other_sizes_are_sentences(functions):
    x = base64.b64encode(bytes(28 * 28)).decode()
    for xs in ([x] * (LEAST - 1), [x] * 501, [x] * LEAST, "x", None):
        asked = {"settings": SETTINGS, "data": "own", "xs": xs, "size": 32, "channels": 1}
        error = functions["start"](asked)["error"]
        assert error.endswith(".") and "Traceback" not in error


@pytest.mark.parametrize("name", ["start", "poll", "tell", "keep", "open", "untrained", "x"])
def test_whatever_comes_is_answered_by_a_sentence(functions, name):
    fields = ("settings", "changes", "data", "xs", "size", "channels", "replay", "run", "do", "source", "checkpoint")
    for field in fields:
        for junk in JUNK:
            body = {"settings": {"kind": junk}, "data": "own", field: junk}
            answer = functions[name](body)
            assert "error" in answer, (name, body)
            assert answer["key"] != "Exception", (name, body, answer)
    for key in SETTINGS | {"beta": 1, "loss": 1, "sigma": 1, "seed": 1, "changes": 1}:
        for junk in JUNK:
            if (key, junk) not in (("beta", 0), ("sigma", 0), ("seed", 0), ("beta", 2.5), ("steps", 1)):
                answer = functions["start"]({"settings": SETTINGS | {key: junk}, "data": "digits", "replay": -1})
                assert answer.get("key") not in (None, "Exception"), (key, junk, answer)
