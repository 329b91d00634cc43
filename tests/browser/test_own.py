"""The page of a folder that holds models of one's own pictures and nothing else: complete, or a sentence."""

import pytest

from tests.browser.conftest import Visit
from tests.conftest import small
from vaedemo.models import build_model
from vaedemo.store.checkpoints import RUN_FILE, save_checkpoint
from vaedemo.ui.app import build, launch
from vaedemo.ui.server import component


@pytest.fixture(scope="module")
def own_address(tmp_path_factory):
    """A page of two domains of one's own, one of them as a run leaves it, without figures, maps, mixtures."""
    root, patch = tmp_path_factory.mktemp("own"), pytest.MonkeyPatch()
    for kind, d in (("ae", 2), ("vae", 4)):
        model = build_model(small(kind, latent_dim=d, channels=3, size=64, widths=(4, 8, 8)), seed=1)
        save_checkpoint(root / "faces" / f"{kind}-{d}" / RUN_FILE, model, "faces")
    save_checkpoint(root / "marks" / "vae-2.safetensors", build_model(small(latent_dim=2), seed=1), "marks")
    patch.setenv("VAEDEMO_CHECKPOINTS", str(root))
    component._base.cache_clear()
    demo = build()
    _, url, _ = launch(demo, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield url
    demo.close()
    patch.undo()
    component._base.cache_clear()


def test_the_page_of_ones_own_models_is_complete(chromium, own_address):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    visit = Visit(context.new_page(), own_address)

    def tab(name, query=""):
        visit.page.goto(f"{own_address}?tab={name}{query}")
        visit.page.locator(f".vd-module-{name}[data-ready=true]").wait_for()

    tab("reconstruct", "&domain=faces&kind=vae&d=4")
    visit.shows("vae-4")
    assert "faces" in visit.part("domain").inner_text() and "marks" in visit.part("domain").inner_text()
    tab("reconstruct", "&domain=marks")
    visit.shows("vae-2")
    tab("generate", "&domain=faces&d=4")
    visit.page.locator(".vd-gen-missing:visible", has_text="mixtures").wait_for()
    for name, sentence in (("latent", "no maps"), ("denoise", "restores damaged"), ("inpaint", "restores damaged")):
        tab(name)
        visit.page.locator(f".vd-module-{name} .vd-nothing", has_text=sentence).wait_for()
    visit.speak("zh")
    visit.page.locator(".vd-module-inpaint .vd-nothing", has_text="conditional").wait_for()
    context.close()
    assert visit.complaints == [] and visit.foreign == []
