"""The page's files over HTTP: scripts, texts, maps and decoders, at addresses that change with their content."""

import json
import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from vaedemo.data.domains import SIZED
from vaedemo.store import maps
from vaedemo.ui.server import component


@pytest.fixture(scope="module")
def get():
    client = TestClient(Starlette(routes=component.routes()))
    base = component.head(["reconstruct"]).split('href="')[1].split("/")[0]
    return lambda path: client.get(f"/{base}/{path}")


@pytest.mark.parametrize("path", ["page/frame/frame.js", "tabs/latent/style.css", "text/en.json", "maps/digits.json"])
def test_a_file_is_served_and_cached_for_good(get, path):
    answer = get(path)
    assert answer.status_code == 200 and answer.content and "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("domain", SIZED)
def test_a_domains_map_and_its_decoders_are_small(get, domain):
    paths = [f"maps/{domain}.json", f"maps/{domain}.bin"]
    paths += [f"decoders/{domain}/{kind}-2.safetensors" for kind in maps.KINDS]
    answers = [get(path) for path in paths]
    assert [a.status_code for a in answers] == [200] * 4
    assert sum(len(a.content) for a in answers) <= 0.7e6
    assert all("immutable" in a.headers["cache-control"] for a in answers)


def test_what_is_served_of_a_model_is_the_start_of_its_file(get):
    whole = (component.checkpoints_folder() / "digits" / "vae-32-beta4.safetensors").read_bytes()
    part = get("decoders/digits/vae-32-beta4.safetensors").content
    assert whole.startswith(part) and len(part) < 0.7 * len(whole)
    header = json.loads(part[8 : 8 + int.from_bytes(part[:8], "little")])
    assert json.loads(header["__metadata__"]["config"])["latent_dim"] == 32


@pytest.mark.parametrize(
    "path",
    [
        "decoders/digits/pca-64.safetensors",
        "decoders/digits/ae-3.safetensors",
        "decoders/cats/ae-2.safetensors",
        "decoders/digits/..%2Ffigures.json",
        "decoders/../digits/ae-2.safetensors",
        "maps/../digits/ae-2.safetensors",
        "maps/nothing.json",
        "tabs/latent.py",
        "tabs/latent/server.py",
        "tabs/latent/..%2Flatent.py",
        "tabs/latent/",
        "page/maths/masks.test.js",
        "page/vendor/LICENSE",
        "app.py",
    ],
)
def test_nothing_else_is_served(get, path):
    assert get(path).status_code == 404


def test_a_folder_without_maps_works_and_has_another_address(monkeypatch, tmp_path):
    own = component.head(["reconstruct"])
    monkeypatch.setenv("VAEDEMO_CHECKPOINTS", str(tmp_path))
    component._base.cache_clear()
    try:
        assert component.head(["reconstruct"]) != own
        client = TestClient(Starlette(routes=component.routes()))
        base = component.head(["reconstruct"]).split('href="')[1].split("/")[0]
        assert client.get(f"/{base}/page/frame/frame.js").status_code == 200
        assert client.get(f"/{base}/maps/digits.json").status_code == 404
    finally:
        component._base.cache_clear()


def test_only_what_the_first_tab_needs_is_fetched_before_it_is_asked_for():
    head = component.head(["reconstruct", "latent", "denoise"])
    preloaded = set(re.findall(r'modulepreload" href="[^/]*/([^"]+)"', head))
    assert {"page/frame/frame.js", "tabs/reconstruct/index.js", "page/frame/text.js"} <= preloaded
    assert not [path for path in preloaded if path.startswith(("tabs/latent", "tabs/restore", "page/map"))]
    assert 'data-modules="tabs/reconstruct/index.js,tabs/latent/index.js,tabs/restore/index.js"' in head
    assert 'href="' not in head.replace('href="page-', "")  # nothing but the page's own
