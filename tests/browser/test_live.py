"""The site's own Python, with no other in its place: every widget is drawn in the page as CPython draws it."""

import numpy as np
import pytest

from rnncore.widgets import NAMES, widget
from tests.browser.test_widgets import PAGE, change, find, other, shows, state

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("kernel")]  # one at a time: a start takes seconds of all cores


def agree(one, two):
    """Whether two figures are the same but for the rounding of another processor."""
    if isinstance(two, dict):
        return one.keys() == two.keys() and all(agree(one[key], two[key]) for key in two)
    if isinstance(two, list):
        return len(one) == len(two) and all(map(agree, one, two))
    if isinstance(two, int | float) and not isinstance(two, bool):
        return isinstance(one, int | float) and bool(np.isclose(one, two, rtol=2e-4, atol=1e-9))
    return one == two


@pytest.mark.parametrize("address", ["site", "below"])
def test_every_widget_is_drawn_as_cpython_draws_it(open_page, request, address):
    page, complaints = open_page(PAGE, site=request.getfixturevalue(address))
    assert page.evaluate("rnnKernel.start()").startswith("Python 3")
    for name in NAMES:
        changed = [(key, control) for key, control in widget(name).controls.items() if key not in widget(name).precomputed]
        values = {key: other(control) for key, control in changed[:1] or widget(name).controls.items()}
        drawn = page.evaluate("([name, values]) => rnnKernel.call(name, values)", [name, values])
        assert agree(drawn["data"], widget(name)(**values).payload()["data"]), f"{name} with {values} differs"
    assert not complaints, complaints


def test_a_start_downloads_what_the_page_says(open_page):
    page, _ = open_page(PAGE)
    button = find(page, "parameter_counter").locator("button[data-do=live]")
    announced = page.evaluate("() => new Promise((say) => rnnKernel.onstate(({ total }) => say(total)))")
    assert button.text_content() == f"Run live ({announced / 1e6:.0f} MB)" and announced < 17e6
    page.evaluate("rnnKernel.start()")
    seen = page.evaluate("() => new Promise((say) => rnnKernel.onstate(({ total, bytes }) => say([total, bytes])))")
    assert seen == [announced, announced]


def test_run_live_and_move_a_control(open_page):
    page, complaints = open_page(PAGE)
    element = find(page, "parameter_counter")
    element.locator("button[data-do=live]").click()
    state(element, "live")
    change(element, "hidden", 200)
    shows(element, "parameter_counter", hidden=200)
    change(element, "inputs", 100)
    shows(element, "parameter_counter", hidden=200, inputs=100)
    assert not complaints, complaints


def test_a_page_that_is_loaded_anew_is_as_at_first_and_starts_again(open_page):
    page, complaints = open_page(PAGE)
    for _ in range(2):
        element = find(page, "parameter_counter")
        state(element, "static")
        shows(element, "parameter_counter")
        change(element, "hidden", 200)
        shows(element, "parameter_counter", hidden=200)
        page.reload()
        page.wait_for_function("!document.querySelector('.rnn-figure:not([data-drawn])')")
    assert not complaints, complaints
