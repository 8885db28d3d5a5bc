"""Run the benchmarks: `python benchmarks/run.py [--quick] [names]`, or `make bench`, or `make bench ONLY=layers`.

Every file in this folder that has a function `sections(quick)` is a benchmark, named after the file; without names all of them run.
What each measures is written to results/. A quick run, which has few rounds and leaves out the largest shapes, is only printed.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benchmarks():
    """The names of all benchmarks, sorted."""
    return sorted(path.stem for path in HERE.glob("*.py") if "\ndef sections(" in path.read_text())


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="files to run, such as layers")
    parser.add_argument("--quick", action="store_true", help="few rounds, smaller shapes, nothing written")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in benchmarks():
            parser.error(f"expected names among {', '.join(benchmarks())}, got {name}.")
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"  # before NumPy and PyTorch are loaded
    sys.path.insert(0, str(HERE.parent))
    report = importlib.import_module("report")
    missed = False
    for name in dict.fromkeys(options.names or benchmarks()):
        print(f"{name} ...", file=sys.stderr, flush=True)
        sections = importlib.import_module(name).sections(options.quick)
        if not sections:
            print(f"{name} is left out: something that it needs is not here.", file=sys.stderr)
        elif options.quick:
            print(report.markdown(name, sections, report.machine(), "a quick run"))
        else:
            print(report.write(name, sections), flush=True)
        missed |= not all(target.met for section in sections for target in section.targets)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
