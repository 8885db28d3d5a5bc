"""What uses too much is ended with a sentence, and leaves no process; a kernel that works beside it does not notice."""

import time

import pytest
from nbclient.exceptions import DeadKernelError

WARM = pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
CROWD = """
import os, time
for _ in range({}):
    if os.fork() == 0:
        {}
        time.sleep(100)
        os._exit(0)
time.sleep(100)
"""


def ended(one, code, sentence):
    """Run a cell that has to be ended with this sentence."""
    begun = time.monotonic()
    with pytest.raises(DeadKernelError):
        one.run(code)
    assert one.kernel.killed == sentence
    assert not one.kernel.alive and not one.processes()
    return time.monotonic() - begun


@WARM
@pytest.mark.parametrize(
    "code",
    [
        "x = []\nwhile True: x.append(bytearray(1 << 20))",
        CROWD.format(5, "x = bytearray(120 << 20)"),
        "import numpy\nx = []\nwhile True: x.append(numpy.ones(1 << 20))",
    ],
    ids=["one", "many", "numpy"],
)
def test_memory_of_all_processes_together(talk, honest, warm, code):
    ended(talk(warm=warm, memory_mb=450, tmp_mb=64), code, "It used more than 450 MB of memory.")


@WARM
def test_files_in_memory_count_as_memory(talk, honest, warm):
    one = talk(warm=warm, memory_mb=200, file_mb=64)
    fill = "for f in ('/tmp', '/lab', '/dev/shm'): open(f'{f}/{i}', 'wb').write(bytes(40 << 20))"
    code = f"import time\nfor i in range(3):\n    {fill}\ntime.sleep(100)"
    ended(one, code, "It used more than 200 MB of memory.")


@WARM
def test_memory_that_is_only_asked_for_is_an_ordinary_error(talk, honest, warm):
    one = talk(warm=warm)
    assert "MemoryError" in one.run("import numpy; numpy.zeros(10**12)")
    assert one.run("print(numpy.zeros(10**6).sum())") == "0.0\n" and one.kernel.killed is None


@WARM
@pytest.mark.parametrize("what", ["processes", "threads"])
def test_processes_and_threads(talk, honest, warm, what):
    one = talk(warm=warm, processes=30, memory_mb=8000)  # a page that processes share is counted for each
    if what == "processes":
        code = CROWD.format(60, "pass")
    else:
        start = "threading.Thread(target=time.sleep, args=(100,), daemon=True).start()"
        code = f"import threading, time\nfor _ in range(60): {start}\ntime.sleep(100)"
    try:
        ended(one, code, "It had more than 30 processes and threads.")
    except BaseException as error:  # an ordinary user's system refuses the next one before anyone has to look
        if not isinstance(error, pytest.fail.Exception):
            raise
        assert one.kernel.killed is None and len(one.processes()) <= 30


@WARM
def test_computing(talk, honest, warm):
    assert ended(talk(warm=warm, cpu_s=2), "while True: pass", "It computed for more than 2 seconds.") < 20


@WARM
def test_computing_of_processes_that_have_ended_counts(talk, honest, warm):
    code = "import os\nwhile True:\n    if os.fork() == 0:\n        sum(range(3_000_000)); os._exit(0)\n    os.wait()"
    ended(talk(warm=warm, cpu_s=2), code, "It computed for more than 2 seconds.")


@WARM
def test_the_clock(talk, honest, warm):
    code = "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: time.sleep(1)"
    one = talk(warm=warm, wall_s=3)
    assert ended(one, code, "It ran for more than 3 seconds.") < 10


@WARM
@pytest.mark.parametrize(
    "code", ["while True: print('x' * 1000)", "import os\nwhile True: os.write(1, bytes(1000))", "print('x' * 50_000_000)"]
)
def test_output(talk, honest, warm, code):
    ended(talk(warm=warm, output_mb=1), code, "It sent more than 1 MB of output.")


def test_output_that_nobody_reads(talk, honest):
    one = talk(output_mb=1)
    one.client.kc.execute("while True: print('x' * 1000)")
    for _ in range(100):
        time.sleep(0.1)
        if not one.kernel.alive:
            break
    assert one.kernel.killed == "It sent more than 1 MB of output." and not one.processes()


@WARM
def test_the_size_of_a_file_and_of_a_folder(talk, honest, warm):
    one = talk(warm=warm, file_mb=1, tmp_mb=4)
    assert one.run("open('large', 'wb').write(bytes(2 << 20))") == "OSError: [Errno 27] File too large"
    for folder in ("/tmp", "/lab", "/dev/shm"):
        said = one.run(f"for i in range(8): open(f'{folder}/{{i}}', 'wb').write(bytes(1 << 20))")
        assert said == "OSError: [Errno 28] No space left on device", folder
    assert one.run("print(1)") == "1\n" and one.kernel.killed is None


@WARM
def test_the_number_of_files(talk, honest, warm):
    code = "import time\nfor i in range(25_000): open(f'/tmp/{i}', 'w').close()\ntime.sleep(100)"
    ended(talk(warm=warm), code, "It made more than 20000 files.")


@WARM
@pytest.mark.parametrize(
    "code",
    [
        "import os; os.memfd_create('x')",
        "import mmap; mmap.mmap(-1, 4096)",
        "import mmap; mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096)",
    ],
)
def test_memory_that_has_no_owner_is_refused(talk, honest, warm, code):
    assert (
        talk(warm=warm)
        .run("import os\n" + code)
        .startswith(("PermissionError", "FileNotFoundError: [Errno 2] No such file or directory: '/dev/zero'"))
    )


def test_the_limits_in_the_kernel_itself(talk):
    one = talk(memory_mb=1000, processes=40, file_mb=7, cpu_s=50)
    code = "import resource as r; print([r.getrlimit(getattr(r, 'RLIMIT_' + n)) for n in ('DATA', 'FSIZE', 'CPU', 'NPROC', 'CORE')])"
    data, size, cpu, crowd = 1506 << 20, 7 << 20, 55, 40
    assert one.run(code) == f"[({data}, {data}), ({size}, {size}), ({cpu}, {cpu}), ({crowd}, {crowd}), (0, 0)]\n"
