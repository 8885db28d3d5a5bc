"""Sphinx extension: what a published site has besides its pages.

- sitemap.xml, robots.txt, .nojekyll (GitHub Pages would leave out folders that begin with _) and 404.html.
- The card that other sites show for a link to a page.
- `{build-status}`, a directive: what was executed, when and how long it took, with which versions.
"""

import json
from datetime import datetime
from html import escape
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

PACKAGES = ("numpy", "torch", "plotly", "ipykernel", "jupyter-book", "nbgrader", "jupyterlite-core")
NOT_FOUND = Path(__file__).with_name("404.html")


class BuildStatus(SphinxDirective):
    """Two tables: notebooks and versions."""

    def run(self):
        root = Path(self.env.app.confdir)
        self.env.metadata[self.env.docname]["build_status"] = True
        rows = [row for path in sorted((root / "_executed").glob("*/*.ipynb")) if (row := _execution(path))]
        if not rows:
            return [nodes.paragraph(text="No notebook has been executed for this build.")]
        kernel = root / "_build" / "pyodide" / "kernel.json"
        versions = [(name, version(name)) for name in ("rnncore", *PACKAGES)]
        if kernel.exists():
            versions.append(("Python in the browser", json.loads(kernel.read_text("utf8"))["python"]))
        python = nbformat.read(root / "_executed" / f"{rows[0][0]}.ipynb", 4).metadata.language_info.version
        return [
            _table(("notebook", "cells", "seconds", "executed (UTC)"), rows),
            _table(("software", "version"), [("Python", python), *versions]),
        ]


def _execution(path):
    """Name, cells, seconds and time of an executed notebook, from what its kernel reported; None if it reported nothing."""
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    times = [cell.metadata.get("execution", {}) for cell in cells]
    spans = [
        (t["iopub.execute_input"], t["shell.execute_reply"]) for t in times if {"iopub.execute_input", "shell.execute_reply"} <= t.keys()
    ]
    if not spans:
        return None
    spans = [tuple(map(datetime.fromisoformat, span)) for span in spans]
    seconds = sum((end - begin).total_seconds() for begin, end in spans)
    return f"{path.parent.name}/{path.stem}", str(len(cells)), f"{seconds:.1f}", f"{spans[-1][1]:%Y-%m-%d %H:%M}"


def _table(head, rows):
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group)


def _row(texts):
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in texts))


def status_is_outdated(app, env, added, changed, removed):
    """The page with the status is read at every build."""
    return [page for page, metadata in env.metadata.items() if metadata.get("build_status")]


def card(app, pagename, templatename, context, doctree):
    """Title, first sentences and picture, for sites that show a card for a link."""
    if doctree is None:
        return
    base = app.config.html_baseurl.rstrip("/")
    texts = (node.astext() for node in doctree.findall(nodes.paragraph) if len(node.astext()) > 80)
    description = " ".join(next(texts, app.config.html_title).split())
    if len(description) > 200:
        description = description[:200].rsplit(" ", 1)[0] + " ..."
    properties = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": doctree.next_node(nodes.title).astext() if doctree.next_node(nodes.title) else app.config.html_title,
        "og:description": description,
        "og:url": f"{base}/{pagename}.html",
        "og:image": f"{base}/_static/social_card.png",
        "og:image:alt": "A recurrent network, unrolled over four steps",
    }
    tags = [f'<meta property="{name}" content="{escape(text)}" />' for name, text in properties.items()]
    tags += [f'<meta name="description" content="{escape(description)}" />', '<meta name="twitter:card" content="summary_large_image" />']
    context["metatags"] = context.get("metatags", "") + "\n    " + "\n    ".join(tags)


def write_files(app, error):
    if error or app.builder.name != "html":
        return
    out, base = Path(app.outdir), app.config.html_baseurl.rstrip("/")
    places = "".join(f"<url><loc>{base}/{page}.html</loc></url>\n" for page in sorted(app.env.found_docs))
    sitemap = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'
    (out / "sitemap.xml").write_text(sitemap, encoding="utf8")
    (out / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n")
    (out / ".nojekyll").touch()
    page = NOT_FOUND.read_text("utf8").replace("{base}", base).replace("{path}", urlsplit(base).path)
    (out / "404.html").write_text(page.replace("{title}", escape(app.config.html_title)), encoding="utf8")


def setup(app):
    app.add_directive("build-status", BuildStatus)
    app.connect("env-get-outdated", status_is_outdated)
    app.connect("html-page-context", card, priority=900)
    app.connect("build-finished", write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
