"""What a published site has besides its pages, and all of it below an address such as /rnn-course/."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
BASE = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["html"]["baseurl"].rstrip("/")
PAGES = sorted(str(p.relative_to(SITE)) for folder in ("book", "labs") for p in (SITE / folder).rglob("*.html"))

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", PAGES)
def test_pages_below_another_address(open_page, below, path):
    page, complaints = open_page(path, site=below)
    assert not complaints, complaints
    assert page.locator(".math").count() <= page.locator("mjx-container").count()


@pytest.mark.parametrize("address", ["site", "below"])
@pytest.mark.parametrize("lost", ["nothing.html", "book/deeper/still/nothing.html"])
def test_a_lost_address_leads_back(open_page, request, address, lost):
    address = request.getfixturevalue(address)
    page, complaints = open_page(lost, site=address)
    assert complaints.failed == [f"404 {address}/{lost}"] and not complaints.outside
    assert page.locator("h1").inner_text() == "There is no such page"
    links = page.locator("a").evaluate_all("links => links.map((link) => link.href)")
    assert links == [f"{address}/book/index.html", f"{address}/search.html"]
    page.locator("a").first.click()
    page.wait_for_url(f"{address}/book/index.html")


def test_the_sitemap_names_every_page_and_robots_name_the_sitemap():
    namespace = {"map": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    places = [place.text for place in ET.parse(SITE / "sitemap.xml").findall("map:url/map:loc", namespace)]
    assert sorted(places) == [f"{BASE}/{path}" for path in PAGES]
    assert f"Sitemap: {BASE}/sitemap.xml" in (SITE / "robots.txt").read_text()
    assert (SITE / ".nojekyll").exists()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_a_card_and_an_icon(path):
    text = (SITE / path).read_text("utf8")
    card = dict(re.findall(r'<meta property="(og:\w+)" content="([^"]+)" />', text))
    assert card["og:url"] == f"{BASE}/{path}" and len(card["og:title"]) > 3 and len(card["og:description"]) > 40
    assert (SITE / card["og:image"].removeprefix(f"{BASE}/")).stat().st_size < 100e3
    [icon] = re.findall(r'<link rel="icon" href="([^"]+)"', text)
    assert (SITE / path).parent.joinpath(icon).resolve().exists()


def test_the_build_status_names_every_executed_notebook(open_page):
    page, _ = open_page("book/build_status.html")
    rows = page.locator("article table").first.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.innerText.split('\\t'))")
    executed = {str(p.relative_to(ROOT / "_executed").with_suffix("")) for p in (ROOT / "_executed").rglob("*.ipynb")}
    assert {name.strip() for name, *_ in rows} == executed
    assert all(int(cells) > 0 and float(seconds) > 0 for _, cells, seconds, _ in rows)
    assert re.search(r"numpy\s+\d+\.\d+", page.locator("article").inner_text())
