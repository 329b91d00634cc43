"""The server functions of "Reconstruct" besides the page's own: the code improved, a round a request."""

import numpy as np
import pytest

from vaedemo.data.domains import SIZED
from vaedemo.services.codec import small
from vaedemo.services.improve import ROUNDS
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server import wire
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.reconstruct.improving import Improving


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(Library(checkpoints_folder()), tmp_path_factory.mktemp("uploads"))


@pytest.fixture(scope="module")
def ask(service):
    functions = (*service.photographs.functions, Improving(service).improve)
    return {f.__name__: wire.answered(f) for f in functions}


def asked(kind="vae", d=2, **changes):
    x = np.zeros((1, 28, 28), np.float32)
    x[:, 5:23, 12:16] = 1
    return {"domain": "digits", "kind": kind, "d": d, "beta": 1, "x": wire.pack(x)} | changes


def worked_off(ask, request):
    answers = [ask["improve"](request)]
    while answers[-1]["done"] < answers[-1]["total"]:
        answers.append(ask["step"]({"job": answers[0]["job"]}))
    return answers


@pytest.mark.parametrize("kind, d", [("vae", 2), ("ae", 8)])
def test_a_code_is_improved_round_by_round(ask, service, kind, d):
    request = asked(kind, d)
    answers = worked_off(ask, request)
    assert [a["done"] for a in answers] == list(range(ROUNDS + 1))
    assert all((a["objective"] is None) == (kind == "ae") and a["psnr"] > 0 for a in answers)
    result, x = answers[-1]["result"], wire.unpack(request["x"], SIZED["digits"])
    again = service.decode({k: request[k] for k in ("domain", "kind", "d", "beta", "x")} | {"z": result["z"]})
    assert result["psnr"] == pytest.approx(again["psnr"], abs=0.02)
    coded = small.encoded(service.library, x, ModelKey("digits", kind, d), np.array(result["z"]))
    assert result["size"]["bits"] == pytest.approx(coded.bits, rel=0.02)
    told = result["improved"]
    assert told["psnr"][0] == answers[0]["psnr"] and (told["gap"] is None) == (kind == "ae")
    first, last = told["psnr"] if kind == "ae" else told["objective"]
    assert last > first
    assert ask["step"]({"job": answers[0]["job"]})["result"] == result  # asked for once more


def test_a_search_that_was_stopped_is_gone(ask):
    job = ask["improve"](asked())["job"]
    assert ask["stop"]({"job": job}) == {}
    assert ask["step"]({"job": job}) == {"error": "This is no longer here; choose the picture again.", "key": "Gone"}


@pytest.mark.parametrize(
    "wrong", [{"x": None}, {"x": "AA"}, {"kind": "gan"}, {"d": 3}, {"d": "2"}, {"domain": "cats"}, {"beta": []}]
)
def test_a_wrong_request_is_one_sentence(ask, wrong):
    answer = ask["improve"](asked(**wrong))
    assert set(answer) == {"error", "key"} and answer["key"] != "Exception"


@pytest.mark.parametrize("wrong", [None, [], {}, {"job": None}, {"job": 3}, {"job": "x"}])
def test_a_job_that_never_was_is_one_sentence(ask, wrong):
    for name in ("step", "stop"):
        answer = ask[name](wrong)
        assert answer == {} or (set(answer) == {"error", "key"} and answer["key"] != "Exception")
