"""Attribution of a million conversions: everything anew, what changed in an hour, and the reports of profit."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import psutil
import sqlalchemy as sa

from bench import databases
from bench.progress import say
from bench.results import Row, Section, within
from pipeline.measurement.attribution.booking import book_costs
from pipeline.measurement.attribution.crediting import credit
from pipeline.store import database
from pipeline.store.reports import run_report

Result = TypeVar("Result")
_CONVERSIONS = 1_000_000
_QUICK = 50_000
_CHANGED = 1_000
_ROUNDS = 5
_AIM_SECONDS = 1.0
_REPORTS = ("profit_per_article", "profit_per_channel", "profit_per_vertical")

# A year: as many publications as a tenth of the conversions, on eight accounts; four arrivals a visitor; of
# the arrivals a third are short links that were followed, and half of all visitors never buy.
_FILL = (
    """
    insert into publisher_verticals (slug, name, base_url)
    values ('v1', 'One', 'http://127.0.0.1:9'), ('v2', 'Two', 'http://127.0.0.1:9')
    """,
    "insert into users (email, full_name, roles) values ('a@example.com', 'A', array['writer'])",
    """
    insert into platforms (name, account_key, account_id, is_home)
    select case when n = 1 then 'site' else 'bluesky' end, 'account-' || n, n::text, n = 1
    from generate_series(1, 8) as n
    """,
    """
    insert into publisher_posts (canonical_id, vertical_id, author_id, title, slug, content, content_hash, status,
        human_reviewed, reviewed_by, reviewed_at, published_at)
    select 'post-' || n, v.id, u.id, 'Title ' || n, 'post-' || n, 'Text', 'h', 'published', true, u.id, now(),
        now() - n * interval '365 days' / {posts}
    from generate_series(1, {posts}) as n
    join lateral (select id from publisher_verticals where slug = 'v' || (1 + mod(n, 2))) as v on true
    cross join users u
    """,
    """
    insert into distributions (post_id, content_type, platform_id, body, content_hash, status, published_at)
    select p.id, 'generated', a.id, 'Text', 'h', 'published', p.published_at
    from publisher_posts p cross join platforms a
    """,
    """
    insert into ai_usage (task, provider, model, latency_ms, outcome, cost_usd, most_usd, canonical_id, vertical_id,
        created_at)
    select 'write', 'p', 'm', 1, 'ok', 0.05, 0.05, p.canonical_id, p.vertical_id, p.published_at
    from publisher_posts p cross join generate_series(1, 3)
    """,
    """
    create temporary table published on commit drop as
        select row_number() over (order by id) - 1 as n, id, post_id from distributions
    """,
    "create index on published (n)",
    "analyze published",
    """
    insert into short_links (code, target_url, distribution_id)
    select lpad(n::text, 8, '0'), 'http://127.0.0.1:9/', id from published
    """,
    """
    insert into link_clicks (code, at, visitor)
    select lpad(mod(abs(hashint8(n)), {publications})::text, 8, '0'),
        now() - random() * interval '365 days', 'v' || mod(abs(hashint8(n + 7)), {visitors})
    from generate_series(1, {conversions} / 3) as n
    """,
    "select ensure_page_views_partitions(now() - interval '366 days', now())",
    """
    insert into page_views (id, at, platform_id, post_id, path, visitor, referrer_host, distribution_id, source)
    select gen_random_uuid(), now() - random() * interval '365 days', a.id, d.post_id, '/a/',
        'v' || mod(abs(hashint8(g.n)), {visitors}), case when mod(g.n, 5) = 0 then 'a.example' end,
        case when mod(g.n, 5) > 0 then d.id end, 'beacon'
    from generate_series(1, {conversions} * 2 / 3) as g (n)
    join published d on d.n = mod(abs(hashint8(g.n + 3)), {publications})
    cross join (select id from platforms where is_home) as a
    """,
    """
    insert into conversions (source, external_id, occurred_at, received_at, kind, value, currency, usd, visitor)
    select 'shop', n::text, at, at, 'sale', amount, 'USD', amount, 'v' || mod(abs(hashint8(n + 11)), {visitors} / 2)
    from generate_series(1, {conversions}) as n
    cross join lateral (
        select now() - interval '1 hour' - random() * interval '364 days' as at, mod(n, 10000) / 100.0 as amount
    ) as sold
    """,
    "insert into attribution_due (conversion_id) select id from conversions",
)
_REVERSE = sa.text("""
    update conversions set status = 'reversed'
    where id in (select id from conversions order by occurred_at desc limit :count)
""")


def measure(*, quick: bool) -> Section:
    count = _QUICK if quick else _CONVERSIONS
    with databases.server() as server, _sold(server, count) as engine:
        process = psutil.Process()
        before = process.memory_info().rss
        seconds, credited = _timed(lambda: _credit(engine))
        grown = (process.memory_info().rss - before) / 2**20
        assert credited == count
        booking, _ = _timed(lambda: book_costs(engine))
        _vacuum(engine)
        again, changed = _timed(lambda: _credit_changed(engine))
        assert not changed  # what led to them is as before
        shown = [
            within(f"report {name}", statistics.median(_report(engine, name) for _ in range(_ROUNDS)), _AIM_SECONDS)
            for name in _REPORTS
        ]
        exact = _is_exact(engine)
    return Section(
        "Attribution",
        [
            Row(f"{count:,} conversions, all models, anew", f"{seconds:.0f} s", f"memory grown by {grown:.0f} MiB"),
            Row(f"{_CHANGED:,} conversions reversed since", f"{again:.1f} s"),
            Row(f"booking {_publications(count):,} publications", f"{booking:.1f} s"),
            *shown,
            Row(
                "sums of all models the conversions' to the last digit",
                "yes" if exact else "no",
                aim="yes",
                met="yes" if exact else "no",
            ),
        ],
        [
            (
                f"A year of {count:,} conversions and as many arrivals, on {_publications(count):,} publications of 8 "
                "accounts; reports by their defaults, the median of five."
            )
        ],
    )


@contextmanager
def _sold(server: sa.URL, count: int) -> Iterator[sa.Engine]:
    started = time.monotonic()
    publications = _publications(count)
    sizes = {"conversions": count, "visitors": count // 4, "publications": publications, "posts": publications // 8}

    def fill(url: sa.URL) -> None:
        database.migrate(url)
        with databases.opened(url) as engine, engine.begin() as connection:
            connection.exec_driver_sql("set local session_replication_role = replica")
            for statement in _FILL:
                connection.exec_driver_sql(statement.format(**sizes))

    with databases.template(server, fill) as url, databases.opened(url) as engine:
        say(f"  {count:,} conversions, written in {time.monotonic() - started:.0f} s")
        yield engine


def _publications(count: int) -> int:
    return count // 10 // 8 * 8


def _credit(engine: sa.Engine) -> int:
    return credit(engine, look_back=timedelta(days=30), half_life=timedelta(days=7)).conversions


def _credit_changed(engine: sa.Engine) -> int:
    with engine.begin() as connection:
        connection.execute(_REVERSE, {"count": _CHANGED})
    return _credit(engine)


def _report(engine: sa.Engine, name: str) -> float:
    def shown() -> None:
        with engine.connect() as connection:
            run_report(connection, name)

    return _timed(shown)[0]


def _is_exact(engine: sa.Engine) -> bool:
    """Whether the months' sums of each model are those of the conversions."""
    with engine.connect() as connection:
        sums = connection.execute(
            sa.text("select sum(usd), sum(conversions) from attributed_months group by model")
        ).all()
        whole = connection.execute(
            sa.text("select sum(usd), count(*) from conversions where status = 'confirmed'")
        ).one()
    return len(sums) == 6 and all(tuple(each) == tuple(whole) for each in sums)  # noqa: PLR2004 - the models


def _timed(what: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = what()
    return time.perf_counter() - started, result


def _vacuum(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum (analyze)")
