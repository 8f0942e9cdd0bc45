"""What a plan costs, by how many posts may move and how much calendar lies behind, and what its statements read."""

import json
import statistics
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bench import databases
from bench.backlog import Slot, add_accounts, add_posts
from bench.progress import say
from bench.results import Row, Section, at_most, within
from pipeline.scheduling import materialise
from pipeline.scheduling.applying import apply
from pipeline.scheduling.outlook import load
from pipeline.scheduling.planning import plan
from pipeline.scheduling.proposal import Plan
from pipeline.store import database
from pipeline.store.database import transaction

_ACCOUNTS = 50
_BEHIND = 1_000_000
_POSTS = (1, 100, 10_000)
_ROUNDS = 5
_AIM_SECONDS = 10.0
_AIM_BEHIND = 1.3
_GROWING = {"publishing_calendar", "distributions"}

# Years of slots, as many on each account, most of which nobody took.
_PAST = """
    insert into publishing_calendar (date, time_slot, timezone, starts_at, platform_id)
    select (hour at time zone 'UTC')::date, (hour at time zone 'UTC')::time, 'UTC', hour, id
    from platforms cross join lateral (
        select date_trunc('hour', now()) - n * interval '1 hour' as hour
        from generate_series(1, {rows} / (select count(*) from platforms)) as n
    ) as past
"""
# Approved for the first free slots that there are, as if nobody had chosen among them.
_SPREAD = """
    create temporary table places on commit drop as
        select free.id as entry_id, waiting.id, free.starts_at
        from (
            select id, platform_id, starts_at, row_number() over (partition by platform_id order by starts_at) as place
            from publishing_calendar where distribution_id is null and starts_at > now() + interval '1 hour'
        ) as free
        join (
            select id, platform_id, row_number() over (partition by platform_id order by id) as place
            from distributions d
            where status = 'scheduled' and not exists (select from publishing_calendar c where c.distribution_id = d.id)
        ) as waiting using (platform_id, place);
    analyze places;
    update publishing_calendar c set distribution_id = places.id from places where c.id = places.entry_id;
    update distributions d set scheduled_for = places.starts_at, next_attempt_at = places.starts_at
    from places where d.id = places.id
"""
_PUBLISHED = """
    update publisher_posts set keywords = array['topic ' || mod(abs(hashtext(id::text)), 30)];
    update distributions set published_at = now() - interval '9 days'
    where status = 'published' and published_at > now() - interval '1 day'
"""
_LIMITS: dict[str, Any] = {"posts_per_day": 12, "posts_per_hour": 2, "min_interval_minutes": 30}


@dataclass(slots=True)
class _Measured:
    """A database with so many posts that may move and so much behind them: the seconds of each round, the last plan."""

    posts: int
    engine: sa.Engine
    seconds: list[float] = field(default_factory=list)
    statements: int = 0
    plan: Plan | None = None


def measure(*, quick: bool) -> Section:
    rounds = 2 if quick else _ROUNDS
    with (
        databases.server() as server,
        _newsroom(server, _BEHIND) as (engine, home, accounts),
        _newsroom(server, 0) as (bare, its_home, its_accounts),
    ):
        measured, there = [], 0
        for posts in _POSTS:
            _add(engine, posts - there, home, accounts)
            measured.append(_Measured(posts, engine))
            there = posts
            if posts < _POSTS[-1]:
                for _ in range(rounds):
                    _round(measured[-1])
        largest, without = measured[-1], _Measured(there, bare)
        _add(bare, there, its_home, its_accounts)
        for number in range(rounds):
            _round(largest)
            _round(without)
            say(f"  round {number + 1} of {rounds}")
        whole = _read_whole(engine)
        applied, moves = _apply(largest)
    ratio = statistics.median(a / b for a, b in zip(largest.seconds, without.seconds, strict=True))
    return Section(
        "Planning",
        [
            *(_row(each) for each in measured[:-1]),
            within(_named(largest), statistics.median(largest.seconds), _AIM_SECONDS),
            at_most(
                f"the same, {_BEHIND:,} calendar entries behind",
                f"{statistics.median(largest.seconds):.2f} s",
                f"none behind: {statistics.median(without.seconds):.2f} s",
                ratio,
                _AIM_BEHIND,
            ),
            Row(f"applying {moves:,} moves", f"{applied:.1f} s"),
            Row(
                "calendar or distributions read whole",
                ", ".join(sorted(whole)) or "neither",
                aim="neither",
                met="no" if whole else "yes",
            ),
        ],
        _notes(largest),
    )


@contextmanager
def _newsroom(server: sa.URL, behind: int) -> Iterator[tuple[sa.Engine, UUID, Sequence[UUID]]]:
    """A database with its home and its other accounts, their calendars made, and so many entries behind."""
    started = time.monotonic()
    found: list[tuple[UUID, Sequence[UUID]]] = []

    def fill(url: sa.URL) -> None:
        database.migrate(url)
        with databases.opened(url) as engine:
            with transaction(engine, "bench") as connection:
                (home,) = add_accounts(connection, 1, name="site", is_home=True, timezone="UTC")
                accounts = add_accounts(connection, _ACCOUNTS - 1, timezone="UTC", **_LIMITS)
                connection.exec_driver_sql("set local session_replication_role = replica")
                connection.exec_driver_sql(_PAST.format(rows=behind))
            materialise.keep_up(engine, now=datetime.now(UTC))
        found.append((home, accounts))

    with databases.template(server, fill) as url, databases.opened(url) as engine:
        say(f"  {behind:,} entries behind, written in {time.monotonic() - started:.0f} s")
        yield engine, *found[0]


def _add(engine: sa.Engine, count: int, home: UUID, accounts: Sequence[UUID]) -> None:
    """So many posts with their pages live, each with a version in the first free slot of an account."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    with transaction(engine, "bench") as connection:
        # What follows each change of a status is not measured here, and takes minutes for so many.
        connection.exec_driver_sql("set local session_replication_role = replica")
        posts = [[Slot(account, soon, uuid.uuid4())] for account in islice(cycle(accounts), count)]
        add_posts(connection, posts, home=home)
        connection.exec_driver_sql(_PUBLISHED)
        connection.exec_driver_sql(_SPREAD)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum (analyze)")


def _round(measured: _Measured) -> None:
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    sa.event.listen(measured.engine, "before_cursor_execute", count)
    started = time.perf_counter()
    measured.plan = plan(measured.engine, "bench", now=datetime.now(UTC))
    measured.seconds.append(time.perf_counter() - started)
    sa.event.remove(measured.engine, "before_cursor_execute", count)
    measured.statements = statements


def _apply(measured: _Measured) -> tuple[float, int]:
    """The seconds that the moves of the last plan took, and how many they were."""
    started = time.perf_counter()
    applied = apply(measured.engine, "bench", now=datetime.now(UTC))
    seconds = time.perf_counter() - started
    assert not applied.refused, applied.refused[:3]
    return seconds, len(applied.moved)


def _read_whole(engine: sa.Engine) -> set[str]:
    """Of the tables that grow for ever, those of which a statement of the outlook reads every row."""
    statements: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        statements.append((arguments[2], arguments[3]))

    with engine.connect() as connection:
        sa.event.listen(engine, "before_cursor_execute", note)
        load(connection, now=datetime.now(UTC))
        sa.event.remove(engine, "before_cursor_execute", note)
        whole: set[str] = set()
        for statement, parameters in statements:
            told = connection.exec_driver_sql(f"explain (format json) {statement}", parameters).scalar_one()
            (tree,) = told if isinstance(told, list) else json.loads(told)
            whole |= set(_scanned(tree["Plan"]))
    return whole & _GROWING


def _scanned(node: Mapping[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for child in node.get("Plans", []):
        yield from _scanned(child)


def _row(each: _Measured) -> Row:
    return Row(_named(each), f"{statistics.median(each.seconds) * 1000:.0f} ms")


def _named(each: _Measured) -> str:
    return f"{each.posts:,} posts that may move ({each.statements} statements)"


def _notes(largest: _Measured) -> list[str]:
    assert largest.plan is not None
    how = (
        f"{_ACCOUNTS} accounts with a slot an hour from 7 to 22 for 56 days, limits an hour, a day and between two "
        "posts; each post has one version, in the first slot that was free, and its page is live. A plan reads the "
        "calendar, chooses for all of them together, finds conflicts, gaps and limits, and is kept."
    )
    gain = (
        f"Of {largest.posts:,} posts {len(largest.plan.moves):,} would move; {len(largest.plan.conflicts)} conflicts; "
        f"worth {largest.plan.value:.0f}, against {largest.plan.greedy_value:.0f} placed one after another."
    )
    return [how, gain]
