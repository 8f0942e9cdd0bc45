"""Every file of a site once more from its records: after the templates or the settings changed, or something was lost.

Also how a site comes over that was made by the version before, which kept neither the texts nor places in lists. Each
step leaves alone what is right already, so a rebuild that was interrupted is simply started again.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

from pipeline.platforms.site import build, fronts
from pipeline.platforms.site.article import Article, ArticleState, Copy, SiteConfig, compose
from pipeline.platforms.site.folder import PAGE, SiteFolder
from pipeline.platforms.site.listing import ARCHIVE, newest_page

_FORMER_BODY: Final = re.compile(r'<div class="body">\n(.*)\n</div>\n(?:<footer>|</article>)', re.DOTALL)
"""Where the version before wrote an article's text."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the articles, or lists, are done."""

    what: str
    done: int
    of: int


def bring_over(folder: SiteFolder, config: SiteConfig) -> None:
    """Make a site of the version before one of this; at once where it is already, or is new. Needs the lock.

    Raises: OSError, RecordError.
    """
    if folder.is_of_this_layout:
        return
    if folder.slugs():
        for _ in rebuild(folder, config):
            pass
    folder.mark_layout()


def rebuild(
    folder: SiteFolder,
    config: SiteConfig,
    *,
    hold: Callable[[], AbstractContextManager[None]] = nullcontext,
    with_new_related: bool = True,
) -> Iterator[Progress]:
    """Needs the lock, unless `hold` takes it: for each step, so that publishing goes on in between.

    Raises: OSError, RecordError, FolderBusyError.
    """
    with hold():
        slugs = [each.slug for each in sorted(folder.articles(), key=lambda each: (each.published_at, each.slug))]
        build.write_assets(folder, config)
    for done, slug in enumerate(slugs, start=1):
        with hold():
            _rebuild_article(folder, config, slug, with_new_related=with_new_related)
        yield Progress("articles", done, len(slugs))
    names = [*folder.topics.names(), ARCHIVE.name]
    for done, name in enumerate(names, start=1):
        with hold():
            _rebuild_listing(folder, config, name)
        yield Progress("lists", done, len(names))
    with hold():
        fronts.write_fronts(folder, config)
        fronts.write_sitemap(folder, config, None)
        folder.mark_layout()


def _rebuild_article(folder: SiteFolder, config: SiteConfig, slug: str, *, with_new_related: bool) -> None:
    article = folder.article(slug)
    if article is None or (article.state is ArticleState.PUBLISHING and not folder.has_page(slug)):
        return  # its publication completes it, or does not
    if article.state is ArticleState.GONE:
        build.write_tombstone(folder, config, slug)
        build.take_places(folder, article)
        return
    copy = folder.copy(slug) or _recovered(folder, config, article)
    if copy is not None:
        article = _composed(article, copy, config)
    article = build.with_places(folder, article)
    if with_new_related:
        article = build.with_related(folder, article)
    folder.save(article)
    if copy is not None:
        build.write_page(folder, config, article, copy)
    folder.save(build.without_left_places(build.take_places(folder, article)))


def _rebuild_listing(folder: SiteFolder, config: SiteConfig, name: str) -> None:
    total = folder.places.total(name)
    if not total and name != ARCHIVE.name:
        return
    for number, place in folder.places.on(name, range(total)).items():
        entry = place.entry
        if entry and not _stands_at(folder.article(entry.slug), name, number):
            folder.places.leave(name, number, entry.slug, place.changed_at)
    for number in range(1, newest_page(total) + 1):
        build.write_listing_page(folder, config, folder.listing(name), number, total)


def _stands_at(article: Article | None, listing: str, number: int) -> bool:
    return article is not None and article.state is not ArticleState.GONE and article.places.get(listing) == number


def _composed(article: Article, copy: Copy, config: SiteConfig) -> Article:
    """The record of what was kept, under the settings as they are now."""
    kept = {name: getattr(article, name) for name in ("state", "modified_at", "places", "related")}
    return compose(
        copy,
        config,
        slug=article.slug,
        distribution_id=article.distribution_id,
        published_at=article.published_at,
    ).model_copy(update=kept)


def _recovered(folder: SiteFolder, config: SiteConfig, article: Article) -> Copy | None:
    """What an article's page of the version before was made of; None where it is not, letter for letter, that page."""
    page = (folder.storage.read(f"{article.slug}/{PAGE}") or b"").decode(errors="replace")
    body = _FORMER_BODY.search(page)
    if body is None or hashlib.sha256(body[1].encode()).hexdigest() != article.body_digest:
        return None
    fields = article.model_dump(include=set(Copy.model_fields) & set(Article.model_fields))
    own = article.canonical_url == config.url(f"{article.slug}/")
    had_excerpt = '<p class="standfirst">' in page
    return Copy.model_validate(
        {
            **fields,
            "body": body[1],
            "excerpt": article.excerpt if had_excerpt else None,
            "canonical_url": None if own else article.canonical_url,
        }
    )
