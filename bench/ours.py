"""The engine as a contender: `publish_due` over a backlog, its platforms an in-process one that sleeps."""

import gc
import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bench import databases
from bench.backlog import Slot, add_accounts, add_history, add_posts
from bench.platform import Platform
from pipeline.distribution.engine import EngineConfig
from pipeline.distribution.publish import publish_due
from pipeline.store import database
from pipeline.store.database import transaction

ACCOUNTS = 300
"""More than are in flight: an account has one in hand, from its claim until its outcome is written down."""
_HISTORY = 10_000
_ACCOUNTS_A_POST = 10


def fill(url: sa.URL, jobs: int, history: int = _HISTORY) -> None:
    """So many distributions, due for a minute: ten to a post, over 300 accounts, each post live on its home."""
    database.migrate(url)
    due = datetime.now(UTC) - timedelta(minutes=1)
    with databases.opened(url) as engine, transaction(engine, "bench") as connection:
        (home,) = add_accounts(connection, 1, name="site", is_home=True)
        accounts = add_accounts(connection, ACCOUNTS)
        places = [accounts[number % ACCOUNTS] for number in range(jobs)]
        posts = [places[start : start + _ACCOUNTS_A_POST] for start in range(0, jobs, _ACCOUNTS_A_POST)]
        add_posts(
            connection,
            [
                [Slot(account, due + timedelta(milliseconds=number)) for account in post]
                for number, post in enumerate(posts)
            ],
            home=home,
        )
        add_history(connection, history)


def config(in_flight: int) -> EngineConfig:
    return EngineConfig(
        lease=timedelta(minutes=2), settle=timedelta(minutes=10), look_ahead=timedelta(0), max_in_flight=in_flight
    )


def run(url: sa.URL, jobs: int, latency: float, in_flight: int) -> float:
    """Publish them all; returns the seconds it took.

    Raises:
        AssertionError: a distribution had not exactly one effect, or the database does not say so.
    """
    platform = Platform(latency)
    with databases.opened(url) as engine:
        gc.collect()
        started = time.perf_counter()
        report = publish_due(engine, platform.open, config(in_flight), worker="bench")
        seconds = time.perf_counter() - started
        assert report.total("published") == report.total() == jobs, report.counts
        check(engine, platform, jobs)
    return seconds


def check(engine: sa.Engine, platform: Platform, jobs: int) -> None:
    """Each distribution has one effect, is published, and its journal one attempt that is closed so."""
    assert len(platform.effects) == jobs, f"{len(platform.effects)} of {jobs} had an effect"
    assert set(platform.effects.values()) == {1}, "some had more than one"
    with engine.connect() as connection:
        told = connection.execute(
            sa.text("""
                select count(*) as attempts, count(*) filter (where a.outcome = 'published') as published,
                    count(distinct a.distribution_id) as distributions,
                    (select count(*) from distributions where status in ('scheduled', 'publishing')) as left_over,
                    (select count(*) from cross_post_groups where status <> 'completed') as groups_open
                from publish_attempts a
                join distributions d on d.id = a.distribution_id and d.status = 'published'
                where a.worker = 'bench'
            """)
        ).one()
    assert tuple(told) == (jobs, jobs, jobs, 0, 0), told
