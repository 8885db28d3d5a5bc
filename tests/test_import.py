"""`import rnncore` is light: NumPy only, and quick."""

import subprocess
import sys


def test_import_adds_numpy_alone():
    """Of all modules that do not come with Python; what the start of the interpreter has loaded does not count."""
    code = (
        "import sys; before = set(sys.modules); import rnncore, rnncore.plots; "
        "added = {name.partition('.')[0] for name in sys.modules.keys() - before}; "
        "print(*sorted(added - sys.stdlib_module_names - {'rnncore'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["numpy"]


def test_checks_load_no_torch_until_parity_is_asked_for():
    code = "import sys, rnncore.checks; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
