"""A process that has done its imports once, and forks a kernel for each submission into a sandbox of its own.

It runs in a sandbox itself, where nothing can be written and nothing of the grader is seen, and keeps one capability, to mount. A
child takes namespaces of its own (processes, mounts, network, users, ...), mounts fresh /proc, /tmp and work folders, gives up
everything, and is then what `start` makes of it. So a child meets neither this process nor another child.
"""

import contextlib
import ctypes
import fcntl
import gc
import importlib
import importlib.util
import os
import signal
import socket
import struct
import sys

from classroom.sandbox.inside import start
from classroom.sandbox.inside.lockdown import SET_DUMPABLE, check, drop_capabilities, libc

__all__ = ["main"]

NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
NOBODY = 65534
SET_FLAGS, UP = 0x8914, 1  # SIOCSIFFLAGS, IFF_UP
KERNEL = (  # what an ipykernel imports between its start and its first cell
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "IPython.core.completer",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "matplotlib_inline.config",
    "tornado.platform.asyncio",
    "pdb",
)


def main(door, library, modules, private):
    """Import, say so, and fork whenever asked.

    Args:
        door: number of the socket to the grader: each message is one byte and one open file, the hand of the kernel to be.
        library: folder that comes first on sys.path.
        modules: names of what to import.
        private: dict from a folder to the options of the tmpfs that each child has there.
    """
    grader = socket.socket(fileno=int(door))
    sys.path[:] = [library, *(path for path in sys.path if path not in ("", library))]
    sys.modules.setdefault("debugpy", None)
    try:
        for name in KERNEL:
            if importlib.util.find_spec(name.partition(".")[0]):
                importlib.import_module(name)
        for name in modules:
            importlib.import_module(name)
        if "torch" in sys.modules:  # the device `meta`, which checks of the labs use, imports 800 modules at its first product
            one = sys.modules["torch"].ones(1, device="meta")
            _ = one * one
        threads = len(os.listdir("/proc/self/task"))
        if threads != 1:
            raise RuntimeError(f"it has {threads} threads after importing {', '.join(modules)}, and only one could be forked")
    except BaseException as error:
        grader.sendall(f"{type(error).__name__}: {error}"[:2000].encode())
        return
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for
    grader.sendall(start.READY)
    while True:
        asked, hands, _, _ = socket.recv_fds(grader, 1, 1)
        if not asked:  # the grader is gone
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # every process in here but this one, and so every kernel
            return
        if os.fork() == 0:
            child(socket.socket(fileno=hands[0]), private)
        os.close(hands[0])


def child(hand, private):
    """Become the first process of a new sandbox, and start a kernel in it. Never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.closerange(3, hand.fileno())
        os.closerange(hand.fileno() + 1, 4096)
        os.setsid()
        check(libc.unshare(NEWNS | NEWPID | NEWIPC | NEWUTS | NEWCGROUP), "namespaces")
        if os.fork():
            os._exit(0)
        enter(private)
        kernel = os.fork()
    except BaseException as error:
        hand.sendall(f"{type(error).__name__}: {error}"[:2000].encode())
        os._exit(1)
    if kernel == 0:
        libc.prctl(SET_DUMPABLE, 1, 0, 0, 0)
        os.setsid()
        reseed()
        start.run(hand)
    hand.close()
    while True:  # the first process takes in orphans, and ends with the kernel; the system then ends all the others
        ended, status = os.wait()
        if ended == kernel:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def enter(private):
    """Mount what is this sandbox's own, go into a user namespace in which no other can be made, and give up all rights."""
    mount(None, "/", None, RECURSIVE | PRIVATE)
    for folder, options in private.items():
        mount("tmpfs", folder, "tmpfs", NOSUID | NODEV, options)
    mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC)
    check(libc.unshare(NEWUSER | NEWNS | NEWNET), "user namespace")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {NOBODY} 1"), ("gid_map", f"{NOBODY} {NOBODY} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    mount(None, "/proc", None, REMOUNT | BIND | READ_ONLY | NOSUID | NODEV | NOEXEC)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:  # ipykernel's threads talk to one another by 127.0.0.1
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", UP))
    libc.prctl(SET_DUMPABLE, 0, 0, 0, 0)
    drop_capabilities()


def mount(source, target, kind, flags, options=None):
    """mount(2)."""
    text = [value and value.encode() for value in (source, target, kind, options)]
    check(libc.mount(*text[:3], ctypes.c_ulong(flags), text[3]), f"mount {target}")


def reseed():
    """Two kernels do not draw the same numbers; the standard library sees to its own, and torch starts from a fixed seed anyway."""
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
