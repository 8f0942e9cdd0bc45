"""The seed's loop: every minute, the twenty that are due longest, one after the other, with no claim and no journal.

Written after the seed's description, on tables that have what the loop needs: it reads, marks, sends, marks, and
updates the platform's row for each. Nothing keeps a second loop from sending the same.
"""

import time

import sqlalchemy as sa

from bench import databases

BATCH = 20
MINUTE = 60.0

_SCHEMA = """
    create table platforms (id integer primary key, last_published_at timestamptz);
    insert into platforms select generate_series(1, 100);
    create table distributions (
        id uuid primary key default gen_random_uuid(), platform_id integer not null references platforms (id),
        body text not null, status text not null default 'scheduled', scheduled_for timestamptz not null,
        published_at timestamptz, external_id text, external_url text
    );
    create index on distributions (platform_id);
    create index on distributions (status);
    create index on distributions (scheduled_for) where status = 'scheduled';
    create index on distributions (published_at desc);
    create index on distributions (platform_id, external_id);
"""


def fill(url: sa.URL, jobs: int) -> None:
    with databases.opened(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql(_SCHEMA)
        connection.execute(
            sa.text("""
                insert into distributions (platform_id, body, scheduled_for)
                select 1 + n % 100, 'Cut above a bud ' || n, now() - interval '1 minute'
                from generate_series(1, :jobs) as n
            """),
            {"jobs": jobs},
        )


def run(url: sa.URL, jobs: int, latency: float) -> float:
    """Publish them all as fast as the loop can, without its wait for the next minute; returns the seconds."""
    with databases.opened(url) as engine:
        started = time.perf_counter()
        while due := _due(engine):
            for row in due:
                _publish(engine, row, latency)
        seconds = time.perf_counter() - started
        with engine.connect() as connection:
            assert connection.scalar(sa.text("select count(*) from distributions where status = 'published'")) == jobs
    return seconds


def _due(engine: sa.Engine) -> list[sa.RowMapping]:
    query = sa.text("""
        select d.*, p.last_published_at from distributions d join platforms p on p.id = d.platform_id
        where d.status = 'scheduled' and d.scheduled_for <= now()
        order by d.scheduled_for limit :batch
    """)
    with engine.connect() as connection:
        return list(connection.execute(query, {"batch": BATCH}).mappings())


def _publish(engine: sa.Engine, row: sa.RowMapping, latency: float) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("update distributions set status = 'publishing' where id = :id"), {"id": row["id"]})
    time.sleep(latency)
    with engine.begin() as connection:
        connection.execute(
            sa.text("""
                update distributions
                set status = 'published', published_at = now(), external_id = id::text, external_url = 'https://x.example/'
                where id = :id
            """),
            {"id": row["id"]},
        )
    with engine.begin() as connection:
        connection.execute(
            sa.text("update platforms set last_published_at = now() where id = :id"), {"id": row["platform_id"]}
        )
