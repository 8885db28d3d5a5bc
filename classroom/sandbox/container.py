"""The sandbox by Podman or Docker: the same inside, as a command line.

The image has to have what the labs import (the course's requirements) and nothing of the course itself. Its Python finds the lab's
library, what runs inside, and one socket, the door, through which everything else is handed over; it has no network.
"""

from classroom.sandbox.bubblewrap import BIN, INSIDE, LIBRARY, WORK, environment

__all__ = ["DOOR", "IMAGE", "command", "removal"]

DOOR = "/door"
IMAGE = "rnn-sandbox"  # podman build --target rnn-sandbox -t rnn-sandbox . (for --init, Podman needs catatonit)


def command(program, image, name, library, door, limits):
    """Return the command line that starts a kernel.

    Args:
        program: `docker` or `podman`, or a path.
        image: name of the image.
        name: name of the container.
        library: folder with the lab's library.
        door: folder with the socket `hand`, which listens.
        limits: Limits.
    Returns:
        list of strings.
    """
    memory = f"{limits.memory_mb:g}m"
    made = [program, "run", "--rm", "--pull=never", "--name", name, "--hostname", "lab", "--network=none", "--read-only"]
    made += ["--user=65534:65534", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--init", "--ipc=private"]
    made += [f"--memory={memory}", f"--memory-swap={memory}", f"--pids-limit={limits.processes}", "--cpus=1"]
    made += ["--ulimit=core=0", "--ulimit=nofile=256:256", "--ulimit=nproc=4096:4096", f"--ulimit=fsize={limits.file_mb << 20}"]
    made += [f"--shm-size={limits.tmp_mb}m", "--log-driver=none", f"--workdir={WORK}"]
    for folder in ("/tmp", WORK):
        made += [f"--tmpfs={folder}:rw,nosuid,nodev,size={limits.tmp_mb}m,mode=1777"]
    for source, target in ((library, LIBRARY), (INSIDE, f"{BIN}/classroom/sandbox/inside"), (door, DOOR)):
        made += [f"--mount=type=bind,source={source},target={target},readonly"]
    for key, value in environment().items():
        if key != "PATH":  # the image's own
            made += [f"--env={key}={value}"]
    call = f"import sys; sys.path.insert(0, {BIN!r}); from classroom.sandbox.inside.start import main; main({DOOR + '/hand'!r})"
    return [*made, "--entrypoint=python", image, "-I", "-B", "-c", call]


def removal(program, name):
    """Return the command line that ends a container at once, with everything in it."""
    return [program, "rm", "--force", "--volumes", name]
