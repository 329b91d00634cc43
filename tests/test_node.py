"""The page's pure functions, whose tests lie beside them as *.test.js, run by Node's own test runner."""

import shutil
import subprocess

import pytest

from vaedemo.ui.server.component import UI

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is missing: the tests of the page's pure functions are left out")
def test_the_pure_functions_of_the_page():
    files = sorted(map(str, UI.rglob("*.test.js")))
    assert files
    made = subprocess.run([NODE, "--test", *files], capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout[-4000:] + made.stderr[-2000:]
