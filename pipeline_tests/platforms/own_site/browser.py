"""A reader's browser: the system's Chromium, which may reach loopback and nothing else."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

_BEYOND_LOOPBACK: Final = re.compile(r"^(?!http://127\.0\.0\.1[:/])")
_ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser. Skips the test, saying why, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def a_page(browser: Any, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Iterator[Any]:
    """A tab. Its `strangers` are the addresses beyond loopback that it asked for; none of them is reached."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.strangers = []

    def refuse(route: Any) -> None:
        page.strangers.append(route.request.url)
        route.abort()

    context.route(_BEYOND_LOOPBACK, refuse)
    try:
        yield page
    finally:
        context.close()
