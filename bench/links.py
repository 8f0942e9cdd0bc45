"""Links: an article against thousands of keywords, beside the obvious way; and finding the posts to link to."""

import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from bench import databases
from bench.article import article
from bench.results import Row, Section, at_least, at_most, within
from pipeline.editorial import linking
from pipeline.editorial.links import Catalogue, Target, add_links
from pipeline.editorial.markdown import parse, word_count
from pipeline.store import database, products
from pipeline.store.products import Product

_FEW, _SOME, _MANY = 1_000, 10_000, 50_000
_RELATED = 50
_ROUNDS = 30
_VERTICAL = """
    insert into publisher_verticals (slug, name, base_url) values ('bench', 'Bench', 'https://b.example') returning id
"""
_AUTHOR = "insert into users (email, full_name, roles) values ('a@b.example', 'A', '{writer}') returning id"
_POSTS = """
    copy publisher_posts (
        canonical_id, vertical_id, author_id, title, slug, content, content_hash, status, target_keyword, keywords,
        human_reviewed, reviewed_by, reviewed_at, published_at
    ) from stdin
"""


def measure(*, quick: bool) -> Section:
    rounds = _ROUNDS // 3 if quick else _ROUNDS
    text = article()
    press = _Press(random.Random(65), text)  # noqa: S311 - the same phrases each time
    related = [Target(f"https://own.example/{n}/", press.phrases(4)) for n in range(_RELATED)]
    ours: dict[int, float] = {}
    rows: list[Row] = []
    for count, aim, seed_rounds in ((_FEW, 0.005, rounds), (_SOME, 0.02, 1), (_MANY, 0.02, 0)):
        targets = [Target(f"https://shop.example/{n}", press.phrases(1)) for n in range(count)]
        built = _seconds(partial(Catalogue, targets))
        catalogue = Catalogue(targets)
        patterns = [_pattern(target) for target in targets] if seed_rounds else []
        ours[count], seed = _side_by_side(
            partial(add_links, text, catalogue, related),
            partial(_every_occurrence, text, patterns),
            rounds,
            seed_rounds,
        )
        rows.append(within(f"{word_count(text):,} words, {count:,} keywords", ours[count], aim))
        rows.append(Row("building its automaton, once", f"{built * 1000:.0f} ms"))
        if seed is not None:
            told = f"{ours[count] * 1000:.1f} ms", f"{seed * 1000:,.0f} ms"
            rows.append(at_least("against a pattern a product", *told, seed / ours[count], 10))
    whole, parsing = _side_by_side(partial(add_links, text, catalogue, related), partial(parse, text), rounds, rounds)
    if parsing is not None:
        told = f"{whole * 1000:.1f} ms", f"{parsing * 1000:.1f} ms"
        rows.append(Row("against parsing the article once", *told, f"{whole / parsing:.2f}"))
    growth = ours[_MANY] / ours[_FEW]
    rows.append(
        at_most("50 times the keywords", f"{ours[_MANY] * 1000:.1f} ms", f"{ours[_FEW] * 1000:.1f} ms", growth, 1.5)
    )
    rows += _with_the_database(press, text, 5_000 if quick else _MANY, rounds)
    return Section("Links", rows, [_NOTE])


_NOTE = (
    "The article of the SEO measurement, with links to products and to 50 posts of our own, parsing included. The "
    "automaton of the products is built before (it is kept for as long as the products stay the same), and so are the "
    "patterns of the other side, which replaces every occurrence with one pattern a product, as one would write it "
    "first. That it puts links into headings, links and code is not counted against it; at 50,000 it takes minutes "
    "and is not run. Medians of processor time, in turns. With the database, by the clock: products and posts looked "
    "up, ranked and linked, as for a draft; a sixth of the posts share a phrase with the article."
)


class _Press:
    """Makes keywords, and texts that hold some of them, out of the words of one article."""

    def __init__(self, chance: random.Random, text: str) -> None:
        self._chance = chance
        self._words = sorted(set(re.findall("[a-z]+", text.lower())))

    def words(self, count: int) -> str:
        return " ".join(self._chance.choices(self._words, k=count))

    def phrases(self, count: int) -> list[str]:
        return [self.words(self._chance.randint(2, 3)) for _ in range(count)]


def _pattern(target: Target) -> tuple[re.Pattern[str], str]:
    return re.compile("|".join(map(re.escape, target.phrases)), re.IGNORECASE), target.url


def _every_occurrence(text: str, patterns: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, url in patterns:
        text = pattern.sub(partial(_link_to, url), text)
    return text


def _link_to(url: str, match: re.Match[str]) -> str:
    return f"[{match[0]}]({url})"


def _side_by_side(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int, their_rounds: int
) -> tuple[float, float | None]:
    """Both medians in seconds, in turns, ours once before, unmeasured; None where the other side is not to run."""
    ours()
    our_times, their_times = [], []
    for number in range(rounds):
        our_times.append(_seconds(ours))
        if number < their_rounds:
            their_times.append(_seconds(theirs))
    return statistics.median(our_times), statistics.median(their_times) if their_times else None


def _seconds(run: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    started = clock()
    run()
    return clock() - started


def _with_the_database(press: _Press, text: str, many: int, rounds: int) -> list[Row]:
    rows = []
    with databases.server() as server:
        for count in (100, many):
            with (
                databases.template(server, partial(_fill, press=press, count=count)) as url,
                databases.opened(url) as engine,
                engine.connect() as connection,
            ):
                vertical_id = connection.scalar(sa.text("select id from publisher_verticals"))
                link = partial(linking.with_links, connection, text, vertical_id=vertical_id, canonical_id="the draft")
                first = _seconds(link, time.perf_counter)
                later = statistics.median(_seconds(link, time.perf_counter) for _ in range(rounds))
            what = f"with the database: {count:,} posts, {count:,} products"
            rows.append(Row(what, f"{later * 1000:.0f} ms", f"the first time: {first * 1000:.0f} ms"))
    return rows


def _fill(url: sa.URL, *, press: _Press, count: int) -> None:
    """Published posts and products of one vertical, `count` of each."""
    database.migrate(url)
    now = datetime.now(UTC)
    with databases.opened(url) as engine, engine.begin() as connection:
        vertical_id = connection.scalar(sa.text(_VERTICAL))
        author = connection.scalar(sa.text(_AUTHOR))
        products.save(
            connection,
            [
                Product("bench", f"Product {n}", "Shop", f"https://shop.example/{n}", press.phrases(1))
                for n in range(count)
            ],
        )
        raw = connection.connection.driver_connection
        assert raw is not None
        with raw.cursor() as cursor, cursor.copy(_POSTS) as copy:
            for n in range(count):
                pair, three, title = press.words(2), press.words(3), press.words(7)
                text = (f"bench-{n}", vertical_id, author, title, f"post-{n}", press.words(320), f"hash-{n}")
                copy.write_row((*text, "published", pair, [pair, three], True, author, now, now))
