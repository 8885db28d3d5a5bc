"""The picture of which chapter needs which, drawn from chapters.yml: once in layers for a wide screen, once in one column for a phone.

Contents
    wide      boxes in layers, from top to bottom
    narrow    one box a line, the lines of the needs at the left
    text      the same in words

Both return SVG text. Its colours are classes of course.css, so that they follow the theme. `link(name)` gives the address of a chapter.
"""

import textwrap
from html import escape
from itertools import pairwise

LAYER, PER_LAYER, SWEEPS = 108, 4, 24
WIDTH, BOX, HEIGHT, GAP = 740, 166, 60, 12
WRAP = 17  # letters in a line of a box
ROW, COLUMN, LANE, SMALL = 52, 374, 11, 40


def text(chapters):
    """What the picture shows, in words."""
    titles = {c.name: c.title for c in chapters}
    sentences = [f"{c.title} needs {' and '.join(titles[n] for n in c.needs)}." for c in chapters if c.needs]
    return " ".join(["Which chapter needs which.", *sentences])


def layers(chapters, per_layer=PER_LAYER):
    """The layer of each chapter: below all it needs, and in the first one that has room."""
    layer, size = {}, {}
    for c in chapters:
        here = max((layer[n] for n in c.needs), default=-1) + 1
        while size.get(here, 0) >= per_layer:
            here += 1
        layer[c.name] = here
        size[here] = size.get(here, 0) + 1
    return layer


def places(chapters):
    """Where boxes and bends stand, {key: (x, y)}, and how wide the picture is; the key of a box is a name, of a bend (from, to, layer)."""
    layer = layers(chapters)
    rows = [[] for _ in range(max(layer.values()) + 1)]
    above, below = {}, {}
    for c in chapters:
        rows[layer[c.name]].append(c.name)
    for c in chapters:
        for need in c.needs:
            chain = _chain(need, c.name, layer)
            for a, b in pairwise(chain):
                above.setdefault(b, []).append(a)
                below.setdefault(a, []).append(b)
            for bend in chain[1:-1]:
                rows[bend[2]].append(bend)
    best = min((_sorted(rows, above, below, sweep) for sweep in range(SWEEPS)), key=lambda r: _crossings(r, below))
    x, width = _spread(best, above, below)
    return {key: (x[key], 4 + k * LAYER) for k, row in enumerate(best) for key in row}, width


def _chain(start, end, layer):
    """The keys that a line passes: a box, a bend in each layer between, a box."""
    return [start, *((start, end, k) for k in range(layer[start] + 1, layer[end])), end]


def _sorted(rows, above, below, sweeps):
    """The rows, each sorted by where the neighbours stand in the row before (downwards), then after (upwards), and so on."""
    rows = [list(row) for row in rows]
    for sweep in range(sweeps):
        near, order = (above, range(1, len(rows))) if sweep % 2 == 0 else (below, range(len(rows) - 2, -1, -1))
        at = {key: (i + 0.5) / len(row) for row in rows for i, key in enumerate(row)}
        for k in order:
            middle = {key: _mean([at[n] for n in near.get(key, [])], at[key]) for key in rows[k]}
            rows[k].sort(key=middle.get)
            at |= {key: (i + 0.5) / len(rows[k]) for i, key in enumerate(rows[k])}
    return rows


def _crossings(rows, below):
    count = 0
    for row, after in pairwise(rows):
        at = {key: i for i, key in enumerate(after)}
        ends = [(i, at[b]) for i, key in enumerate(row) for b in below.get(key, [])]
        count += sum((a - c) * (b - d) < 0 for a, b in ends for c, d in ends) // 2
    return count


def _spread(rows, above, below):
    """The x of the middle of everything: near its neighbours, in the order of its row, without overlap, inside the picture."""
    half = {key: BOX / 2 if isinstance(key, str) else 3 for row in rows for key in row}
    width = max(WIDTH, *(sum(2 * half[key] + GAP for key in row) for row in rows))
    x = {key: width * (i + 0.5) / len(row) for row in rows for i, key in enumerate(row)}
    for sweep in range(80):
        for row in rows if sweep % 2 else rows[::-1]:
            wanted = [_mean([x[n] for n in above.get(key, []) + below.get(key, [])], x[key]) for key in row]
            for key, place in zip(row, wanted, strict=True):
                x[key] = place
            _push(row, x, half, width)
    return x, width


def _push(row, x, half, width):
    """Move what overlaps apart, by the same amount to both sides, then everything back inside the picture."""
    for _ in range(60):
        for a, b in pairwise(row):
            short = half[a] + half[b] + GAP - (x[b] - x[a])
            if short > 0:
                x[a], x[b] = x[a] - short / 2, x[b] + short / 2
    left = 2
    for key in row:
        x[key] = max(x[key], left + half[key])
        left = x[key] + half[key] + GAP
    right = width - 2
    for key in row[::-1]:
        x[key] = min(x[key], right - half[key])
        right = x[key] - half[key] - GAP


def _mean(values, otherwise):
    return sum(values) / len(values) if values else otherwise


def wide(chapters, link):
    (at, width), layer, part = places(chapters), layers(chapters), {c.name: c.part for c in chapters}
    lines, boxes = [], []
    for c in chapters:
        for need in c.needs:
            chain = _chain(need, c.name, layer)
            lines.append(f'<path class="part-{part[need]}" d="{_way([at[key] for key in chain])}"/>')
        x, y = at[c.name]
        boxes.append(_box(c, link, x - BOX / 2, y, BOX, HEIGHT, textwrap.wrap(c.title, WRAP)))
    height = max(y for _, y in at.values()) + HEIGHT + 4
    return _svg("course-map course-map-wide", round(width), height, text(chapters), lines, boxes)


def _way(points):
    """A line from the lower edge of the first box, through the bends, to the upper edge of the last."""
    (x, y), *bends, (x_end, y_end) = points
    d, y = [f"M{x:.0f} {y + HEIGHT}"], y + HEIGHT
    for bend_x, bend_y in bends:
        d.append(_curve(y, bend_x, bend_y, x))
        d.append(f"V{bend_y + HEIGHT}")
        x, y = bend_x, bend_y + HEIGHT
    return " ".join([*d, _curve(y, x_end, y_end, x)])


def _curve(y, x_end, y_end, x):
    middle = (y + y_end) / 2
    return f"C{x:.0f} {middle:.0f} {x_end:.0f} {middle:.0f} {x_end:.0f} {y_end}"


def narrow(chapters, link):
    """Each chapter that others need has a line of its own, which goes down to the last that needs it."""
    row = {c.name: i for i, c in enumerate(chapters)}
    users = {c.name: [row[d.name] for d in chapters if c.name in d.needs] for c in chapters}
    lanes, lane = [], {}  # the last row of each lane; the lane of each chapter
    for c in sorted(chapters, key=lambda c: row[c.name]):
        if users[c.name]:
            free = next((k for k, last in enumerate(lanes) if last <= row[c.name]), len(lanes))
            lanes[free : free + 1] = [max(users[c.name])]
            lane[c.name] = free
    left = 8 + LANE * len(lanes) + 10
    lines, boxes = [], []
    for c in chapters:
        y = 2 + ROW * row[c.name]
        boxes.append(_box(c, link, left, y, COLUMN - left - 2, SMALL, textwrap.wrap(c.title, 34)))
        for i, user in enumerate(users[c.name]):
            x, end = left - 10 - LANE * (lane[c.name] + 1) + 2, 2 + ROW * user + 12
            start = f"M{left} {y + SMALL - 10} H{x + 6} Q{x} {y + SMALL - 10} {x} {y + SMALL - 4}" if i == 0 else f"M{x} {y + SMALL - 4}"
            lines.append(f'<path class="part-{c.part}" d="{start} V{end - 6} Q{x} {end} {x + 6} {end} H{left}"/>')
    return _svg("course-map course-map-narrow", COLUMN, ROW * len(chapters), text(chapters), lines, boxes)


def _box(chapter, link, x, y, width, height, lines):
    middle, first = x + width / 2, y + height / 2 + 5 - 8.5 * (len(lines) - 1)
    words = "".join(f'<text x="{middle:.0f}" y="{first + 17 * k:.0f}">{escape(line)}</text>' for k, line in enumerate(lines))
    shape = f'<rect class="part-{chapter.part}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height}" rx="7"/>'
    return f'<a href="{escape(link(chapter.name))}" aria-label="{escape(chapter.title)}">{shape}{words}</a>'


def _svg(classes, width, height, label, lines, boxes):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{classes}" viewBox="0 0 {width} {height:.0f}" role="group"'
        f' aria-label="{escape(label)}">\n<g fill="none">{"".join(lines)}</g>\n{"".join(boxes)}\n</svg>'
    )
