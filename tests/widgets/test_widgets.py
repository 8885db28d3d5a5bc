"""Every widget: pure, whole over the range of its controls, light enough for a page, and alive in Jupyter too."""

import json
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from rnncore.plots import STATIC, Figure
from rnncore.widgets import NAMES, live, widget
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider, Switch, Text

KILOBYTES = 150


def values_to_try(control):
    """The ends of a slider, both positions of a switch, every choice, and half of a text."""
    if isinstance(control, Slider):
        return [control.low, control.high]
    return [control.value[: len(control.value) // 2]] if isinstance(control, Text) else control.values()


def refused(control):
    """Values that a control must not take."""
    if isinstance(control, Text):
        return ["", "   ", "a" * (control.max_length + 1), 3]
    return {Slider: [-(10**9), "1", True, None, float("nan")], Choice: ["no such", None], Switch: [1, "on"]}[type(control)]


def numbers(figure):
    """The numbers of each trace that say where something is or how large."""
    for trace in figure.data:
        yield [x for key in ("y", "z", "x") for x in np.ravel(np.array(trace.get(key, []), dtype=object)) if not isinstance(x, str)]


@pytest.mark.parametrize("name", NAMES)
def test_every_value_gives_a_figure(name):
    found = widget(name)
    assert isinstance(found, Widget) and found.name == name and found.title and found.look.endswith(".")
    for control, kind in found.controls.items():
        for value in values_to_try(kind):
            figure = found(**{control: value})
            assert isinstance(figure, Figure) and figure.data, (control, value)
            finite = [np.isfinite([float("nan") if x is None else x for x in trace]).any() for trace in numbers(figure) if trace]
            assert all(finite), f"{control}={value}: a trace without a number"
            json.dumps(figure.payload(), allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_control_does_something(name):
    """Alone, or with another choice made: k of top-k counts once top-k is chosen."""
    found = widget(name)
    choices = [{}] + [{c: value} for c, kind in found.controls.items() if isinstance(kind, Choice) for value in kind.options]
    for control, kind in found.controls.items():
        values = [value for value in values_to_try(kind) if value != kind.value]
        others = [choice for choice in choices if control not in choice]
        assert any(found(**choice, **{control: value}).payload() != found(**choice).payload() for choice in others for value in values), (
            control
        )


@pytest.mark.parametrize("name", NAMES)
def test_texts_follow_the_values(name):
    """Somebody who only hears the alternative text or the note hears that something changed."""
    found = widget(name)
    start = found()
    changed = [found(**{control: value}) for control, kind in found.controls.items() for value in values_to_try(kind)]
    assert len({figure.alt for figure in [start, *changed]}) > 1 and len({figure.note for figure in [start, *changed]}) > 1


@pytest.mark.parametrize("name", NAMES)
def test_the_same_values_give_the_same_figure(name):
    found = widget(name)
    first = json.dumps(found().payload())
    for control, kind in found.controls.items():
        found(**{control: values_to_try(kind)[-1]})
    assert json.dumps(found().payload()) == first


@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_are_refused_in_a_sentence(name):
    found = widget(name)
    for control, kind in found.controls.items():
        for value in refused(kind):
            with pytest.raises((TypeError, ValueError), match=rf"{name}: {control} must .*, got ") as caught:
                found(**{control: value})
            assert "\n" not in str(caught.value)
    with pytest.raises(TypeError, match=rf"{name}: there is no control 'other'; it has {next(iter(found.controls))}"):
        found(other=1)


class Page(HTMLParser):
    """What is in the HTML of a widget: labels, named form elements, and JSON."""

    def __init__(self, text):
        super().__init__()
        self.named, self.json, self.pictures, self.inside = [], [], 0, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.inside = tag
        self.pictures += tag == "img" and attributes["src"].startswith("data:image/svg+xml,") and bool(attributes["alt"])
        if tag in ("input", "select"):
            self.named.append(attributes["name"])

    def handle_data(self, data):
        if self.inside == "script":
            self.json.append(json.loads(data))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_carries_every_precomputed_figure(name, monkeypatch):
    monkeypatch.setenv(STATIC, "1")
    found = widget(name)
    html = found._repr_mimebundle_()["text/html"]
    assert len(html) < KILOBYTES * 1000, f"{len(html) / 1000:.0f} kB"
    page = Page(html)
    assert page.named == list(found.controls) and page.pictures == 1
    first, body = page.json
    assert body["name"] == name and len(body["frames"]) == np.prod([len(found.controls[c].values()) for c in found.precomputed])
    for given, frame in body["frames"]:
        fresh = found(**dict(zip(found.precomputed, given, strict=True))).payload()
        traces = frame.get("data") or [one | other for one, other in zip(first["data"], frame["traces"], strict=True)]
        assert [{key: value for key, value in trace.items() if value is not None} for trace in traces] == fresh["data"]
        assert {key: value for key, value in (first["layout"] | frame["layout"]).items() if value is not None} == fresh["layout"]
        assert (frame["alt"], frame["note"]) == (fresh["alt"], fresh["note"])


@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_of_a_page_gets_the_same_figure(name):
    found = widget(name)
    values = {control: kind.value for control, kind in found.controls.items()}
    assert json.loads(live.call(name, json.dumps(values))) == found().payload()


@pytest.mark.parametrize("name", NAMES)
def test_in_jupyter_a_control_redraws(name, monkeypatch):
    from rnncore.widgets import jupyter

    drawn = []
    monkeypatch.setattr(jupyter, "display", drawn.append)
    found = widget(name)
    _, controls, _, note = jupyter.show(found).children
    assert [figure.payload() for figure in drawn] == [found().payload()]
    assert [child.description.partition(" (")[0] for child in controls.children] == [
        kind.label.partition(" (")[0] for kind in found.controls.values()
    ]
    values = {}
    for child, (control, kind) in zip(controls.children, found.controls.items(), strict=True):
        values[control] = next(value for value in values_to_try(kind) if value != kind.value)
        drawn.clear()
        child.value = values[control]
        expected = found(**values)
        assert [figure.payload() for figure in drawn] == [expected.payload()], control
        assert expected.note in unescape(note.value)


def test_what_is_refused_keeps_the_figure_in_jupyter():
    from rnncore.widgets.jupyter import show

    texts = [name for name in NAMES if any(isinstance(kind, Text) for kind in widget(name).controls.values())]
    for name in texts:
        _, controls, _, note = show(widget(name)).children
        next(child for child in controls.children if type(child).__name__ == "Text").value = " "
        assert "Not drawn:" in note.value and "must have 1 to" in note.value


def test_starting_from_other_values():
    found = widget("parameter_counter", hidden=8)
    assert found.controls["hidden"].value == 8 and found().payload() == widget("parameter_counter")(hidden=8).payload()
    with pytest.raises(ValueError, match="hidden must be from 1 to 512, got 0"):
        widget("parameter_counter", hidden=0)
    with pytest.raises(ValueError, match=r"name must be one of unrolled_cell, .* got 'parametercounter'"):
        widget("parametercounter")


def test_a_whole_slider_refuses_halves():
    with pytest.raises(ValueError, match=r"parameter_counter: hidden must be a whole number, got 2\.5\."):
        widget("parameter_counter")(hidden=2.5)
    assert widget("parameter_counter")(hidden=2.0).payload() == widget("parameter_counter")(hidden=2).payload()


def test_a_slider_lists_its_values():
    assert Slider("a", 0.1, 0.5, 0.1, 0.3).values() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert Slider("a", 0, 10, 4, 0).values() == [0, 4, 8]


def test_importing_widgets_loads_numpy_only():
    code = "import sys, rnncore.widgets.live; print(*{'torch', 'plotly', 'IPython', 'ipywidgets', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
