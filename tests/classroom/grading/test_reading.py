"""Bytes that anybody may have written are read in bounded time and space, or refused with a sentence; folders hold one regular file."""

import json
import os
import resource
import subprocess
import sys
import time

import pytest

from classroom.grading import reading
from classroom.grading.doctor import Refused, find, repair
from tests.classroom.labs import ROOT, released, untouched

LAB = "lab05_lstm"
RELEASE = released(LAB)


def notebook(**keys):
    return json.dumps(json.loads(untouched(LAB)) | keys).encode()


def cells(count, source=""):
    return notebook(cells=[{"cell_type": "code", "source": source, "metadata": {}}] * count)


BOMBS = {
    "too large": (lambda: b" " * 10_000_001, "has 10 MB, at most 10 MB are graded"),
    "empty": (lambda: b"", "not a notebook that can be read"),
    "zeros": (lambda: bytes(5_000_000), "not a notebook that can be read"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n", "not a notebook that can be read"),
    "cut off": (lambda: untouched(LAB)[:-100], "not a notebook that can be read"),
    "UTF-16": (lambda: untouched(LAB).decode().encode("utf-16"), "not a notebook that can be read"),
    "Python": (lambda: b"import numpy as np\n", "not a notebook that can be read"),
    "a list": (lambda: b"[]", "not a Jupyter notebook"),
    "no format": (lambda: b'{"cells": []}', "not a Jupyter notebook"),
    "format true": (lambda: notebook(nbformat=True), "not a Jupyter notebook|has format True"),
    "format 2": (lambda: b'{"nbformat": 2, "worksheets": []}', "has format 2, format 4 is graded"),
    "format 3": (lambda: b'{"nbformat": 3, "worksheets": []}', "has format 3, format 4 is graded"),
    "format 5": (lambda: notebook(nbformat=5), "has format 5, format 4 is graded"),
    "a long format": (lambda: b'{"nbformat": ' + b"9" * 4000 + b"}", "has format 999999999, format 4 is graded"),
    "a longer format": (lambda: b'{"nbformat": ' + b"9" * 100_000 + b"}", "not a notebook that can be read"),
    "no cells": (lambda: notebook(cells=None), "has no list of cells"),
    "cells in a dict": (lambda: notebook(cells={"0": {}}), "has no list of cells"),
    "none of the lab": (lambda: cells(3, "x = 1"), f"is not {LAB}"),
    "no cell at all": (lambda: cells(0), f"is not {LAB}"),
    "many cells": (lambda: cells(100_000), "has 100000 cells, at most 500 are graded"),
    "a million cells": (lambda: b'{"nbformat": 4, "cells": [' + b"{}," * 1_000_000 + b"{}]}", "has 1000001 cells"),
    "a long cell": (lambda: cells(1, "x" * 1_000_000), "has 1000000 characters, at most 200000"),
    "many long cells": (lambda: cells(45, "x" * 199_000), "have 8955000 characters, at most 1000000"),
    "nested lists": (lambda: b"[" * 5_000_000, "nested too deeply"),
    "nested dicts": (lambda: b'{"a":' * 1_500_000, "nested too deeply"),
    "nested inside": (lambda: notebook(x=0).replace(b'"x": 0', b'"x": ' + b"[" * 50_000 + b"]" * 50_000), "nested too deeply"),
    "a key twice": (lambda: untouched(LAB)[:-2].rstrip(b"}\n") + b', "cells": []}', "says the same thing twice"),
    "a key twice deep inside": (lambda: notebook(x={"y": 0}).replace(b'"y": 0', b'"y": 0, "y": 1'), "says the same thing twice"),
    "many numbers": (lambda: b"[" + b"1e1," * 2_400_000 + b"1]", "not a Jupyter notebook"),
    "many lists": (lambda: b"[" + b"[]," * 3_300_000 + b"1]", "not a Jupyter notebook"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_cannot_be_graded_is_refused_with_a_sentence(name):
    text, sentence = BOMBS[name]
    start = time.process_time()
    with pytest.raises(Refused, match=sentence) as reason:
        repair(text(), RELEASE)
    assert str(reason.value).endswith(".") and len(str(reason.value)) < 200
    assert time.process_time() - start < 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for the peak")
def test_the_largest_bomb_takes_less_than_a_gigabyte():
    code = """from pathlib import Path
from classroom.grading.doctor import Refused
from classroom.grading.reading import read
for text in (b"[" + b"1e1," * 2_400_000 + b"1]", b"[" + b"[]," * 3_300_000 + b"1]", b"[" + b"{}," * 3_300_000 + b"1]"):
    try: read(text)
    except Refused: print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    peaks = [int(line) for line in done.stdout.split()]
    assert len(peaks) == 3 and max(peaks) < 1_000_000, done.stderr  # kilobytes


def test_a_large_notebook_within_the_limits_takes_seconds():
    own = [{"cell_type": "code", "source": ("lstm_gates  =" + " " * 80 + "\n") * 20, "metadata": {}}] * 400
    start = time.process_time()
    repair(notebook(cells=json.loads(untouched(LAB))["cells"] + own), RELEASE)
    assert time.process_time() - start < 10


def test_giant_outputs_are_never_kept():
    came = json.loads(untouched(LAB))["cells"]
    for cell in came:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "display_data", "data": {"image/png": "A" * 200_000}, "metadata": {}}]
    text = notebook(cells=came)
    repaired = repair(text, RELEASE)
    assert len(text) > 4_000_000 and len(json.dumps(repaired.notebook)) < 100_000 and repaired.findings == []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "solution.ipynb").write_bytes(b"secret")
    (tmp_path / "handed_in").mkdir()
    return tmp_path / "handed_in"


@pytest.mark.parametrize(
    "names",
    [
        [f"{LAB}.ipynb"],
        ["lab05.ipynb"],
        [f"{LAB} (1).ipynb"],
        [f"{LAB}-Copy1.ipynb"],
        ["Lab05_LSTM.IPYNB"],
        ["my work.ipynb"],
        [f"{LAB}.ipynb", f"{LAB} (1).ipynb", "other.ipynb"],
        ["lab05 final.ipynb", "scratch.ipynb", "lab04_truncated_bptt.ipynb"],
        ["lab05.ipynb", "notes.txt", ".hidden.ipynb", "lab05.ipynb.bak"],
    ],
)
def test_the_notebook_of_a_folder_is_found(folder, names):
    for name in names:
        (folder / name).write_bytes(name.encode())
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / f"{LAB}-checkpoint.ipynb").write_bytes(b"old")
    assert find(folder, RELEASE) == names[0].encode()


@pytest.mark.parametrize("name", [f"{LAB}.ipynb", "lab05.ipynb"])
@pytest.mark.parametrize(
    "make",
    {
        "a link": lambda path, secret: path.symlink_to(secret),
        "a link upward": lambda path, secret: path.symlink_to("../secret/solution.ipynb"),
        "a link to nothing": lambda path, secret: path.symlink_to("nothing"),
        "a link to itself": lambda path, secret: path.symlink_to(path.name),
        "a device": lambda path, secret: path.symlink_to("/dev/zero"),
        "a hard link": lambda path, secret: os.link(secret, path),
        "a pipe": lambda path, secret: os.mkfifo(path),
        "a folder": lambda path, secret: path.mkdir(),
    }.values(),
)
def test_what_is_no_regular_file_of_its_own_is_refused(folder, name, make):
    make(folder / name, folder.parent / "secret" / "solution.ipynb")
    with pytest.raises(Refused, match=f"{LAB}.ipynb"):
        find(folder, RELEASE)


def test_a_folder_without_a_notebook_or_with_too_many_is_refused(folder):
    for missing in (folder, folder / "none", folder.parent / "secret" / "solution.ipynb"):
        with pytest.raises(Refused, match=f"{LAB}.ipynb"):
            find(missing, RELEASE)
    (folder.parent / "link").symlink_to(folder.parent / "secret")
    with pytest.raises(Refused, match="Nothing was handed in"):
        find(folder.parent / "link", RELEASE)
    for name in ("a.ipynb", "b.ipynb"):
        (folder / name).write_bytes(b"")
    with pytest.raises(Refused, match=f"There are 2 notebooks and none is named {LAB}.ipynb: submit one with that name"):
        find(folder, RELEASE)


def test_a_lab_whose_name_leads_elsewhere_reads_nothing_there(folder):
    with pytest.raises(Refused):
        find(folder, RELEASE._replace(lab="../secret/solution"))


def test_a_file_is_read_no_further_than_the_limit(folder, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    (folder / f"{LAB}.ipynb").write_bytes(b"x" * 1000)
    assert len(find(folder, RELEASE)) == 1000
    (folder / f"{LAB}.ipynb").write_bytes(b"x" * 1001)
    with pytest.raises(Refused, match="has more than 0 MB"):
        find(folder, RELEASE)


def test_a_sparse_file_of_a_terabyte_costs_no_memory(folder):
    with open(folder / f"{LAB}.ipynb", "wb") as file:
        file.truncate(1 << 40)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused, match="has more than 10 MB"):
        find(folder, RELEASE)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
