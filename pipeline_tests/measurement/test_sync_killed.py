"""A sync that is killed outright loses no publication and doubles none."""

import subprocess
import sys
import time
from datetime import timedelta

import sqlalchemy as sa

from pipeline.measurement.metrics.sync import sync_account
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.measurement.platform import Platform, account_rows, published

PUBLICATIONS = 450
_SYNC = """
import itertools, sys, time
import sqlalchemy as sa
from pipeline.measurement.metrics.sync import sync_account
from pipeline.platforms.base import Metrics
from pipeline.store import database
from pipeline_tests.measurement.platform import Platform, account_rows

questions = itertools.count(1)

def answer(row, ids):
    print("asked", flush=True)
    if next(questions) == 4:
        time.sleep(600)
    return {id_: Metrics(impressions=1) for id_ in ids}

engine = database.create_engine(sa.make_url(sys.argv[1]))
row = account_rows(engine)["x"]
sync_account(engine, row, Platform(answer, batch=50).open(row))
"""


def test_a_sync_that_is_killed_is_taken_up_by_the_next(engine, database_url):
    with transaction(engine, "test") as connection:
        account_id = factories.account(connection, account_key="x")
        published(connection, account_id, timedelta(hours=3), "0")
        connection.execute(
            sa.text("""
                insert into distributions (content_type, platform_id, body, content_hash, status, published_at,
                    next_metrics_at, external_id, variant_group)
                select content_type, platform_id, body, content_hash, status, published_at, next_metrics_at, n, n
                from distributions cross join generate_series(2, :count) as n
            """),
            {"count": PUBLICATIONS},
        )
    url = database_url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", _SYNC, url], stdout=subprocess.PIPE, text=True) as process:
        for _ in range(4):  # two questions' answers are stored together: one pair is, the other never comes whole
            assert process.stdout is not None
            assert process.stdout.readline() == "asked\n"
        process.kill()
    _until_the_server_has_noticed(engine)
    told = sa.text("""
        select count(*) as snapshots, count(distinct distribution_id) as publications,
            (select count(*) from distributions where next_metrics_at <= now()) as due
        from distribution_metrics
    """)
    with engine.connect() as connection:
        after = connection.execute(told).one()
    assert after.snapshots == after.publications == PUBLICATIONS - after.due == 100
    row = account_rows(engine)["x"]
    report = sync_account(engine, row, Platform().open(row))
    with engine.connect() as connection:
        assert tuple(connection.execute(told).one()) == (PUBLICATIONS, PUBLICATIONS, 0)
        asked = connection.scalar(sa.text("select sum(publications) from metrics_reads"))
    # What was asked for and not stored is asked for again; all of it is on the account's bill.
    assert report.stored == PUBLICATIONS - 100
    assert asked == PUBLICATIONS + 100


def _until_the_server_has_noticed(engine):
    held = sa.text("""
        select count(*) from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and d.datname = current_database()
    """)
    deadline = time.monotonic() + 30
    with engine.connect() as connection:
        while connection.scalar(held):
            assert time.monotonic() < deadline, "the dead process holds its lock"
            time.sleep(0.01)
