"""The pages and media that posts point to: asked through the guarded fetch, and judged as readers would find them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Final
from urllib.parse import urlsplit

from pipeline.platforms.fetch import FetchError, Probed, RefusedError, probe

_LINK: Final = re.compile(r"https?://[^\s<>\"'`]+")
_AFTER_LINKS: Final = ".,;:!?)]}*_"
_MOST_LINKS: Final = 20
_AT_ONCE: Final = 8
_MEDIA: Final = ("image/", "video/", "audio/")
_GONE: Final = (404, 410)
_RESERVED: Final = re.compile(r"(?:^|\.)(?:example|test|invalid|localhost|example\.(?:com|net|org))$")
"""Names that RFC 2606 keeps for examples and tests: they stand for a page, and there is none to ask."""

Answer = Probed | FetchError


def links_in(body: str, link_url: str | None, own_pages: Iterable[str], short_codes: Collection[str]) -> list[str]:
    """The links of a post that can be asked, the first twenty: not its own page, which is not there yet, nor the short
    links to it.
    """
    written = (unescape(found).rstrip(_AFTER_LINKS) for found in _LINK.findall(body))
    own = {_page(url) for url in own_pages}
    links = dict.fromkeys([link_url] if link_url else [])
    links |= dict.fromkeys(written)
    led = tuple(f"/r/{code}" for code in short_codes)
    asked = (url for url in links if _page(url) not in own and not _page(url).endswith(led))
    return [url for url in asked if not _is_reserved(url)][:_MOST_LINKS]


def ask(urls: Iterable[str], private_origins: Collection[str]) -> dict[str, Answer]:
    """What is at each of the addresses. Servers are asked side by side, each one thing at a time."""
    servers: dict[str, list[str]] = {}
    for url in urls:
        servers.setdefault(_server(url), []).append(url)
    answers: dict[str, Answer] = {}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="probe") as pool:
        for answered in pool.map(lambda of_one: _ask_server(of_one, private_origins), servers.values()):
            answers |= answered
    return answers


def _ask_server(urls: Sequence[str], private_origins: Collection[str]) -> dict[str, Answer]:
    """A server that did not answer once is not waited for again."""
    answers: dict[str, Answer] = {}
    down = False
    for url in urls:
        if down:
            answers[url] = FetchError(f"The server of {url} does not answer.")
            continue
        try:
            answers[url] = probe(url, private_origins=private_origins)
        except FetchError as error:
            answers[url] = error
            down = not isinstance(error, RefusedError)
    return answers


def dead_links(links: Sequence[str], answers: Mapping[str, Answer], *, certain: bool) -> list[str]:
    """Those that lead nowhere, each with what happens there. `certain`: only what no second try would change.

    A refusal other than "not found" says nothing of a reader's browser: many sites turn programs away.
    """
    found = []
    for url in links:
        match answers[url]:
            case RefusedError() as refusal:
                found.append(str(refusal))
            case FetchError() as failure if not certain:
                found.append(str(failure))
            case Probed(status=status) if status in _GONE or (_is_outage(status) and not certain):
                found.append(f"{url} answers {status}.")
    return found


def missing_media(urls: Sequence[str], answers: Mapping[str, Answer], *, certain: bool) -> list[str]:
    """Those that a platform could not fetch, or that are no media; `certain` as for links."""
    found = []
    for url in urls:
        match answers[url]:
            case RefusedError() as refusal:
                found.append(str(refusal))
            case FetchError() as failure if not certain:
                found.append(str(failure))
            case Probed(status=status) if not 200 <= status < 300 and not (certain and _is_outage(status)):  # noqa: PLR2004
                found.append(f"{url} answers {status}.")
            case Probed(status=200, content_type=kind) if not kind.startswith(_MEDIA):
                found.append(f"{url} is {kind.partition(';')[0] or 'of no stated type'}, no picture, video or sound.")
    return found


def _is_outage(status: int) -> bool:
    return status >= 500 or status == 429  # noqa: PLR2004


def _page(url: str) -> str:
    """The address without what does not change the page: campaign tags, the fragment, the last slash."""
    return url.partition("#")[0].partition("?")[0].rstrip("/")


def _is_reserved(url: str) -> bool:
    return _RESERVED.search(_server(url).partition(":")[0]) is not None


def _server(url: str) -> str:
    """Host and port as written; empty where there are none to be read."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
