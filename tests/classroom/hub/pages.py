"""What a student and a teacher do in their browsers, one function for each thing they do."""

import contextlib
import re

from playwright.sync_api import TimeoutError, expect

expect.set_options(timeout=30000)
SLOW = 120000  # milliseconds in which a server starts or a notebook is graded on a busy machine


def log_in(chromium, held, name, theme="light"):
    """Log a person of a class in and return the page with JupyterLab."""
    context = chromium.new_context(viewport={"width": 1360, "height": 850}, color_scheme=theme, reduced_motion="reduce")
    context.route("http*://**/*", lambda route: route.continue_() if route.request.url.startswith(held.address) else route.abort())
    page = context.new_page()
    page.goto(f"{held.address}/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", held.passwords[name])
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{name}/lab**", timeout=SLOW)
    page.wait_for_selector("#jp-main-dock-panel", timeout=SLOW)
    page.get_by_role("menuitem", name="Nbgrader", exact=True).wait_for(timeout=SLOW)
    return page


def choose(page, *items):
    """Choose something in JupyterLab's menus."""
    for item in items:
        page.get_by_role("menuitem", name=item, exact=True).click()


def items(page, box):
    """What is in a box of the assignment list, `released`, `fetched` or `submitted`, freshly loaded."""
    refresh = page.locator("#refresh_assignments_list")
    for _ in range(5):  # a notebook that is still being opened comes to the front again
        choose(page, "Nbgrader", "Assignment List")
        with contextlib.suppress(TimeoutError):
            refresh.wait_for(timeout=3000)
            page.wait_for_timeout(500)
            with page.expect_response(lambda answer: "/assignments?" in answer.url, timeout=10000):
                refresh.click(timeout=3000)
            break
    expect(page.locator("#assignments .list_loading:visible")).to_have_count(0)
    return page.locator(f"#{box}_assignments_list > div.list_item")


def press_in_list(page, box, lab, button):
    """Press a button beside a lab in the assignment list; a notebook that comes to the front meanwhile hides the list, which is then asked
    for again."""
    for _ in range(5):
        with contextlib.suppress(TimeoutError):
            return items(page, box).filter(has_text=lab).get_by_role("button", name=button, exact=True).first.click(timeout=10000)
    raise AssertionError(f"the button {button} of {lab} was to be seen, but the list never stayed in front.")


def fetch(page, lab):
    press_in_list(page, "released", lab, "Fetch")
    expect(page.locator("#fetched_assignments_list")).to_contain_text(lab)


def submit(page, lab):
    press_in_list(page, "fetched", lab, "Submit")
    expect(page.locator("#submitted_assignments_list")).to_contain_text(lab)


def open_lab(page, held, name, lab):
    page.goto(f"{held.address}/user/{name}/lab/tree/{lab}/{lab}.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=SLOW)
    expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle", timeout=SLOW)


def save(page):
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-Document .jp-mod-dirty, .lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)


def validate(page):
    """Press the notebook's button Validate and return what the dialog says."""
    page.get_by_role("button", name="Validate").first.click()
    dialog = page.locator(".jp-Dialog", has_text="Validation Results")
    dialog.wait_for(timeout=SLOW)
    said = dialog.inner_text()
    dialog.get_by_role("button", name="Ok").click()
    return said


def read_feedback(page, held, name, lab):
    """Fetch the feedback of a lab and return the page's text."""
    press_in_list(page, "submitted", lab, "Fetch Feedback")
    link = page.locator("#submitted_assignments_list a", has_text="view feedback")
    link.first.wait_for()
    link.first.click()
    file = page.locator(".jp-DirListing-item", has_text=f"{lab}.html")
    file.wait_for()
    folder = page.locator(".jp-BreadCrumbs-item").last.get_attribute("title")
    reader = page.context.new_page()
    reader.goto(f"{held.address}/user/{name}/files/{lab}/feedback/{folder.split('/')[-1]}/{lab}.html")
    return reader


def formgrader(page):
    """Open formgrader in JupyterLab and return its frame."""
    choose(page, "Nbgrader", "Formgrader")
    frame = page.frame_locator("#formgrader-iframe iframe, iframe[src*=formgrader]")
    frame.get_by_text("Manage Assignments").first.wait_for(timeout=SLOW)
    return frame


def press(frame, row, column):
    """Press the button in a row and a column of one of formgrader's tables and return what the dialog says."""
    frame.locator("tbody tr", has=frame.locator("td", has_text=re.compile(rf"^\s*{row}\s*$"))).locator(f"td.{column} a").click()
    dialog = frame.locator(".modal.in")
    dialog.wait_for(timeout=SLOW)
    said = dialog.inner_text()
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_have_count(0)
    return said
