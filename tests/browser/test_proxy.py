"""The page behind a proxy under a path, the prefix taken off or left on: every file comes, every tab works."""

import io
import re

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tests.browser.conftest import Visit
from tests.proxy import proxied
from vaedemo.ui.tabs import TABS

PREFIX = "/vae"


@pytest.fixture(scope="module")
def inner():
    """The page on a server that is told of its prefix."""
    from vaedemo.ui.app import build, launch

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_ROOT_PATH", PREFIX)
        demo = build()
        launch(demo, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield demo.local_url
    demo.close()


@pytest.fixture(params=["stripped", "kept", "stripped, host untold"])
def outside(request, inner):
    """Where a visitor finds the page; nginx, unless it is told to, hands no name on but that of the server inside."""
    told = "untold" not in request.param
    with proxied(inner, PREFIX, strip=request.param != "kept", told=told) as address:
        yield address if told else address.replace("127.0.0.1", "localhost")


@pytest.fixture
def page(chromium, outside):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    visit = Visit(context.new_page(), outside)
    yield visit
    context.close()
    assert visit.complaints == [] and set(visit.foreign) <= {outside.rstrip("/")}


def picture():
    buffer = io.BytesIO()
    Image.effect_noise((60, 40), 50).save(buffer, "PNG")
    return buffer.getvalue()


def test_every_tab_mounts_and_an_upload_comes_through(page):
    failed = []
    page.page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.open()
    before = page.pixels("seen")
    page.part("file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    page.wait("part('seen').toDataURL() !== arg", before)
    for tab in TABS[1:]:
        page.page.locator(f"#vd-tab-{tab.name}-button").click()
        page.page.locator(f".vd-module-{tab.name}[data-ready=true]").wait_for()
    page.idle()
    page.page.wait_for_load_state("load")
    assert failed == []


def test_the_address_without_its_last_slash_is_sent_on(page, outside):
    page.page.goto(outside.rstrip("/"))
    page.page.locator("[data-ready=true]").wait_for()
    assert page.page.url.startswith(outside)


def test_the_description_of_the_api_opens(page, outside):
    failed = []
    page.page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.page.goto(f"{outside}?view=api")
    page.page.locator(".api-docs").get_by_text(re.compile("/reconstruct")).first.wait_for()
    if "//127" in outside:  # else the server does not know its name
        assert outside.rstrip("/") in page.page.locator(".api-docs").inner_text()
    page.idle()
    assert [url for url in failed if "/mcp/" not in url] == []  # Gradio looks whether there is such a server
    page.complaints.clear()


def test_each_caller_is_told_the_address_by_which_it_came(inner, outside):
    first = httpx.get(f"{inner}gradio_api/info", headers={"Host": "inside.example"})
    assert '(\\"http://inside.example/vae\\")' in first.text
    for query in ("", "?serialize=False"):
        snippets = httpx.get(f"{outside}gradio_api/info{query}").text
        assert "inside.example" not in snippets
        if "//127" in outside:
            assert f'Client(\\"{outside.rstrip("/")}\\")' in snippets


def test_the_client_of_the_api_comes_through(outside, tmp_path):
    (tmp_path / "a.png").write_bytes(picture())
    client = Client(outside, verbose=False)
    assert (
        client.predict(handle_file(tmp_path / "a.png"), "digits", "pca", 2, api_name="/reconstruct")["latent_dim"] == 2
    )
    events = httpx.post(f"{outside}gradio_api/call/models", json={"data": []}).json()["event_id"]
    assert "event: complete" in httpx.get(f"{outside}gradio_api/call/models/{events}").text
