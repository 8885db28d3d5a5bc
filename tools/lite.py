"""Build JupyterLite into the site: every chapter, and every lab that can be done there, as a notebook that runs in the reader's browser.

    python tools/lite.py        writes _build/html/lite, if something it is made of has changed

It uses the Python that tools/pyodide.py put together and asks for nothing outside. Where that could not download all of it,
there is no JupyterLite, and the pages do not offer it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from readers import CONFIG, ROOT, in_browser, pages, runs_in_browser, write

OUT, WORK = ROOT / "_build" / "html" / "lite", ROOT / "_build" / "lite"
EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "jupyterlab-plotly")
BUILT_IN = ["numpy", "rnncore"]  # what the kernel preloads besides the packages that kernel.json lists


def main():
    info = json.loads((ROOT / "_build" / "pyodide" / "kernel.json").read_text("utf8"))
    if not info["notebooks"]:
        shutil.rmtree(OUT, ignore_errors=True)
        return 0
    notebooks = {path: in_browser(notebook) for path, notebook in pages() if runs_in_browser(path, notebook)}
    settings = configuration(info)
    made_of = repr((notebooks, settings, version("jupyterlite-core"), version("jupyterlite-pyodide-kernel"), version("plotly")))
    key = hashlib.sha256(made_of.encode()).hexdigest()
    if (OUT / "key").exists() and (OUT / "key").read_text() == key:
        return 0
    print(f"Building JupyterLite with {len(notebooks)} notebooks ...", flush=True)
    for folder in (WORK, OUT):  # what an earlier build left would make this one skip steps
        shutil.rmtree(folder, ignore_errors=True)
    for path, notebook in notebooks.items():
        write(notebook, WORK / "files" / path)
    for name, content in settings.items():
        (WORK / name).write_text(json.dumps(content))
    # Nobody's own Jupyter configuration; the same dates at every build.
    own = {"JUPYTER_CONFIG_DIR": str(WORK / "no_config"), "JUPYTER_CONFIG_PATH": "", "SOURCE_DATE_EPOCH": "1577836800"}
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    done = subprocess.run(command, cwd=WORK, env=os.environ | own, capture_output=True, text=True)
    if done.returncode:
        print(f"JupyterLite could not be built:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
        return 1
    (OUT / "key").write_text(key)
    return 0


def configuration(info):
    """The two files that JupyterLite's builder reads, by name."""
    installed = Path(sys.prefix, "share/jupyter/labextensions")
    build = {
        "apps": ["notebooks", "tree"],
        "contents": ["files"],
        "output_dir": str(OUT),
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "ignore_sys_prefix": ["federated_extensions"],
        "federated_extensions": [str(installed / name) for name in EXTENSIONS],
    }
    kernel = {
        "pyodideUrl": f"./../_static/{info['folder']}pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": [*BUILT_IN, *info["notebooks"]]},
    }
    page = {
        "appName": CONFIG["title"],
        "appUrl": "./tree",
        "faviconUrl": "./../_static/favicon.svg",
        "litePluginSettings": {f"{EXTENSIONS[0]}:kernel": kernel},
    }
    return {
        "jupyter_lite_config.json": {"LiteBuildConfig": build},
        "jupyter-lite.json": {"jupyter-lite-schema-version": 0, "jupyter-config-data": page},
    }


if __name__ == "__main__":
    sys.exit(main())
