"""The endpoints denoise and inpaint, called as functions: what they give, and one sentence for hostile values."""

import base64
import io
import sys

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from tests.services.restore.calls import answers
from vaedemo.data.damage import add_noise
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.prepare import prepare
from vaedemo.services.restore.run import measure
from vaedemo.store.library import Library
from vaedemo.ui.server.calls import sentences
from vaedemo.ui.server.service import Service
from vaedemo.ui.tabs.restore.api import functions

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(Library(), tmp_path_factory.mktemp("uploads"))


@pytest.fixture(scope="module")
def endpoints(service):
    return {f.__name__: sentences()(f) for f in functions(service)}


def uri(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def image_of(text):
    assert text.startswith("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text.split(",", 1)[1]))))


def damaged(x, sigma):
    y = add_noise(torch.from_numpy(x)[None], "gaussian", sigma, torch.Generator().manual_seed(0))
    return to_image(y[0].numpy())


def test_denoise_gives_what_the_service_gives(endpoints, service, digit):
    image = damaged(digit, 0.4)
    made = endpoints["denoise"](uri(image), "digits", None, 3, "vae", 5, uri(to_image(digit)))
    y = np.asarray(image, np.float32)[None] / 255
    want = answers(service.library, y, "digits", samples=3, seed=5)
    assert np.array_equal(image_of(made["x_hat"]), np.asarray(to_image(want.mean)))
    assert len(made["samples"]) == 3
    assert np.array_equal(image_of(made["samples"][2]), np.asarray(to_image(want.samples[2])))
    assert made["sigma"] is None and 0.15 < made["estimated"] < 0.5 and made["hole_psnr"] is None
    assert made["psnr"] > measure(y, digit).psnr + 4 and 0.7 < made["ssim"] < 1
    told = endpoints["denoise"](uri(image), "digits", 0.4)
    assert told["sigma"] == 0.4 and told["estimated"] is None and told["psnr"] is None and len(told["samples"]) == 8
    rows = (np.asarray(image) / 255).tolist()
    assert endpoints["denoise"](rows, "digits", 0.4)["x_hat"] == told["x_hat"]


@pytest.mark.parametrize("method", ["plain", "nlm", "wavelet", "tv", "median"])
def test_other_methods(endpoints, digit, method):
    made = endpoints["denoise"](uri(damaged(digit, 0.3)), "digits", method=method, clean=uri(to_image(digit)))
    assert made["method"] == method and made["samples"] == [] and made["psnr"] > 8


def test_photographs_keep_their_size(endpoints, service, photo):
    image = damaged(photo, 0.1)
    made = endpoints["denoise"](uri(image), clean=uri(to_image(photo)))
    assert made["domain"] == "photos" and made["samples"] == [] and image_of(made["x_hat"]).shape == (80, 96, 3)
    assert 0.05 < made["sigma"] == made["estimated"] < 0.15
    assert made["psnr"] > measure(np.asarray(image).transpose(2, 0, 1) / 255, photo).psnr + 3


@pytest.mark.parametrize("domain", ["digits", "photos"])
@pytest.mark.parametrize("method", ["vae", "plain", "biharmonic"])
def test_white_is_filled_and_black_kept(endpoints, digit, photo, domain, method):
    if (domain, method) == ("photos", "plain"):
        return
    image = to_image(digit if domain == "digits" else photo)
    missing = np.zeros(image.size[::-1], bool)
    missing[9:20, 10:18] = True
    broken = np.asarray(image).copy()
    broken[missing] = 77
    words = {"domain": domain, "method": method, "clean": uri(image)}
    made = endpoints["inpaint"](uri(Image.fromarray(broken)), missing.astype(float).tolist(), **words)
    x_hat = image_of(made["x_hat"])
    assert np.array_equal(x_hat[~missing], broken[~missing]) and not np.array_equal(x_hat[missing], broken[missing])
    assert made["sigma"] == 0 and made["psnr"] > made["hole_psnr"] > 7
    whole = endpoints["inpaint"](uri(image), (missing * 0.0).tolist(), **words)
    assert np.array_equal(image_of(whole["x_hat"]), np.asarray(image)) and whole["hole_psnr"] is None


def test_a_mask_is_cut_as_the_picture_was(endpoints, digit):
    wide = np.zeros((56, 70))
    wide[:, 7:63] = np.kron(digit[0], np.ones((2, 2)))
    missing = np.zeros((56, 70))
    missing[20:40, 27:43] = 1
    made = endpoints["inpaint"](wide.tolist(), missing.tolist(), "digits", samples=1)
    same = image_of(made["x_hat"]) == np.asarray(to_image(prepare(wide, channels=1, size=28).x))
    hole = np.zeros((28, 28), bool)
    hole[10:20, 10:18] = True
    assert same[~hole].all() and not same[hole].all()


GREY = [[0.1, 0.9], [0.4, 0.2]]
BLACK, WHITE = [[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]]
NAN, INF = float("nan"), float("inf")
HOSTILE = [
    ("denoise", (None,), {}),
    ("denoise", (7,), {}),
    ("denoise", ("not base64 !",), {}),
    ("denoise", ("AAAA",), {}),
    ("denoise", ({"path": "/etc/passwd"},), {}),
    ("denoise", ({},), {}),
    ("denoise", ([],), {}),
    ("denoise", ([[1, 2], [3]],), {}),
    ("denoise", ([["a"]],), {}),
    ("denoise", ([[NAN, 0.0]],), {}),
    ("denoise", ([[INF, 0.0]],), {}),
    ("denoise", ([[7.0, 9.0]],), {}),
    *[("denoise", (GREY,), {"domain": value}) for value in ("cats", "x" * 5000, None, ["digits"], {"a": 1}, 3, True)],
    *[("denoise", (GREY, "digits"), {"sigma": v}) for v in (True, NAN, INF, -0.1, 1.1, 25, 10**400, "0.1", [0.1], {})],
    *[("denoise", (GREY, "digits"), {"samples": v}) for v in (True, NAN, INF, 0, 17, 1.5, "8", [8], None)],
    *[("denoise", (GREY, "digits"), {"seed": v}) for v in (True, NAN, -1, 2**31, 0.5, "0", [0], None)],
    *[("denoise", (GREY, "digits"), {"method": v}) for v in ("bm3d", "biharmonic", "", None, ["vae"], {"a": 1}, 1)],
    ("denoise", (GREY, "digits", 0.1), {"method": "plain"}),
    ("denoise", (GREY, "photos"), {"method": "plain"}),
    *[("denoise", (GREY, "digits"), {"clean": v}) for v in (7, "AAAA", [], {"path": "/etc/passwd"}, True)],
    ("denoise", (GREY, "photos"), {"clean": [[0.1]]}),
    *[("inpaint", (GREY, v, "digits"), {}) for v in (None, 7, True, "AAAA", [], [["a"]], [[NAN]], [[0.1]])],
    *[("inpaint", (GREY, BLACK, "digits"), {"sigma": v}) for v in (None, True, NAN, 2, "0", [0])],
    ("inpaint", (GREY, BLACK, "digits", 0.1), {"method": "biharmonic"}),
    ("inpaint", (GREY, BLACK, "digits"), {"method": "nlm"}),
    ("inpaint", (GREY, WHITE, "digits"), {"method": "biharmonic"}),
    ("inpaint", (GREY, WHITE, "photos"), {}),
    ("inpaint", (GREY, [[0.0]], "photos"), {}),
]


@pytest.mark.parametrize("name, given, named", HOSTILE, ids=[f"{n} {str(g)[:30]} {str(k)[:30]}" for n, g, k in HOSTILE])
def test_a_bad_call_gives_one_sentence(endpoints, service, name, given, named):
    with pytest.raises(gr.Error) as caught:
        endpoints[name](*given, **named)
    sentence = caught.value.message
    assert "\n" not in sentence and 10 < len(sentence) < 300 and sentence[0].isupper() and sentence.endswith(".")
    assert service.models_turn.acquire(blocking=False), "a failure kept its turn"
    service.models_turn.release()


def test_limits_of_photographs(endpoints, monkeypatch):
    large = uri(Image.new("L", (2500, 1601)))
    for name, more in (("denoise", ()), ("inpaint", (large,))):
        with pytest.raises(gr.Error, match="limit here is 4 million"):
            endpoints[name](large, *more)
    with pytest.raises(gr.Error, match="limit here is 4 million"):
        endpoints["denoise"](GREY, "photos", clean=large)
    monkeypatch.setattr(sys.modules[functions.__module__], "MAX_HOLE", 3)
    missing = np.zeros((70, 70))
    missing[:2, :2] = 1
    with pytest.raises(gr.Error, match="4 pixels are missing; biharmonic fills at most 3 here"):
        endpoints["inpaint"](np.zeros((70, 70)).tolist(), missing.tolist(), "photos", method="biharmonic")


def test_tiny_and_flat_pictures(endpoints):
    for picture in ([[0.5]], [[0.5] * 9]):
        made = endpoints["denoise"](picture, "photos", clean=picture)
        assert made["estimated"] == 0 and made["ssim"] is None and made["psnr"] > 30
        assert image_of(endpoints["denoise"](picture, "digits", samples=1)["x_hat"]).shape == (28, 28)


def test_masks_are_those_of_the_command_line(endpoints, digit):
    image = to_image(digit)
    marked = np.zeros((28, 28), bool)
    marked[9:20, 10:18] = True
    strokes = np.dstack([np.full((28, 28, 3), 255, np.uint8), np.where(marked, 255, 0).astype(np.uint8)])
    labels = Image.fromarray(marked.astype(np.uint8))
    made = [
        endpoints["inpaint"](uri(image), mask, "digits", samples=1)
        for mask in (uri(labels), uri(Image.fromarray(strokes)), marked.astype(float).tolist())
    ]
    assert made[0] == made[1] == made[2] and made[0]["note"] is None
    assert not np.array_equal(image_of(made[0]["x_hat"]), np.asarray(image))
    whole = endpoints["inpaint"](uri(image), (marked * 0.0).tolist(), "digits", samples=1)
    assert whole["note"].startswith("Nothing is marked")
    assert "invert" in endpoints["inpaint"](uri(image), (marked + 1.0).clip(max=1).tolist(), "digits")["note"]
    assert "note" not in endpoints["denoise"](uri(image), "digits", samples=1)
