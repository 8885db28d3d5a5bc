"""The page's Python: it starts and answers with nothing from outside, and whatever goes wrong ends in a sentence.

The pages here hold the kernel alone, and its rnncore has widgets made for these tests: one that answers, one that fails,
one that never ends.
"""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rnncore import init_rnn, rnn_backward, rnn_forward

ROOT = Path(__file__).parents[2]
LIVE = """
import json, numpy as np

from rnncore.reference import init_rnn, rnn_backward, rnn_forward


def call(name, values):
    values = json.loads(values)
    if name == "hang":
        while True:
            pass
    if name == "fail":
        raise ValueError(f"T must be at least 1, got {values['T']}.")
    H, T = values["H"], 40
    params = init_rnn(np.random.default_rng(0), 4, H)
    hs, _, cache = rnn_forward(params, np.ones((T, 1, 4)), np.zeros((1, H)))
    dparams, _, _ = rnn_backward(cache, np.ones_like(hs), np.zeros((1, H)))
    return json.dumps({"norm": float(np.linalg.norm(dparams["weight_hh"]))})
"""
PAGE = '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>kernel</title><script src="kernel.js"></script></html>'
WATCH = "() => { window.seen = []; rnnKernel.onstate((s) => seen.push(s)); }"
CANCEL = """async (names) => {
    const calls = names.map((name) => rnnKernel.call(name, {H: 8}).then(() => 'no error', (error) => error.message));
    await new Promise((done) => setTimeout(done, 300));
    rnnKernel.cancel();
    return Promise.all(calls);
}"""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("kernel")]  # one at a time: a start takes seconds of all cores


def assemble(target, package):
    spec = importlib.util.spec_from_file_location("pyodide_tool", ROOT / "tools" / "pyodide.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.assemble(target, ROOT / ".cache" / "pyodide", package=package)


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory):
    """A page with nothing but the kernel."""
    folder = tmp_path_factory.mktemp("kernel")
    package = folder / "rnncore"
    shutil.copytree(ROOT / "rnncore", package, ignore=shutil.ignore_patterns("__pycache__", "widgets"))
    (package / "widgets").mkdir()
    (package / "widgets" / "__init__.py").touch()
    (package / "widgets" / "live.py").write_text(LIVE)
    assemble(folder / "page", package)
    shutil.copy(ROOT / "book" / "_static" / "kernel.js", folder / "page")
    (folder / "page" / "index.html").write_text(PAGE)
    return folder / "page"


@pytest.fixture(scope="module")
def address(serve, page_folder):
    return serve(page_folder)


@pytest.fixture
def damaged(serve, page_folder, tmp_path):
    """A copy of the page to break, and its address."""
    shutil.copytree(page_folder, tmp_path / "page")
    return tmp_path / "page", serve(tmp_path / "page")


def say(page, expression):
    """The message of the error with which a promise is rejected."""
    return page.evaluate(f"({expression}).then(() => 'no error', (error) => error.message)")


def states(page):
    seen = page.evaluate("seen.map((s) => s.state)")
    return [state for state, before in zip(seen, [None, *seen], strict=False) if state != before]


def test_starts_and_answers(open_page, address, page_folder):
    page, complaints = open_page("", site=address)
    page.evaluate(WATCH)
    assert page.evaluate("rnnKernel.start()").startswith("Python 3.14")
    params = init_rnn(np.random.default_rng(0), 4, 32)
    hs, _, cache = rnn_forward(params, np.ones((40, 1, 4)), np.zeros((1, 32)))
    expected = np.linalg.norm(rnn_backward(cache, np.ones_like(hs), np.zeros((1, 32)))[0]["weight_hh"])
    assert page.evaluate("rnnKernel.call('gradient', {H: 32})")["norm"] == pytest.approx(expected, rel=1e-9)

    assert states(page) == ["off", "starting", "ready", "busy", "ready"]
    info = json.loads((page_folder / "kernel.json").read_text())
    total = sum(info["files"].values())
    progress = page.evaluate("seen.filter((s) => s.state === 'starting').map((s) => s.bytes)")
    assert progress == sorted(progress) and len(set(progress)) > 3, "the progress is shown as it goes"
    assert progress[-1] == total, "all that was announced has arrived, and no more"
    assert not complaints, complaints


def test_a_page_kernel_is_small(page_folder):
    info = json.loads((page_folder / "kernel.json").read_text())
    assert sum(info["files"].values()) < 17e6


def test_two_callers_share_one_start(open_page, address):
    page, _ = open_page("", site=address)
    page.evaluate(WATCH)
    norms = page.evaluate("Promise.all([8, 16].map((H) => rnnKernel.call('gradient', {H})))")
    assert norms[0] != norms[1]
    assert states(page).count("starting") == 1


def test_errors_of_python_are_one_sentence(open_page, address):
    page, _ = open_page("", site=address)
    assert say(page, "rnnKernel.call('fail', {T: 0})") == "T must be at least 1, got 0."
    assert "is not the name of a widget" in say(page, "rnnKernel.call('os:system', {})")
    assert page.evaluate("rnnKernel.call('gradient', {H: 8})")["norm"] > 0, "it goes on after an error"


def test_a_computation_that_hangs_is_stopped_and_python_started_anew(open_page, address):
    page, _ = open_page("", site=address)
    page.evaluate(WATCH)
    page.evaluate("rnnKernel.start()")
    both = page.evaluate(
        """async () => {
            const calls = [rnnKernel.call('hang', {}, {seconds: 0.5}), rnnKernel.call('gradient', {H: 8})];
            const [hang, next] = await Promise.allSettled(calls);
            return { reason: hang.reason?.message, norm: next.value?.norm };
        }"""
    )
    assert both["reason"] == "The computation was stopped, as it took longer than 0.5 s. Choose smaller values."
    assert both["norm"] > 0, "what was asked afterwards is answered"
    assert states(page) == ["off", "starting", "ready", "busy", "starting", "ready", "busy", "ready"]


def test_cancel_while_starting(open_page, address):
    page, _ = open_page("", site=address)
    page.evaluate(WATCH)
    [message] = page.evaluate(CANCEL, ["gradient"])
    assert message == "Stopped."
    assert states(page) == ["off", "starting", "off"]
    assert page.evaluate("rnnKernel.call('gradient', {H: 8})")["norm"] > 0, "the next call starts it again"


def test_cancel_a_computation_and_what_waits_behind_it(open_page, address):
    page, _ = open_page("", site=address)
    page.evaluate("rnnKernel.start()")
    messages = page.evaluate(CANCEL, ["hang", "gradient"])
    assert messages == ["Stopped.", "Stopped."]


@pytest.mark.parametrize(
    "missing", ["kernel.json", "pyodide-*", "pyodide-*/worker.mjs", "pyodide-*/pyodide.asm.wasm", "pyodide-*/numpy-*.whl"]
)
def test_missing_files_fail_with_a_sentence(open_page, damaged, missing):
    folder, address = damaged
    path = next(folder.glob(missing))
    path.rename(path.with_name("away"))
    page, complaints = open_page("", site=address)
    page.evaluate(WATCH)
    sentence = say(page, "rnnKernel.start()")
    assert sentence.startswith("Python could not start: ") and sentence.endswith("could not be downloaded.") and "\n" not in sentence
    assert states(page) == ["off", "starting", "failed"]
    assert page.evaluate("seen.at(-1).message") == sentence
    asked = len(complaints.failed)
    assert say(page, "rnnKernel.call('gradient', {H: 8})") == sentence
    assert len(complaints.failed) == asked, "later calls are refused without asking the server again"

    path.with_name("away").rename(path)
    assert page.evaluate("rnnKernel.start()").startswith("Python"), "start() tries again"
    assert page.evaluate("rnnKernel.call('gradient', {H: 8})")["norm"] > 0


def test_numpy_at_its_official_address_is_asked_for_there(open_page, damaged):
    """Built without a network, the lock names Pyodide's release; here that is blocked, which the reader is told."""
    folder, address = damaged
    lock = next(folder.glob("pyodide-*/pyodide-lock.json"))
    content = json.loads(lock.read_text())
    official = "https://cdn.jsdelivr.net/pyodide/v314.0.7/full/numpy.whl"
    content["packages"]["numpy"]["file_name"] = official
    lock.write_text(json.dumps(content))
    page, complaints = open_page("", site=address)
    assert say(page, "rnnKernel.start()") == "Python could not start: numpy.whl could not be downloaded."
    assert complaints.outside == [official]


def test_a_page_opened_from_a_file_says_so(chromium, page_folder):
    page = chromium.new_page()
    page.goto(f"file://{page_folder}/index.html")
    assert say(page, "rnnKernel.start()") == "Python could not start: this page was opened from a file; open it from a web address."
    page.close()
