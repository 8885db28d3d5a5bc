"""The kinds of control that a widget can have; each knows its label, its range and what a wrong value is.

Contents
    Slider    a number from low to high in steps
    Choice    one of a few
    Switch    on or off
    Text      something to type

A control checks a value (`check`), lists its values where they are few (`values`), and writes itself as HTML (`to_html`): a
labelled form element with the name of the parameter, which book/_static/widgets.js reads.
"""

import json
from html import escape
from typing import Any, NamedTuple

__all__ = ["Choice", "Slider", "Switch", "Text"]


class Slider(NamedTuple):
    """A number from `low` to `high` in steps; whole numbers if low, step and value are ints."""

    label: str
    low: float
    high: float
    step: float
    value: float
    unit: str = ""

    def check(self, name, value):
        """Return the value, or raise TypeError or ValueError with a sentence."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} must be a number from {self.low} to {self.high}, got {value!r}.")
        if not self.low <= value <= self.high:
            raise ValueError(f"{name} must be from {self.low} to {self.high}, got {value}.")
        if self.whole() and value != round(value):
            raise ValueError(f"{name} must be a whole number, got {value}.")
        return round(value) if self.whole() else float(value)

    def whole(self):
        return all(isinstance(number, int) for number in (self.low, self.step, self.value))

    def values(self):
        count = int((self.high - self.low) / self.step + 1e-9)
        return [round(self.low + k * self.step, 10) for k in range(count + 1)]

    def to_html(self, name):
        shown, unit = f"{self.value:.{self.digits()}f} {self.unit}".strip(), escape(self.unit)
        limits = f'min="{self.low}" max="{self.high}" step="{self.step}" value="{self.value}"'
        slider = f'<input type="range" name="{name}" {limits} data-digits="{self.digits()}" data-unit="{unit}">'
        return _control(self.label, slider, f"<output>{escape(shown)}</output>")

    def digits(self):
        """Decimals that a multiple of the step has."""
        return len(f"{self.step:.10f}".rstrip("0").partition(".")[2])


class Choice(NamedTuple):
    """One of a few options, which are strings or numbers."""

    label: str
    options: tuple
    value: Any

    def check(self, name, value):
        """Return the value, or raise ValueError with a sentence."""
        if value not in self.options:
            raise ValueError(f"{name} must be one of {', '.join(map(str, self.options))}, got {value!r}.")
        return value

    def values(self):
        return list(self.options)

    def to_html(self, name):
        options = (
            f'<option value="{escape(json.dumps(option))}"{" selected" if option == self.value else ""}>{escape(str(option))}</option>'
            for option in self.options
        )
        return _control(self.label, f'<select name="{name}">{"".join(options)}</select>')


class Switch(NamedTuple):
    """On or off."""

    label: str
    value: bool

    def check(self, name, value):
        """Return the value, or raise TypeError with a sentence."""
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, got {value!r}.")
        return value

    def values(self):
        return [False, True]

    def to_html(self, name):
        return _control(self.label, f'<input type="checkbox" name="{name}"{" checked" if self.value else ""}>')


class Text(NamedTuple):
    """A line of text; the figure function says which texts it can read."""

    label: str
    value: str
    max_length: int

    def check(self, name, value):
        """Return the value, or raise TypeError or ValueError with a sentence."""
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a text, got a value of type {type(value).__name__}.")
        if not value.strip() or len(value) > self.max_length:
            raise ValueError(f"{name} must have 1 to {self.max_length} characters, got {len(value.strip())}.")
        return value

    def to_html(self, name):
        text = f'<input type="text" name="{name}" value="{escape(self.value)}" maxlength="{self.max_length}" spellcheck="false">'
        return _control(self.label, text, '<span class="rnn-control-hint">Enter applies it</span>')


def _control(label, element, after=""):
    return f'<div class="rnn-control"><label><span>{escape(label)}</span>{element}</label>{after}</div>'
