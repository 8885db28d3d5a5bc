"""The sandbox by bubblewrap: what it shows, as a command line.

Shown, and read-only: the system's libraries and programs, this Python with its packages but without the course, one folder with the
lab's library, and what runs inside. Not shown: everything else, so no home, no repository, no gradebook, no password file. There
is no network, and no process outside can be named. Everything is unshared, no capability is kept, the environment is made anew.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from classroom.sandbox.limits import SandboxUnavailable

__all__ = ["BIN", "INSIDE", "LIBRARY", "WORK", "arguments", "environment", "hidden", "private", "program", "shown"]

INSIDE = Path(__file__).parent / "inside"
LIBRARY, BIN, WORK = "/library", "/inside", "/lab"  # paths in the sandbox
SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/share/zoneinfo", "/usr/share/fonts")
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/fonts")
PYTHON = ("bin", "lib", "lib32", "lib64", "pyvenv.cfg")  # of the folder where a Python is
COURSE = ("rnncore", "classroom")  # packages that are not shown where they are installed
DEVICES = ("null", "random", "urandom")  # not /dev/zero, which gives memory without an owner
INSTALL = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap), or Podman, or Docker"


def program():
    """Return the path of bubblewrap, or raise SandboxUnavailable."""
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxUnavailable(f"There is no bubblewrap on this machine: {INSTALL}.")
    return found


@functools.cache
def refuses_namespaces(bwrap):
    """Tell whether this bubblewrap can forbid new user namespaces (0.8 and later); the filter of `lockdown` does in any case."""
    return "--disable-userns" in subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False).stdout


def shown():
    """Return the system and this Python: a dict from a path in the sandbox to the folder or file that is shown there."""
    pythons = dict.fromkeys(os.path.realpath(path) if real else path for path in (sys.prefix, sys.base_prefix) for real in (False, True))
    paths = [*SYSTEM, *SETTINGS, *(f"{python}/{name}" for python in pythons for name in PYTHON)]
    paths += [path for path in sys.path if path.endswith("-packages") and not path.startswith(os.path.expanduser("~/.local/"))]
    found = {path: os.path.realpath(path) for path in dict.fromkeys(paths) if os.path.exists(path)}
    inner = [path for path in found if any(path.startswith(f"{other}/") and found[path].startswith(found[other]) for other in found)]
    return {path: found[path] for path in sorted(found) if path not in inner}


def hidden(folders):
    """Return where the course is installed in these folders, to be covered."""
    places = {path for path in sys.path if path.endswith("-packages")}
    for folder in folders:
        places |= {str(path) for pattern in ("*-packages", "python3*/*-packages") for path in Path(folder).glob(pattern)}
    covered = tuple(f"{folder}/" for folder in folders)
    return sorted(
        f"{place}/{name}" for place in places for name in COURSE if os.path.isdir(f"{place}/{name}") and f"{place}/".startswith(covered)
    )


def private(tmp_mb):
    """Return the folders that can be written: a dict from the path to the options of its tmpfs."""
    return {folder: f"size={tmp_mb}m,mode=755" for folder in ("/tmp", WORK, "/dev/shm")}


def environment():
    """Return the whole environment in a sandbox. Grading is said, so that nothing trains; the seed of the inputs is not."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "USER": "learner",
        "LANG": "C.UTF-8",
        "IPYTHONDIR": "/tmp/.ipython",
        "NBGRADER_EXECUTION": "autograde",
        **threads,
    }


def arguments(bwrap, library, tmp_mb, *, forks):
    """Return bubblewrap's arguments, up to the command.

    Args:
        bwrap: path of bubblewrap.
        library: folder that is shown as /library.
        tmp_mb: megabytes of each folder that can be written.
        forks: whether the process in it forks kernels (`fork`), and for that may mount; else it is the kernel.
    """
    made = ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--hostname", "lab", "--cap-drop", "ALL"]
    if forks:
        made += ["--cap-add", "CAP_SYS_ADMIN"]
    else:
        made += ["--die-with-parent", *(["--disable-userns"] if refuses_namespaces(bwrap) else [])]
    made += ["--proc", "/proc", "--remount-ro", "/proc"]  # else root's sandbox, though without rights, could write settings in it
    for device in DEVICES:
        made += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    made += ["--symlink", "/proc/self/fd", "/dev/fd"]
    for folder in private(tmp_mb):
        made += ["--size", str(int(tmp_mb) << 20), "--tmpfs", folder]
    visible = shown()
    for path, source in visible.items():
        made += ["--ro-bind", source, path]
    for path in hidden(visible):
        made += ["--tmpfs", path, "--remount-ro", path]
    made += ["--ro-bind", str(library), LIBRARY, "--ro-bind", str(INSIDE), f"{BIN}/classroom/sandbox/inside"]
    return [*made, "--remount-ro", "/", "--chdir", WORK]
