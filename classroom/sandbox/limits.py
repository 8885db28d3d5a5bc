"""What a kernel may use, and what is said when there is no sandbox."""

from typing import NamedTuple

__all__ = ["Limits", "SandboxUnavailable"]


class Limits(NamedTuple):
    """What one kernel may use, with everything that it starts.

    Memory and processes are counted for the whole tree, and include what lies in its folders, and threads. A single process
    that asks for much more memory than there is gets an ordinary MemoryError; a file that grows too large an OSError.
    """

    memory_mb: float = 2048
    processes: int = 64  # and threads; an idle kernel has about ten
    cpu_s: float = 300
    wall_s: float = 600
    file_mb: int = 64  # size of one file
    output_mb: float = 4  # everything that comes out of Jupyter's channels
    tmp_mb: int = 128  # size of each folder that can be written: /tmp, the work folder, /dev/shm


class SandboxUnavailable(RuntimeError):
    """There is no sandbox here; the sentence says how to get one."""
