"""Widgets in the browser: their figures from the page, and from a kernel that is CPython here.

The page's kernel is replaced by one with the same interface that asks this process, so that every figure it shows can be compared
with what `rnncore.widgets` gives, and starting, stopping and failing happen when a test says so.
"""

import json

import pytest

from rnncore.widgets import NAMES, live, widget

pytestmark = pytest.mark.browser
PAGE = "book/widgets.html"
KERNEL = """(() => {
  const listeners = [];
  let now = { state: "off", message: "", bytes: 0, total: 0 }, started, stop;
  const set = (change) => { now = { ...now, ...change }; listeners.forEach((listen) => listen({ ...now })); };
  const end = (message, state) => { started = undefined; set({ state, message }); stop(new Error(message)); };
  const kernel = {
    start() {
      return started ??= new Promise((ready, failed) => {
        fake.starts += 1;
        set({ state: "starting", message: "Downloading Python", bytes: 2e6, total: 8e6 });
        stop = failed;
        fake.ready = () => { set({ state: "ready", message: "Python 3 in this page", bytes: 8e6 }); ready("Python 3"); };
        fake.fail = (message) => end(message, "failed");
        if (fake.quick) fake.ready();
      });
    },
    async call(name, values) {
      await kernel.start();
      fake.calls.push(values);
      set({ state: "busy", message: "Computing" });
      const stopped = new Promise((_, failed) => { stop = failed; });
      const answer = await Promise.race([stopped, fake.hold.then(() => compute(name, JSON.stringify(values)))]);
      set({ state: "ready", message: "Python 3 in this page" });
      if (answer.error) throw new Error(answer.error);
      return JSON.parse(answer.figure);
    },
    cancel: () => end("Stopped.", "off"),
    onstate(listen) { listeners.push(listen); listen({ ...now }); },
  };
  window.fake = { starts: 0, calls: [], quick: false, hold: Promise.resolve() };
  Object.defineProperty(window, "rnnKernel", { value: kernel });
})();"""


def compute(name, values):
    try:
        return {"figure": live.call(name, values)}
    except (TypeError, ValueError) as error:
        return {"error": str(error)}


@pytest.fixture
def widgets(open_page):
    """A function that opens the page of all widgets with the kernel of this test."""

    def open_widgets(theme="light", width=1280):
        def prepare(context):
            context.expose_function("compute", compute)
            context.add_init_script(KERNEL)

        page, complaints = open_page(PAGE, theme, width, prepare=prepare)
        page.complaints = complaints
        return page

    return open_widgets


def find(page, name):
    """A widget of the page, by the name in its data."""
    number = page.evaluate(
        """name => [...document.querySelectorAll(".rnn-widget")].findIndex((one) =>
            JSON.parse(one.querySelector(':scope > script[type="application/json"]').textContent).name === name)""",
        name,
    )
    assert number >= 0, f"the page has no widget {name}"
    return page.locator(".rnn-widget").nth(number)


def shows(element, name, **values):
    """Wait until a widget shows the figure of these values; then compare it with the one that CPython draws, number by number."""
    expected = widget(name)(**values).payload()
    element.page.wait_for_function(
        "([one, alt]) => one.getAttribute('aria-label') === alt", arg=[plot(element).element_handle(), expected["alt"]]
    )
    element.page.wait_for_function("one => one.dataset.state !== 'computing'", arg=element.element_handle())
    drawn = plot(element).evaluate("one => one.data")
    assert [asked_for(trace, wanted) for wanted, trace in zip(expected["data"], drawn, strict=True)] == expected["data"]
    assert element.locator(".rnn-note").text_content() == expected["note"]
    controls = {name: control.value for name, control in widget(name).controls.items()} | values
    assert json.loads(element.get_attribute("data-shown")) == list(controls.values())
    return drawn


def asked_for(drawn, wanted):
    """Without the settings that plotly itself has added."""
    if not isinstance(wanted, dict):
        return drawn
    return {key: asked_for(drawn.get(key), value) for key, value in wanted.items()}


def plot(element):
    return element.locator(".rnn-plot")


def other(control):
    """A value that is not the one a control starts from."""
    if type(control).__name__ == "Text":
        return control.value[: max(1, len(control.value) // 2)]
    return next(value for value in reversed(control.values()) if value != control.value)


def change(element, name, value):
    """Set a control as a reader does."""
    control = element.locator(f"[name={name}]")
    kind = control.evaluate("one => one.type")
    if kind == "checkbox":
        control.set_checked(value)
    elif kind == "select-one":
        control.select_option(json.dumps(value))
    elif kind == "range":
        control.evaluate("(one, value) => { one.value = value; one.dispatchEvent(new Event('input', { bubbles: true })); }", value)
    else:
        control.fill(value)
        control.press("Enter")


def state(element, wanted):
    element.page.wait_for_function("([one, wanted]) => one.dataset.state === wanted", arg=[element.element_handle(), wanted])


@pytest.mark.parametrize("name", NAMES)
def test_precomputed_figures_need_no_kernel(widgets, name):
    page = widgets()
    element = find(page, name)
    for control in widget(name).precomputed:
        value = other(widget(name).controls[control])
        change(element, control, value)
        shows(element, name, **{control: value})
        change(element, control, widget(name).controls[control].value)
        shows(element, name)
    assert page.evaluate("fake.starts") == 0 and not page.complaints, page.complaints


@pytest.mark.parametrize("name", NAMES)
def test_live_figures_are_those_of_cpython(widgets, name):
    page = widgets()
    page.evaluate("fake.quick = true")
    element, found = find(page, name), widget(name)
    for control in [c for c in found.controls if type(found.controls[c]).__name__ != "Text"]:
        value = other(found.controls[control])
        change(element, control, value)
        shows(element, name, **{control: value})
        element.get_by_role("button", name="Reset").click()
        shows(element, name)
    assert page.evaluate("fake.starts") <= 1 and not page.complaints, page.complaints


def test_a_slider_by_keyboard(widgets):
    page = widgets()
    element = find(page, "parameter_counter")
    slider = element.get_by_label("Layers")
    slider.focus()
    assert slider.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    shows(element, "parameter_counter", layers=2)
    page.keyboard.press("End")
    shows(element, "parameter_counter", layers=4)
    assert element.locator("output").nth(2).text_content() == "4"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    shows(element, "parameter_counter", layers=4, bidirectional=True)
    assert page.evaluate("fake.starts") == 0


def test_while_python_starts_no_figure_stands_under_wrong_values(widgets):
    page = widgets()
    element = find(page, "parameter_counter")
    before = plot(element).get_attribute("aria-label")
    change(element, "hidden", 100)
    state(element, "computing")
    page.wait_for_timeout(600)
    assert float(plot(element).evaluate("one => getComputedStyle(one).opacity")) < 0.5
    assert element.locator(".rnn-figure").get_attribute("aria-busy") == "true"
    assert element.locator(".rnn-widget-status").text_content() == "Downloading Python: 2.0 of 8.0 MB."
    assert element.locator("progress").evaluate("one => one.value / one.max") == 0.25
    assert plot(element).get_attribute("aria-label") == before
    page.evaluate("fake.ready()")
    shows(element, "parameter_counter", hidden=100)
    assert element.locator("progress").is_hidden() and "Live: Python 3" in element.locator(".rnn-widget-status").text_content()


def test_only_the_newest_request_counts(widgets):
    page = widgets()
    page.evaluate("() => { fake.quick = true; fake.hold = new Promise((go) => { fake.release = go; }); }")
    element = find(page, "parameter_counter")
    for hidden in (10, 20, 30, 40, 50):
        change(element, "hidden", hidden)
        page.wait_for_timeout(50)
    page.evaluate("fake.release()")
    shows(element, "parameter_counter", hidden=50)
    assert [call["hidden"] for call in page.evaluate("fake.calls")] == [10, 50]


def test_cancel_puts_the_controls_back(widgets):
    page = widgets()
    element = find(page, "parameter_counter")
    change(element, "hidden", 100)
    element.get_by_role("button", name="Cancel").click()
    state(element, "static")
    assert element.get_by_label("Hidden units H").input_value() == "128"
    shows(element, "parameter_counter")
    page.evaluate("fake.quick = true")
    change(element, "hidden", 90)
    shows(element, "parameter_counter", hidden=90)
    page.evaluate("() => { fake.hold = new Promise(() => {}); }")
    change(element, "hidden", 91)
    element.get_by_role("button", name="Cancel").click()  # a computation that does not end
    state(element, "static")
    shows(element, "parameter_counter", hidden=90)
    assert element.get_by_label("Hidden units H").input_value() == "90"


def test_without_python_what_is_in_the_page_goes_on(widgets):
    page = widgets()
    element, neighbour = find(page, "parameter_counter"), find(page, "gradient_flow")
    change(element, "hidden", 100)
    state(element, "computing")
    page.evaluate("fake.fail('Python could not start: no network.')")
    state(element, "failed")
    status = element.locator(".rnn-widget-status").text_content()
    assert status == "Python could not start: no network. The grey controls need it."
    assert element.get_by_label("Hidden units H").is_disabled() and element.get_by_label("Hidden units H").input_value() == "128"
    change(element, "layers", 2)
    shows(element, "parameter_counter", layers=2)
    assert neighbour.locator(":disabled").count() > 0
    page.evaluate("fake.quick = true")
    element.get_by_role("button", name="Try again").click()
    state(element, "live")
    change(element, "hidden", 100)
    shows(element, "parameter_counter", hidden=100, layers=2)


def test_what_python_refuses_is_said_at_the_control(widgets):
    page = widgets()
    page.evaluate("fake.quick = true")
    element = find(page, "sampling")
    text = element.get_by_label("The text so far")
    text.fill(" ")
    text.press("Enter")
    sentence = element.get_by_role("alert")
    sentence.wait_for()
    assert sentence.text_content() == "The text so far must have 1 to 60 characters, got 0."
    assert text.get_attribute("aria-invalid") == "true" and text.get_attribute("aria-describedby") == sentence.get_attribute("id")
    assert json.loads(element.get_attribute("data-shown"))[0] == widget("sampling").controls["text"].value, "the last figure stays"
    text.fill("The ")
    text.press("Enter")
    shows(element, "sampling", text="The ")
    assert element.get_by_role("alert").count() == 0 and text.get_attribute("aria-invalid") is None


def test_two_widgets_share_the_kernel(widgets):
    page = widgets()
    page.evaluate("fake.quick = true")
    one, two = find(page, "parameter_counter"), find(page, "gradient_flow")
    one.get_by_role("button", name="Run live").click()
    state(one, "live")
    state(two, "live")
    change(two, "steps", 20)
    shows(two, "gradient_flow", steps=20)
    change(one, "hidden", 7)
    shows(one, "parameter_counter", hidden=7)
    assert page.evaluate("fake.starts") == 1


def test_figures_follow_the_theme(widgets):
    page = widgets()
    page.evaluate("fake.quick = true")
    element = find(page, "parameter_counter")
    change(element, "hidden", 9)
    shows(element, "parameter_counter", hidden=9)
    title = element.locator(".ytitle")
    before = title.evaluate("one => getComputedStyle(one).fill")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_selector('.rnn-figure[data-drawn="dark"]')
    assert title.evaluate("one => getComputedStyle(one).fill") != before
    shows(element, "parameter_counter", hidden=9)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible_in_every_state(widgets, theme, width):
    """No violation of WCAG 2 levels A and AA that axe-core can find: refused, computing, live, failed."""
    from tests.browser.test_pages import violations

    page, part = widgets(theme, width), "'.rnn-widget'"
    element = find(page, "sampling")
    change(element, "seed", 3)
    state(element, "computing")
    assert violations(page, part) == []
    page.evaluate("fake.fail('Python could not start: no network.')")
    state(element, "failed")
    assert violations(page, part) == []
    page.evaluate("fake.quick = true")
    element.get_by_role("button", name="Try again").click()
    state(element, "live")
    change(element, "text", " ")
    element.get_by_role("alert").wait_for()
    assert violations(page, part) == []
    overflow = page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 1, f"the page is {overflow} pixels wider than the screen"


def test_nothing_moves_when_a_widget_comes_alive(open_page, site):
    """The page is as high before the scripts ran as after."""
    page, _ = open_page(
        PAGE,
        prepare=lambda context: context.add_init_script(
            "addEventListener('DOMContentLoaded', () => { window.before = document.body.scrollHeight; }, true);"
        ),
    )
    assert abs(page.evaluate("document.body.scrollHeight - window.before")) < 60 * len(NAMES)


def test_without_javascript_there_is_a_picture(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{PAGE}")
    pictures = page.locator(".rnn-widget img")
    assert pictures.count() == len(NAMES)
    for picture, name in zip(pictures.all(), NAMES, strict=True):
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box["width"] > 300 and box["height"] > 150 and picture.get_attribute("alt") == widget(name)().alt
    assert page.locator(".rnn-widget-controls").first.is_hidden() and page.locator(".rnn-widget button").first.is_hidden()
    context.close()


def test_on_paper_there_are_figures_and_no_controls(widgets):
    page = widgets("dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function("!document.querySelector('.rnn-figure:not([data-drawn=light])')")
    for selector in (".rnn-widget-controls", ".rnn-widget button", ".rnn-widget-status"):
        assert not any(one.is_visible() for one in page.locator(selector).all())
    assert {one.bounding_box()["width"] for one in page.locator(".rnn-widget .main-svg:first-child").all()} == {540}
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.wait_for_function("!document.querySelector('.rnn-figure:not([data-drawn=dark])')")


def test_from_a_file(chromium):
    """Opened from the disk, what was computed beforehand still moves."""
    from tests.browser.conftest import SITE

    context = chromium.new_context()
    page = context.new_page()
    page.goto((SITE / PAGE).as_uri())
    page.wait_for_selector(".rnn-figure[data-drawn]")
    element = find(page, "parameter_counter")
    change(element, "layers", 3)
    shows(element, "parameter_counter", layers=3)
    context.close()
