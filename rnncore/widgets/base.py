"""What a widget is: a figure function, a control for each of its parameters, and which of their values are computed beforehand.

Contents
    Widget    shows itself in Jupyter with ipywidgets, and on the site as HTML that book/_static/widgets.js makes alive
    STATIC    name of the environment variable that is set while the site's notebooks are executed
"""

import html
import json
import os
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

from rnncore.plots import Figure

__all__ = ["STATIC", "Widget"]

STATIC = "RNNCORE_STATIC"


class Widget(NamedTuple):
    """A figure whose parameters a reader can change."""

    name: str  # of its file, and of the function that draws it
    title: str
    look: str  # what to look for, in one sentence
    figure: Callable[..., Figure]  # figure(**values) -> Figure; pure
    controls: dict  # parameter of `figure` -> control
    precomputed: tuple = ()  # the controls whose values are all computed beforehand, every combination of them

    def __call__(self, **values):
        """Draw the figure.

        Args:
            **values: for any of the controls; the others stand where they start.
        Returns:
            A `Figure`.
        Raises:
            TypeError, ValueError: there is no such control, or the value is not allowed; the sentence says which.
        """
        return self.figure(**self._checked(values))

    def starting_from(self, **values):
        """The same widget with other values to start from; arguments and errors as when it is called."""
        values = self._checked(values)
        return self._replace(controls={name: c._replace(value=values[name]) for name, c in self.controls.items()})

    def frames(self):
        """Every figure that is computed beforehand: a list of (values of the precomputed controls, Figure)."""
        combinations = product(*(self.controls[name].values() for name in self.precomputed))
        frames = [dict(zip(self.precomputed, values, strict=True)) for values in combinations]
        return [(values, self(**values)) for values in frames]

    def to_html(self):
        """The widget as HTML: title, hint, the first figure, and as JSON what the site's script needs."""
        body = {
            "name": self.name,
            "controls": [control.spec(name) for name, control in self.controls.items()],
            "figure": self().payload(),
            "frames": [[values, figure.payload()] for values, figure in self.frames()] if self.precomputed else [],
        }
        text = json.dumps(body, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
        return (
            f'<div class="rnn-widget" role="group" aria-label="{html.escape(self.title)}">'
            f'<p class="rnn-widget-title">{html.escape(self.title)}</p><p class="rnn-widget-look">{html.escape(self.look)}</p>'
            f'<script type="application/json">{text}</script></div>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        if os.environ.get(STATIC):
            return {"text/html": self.to_html(), "text/plain": f"{self.title}. {self().alt}"}
        from rnncore.widgets.jupyter import show

        return show(self)._repr_mimebundle_(include=include, exclude=exclude)

    def _checked(self, values):
        for name in values:
            if name not in self.controls:
                raise TypeError(f"{self.name}: there is no control {name!r}; it has {', '.join(self.controls)}.")
        return {name: control.check(f"{self.name}: {name}", values.get(name, control.value)) for name, control in self.controls.items()}
