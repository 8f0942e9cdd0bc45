"""What is written where. Every function needs the folder's lock and can be repeated.

The indexes are built from the records and pages that stand, so whoever writes last leaves them complete.
"""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

from pipeline.platforms.site import feed, pages, sitemap
from pipeline.platforms.site.article import Article, ArticleState, Copy, SiteConfig
from pipeline.platforms.site.folder import PAGE, TOMBSTONE, SiteFolder

_NEWEST: Final = 25
"""Articles on the front page and in the feed; the archive lists all."""
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_page(folder: SiteFolder, config: SiteConfig, article: Article, copy: Copy) -> None:
    """The article's page, and before it the style sheet it needs."""
    for asset in sorted(files("pipeline.platforms.site").joinpath("assets").iterdir(), key=lambda file: file.name):
        folder.write(f"assets/{asset.name}", asset.read_bytes())
    folder.write(f"{article.slug}/{PAGE}", pages.article_page(config, article, copy))


def write_tombstone(folder: SiteFolder, config: SiteConfig, slug: str) -> None:
    """Tombstone first: there is no moment at which the address answers that it never was."""
    folder.write(f"{slug}/{TOMBSTONE}", pages.tombstone_page(config))
    folder.remove(f"{slug}/{PAGE}")


def write_indexes(folder: SiteFolder, config: SiteConfig) -> None:
    """Front page, archive, feed, sitemap, robots.txt and IndexNow's key, in the order in which readers and machines
    should learn.

    Raises: OSError, RecordError.
    """
    articles = folder.articles()
    listed = [
        article for article in articles if article.state is not ArticleState.GONE and folder.has_page(article.slug)
    ]
    listed.sort(key=lambda article: (article.published_at, article.slug), reverse=True)
    newest = listed[:_NEWEST]
    changed_at = max((article.modified_at for article in articles), default=_NEVER)
    folder.write("index.html", pages.front_page(config, newest, more=len(listed) > len(newest)))
    folder.write("archive/index.html", pages.archive_page(config, listed))
    folder.write("404.html", pages.not_found_page(config))
    folder.write(feed.PATH, feed.atom(config, newest, changed_at))
    for path, content in sitemap.sitemaps(config, listed, changed_at).items():
        folder.write(path, content)
    folder.write("robots.txt", sitemap.robots_txt(config))
    if config.indexnow_key:
        folder.write(f"{config.indexnow_key}.txt", config.indexnow_key.encode())
