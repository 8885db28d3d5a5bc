"""A browser on the built site, in which every request to another address is blocked and every complaint is kept."""

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def serve():
    """A function that serves a folder, with tools/serve.py, and returns the address."""
    servers = []

    def serve(folder):
        servers.append(_load(ROOT / "tools" / "serve.py").server(folder, 8900))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def site(serve):
    """The address of the built site."""
    if not (SITE / "index.html").exists():
        pytest.fail("The site is not built: run `make site` first, or `make test`, which does.")
    return serve(SITE)


@pytest.fixture(scope="session")
def below(serve, site, tmp_path_factory):
    """The address of the built site as GitHub Pages serves it, below /rnn-course/."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "rnn-course").symlink_to(SITE)
    (folder / "404.html").symlink_to(SITE / "404.html")
    return serve(folder) + "/rnn-course"


@pytest.fixture(scope="session")
def chromium():
    """Chromium or Chrome of this machine ($CHROMIUM names another); where there is none, Playwright's own is installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        if executable is None and not Path(playwright.chromium.executable_path).exists():
            subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Complaints:
    """What went wrong while a page was looked at, and what it asked for."""

    asked: list = field(default_factory=list)  # files of the site
    outside: list = field(default_factory=list)  # requests to another address, all blocked
    console: list = field(default_factory=list)  # errors and warnings
    failed: list = field(default_factory=list)  # answers of 400 and above

    def __bool__(self):
        return bool(self.outside or self.console or self.failed)


@pytest.fixture
def open_page(chromium, request):
    """A function that opens a page, of the built site if no other is named, and returns it with its complaints."""
    contexts = []

    def open_page(path, theme="light", width=1280, height=900, site=None, prepare=lambda context: None):
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce")
        contexts.append(context)
        complaints = Complaints()

        def route(request_route):
            url = request_route.request.url
            if urlsplit(url).hostname == "127.0.0.1":
                complaints.asked.append(urlsplit(url).path.lstrip("/"))
                request_route.continue_()
            else:
                complaints.outside.append(url)
                request_route.abort()

        context.route("http*://**/*", route)
        prepare(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.console.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.console.append(str(error)))
        page.on("response", lambda r: complaints.failed.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.goto(f"{site or request.getfixturevalue('site')}/{path}", wait_until="load")
        page.wait_for_function("!document.querySelector('.rnn-figure:not([data-drawn])')", timeout=15000)
        page.wait_for_function("!document.querySelector('.math') || (window.MathJax && MathJax.startup)", timeout=15000)
        page.evaluate("window.MathJax?.startup?.promise")
        return page, complaints

    yield open_page
    for context in contexts:
        context.close()
