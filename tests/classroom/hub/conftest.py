"""The browser of the browser tests, for a class."""

from tests.browser.conftest import chromium  # noqa: F401 (a fixture)
