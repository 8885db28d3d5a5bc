"""ngshare, really started, behind a hub of a few lines that knows tokens: only the answer to `/hub/api/user` is made up."""

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from tests.classroom.conftest import LAB, ROOT, environment, move
from tests.classroom.processes import descendants

SERVICE = ROOT / ".cache" / "ngshare"  # ngshare with the SQLAlchemy it needs, which is not nbgrader's
PEOPLE = ("theo", "ada", "ben")
CONFIG = """
import os
if "CLASSROOM_NGSHARE" in os.environ:
    from classroom.hub.ngshare import use
    use(c, os.environ["CLASSROOM_NGSHARE"])
"""
COMMAND = f"""
from jupyter_core.application import NoStart
from nbgrader.apps import NbGraderApp
LAB = {LAB!r}
def nbgrader(*arguments):
    app = NbGraderApp.instance()
    app.initialize(list(arguments))
    try:
        app.start()
    except NoStart:  # a command of nbgrader's has run
        pass
    finally:
        NbGraderApp.clear_instance()
"""


def require(*modules):
    """Skip a test where what it needs is not installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: `make classroom-test` installs it")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Hub(BaseHTTPRequestHandler):
    """Who has a token: what ngshare asks the hub."""

    def do_GET(self):
        name = self.headers.get("Authorization", "").removeprefix("token token-of-")
        self.send_response(200 if name in PEOPLE and self.path == "/hub/api/user" else 403)
        self.end_headers()
        self.wfile.write(json.dumps({"kind": "user", "name": name, "admin": name == "theo"}).encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def service(hub_api, folder, port=None, token="secret"):
    """Run ngshare for a hub; yield its address."""
    require("ngshare_exchange", "rapidfuzz")
    if not (SERVICE / "ngshare").is_dir():
        pytest.skip("no ngshare: pip install --no-deps --target .cache/ngshare -r classroom/deploy/ngshare.txt")
    port, prefix = port or free_port(), "/services/ngshare/"
    env = environment(
        JUPYTERHUB_API_URL=hub_api,
        JUPYTERHUB_API_TOKEN=token,
        JUPYTERHUB_CLIENT_ID="service-ngshare",
        JUPYTERHUB_SERVICE_PREFIX=prefix,
        JUPYTERHUB_SERVICE_URL=f"http://127.0.0.1:{port}",
        PYTHONPATH=str(SERVICE),
        TZ="Asia/Tokyo",  # the service's zone must not matter
    )
    command = [sys.executable, "-W", "ignore", "-m", "ngshare", "--admins", "theo"]
    command += ["--database", f"sqlite:///{folder}/ngshare.db", "--storage", f"{folder}/ngshare"]
    with started(command, env, folder / "ngshare.log", f"http://127.0.0.1:{port}/healthz"):
        yield f"http://127.0.0.1:{port}{prefix}".rstrip("/")


@contextlib.contextmanager
def started(command, env, log, address):
    """Run a program until the block ends, once it answers at an address."""
    with open(log, "w") as file:
        program = subprocess.Popen(command, env=env, stdout=file, stderr=file, cwd=log.parent)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(address):
                break
            assert program.poll() is None, log.read_text()
            time.sleep(0.2)
        else:
            pytest.fail(log.read_text())
        yield
    finally:
        for pid in [program.pid, *descendants(program.pid)]:  # a hub's proxy is in a group of its own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        program.wait()


@pytest.fixture
def ngshare(tmp_path):
    """The service's address, and `ask(who, path)` for what its API answers."""
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        with service(f"http://127.0.0.1:{hub.server_port}/hub/api", tmp_path) as address:
            yield SimpleNamespace(address=address, ask=lambda who, path: ask(address, f"token-of-{who}", path))
    finally:
        hub.shutdown()
        hub.server_close()


def ask(address, token, path, data=None):
    request = urllib.request.Request(address + path, headers={"Authorization": f"token {token}"}, data=data)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.fixture
def act(folder, ngshare, tmp_path):
    """act(who, script, fails=False): Python in a person's own folder with the person's token; `nbgrader(...)` runs a command in it."""
    with open(move(folder) / "nbgrader_config.py", "a") as file:
        file.write(CONFIG)

    def act(who, script, fails=False):
        home = folder if who == "theo" else tmp_path / who
        home.mkdir(exist_ok=True)
        hub = {"JUPYTERHUB_USER": who, "JUPYTERHUB_API_TOKEN": f"token-of-{who}", "CLASSROOM_NGSHARE": ngshare.address}
        if who != "theo":
            (home / "nbgrader_config.py").write_text(f"c = get_config()\nc.CourseDirectory.course_id = 'rnn'\n{CONFIG}")
        command = [sys.executable, "-W", "ignore", "-c", COMMAND + script]
        env = environment(HOME=str(tmp_path / f"home-{who}"), **hub)
        done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    return act
