"""Podman and Docker: the command line as text, and what it starts, by a stand-in that does with bubblewrap what the options say."""

import shutil
import subprocess
import sys

import pytest

from classroom.sandbox import bubblewrap, container
from classroom.sandbox.kernel import Limits, SandboxUnavailable, open_kernel

STAND_IN = """#!{python}
import os, sys
from classroom.sandbox import bubblewrap
if sys.argv[1] == "rm":
    open({log!r}, "a").write(" ".join(sys.argv[1:]) + chr(10))
    sys.exit()
mounts = [dict(part.split("=") for part in a.split("=", 1)[1].split(",") if "=" in part) for a in sys.argv if a.startswith("--mount=")]
made = ["--unshare-all", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]
for option in sys.argv:
    if option.startswith("--tmpfs="):
        made += ["--tmpfs", option[8:].split(":")[0]]
for path, source in bubblewrap.shown().items():
    made += ["--ro-bind", source, path]
for mount in mounts:
    made += ["--ro-bind", mount["source"], mount["target"]]
command = [{python!r}, *sys.argv[sys.argv.index({image!r}) + 1:]]
os.execv({bwrap!r}, [{bwrap!r}, *made, "--remount-ro", "/", *command])
"""


def test_the_command_line():
    limits = Limits(memory_mb=700, processes=33, file_mb=5, tmp_mb=11)
    made = container.command("docker", "image:1", "rnn-x", "/a/library", "/tmp/rnn-y/door", limits)
    assert made[:3] == ["docker", "run", "--rm"]
    wanted = {
        "--network=none", "--read-only", "--user=65534:65534", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--pull=never",
        "--memory=700m", "--memory-swap=700m", "--pids-limit=33", f"--ulimit=fsize={5 << 20}", "--ulimit=core=0", "--shm-size=11m",
        "--tmpfs=/tmp:rw,nosuid,nodev,size=11m,mode=1777", "--tmpfs=/lab:rw,nosuid,nodev,size=11m,mode=1777", "--workdir=/lab",
        "--mount=type=bind,source=/a/library,target=/library,readonly", "--mount=type=bind,source=/tmp/rnn-y/door,target=/door,readonly",
        f"--mount=type=bind,source={bubblewrap.INSIDE},target=/inside/classroom/sandbox/inside,readonly",
        "--env=NBGRADER_EXECUTION=autograde",
    }  # fmt: skip
    assert wanted <= set(made)
    assert all("readonly" in option for option in made if option.startswith("--mount"))
    assert not any(
        word in " ".join(made) for word in ("--privileged", "docker.sock", "--volume", "--publish", "--pid=", "--env=PATH", "SEED")
    )
    assert made[made.index("image:1") + 1 :][:3] == ["-I", "-B", "-c"] and made[-1].endswith("main('/door/hand')")
    assert container.removal("podman", "rnn-x") == ["podman", "rm", "--force", "--volumes", "rnn-x"]


@pytest.mark.parametrize("backend", ["docker", "podman"])
def test_a_kernel_comes_to_the_door(talk, no_bubblewrap, tmp_path, backend, monkeypatch):
    bwrap = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
    if bwrap is None:
        pytest.skip("the stand-in needs bubblewrap")
    monkeypatch.setenv("PYTHONPATH", str(bubblewrap.INSIDE.parents[2]))
    stand_in = no_bubblewrap / backend
    stand_in.write_text(STAND_IN.format(python=sys.executable, bwrap=bwrap, image=container.IMAGE, log=str(tmp_path / "log")))
    stand_in.chmod(0o755)
    one = talk(backend="auto", files={"x.txt": b"5"}, wall_s=60)
    assert one.kernel.provisioner.backend == backend
    assert one.run("import rnncore; print(rnncore.whose, open('x.txt').read(), os.getpid() > 1)") == "the learner 5 True\n"
    assert "PermissionError" in one.run("os.memfd_create('x')") and "Read-only" in one.run("open('/door/x', 'w')")
    one.kernel.close()
    assert not one.processes() and (tmp_path / "log").read_text().startswith("rm --force --volumes rnn-")


def test_a_container_that_does_not_start_is_no_sandbox(library, no_bubblewrap, tmp_path):
    (no_bubblewrap / "docker").write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    (no_bubblewrap / "docker").chmod(0o755)
    with pytest.raises(SandboxUnavailable, match="docker could not start a kernel here: Cannot connect to the Docker daemon"):
        open_kernel(library)


@pytest.fixture(params=["docker", "podman"])
def real(request):
    """A real Docker or Podman with the image."""
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} on this machine")
    if subprocess.run([request.param, "image", "inspect", container.IMAGE], capture_output=True, check=False).returncode:
        pytest.skip(f"{request.param} has no image: {request.param} build --target rnn-sandbox -t rnn-sandbox .")
    plain = [request.param, "run", "--rm", "--pull=never", "--network=none", "--memory=500m", "--ulimit=nofile=256:256"]
    plain += ["--ulimit=nproc=4096:4096", "--init", container.IMAGE, "python", "-c", ""]
    done = subprocess.run(plain, capture_output=True, text=True, check=False)
    if done.returncode:  # whatever we ask of it
        pytest.skip(f"{request.param} runs no container on this machine: {done.stderr.strip()}")
    return request.param


def test_a_real_container(talk, real):
    one = talk(backend=real, files={"x.txt": b"5"}, wall_s=120)
    assert one.run("import rnncore; print(rnncore.whose, open('x.txt').read(), os.getuid())") == "the learner 5 65534\n"
    assert "PermissionError" in one.run("os.memfd_create('x')") and "Read-only" in one.run("open('/door/x', 'w')")
    assert "unreachable" in one.run("import socket; socket.create_connection(('1.1.1.1', 53), 5)")
    name = subprocess.run([real, "ps", "--format", "{{.Names}}"], capture_output=True, text=True, check=True).stdout.split()
    assert len([n for n in name if n.startswith("rnn-")]) == 1
    one.kernel.close()
    left = subprocess.run([real, "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True).stdout.split()
    assert not [n for n in left if n.startswith("rnn-")]


def test_a_real_container_has_limits(talk, real):
    one = talk(backend=real, memory_mb=300, processes=40, wall_s=120)
    assert "MemoryError" in one.run("x = bytearray(900 << 20)")
    assert "BlockingIOError" in one.run("import os\nfor _ in range(99):\n    if not os.fork(): import time; time.sleep(20); os._exit(0)")
