"""The site's HTML, from Jinja2 templates. Equal input gives equal bytes: a page is rewritten only when it changed."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from pipeline.platforms.site import layout, sanitise, structured, words
from pipeline.platforms.site.article import Article, Copy, SiteConfig
from pipeline.platforms.site.listing import ARCHIVE, Entry, Listing


def article_page(config: SiteConfig, article: Article, copy: Copy, related: Sequence[Entry] = ()) -> bytes:
    """`related`: what to read next, the nearest first."""
    address = config.url(f"{article.slug}/")
    return _render(
        "article.html",
        config,
        article=article,
        body=layout.laid_out(copy.body, copy.sizes, words.words_for(config.language)),
        standfirst=_standfirst(copy),
        leads=article.image_url is not None and not sanitise.shows(copy.body, article.image_url),
        broad=layout.is_broad((article.image_width or 0, article.image_height or 0)),
        updated=article.modified_at.date() > article.published_at.date(),
        related=related,
        data=[
            structured.article(config, article),
            structured.breadcrumbs(config, article.tags[:1], article.title, address),
        ],
    )


def front_page(config: SiteConfig, newest: Sequence[Entry], *, more: bool) -> bytes:
    """`more`: there are older articles, which the archive lists."""
    return _render("front.html", config, entries=newest, more=more, data=[structured.website(config)])


def listing_page(config: SiteConfig, listing: Listing, entries: Sequence[Entry], *, number: int, newest: int) -> bytes:
    """A page of the archive or of a topic, its entries newest first. 1 is the oldest page.

    What stands on it depends on `newest` through the links to its neighbours alone.
    """
    path = listing.page_path(number, newest)
    say = words.words_for(config.language)
    title = say.archive if listing == ARCHIVE else listing.title
    months = [
        (month, list(published))
        for month, published in groupby(entries, key=lambda entry: words.month(entry.published_at, config.language))
    ]
    return _render(
        "listing.html",
        config,
        title=title if number == newest else f"{title}, {say.page} {number}",
        is_topic=listing != ARCHIVE,
        path=path,
        months=months,
        newer=listing.page_path(number + 1, newest) if number < newest else None,
        older=listing.page_path(number - 1, newest) if number > 1 else None,
        data=[structured.breadcrumbs(config, (), title, config.url(path))],
    )


def tags_page(config: SiteConfig, tags: Sequence[Listing]) -> bytes:
    """The topics, the most frequent first."""
    return _render("tags.html", config, tags=tags)


def not_found_page(config: SiteConfig) -> bytes:
    return _render("not_found.html", config)


def tombstone_page(config: SiteConfig) -> bytes:
    """Says that something was taken down, and nothing of what it was."""
    return _render("gone.html", config)


def _render(template: str, config: SiteConfig, **context: Any) -> bytes:
    # Links within the site are relative to its host, so that the folder can be looked at from another port or name.
    root = urlsplit(config.base_url).path + "/"
    say = words.words_for(config.language)
    return _environment().get_template(template).render(site=config, root=root, say=say, **context).encode()


def _standfirst(copy: Copy) -> str | None:
    """The excerpt, unless it is the text's own beginning, which a reader would then read twice."""
    if not copy.excerpt or sanitise.opening(copy.body).startswith(copy.excerpt.rstrip(" .…")):
        return None
    return copy.excerpt


def _in_language(language: str, around: str) -> Markup:
    """The attributes of an element in a language within one in another; none where they are the same."""
    if language == around:
        return Markup()
    return Markup(' lang="{}" dir="{}"').format(language, words.direction(language))


@pass_context
def _day(context: Context, moment: datetime) -> str:
    return words.day(moment, context["site"].language)


def _machine_time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.platforms.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = {"day": _day, "machine_time": _machine_time, "in_language": _in_language, "direction": words.direction}
    environment.filters |= filters
    return environment
