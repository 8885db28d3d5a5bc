"""`make classroom`: prepare the class, run JupyterHub with the demo's configuration, say how to log in, and stop cleanly on Ctrl-C."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from classroom.hub import people
from classroom.hub.people import DATA, ROOT

HERE = Path(__file__).resolve().parent
PATIENCE = 60  # seconds for the hub to start, and to stop with all its servers


def main():
    parser = argparse.ArgumentParser(prog="python -m classroom.hub", description=__doc__)
    parser.add_argument("--port", default="8010", help="the class's port; the two after it are used inside (default: 8010)")
    port = parser.parse_args().port
    if not port.isdecimal() or not 1 <= int(port) <= 65533:
        sys.exit(f"PORT must be a number from 1 to 65533, got {port!r}.")
    port = int(port)
    if not (HERE / "node_modules").exists():
        sys.exit("The proxy is not installed: run `make classroom`, which does it, or `npm ci --prefix classroom/hub`.")
    refuse_if_taken(port)
    environment = os.environ | {"CLASSROOM_PORT": str(port), "PYTHONPATH": os.pathsep.join(python_path())}
    prepared = subprocess.run([sys.executable, "-m", "classroom.hub.prepare", "--demo"], cwd=ROOT, env=environment)
    if prepared.returncode:
        sys.exit(prepared.returncode)
    sys.exit(run(port, environment))


def refuse_if_taken(port):
    """Exit with a sentence if the ports are somebody else's; those of a class that was killed will be taken over by the hub."""
    if healthy(port):
        pid = DATA / "hub" / "jupyterhub.pid"
        ours = f", process {pid.read_text().strip()}: stop it with Ctrl-C where it was started, or with `kill`" if pid.exists() else ""
        sys.exit(f"A class runs already on port {port}{ours}.")
    taken = [number for number in range(port, port + 3) if not free(number)]
    if taken and not (DATA / "hub" / "proxy.pid").exists():
        sys.exit(f"Port {taken[0]} is taken: choose another with `make classroom PORT=9010`; the two after it are used too.")


def python_path():
    """The course's folder first, for the configuration files of all servers."""
    return [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def free(port):
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def run(port, environment):
    """Run the hub until it ends or somebody stops it; return the exit status."""
    stop = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda *_: stop.append(True))
    log = DATA / "hub" / "jupyterhub.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-m", "jupyterhub", "-f", str(HERE / "demo_config.py")]
    with open(log, "a") as file:  # in a session of its own, so that Ctrl-C reaches it once, through this process
        hub = subprocess.Popen(command, cwd=DATA / "hub", env=environment, stdout=file, stderr=file, start_new_session=True)
    began = time.monotonic()
    while hub.poll() is None and not stop and not healthy(port):
        if time.monotonic() - began > PATIENCE:
            stop.append(True)
        time.sleep(0.2)
    if hub.poll() is None and not stop:
        welcome(port)
    while hub.poll() is None and not stop:
        time.sleep(0.2)
    if hub.poll() is None:
        print("\nStopping the hub and every server ...", flush=True)
        hub.terminate()
        try:
            hub.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            hub.kill()
            print(f"The hub did not stop within {PATIENCE} s and was killed; see {log.relative_to(ROOT)}.")
            return 1
        print("Stopped. Nothing is lost: `make classroom` goes on where this ended.")
        return 0
    print(f"The hub ended with status {hub.returncode}; the end of {log.relative_to(ROOT)}:\n{log.read_text()[-1500:]}")
    return 1


def healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/hub/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def welcome(port):
    from classroom.hub.demo import passwords  # the file is there now

    words, roles = passwords(), people.read()
    rows = "\n".join(f"  {roles[name].role:9}{name:20} {word}" for name, word in words.items())
    print(
        f"""
The class is on http://127.0.0.1:{port}

  role     user                 password
{rows}

  student  Nbgrader > Assignment List: fetch a lab, work, validate, submit
  teacher  Nbgrader > Formgrader: collect, grade, give feedback
  stop     Ctrl-C; work, submissions and marks stay in classroom-data/ and gradebook.db

A demo: every server runs under your account, so nothing keeps its users apart. classroom/README.md leads to a real class.
""",
        flush=True,
    )


if __name__ == "__main__":
    main()
