"""The traces of a picture: curves with their bands, markers and words; bars; heatmaps.

Contents
    draw_traces    every trace of a figure into its panel
"""

import numpy as np

from rnncore.pictures.style import DASHES, INK, MARKERS, STEPS, color, colormap, contrast, fill_in, words

__all__ = ["draw_traces"]


def draw_traces(panels, spec):
    """Draw every visible trace; ValueError if one is of a kind that is not known here."""
    draw = {"scatter": _scatter, "scattergl": _scatter, "bar": _bar, "heatmap": _heatmap}
    before = {}  # what bars stack on, and the curve that a band reaches down to
    for index, trace in enumerate(spec["data"]):
        kind = trace.get("type", "scatter")
        if kind not in draw:
            raise ValueError(f"to_svg: a trace must be one of {', '.join(draw)}, got {kind!r}.")
        if trace.get("visible", True) is not True:
            continue
        names = trace.get("xaxis") or "x", trace.get("yaxis") or "y"
        draw[kind](panels, names, trace, index, before.setdefault(names, {}), spec)


def _scatter(panels, names, trace, index, before, spec):
    axes = panels.axes[names]
    y = panels.at(names[1], trace["y"])
    x = panels.at(names[0], trace["x"] if trace.get("x") is not None else _from(trace, "x", len(y)))
    line, marker, alpha = trace.get("line", {}), trace.get("marker", {}), trace.get("opacity")
    mode = trace.get("mode") or ("lines+markers" if len(x) < 20 else "lines")
    own = line.get("color") or (marker.get("color") if isinstance(marker.get("color"), str) else None)
    own = color(own, index)
    _fill(axes, trace, x, y, own, before)
    before["curve"] = x, y
    if "lines" in mode and line.get("width", 2) > 0:
        style = {"linestyle": DASHES.get(line.get("dash"), "-"), "drawstyle": STEPS.get(line.get("shape"), "default")}
        axes.plot(x, y, color=own, linewidth=line.get("width", 2), alpha=alpha, **style)
    if "markers" in mode:
        _markers(axes, x, y, marker, own, alpha)
    _whiskers(axes, x, y, trace, lying=False)
    if "text" in mode:
        _words(axes, x, y, trace, marker)


def _fill(axes, trace, x, y, own, before):
    fill = trace.get("fill")
    if not fill or fill == "none":
        return
    shade = {"facecolor": color(trace.get("fillcolor")) if trace.get("fillcolor") else own, "linewidth": 0}
    shade |= {} if trace.get("fillcolor") else {"alpha": 0.3}
    if fill == "toself":
        axes.fill(x, y, **shade)
    elif fill == "tonexty" and "curve" in before:
        low_x, low = before["curve"]
        axes.fill(np.concatenate([x, low_x[::-1]]), np.concatenate([y, low[::-1]]), **shade)
    else:
        axes.fill_between(x, y, 0, **shade)


def _markers(axes, x, y, marker, own, alpha):
    """All markers that look alike are drawn together: an SVG then holds their shape once."""
    look = {"linestyle": "", "alpha": alpha, "zorder": 2.5}
    edge = marker.get("line", {})
    groups = {}
    for i, shade in enumerate(_shades(marker, own, len(x))):
        groups.setdefault((_item(marker.get("symbol"), i) or "circle", _item(marker.get("size"), i) or 6, shade), []).append(i)
    for (symbol, size, shade), here in groups.items():
        hollow = symbol.endswith("-open")
        border = color(edge["color"]) if edge.get("width") and isinstance(edge.get("color"), str) else shade
        paint = {"markerfacecolor": "none" if hollow else shade, "markeredgecolor": shade if hollow else border}
        axes.plot(x[here], y[here], marker=MARKERS.get(symbol.removesuffix("-open"), "o"), markersize=size, **paint, **look)


def _shades(marker, own, count):
    """The colour of each marker."""
    colors = marker.get("color") or own
    if not isinstance(colors, list):
        return [color(colors) if isinstance(colors, str) else colors] * count
    if not colors or isinstance(colors[0], str):
        return [color(one) for one in colors]
    numbers = np.array(colors, dtype=float)
    low, high = (marker.get(name) for name in ("cmin", "cmax"))
    low, high = np.nanmin(numbers) if low is None else low, np.nanmax(numbers) if high is None else high
    return [tuple(shade) for shade in colormap(marker.get("colorscale"))((numbers - low) / ((high - low) or 1))]


def _words(axes, x, y, trace, marker):
    texts = trace.get("text")
    texts = [texts] * len(x) if isinstance(texts, str) else texts or []
    font = trace.get("textfont", {})
    place = trace.get("textposition") or "middle center"
    for i, (at_x, at_y, text) in enumerate(zip(x, y, texts, strict=False)):
        vertical, horizontal = (place if isinstance(place, str) else place[i]).split()
        size = marker.get("size", 6)
        away = 3 + (size[i] if isinstance(size, list) else size) / 2
        offset = {"left": -away, "center": 0, "right": away}[horizontal], {"top": away, "middle": 0, "bottom": -away}[vertical]
        look = {"ha": {"left": "right", "center": "center", "right": "left"}[horizontal], "fontsize": _item(font.get("size"), i) or 11}
        look["va"] = {"top": "bottom", "middle": "center", "bottom": "top"}[vertical]
        shown = _item(font.get("color"), i)
        axes.annotate(words(text), (at_x, at_y), offset, textcoords="offset points", color=color(shown) if shown else INK, zorder=4, **look)


def _bar(panels, names, trace, index, before, spec):
    axes, lying, mode = panels.axes[names], trace.get("orientation") == "h", spec["layout"].get("barmode", "group")
    along, length = ("y", "x") if lying else ("x", "y")
    sizes = panels.at(names[0] if lying else names[1], trace[length])
    places = panels.at(names[1] if lying else names[0], trace.get(along) or list(range(len(sizes))))
    group = [t for t in spec["data"] if t.get("type") == "bar" and (t.get("xaxis") or "x", t.get("yaxis") or "y") == names]
    gap = np.diff(np.unique(places)).min() if len(np.unique(places)) > 1 else 1.0
    width = np.asarray(trace.get("width") or (1 - spec["layout"].get("bargap", 0.2)) * gap, dtype=float)
    base = np.broadcast_to(np.asarray(trace.get("base") or 0.0, dtype=float), sizes.shape)
    if mode == "group" and len(group) > 1 and trace.get("width") is None:
        width = width / len(group)
        places = places + (next(i for i, t in enumerate(group) if t is trace) - (len(group) - 1) / 2) * width
    elif mode in ("stack", "relative") and trace.get("base") is None:
        base = np.array([_stacked(before, place, size) for place, size in zip(places, sizes, strict=True)])
    colors = trace.get("marker", {}).get("color")
    colors = [color(one, index) for one in colors] if isinstance(colors, list) else color(colors, index)
    look = {"color": colors, "alpha": trace.get("opacity")}
    drawn = axes.barh(places, sizes, width, left=base, **look) if lying else axes.bar(places, sizes, width, bottom=base, **look)
    for patch, start in zip(drawn, base, strict=True):
        if start:  # only the foot of a bar may touch the frame
            patch.sticky_edges.x.clear()
            patch.sticky_edges.y.clear()
    _whiskers(axes, places, base + sizes, trace, lying)
    if trace.get("text") is not None:
        for place, end, text in zip(places, base + sizes, trace["text"], strict=False):
            at, offset, look = ((end, place), (3, 0), {"va": "center"}) if lying else ((place, end), (0, 3), {"ha": "center"})
            axes.annotate(words(text), at, offset, textcoords="offset points", **look)


def _stacked(before, place, size):
    """Where a bar begins that stands on those drawn before it, positive and negative ones apart."""
    key = float(place), bool(size >= 0)
    start = before.get(key, 0.0)
    before[key] = start + (0.0 if np.isnan(size) else size)
    return start


def _whiskers(axes, places, ends, trace, lying):
    """From the lowest to the highest run."""
    error = trace.get("error_x" if lying else "error_y")
    if error and error.get("array"):
        spread = np.array([error.get("arrayminus") or error["array"], error["array"]], dtype=float)
        x, y = (ends, places) if lying else (places, ends)
        axes.errorbar(x, y, **{"xerr" if lying else "yerr": spread}, fmt="none", ecolor=color(error.get("color") or "#7f7f7f"), capsize=3)


def _heatmap(panels, names, trace, index, before, spec):
    axes, z = panels.axes[names], np.array(trace["z"], dtype=float)
    shared = spec["layout"].get(trace.get("coloraxis") or "", {})
    x = panels.at(names[0], trace.get("x") or _from(trace, "x", z.shape[1]))
    y = panels.at(names[1], trace.get("y") or _from(trace, "y", z.shape[0]))
    limits = {"vmin": trace.get("zmin", shared.get("cmin")), "vmax": trace.get("zmax", shared.get("cmax"))}
    scale = colormap(trace.get("colorscale") or shared.get("colorscale"))
    (across, x), (down, y) = _cells(x, z.shape[1]), _cells(y, z.shape[0])
    cells = np.ma.masked_invalid(z)
    if trace.get("xgap") or trace.get("ygap") or not (_even(across) and _even(down)):
        image = axes.pcolormesh(across, down, cells, cmap=scale, edgecolor="white" if trace.get("xgap") else "face", linewidth=1, **limits)
    else:
        frame = {"extent": (across[0], across[-1], down[0], down[-1]), "origin": "lower", "aspect": "auto"}
        image = axes.imshow(cells, cmap=scale, interpolation="none", **frame, **limits)
    panels.whole |= set(names)
    if trace.get("texttemplate"):
        texts = trace.get("text") or [[None] * z.shape[1]] * z.shape[0]
        for row, col in np.ndindex(*z.shape):
            value = None if np.isnan(z[row, col]) else z[row, col]
            text = fill_in(trace["texttemplate"], {"z": value, "text": texts[row][col]})
            ink = INK if value is None else contrast(image.cmap(image.norm(value)))
            axes.text(x[col], y[row], text, ha="center", va="center", color=ink, fontsize=trace.get("textfont", {}).get("size") or 10)
    if trace.get("showscale", True) and shared.get("showscale", True):
        bar = trace.get("colorbar") or shared.get("colorbar") or {}
        drawn = panels.canvas.colorbar(image, cax=axes.inset_axes([1.02, 0, 0.02, 1]))
        drawn.set_label(words(bar.get("title")))
        drawn.outline.set_visible(False)
        if bar.get("tickvals") is not None:
            drawn.set_ticks(bar["tickvals"], labels=[words(text) for text in bar.get("ticktext") or bar["tickvals"]])


def _cells(given, count):
    """The borders of `count` cells and their centres, from the one or the other."""
    if len(given) == count + 1:
        return given, (given[1:] + given[:-1]) / 2
    if count == 1:
        return np.array([given[0] - 0.5, given[0] + 0.5]), given
    middle = (given[1:] + given[:-1]) / 2
    return np.concatenate([[2 * given[0] - middle[0]], middle, [2 * given[-1] - middle[-1]]]), given


def _from(trace, axis, count):
    """Positions that a trace gives by their first one and their distance."""
    return [trace.get(f"{axis}0", 0) + k * trace.get(f"d{axis}", 1) for k in range(count)]


def _even(edges):
    widths = np.diff(edges)
    return np.allclose(widths, widths[0])


def _item(value, i):
    return value[i] if isinstance(value, list) else value
