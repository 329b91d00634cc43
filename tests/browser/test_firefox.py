"""Every tab in Firefox: it opens and shows its picture; slider, upload and brush work; the console is clean."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from vaedemo.ui.tabs import TABS

JS = Path(__file__).parents[1] / "js"
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")


@pytest.mark.skipif(FIREFOX is None, reason="Firefox is not here: install Debian's firefox-esr")
def test_every_tab_works_in_firefox(address, tmp_path):
    if not (shutil.which("node") and (JS / "node_modules" / "puppeteer-core").is_dir()):
        pytest.skip("node or puppeteer-core is not here: `npm ci --prefix tests/js` installs it")
    Image.effect_noise((60, 40), 50).save(tmp_path / "a.png")
    names = [tab.name for tab in TABS]
    done = subprocess.run(
        ["node", "firefox.mjs", address, FIREFOX, str(tmp_path / "a.png"), *names],
        cwd=JS, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found.pop("complaints") == []
    tabs = found.pop("tabs")
    assert list(tabs) == names and min(tabs.values()) > 0, tabs
    assert found == {"slider": True, "upload": True, "brush": True}
