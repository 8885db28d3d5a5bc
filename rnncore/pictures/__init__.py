"""A figure as a picture: plotly's data drawn by matplotlib as SVG, for readers without JavaScript.

Contents
    to_svg      a `rnncore.plots.Figure` as SVG
    data_uri    SVG as an address that a page can hold

    Path("loss.svg").write_text(to_svg(figure), "utf8")

The same figure always gives the same SVG. matplotlib is imported when a picture is drawn, not before. Files:

    style.py     colours, line styles and texts, from plotly's words to matplotlib's
    panels.py    the axes
    traces.py    curves, bars, heatmaps
    marks.py     annotations, shapes, the legend

Source: figures mean what plotly's documentation says, and matplotlib draws them; the translation is this course's own.
"""

import io
import re
from urllib.parse import quote

__all__ = ["data_uri", "to_svg"]


def to_svg(figure, width=680):
    """Draw a figure.

    Args:
        figure: a `rnncore.plots.Figure`.
        width: in pixels.
    Returns:
        A text: the SVG, on white.
    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        ValueError: the figure has a kind of trace or of shape that pictures do not know.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    from rnncore.pictures.marks import draw_annotations, draw_legend, draw_shapes
    from rnncore.pictures.panels import make_panels
    from rnncore.pictures.style import STYLE
    from rnncore.pictures.traces import draw_traces

    spec = figure.spec()
    layout = spec["layout"]
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(width / 72, layout.get("height", 340) / 72), dpi=72)
        panels = make_panels(canvas, spec)
        draw_traces(panels, spec)
        panels.finish()
        draw_shapes(panels, layout)
        draw_annotations(panels, layout)
        top = draw_legend(canvas, spec)
        panels.fit(top)
        file = io.StringIO()
        canvas.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _shorter(file.getvalue())


def data_uri(svg):
    """Turn SVG into an address, for a picture that is part of a page and needs no file: `<img src="...">`.

    Args:
        svg: a text, as `to_svg` gives it; `"` becomes `'`, and what an address may not contain is escaped.
    Returns:
        A text without `"`, which may stand between two of them.
    Raises:
        AttributeError: svg is no text.

    >>> data_uri('<svg width="1"/>')
    "data:image/svg+xml,%3Csvg width='1'/%3E"
    """
    return "data:image/svg+xml," + quote(svg.replace('"', "'"), safe=" /:;=,'()-.!*+?@[]{}")


def _shorter(svg):
    """The same drawing without prologue, comments and empty groups, and with one font for all words."""
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*;? ?|font-size: 11px; |; fill: #323232", "", svg)
    svg = svg.replace("<svg ", '<svg font-family="sans-serif" font-size="11" ', 1).replace("<text ", '<text fill="#323232" ')
    svg = re.sub(r' transform="rotate\(-?0 [^)]*\)"|(?<=<g) id="[^"]*"', "", svg)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(?<=\.\d)\d+|\.0(?= )", "", tag[0]), svg)
    return re.sub(r"\s*\n\s*", "", _without_plain_groups(svg)).strip()


def _without_plain_groups(svg):
    """Without the groups that have no attribute; what is in them stays."""
    is_plain = []

    def keep(tag):
        if tag[0].startswith("</"):
            return "" if is_plain.pop() else tag[0]
        if not tag[0].endswith("/>"):
            is_plain.append(tag[0] == "<g>")
            return "" if is_plain[-1] else tag[0]
        return "" if tag[0] == "<g/>" else tag[0]

    return re.sub(r"</?g\b[^>]*>", keep, svg)
