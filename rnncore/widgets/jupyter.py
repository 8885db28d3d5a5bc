"""A widget in Jupyter: the same controls and figure, with ipywidgets.

Contents
    show    a widget as a box: title, hint, controls, figure, note
"""

from html import escape

import ipywidgets
from IPython.display import display

__all__ = ["show"]

WIDTH = ipywidgets.Layout(width="26em", max_width="100%")


def show(widget):
    """Make a box with the widget's title, hint, controls, figure and note.

    Args:
        widget: a `Widget`.
    Returns:
        An `ipywidgets.VBox`. Where a value is refused it says so and keeps the last figure.
    """
    controls = {name: _control(control) for name, control in widget.controls.items()}
    output, note = ipywidgets.Output(), ipywidgets.HTML()

    def draw(_=None):
        try:
            figure = widget(**{name: control.value for name, control in controls.items()})
        except (TypeError, ValueError) as error:
            note.value = f'<span role="alert"><strong>Not drawn:</strong> {escape(str(error))}</span>'
            return
        note.value = f'<span style="white-space: pre-line">{escape(figure.note)}</span>'
        output.clear_output(wait=True)
        with output:
            display(figure)

    for control in controls.values():
        control.observe(draw, names="value")
    draw()
    heading = ipywidgets.HTML(f"<strong>{escape(widget.title)}</strong><br>{escape(widget.look)}")
    columns = ipywidgets.Layout(display="flex", flex_flow="row wrap", grid_gap="0 2em")
    return ipywidgets.VBox([heading, ipywidgets.Box(list(controls.values()), layout=columns), output, note])


def _control(control):
    """The ipywidget for one control."""
    style = {"description": control.label, "style": {"description_width": "initial"}, "layout": WIDTH}
    kind = type(control).__name__
    if kind == "Slider":
        slider = ipywidgets.IntSlider if control.whole() else ipywidgets.FloatSlider
        style |= {"description": control.label + (f" ({control.unit})" if control.unit else "")}
        style |= {} if control.whole() else {"readout_format": f".{control.digits()}f"}
        return slider(min=control.low, max=control.high, step=control.step, value=control.value, continuous_update=False, **style)
    if kind == "Choice":
        return ipywidgets.Dropdown(options=list(control.options), value=control.value, **style)
    if kind == "Switch":
        return ipywidgets.Checkbox(value=control.value, indent=False, **style)
    return ipywidgets.Text(value=control.value, continuous_update=False, **style)
