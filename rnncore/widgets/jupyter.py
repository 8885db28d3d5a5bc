"""A widget in Jupyter: the same controls and figure, with ipywidgets.

Contents
    show    a widget as a box of controls above its figure
"""

import ipywidgets
from IPython.display import display

__all__ = ["show"]


def show(widget):
    """Make a box with the widget's title, hint, controls, figure and note.

    Args:
        widget: a `Widget`.
    Returns:
        An `ipywidgets.VBox`.
    """
    controls = {name: _control(control) for name, control in widget.controls.items()}
    output, note = ipywidgets.Output(), ipywidgets.Label()

    def draw(_=None):
        output.clear_output(wait=True)
        with output:
            try:
                figure = widget(**{name: control.value for name, control in controls.items()})
            except (TypeError, ValueError) as error:
                note.value = str(error)
            else:
                note.value = figure.note
                display(figure)

    for control in controls.values():
        control.observe(draw, names="value")
    draw()
    heading = ipywidgets.HTML(f"<strong>{widget.title}</strong><br>{widget.look}")
    return ipywidgets.VBox([heading, *controls.values(), output, note])


def _control(control):
    """The ipywidget for one control."""
    style = {"description": control.label, "style": {"description_width": "initial"}, "layout": {"width": "28em"}}
    kind = type(control).__name__
    if kind == "Slider":
        slider = ipywidgets.IntSlider if control.whole() else ipywidgets.FloatSlider
        unit = f" ({control.unit})" if control.unit else ""
        style["description"] += unit
        return slider(min=control.low, max=control.high, step=control.step, value=control.value, continuous_update=False, **style)
    if kind == "Choice":
        return ipywidgets.Dropdown(options=list(control.options), value=control.value, **style)
    if kind == "Switch":
        return ipywidgets.Checkbox(value=control.value, indent=False, **style)
    return ipywidgets.Text(value=control.value, continuous_update=False, **style)
