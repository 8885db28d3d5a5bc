"""Every page of the built site, in light and dark and on a phone: it draws everything, asks nobody else, and complains of nothing."""

import functools
import gzip
import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
PAGES = sorted(str(p.relative_to(SITE)) for folder in ("book", "labs") for p in (SITE / folder).rglob("*.html"))
VIEWS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390), "dark phone": ("dark", 390)}
AXE = ROOT / "book" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.browser


def test_every_page_of_the_table_of_contents_is_built():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    listed = [toc["root"], *(page["file"] for chapter in chapters for page in [chapter, *chapter.get("sections", [])])]
    assert [page for page in listed if f"{page}.html" not in PAGES] == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("path", PAGES)
def test_page(open_page, path, view):
    theme, width = VIEWS[view]
    page, complaints = open_page(path, theme, width)
    assert not complaints, complaints
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.locator("article h1").count() == 1

    written, typeset = page.locator(".math").count(), page.locator("mjx-container").count()
    assert typeset >= written and page.locator("mjx-merror, [data-mjx-error]").count() == 0, "an equation is not typeset"

    figures = page.locator(".rnn-figure")
    for i in range(figures.count()):
        figure = figures.nth(i)
        assert figure.locator(".rnn-plot").get_attribute("aria-label").strip()
        assert figure.locator("svg.main-svg").first.bounding_box()["height"] > 100
        marks = "svg .scatterlayer .trace path, svg .heatmaplayer image, svg .barlayer path"
        assert figure.locator(marks).count() > 0, f"figure {i} is empty"

    for image in page.locator("article img").all():
        image.scroll_into_view_if_needed()
        assert (image.get_attribute("alt") or "").strip(), "an image has no alternative text"
        page.wait_for_function("image => image.complete", arg=image.element_handle())
        assert image.evaluate("image => image.naturalWidth") > 0, "an image is not shown"

    overflow = page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 1, f"the page is {overflow} pixels wider than the screen"

    sent = sum(compressed(file) for file in set(complaints.asked))
    assert sent < 1.5e6, f"the page and all it loads are {sent / 1e6:.2f} MB, compressed as a server sends them"
    if view != "dark phone":  # the layout of one, the colours of another
        assert violations(page, "document") == []


@functools.cache
def compressed(file):
    """Bytes of a file of the site when it is sent."""
    return len(gzip.compress((SITE / file).read_bytes(), 6))


def violations(page, where):
    """What axe-core finds against WCAG 2, levels A and AA, in a part of the page: a JavaScript expression."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = page.evaluate(f"rules => axe.run({where}, rules)", rules)["violations"]
    return [f"{v['id']} at {node['target']}: {node['failureSummary']}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("path", PAGES)
def test_no_figure_is_lost(path):
    """Every figure that the executed notebook produced stands in the page."""
    notebook = ROOT / "_executed" / Path(path).with_suffix(".ipynb")
    if not notebook.exists():
        pytest.skip("not an executed page")
    cells = [c for c in nbformat.read(notebook, 4).cells if "remove-output" not in c.metadata.get("tags", []) and c.cell_type == "code"]
    outputs = [o for c in cells if "remove-cell" not in c.metadata.get("tags", []) for o in c.outputs]
    produced = [o for o in outputs if "application/vnd.plotly.v1+json" in o.get("data", {})]
    widgets = [o for o in outputs if 'class="rnn-widget"' in o.get("data", {}).get("text/html", "")]
    assert (SITE / path).read_text("utf8").count('class="rnn-figure"') == len(produced) + len(widgets)
    for output in produced:
        assert json.dumps(output["data"]["application/vnd.plotly.v1+json"]["data"])[:2] == "[{", "a figure has no curve"


def test_figures_follow_the_theme(open_page):
    page, complaints = open_page("book/index.html", "light")
    text = page.locator(".rnn-plot .xtitle").first
    before = text.evaluate("node => getComputedStyle(node).fill")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_selector('.rnn-figure[data-drawn="dark"]')
    assert text.evaluate("node => getComputedStyle(node).fill") != before
    assert not complaints, complaints


def test_search_finds_a_chapter(open_page):
    page, complaints = open_page("search.html?q=hidden+state")
    page.wait_for_selector("ul.search li a")
    links = page.locator("ul.search li a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert any("recurrent_cell" in link for link in links), links
    assert not complaints, complaints


def test_search_finds_a_function(open_page):
    page, complaints = open_page("search.html?q=lstm_step_backward")
    page.wait_for_selector("ul.search li a")
    links = page.locator("ul.search li a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert any("book/reference/cells.html#rnncore.lstm_step_backward" in link for link in links), links
    assert not complaints, complaints


def test_search_from_the_button(open_page):
    page, _ = open_page("book/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("perplexity")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.search li a")
    assert "character_language_model" in page.locator("ul.search").inner_html()


def test_the_address_alone_leads_to_the_course(open_page):
    page, complaints = open_page("")
    page.wait_for_url("**/book/index.html")
    assert "Recurrent" in page.locator("article h1").inner_text()
    assert not complaints, complaints


def test_previous_and_next_lead_through_the_course(open_page):
    page, _ = open_page("book/index.html")
    seen = [page.url]
    while page.locator("a.right-next").count():
        page.locator("a.right-next").click()
        page.wait_for_load_state()
        seen.append(page.url)
    assert len(seen) == len(set(seen)) == len(PAGES)


@pytest.mark.parametrize("path", PAGES)
def test_links_of_the_site_lead_somewhere(path):
    """Every link to another page of the site, and to a place in it, exists."""
    page = SITE / path
    for link in map(unescape, re.findall(r'href="([^"]+)"', page.read_text("utf8"))):
        if re.match(r"[a-z]+:|//", link):
            continue
        target, _, anchor = unquote(link.split("?")[0]).partition("#")
        target = (page.parent / target).resolve() if target else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor and target.suffix == ".html":
            assert re.search(rf'id="{re.escape(anchor)}"', target.read_text("utf8")), f"{link}: the page has no such place"
