"""The tab "Train" without a browser: its server functions, honest and hostile."""

import base64
import io
import json
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from vaedemo.data.taught import FOLLOWED
from vaedemo.store.checkpoints import load_checkpoint
from vaedemo.store.key import ModelKey
from vaedemo.store.lent import MOST
from vaedemo.store.library import Library
from vaedemo.training.pool import Pool
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.server import wire
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs import generate, latent, odd, restore
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


# ---- lent to the other tabs ------------------------------------------------------------------------------------


def trained(functions, data="digits", **settings):
    """The name of a run that has ended, and its last step."""
    settings = SETTINGS | {"steps": 12} | settings
    run = functions["start"]({"settings": settings, "data": data, "few": data == "digits"})["run"]
    followed(functions, run)
    return run, settings["steps"]


@pytest.fixture(scope="module")
def lent(functions):
    run, step = trained(functions)
    return functions["lend"]({"run": run, "data": "digits", "step": step})


@pytest.fixture(scope="module")
def others(tab):
    """Server functions of the other tabs over the same Service, by tab and name."""
    service = tab.service
    made = {
        "reconstruct": [*service.functions, service.lent(service.row)],
        "generate": generate.server.Generation(service).functions,
        "latent": [*latent.server.functions(service), service.lent(lambda name: latent.server.lent_row(service, name))],
        "odd": odd.server.Oddities(service).functions,
        "restore": restore.server.RestoreTab(service).functions,
    }
    return {name: {f.__name__: f for f in own} for name, own in made.items()}


@pytest.mark.slow
def test_a_lent_model_is_used_by_every_other_tab(lent, others, tab):
    domain = lent["domain"]
    assert lent["tabs"] == ["reconstruct", "latent", "generate", "denoise", "inpaint", "odd"] and lent["step"] == 12
    rows = {name: functions["row"]({"domain": domain})["row"] for name, functions in others.items()}
    assert all(row["like"] == "digits" and "zero" in row["examples"] for row in rows.values())
    assert rows["reconstruct"]["kinds"] == {"ae": [2], "vae": [2], "dense": [2], "pca": [2]}
    source = {"example": "zero", "domain": domain}
    shown = others["reconstruct"]["prepare"]({"source": source, "domain": domain, "models": [["vae", 2], ["ae", 2]]})
    own, shipped = shown["results"]
    model = tab.library.model(ModelKey(domain, "vae", 2))
    x = wire.unpack(shown["x"], tab.library.domain(domain))
    assert own["z"] == pytest.approx(model.encode(x_of(x)).mu[0].tolist(), abs=1e-4) and own["size"]["bytes"] > 0
    ae = others["reconstruct"]["look"]({"x": shown["x"], "domain": "digits", "models": [["ae", 2]]})["results"][0]
    assert shipped["x_hat"] == ae["x_hat"]  # the others of two numbers are the shipped ones
    asked = {"domain": domain, "d": 2, "n": 4, "seed": 1, "temperature": 1, "label": 3}
    grids = others["generate"]["samples"](asked)["grids"]
    assert all("x" in grids[name] for name in ("vae-normal", "vae-mixture", "ae-normal"))
    drawn = others["latent"]["lentmap"]({"domain": domain})
    assert drawn["about"]["count"] == 500 and list(drawn["decoders"]) == ["vae"]
    odd = others["odd"]["judge"]({"domain": domain, "d": 2, "x": shown["x"]})
    assert "error" not in odd and odd["scores"]["joint"] > 0
    body = {
        "domain": domain,
        "x": shown["x"],
        "noise": None,
        "seed": 1,
        "mask": None,
        "methods": ["plain"],
        "given": True,
    }
    plain = others["restore"]["compare"](body | {"sigma": 0.1})
    assert plain["methods"]["plain"]["x_hat"]


def x_of(x):
    import torch

    return torch.from_numpy(x)[None]


@pytest.mark.slow
def test_a_lent_model_is_in_no_list_and_goes_when_another_takes_its_place(functions, others, tab, lent):
    run, step = trained(functions, "shapes", kind="dense")
    before = functions["lend"]({"run": run, "data": "shapes", "step": step})
    assert before["tabs"] == ["reconstruct", "generate"]  # what restores shapes knows larger ones
    assert not {before["domain"], lent["domain"]} & {*tab.library.domains, *tab.service.table()}
    assert functions["lend"]({"run": run, "data": "shapes", "step": 3}) == {"step": step}
    after = functions["lend"]({"run": run, "data": "shapes", "step": step, "before": before["domain"]})["domain"]
    row = others["reconstruct"]["row"]
    assert row({"domain": after})["row"]["kinds"] == {"ae": [2]}
    assert "no longer kept" in row({"domain": before["domain"]})["error"]
    for name in ("yours-vae-0123456789abcdef", "digits/../fashion", "x"):
        assert "error" in row({"domain": name})
    shelf = tab.library.lent
    kept = shelf.get(after)
    for i in range(MOST):
        kept.row = replace(kept.row, name=f"yours-ae-{i:016x}")
        shelf.put(kept)
    assert "no longer kept" in row({"domain": after})["error"]


@pytest.mark.slow
def test_a_model_of_ones_own_pictures_is_lent_alone(functions, others):
    xs = [base64.b64encode(bytes([3 * i] * 28 * 28)).decode() for i in range(30)]
    settings = SETTINGS | {"steps": 3, "likelihood": "gaussian"}
    run = functions["start"]({"settings": settings, "data": "own", "xs": xs, "size": 28, "channels": 1})["run"]
    followed(functions, run)
    lent = functions["lend"]({"run": run, "data": "own", "step": 3})
    assert lent["tabs"] == ["reconstruct", "generate"]
    row = others["reconstruct"]["row"]({"domain": lent["domain"]})["row"]
    assert row["kinds"] == {"vae": [2]} and "like" not in row and row["examples"]
