"""What is kept of snapshots: the last of each day for good, all of them until their month is old enough."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import psycopg
import sqlalchemy as sa

from pipeline.store.database import transaction
from pipeline.store.metrics import FIGURES

_PATIENCE: Final = "5s"
"""Dropping a month locks what publishing writes to; it waits its turn for no longer, and comes again the next night."""
_SETTLED_AFTER: Final = timedelta(hours=1)
"""By then the last answer of a day is stored."""
_NAMES: Final = ", ".join(FIGURES)
_REPLACED: Final = ", ".join(f"{name} = excluded.{name}" for name in ("recorded_at", "hours_since_publish", *FIGURES))

_KEEP_DAY: Final = sa.text(f"""
    with kept as (
        insert into distribution_metrics_daily (distribution_id, day, recorded_at, hours_since_publish, {_NAMES})
        select distinct on (distribution_id) distribution_id, :day, recorded_at, hours_since_publish, {_NAMES}
        from distribution_metrics
        where recorded_hour >= :begins and recorded_hour < :ends
        order by distribution_id, recorded_hour desc
        on conflict (distribution_id, day) do update set {_REPLACED}
        returning 1
    )
    insert into metrics_days_kept (day, publications) select :day, count(*) from kept
    on conflict (day) do update set publications = excluded.publications, kept_at = clock_timestamp()
    returning publications
""")  # noqa: S608 - our own text

_MONTHS: Final = """
    select c.relname as partition, to_date(right(c.relname, 7), 'YYYY_MM') as begins
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'distribution_metrics'::regclass and c.relname ~ '^distribution_metrics_[0-9]{4}_[0-9]{2}$'
"""


def days_to_keep(connection: sa.Connection, now: datetime) -> list[date]:
    """The UTC days that are over and not kept yet, the oldest first."""
    last = (now.astimezone(UTC) - _SETTLED_AFTER).date() - timedelta(days=1)
    days = connection.scalars(
        sa.text(f"""
            select day.at from generate_series(
                least(
                    (select min(begins) from ({_MONTHS}) as month),
                    (select cast(min(recorded_hour) as date) from distribution_metrics_default)
                ),
                cast(:last as date),
                interval '1 day'
            ) as day (at)
            where not exists (select from metrics_days_kept k where k.day = cast(day.at as date))
            order by day.at
        """),  # noqa: S608 - our own text
        {"last": last},
    )
    return [day.date() for day in days]


def keep_day(connection: sa.Connection, day: date) -> int:
    """Keep the last snapshot of each publication on that UTC day; returns of how many. Again is safe."""
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    parameters = {"day": day, "begins": begins, "ends": begins + timedelta(days=1)}
    return int(connection.scalar(_KEEP_DAY, parameters) or 0)


def old_months(connection: sa.Connection, before: date) -> list[str]:
    """The partitions that end by `before`, the oldest first, and of which every day is kept."""
    return list(
        connection.scalars(
            sa.text(f"""
                select month.partition
                from ({_MONTHS}) as month
                cross join lateral (select cast(month.begins + interval '1 month' as date) as at) as ends
                where ends.at <= :before and ends.at - month.begins = (
                    select count(*) from metrics_days_kept k where k.day >= month.begins and k.day < ends.at
                )
                order by month.begins
            """),  # noqa: S608 - our own text
            {"before": before},
        )
    )


def drop_month(engine: sa.Engine, partition: str) -> bool:
    """Drop the partition's snapshots; False where others were at the tables for too long: it is to be tried again."""
    quoted = engine.dialect.identifier_preparer.quote_identifier(partition)
    try:
        with transaction(engine, "maintenance") as connection:
            connection.exec_driver_sql(f"set local lock_timeout = '{_PATIENCE}'")
            connection.exec_driver_sql(f"alter table distribution_metrics detach partition {quoted}")
            connection.exec_driver_sql(f"drop table {quoted}")
    except sa.exc.OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            return False
        raise
    return True


def drop_strays(connection: sa.Connection, before: date) -> int:
    """Delete what the default partition has of kept days before then; returns how many snapshots."""
    return connection.execute(
        sa.text("""
            delete from distribution_metrics_default m
            where m.recorded_hour < :before
                and exists (select from metrics_days_kept k where k.day = cast(m.recorded_hour as date))
        """),
        {"before": before},
    ).rowcount


def forget_answers(connection: sa.Connection, keep: timedelta) -> int:
    """Delete the language models' older answers; a question asked again is paid for again. Returns how many."""
    return connection.execute(
        sa.text("delete from ai_answers where created_at < now() - :keep"), {"keep": keep}
    ).rowcount
