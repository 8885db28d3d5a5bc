"""What is not in order between the table of contents, book/chapters.yml, book/coverage.yml, the pages, the labs and rnncore.

    python tools/course_map.py              prints it, a line each; nothing if all is in order
    python tools/course_map.py --minutes    prints the minutes that each chapter takes to read, from its words and code

Where an entry of coverage.yml names a place that its chapter does not have, the places that it has are printed too.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]
import course_data as data  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", action="store_true", help="print the minutes of each chapter instead")
    if parser.parse_args().minutes:
        for name in (name for _, names in data.parts() for name in names):
            print(f"{name:28} {data.estimate(name):5.1f}")
        return 0
    found = complaints()
    print("\n".join(found + places()) or "All is in order.")
    return bool(found)


def complaints():
    found = data.complaints()
    for entry in data.entries():
        found += [f"coverage.yml, {entry.row}, {entry.item}: {sentence}" for sentence in data.missing(entry)]
    return found


def places():
    """The places of the chapters in which an entry found none."""
    entries = [entry for entry in data.entries() if entry.anchor not in data.labels(entry.chapter)]
    return [f"{name} has {' '.join(data.labels(name))}" for name in dict.fromkeys(entry.chapter for entry in entries) if data.labels(name)]


if __name__ == "__main__":
    sys.exit(main())
