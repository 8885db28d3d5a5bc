"""Sphinx extension of the site: libraries served with the pages, figures, and pages that follow their notebook.

- MathJax and plotly.js are copied from book/node_modules into the built site; plotly.js goes only to pages with a figure.
- docutils marks a list of sources with a role that WAI-ARIA has withdrawn; it is replaced.
- The arrows that open a section of the table of contents get a name for screen readers.
- The theme's script of all icons of Font Awesome is emptied: half a megabyte, while the same icons come from the theme's fonts.
- The script of the page's Python is told how much it will download.
- Scripts of sphinx-thebe are taken out: it would ask another address for them, and no page uses it.
- A page is read again when its notebook was executed again (rnncore changed, the text did not).
"""

import json
import shutil
from pathlib import Path

MODULES = Path(__file__).parents[1] / "node_modules"
MATHJAX = MODULES / "mathjax" / "es5"
VENDORED = {
    MATHJAX / "tex-mml-chtml.js": "mathjax/tex-mml-chtml.js",
    MATHJAX / "output" / "chtml" / "fonts" / "woff-v2": "mathjax/output/chtml/fonts/woff-v2",
    MATHJAX / "input" / "tex" / "extensions": "mathjax/input/tex/extensions",
    MODULES / "plotly.js-cartesian-dist-min" / "plotly-cartesian.min.js": "plotly-cartesian.min.js",
}


def copy_vendored(app):
    if app.builder.format != "html":
        return
    for source, target in VENDORED.items():
        target = Path(app.outdir) / "_static" / "vendor" / target
        if not source.exists():
            raise FileNotFoundError(f"{source.relative_to(MODULES.parents[1])} is missing: run `make site`, which installs it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)


def outdated(app, env, added, changed, removed):
    """Pages whose executed notebook is newer than what was read."""

    def executed(page):
        notebook = Path(app.confdir) / "_executed" / f"{page}.ipynb"
        return notebook.stat().st_mtime if notebook.exists() else 0

    return [page for page, read_at in env.all_docs.items() if executed(page) > read_at / 1e6]


def finish_page(app, pagename, templatename, context, doctree):
    if "script_files" in context:
        context["script_files"][:] = [script for script in context["script_files"] if not _is_thebe(script)]
    if context.get("body"):
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = _named_sections(context["generate_toctree_html"])
    if 'class="rnn-figure"' in (context.get("body") or ""):
        app.add_js_file("vendor/plotly-cartesian.min.js", defer="defer")
        app.add_js_file("figures.js", defer="defer")
    if 'class="rnn-widget"' in (context.get("body") or ""):
        app.add_js_file("kernel.js", defer="defer", **{"data-bytes": str(kernel_bytes(Path(app.confdir)))})
        app.add_js_file("widgets.js", defer="defer")


def kernel_bytes(root):
    """What the Python of a page downloads when it starts; 0 where tools/pyodide.py did not run."""
    info = root / "_build" / "pyodide" / "kernel.json"
    return sum(json.loads(info.read_text("utf8"))["files"].values()) if info.exists() else 0


def drop_icon_script(app, exception):
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if script.exists():
        script.write_text("")


def _named_sections(write):
    def named(*args, **kwargs):
        return str(write(*args, **kwargs)).replace("<summary>", '<summary aria-label="Pages of this section">')

    return named


def _is_thebe(script):
    return "thebe" in str(getattr(script, "filename", script)).lower() or "THEBE" in getattr(script, "attributes", {}).get("body", "")


def setup(app):
    app.connect("builder-inited", copy_vendored)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", finish_page, priority=900)
    app.connect("build-finished", drop_icon_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
