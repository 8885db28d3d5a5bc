"""A kernel in the sandbox is an ordinary kernel: it runs notebooks, answers on the wall, is interrupted, ends, and leaves nothing."""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import pytest
from nbclient.exceptions import DeadKernelError

from classroom.sandbox import bubblewrap, kernel, warm
from classroom.sandbox.kernel import Limits, SandboxUnavailable, open_kernel
from classroom.sandbox.provisioner import SandboxProvisioner

ROOT = Path(__file__).parents[3]
WARM = pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
ECHO = """
import threading
def install(namespace, sock):
    def echo():
        while data := sock.recv(100):
            sock.sendall(data[::-1])
    threading.Thread(target=echo, daemon=True).start()
"""


@WARM
def test_a_notebook_runs_with_the_labs_library_and_its_files(talk, warm):
    one = talk(warm=warm, files={"data/numbers.txt": b"1 2 3", "numpy.py": b"raise SystemExit"})
    assert one.run("import rnncore, numpy; print(rnncore.whose, numpy.arange(3).sum(), open('data/numbers.txt').read())") == (
        "the learner 3 1 2 3\n"
    )
    assert one.run("1 / 0") == "ZeroDivisionError: division by zero"
    assert one.run("print(sum(map(int, open('data/numbers.txt').read().split())))") == "6\n"
    assert one.kernel.killed is None and one.kernel.alive


@pytest.mark.parametrize("backend", ["bubblewrap", "none-for-tests"])
def test_the_wall_is_connected(talk, backend, tmp_path, monkeypatch):
    for name in ("start.py", "fork.py", "lockdown.py"):
        path = tmp_path / "classroom" / "sandbox" / "inside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((bubblewrap.INSIDE / name).read_text())
    (path.parent / "serve.py").write_text(ECHO)
    monkeypatch.setattr(bubblewrap, "INSIDE", path.parent)
    one = talk(backend=backend, warm=False)
    one.kernel.wall.settimeout(10)
    one.kernel.wall.sendall(b"stressed")
    assert one.kernel.wall.recv(100) == b"desserts"
    one.kernel.kill()
    assert one.kernel.wall.recv(100) == b"", "the other end of the wall has to close with the kernel"


@WARM
def test_an_interrupt_stops_the_cell_and_not_the_kernel(talk, warm):
    one = talk(warm=warm)
    one.run("x = 5")
    threading.Timer(0.5, one.kernel.interrupt).start()
    begun = time.monotonic()
    assert one.run("while True: pass").startswith("KeyboardInterrupt")
    assert time.monotonic() - begun < 10 and one.run("print(x)") == "5\n"


@WARM
@pytest.mark.parametrize("code", ["import os; os._exit(3)", "import os; os.kill(os.getpid(), 9)", "import ctypes; ctypes.string_at(0)"])
def test_a_kernel_that_ends_is_seen_and_was_not_killed(talk, honest, warm, code):
    one = talk(warm=warm)
    one.run("import subprocess; left = subprocess.Popen(['sleep', '100'], start_new_session=True)")
    with pytest.raises(DeadKernelError):
        one.run(code)
    assert not one.kernel.alive and one.kernel.killed is None and not one.processes()


@WARM
def test_what_is_closed_leaves_no_process_and_no_file(talk, honest, warm):
    one = talk(warm=warm)
    one.run("import subprocess; many = [subprocess.Popen(['sleep', '100'], start_new_session=True) for _ in range(5)]")
    assert len(one.processes()) >= 6
    scratch = one.kernel.provisioner.scratch
    assert scratch.exists()
    one.kernel.close()
    assert not one.processes() and not scratch.exists() and not one.kernel.alive


@WARM
@pytest.mark.usefixtures("bubblewrap_works")
def test_kernels_end_with_the_grader(library, warm):
    text = (
        "import os, sys; from classroom.sandbox.kernel import open_kernel\n"
        f"k = open_kernel({str(library)!r}, warm={warm})\n"
        "print(k.provisioner.tree.first, open(f'/proc/self/fdinfo/{k.provisioner.tree.first}').read().split('Pid:')[1].split()[0])\n"
        "sys.stdout.flush(); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    first = Path("/proc", done.stdout.split()[1])
    for _ in range(100):
        if not first.exists():
            return
        time.sleep(0.1)
    raise AssertionError("the kernel outlived the grader")


def test_forked_kernels_have_what_was_imported_and_not_what_another_changed(talk):
    one, two = talk(preload=("numpy", "decimal")), talk(preload=("numpy", "decimal"))
    assert (
        one.run("import sys, numpy; print('decimal' in sys.modules); numpy.pi = 3; numbers = numpy.random.rand(); print(numbers)")[:5]
        == "True\n"
    )
    assert two.run("import numpy; print(numpy.pi)") == "3.141592653589793\n"
    assert one.run("print(numpy.random.rand())") != two.run("print(numpy.random.rand())")


def test_a_process_with_imports_ends_only_when_no_kernel_needs_it(talk, kernels_are_forked, monkeypatch):
    monkeypatch.setattr(warm, "KEPT", 1)
    one = talk(preload=("numpy", "csv"))
    two = talk(preload=("numpy", "bisect"))
    assert one.run("print(1)") == "1\n" and two.run("print(2)") == "2\n"
    mine = [fork for key, fork in warm.forks.items() if "csv" in key[1]]
    one.kernel.close()
    talk(preload=("numpy", "heapq"))
    assert [fork for key, fork in warm.forks.items() if "csv" in key[1]] == [] and mine[0].process.poll() is not None


@pytest.mark.usefixtures("kernels_are_forked")
def test_an_import_that_fails_is_said(library):
    with pytest.raises(SandboxUnavailable, match="No module named 'no_such_module'"):
        open_kernel(library, backend="bubblewrap", preload=("no_such_module",))


@pytest.mark.usefixtures("bubblewrap_works")
@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", ""])
def test_files_stay_in_the_work_folder(library, name):
    with pytest.raises(ValueError, match="expected names within the work folder"):
        open_kernel(library, files={name: b""}, backend="bubblewrap", warm=False)


def test_without_a_sandbox_nothing_runs_and_the_sentence_says_how_to_get_one(library, no_bubblewrap):
    for backend in ("auto", "bubblewrap", "podman", "docker"):
        with pytest.raises(SandboxUnavailable, match=r"learners' code is not run without: install bubblewrap \(Debian.*Podman"):
            open_kernel(library, backend=backend)
    with pytest.raises(ValueError, match="backend is 'chroot'; expected auto"):
        open_kernel(library, backend="chroot")
    with pytest.raises(ValueError, match="expected a folder"):
        open_kernel(library / "none")


@WARM
def test_a_sandbox_that_cannot_start_is_no_sandbox(library, no_bubblewrap, warm):
    fake = no_bubblewrap / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    with pytest.raises(SandboxUnavailable, match="No permissions to create new namespace"):
        open_kernel(library, warm=warm, preload=("colorsys",))


def test_the_entry_point_names_the_provisioner():
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["jupyter_client.kernel_provisioners"]
    module, name = named["rnn-sandbox"].split(":")
    assert getattr(importlib.import_module(module), name) is SandboxProvisioner


def test_the_interface_is_what_the_judge_uses():
    assert Limits()._asdict() == {
        "memory_mb": 2048, "processes": 64, "cpu_s": 300, "wall_s": 600, "file_mb": 64, "output_mb": 4, "tmp_mb": 128,
    }  # fmt: skip
    assert {"Kernel", "Limits", "SandboxUnavailable", "open_kernel"} == set(kernel.__all__)


ORDINARY = """
set -e
mkdir -p {scratch}/python
mount --bind {base} {scratch}/python
if [ -n "{closed}" ]; then mount -t tmpfs -o mode=755 none "{closed}"; mkdir -p {base}; mount --bind {scratch}/python {base}; fi
exec setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps=-all {python} -c '{text}'
"""
TEXT = """
import os
from classroom.sandbox.kernel import open_kernel
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
for warm in (True, False):
    with open_kernel("classroom", warm=warm) as kernel:
        book = new_notebook(cells=[new_code_cell("import os; print(os.getuid(), os.listdir(chr(47) + chr(108) + chr(97) + chr(98)))")])
        NotebookClient(book, km=kernel.manager).execute()
        print(os.getuid(), book.cells[0].outputs[0].text.strip(), kernel.killed)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="is an ordinary user already")
@pytest.mark.usefixtures("bubblewrap_works")
def test_an_ordinary_user_can_open_both(tmp_path):
    base = os.path.realpath(sys.base_prefix)
    closed = next((str(path) for path in reversed(Path(base).parents) if not path.stat().st_mode & 1), "")
    script = ORDINARY.format(scratch=tmp_path, base=base, closed=closed, python=sys.executable, text=TEXT)
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(done.stderr)
    assert done.stdout.splitlines() == ["54321 65534 [] None"] * 2, done.stderr
