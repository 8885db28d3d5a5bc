"""The built site in Chromium: how long a reader waits for the first figure, for the page's own Python, and for one step of a widget.

Every page is opened in a fresh browser context, so nothing is in the browser's cache. The first figure is there when plotly has drawn it,
counted from the start of the navigation. Python is ready when NumPy and rnncore are imported, counted from the click that starts it. A step
is another network in the widget *gradient flow*, which has 32 units, from the question to the figure's numbers, drawing left out. Left out
where there is no built site (`make site`) or no Chromium.
"""

import importlib.util
import shutil
import threading
from pathlib import Path

import numpy as np
from grid import Spread
from report import Section, Target, note

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
READY = "() => { const from = performance.now(); return rnnKernel.start().then(() => performance.now() - from); }"
ONE_STEP = """async ([values, seed]) => {
    const from = performance.now();
    await rnnKernel.call("gradient_flow", { ...values, network: seed });
    return performance.now() - from;
}"""
FIRST = """() => new Promise((say) => {
    const look = () => document.querySelector(".rnn-figure[data-drawn]") ? say(performance.now()) : requestAnimationFrame(look);
    look();
})"""


def chromium():
    """The path of a Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None)


def serve():
    """Serve the site with tools/serve.py: the server, which runs in a thread."""
    spec = importlib.util.spec_from_file_location("serve", ROOT / "tools" / "serve.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    server = tool.server(SITE, 8900)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def spread(milliseconds):
    """Seconds: median and quartiles."""
    low, median, high = np.quantile(np.array(milliseconds) / 1e3, [0.25, 0.5, 0.75])
    return Spread(float(median), float(low), float(high))


def first_figure(browser, address, page, rounds):
    """Seconds until the first figure of a page is drawn."""
    times = []
    for _ in range(rounds):
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"{address}/{page}", wait_until="commit")
        times.append(tab.evaluate(FIRST))
        context.close()
    return spread(times)


def python(browser, address, rounds, steps):
    """Seconds until Python is ready, and seconds of a step once it is."""
    from rnncore.widgets import widget

    values = {name: control.value for name, control in widget("gradient_flow").controls.items()}
    ready, step = [], []
    for _ in range(rounds):
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"{address}/book/widgets.html", wait_until="load")
        ready.append(tab.evaluate(READY))
        step += [tab.evaluate(ONE_STEP, [values, seed]) for seed in range(steps)][1:]  # the first call imports the widget
        context.close()
    return spread(ready), spread(step)


def sections(quick):
    if chromium() is None or not (SITE / "index.html").exists():
        return []
    from playwright.sync_api import sync_playwright

    rounds = 2 if quick else 5
    pages = [
        str(path.relative_to(SITE)) for path in sorted((SITE / "book").glob("*.html")) if 'class="rnn-figure"' in path.read_text("utf8")
    ]
    server = serve()
    address = f"http://127.0.0.1:{server.server_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        figures = [{"page": page, "first figure, s": first_figure(browser, address, page, rounds)} for page in pages]
        ready, step = python(browser, address, rounds, 5 if quick else 10)
        browser.close()
    server.shutdown()
    worst = max(row["first figure, s"].median for row in figures)
    return [
        Section(
            "Site",
            note(__doc__),
            "Seconds of the clock, with the quartiles of several visits in brackets: other programs on the machine count.",
            figures,
            [Target("site: first figure, worst page, s", worst, 2.5)],
        ),
        Section(
            "Site, Python in the page",
            "From the click to NumPy and rnncore imported, and one step at 32 units.",
            "Seconds of the clock.",
            [{"Python ready, s": ready, "step, s": step}],
            [Target("site: Python ready, s", ready.median, 8), Target("site: a step at 32 units, s", step.median, 0.1)],
        ),
    ]
