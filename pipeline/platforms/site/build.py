"""What of an article is written where. Every function needs the folder's lock and can be repeated.

However many articles there are, one of them changes its own page, the page of each listing that shows it (with the one
before, when a page is full), the front page, the topics, the feeds and one part of the sitemap.
"""

from importlib.resources import files

from pipeline.platforms.site import fronts, pages, related
from pipeline.platforms.site.article import Article, ArticleState, Copy, SiteConfig
from pipeline.platforms.site.folder import PAGE, TOMBSTONE, SiteFolder
from pipeline.platforms.site.listing import ARCHIVE, Listing, newest_page, page_of, places_on


def with_places(folder: SiteFolder, article: Article) -> Article:
    """With its topics, and the places it means to take beside those it has."""
    article = article.model_copy(update={"tags": folder.topics.of(article.keywords)})
    wanted = {name: folder.places.total(name) for name in _listings(article) if name not in article.places}
    return article.model_copy(update={"places": {**article.places, **wanted}})


def with_related(folder: SiteFolder, article: Article) -> Article:
    """With the articles that its page leads to, as they are now. A newer one does not change them: it would change as
    many pages as share its topics.
    """
    return article.model_copy(update={"related": related.related_to(folder, article)})


def write_page(folder: SiteFolder, config: SiteConfig, article: Article, copy: Copy) -> None:
    """The article's page, and before it what it is made of and the files it needs."""
    write_assets(folder, config)
    folder.keep_copy(article.slug, copy)
    folder.note_related(article)
    shown = [each.entry for each in folder.articles(article.related) if each.state is not ArticleState.GONE]
    folder.write(f"{article.slug}/{PAGE}", pages.article_page(config, article, copy, shown))


def write_assets(folder: SiteFolder, config: SiteConfig) -> None:
    package = files("pipeline.platforms.site")
    for asset in sorted(package.joinpath("assets").iterdir(), key=lambda file: file.name):
        folder.write(f"assets/{asset.name}", asset.read_bytes())
    if config.beacon_url:
        folder.write("assets/beacon.js", package.joinpath("beacon.js").read_bytes())


def write_tombstone(folder: SiteFolder, config: SiteConfig, slug: str) -> None:
    """Tombstone first: there is no moment at which the address answers that it never was."""
    folder.write(f"{slug}/{TOMBSTONE}", pages.tombstone_page(config))
    folder.remove(f"{slug}/{PAGE}")
    folder.drop_copy(slug)


def settle(folder: SiteFolder, config: SiteConfig, article: Article) -> Article:
    """Show the article in the listings it belongs in, and no longer in the others it was in; its record then.

    Raises: OSError, RecordError.
    """
    article = take_places(folder, article)
    write_lists(folder, config, article)
    return without_left_places(article)


def take_places(folder: SiteFolder, article: Article) -> Article:
    """Stand in the listings it belongs in, and leave the others; with the places it left, whose pages show it still."""
    wanted = _listings(article)
    for name in wanted:
        article = _take(folder, article, name)
    for name, number in article.places.items():
        if name not in wanted:
            folder.places.leave(name, number, article.slug, article.modified_at)
    return article


def without_left_places(article: Article) -> Article:
    """One that was taken down keeps its places in its record: they stay its own, and empty."""
    if article.state is ArticleState.GONE:
        return article
    return article.model_copy(update={"places": {name: article.places[name] for name in _listings(article)}})


def write_lists(folder: SiteFolder, config: SiteConfig, article: Article) -> None:
    """Every list that its places are in. Where others may write at the same time, until nothing is left to change: what
    they took meanwhile is then on the page that was written last.
    """
    while True:
        before = folder.writes
        for name, place in article.places.items():
            if name != ARCHIVE.name:
                write_listing(folder, config, folder.listing(name), place)
        if ARCHIVE.name in article.places:
            write_listing(folder, config, ARCHIVE, article.places[ARCHIVE.name])
        fronts.write_fronts(folder, config)
        if ARCHIVE.name in article.places:
            fronts.write_sitemap(folder, config, article.places[ARCHIVE.name])
        if folder.storage.excludes_others or folder.writes == before:
            return


def write_listing(folder: SiteFolder, config: SiteConfig, listing: Listing, place: int) -> None:
    """The page that shows a place, and the newest; where a page has become full, that one and its elder neighbour,
    whose link to it changes.
    """
    total = folder.places.total(listing.name)
    newest = newest_page(total)
    numbers = {page_of(place, total), newest}
    if newest > 1 and not folder.exists(listing.page_path(newest - 1, newest) + PAGE):
        numbers |= {newest - 1, max(1, newest - 2)}
    for number in sorted(numbers):
        write_listing_page(folder, config, listing, number, total)


def write_listing_page(folder: SiteFolder, config: SiteConfig, listing: Listing, number: int, total: int) -> None:
    newest = newest_page(total)
    standing = folder.places.on(listing.name, places_on(number, total)).values()
    entries = [place.entry for place in standing if place.entry][::-1]
    # A page knows of its neighbours only, or each would change with every new one.
    page = pages.listing_page(config, listing, entries, number=number, newest=min(newest, number + 2))
    folder.write(listing.page_path(number, newest) + PAGE, page)


def write_leading(folder: SiteFolder, config: SiteConfig, article: Article) -> None:
    """The pages that lead to an article, once it was changed or taken down."""
    for leading in folder.leading_to(article.slug):
        copy = folder.copy(leading.slug)
        if leading.state is ArticleState.GONE or copy is None:
            continue
        if article.state is ArticleState.GONE:
            leading = with_related(folder, leading)  # noqa: PLW2901 - the same article
        write_page(folder, config, leading, copy)
        folder.save(leading)


def _listings(article: Article) -> tuple[str, ...]:
    """Where it belongs; the archive last: what has a place there has all its places."""
    if article.state is ArticleState.GONE:
        return ()
    return (*(tag.name for tag in article.tags), ARCHIVE.name)


def _take(folder: SiteFolder, article: Article, listing: str) -> Article:
    """Take the place that the record names, or, where it was given to another article meanwhile, the next free one.

    The record names a place before it is taken: whoever completes this finds it, and takes no second one. Where it was
    given away, another who completed this meanwhile may stand further on.
    """
    while not folder.places.take(listing, article.places[listing], article.entry):
        beyond = range(article.places[listing] + 1, folder.places.total(listing))
        taken = folder.places.on(listing, beyond).items()
        ours = (number for number, place in taken if place.entry and place.entry.slug == article.slug)
        article = article.model_copy(update={"places": {**article.places, listing: next(ours, beyond.stop)}})
        folder.save(article)
    return article
