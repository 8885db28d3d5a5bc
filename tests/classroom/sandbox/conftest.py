"""Kernels for the tests of the sandbox, and a way to talk to them."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from classroom.sandbox import warm
from classroom.sandbox.kernel import Limits, open_kernel

BWRAP = shutil.which("bwrap")


class Talk:
    """A kernel, and cells to run in it."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.client = NotebookClient(new_notebook(), km=kernel.manager, allow_errors=True, timeout=60)
        self.client.start_new_kernel_client()
        self.namespace = self.run("import os; print(os.readlink('/proc/self/ns/pid'))").strip()

    def run(self, code):
        """Run a cell; return what it printed and the error that it ended with."""
        cell = new_code_cell(code)
        self.client.nb.cells = [cell]
        self.client.execute_cell(cell, 0)
        return "".join(output.get("text") or f"{output.get('ename')}: {output.get('evalue')}" for output in cell.outputs)

    def processes(self):
        """Return the numbers, outside, of the processes in this kernel's namespace."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                ended = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"  # only its name is left
                if not ended and os.readlink(process / "ns" / "pid") == self.namespace:
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def close(self):
        self.client.kc.stop_channels()
        self.kernel.close()


def lab(folder):
    """Make a library: a package called rnncore, and nothing of the course."""
    (folder / "rnncore").mkdir(parents=True)
    (folder / "rnncore" / "__init__.py").write_text("whose = 'the learner'\n")
    return folder


@pytest.fixture
def library(tmp_path):
    """A folder with a lab's library."""
    return lab(tmp_path / "library")


@pytest.fixture
def talk(library):
    """Open kernels: `talk(**options of open_kernel)`, or Limits by name; they are closed after the test."""
    opened = []

    def start(**options):
        limits = Limits(**{name: options.pop(name) for name in Limits._fields if name in options})
        opened.append(start_or_skip(library, limits=limits, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def start_or_skip(library, **options):
    """Open a kernel. Skipped only where bubblewrap itself does not work: where it does, a kernel that cannot start is a failure."""
    skip_without_bubblewrap()
    return Talk(open_kernel(library, **options))


def skip_without_bubblewrap():
    said = trouble()
    if said:
        pytest.skip(f"bubblewrap does not work here: {said}")


@functools.cache
def trouble():
    """Return what is wrong with bubblewrap on this machine, or nothing."""
    if BWRAP is None:
        return "it is not installed"
    command = [BWRAP, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() or (done.returncode and f"exit status {done.returncode}")


@pytest.fixture
def bubblewrap_works():
    """Skip the test where bubblewrap does not work."""
    skip_without_bubblewrap()


@pytest.fixture
def kernels_are_forked():
    """Skip the test where each kernel starts anew."""
    skip_without_bubblewrap()
    if not warm.possible():
        pytest.skip("Python lies in a folder that kernels have of their own, so none is forked")


@pytest.fixture(scope="module")
def honest_kernel(tmp_path_factory):
    """A kernel that does honest work while others do not."""
    one = start_or_skip(lab(tmp_path_factory.mktemp("honest")))
    one.run("total = 0")
    yield one
    one.close()


@pytest.fixture(scope="module", params=[True, False], ids=["warm", "cold"])
def one(request, tmp_path_factory):
    """A kernel for tests that leave it as it is; its grader has a secret in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_LAB_SEED", "a seed that nobody may know")
        kernel = start_or_skip(lab(tmp_path_factory.mktemp("one")), warm=request.param)
        yield kernel
        kernel.close()


@pytest.fixture
def honest(honest_kernel):
    """After the test, the honest kernel has to go on as if nothing had happened."""
    before = int(honest_kernel.run("print(total)"))
    yield honest_kernel
    assert int(honest_kernel.run("total += 1; print(total)")) == before + 1
    assert honest_kernel.kernel.killed is None


@pytest.fixture
def no_bubblewrap(monkeypatch, tmp_path):
    """A machine with the usual commands and none of the sandboxes; returns the folder of its PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "env"):
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    return folder
