"""A kernel without a sandbox, behind the interface of classroom.sandbox.kernel: for tests of what runs on top of it."""

import contextlib
import os
import socket
import sys
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_core.utils import run_sync

HERE = Path(__file__)


class PlainKernel:
    """An ordinary ipykernel that has one end of a socketpair."""

    killed = None

    def __init__(self, library):
        self.wall, there = socket.socketpair()
        self.manager = AsyncKernelManager()
        argv = [sys.executable, str(HERE), str(there.fileno()), "-f", "{connection_file}"]
        self.manager._kernel_spec = KernelSpec(argv=argv, display_name="", language="python")
        environment = {**os.environ, "PYTHONPATH": f"{library}{os.pathsep}{HERE.parents[2]}", "PYTHONWARNINGS": "ignore"}
        environment.pop("RNN_LAB_SEED", None)
        run_sync(self.manager.start_kernel)(env=environment, pass_fds=[there.fileno()], cwd=str(HERE.parent))
        there.close()

    def interrupt(self):
        run_sync(self.manager.interrupt_kernel)()

    def close(self):
        self.wall.close()
        with contextlib.suppress(Exception):
            run_sync(self.manager.shutdown_kernel)(now=True)


def open_kernel(library, *, preload=(), **_):
    return PlainKernel(library)


def main():
    from ipykernel.kernelapp import IPKernelApp

    from classroom.sandbox.inside import serve

    sock = socket.socket(fileno=int(sys.argv.pop(1)))
    app = IPKernelApp.instance()
    app.initialize([*sys.argv[1:], "--HistoryManager.hist_file=:memory:"])
    serve.install(app.shell.user_ns, sock)
    app.start()


if __name__ == "__main__":
    main()
