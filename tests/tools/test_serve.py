"""Serving: the next free port is taken and named, and what is missing gets a sentence."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

SERVE = Path(__file__).parents[2] / "tools" / "serve.py"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.html").write_text("<h1>here</h1>")
    return tmp_path


def start(folder, *options):
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, SERVE, folder, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def until_address(process):
    printed = ""
    for line in process.stdout:
        printed += line
        if match := re.search(r"http://127\.0\.0\.1:\d+", line):
            return printed, match[0]
    raise AssertionError(f"no address was printed: {printed}")


def test_a_taken_port_is_passed_over_and_said(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(folder, "--port", str(port))
        try:
            printed, address = until_address(process)
            assert re.search(rf"Port {port} is taken; using \d+ instead\.", printed)
            assert address != f"http://127.0.0.1:{port}"
            with urllib.request.urlopen(address) as answer:
                assert answer.read() == b"<h1>here</h1>" and answer.headers["Cache-Control"] == "no-cache"
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=10)[0]
    assert "Stopped." in rest and process.returncode == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "many"], "PORT must be a number from 1 to 65535, got 'many'."),
        (["--port", "70000"], "got '70000'."),
        (["--port", "0"], "got '0'."),
    ],
)
def test_a_bad_port_gets_a_sentence(folder, options, words):
    printed, _ = (process := start(folder, *options)).communicate(timeout=10)
    assert words in printed and process.returncode == 1 and "Traceback" not in printed


def test_a_site_that_is_not_built_gets_a_sentence(tmp_path):
    printed, _ = (process := start(tmp_path)).communicate(timeout=10)
    assert "run `make site` first." in printed and process.returncode == 1 and "Traceback" not in printed
