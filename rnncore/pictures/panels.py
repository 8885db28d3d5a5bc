"""The axes of a picture: one panel for each pair of plotly axes that has a trace.

Contents
    make_panels    the panels of a figure
    Panels         finds a panel, places it, writes its ticks and titles
"""

import numpy as np

from rnncore.pictures.style import words

__all__ = ["Panels", "make_panels"]


def make_panels(canvas, spec):
    """Make the panels of a figure: a `Panels`."""
    pairs = list(dict.fromkeys((trace.get("xaxis") or "x", trace.get("yaxis") or "y") for trace in spec["data"])) or [("x", "y")]
    return Panels(canvas, spec["layout"], pairs)


class Panels:
    """matplotlib's axes under plotly's names: the pair ("x2", "y2")."""

    def __init__(self, canvas, layout, pairs):
        self.canvas, self.layout, self.axes, self.categories = canvas, layout, {}, {}
        self.whole = set()  # axes that count cells
        self.paper = canvas.add_axes((0, 0, 1, 1), frameon=False, xticks=[], yticks=[])
        self.paper.set_zorder(-1)
        for pair in pairs:
            shared = [self._same(name) for name in pair]
            axes = canvas.add_axes((0, 0, 1, 1), label="".join(pair), sharex=shared[0], sharey=shared[1])
            if self.settings(pair[1]).get("overlaying") or self.settings(pair[0]).get("overlaying"):
                axes.patch.set_visible(False)
            for name, set_scale in zip(pair, (axes.set_xscale, axes.set_yscale), strict=True):
                if self.settings(name).get("type") == "log":
                    set_scale("log")
            self.axes[pair] = axes

    def settings(self, name):
        """What the layout says about an axis, which is called "y2" in a trace and "yaxis2" in the layout."""
        return self.layout.get(f"{name[0]}axis{name[1:]}", {})

    def find(self, name):
        """A panel that has this axis, or None."""
        return next((axes for pair, axes in self.axes.items() if name in pair), None)

    def _same(self, name):
        matched = self.settings(name).get("matches")
        return self.find(name) or (self.find(matched) if matched else None)

    def at(self, name, values):
        """Positions on an axis: numbers as they are, names by their place in the order of appearance."""
        values = [values] if isinstance(values, str | int | float) or values is None else list(values)
        known = self.categories.get(name)
        if known is None and self.settings(name).get("type") != "category" and all(_is_number(value) for value in values):
            return np.array([np.nan if value is None else float(value) for value in values])
        known = self.categories.setdefault(name, {})
        return np.array([float(known.setdefault(value, len(known))) for value in values])

    def finish(self):
        """Ranges, ticks, grid and titles, once everything is drawn."""
        for (x, y), axes in self.axes.items():
            self._finish_axis(axes, axes.xaxis, x, owner=self._anchor(x, 1) in (y, "free"))
            self._finish_axis(axes, axes.yaxis, y, owner=self._anchor(y, 0) in (x, "free"))
            hidden = all(self.settings(name).get("visible") is False for name in (x, y))
            axes.set_frame_on(not hidden)

    def _anchor(self, name, other):
        """The axis at which this one is written: what the layout says, else the first that it meets."""
        return self.settings(name).get("anchor") or next(pair[other] for pair in self.axes if name in pair)

    def _finish_axis(self, axes, axis, name, owner):
        settings = self.settings(name)
        limits, set_limits = (axes.get_xlim(), axes.set_xlim) if name[0] == "x" else (axes.get_ylim(), axes.set_ylim)
        low, high = sorted(limits)
        if self.categories.get(name) and not settings.get("range"):
            low, high = -0.5, len(self.categories[name]) - 0.5
        if settings.get("range") and None not in settings["range"]:
            low, high = (10.0**end if settings.get("type") == "log" else end for end in self._ends(name, settings["range"]))
        if settings.get("rangemode") == "tozero":
            low, high = min(low, 0.0), max(high, 0.0)
        set_limits((high, low) if settings.get("autorange") == "reversed" else (low, high))
        grid = name not in self.whole and not self.categories.get(name)
        axis.grid(grid and settings.get("showgrid", True) and settings.get("visible", True))
        if settings.get("zeroline") and settings.get("type") != "log":
            (axes.axvline if name[0] == "x" else axes.axhline)(0, color="#9aa0a6", linewidth=0.8, zorder=1)
        self._write_ticks(axis, name, settings)
        side = settings.get("side")
        if side in ("top", "right"):
            axis.set_label_position(side)
            axis.set_tick_params(
                **{"labelright": True, "labelleft": False} if side == "right" else {"labeltop": True, "labelbottom": False}
            )
        if not owner or settings.get("visible") is False or settings.get("showticklabels") is False:
            axis.set_tick_params(labelleft=False, labelbottom=False, labelright=False, labeltop=False)
        if owner and settings.get("visible") is not False:
            axis.set_label_text(words(settings.get("title")))

    def _ends(self, name, ends):
        return [self.at(name, end)[0] if isinstance(end, str) else end for end in ends]

    def _write_ticks(self, axis, name, settings):
        from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

        if settings.get("tickvals") is not None:
            places = self.at(name, settings["tickvals"])
            texts = settings.get("ticktext") or [f"{place:g}" for place in places]
            axis.set_ticks(places, [words(text) for text in texts])
        elif self.categories.get(name):
            axis.set_ticks(list(self.categories[name].values()), [words(text) for text in self.categories[name]])
        elif settings.get("type") == "log":
            axis.set_major_locator(
                LogLocator(base=10.0 ** int(settings.get("dtick") or 1) if not isinstance(settings.get("dtick"), str) else 10)
            )
            axis.set_major_formatter(_power)
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_major_locator(
                MaxNLocator(settings.get("nticks") or 7, steps=[1, 2, 5, 10], integer=name in self.whole or settings.get("dtick") == 1)
            )

    def fit(self, top):
        """Place the panels so that ticks and titles stay inside, `top` pixels below the upper edge.

        Ticks and titles depend on the size of a panel, and its size on them: two rounds are enough.
        """
        width, height = self.canvas.bbox.width, self.canvas.bbox.height
        edges = [10.0, 10.0, 10.0, 10.0 + top]  # left, bottom, right, top
        for _ in range(3):
            left, bottom = edges[0] / width, edges[1] / height
            inner = 1 - left - edges[2] / width, 1 - bottom - edges[3] / height
            for pair, axes in [(None, self.paper), *self.axes.items()]:
                (x0, x1), (y0, y1) = ((0, 1), (0, 1)) if pair is None else map(self._domain, pair)
                axes.set_position((left + x0 * inner[0], bottom + y0 * inner[1], (x1 - x0) * inner[0], (y1 - y0) * inner[1]))
            boxes = [axes.get_tightbbox() for axes in (self.paper, *self.axes.values())]
            edges[0] += 8 - min(box.x0 for box in boxes)
            edges[1] += 8 - min(box.y0 for box in boxes)
            edges[2] += 8 - (width - max(box.x1 for box in boxes))
            edges[3] += 8 + top - (height - max(box.y1 for box in boxes))

    def _domain(self, name):
        settings = self.settings(name)
        return settings.get("domain") or self.settings(settings.get("overlaying") or name).get("domain") or (0, 1)


def _is_number(value):
    if value is None or isinstance(value, int | float):
        return True
    try:
        float(value)
    except ValueError:
        return False
    return True


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _power(value, _):
    exponent = round(float(np.log10(value)))
    return f"{value:g}" if -2 <= exponent <= 3 else "10" + str(exponent).translate(SUPERSCRIPT)
