"""Where the server listens: hosts of every sort, ports, and what is printed."""

import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from vaedemo.errors import ConfigError
from vaedemo.ui.server import listen
from vaedemo.ui.server.listen import Place, place, settle

ROOT = Path(__file__).resolve().parents[3]


def ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not ipv6(), reason="no IPv6 here")


def said(**environ):
    with pytest.raises(ConfigError) as caught:
        place(environ)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 250
    return sentence


@pytest.mark.parametrize("name", ["PORT", "GRADIO_SERVER_PORT"])
@pytest.mark.parametrize("text", ["-1", "70000", "65536", "x", "8e3", "7_860", "٣", "80.0", "0x50", "9" * 5000])
def test_a_wrong_port_is_a_sentence_that_names_its_variable(name, text):
    assert said(**{name: text}).startswith(f"{name} is '{text[:40]}")


def test_the_first_port_that_says_anything_counts_and_0_is_any_that_is_free():
    free = place({"PORT": "0"}).port
    assert free > 0
    assert place({"PORT": f" {free} ", "GRADIO_SERVER_PORT": "x"}).port == free
    assert place({"PORT": " ", "GRADIO_SERVER_PORT": str(free)}).port == free


def test_a_taken_port_is_a_sentence_whatever_variable_named_it():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert said(GRADIO_SERVER_PORT=str(port)).startswith(f"Port {port} is taken; ")
    assert "PORT=65536" not in listen.taken(65535)


@pytest.mark.parametrize(
    "name, host, url",
    [
        ("", "127.0.0.1", "127.0.0.1"),
        (" 127.0.0.1 ", "127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0", "127.0.0.1"),
        pytest.param("[::ffff:127.0.0.1]", "127.0.0.1", "127.0.0.1", marks=needs_ipv6),
        pytest.param("::1", "::1", "[::1]", marks=needs_ipv6),
        pytest.param("[::1]", "::1", "[::1]", marks=needs_ipv6),
        pytest.param("::", "::", "[::1]", marks=needs_ipv6),
        pytest.param("[::]", "::", "[::1]", marks=needs_ipv6),
    ],
)
def test_every_sort_of_host_is_had_and_its_address_can_be_opened(name, host, url):
    found = place({"GRADIO_SERVER_NAME": name, "PORT": "0"})
    assert found == Place(host, found.port)
    assert found.url == f"http://{url}:{found.port}/"


@pytest.mark.parametrize("name", ["no.such.host.invalid", "a..b", "x" * 80, "http://127.0.0.1", "127.0.0.1:80", "[::1"])
def test_a_name_that_is_unknown_is_a_sentence(name):
    assert "GRADIO_SERVER_NAME" in said(GRADIO_SERVER_NAME=name, PORT="0")


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1"])  # addresses that documentation alone may use
def test_an_address_of_another_machine_is_a_sentence(name):
    assert name in said(GRADIO_SERVER_NAME=name, PORT="0")


def test_a_machine_without_ipv6_says_so_and_localhost_works_there(monkeypatch):
    real = socket.socket

    def without(family=socket.AF_INET, *rest):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *rest)

    monkeypatch.setattr(listen.socket, "socket", without)
    assert "IPv6" in said(GRADIO_SERVER_NAME="::1", PORT="0")
    assert place({"GRADIO_SERVER_NAME": "localhost", "PORT": "0"}).host == "127.0.0.1"


def test_gradio_finds_an_environment_that_it_can_read_and_a_space_keeps_its_own(capsys):
    environ = {"PORT": "0", "GRADIO_SERVER_PORT": "x", "NO_PROXY": "example.org"}
    where = settle(environ)
    assert environ["GRADIO_SERVER_PORT"] == str(where.port) and environ["GRADIO_SERVER_NAME"] == "127.0.0.1"
    assert environ["NO_PROXY"] == "example.org,localhost,127.0.0.1"
    space = {"SPACE_ID": "me/vaedemo", "PORT": "x", "GRADIO_SERVER_NAME": "0.0.0.0"}
    before = dict(space)
    assert settle(space) is None and space == before
    with pytest.raises(SystemExit) as ended:
        settle({"PORT": "x"})
    assert ended.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1


def test_models_that_cannot_be_read_are_one_sentence(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "vae-2.safetensors").write_bytes(b"cut")
    for folder, sentence in (
        (tmp_path, "vae-2.safetensors is cut"),
        (tmp_path / "own" / "vae-2.safetensors", "a file"),
    ):
        words = os.environ | {"VAEDEMO_CHECKPOINTS": str(folder), "PORT": "0"}
        done = subprocess.run([sys.executable, ROOT / "app.py"], env=words, capture_output=True, text=True, timeout=120)
        assert done.returncode == 2 and sentence in done.stderr and done.stderr.count("\n") == 1


@needs_ipv6
def test_the_page_starts_on_ipv6_behind_a_proxy_with_words_that_gradio_could_not_read(tmp_path):
    """As a person does: what is printed is where it answers."""
    words = {"GRADIO_SERVER_NAME": "[::1]", "PORT": "0", "GRADIO_SERVER_PORT": "", "HTTP_PROXY": "http://127.0.0.1:9"}
    started = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py")],
        env={**os.environ, **words},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = started.stdout.readline()
        port = re.fullmatch(r"vaedemo is at http://\[::1\]:(\d+)/ \(Ctrl\+C ends it\)\n", line)[1]
        with socket.create_connection(("::1", int(port))):
            pass
    finally:
        started.terminate()
        started.communicate()
