"""Publishing one article on a site of 100, 10,000 and 50,000: its time, and the files it changes.

The sites are made of records and places, which is all that publishing looks at of other articles: their pages are
empty files, and nothing is synced to the disk while they are made. What is measured is whole, and synced.
"""

import os
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from unittest import mock

from bench.progress import say
from bench.results import Row, Section, at_most
from pipeline.platforms.base import Account, Journal, Published
from pipeline.platforms.content import Content
from pipeline.platforms.site import SiteAdapter, fronts
from pipeline.platforms.site.adapter import site_config
from pipeline.platforms.site.article import Article, ArticleState, SiteConfig, compose, read_copy
from pipeline.platforms.site.folder import PAGE, SiteFolder
from pipeline.platforms.site.listing import ARCHIVE, Listing, newest_page

_SIZES: Final = (100, 10_000, 50_000)
_ROUNDS: Final = 20
_TOPICS: Final = 400
_BODY: Final = "".join(f"<p>{'A heavy pan holds its heat, and gives it back slowly. ' * 10}</p>" for _ in range(15))
"""Some 1,500 words."""


def measure(*, quick: bool) -> Section:
    sizes = _SIZES[:2] if quick else _SIZES
    rounds: dict[int, list[float]] = {size: [] for size in sizes}
    files: dict[int, list[int]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as scratch:
        sites = {size: _site(Path(scratch) / str(size), size) for size in sizes}
        made = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(_ROUNDS + 1):
            for size, config in sites.items():  # in turns, so that whatever else the machine does meets all
                seconds, changed = _publish(config, f"measured-{number}", size + number)
                if number:  # the first of each reads the templates and warms the disk's cache
                    rounds[size].append(seconds)
                    files[size].append(changed)
        shutil.rmtree(scratch, ignore_errors=True)
    smallest, *larger = sizes
    base = statistics.median(rounds[smallest])
    rows = [Row(f"on {smallest} articles", _ms(base), f"{statistics.median(files[smallest]):.0f} files")]
    for size in larger:
        median = statistics.median(rounds[size])
        ratio = statistics.median(there / here for there, here in zip(rounds[size], rounds[smallest], strict=True))
        against = f"{statistics.median(files[size]):.0f} files; on {smallest} articles {_ms(base)}"
        rows.append(at_most(f"on {size:,} articles", _ms(median), against, ratio, 2))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    how = (
        f"Medians of {_ROUNDS} publications of 1,500 words and three topics of {_TOPICS}, in turns on each site, every "
        "file synced to the disk. The files are those that changed, the site's own records among them."
    )
    made_so = "The other articles have their records and places, but empty pages, which publishing does not read."
    memory = f"Memory at its highest: {made / 1024:.0f} MiB making the sites, {after / 1024:.0f} MiB after publishing."
    notes = [how, made_so, memory]
    return Section("Publishing on the site", rows, notes)


def _site(root: Path, size: int) -> SiteConfig:
    """A site of so many articles, the newest an hour old."""
    started = time.monotonic()
    config = site_config("bench", {"folder": str(root), "base_url": "https://example.com", "name": "Bench"})
    folder = SiteFolder(config.folder)
    newest = datetime.now(UTC) - timedelta(hours=1)
    copy, _ = read_copy(_content("article", 0, "<p>A heavy pan holds its heat.</p>"))
    assert copy is not None
    model = compose(copy, config, slug="article", distribution_id="article", published_at=newest)
    with _unsynced(), folder.locked(1):
        totals: Counter[str] = Counter()
        for number in range(size):
            at = newest - timedelta(minutes=size - number)
            article = model.model_copy(update={"published_at": at, "modified_at": at})
            _make(folder, _numbered(folder, config, article, number, totals))
            if number % 5_000 == 0:
                say(f"  a site of {size:,}: {number:,} articles")
        for name, total in totals.items():  # as they stand on a real site: closed pages are not written again
            for page in range(1, newest_page(total)):
                folder.write(folder.listing(name).page_path(page, newest_page(total)) + PAGE, b"")
        fronts.write_fronts(folder, config)
        fronts.write_sitemap(folder, config, None)
        folder.mark_layout()
    say(f"  a site of {size:,} articles made in {time.monotonic() - started:.0f} s")
    return config


def _numbered(folder: SiteFolder, config: SiteConfig, article: Article, number: int, totals: Counter[str]) -> Article:
    """With an address and topics of its own, and the next places of its listings."""
    slug = f"article-{number}"
    tags = tuple(_topic(folder, keyword) for keyword in _keywords(number))
    names = [*(tag.name for tag in tags), ARCHIVE.name]
    totals.update(names)
    told = {"slug": slug, "title": _title(number), "canonical_url": config.url(f"{slug}/")}
    places = {name: totals[name] - 1 for name in names}
    return article.model_copy(update={**told, "state": ArticleState.LIVE, "tags": tags, "places": places})


def _make(folder: SiteFolder, article: Article) -> None:
    folder.save(article)
    folder.write(f"{article.slug}/{PAGE}", b"")
    for name, place in article.places.items():
        assert folder.places.take(name, place, article.entry)


def _publish(config: SiteConfig, slug: str, number: int) -> tuple[float, int]:
    """Seconds, and files changed."""
    publish_config = config.model_dump(include={"folder", "base_url", "name"})
    adapter = SiteAdapter(Account("bench", "site", publish_config))
    content = _content(slug, number)
    replaced = mock.Mock(wraps=os.replace)
    started = time.perf_counter()
    with mock.patch("os.replace", replaced):
        outcome = adapter.publish(content, Journal({}, lambda _name, _value: None, datetime.now(UTC)))
    seconds = time.perf_counter() - started
    assert isinstance(outcome, Published), outcome
    return seconds, len({target for (_, target), _ in replaced.call_args_list})


def _content(slug: str, number: int, body: str = _BODY) -> Content:
    specific = {"slug": slug, "keywords": _keywords(number), "excerpt": "Slow to cool."}
    return Content(slug, body, _title(number), platform_specific=specific)


def _keywords(number: int) -> list[str]:
    """The same at each run."""
    return [f"Topic {topic}" for topic in random.Random(number).sample(range(_TOPICS), 3)]  # noqa: S311


def _title(number: int) -> str:
    return f"What article {number} is about"


@cache
def _topic(folder: SiteFolder, keyword: str) -> Listing:
    (topic,) = folder.topics.of([keyword])
    return topic


@contextmanager
def _unsynced() -> Iterator[None]:
    def pass_over(_descriptor: int) -> None:  # a Mock would remember each call
        pass

    with mock.patch("os.fsync", pass_over):
        yield


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
