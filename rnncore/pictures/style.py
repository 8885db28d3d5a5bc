"""From plotly's words to matplotlib's: colours, colour scales, lines, markers, texts.

Contents
    STYLE       matplotlib's settings while a picture is drawn
    color       a colour
    colormap    a colour scale
    words       a text without its HTML
    fill_in     a template such as "%{z:.2f}"
"""

import html
import re

from rnncore.plots import COLORS

__all__ = ["DASHES", "GRID", "INK", "MARKERS", "STEPS", "STYLE", "color", "colormap", "contrast", "fill_in", "words"]

INK, GRID = "#323232", "#e3e5e8"
STYLE = {
    "svg.fonttype": "none",  # words stay words: smaller, and they can be searched
    "svg.hashsalt": "rnncore",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.titlesize": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRID,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
}
DASHES = {"dot": ":", "dash": "--", "dashdot": "-.", "longdash": (0, (8, 3)), "longdashdot": (0, (8, 3, 1, 3))}
STEPS = {"hv": "steps-post", "vh": "steps-pre", "hvh": "steps-mid"}
MARKERS = {"circle": "o", "square": "s", "diamond": "D", "cross": "P", "x": "X", "triangle-up": "^", "triangle-down": "v", "star": "*"}
MARKERS |= {"triangle-left": "<", "triangle-right": ">", "line-ns": "|", "line-ew": "_", "hexagon": "h", "pentagon": "p"}


def color(value, index=0):
    """A colour as matplotlib takes it; left out, the one that plots.py gives to the trace with this number."""
    if value is None:
        return COLORS[index % len(COLORS)]
    found = re.fullmatch(r"rgba?\(([^)]*)\)", value)
    if not found:
        return value
    numbers = [float(number) for number in found[1].split(",")]
    return (*(number / 255 for number in numbers[:3]), numbers[3] if len(numbers) > 3 else 1.0)


def colormap(scale):
    """A colour scale: plotly's list of (position, colour), or its name."""
    import matplotlib as mpl
    from matplotlib.colors import LinearSegmentedColormap

    if scale is None or isinstance(scale, str):
        return mpl.colormaps[(scale or "viridis").lower()]
    return LinearSegmentedColormap.from_list("scale", [(position, color(name)) for position, name in scale])


def contrast(rgba):
    """Black or white, whichever reads better on a colour."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3])
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def words(text):
    """Plain text: <br> is a new line, <sub> becomes _, <sup> ^, other tags are left out."""
    if isinstance(text, dict):
        text = text.get("text")
    text = re.sub(r"<br\s*/?>", "\n", "" if text is None else str(text)).replace("<sub>", "_").replace("<sup>", "^")
    return html.unescape(re.sub(r"</?[a-z][^>]*>", "", text))


def fill_in(template, values):
    """Put values into a template: "%{z:.2f}" becomes "0.31"; what has no value becomes nothing."""

    def one(found):
        value, form = values.get(found[1]), (found[2] or "").replace("~", "")
        if value is None:
            return ""
        return str(value) if isinstance(value, str) else format(value, form)

    return words(re.sub(r"%\{(\w+)(?::([^}]*))?\}", one, template))
