"""Matrices as coloured cells with their numbers in them, for widgets that show every number of a calculation.

Contents
    INK        the colour of what stands in a cell
    cells      blocks of cells as one trace
    edges      where cells begin and end when there is a gap between blocks
    blank      an axis without lines, ticks or numbers
    bracketed  a number, in brackets if negative
    product    a sum of products written out, for the text that appears when a cell is pointed at
"""

import numpy as np

from rnncore.plots import DIVERGING

__all__ = ["INK", "blank", "bracketed", "cells", "edges", "product"]

INK = "#111111"  # at least 4.5:1 on every colour that a cell can have


def cells(blocks, *, x, y, limit=1.0, across=False, panel="", size=12):
    """Draw blocks of cells, one under another, or one beside another.

    Args:
        blocks: list of (values, texts, hovers), each (rows, columns): what the colours show, what stands in the cells, and what appears
            when one is pointed at. Where a value is NaN there is no cell.
        x, y: where the cells begin and end, as from `edges`.
        limit: the number that has the strongest colour, as have all beyond it; a positive number.
        across: whether the blocks stand beside one another.
        panel: "" for the axes x and y, "2" for x2 and y2, and so on.
        size: of the letters, in pixels.
    Returns:
        A plotly trace, a dict. Only the pale half of the colours is used, so that dark digits can be read on all of them.
    """
    values, texts, hovers = (_joined(arrays, across) for arrays in zip(*blocks, strict=True))
    values = values.astype(float)
    empty = np.isnan(values)
    return {
        "type": "heatmap",
        "z": np.clip(values / limit, -1, 1).round(2),
        "x": np.round(x, 2),
        "y": np.round(y, 2),
        "text": np.where(empty, "", texts).tolist(),
        "hovertext": np.where(empty, "", hovers).tolist(),
        "xaxis": f"x{panel}",
        "yaxis": f"y{panel}",
        "texttemplate": "%{text}",
        "textfont": {"size": size, "color": INK},
        "hoverinfo": "text",
        "hoverongaps": False,
        "zmin": -2,
        "zmax": 2,
        "colorscale": DIVERGING,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }


def edges(sizes, gap=0.35):
    """Find where cells begin and end when blocks of them follow one another with a gap between.

    Args:
        sizes: (N,), how many cells each block has.
        gap: between two blocks, in cells.
    Returns:
        edges: (cells + N,), the N - 1 gaps counted as cells.
        centres: (N,), the middle of each block.

    >>> [places.tolist() for places in edges([2, 1], gap=0.5)]
    [[0.0, 1.0, 2.0, 2.5, 3.5], [1.0, 3.0]]
    """
    widths = np.concatenate([[1.0] * n + [gap] for n in sizes])[:-1]
    starts = np.cumsum([0, *sizes[:-1]]) + gap * np.arange(len(sizes))
    return np.concatenate([[0.0], np.cumsum(widths)]), starts + np.array(sizes) / 2


def blank(names=None, **settings):
    """An axis without lines, ticks or numbers; with a dict from name to place, the names stand at their places."""
    axis = {"showgrid": False, "zeroline": False, "showline": False, "ticks": "", "ticklabelstandoff": 3, "automargin": True, **settings}
    if names is None:
        return {**axis, "showticklabels": False}
    return {**axis, "tickmode": "array", "tickvals": list(names.values()), "ticktext": list(names), "tickangle": 0}


def product(weights, values, digits=6):
    """Write a sum of products.

    Args:
        weights, values: (N,).
        digits: decimals of the values.
    Returns:
        str.

    >>> product([0.6, -0.2], [0.388473, -0.5], digits=3)
    '0.6·0.388 - 0.2·(-0.500)'
    """
    terms = [(w < 0, f"{abs(round(w, 4)):g}·{bracketed(v, digits)}") for w, v in zip(weights, values, strict=True)]
    (first, text), *others = terms
    return ("-" if first else "") + text + "".join(f" {'-' if minus else '+'} {term}" for minus, term in others)


def bracketed(value, digits=6):
    """A number with so many decimals, in brackets if it is negative."""
    text = f"{value:.{digits}f}"
    return f"({text})" if text.startswith("-") else text


def _joined(arrays, across):
    """Blocks with one empty row, or column, between them."""
    arrays = [np.asarray(a, dtype=object) for a in arrays]
    empty = np.full((len(arrays[0]), 1) if across else (1, arrays[0].shape[1]), np.nan, dtype=object)
    parts = [part for a in arrays for part in (a, empty)][:-1]
    return np.concatenate(parts, axis=1 if across else 0)
