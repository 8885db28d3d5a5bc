"""What a kernel cannot see or reach: the network, the machine's files and processes, the course, other kernels, more rights."""

import ast
import os
import socket
import sys
from pathlib import Path

import pytest

from classroom.sandbox import bubblewrap, warm

ROOT = Path(__file__).parents[3]
WARM = pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
pytestmark = pytest.mark.usefixtures("honest")


def value(one, code):
    """Return the value of an expression in the kernel."""
    return ast.literal_eval(one.run(f"import os\nprint(repr({code}))"))


@pytest.mark.parametrize("address", [("1.1.1.1", 53), ("127.0.0.1", None), ("169.254.169.254", 80)])
def test_there_is_no_network(one, address):
    with socket.create_server(("127.0.0.1", 0)) as here:
        address = (address[0], address[1] or here.getsockname()[1])
        said = one.run(f"import socket; socket.create_connection({address}, timeout=3)")
        assert said.startswith(("OSError: [Errno 101]", "ConnectionRefusedError")), said
    assert value(one, "[name for _, name in __import__('socket').if_nameindex()]") == ["lo"]


def test_a_socket_without_a_path_is_not_met_either(one):
    with socket.socket(socket.AF_UNIX) as here:
        here.bind("\0rnn-sandbox-test")
        here.listen()
        assert "ConnectionRefusedError" in one.run("import socket; socket.socket(socket.AF_UNIX).connect('\\0rnn-sandbox-test')")


@pytest.mark.parametrize("family", ["AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_other_kinds_of_sockets_are_refused(one, family):
    assert "Address family not supported" in one.run(f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM)")


def test_files_of_the_machine_are_not_there(one, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    paths = [str(secret), "/etc/passwd", "/etc/shadow", "/etc/hostname", "/var", "/home", "/opt", "/sys", "/run", "/usr/local", "/dev/mem"]
    paths += [str(ROOT / name) for name in ("README.md", "rnncore", "classroom/seeds.py", "gradebook.db", "classroom-data", ".git")]
    paths += [str(Path.home() / name) for name in (".ssh", ".bashrc", ".cache", ".jupyter")]
    assert value(one, f"[path for path in {paths} if os.path.lexists(path)]") == []


def test_what_is_shown_is_what_is_allowed(one):
    shown = sorted({path.split("/")[1] for path in bubblewrap.shown()} | {"dev", "inside", "lab", "library", "proc", "tmp"})
    assert value(one, "sorted(os.listdir('/'))") == shown
    assert value(one, "sorted(os.listdir('/dev'))") == ["fd", "null", "random", "shm", "urandom"]
    inside = value(one, "[os.path.join(d, f) for d, _, fs in os.walk('/inside') for f in fs if f.endswith('.py')]")
    assert {"/inside/classroom/sandbox/inside/start.py"} <= set(inside)
    assert all(path.startswith("/inside/classroom/sandbox/inside/") for path in inside)


@pytest.mark.parametrize("folder", ["/", "/usr/lib", "/library", "/inside", "/dev", "/etc", os.path.realpath(os.__file__ + "/..")])
def test_nothing_but_its_own_folders_can_be_written(one, folder):
    assert one.run(f"open('{folder}/x', 'w')").startswith(("OSError: [Errno 30] Read-only", "PermissionError"))


@pytest.mark.parametrize("name", ["sys/kernel/hostname", "sys/vm/swappiness", "sys/kernel/core_pattern"])
def test_settings_of_the_machine_cannot_be_written(one, name):
    assert one.run(f"open('/proc/{name}', 'a')").startswith(("OSError: [Errno 30] Read-only", "PermissionError"))


def test_its_own_folders_are_empty_and_its_own(talk, one):
    one = talk(warm=one.kernel.provisioner.warm)
    assert value(one, "[os.listdir(folder) for folder in ('/lab', '/dev/shm')]") == [[], []]
    assert one.run("[open(f + '/x', 'w').write('x') for f in ('/tmp', '/lab', '/dev/shm')]; print('written')") == "written\n"


def test_the_environment_says_nothing(one):
    said = one.run("import os; print(dict(os.environ))")
    read = "try: print(open(f'/proc/{p}/environ').read())\n        except OSError: pass"
    said += one.run(f"for p in os.listdir('/proc'):\n    if p.isdigit():\n        {read}")
    assert "PATH=" in said and "nobody may know" not in said and str(ROOT) not in said.replace(sys.prefix, "")


def test_no_open_file_leads_out(one):
    opened = value(
        one, "sorted({os.path.realpath(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')})"
    )
    assert all(path == "/dev/null" or path.startswith("/proc/") for path in opened), opened


def test_no_other_process_is_seen(one):
    assert len(value(one, "[p for p in os.listdir('/proc') if p.isdigit()]")) == 2
    assert one.run(f"os.kill({os.getpid()}, 9)") == "ProcessLookupError: [Errno 3] No such process"


def test_the_first_process_cannot_be_changed(one):
    assert one.run("open('/proc/1/mem', 'rb+', 0)").startswith(("OSError: [Errno 30] Read-only", "PermissionError"))


@pytest.mark.parametrize(
    "code",
    [
        "libc.unshare(0x10000000)",
        "libc.unshare(0x20000)",
        "libc.mount(b'x', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/proc', 2)",
        "libc.chroot(b'/tmp')",
        "libc.ptrace(16, 1, 0, 0)",
        "libc.setuid(0)",
        "libc.setns(os.open('/proc/1/ns/mnt', 0), 0)",
        "libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)",
        "libc.syscall(435, 0, 0)",
        "libc.syscall(425, 8, 0)",
        "libc.mknod(b'/tmp/null', 0o20666, 0x103)",
        "libc.sethostname(b'x', 1)",
    ],
)
def test_more_rights_are_refused(one, code):
    said = one.run(f"import ctypes, os; libc = ctypes.CDLL(None, use_errno=True); print({code})")
    assert said == "-1\n" or said.startswith("PermissionError"), said


def test_a_program_that_makes_namespaces_fails(one):
    assert value(one, "__import__('subprocess').run(['unshare', '--user', 'true'], capture_output=True).returncode") != 0


def test_it_has_no_rights_and_cannot_have_any(one):
    said = dict(line.split(":\t") for line in one.run("print(open('/proc/self/status').read())").splitlines() if ":\t" in line)
    assert {said[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert said["NoNewPrivs"] == "1" and said["Seccomp"] == "2"
    if one.kernel.provisioner.warm and warm.possible():  # bubblewrap limits the namespace around it
        assert value(one, "open('/proc/sys/user/max_user_namespaces').read()") == "0\n"


def test_the_course_is_not_importable_but_for_the_labs_library(one):
    assert value(one, "__import__('rnncore').__path__[0]") == "/library/rnncore"
    assert "ModuleNotFoundError" in one.run("import rnncore.checks")
    assert "ModuleNotFoundError" in one.run("import classroom.seeds")


def test_where_the_course_is_installed_it_is_covered(talk, tmp_path, monkeypatch):
    for package in ("rnncore", "classroom", "other"):
        (tmp_path / "site-packages" / package).mkdir(parents=True)
        (tmp_path / "site-packages" / package / "answers.py").write_text("x = 1")
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    one = talk(warm=False)
    seen = [value(one, f"os.listdir('{tmp_path}/site-packages/{package}')") for package in ("rnncore", "classroom", "other")]
    assert seen == [[], [], ["answers.py"]]


@WARM
def test_two_kernels_do_not_see_one_another(talk, warm):
    one, two = talk(warm=warm), talk(warm=warm)
    assert one.namespace != two.namespace
    one.run("import socket, os\nfor f in ('/tmp', '/lab', '/dev/shm'): open(f + '/mine', 'w').close()")
    one.run("s = socket.socket(socket.AF_UNIX); s.bind('\\0mine'); s.listen(); t = socket.create_server(('127.0.0.1', 5000))")
    assert value(two, "[f for f in ('/tmp/mine', '/lab/mine', '/dev/shm/mine') if os.path.exists(f)]") == []
    two.run("import socket")
    assert "ConnectionRefusedError" in two.run("socket.socket(socket.AF_UNIX).connect('\\0mine')")
    assert "ConnectionRefusedError" in two.run("socket.create_connection(('127.0.0.1', 5000))")
    assert len(value(two, "[p for p in os.listdir('/proc') if p.isdigit()]")) == 2
    kinds = ("pid", "mnt", "net", "ipc", "user", "uts", "cgroup")
    mine, other = (value(k, f"[os.readlink('/proc/self/ns/' + kind) for kind in {kinds}]") for k in (one, two))
    here = [os.readlink(f"/proc/self/ns/{kind}") for kind in kinds]
    assert not {*mine} & {*other} and not {*mine, *other} & {*here}


@WARM
def test_signals_stay_in_the_sandbox(talk, warm):
    one, two = talk(warm=warm), talk(warm=warm)
    one.run("import os, signal, subprocess; p = subprocess.Popen(['sleep', '100'])")
    one.run("signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntry: os.kill(-1, signal.SIGTERM)\nexcept ProcessLookupError: pass")
    assert value(one, "p.wait(5)") == -15, "the signal reaches the kernel's own processes"
    assert two.run("print('here')") == "here\n" and two.kernel.alive
