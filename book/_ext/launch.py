"""Sphinx extension: the rocket menu of a page, and Python for the browser.

- The folder that tools/pyodide.py put together is copied into the built site; older ones are removed.
- The menu's links lead to notebooks: JupyterLite relative to the page, so that the site works at any address; the others to the branch
  that `repository: branch` in _config.yml names. A chapter is a text in the repository and a notebook in both places.
- A site without JupyterLite does not offer it, nor does a page whose notebook is not there: a lab that needs PyTorch.
"""

import shutil
from pathlib import Path

LITE = "lite/notebooks/index.html"
TIPS = {
    "JupyterLite": "Run this page in your browser; nothing to install, edits stay in this browser",
    "Binder": "Run this page on mybinder.org; edits are lost when you leave",
    "Colab": "Run this page on Google Colab; needs a Google account",
    "JupyterHub": "Run this page on your class's JupyterHub",
}


def copy_python(app):
    """Put kernel.json and the one folder that it names beside the scripts of the pages."""
    built, static = Path(app.confdir) / "_build" / "pyodide", Path(app.outdir) / "_static"
    if app.builder.name != "html" or not built.exists():
        return
    for folder in static.glob("pyodide-*"):
        if not (built / folder.name).exists():
            shutil.rmtree(folder)
    shutil.copytree(built, static, dirs_exist_ok=True)


def rocket(app, pagename, templatename, context, doctree):
    """Correct what the theme has put into the rocket menu."""
    lite = Path(app.outdir) / "lite"  # what is not there is not offered
    has_lite = (Path(app.outdir) / LITE).exists() and (lite / "files" / f"{pagename}.ipynb").exists()
    for group in context.get("header_buttons", []):
        if group.get("label") != "launch-buttons":
            continue
        group["tooltip"] = "Run this page"
        for button in group["buttons"]:
            button["tooltip"] = TIPS[button["text"]]
            if button["text"] == "JupyterLite":
                button["url"] = f"{context['pathto'](LITE, 1)}?path={pagename}.ipynb"
            else:
                button["url"] = button["url"].replace(f"{pagename}.md", f"{pagename}.ipynb")
        buttons = [button for button in group["buttons"] if has_lite or button["text"] != "JupyterLite"]
        group["buttons"] = sorted(buttons, key=lambda button: button["text"] != "JupyterLite")  # what needs nobody else comes first


def setup(app):
    app.connect("builder-inited", copy_python)
    app.connect("html-page-context", rocket, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
