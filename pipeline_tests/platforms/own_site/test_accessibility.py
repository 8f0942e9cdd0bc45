"""What a reader with a phone, a keyboard, a screen reader or no style sheet gets, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.platforms.site import server
from pipeline_tests.platforms.own_site import browser, showcase
from pipeline_tests.platforms.own_site.conftest import Site
from pipeline_tests.web import serve_app

PHONE, DESKTOP = 390, 1280


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser.chromium() as program:
        yield program


@pytest.fixture(scope="module")
def address(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the showcase is served, as production would serve it."""
    folder = tmp_path_factory.mktemp("site")
    with serve_app(server.create_app(folder)) as base_url:
        showcase.fill(Site(folder, base_url))
        yield base_url


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_axe_finds_nothing_wrong_in_light_or_dark(chromium, address, width):
    """Its rules for WCAG 2.2 A and AA, and its best practices; what dark changes is contrast."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    rules = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    contrast = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
    with browser.a_page(chromium, width=width) as page:
        for name, path in showcase.PAGES.items():
            page.goto(f"{address}/{path}")
            for scheme, options in (("light", rules), ("dark", contrast)):
                page.emulate_media(color_scheme=scheme)
                found = axe.Axe().run(page, options=options)
                assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
                assert found.response["passes"]


@pytest.mark.parametrize("width", [320, DESKTOP])
def test_no_page_scrolls_sideways(chromium, address, width):
    with browser.a_page(chromium, width=width) as page:
        for name, path in showcase.PAGES.items():
            page.goto(f"{address}/{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_what_is_wider_than_a_phone_scrolls_within_itself_and_by_keyboard(chromium, address):
    with browser.a_page(chromium, width=320) as page:
        page.goto(f"{address}/{showcase.PAGES['article']}")
        for selector in (".wide", "pre"):
            part = page.locator(f".body {selector}")
            assert part.evaluate("part => part.scrollWidth > part.clientWidth"), selector
            assert part.get_attribute("tabindex") == "0"  # Chromium would do without, others don't
            part.focus()
            page.keyboard.press("ArrowRight")
            page.wait_for_function("part => document.querySelector(part).scrollLeft > 0", arg=f".body {selector}")


def test_the_first_stop_of_the_keyboard_leads_past_the_frame(chromium, address):
    with browser.a_page(chromium) as page:
        page.goto(f"{address}/{showcase.PAGES['article']}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_without_its_style_sheet_an_article_reads_from_top_to_bottom(chromium, address):
    order = [
        ".wordmark",
        "nav",
        "h1",
        ".standfirst",
        ".byline",
        "img.lead",
        ".body p",
        ".topics",
        ".related",
        ".colophon",
    ]
    with browser.a_page(chromium) as page:
        page.route("**/*.css", lambda route: route.abort())
        page.goto(f"{address}/{showcase.PAGES['article']}")
        tops = [page.locator(part).first.bounding_box()["y"] for part in order]
    assert tops == sorted(tops)


def test_a_page_asks_for_one_style_sheet_no_script_and_nobody_else(chromium, address):
    asked = []
    with browser.a_page(chromium, width=PHONE) as page:
        page.on("request", lambda request: asked.append((request.resource_type, request.url)))
        page.goto(f"{address}/{showcase.PAGES['article']}")
        assert [kind for kind, _ in asked if kind in {"stylesheet", "script", "font"}] == ["stylesheet"]
        assert page.strangers == []


def test_room_is_kept_for_pictures_so_that_nothing_moves_when_they_come(chromium, address):
    with browser.a_page(chromium, width=PHONE) as page:
        page.route("**/*.jpg", lambda _route: None)  # never answered
        for name in ("article", "front"):
            page.goto(f"{address}/{showcase.PAGES[name]}", wait_until="domcontentloaded")
            boxes = [picture.bounding_box() for picture in page.locator("img").all()]
            assert len(boxes) >= 2
            assert all(box["height"] > box["width"] / 2 > 0 for box in boxes), name


def test_an_article_prints_its_text_and_the_addresses_of_its_links(chromium, address):
    with browser.a_page(chromium) as page:
        page.goto(f"{address}/{showcase.PAGES['article']}")
        page.emulate_media(media="print")
        assert not page.locator(".masthead nav").is_visible()
        assert not page.locator(".related").is_visible()
        assert page.locator(".body").is_visible()
        after = page.locator(".body a[rel~=sponsored]").evaluate("link => getComputedStyle(link, '::after').content")
        assert "https://example.com/key" in after
