"""The door through which the Python kernel in a web page calls a widget: texts in, texts out.

Contents
    call    the figure of a widget for given values
"""

import json

from rnncore.widgets import widget

__all__ = ["call"]


def call(name, values):
    """Draw a widget's figure.

    Args:
        name: the widget's name.
        values: a JSON object with a value for any of its controls.
    Returns:
        A JSON object with the keys data, layout, alt and note.
    Raises:
        TypeError, ValueError: there is no such widget or control, or a value is not allowed; the sentence says which.
    """
    return json.dumps(widget(name)(**json.loads(values)).payload(), separators=(",", ":"), allow_nan=False)
