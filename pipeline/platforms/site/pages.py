"""The site's HTML, from Jinja2 templates. Equal input gives equal bytes: a page is rewritten only when it changed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.platforms.site.article import Article, Copy, SiteConfig


def article_page(config: SiteConfig, article: Article, copy: Copy) -> bytes:
    return _render(
        "article.html",
        config,
        article=article,
        copy=copy,
        updated=article.modified_at.date() > article.published_at.date(),
        json_ld=_json_ld(config, article),
    )


def front_page(config: SiteConfig, newest: Sequence[Article], *, more: bool) -> bytes:
    """`more`: there are older articles, which the archive lists."""
    return _render("front.html", config, articles=newest, more=more)


def archive_page(config: SiteConfig, articles: Sequence[Article]) -> bytes:
    """`articles` newest first."""
    months = [
        (month, list(published))
        for month, published in groupby(articles, key=lambda article: _month(article.published_at))
    ]
    return _render("archive.html", config, months=months)


def not_found_page(config: SiteConfig) -> bytes:
    return _render("not_found.html", config)


def tombstone_page(config: SiteConfig) -> bytes:
    """Says that something was taken down, and nothing of what it was."""
    return _render("gone.html", config)


def _render(template: str, config: SiteConfig, **context: Any) -> bytes:
    # Links within the site are relative to its host, so that the folder can be looked at from another port or name.
    page = (
        _environment().get_template(template).render(site=config, root=urlsplit(config.base_url).path + "/", **context)
    )
    return page.encode()


def _json_ld(config: SiteConfig, article: Article) -> dict[str, Any]:
    """An Article of https://schema.org/Article, with the properties that search engines ask for."""
    publisher = {"@type": "Organization", "name": config.name, "url": config.url()}
    properties = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": article.title,
        "description": article.description,
        "image": [article.image_url] if article.image_url else None,
        "datePublished": article.published_at.isoformat(timespec="seconds"),
        "dateModified": article.modified_at.isoformat(timespec="seconds"),
        "author": {"@type": "Person", "name": article.author} if article.author else publisher,
        "publisher": publisher,
        "mainEntityOfPage": article.canonical_url,
        "inLanguage": article.language,
        "keywords": list(article.keywords) or None,
    }
    return {name: value for name, value in properties.items() if value is not None}


def _month(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%B %Y}"


def _day(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def _machine_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


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
    environment.filters |= {"day": _day, "machine_time": _machine_time}
    return environment
