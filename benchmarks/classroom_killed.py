"""A class of which parts are killed: twenty times SIGKILL ends the hub, a server, the collecting, or a part of the grading, at a random
moment, while students submit again and again. Each time what was killed is started again and brought to its end, and then every
submission of which a student was told that it had arrived must be in the exchange, the last one of each student be collected, and the
gradebook have one submission for each, with the marks that the answer is worth. In the end all marks and comments must be those of an
undisturbed grading. `tests/classroom/hub/test_killed.py` does it twice.

Contents
    RUNS      how often
    sections  the table

    python benchmarks/classroom_killed.py --runs 8 --seed 3       other runs, printed and not written
"""

import argparse
import collections
import random
import sys
import tempfile
from pathlib import Path

from report import Section, Target, machine, markdown, note

RUNS = 20
NAMES = ["ada", "ben", "chen"]
READING = (
    "A row is what was killed, how often, the seconds after which it was, how many submissions students were told had arrived, and how "
    "many of their tries failed, which they repeated. With {}."
)


def disturb(runs, seed):
    """Hold a class and disturb it; returns the list of `Run`s and of complaints."""
    from tests.classroom.hub.crowd import end
    from tests.classroom.hub.disturbed import TARGETS, Disturbed

    chance, targets = random.Random(seed), []
    while len(targets) < runs:
        targets += chance.sample(TARGETS, len(TARGETS))
    done, found = [], []
    with tempfile.TemporaryDirectory(prefix="class-", ignore_cleanup_errors=True) as place:
        course = Disturbed(Path(place, "course"), "lab01_recurrent_cell", NAMES, seed)
        try:
            for target in targets[:runs]:
                done.append(course.run(target))
                print(f"{len(done)} of {runs}: {done[-1]}", file=sys.stderr, flush=True)
                found += [f"After {target} was killed: {sentence}" for sentence in course.complaints()]
            there, undisturbed = course.undisturbed()
        finally:
            end(course.held)
    found += [f"{name} has other marks than without disturbance." for name in NAMES if there.get(name) != undisturbed.get(name)]
    return done, found


def table(done):
    """One row for each thing that was killed."""
    kinds = collections.defaultdict(list)
    for run in done:
        kinds[run.target].append(run)
    return [
        {
            "killed": target,
            "runs": len(runs),
            "after, s": ", ".join(f"{run.seconds:.1f}" for run in runs),
            "arrived": sum(run.told for run in runs),
            "failed": sum(run.failed for run in runs),
        }
        for target, runs in sorted(kinds.items())
    ]


def sections(quick, runs=None, seed=0):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.classroom.hub.crowd import lacking, versions

    if why := lacking():
        print(f"classroom_killed is left out: {why}.", file=sys.stderr)
        return []
    done, found = disturb(runs or (2 if quick else RUNS), seed)
    for sentence in found:
        print(sentence, file=sys.stderr)
    targets = [Target("killed class: lost, changed, doubled or marked wrongly", float(len(found)), 0)]
    return [Section("A class that is killed", note(__doc__), READING.format(versions()), table(done), targets)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"default: {RUNS}")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the moments and the answers (default: 0)")
    options = parser.parse_args()
    found = sections(False, options.runs, options.seed)
    print(markdown("classroom_killed", found, machine(), "a killed class"))
    sys.exit(not found or not all(target.met for target in found[0].targets))
