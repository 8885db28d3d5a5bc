"""SandboxProvisioner: Jupyter starts a kernel through it, and what it starts is in a sandbox.

    {"argv": [], "display_name": "Lab", "language": "python", "interrupt_mode": "message",
     "metadata": {"kernel_provisioner": {"provisioner_name": "rnn-sandbox", "config": {"library": "/path/to/a/lab's/library"}}}}

is a kernelspec for any Jupyter program; `kernel.open_kernel` needs none. A kernel that cannot be started in a sandbox is not
started.
"""

import asyncio
import base64
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Dict, List, Unicode

from classroom.sandbox import bubblewrap, container, process, warm
from classroom.sandbox.inside.start import READY, give
from classroom.sandbox.limits import Limits, SandboxUnavailable
from classroom.sandbox.relay import Relay
from classroom.sandbox.watch import Supervisor, Tree

__all__ = ["SandboxProvisioner"]

PORTS = dict(zip(("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"), range(1, 6), strict=True))


class SandboxProvisioner(KernelProvisionerBase):
    """Starts one kernel, watches it, and ends it with everything that it has started.

    Attributes:
        wall: connected socket to what serves inside, once the kernel has started.
        killed: None, or the sentence why the supervisor ended it.
    """

    library = Unicode(help="folder that comes first on sys.path, read-only").tag(config=True)
    limits = Dict(help="fields of Limits that are not the default").tag(config=True)
    backend = Unicode("auto", help="auto, bubblewrap, podman, docker, or none-for-tests, which is no sandbox at all").tag(config=True)
    preload = List(Unicode(), ["numpy"], help="modules to import once for all kernels").tag(config=True)
    warm = Bool(True, help="fork kernels from a process that has done its imports").tag(config=True)
    image = Unicode(container.IMAGE, help="image for podman and docker").tag(config=True)
    files = Dict(help="bytes by name, put into the work folder")

    wall = tree = relay = supervisor = scratch = process = None

    def __init__(self, **options):
        super().__init__(**options)
        self.undo = contextlib.ExitStack()  # what to do when the kernel ends

    async def pre_launch(self, **kwargs):
        self.backend = chosen(self.backend)
        self.scratch = Path(tempfile.mkdtemp(prefix="rnn-", dir="/tmp"))  # short: the name of a socket has 107 bytes
        self.relay = Relay(self.scratch)
        manager = self.parent
        manager.transport, manager.ip, manager.connection_file = "ipc", self.relay.ip, str(self.scratch / "connection.json")
        for name, port in PORTS.items():
            setattr(manager, name, port)
        kwargs = await super().pre_launch(**kwargs)
        return {"cmd": [], "env": kwargs["env"]}

    async def launch_kernel(self, cmd, **kwargs):
        self.connection_info = self.parent.get_connection_info()
        limits = Limits(**self.limits)
        self.wall, inner = socket.socketpair()
        try:
            with inner, self.hand(limits) as hand:
                hand.settimeout(120)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the reason is asked for below
                    give(hand, self.request(limits), [*(door.fileno() for door in self.relay.listeners), inner.fileno()])
                first = self.answer(hand)
            watched = {"podman": None, "docker": None, "none-for-tests": None}.get(self.backend, bubblewrap.private(1))
            self.tree = Tree(first, watched)
        except BaseException:
            self.end()
            await self.cleanup()
            raise
        self.relay.handed_over()
        self.supervisor = Supervisor(self.tree, self.relay, limits, self.end)
        self.supervisor.start()
        return self.connection_info

    def hand(self, limits):
        """Start the first process; return the hand to it."""
        if self.backend == "bubblewrap" and self.warm and warm.possible():
            hand, ended = warm.fork(self.library, self.preload, limits.tmp_mb)
            self.undo.callback(ended)
            return hand
        if self.backend in ("podman", "docker"):
            return self.container(limits)
        ours, theirs = socket.socketpair()
        with theirs:
            if self.backend == "bubblewrap":
                options = bubblewrap.arguments(bubblewrap.program(), self.library, limits.tmp_mb, forks=False)
                self.process = process.start(options, "start", f"main('{theirs.fileno()}')", theirs)
            else:
                self.process = process.plain(theirs, self.scratch)
        return ours

    def container(self, limits):
        """Start a container; return the hand to it."""
        name = f"rnn-{secrets.token_hex(8)}"
        self.undo.callback(subprocess.run, container.removal(self.backend, name), capture_output=True, check=False)
        door = self.scratch / "door"
        command = container.command(self.backend, self.image, name, os.path.realpath(self.library), door, limits)
        with process.listen(door) as listener:
            self.process = process.quiet(command, {**os.environ})
            hand = process.arrival(listener, self.process)
        if hand is None:
            raise self.unavailable(process.last_words(self.process))
        return hand

    def request(self, limits):
        """Return what is handed over besides the sockets."""
        plain = self.backend == "none-for-tests"
        for name in self.files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.parts:
                raise ValueError(f"files has {name!r}; expected names within the work folder")
        if plain:
            (self.scratch / "lab").mkdir()
        return {
            "connection": {**self.connection_info, "key": self.connection_info["key"].decode()},
            "library": self.library if plain else bubblewrap.LIBRARY,
            "work": str(self.scratch / "lab") if plain else bubblewrap.WORK,
            "scratch": str(self.scratch) if plain else "/tmp",
            "files": {name: base64.b64encode(text).decode() for name, text in self.files.items()},
            "limits": limits._asdict(),
            "locked": not plain,
        }

    def answer(self, hand):
        """Wait until the kernel is ready; return the handle of the sandbox's first process."""
        try:
            word, files, _, _ = socket.recv_fds(hand, 2000, 1)
        except (TimeoutError, ConnectionResetError):
            word, files = b"", []
        if word == READY and files:
            return files[0]
        raise self.unavailable(word.decode(errors="replace") or (process.last_words(self.process) if self.process else "it did not answer"))

    def unavailable(self, words):
        return SandboxUnavailable(f"{self.backend} could not start a kernel here: {words}. Unprivileged user namespaces have to be "
                                  f"allowed for bubblewrap, and the image {self.image} to be there for Podman and Docker.")  # fmt: skip

    @property
    def killed(self):
        return self.supervisor and self.supervisor.killed

    def end(self):
        """End every process of the kernel."""
        if self.tree is not None:
            self.tree.kill()
        if self.process is not None:
            process.end(self.process)
        self.undo.close()

    @property
    def has_process(self):
        return self.tree is not None

    async def poll(self):
        return None if self.tree is not None and self.tree.alive() else 1

    async def wait(self):
        while await self.poll() is None:
            await asyncio.sleep(0.005)
        return 1

    async def send_signal(self, signum):
        if signum == signal.SIGKILL:
            await self.kill()  # other signals would end the sandbox and not reach the kernel: it is interrupted by message

    async def kill(self, restart=False):
        self.end()

    async def terminate(self, restart=False):
        self.end()

    async def cleanup(self, restart=False):
        self.end()
        if self.supervisor is not None:
            self.supervisor.stop()
        elif self.relay is not None:
            self.relay.close()
        if self.tree is not None:
            self.tree.alive(10)
            self.tree.close()
        if self.process is not None:
            self.process.wait()
            self.process.stderr.close()
            self.process = None
        if self.wall is not None:
            self.wall.close()
        self.tree = None
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def get_shutdown_wait_time(self, recommended=5.0):
        return 0.5  # nothing in there has anything to put in order


def chosen(backend):
    """Return the backend to use, or raise SandboxUnavailable; there is never less of a sandbox than was asked for."""
    names = {"bubblewrap": "bwrap", "podman": "podman", "docker": "docker"}
    if backend == "none-for-tests":
        return backend
    if backend not in ("auto", *names):
        raise ValueError(f"backend is {backend!r}; expected auto, {', '.join(names)} or none-for-tests")
    found = [name for name, command in names.items() if backend in ("auto", name) and shutil.which(command)]
    if not found:
        there = "no sandbox" if backend == "auto" else f"no {backend}"
        raise SandboxUnavailable(f"There is {there} on this machine, and learners' code is not run without: {bubblewrap.INSTALL}.")
    return found[0]
