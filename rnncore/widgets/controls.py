"""The kinds of control that a widget can have; each knows its label, its range and what a wrong value is.

Contents
    Slider    a number from low to high in steps
    Choice    one of a few
    Switch    on or off
    Text      something to type

A control checks a value (`check`), lists its values where they are few (`values`), and describes itself as JSON (`spec`).
"""

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
        return round(value) if self.whole() else float(value)

    def whole(self):
        return all(isinstance(number, int) for number in (self.low, self.step, self.value))

    def values(self):
        count = round((self.high - self.low) / self.step)
        return [round(self.low + k * self.step, 10) for k in range(count + 1)]

    def spec(self, name):
        return {"kind": "slider", "name": name, **self._asdict()}


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

    def spec(self, name):
        return {"kind": "choice", "name": name, **self._asdict()}


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

    def spec(self, name):
        return {"kind": "switch", "name": name, **self._asdict()}


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

    def spec(self, name):
        return {"kind": "text", "name": name, **self._asdict()}
