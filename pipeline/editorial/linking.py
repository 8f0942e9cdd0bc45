"""An article's links and the database: what it can link to, what a reviewer is told, and which links are broken."""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import sqlalchemy as sa

from pipeline.editorial import links
from pipeline.editorial import markdown as md
from pipeline.editorial.findings import Finding
from pipeline.editorial.links.catalogue import normal
from pipeline.editorial.relevance import phrases_in, ranked
from pipeline.store import link_targets
from pipeline.store.link_targets import Home, Page, PublishedPost
from pipeline.text import marks
from pipeline.vocabulary import PostStatus

if TYPE_CHECKING:
    from markdown_it.token import Token

_RANKED: Final = 100
"""Posts that PostgreSQL picks by shared phrases, for BM25 to rank."""
_OPENING: Final = 2_000
"""Characters of each that are ranked by: what an article is about, it says at its beginning."""
_CATALOGUES: Final = 8
"""Verticals whose products are kept ready in a process: one of 50,000 keywords takes some 15 MB."""
_ADDRESS: Final = re.compile(r"https?://[^\s\"'<>]+")


@dataclass(frozen=True, slots=True)
class LinkToPage:
    """A link in a published post, by its words, to a page of ours."""

    canonical_id: str
    title: str
    words: str
    target: Page


def with_links(connection: sa.Connection, markdown: str, *, vertical_id: UUID, canonical_id: str) -> str:
    """The article with links to its vertical's products and published posts, the most relevant of those first.

    Links of ours from before are taken out first, so it may be called on any version of the text; what a person
    linked stays. Only reads the database.
    """
    plain = links.without_links(markdown)
    said = phrases_in(plain)
    candidates = link_targets.related_posts(
        connection, vertical_id, said, besides=canonical_id, limit=_RANKED, opening=_OPENING
    )
    order = ranked(plain, [_text(post) for post in candidates])
    posts = [
        links.Target(post.url, [phrase for phrase in _phrases(post) if normal(phrase) in said])
        for post in (candidates[place] for place in order)
    ]
    return links.add_links(plain, _catalogues.of(connection, vertical_id), posts)


def audit(connection: sa.Connection, canonical_id: str, markdown: str) -> list[Finding]:
    """What a reviewer is told of an article's links: `links.audit`, and whether ours lead to pages that are there.

    Raises:
        LookupError: there is no such post.
    """
    home = link_targets.home_of(connection, canonical_id)
    if home is None:
        raise LookupError(f"There is no post {canonical_id}.")
    found = md.parse(markdown)
    hrefs = [str(link.attrs.get("href") or "") for link in marks.links(found)]
    affiliate = link_targets.affiliate_addresses(
        connection, home.vertical_id, {*map(unquote, hrefs), *hrefs, *_ADDRESS.findall(markdown)}
    )
    return [*links.audit(markdown, affiliate), *_dead_ends(connection, home, canonical_id, hrefs)]


def broken_links(connection: sa.Connection) -> list[LinkToPage]:
    """Every link in a published post to a page that was taken down."""
    return _links_to(connection, link_targets.pages_taken_down(connection))


def links_to(connection: sa.Connection, canonical_id: str) -> list[LinkToPage]:
    """Every link in a published post to this post's page: what breaks when it is taken down."""
    page = link_targets.page(connection, canonical_id)
    return _links_to(connection, [] if page is None else [page])


def posts_with_link(connection: sa.Connection, url: str) -> list[str]:
    """The published posts that link to exactly this address, the newest first."""
    href = links.href_of(url)
    return [
        post.canonical_id
        for post in link_targets.posts_naming(connection, {_compared(url), _compared(href)})
        if any(link.attrs.get("href") == href for link in marks.links(md.parse(post.content)))
    ]


def _links_to(connection: sa.Connection, targets: Iterable[Page]) -> list[LinkToPage]:
    """PostgreSQL finds the posts that name an address anywhere; the parse tree tells which of them link to it."""
    pages: dict[tuple[UUID | None, str], Page] = {}
    for target in targets:
        address = target.url.rstrip("/")
        pages.setdefault((None, address), target)
        pages.setdefault((target.vertical_id, urlsplit(address).path), target)
    found = []
    for post in link_targets.posts_naming(connection, {address for _, address in pages}):
        for token in md.parse(post.content):
            for href, words in _linked_words(token):
                address = _compared(href)
                page = pages.get((None, address)) or pages.get((post.vertical_id, address))
                if page is not None and page.canonical_id != post.canonical_id:
                    found.append(LinkToPage(post.canonical_id, post.title, words, page))
    return found


def _dead_ends(connection: sa.Connection, home: Home, canonical_id: str, hrefs: Iterable[str]) -> list[Finding]:
    check, place = "internal links lead to pages", "content"
    slugs = {slug: href for href in hrefs if (slug := _slug(href, home.base_url))}
    pages = link_targets.pages_at(connection, home.vertical_id, slugs) if slugs else {}
    found = []
    for slug, page in pages.items():
        if page.canonical_id == canonical_id:
            message = f"The article links to itself ({slugs[slug]})."
            found.append(Finding(check, "improvement", message, "Take the link out.", place))
        elif page.status != PostStatus.PUBLISHED:
            message = f"{slugs[slug]} leads to “{page.title}”, which is not published ({page.status})."
            found.append(Finding(check, "improvement", message, "Publish it first, or take the link out.", place))
    return found or [Finding(check, "good", "None leads to a post of ours that is not published.", "", place)]


def _slug(href: str, base_url: str) -> str | None:
    """Of a page of the site at `base_url`; None for any other address."""
    address, base = _compared(href), base_url.rstrip("/")
    for root in (base, urlsplit(base).path):
        if address.startswith(f"{root}/") and "/" not in (slug := address.removeprefix(f"{root}/")):
            return slug
    return None


def _compared(href: str) -> str:
    """The address as pages are compared by: without query, fragment and closing slash."""
    return href.partition("#")[0].partition("?")[0].rstrip("/")


def _linked_words(token: "Token") -> Iterator[tuple[str, str]]:
    """Of each link in a block: where it leads, and its words."""
    href, words = None, ""
    for child in token.children or ():
        if child.type == "link_open":
            href, words = str(child.attrs.get("href") or ""), ""
        elif child.type == "link_close" and href is not None:
            yield href, words
            href = None
        elif href is not None:
            words += " " if child.type in {"softbreak", "hardbreak"} else child.content


def _text(post: PublishedPost) -> str:
    return "\n".join(filter(None, [post.title, *post.keywords, post.excerpt, post.opening]))


def _phrases(post: PublishedPost) -> list[str]:
    return [*filter(None, [post.target_keyword]), *post.keywords, post.title]


class _Catalogues:
    """The catalogues of the verticals' products, each built once for as long as its products stay the same.

    The ones used longest ago go when there are more than `_CATALOGUES`.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[tuple[int, int], links.Catalogue]] = OrderedDict()
        self._lock = Lock()

    def of(self, connection: sa.Connection, vertical_id: UUID) -> links.Catalogue:
        # Asked for before the products are read: what changes in between makes the next version another one.
        version = link_targets.products_version(connection, vertical_id)
        with self._lock:
            kept = self._kept.get(vertical_id)
            if kept is not None and kept[0] == version:
                self._kept.move_to_end(vertical_id)
                return kept[1]
        products = link_targets.products(connection, vertical_id)
        catalogue = links.Catalogue(links.Target(product.affiliate_url, product.keywords) for product in products)
        with self._lock:
            self._kept[vertical_id] = (version, catalogue)
            self._kept.move_to_end(vertical_id)
            while len(self._kept) > _CATALOGUES:
                self._kept.popitem(last=False)
        return catalogue


_catalogues: Final = _Catalogues()
