"""A kernel that a learner's code cannot leave.

with open_kernel(library, files={"data.csv": b"..."}) as kernel:
    NotebookClient(notebook, km=kernel.manager).execute()
    kernel.killed    # None, or "It used more than 2048 MB of memory."
"""

from pathlib import Path

import zmq
from jupyter_core.utils import run_sync

from classroom.sandbox.client import SPEC, SandboxManager
from classroom.sandbox.limits import Limits, SandboxUnavailable
from classroom.sandbox.provisioner import SandboxProvisioner

__all__ = ["Kernel", "Limits", "SandboxUnavailable", "open_kernel"]


def open_kernel(library, *, files=None, limits=Limits(), backend="auto", preload=("numpy",), warm=True):  # noqa: B008 (a tuple)
    """Start a kernel in a sandbox.

    Args:
        library: folder that comes first on sys.path inside, read-only: the course's library as the learner of one lab has it.
        files: dict from names to bytes, put into the kernel's work folder.
        limits: Limits.
        backend: `auto`, `bubblewrap`, `podman`, `docker`, or `none-for-tests`, which is no sandbox.
        preload: names of modules that are imported once for all kernels; they and `library` tell apart the processes that fork.
        warm: whether to fork from a process that has done its imports; else Python starts anew.
    Returns:
        Kernel.
    Raises:
        SandboxUnavailable: with a sentence that says what is missing.
    """
    library = Path(library).resolve()
    if not library.is_dir():
        raise ValueError(f"library is {str(library)!r}; expected a folder")
    manager = SandboxManager()
    options = {"library": str(library), "files": dict(files or {}), "limits": limits._asdict(), "backend": backend}
    manager.provisioner = SandboxProvisioner(parent=manager, kernel_spec=SPEC, preload=list(preload), warm=warm, **options)
    manager.log.disabled = True  # what goes wrong is raised
    try:
        run_sync(manager.start_kernel)()
    except BaseException:
        run_sync(manager.cleanup_resources)()
        raise
    return Kernel(manager)


class Kernel:
    """A started kernel.

    Attributes:
        manager: of jupyter_client; `NotebookClient(notebook, km=kernel.manager)` works on it.
        wall: socket to what serves inside.
    """

    def __init__(self, manager):
        self.manager, self.wall, self.provisioner = manager, manager.provisioner.wall, manager.provisioner

    @property
    def killed(self):
        """None, or a sentence why the supervisor ended the kernel."""
        return self.provisioner.killed

    @property
    def alive(self):
        """Whether it runs."""
        return self.provisioner.tree is not None and self.provisioner.tree.alive()

    def interrupt(self):
        """Interrupt the running cell, by message. May be called from any thread."""
        session = self.manager.session.clone()
        with zmq.Context() as context, context.socket(zmq.DEALER) as channel:
            channel.linger = 1000
            channel.connect(f"ipc://{self.manager.ip}-{self.manager.control_port}")
            session.send(channel, session.msg("interrupt_request", content={}))

    def kill(self):
        """End it at once, with everything that it has started."""
        self.provisioner.end()

    def close(self):
        """End it, and clean up."""
        self.kill()
        run_sync(self.manager.cleanup_resources)()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
