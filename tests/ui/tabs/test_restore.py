"""Server functions of "Denoise" and "Inpaint": answers, photographs by tiles, hostile requests, bounds of the jobs."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from vaedemo.data.damage import NOISES
from vaedemo.errors import PictureError
from vaedemo.services.restore.networks import CLOSEST
from vaedemo.store.library import Library
from vaedemo.ui.server import jobs as work
from vaedemo.ui.server import wire
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.restore import row, server
from vaedemo.ui.tabs.restore.server import RestoreTab


@pytest.fixture(scope="module")
def ask(tmp_path_factory, one_thread):
    own = RestoreTab(Service(Library(), tmp_path_factory.mktemp("uploads")))
    return {f.__name__: f for f in own.functions}


@pytest.fixture(scope="module")
def x(ask):
    return ask["source"]({"source": {"example": "three", "domain": "digits"}, "domain": "digits"})["x"]


def request(x, **more):
    return {"domain": "digits", "x": x, "noise": None, "level": 0, "seed": 1, "mask": None, "n": 4} | more


def half():
    known = np.ones((28, 28), np.uint8)
    known[:, 14:] = 0
    return known


@pytest.mark.parametrize("noise", NOISES)
def test_every_noise_is_added_and_taken_away(ask, x, noise):
    sent = request(x, noise=noise, level=NOISES[noise].usual)
    got = ask["restore"](sent)
    assert len(got["log_likelihood"]) == 4
    assert got["best"] in range(4) if noise in CLOSEST else got["best"] is None
    assert len(base64.b64decode(got["samples"])) == 4 * 784
    assert got == ask["restore"](sent)
    if noise not in ("jpeg", "blur"):
        assert got["figures"]["mean"]["psnr"] > got["figures"]["y"]["psnr"] + 1
    others = ask["compare"](sent | {"methods": ["plain", "nlm", "wavelet", "tv", "median"]})["methods"]
    assert len(others) == 5 and all(m["psnr"] > 5 for m in others.values())


def test_known_pixels_come_back_bit_for_bit(ask, x):
    known = half()
    mask = {"width": 28, "height": 28, "data": base64.b64encode(known.tobytes()).decode()}
    got = ask["restore"](request(x, mask=mask))
    clean = np.frombuffer(base64.b64decode(x), np.uint8).reshape(28, 28)
    for name in ("mean", "samples"):
        made = np.frombuffer(base64.b64decode(got[name]), np.uint8).reshape(-1, 28, 28)
        assert (made[:, :, :14] == clean[:, :14]).all()
    assert got["figures"]["mean"]["hole"] is not None and got["sigma"] == 0 and got["best"] is None
    assert got == ask["restore"](request(x, mask=mask["data"]))


def test_masks_that_hide_all_or_nothing(ask, x):
    nothing = {"width": 1, "height": 1, "data": base64.b64encode(b"\0").decode()}
    assert "mean" in ask["restore"](request(x, mask=nothing))
    assert ask["compare"](request(x, mask=nothing, methods=["biharmonic"]))["key"] == "PictureError"
    everything = {"width": 2, "height": 2, "data": base64.b64encode(b"\1\1\1\1").decode()}
    assert "mean" in ask["restore"](request(x, mask=everything))


def test_a_damaged_picture_is_scaled_only_and_its_noise_estimated(ask):
    clean = np.zeros((28, 28), np.float32)
    clean[5:23, 12:16] = 1
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 0.3, clean.shape), 0, 1)
    from vaedemo.pictures.draw import to_image

    uri = wire.data_uri(to_image(noisy[None]), lossless=True)
    made = ask["source"]({"source": {"data": uri}, "domain": "digits", "given": True})
    assert np.abs(np.frombuffer(base64.b64decode(made["x"]), np.uint8).reshape(28, 28) / 255 - noisy).max() < 0.003
    got = ask["restore"](request(made["x"], given=True))
    assert 0.2 < got["estimated"] < 0.4 and got["figures"] is None and got["sigma"] is None
    assert ask["restore"](request(made["x"], given=True, sigma=0.3))["sigma"] == 0.3


@pytest.mark.parametrize("kind", ["left", "block", "random", "lines", "text"])
def test_mask_presets(ask, kind):
    got = ask["mask"]({"kind": kind, "width": 40, "height": 30, "amount": None, "seed": 3})
    known = np.frombuffer(base64.b64decode(got["mask"]), np.uint8)
    assert known.size == 1200 and set(np.unique(known)) == {0, 1}


def test_a_photograph_is_worked_off_tile_by_tile(ask):
    sent = {"source": {"example": "coffee", "domain": "objects"}, "noise": "gaussian", "level": 0.1, "seed": 1, "n": 1}
    job = ask["begin"](sent)
    assert (job["width"], job["height"]) == (600, 400) and job["total"] >= 2
    assert "not finished" in ask["file"]({"job": job["job"], "which": "mean"})["error"]
    steps = [ask["step"]({"job": job["job"]}) for _ in range(job["total"])]
    assert [s["done"] for s in steps] == list(range(1, job["total"] + 1))
    assert "result" in steps[-1] and "result" not in steps[0]
    assert steps[-1]["figures"]["mean"]["psnr"] > steps[-1]["figures"]["y"]["psnr"] + 5
    assert ask["file"]({"job": job["job"], "which": "mean"})["data"].startswith("data:image/png")
    assert ask["stop"]({"job": job["job"]}) == {}
    assert ask["step"]({"job": job["job"]})["key"] == "Gone"


def sent(array):
    return {"data": wire.data_uri(Image.fromarray(array), lossless=True)}


def bytes_of(answer, height, width):
    return np.frombuffer(base64.b64decode(answer["mask"]), np.uint8).reshape(height, width)


def test_a_masks_file_goes_the_way_of_its_picture(ask):
    bar = np.zeros((300, 400), np.uint8)
    bar[40:240, 260:300] = 255  # far from the middle: trimmed and centred as a digit
    marked = np.zeros((300, 400), np.uint8)
    marked[40:140, 260:300] = 1
    request = {"source": sent(marked), "picture": sent(bar), "domain": "digits", "width": 28, "height": 28}
    known = bytes_of(ask["maskfile"](request), 28, 28)
    x = np.frombuffer(base64.b64decode(ask["source"]({"source": sent(bar), "domain": "digits"})["x"]), np.uint8)
    rows = np.flatnonzero((x.reshape(28, 28) > 127).any(1))
    gone = np.flatnonzero((known == 0).any(1))
    assert abs(gone[0] - rows[0]) <= 1 and abs(gone[-1] - (rows[0] + rows[-1]) / 2) <= 1
    wide = np.full((100, 200, 3), 90, np.uint8)
    right = np.zeros((100, 200), np.uint8)
    right[:, 160:] = 255
    request = {"source": sent(right), "picture": sent(wide), "domain": "objects", "width": 32, "height": 32}
    answer = ask["maskfile"](request)
    assert bytes_of(answer, 32, 32).all() and answer["note"] == "outside" and answer["share"] == 0
    right[:, 140:] = 255
    request["source"] = sent(right)
    assert np.array_equal(bytes_of(ask["maskfile"](request), 32, 32), np.tile(np.arange(32) < 28, (32, 1)))
    request |= {
        "source": sent(np.zeros((32, 32), np.uint8)),
        "picture": None,
    }  # another tab's picture: x alone is known
    assert ask["maskfile"](request)["note"] == "nothing"
    request["source"] = {"data": "data:image/png;base64,AAAA"}
    assert "not a picture" in ask["maskfile"](request)["error"]
    request["source"] = sent(np.zeros((30, 20), np.uint8))
    assert "give both one size" in ask["maskfile"](request)["error"]


def test_a_masks_file_over_a_photograph_is_as_exact_as_it_is_but_where_it_was_painted_over(ask):
    rgb = np.random.default_rng(0).integers(0, 256, (70, 1100, 3)).astype(np.uint8)
    marked = np.zeros((70, 1100), np.uint8)
    marked[:, 5::100] = 255
    mask = {"width": 512, "height": 33}
    answer = ask["maskfile"](mask | {"source": sent(marked), "picture": sent(rgb), "domain": "photos"})
    shown = bytes_of(answer, 33, 512).copy()
    assert 11 <= (shown[0] == 0).sum() <= 22
    shown[:, 500:] = 0  # the brush
    shown[:, :20] = 1  # and the eraser, over the first two lines
    mask |= {"data": base64.b64encode(shown.tobytes()).decode(), "file": sent(marked)}
    job = ask["begin"]({"source": sent(rgb), "noise": None, "level": 0, "seed": 1, "n": 1, "mask": mask})
    made = [ask["step"]({"job": job["job"]}) for _ in range(job["total"])]
    assert "result" in made[-1]
    uri = ask["file"]({"job": job["job"], "which": "mean"})["data"]
    same = (np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))) == rgb).all(2)
    columns = np.flatnonzero(~same.all(0))
    lines, brushed = range(105, 1074, 100), range(1075, 1100)
    assert set(columns) <= {*lines, *brushed} and len(columns) > 30


HOSTILE = [
    ("maskfile", {"source": 4, "width": 9, "height": 9}), ("maskfile", {"source": None, "width": 9, "height": 9}),
    ("maskfile", {"width": 10**6, "height": 9}), ("maskfile", {"width": 9, "height": 9, "domain": ["x"]}),
    ("maskfile", {"source": {"upload": "/etc/passwd"}, "width": 9, "height": 9}),
    ("restore", {"n": 0}), ("restore", {"n": 99}), ("restore", {"seed": -1}), ("restore", {"seed": True}),
    ("restore", {"noise": "__class__", "level": 1}), ("restore", {"noise": "gaussian", "level": float("nan")}),
    ("restore", {"noise": "gaussian", "level": "1"}), ("restore", {"sigma": 7}), ("restore", {"sigma": float("inf")}),
    ("restore", {"mask": "AAAA"}), ("restore", {"mask": 3}), ("restore", {"mask": {"width": 10**9, "height": 1}}),
    ("restore", {"domain": "photos"}), ("restore", {"x": "AAAA"}), ("compare", {"methods": [["nlm"]]}),
    ("compare", {"methods": "nlm"}), ("compare", {"methods": ["rm"] * 3}), ("mask", {"kind": "own"}),
    ("mask", {"kind": "left", "width": 10**6, "height": 4}), ("begin", {"source": None}), ("step", {"job": ["x"]}),
    ("begin", {"source": {"upload": "/etc/passwd"}}), ("file", {"job": None}), ("source", {"source": 4}),
]  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_hostile_requests_get_one_sentence(ask, x, case):
    name, more = case
    got = ask[name](request(x) | more)
    assert got["key"] != "Exception" and got["error"].endswith((".", "!", "?"))


def test_jobs_are_bounded_and_forgotten(monkeypatch):
    class Fake:
        size = 15_000_000

    jobs = work.Jobs(40_000_000, "This one is no longer here.")
    names = [jobs.add(Fake()) for _ in range(4)]
    for gone in names[:2]:
        with pytest.raises(PictureError):
            jobs.get(gone)
    assert jobs.get(names[3]).size
    later = work.time.monotonic() + 10_000
    monkeypatch.setattr(work.time, "monotonic", lambda: later)
    with pytest.raises(PictureError):
        jobs.get(names[3])


def photograph(**more):
    return {
        "source": {"example": "coffee", "domain": "objects"},
        "noise": "gaussian",
        "level": 0.1,
        "seed": 1,
        "n": 1,
    } | more


def worked_off(ask, sent):
    """(the job as begun, all steps' answers in one)."""
    job, answer = ask["begin"](sent), {"methods": {}}
    for _ in range(job["total"]):
        step = ask["step"]({"job": job["job"]})
        step["methods"] = answer["methods"] | step.get("methods", {})
        answer |= step
    return job, answer


def test_what_a_picture_opens_with_is_what_its_model_learnt(ask):
    own = RestoreTab(Service(Library(), "."))
    for task in ("denoise", "inpaint"):
        table = own.first_value(task)["table"]
        assert set(table["digits"]["noises"]) == set(NOISES) and table["digits"]["mask"] == "left"
        photos = table["photos"]
        assert set(photos["noises"]) == {"gaussian", "salt_and_pepper", "speckle", "poisson"}
        assert photos["noises"]["gaussian"] == {"low": 0.02, "high": 0.29, "usual": 0.1}
        assert photos["mask"] == "text" and photos["strongest"] == pytest.approx(75 / 255)
    for noise, level in (("jpeg", 20), ("blur", 1.0), ("gaussian", 0.5)):
        assert "error" in ask["begin"](photograph(noise=noise, level=level))


@pytest.mark.parametrize("n", [0, 1, 4])
def test_as_many_samples_of_a_photograph_are_drawn_as_were_offered_and_chosen(ask, n):
    table = RestoreTab(Service(Library(), ".")).first_value("denoise")["table"]
    assert table["digits"]["samples"] == [1, 4, 8, 16] and table["digits"]["usual"] == 8
    assert table["photos"]["samples"] == [1, 4] and table["photos"]["usual"] == 4
    job, made = worked_off(ask, photograph(source={"example": "camera", "domain": "objects"}, n=n))
    assert job["samples"] == n == len(made.get("samples", [])) and ("spread" in made) == (n > 0)
    own = [ask["file"]({"job": job["job"], "which": "sample", "index": i}) for i in range(n)]
    assert len(made["figures"]["samples"]) == n
    for name in ("error_map", "residual"):  # of each sample its own
        assert len({made[name], *(one[name] for one in own)}) == n + 1


def test_a_large_photograph_has_no_samples_and_says_so(ask, monkeypatch):
    for place in (server, row):
        monkeypatch.setattr(place, "LOSSLESS", 200_000)
    assert RestoreTab(Service(Library(), ".")).first_value("denoise")["table"]["photos"]["sampled"] == 200_000
    assert ask["begin"](photograph(n=4))["samples"] == 0


def test_a_grey_photograph_gets_grey_noise_and_stays_grey(ask):
    from io import BytesIO

    from PIL import Image

    sent = photograph(source={"example": "camera", "domain": "objects"})
    job, made = worked_off(ask, sent)
    assert job["grey"] and not ask["begin"](photograph())["grey"]
    for uri in (ask["file"]({"job": job["job"], "which": w})["data"] for w in ("damaged", "mean")):
        levels = np.asarray(Image.open(BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB"))
        assert (levels[..., 0] == levels[..., 1]).all() and (levels[..., 1] == levels[..., 2]).all()
    assert made["figures"]["mean"]["psnr"] > made["figures"]["y"]["psnr"] + 5


def test_classical_methods_stand_beside_a_photograph_and_take_steps_of_their_own(ask):
    job, made = worked_off(ask, photograph(methods=["nlm", "median", "plain"]))
    assert job["left_out"] == ["plain"] and job["total"] > job["own"] >= 1
    assert set(made["methods"]) == {"nlm", "median"} and made["result"]
    assert made["methods"]["nlm"]["psnr"] > made["methods"]["median"]["psnr"] > made["figures"]["y"]["psnr"]
    assert made["figures"]["mean"]["psnr"] > made["methods"]["nlm"]["psnr"]


@pytest.mark.parametrize("noise", ["poisson", "gaussian"])
def test_the_noise_that_is_shown_is_that_of_the_picture_itself(ask, x, noise):
    got = ask["restore"](request(x, noise=noise, level=0.3))
    y, clean = (np.frombuffer(base64.b64decode(v), np.uint8) / 255 for v in (got["y"], x))
    assert got["measured"] == pytest.approx(np.sqrt(np.square(y - clean).mean()), abs=0.003)
    assert got["sigma"] == pytest.approx(0.3 if noise == "gaussian" else 0.3 / 2**0.5, rel=1e-3)
    assert got["temperature"] == 1 and ask["begin"](photograph(noise=noise))["measured"] < 0.12


def test_a_wide_hole_in_a_photograph_is_said(ask):
    def begun(known):
        mask = {"width": known.shape[1], "height": known.shape[0], "data": base64.b64encode(known.tobytes()).decode()}
        return ask["begin"](photograph(noise=None, mask=mask, methods=["biharmonic"]))

    known = np.ones((400, 600), np.uint8)
    known[100:140, 50:300] = 0
    small = begun(known)
    assert not small["guessed"] and small["left_out"] == []
    known[:, :300] = 0
    wide = begun(known)
    assert wide["guessed"] and wide["left_out"] == ["biharmonic"]
    assert "othing of the photograph is known" in begun(known * 0)["error"]
