"""Run the cells of chapters as other processors would compute them: what a chapter claims must not depend on the last digit.

    python tools/processors.py                     every chapter, on all kinds of processors below; minutes
    python tools/processors.py bptt lstm           these chapters only
    python tools/processors.py --cores Haswell     this kind only

OpenBLAS, inside NumPy, has a kernel of its own for each kind of processor. They add the terms of a product in different orders, and so do
not agree in the last digits; an experiment that is chaotic then goes another way. `OPENBLAS_CORETYPE` chooses the kernel. This machine must
be able to run it: a kernel with instructions that it lacks stops the process. Exits 1 if a chapter's assertion does not hold.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
CORES = ("Prescott", "Nehalem", "Haswell")  # SSE3, SSE4.2, AVX2: any of the last ten years can run them


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="names of files in book/, without the ending; all if left out")
    parser.add_argument("--cores", nargs="+", default=CORES, help="kinds of processors, as OpenBLAS calls them")
    given = parser.parse_args()
    known = {path.stem: path for path in sorted(BOOK.glob("*.md")) if "{code-cell}" in path.read_text("utf8")}
    if unknown := [name for name in given.chapters if name not in known]:
        parser.error(f"there is no chapter {unknown[0]} with code in {BOOK}")
    jobs = [(name, core) for name in given.chapters or known for core in given.cores]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [found for found in pool.map(lambda job: run(known[job[0]], job[1]), jobs) if found]
    print("\n".join(complaints) or f"{len(jobs)} runs: every assertion holds.")
    return bool(complaints)


def run(path, core):
    """Run a chapter's cells in one process; return None, or a sentence with the assertion that failed."""
    source = "\n".join(map(as_script, jupytext.read(path).cells))
    own = {"OPENBLAS_CORETYPE": core, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / f"{path.stem}.py"
        script.write_text(source, "utf8")
        done = subprocess.run([sys.executable, script], cwd=BOOK, env=os.environ | own, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    where = [line.strip() for line in done.stderr.strip().splitlines() if line.strip() and set(line.strip()) != {"^"}]
    return f"{path.stem} on {core}: {' '.join(where[-2:]) or f'the process ended with {done.returncode}'}"


def as_script(cell):
    """The code of a cell; one that is meant to fail may."""
    if cell.cell_type != "code":
        return ""
    if "raises-exception" in cell.metadata.get("tags", []):
        return f"try:\n    exec({cell.source!r})\nexcept Exception as error:\n    print(error)"
    return cell.source


if __name__ == "__main__":
    sys.exit(main())
