"""Print the book: all pages as one PDF with a title page, a list of contents, page numbers and bookmarks.

    python tools/pdf.py        writes _build/rnn-course.pdf

The pages are built as one (Sphinx's singlehtml) and printed by Chromium, with the figures as they stand in the pages.
$CHROMIUM names another Chromium or Chrome.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OUT = ROOT / "_build" / "rnn-course.pdf"
# Chapters are the sections that follow a span named after their file; before them go a title page and a list of contents.
LAY_OUT = """([title, author, address]) => {
    const article = document.querySelector("article");
    const chapters = [article.querySelector("section"), ...article.querySelectorAll('span[id^="document-"] + section')];
    const front = document.createElement("header");
    front.className = "front";
    front.innerHTML = "<div class='title'></div><div class='author'></div><div class='address'></div><nav><p>Contents</p><ol></ol></nav>";
    for (const [name, text] of Object.entries({ title, author, address })) front.querySelector("." + name).textContent = text;
    const list = (section, kind) => {
        const heading = section.querySelector(":scope > :is(h1, h2, h3)")?.cloneNode(true);
        if (!heading) return;
        heading.querySelector(".headerlink")?.remove();
        const item = document.createElement("li");
        item.className = "in-" + kind;
        item.append(Object.assign(document.createElement("a"), { href: "#" + section.id, textContent: heading.textContent }));
        front.querySelector("ol").append(item);
    };
    for (const chapter of chapters) {
        chapter.classList.add("chapter");
        list(chapter, "chapter");
        chapter.querySelectorAll(":scope > section:not(.chapter)").forEach((section) => list(section, "section"));
    }
    for (const code of article.querySelectorAll("pre")) code.classList.toggle("long", code.textContent.split("\\n").length > 25);
    for (const details of article.querySelectorAll("details")) details.open = true;
    article.before(front);
}"""


def main():
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None or not shutil.which(chromium):
        named = f"$CHROMIUM names {chromium!r}, which is not there" if chromium else "there is none on this machine"
        sys.exit(f"Printing the book needs Chromium or Chrome, but {named}: install one (Debian, Ubuntu: `apt install chromium`).")
    folder = build()
    print("Printing ...", flush=True)
    pages = print_pdf(chromium, folder)
    print(f"{OUT.relative_to(ROOT)}: {pages} pages, {OUT.stat().st_size / 1e6:.1f} MB.")


def build():
    """Build all pages as one and return the folder."""
    print("Building the pages as one (log: _build/pdf.log) ...", flush=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--toc", "book/_toc.yml", "--path-output", "."]
    with open(ROOT / "_build" / "pdf.log", "w") as log:
        if subprocess.call([*command, "--builder", "singlehtml"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT):
            sys.exit("The pages could not be built; the whole log is in _build/pdf.log.")
    folder = ROOT / "_build" / "singlehtml"
    root = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text("utf8"))["root"]
    shutil.copy(folder / f"{root}.html", folder / "print.html")  # its addresses start from this folder
    return folder


def print_pdf(chromium, folder):
    """Print the one page and return the number of sheets."""
    from playwright.sync_api import sync_playwright

    spec = importlib.util.spec_from_file_location("serve", Path(__file__).with_name("serve.py"))
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    server = serve.server(folder, 8700)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 720, "height": 1000}, color_scheme="light")
        page.goto(f"http://127.0.0.1:{server.server_port}/print.html", wait_until="load")
        page.wait_for_function("!document.querySelector('.rnn-figure:not([data-drawn])')", timeout=60000)
        page.evaluate("window.MathJax?.startup?.promise")
        page.evaluate(LAY_OUT, [CONFIG["title"], CONFIG["author"], CONFIG["html"]["baseurl"]])
        page.add_style_tag(path=Path(__file__).with_name("pdf.css"))
        page.emulate_media(media="print", color_scheme="light")
        page.evaluate("Promise.all([...document.querySelectorAll('.js-plotly-plot')].map((plot) => Plotly.Plots.resize(plot)))")
        data = page.pdf(path=OUT, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        browser.close()
    server.shutdown()
    server.server_close()
    return data.count(b"/Type /Page\n") or data.count(b"/Type /Page ") or data.count(b"/Type/Page/")


if __name__ == "__main__":
    main()
