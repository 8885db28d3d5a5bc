"""`import rnncore` is light: NumPy only, and quick."""

import subprocess
import sys


def test_import_loads_neither_torch_nor_plotting():
    code = (
        "import sys, rnncore, rnncore.plots; print(' '.join(m for m in ('torch', 'plotly', 'IPython', 'ipywidgets') if m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_checks_load_no_torch_until_parity_is_asked_for():
    code = "import sys, rnncore.checks; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
