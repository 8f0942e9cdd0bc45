"""From the second that was intended to the request's arrival at the platform, idle and beside a backlog."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bench import arrivals, databases, ours
from bench.arrivals import Arrivals
from bench.backlog import Slot, add_accounts, add_posts
from bench.progress import say
from bench.results import Row, Section, within
from pipeline.distribution.engine import EngineConfig
from pipeline.distribution.publish import publish_due
from pipeline.store import database
from pipeline.store.database import transaction

_ACCOUNTS = 30
_APART = timedelta(milliseconds=25)
_SOON = timedelta(seconds=3)
_IN_FLIGHT = 100
_MEDIAN_AIM, _TAIL_AIM = 0.05, 1.0


def measure(*, quick: bool) -> Section:
    posts = 200 if quick else 400
    backlog = 10_000
    with databases.server() as server, arrivals.running() as platform:
        idle, _ = _run(server, platform, posts, backlog=0)
        beside, counted = _run(server, platform, posts, backlog=backlog)
    rows = [
        *_rows("idle", idle),
        *_rows(f"beside a backlog of {backlog:,}", beside[:counted]),
    ]
    return Section("Lateness", rows, _notes(posts, counted))


def _run(server: sa.URL, platform: Arrivals, posts: int, *, backlog: int) -> tuple[list[float], int]:
    """The lateness of each post in seconds, in order of their times, and how many were due while the backlog lasted."""
    with databases.template(server, _migrate) as url, databases.opened(url) as engine:
        behind = _add_backlog(engine, platform, backlog)
        slots = _add_scheduled(engine, platform, posts)
        report = publish_due(engine, platform.open, _config(), worker="bench")
    assert report.total("published") == report.total() == posts + backlog, report.counts
    arrived = platform.take()
    assert all(len(times) == 1 for times in arrived.values()), "some were sent more than once"
    backlog_gone = max((arrived[str(slot.distribution_id)][0] for slot in behind), default=0.0)
    late = [arrived[str(slot.distribution_id)][0] - slot.at.timestamp() for slot in slots]
    say(f"  {posts} posts beside {backlog:,}: the worst {max(late):.2f} s late")
    return late, sum(slot.at.timestamp() < backlog_gone for slot in slots)


def _migrate(url: sa.URL) -> None:
    database.migrate(url)


def _add_backlog(engine: sa.Engine, platform: Arrivals, jobs: int) -> list[Slot]:
    """Due for a minute, on accounts of its own, as many as a worker has hands for."""
    due = datetime.now(UTC) - timedelta(minutes=1)
    with transaction(engine, "bench") as connection:
        (home,) = add_accounts(connection, 1, name="site", is_home=True)
        accounts = add_accounts(connection, ours.ACCOUNTS)
        slots = [Slot(accounts[number % len(accounts)], due) for number in range(jobs)]
        posts = [slots[start : start + 10] for start in range(0, jobs, 10)]
        if posts:
            add_posts(connection, posts, home=home, pages=platform.url)
    return slots


def _add_scheduled(engine: sa.Engine, platform: Arrivals, posts: int) -> list[Slot]:
    """A post each instant, round the accounts."""
    with transaction(engine, "bench") as connection:
        (home,) = add_accounts(connection, 1, name="site", is_home=True)
        accounts = add_accounts(connection, _ACCOUNTS)
        first = datetime.now(UTC) + _SOON
        slots = [Slot(accounts[number % _ACCOUNTS], first + number * _APART) for number in range(posts)]
        add_posts(connection, [[slot] for slot in slots], home=home, pages=platform.url)
    return slots


def _config() -> EngineConfig:
    return EngineConfig(
        lease=timedelta(minutes=2),
        settle=timedelta(minutes=10),
        look_ahead=timedelta(minutes=1),
        max_in_flight=_IN_FLIGHT,
    )


def _rows(name: str, late: Sequence[float]) -> list[Row]:
    if not late:
        return [Row(name, "the backlog was gone before the first was due")]
    ordered = sorted(late)
    middle, tail = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return [within(f"{name}, p50", middle, _MEDIAN_AIM), within(f"{name}, p99", tail, _TAIL_AIM)]


def _notes(posts: int, counted: int) -> list[str]:
    apart = _APART.total_seconds() * 1000
    how = (
        f"{posts} posts {apart:.0f} ms apart on {_ACCOUNTS} accounts, each with its home page to be checked over HTTP "
        "first; the platform is a process of its own that stamps each request and answers after 50 ms."
    )
    beside = (
        f"The backlog is on {ours.ACCOUNTS} other accounts, as many as the worker may have in flight; {counted} posts "
        "were due before its last arrived, and only they are counted."
    )
    return [how, beside]
