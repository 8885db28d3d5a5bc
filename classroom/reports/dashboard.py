"""One page about a lab, made from its bundles: marks, checks, mistakes, what went wrong, times. Static HTML, read as well without colours
or eyes: every picture is a table with numbers in it.

    page(lab, bundles)     HTML text
"""

import re
import statistics
from collections import Counter
from html import escape

__all__ = ["mistakes", "page"]

MISTAKE = re.compile(r"This is what comes out when (.+?)\.(?:\s|$)")
BINS = 10
STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fff; --line: #c9c9d2; --bar: #2f6fb5; --quiet: #55555f; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf1; --paper: #17171b; --line: #44444f; --bar: #7fb2ea; --quiet: #b0b0bb; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink);
  background: var(--paper); }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem; }
caption { text-align: left; color: var(--quiet); padding: 0 0 .5rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th, td { overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
td.bar { width: 30%; }
@media (max-width: 40rem) { td.bar { display: none; } }
td.bar span { display: block; height: 1rem; background: var(--bar); forced-color-adjust: none; }
"""


def page(lab, bundles):
    """Return the page of a lab.

    Args:
        lab: its name.
        bundles: its current bundles.
    Returns:
        HTML text.
    """
    parts = [_numbers(bundles), _marks(bundles), _checks(bundles), _mistakes(bundles), _trouble(bundles), _times(bundles)]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(lab)}: how it went</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(lab)}: how it went</h1>\n" + "\n".join(filter(None, parts)) + "\n</main>\n</body>\n</html>\n"
    )


def mistakes(bundles):
    """Count the likely mistakes that the checks named.

    Returns:
        Counter of (check, mistake); a student counts once for each.
    """
    return Counter(
        (check["name"], found[1])
        for bundle in bundles
        for check in bundle.checks
        if not check["passed"] and (found := MISTAKE.search(check["message"] or ""))
    )


def _points(bundle):
    return sum(check["points"] for check in bundle.checks), sum(check["max_points"] for check in bundle.checks)


def _numbers(bundles):
    if not bundles:
        return "<p>Nothing has been graded yet.</p>"
    shares = [points / most if most else 0 for points, most in map(_points, bundles)]
    status = Counter(bundle.status for bundle in bundles)
    words = {"refused": "refused", "crashed": "not graded to the end"}
    rest = "".join(f", {status[name]} {words[name]}" for name in words if status[name])
    return (
        f"<p>{len(bundles)} submissions{rest}. Median {statistics.median(shares):.0%} of the points of the checks, mean "
        f"{statistics.fmean(shares):.0%}. Marks given by hand and late penalties are not in these numbers.</p>"
    )


def _marks(bundles):
    if not bundles:
        return ""
    counts = Counter()
    for points, most in map(_points, bundles):
        counts[min(BINS - 1, int(BINS * points / most + 1e-9)) if most else 0] += 1
    step, top = 100 // BINS, max(counts.values())
    rows = [[f"{n * step} to {(n + 1) * step}%", counts[n], _Bar(counts[n] / top)] for n in range(BINS)]
    return _table("Marks", "How many submissions have which share of the points", ["Share of the points", "Submissions", None], rows)


def _checks(bundles):
    names = list(dict.fromkeys(check["name"] for bundle in bundles for check in bundle.checks))
    rows = []
    for name in names:
        seen = [check for bundle in bundles for check in bundle.checks if check["name"] == name]
        passed = sum(check["passed"] for check in seen)
        slow = statistics.median(check["seconds"] for check in seen)
        rows.append([name, passed, len(seen), f"{passed / len(seen):.0%}", f"{slow:.2f} s", _Bar(passed / len(seen))])
    return _table("Checks", "How many pass each check", ["Check", "Pass", "Of", "Share", "Median time", None], rows)


def _mistakes(bundles):
    rows = [[name, words, count] for (name, words), count in mistakes(bundles).most_common(30)]
    others = Counter(
        (check["name"], check["message"])
        for bundle in bundles
        if bundle.status == "graded"
        for check in bundle.checks
        if not check["passed"] and check["message"] and not MISTAKE.search(check["message"])
    )
    rest = [[name, words, count] for (name, words), count in others.most_common(15)]
    named = _table("Mistakes with a name", "What the checks recognised", ["Check", "What comes out when", "Students"], rows)
    return named + _table("Other reasons", "Sentences that name no mistake, most frequent first", ["Check", "Sentence", "Students"], rest)


def _trouble(bundles):
    rows = [[bundle.student, bundle.status, flag] for bundle in bundles for flag in dict.fromkeys([bundle.reason, *bundle.flags]) if flag]
    return _table("To look at", "Repairs, stops and refusals, by student", ["Student", "Outcome", "What happened"], rows)


def _times(bundles):
    totals = {}
    for bundle in bundles:
        for part, seconds in bundle.seconds.items():
            totals.setdefault(part, []).append(seconds)
    rows = [[part, f"{statistics.median(times):.1f} s", f"{max(times):.1f} s"] for part, times in totals.items()]
    return _table("Time of grading", "Seconds for one submission", ["Part", "Median", "Longest"], rows)


class _Bar(float):
    """A share, 0 to 1, that is drawn; the number stands in another cell."""


def _table(title, caption, heads, rows):
    if not rows:
        return ""
    head = "".join(_head(name, rows[0][n]) for n, name in enumerate(heads))
    body = "\n".join("<tr>" + "".join(_cell(value, n == 0) for n, value in enumerate(row)) + "</tr>" for row in rows)
    return (
        f"<h2>{escape(title)}</h2>\n<table>\n<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
    )


def _head(name, below):
    if name is None:
        return '<td class="bar" aria-hidden="true"></td>'
    return f'<th scope="col"{" class=number" if _is_number(below) else ""}>{escape(name)}</th>'


def _is_number(value):
    return isinstance(value, int) or re.fullmatch(r"[\d.]+(%| s)", value) is not None


def _cell(value, first):
    if isinstance(value, _Bar):
        return f'<td class="bar" aria-hidden="true"><span style="width: {100 * value:.0f}%"></span></td>'
    if first:
        return f'<th scope="row">{escape(str(value))}</th>'
    return f'<td class="number">{value}</td>' if _is_number(value) else f"<td>{escape(value)}</td>"
