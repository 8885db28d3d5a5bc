"""What stands on and beside the traces of a picture: shapes, annotations, the legend.

Contents
    draw_shapes        lines, rectangles and circles of the layout
    draw_annotations   its texts, with their arrows
    draw_legend        names of traces, above the panels
"""

from rnncore.pictures.style import DASHES, INK, MARKERS, color, words

__all__ = ["draw_annotations", "draw_legend", "draw_shapes"]


def draw_shapes(panels, layout):
    """Draw the shapes of a layout."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Ellipse, Rectangle

    for shape in layout.get("shapes", ()):
        transform = _transform(panels, shape)
        (x0, x1), (y0, y1) = (_ends(panels, shape, axis) for axis in "xy")
        line = shape.get("line", {})
        look = {"transform": transform, "linewidth": line.get("width", 2), "linestyle": DASHES.get(line.get("dash"), "-")}
        look |= {"alpha": shape.get("opacity"), "zorder": 0.9 if shape.get("layer") == "below" else 3, "clip_on": False}
        edge = color(line.get("color") or INK)
        if shape.get("type", "line") == "line":
            panels.paper.figure.add_artist(Line2D([x0, x1], [y0, y1], color=edge, **look))
            continue
        face = color(shape["fillcolor"]) if shape.get("fillcolor") else "none"
        kind = {"rect": Rectangle, "circle": Ellipse}.get(shape["type"])
        if kind is None:
            raise ValueError(f"to_svg: a shape must be one of line, rect, circle, got {shape['type']!r}.")
        corner = (x0, y0) if kind is Rectangle else ((x0 + x1) / 2, (y0 + y1) / 2)
        panels.paper.figure.add_artist(kind(corner, x1 - x0, y1 - y0, facecolor=face, edgecolor=edge, **look))


def draw_annotations(panels, layout):
    """Write the annotations of a layout, and its title."""
    title = words(layout.get("title"))
    if title:
        panels.paper.set_title(title, loc="left")
    for note in layout.get("annotations", ()):
        x, y = (_place(panels, note, axis) for axis in "xy")
        font = note.get("font", {})
        look = {
            "ha": _anchor(note.get("xanchor"), x, ("left", "center", "right"), note.get("xref")),
            "va": _anchor(note.get("yanchor"), y, ("bottom", "center", "top"), note.get("yref")),
            "fontsize": font.get("size") or 11,
            "color": color(font.get("color") or INK),
            "rotation": -(note.get("textangle") or 0),
            "zorder": 5,
            "annotation_clip": False,
        }
        if note.get("bgcolor"):
            look["bbox"] = {"facecolor": color(note["bgcolor"]), "linewidth": 0, "pad": 2}
        shift = note.get("xshift") or 0, note.get("yshift") or 0
        if note.get("showarrow", True):
            shift = shift[0] + (note.get("ax", -10) or 0), shift[1] - (note.get("ay", -30) or 0)
            look["arrowprops"] = {"arrowstyle": "->", "color": color(note.get("arrowcolor") or INK), "linewidth": 1, "shrinkB": 2}
            look["ha"], look["va"] = "center", "center"
        panels.paper.annotate(words(note.get("text")), (x, y), shift, xycoords=_transform(panels, note), textcoords="offset points", **look)


def draw_legend(canvas, spec):
    """Draw the legend; returns its height in pixels."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries = {}
    for index, trace in enumerate(spec["data"]):
        name = words(trace.get("name"))
        if not name or trace.get("showlegend") is False or trace.get("type") == "heatmap" or name in entries:
            continue
        line, marker = trace.get("line", {}), trace.get("marker", {})
        own = color(line.get("color") or (marker.get("color") if isinstance(marker.get("color"), str) else None), index)
        if trace.get("type") == "bar":
            entries[name] = Patch(color=own)
        elif trace.get("mode") == "markers":
            symbol = marker.get("symbol") if isinstance(marker.get("symbol"), str) else "circle"
            entries[name] = Line2D([], [], color=own, linestyle="", marker=MARKERS.get(symbol, "o"))
        else:
            entries[name] = Line2D([], [], color=own, linewidth=2, linestyle=DASHES.get(line.get("dash"), "-"))
    if not entries or not spec["layout"].get("showlegend", len(entries) > 1):
        return 0
    widest = max(len(name) for name in entries) * 6.5 + 45
    columns = max(1, min(len(entries), int(canvas.bbox.width / widest)))
    legend = canvas.legend(list(entries.values()), list(entries), loc="upper left", ncols=columns, borderaxespad=0.3)
    return legend.get_window_extent().height


def _transform(panels, mark):
    """Data of an axis, its domain, or the whole paper: for x and y apart."""
    from matplotlib.transforms import blended_transform_factory

    def one(axis):
        name, _, domain = mark.get(f"{axis}ref", axis).partition(" ")
        panel = None if name == "paper" else panels.find(name)
        if panel is None:
            return panels.paper.transAxes
        return panel.transAxes if domain else panel.transData

    return blended_transform_factory(one("x"), one("y"))


def _place(panels, note, axis):
    """Where an annotation stands; on a logarithmic axis plotly gives its exponent."""
    name, value = note.get(f"{axis}ref", axis), note.get(axis, 0)
    if name == "paper" or " " in name:
        return float(value)
    value = panels.at(name, value)[0] if isinstance(value, str) else float(value)
    return 10.0**value if panels.settings(name).get("type") == "log" else value


def _ends(panels, shape, axis):
    name = shape.get(f"{axis}ref", axis)
    ends = shape.get(f"{axis}0", 0), shape.get(f"{axis}1", 1)
    return [panels.at(name, end)[0] if isinstance(end, str) else float(end) for end in ends]


def _anchor(anchor, value, names, ref):
    """Where the text lies about its point; on the paper plotly chooses by thirds."""
    if anchor in (None, "auto"):
        third = 1 if ref != "paper" else min(2, int(3 * min(max(value, 0), 1)))
        return names[third]
    return {"middle": "center"}.get(anchor, anchor)
