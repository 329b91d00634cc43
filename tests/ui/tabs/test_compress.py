"""Server functions of "Compress": files and figures, searches, other codecs, opened files, hostile requests."""

import base64
import io
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from tests.uploaded import laid
from vaedemo.services.codec.container import HEADER
from vaedemo.store.library import Library
from vaedemo.ui.server.calls import sentences
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.compress import api
from vaedemo.ui.tabs.compress.server import Compression

pytestmark = pytest.mark.usefixtures("one_thread")
COFFEE = {"example": "coffee", "domain": "objects"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def service(folder):
    return Service(Library(), folder)


@pytest.fixture(scope="module")
def ask(service):
    return {f.__name__: f for f in Compression(service).functions}


@pytest.fixture(scope="module")
def endpoints(service):
    return {f.__name__: sentences()(f) for f in api.functions(service)}


def worked_off(ask, begun):
    assert "error" not in begun, begun
    answers = [begun]
    while answers[-1].get("done", 0) < answers[-1]["total"]:
        answers.append(ask["step"]({"job": begun["job"]}))
        assert "error" not in answers[-1], answers[-1]
    return answers


def picture_of(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def uploaded(folder, name, data):
    return {"upload": str(laid(folder, data, name))}


@pytest.fixture(scope="module")
def done(ask):
    begun = ask["begin"]({"source": COFFEE, "quality": 40})
    return begun["job"], worked_off(ask, begun)[-1]


def test_a_photograph_is_coded_and_its_figures_are_of_its_file(ask, endpoints, done):
    job, last = done
    look = ask["photo"]({"source": COFFEE})
    assert (look["width"], look["height"], look["changes"]) == (600, 400, [])
    x, x_hat = picture_of(look["original"]), picture_of(last["result"])
    psnr = 10 * np.log10(255**2 / np.mean((x.astype(float) - x_hat) ** 2))
    assert last["figures"]["psnr"] == pytest.approx(psnr, abs=0.01)
    data = base64.b64decode(ask["file"]({"job": job})["data"])
    assert len(data) == last["bytes"] and last["bpp"] == pytest.approx(8 * len(data) / 240_000, rel=1e-3)
    assert last["ratio"] == pytest.approx(720_000 / len(data), rel=1e-3) and last["ratio_to_file"] is None
    opened = endpoints["decompress"](base64.b64encode(data).decode())
    assert np.array_equal(picture_of(opened["picture"]), x_hat) and opened["missing"] == 0
    error = picture_of(last["error_map"])[..., 0] / 255 * 0.1
    wanted = np.abs(x.astype(float) - x_hat).mean(2) / 255
    assert np.abs(error - wanted.clip(max=0.1)).max() < 0.001
    heat = last["heat"]
    bits = np.frombuffer(base64.b64decode(heat["data"]), np.uint8) / 255 * heat["most"]
    assert (heat["width"], heat["height"]) == (38, 25)
    assert bits.sum() == pytest.approx(8 * (len(data) - HEADER), rel=0.02)
    assert np.array_equal(picture_of("," + ask["file"]({"job": job, "which": "png"})["data"]), x_hat)


def test_a_part_is_sent_at_its_own_size(ask, done):
    job, last = done
    part = ask["crop"]({"job": job, "box": [590, 380, 100, 100]})
    assert part["box"] == [590, 380, 10, 20]
    assert set(part["parts"]) == {"original", "result", "error"}
    assert np.array_equal(picture_of(part["parts"]["result"]), picture_of(last["result"])[380:400, 590:600])


@pytest.mark.parametrize("wish", [{"bytes": 9000}, {"bpp": 0.25}, {"psnr": 29}])
def test_what_is_wished_for_is_searched(ask, wish):
    last = worked_off(ask, ask["begin"]({"source": COFFEE, "live": True, **wish}))[-1]
    assert len(last["tried"]) >= 5
    met = {"bytes": last["bytes"] <= 9000, "bpp": last["bpp"] <= 0.25, "psnr": last["figures"]["psnr"] >= 29}
    assert met[next(iter(wish))] and last["figures"]["ssim"] is None


def test_refining_ends_when_it_is_told_to_and_keeps_what_it_gained(ask, done):
    _, before = done
    begun = ask["begin"]({"source": COFFEE, "quality": 40, "refine": 100})
    steps = []
    while len(steps) < 12:
        answer = ask["step"]({"job": begun["job"]})
        steps += [answer["refined"]] if "refined" in answer else []
    assert ask["finish"]({"job": begun["job"]}) == {}
    last = worked_off(ask, {**begun, "done": 0})[-1]
    assert last["done"] == last["total"] and steps[-1]["bits"] > 0 and steps[-1]["psnr"] > 20
    assert last["bytes"] <= 1.02 * before["bytes"]


def test_every_codec_comes_beside_ours(ask, done):
    job, last = done
    begun = ask["beside"]({"job": job, "measure": "size"})
    rows = [a["row"] for a in worked_off(ask, begun) if "row" in a]
    parts = ask["crop"]({"job": begun["job"], "box": [10, 20, 30, 40]})["parts"]
    assert np.array_equal(picture_of(parts["made2"]), picture_of(rows[2]["picture"])[20:60, 10:40])
    assert {"vaedemo", "JPEG", "WebP", "PNG"} <= {r["name"] for r in rows}
    assert rows[0]["bytes"] == last["bytes"] and rows[0]["psnr"] == last["figures"]["psnr"]
    assert np.array_equal(picture_of(rows[0]["picture"]), picture_of(last["result"]))


def test_points_of_curves_and_of_channels(ask, done):
    job, last = done
    points = [a["point"] for a in worked_off(ask, ask["ladder"]({"job": job})) if "point" in a]
    assert [p["channels"] for p in points][-1] == 320 and points[-1]["bytes"] == last["bytes"]
    curves = ask["published"]({})["curves"]
    assert all(len(c["bpp"]) == len(c["psnr"]) for c in curves.values()) and "mbt2018-mean-8bit" in curves


def test_the_basis_as_tiles(ask, done):
    found = ask["basis"]({"job": done[0]})
    for kind, side in (("learned", 16), ("cosines", 8), ("principal", 16)):
        assert len(found[kind]) == 64
        assert {len(base64.b64decode(tile["x"])) for tile in found[kind]} == {3 * side**2}


@pytest.mark.parametrize("pictures", ["digits", "white", "fashion"])
def test_a_stack_gives_back_every_pixel(ask, pictures):
    begun = ask["stack"]({"pictures": pictures})
    *_, last = answers = worked_off(ask, begun)
    assert sorted(
        i for a in answers if "pushed" in a for i in range(a["pushed"]["first"], a["pushed"]["last"])
    ) == list(range(len(begun["pictures"])))
    assert last["verdict"]["before"] == last["verdict"]["after"]
    pushed = [a["pushed"] for a in answers if "pushed" in a]
    net = [p["pixels"] + p["prior"] - p["taken"] for p in pushed]
    grown = np.diff([p["stack"] for p in pushed])
    assert np.allclose(grown, net[1:], atol=2)


def test_a_file_is_opened_whole_and_cut_short(ask, folder, done):
    job, last = done
    data = base64.b64decode(ask["file"]({"job": job})["data"])
    whole = ask["open"]({"source": uploaded(folder, "whole.vae", data)})
    assert whole["bytes"] == len(data) and whole["channels"] == whole["coded"] == 320
    assert np.array_equal(picture_of(whole["picture"]), picture_of(last["result"]))
    assert np.array_equal(
        picture_of("," + ask["file"]({"job": whole["job"], "which": "png"})["data"]), picture_of(whole["picture"])
    )
    assert set(ask["crop"]({"job": whole["job"], "box": [0, 0, 9, 9]})["parts"]) == {"result"}
    assert ask["basis"]({"job": whole["job"]})["key"] == "PictureError"
    cut = ask["open"]({"source": uploaded(folder, "cut.vae", data[: len(data) // 2])})
    assert cut["missing"] > 0 and cut["channels"] < 320


@pytest.mark.parametrize("data", [b"", b"no file of ours", b"VAE\1" + bytes(40), b"VAL\1" + bytes(40), bytes(5000)])
def test_a_foreign_file_is_one_sentence(ask, folder, data):
    answer = ask["open"]({"source": uploaded(folder, "foreign.vae", data)})
    assert answer["error"].endswith(".") and answer["key"] == "CodecError"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"quality": 101},
        {"quality": "good"},
        {"quality": True},
        {"quality": 50, "bytes": 900},
        {"bytes": 0},
        {"bytes": 12.5},
        {"bpp": float("nan")},
        {"psnr": 1e9},
        {"quality": 50, "channels": 321},
        {"quality": 50, "channels": 0},
        {"quality": 50, "refine": 1e6},
        {"quality": 50, "source": {"upload": "/etc/passwd"}},
        {"quality": 50, "source": None},
        {"bytes": 3},
    ],
)
def test_a_wrong_wish_is_one_sentence(ask, wrong):
    begun = answer = ask["begin"]({"source": COFFEE} | wrong)
    while "error" not in answer:
        assert answer.get("done", 0) < answer["total"]
        answer = ask["step"]({"job": begun["job"]})
    assert answer["error"].endswith(".") and answer["key"] != "Exception"


@pytest.mark.parametrize("name", ["step", "finish", "crop", "file", "ladder", "beside", "curves", "basis"])
@pytest.mark.parametrize("wrong", [{}, {"job": None}, {"job": "x"}, {"job": 3}, None])
def test_a_job_that_never_was_is_one_sentence(ask, name, wrong):
    answer = ask[name](wrong)
    assert set(answer) == {"error", "key"} and answer["key"] in ("Gone", "RequestError")


@pytest.mark.parametrize("size", [(1, 1), (20_000, 3), (2, 700)])
def test_a_picture_of_any_shape_is_coded_and_compared(ask, folder, size):
    buffer = io.BytesIO()
    Image.new("L", size, 90).save(buffer, "PNG")
    source = uploaded(folder, "odd.png", buffer.getvalue())
    assert ask["photo"]({"source": source})["width"] == size[0]
    begun = ask["begin"]({"source": source, "quality": 20})
    last = worked_off(ask, begun)[-1]
    assert last["bytes"] >= HEADER and last["figures"]["psnr"] > 30
    rows = [a["row"]["name"] for a in worked_off(ask, ask["beside"]({"job": begun["job"]})) if "row" in a]
    assert ("WebP" in rows) == (max(size) <= 16_383) and "PNG" in rows


def test_two_photographs_at_once_wait_for_each_other_and_no_longer(service):
    buffer = io.BytesIO()
    Image.effect_noise((200, 150), 90).convert("RGB").save(buffer, "PNG")
    data = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    request = {"source": {"data": data}, "domain": None, "photos": True}
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(service.prepare, [request] * 12, timeout=60))
    assert {f["domain"] for f in found} == {"photos"}


def test_what_reading_changed_is_told(ask, folder):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(buffer, "JPEG", exif=exif)
    found = ask["photo"]({"source": uploaded(folder, "turned.jpg", buffer.getvalue())})
    assert (found["width"], found["height"]) == (20, 40)
    assert found["changes"] == ["turned", "dropped"] and found["given"] == len(buffer.getvalue())


def test_the_endpoints_take_and_give(endpoints, service):
    rng = np.random.default_rng(0)
    rows = rng.random((5, 7, 3)).tolist()
    made = endpoints["compress"](rows, quality=80)
    assert (made["width"], made["height"], made["channels"]) == (7, 5, 320) and made["ssim"] is None
    back = endpoints["decompress"]({"path": f"data:application/octet-stream;base64,{made['file']}"})
    assert back["picture"] == made["picture"] and back["bytes"] == made["bytes"]
    assert endpoints["compress"](rows, bytes=120)["bytes"] <= 120
    with pytest.raises(gr.Error, match="not a .vae file"):
        endpoints["decompress"](base64.b64encode(b"something else entirely").decode())
    with pytest.raises(gr.Error, match="give one of quality, bytes, bpp, psnr"):
        endpoints["compress"](rows, quality=50, bpp=1)
