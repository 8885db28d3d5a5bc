"""How long `import rnncore` takes beyond NumPy, each time in a fresh interpreter, the two in turn."""

import subprocess
import sys

import numpy as np
from report import Section, Target, note

READING = "A row is one statement: processor seconds of an interpreter that runs it and nothing else."
CODE = "import time; began = time.process_time(); import {}; print(time.process_time() - began)"


def seconds(name):
    """Processor time of one import in a fresh interpreter."""
    result = subprocess.run([sys.executable, "-c", CODE.format(name)], capture_output=True, text=True, check=True)
    return float(result.stdout)


def sections(quick):
    rounds = 3 if quick else 15
    for name in ("numpy", "rnncore"):
        seconds(name)  # compiles what is not yet compiled
    times = np.array([[seconds(name) for name in ("numpy", "rnncore")] for _ in range(rounds)])
    beyond = float(np.median(times[:, 1] - times[:, 0]))
    rows = [{"statement": f"import {name}", "seconds": float(np.median(t))} for name, t in zip(("numpy", "rnncore"), times.T, strict=True)]
    return [Section("Import", note(__doc__), READING, rows, [Target("import rnncore, seconds beyond NumPy", round(beyond, 3), 0.15)])]
