"""What a widget is: a figure function, a control for each of its parameters, and which of their values are computed beforehand.

Contents
    Widget    shows itself in Jupyter with ipywidgets, and on the site as HTML that book/_static/widgets.js makes alive
"""

import os
from collections.abc import Callable
from html import escape
from itertools import product
from typing import NamedTuple

from rnncore.plots import STATIC, Figure, script

__all__ = ["Widget"]


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
        if not self.precomputed:
            return []
        combinations = product(*(self.controls[name].values() for name in self.precomputed))
        frames = [dict(zip(self.precomputed, values, strict=True)) for values in combinations]
        return [(values, self(**values)) for values in frames]

    def to_html(self):
        """The widget as HTML: title, hint, controls, the first figure, and as JSON the figures computed beforehand."""
        figure = self()
        first, title = figure.payload(), escape(self.title)
        frames = [[list(values.values()), _change(first, frame.payload())] for values, frame in self.frames()]
        controls = "".join(control.to_html(name) for name, control in self.controls.items())
        return (
            f'<div class="rnn-widget" role="group" aria-label="{title}">'
            f'<p class="rnn-widget-title">{title}</p><p class="rnn-widget-look">{escape(self.look)}</p>'
            f'<form class="rnn-widget-controls" autocomplete="off">{controls}</form>{FOOT}{figure.to_html()}'
            f"{script({'name': self.name, 'precomputed': self.precomputed, 'frames': frames})}</div>"
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


FOOT = (
    '<div class="rnn-widget-foot"><button type="button" data-do="live">Run live</button>'
    '<button type="button" data-do="reset">Reset</button><button type="button" data-do="cancel" hidden>Cancel</button>'
    '<progress aria-label="Download" hidden></progress><span class="rnn-widget-status" role="status"></span></div>'
)


def _change(first, payload):
    """What turns the first figure into another one: only what differs, trace by trace if there are as many."""
    change = {"layout": _differences(first["layout"], payload["layout"]), "alt": payload["alt"], "note": payload["note"]}
    if len(first["data"]) != len(payload["data"]):
        return change | {"data": payload["data"]}
    return change | {"traces": [_differences(old, new) for old, new in zip(first["data"], payload["data"], strict=True)]}


def _differences(old, new):
    """The entries of `new` that are not those of `old`; None for one that is gone."""
    return {key: new.get(key) for key in {**old, **new} if key not in old or key not in new or old[key] != new[key]}
