"""Widgets: figures whose parameters a reader can change, in Jupyter, on the published site, and in print.

    widget("gradient_flow")             as the last line of a cell it shows itself
    widget("gradient_flow", steps=40)   the same, starting from another value

Contents
    NAMES      the widgets there are; each is one file of this folder, named after it
    widget     a widget by its name

A widget is a pure function from parameters to a figure (NumPy and rnncore only) and a control for each parameter. Files:

    controls.py   the kinds of control, with labels, units and ranges
    base.py       what a widget is, and the HTML that the site's script makes alive
    jupyter.py    the same widget with ipywidgets
    live.py       the door through which the Python kernel in a web page calls a widget

Source: this course; in Jupyter the controls are those of `ipywidgets`.
"""

from importlib import import_module

__all__ = ["NAMES", "widget"]

NAMES = (
    "unrolled_cell",
    "hidden_states",
    "gradient_flow",
    "bptt_steps",
    "truncation",
    "gates",
    "bidirectional",
    "attention_map",
    "sampling",
    "loss_cliff",
    "parameter_counter",
    "parallel_scan",
)


def widget(name, **values):
    """Find a widget.

    Args:
        name: one of `NAMES`.
        **values: what its controls start from, where that differs from the usual.
    Returns:
        A `Widget`, which shows itself; called with values for its controls, it gives the `rnncore.plots.Figure` for them.
    Raises:
        TypeError, ValueError: there is no such widget or control, or a value is not allowed; the sentence says which.
    """
    if name not in NAMES:
        raise ValueError(f"widget: name must be one of {', '.join(NAMES)}, got {name!r}.")
    found = import_module(f"rnncore.widgets.{name}").WIDGET
    return found.starting_from(**values) if values else found
