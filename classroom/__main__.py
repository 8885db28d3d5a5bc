"""The class's command: python -m classroom COMMAND, in the course's folder.

grade LAB        grade what was handed in; --resume goes on after a stop
regrade LAB      grade again only what changed, and say what was left out
doctor FILE LAB  say what the doctor finds in one notebook
dashboard LAB    a page about a lab, in classroom-data/reports
export           marks as CSV for Canvas or Moodle
similarity LAB   which answers are alike (needs copydetect)
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

from classroom.course import open_course

__all__ = ["main"]


def main(arguments=None):
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    os.umask(os.umask(0o077) | 0o007)  # marks are not for others
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # nbgrader calls alembic
    from classroom.grading.task import Stop

    try:
        course = open_course(options.course)
        return options.run(course, options)
    except KeyboardInterrupt:
        print("Stopped. What was graded is kept; --resume goes on from here.", file=sys.stderr)
        return 130
    except (Stop, OSError, ValueError, ImportError) as why:
        print(why, file=sys.stderr)
        return 1


def _parser():
    parser = argparse.ArgumentParser(prog="python -m classroom", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--course", default=".", help="folder with nbgrader_config.py (default: this one)")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    for name, words in (("grade", "grade what was handed in"), ("regrade", "grade again only what changed")):
        command = commands.add_parser(name, help=words)
        command.add_argument("lab")
        command.add_argument("--student", nargs="+", metavar="NAME", help="only these")
        command.add_argument("--workers", type=int, default=2, metavar="N", help="submissions at a time (default: 2)")
        command.add_argument("--scheduler", metavar="tcp://...", help="grade on a Dask cluster")
        command.add_argument("--limit", type=float, default=420, metavar="SECONDS", help="for one submission (default: 420)")
        command.add_argument("--parts", default="classroom.parts", help=argparse.SUPPRESS)  # module with grade, find, release; for tests
        if name == "grade":
            command.add_argument("--resume", action="store_true", help="leave out what is graded already")
        command.set_defaults(run=_grade, again=name == "regrade")

    command = commands.add_parser("doctor", help="say what the doctor finds in one notebook")
    command.add_argument("file", type=Path)
    command.add_argument("lab")
    command.set_defaults(run=_doctor)

    command = commands.add_parser("dashboard", help="a page about a lab")
    command.add_argument("lab")
    command.set_defaults(run=_dashboard)

    command = commands.add_parser("export", help="marks as CSV")
    command.add_argument("platform", choices=["canvas", "moodle"])
    command.add_argument("labs", nargs="+", metavar="LAB")
    command.add_argument("--to", type=Path, metavar="FILE", help="default: classroom-data/reports/PLATFORM.csv")
    command.set_defaults(run=_export)

    command = commands.add_parser("similarity", help="which answers are alike")
    command.add_argument("lab")
    command.set_defaults(run=_similarity)
    return parser


def _grade(course, options):
    from classroom.grading.gradebook import Writer
    from classroom.grading.runner import grade

    parts, function = importlib.import_module(options.parts), f"{options.parts}:grade"
    if options.scheduler:
        from classroom.grading.cluster import Cluster

        pool = Cluster(function, scheduler=options.scheduler, limit_s=options.limit)
    else:
        from classroom.grading.pool import Pool

        log = course.data / "grading.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        pool = Pool(function, workers=max(1, options.workers), log=log, limit_s=options.limit)
    release, text = parts.release(course, options.lab)
    report = grade(
        course,
        options.lab,
        release,
        text,
        pool=pool,
        writer=Writer(course),
        find=parts.find,
        students=options.student,
        resume=options.again or options.resume,
    )
    print("\n".join(report.lines()))
    return 0


def _doctor(course, options):
    from classroom.grading.doctor import Refused, repair
    from classroom.parts import release

    try:
        findings = repair(options.file.read_bytes(), release(course, options.lab)[0]).findings
    except Refused as why:
        print(f"Refused: {why}")
        return 1
    print("\n".join(findings) or "Nothing to repair.")
    return 0


def _dashboard(course, options):
    from classroom.grading.bundle import load
    from classroom.reports.dashboard import page

    return _put(course.data / "reports" / f"{options.lab}.html", page(options.lab, load(course.bundles, options.lab)))


def _export(course, options):
    from classroom.reports import export

    rows, most = export.rows(course, options.labs)
    for row in rows:
        if row.open:
            print(f"{row.student}: {', '.join(row.open)} still waits for a teacher's mark.", file=sys.stderr)
    path = options.to or course.data / "reports" / f"{options.platform}.csv"
    return _put(path, getattr(export, options.platform)(rows, most))


def _similarity(course, options):
    from classroom.grading.bundle import load
    from classroom.parts import release
    from classroom.reports.similarity import report

    path = course.data / "reports" / f"{options.lab}-similarity.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    count = report(load(course.bundles, options.lab), release(course, options.lab)[0], path)
    print(f"{count} submissions compared: {path}")
    return 0


def _put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
