"""What Dagster's own storage says of it, read with SQL: whether its sensors tick and its runs end.

The tables are those of Dagster 1.13 (`instigators`, `job_ticks`, `runs`); their times are UTC without a zone. Read from
outside, because a daemon that is stuck can't say so, and without Dagster's library, which would double this process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class SensorState:
    """`switched_on` is False for a sensor that Dagster has never seen, too. `last_good_tick`: one that did not fail,
    of the last day.
    """

    name: str
    switched_on: bool
    last_tick: datetime | None
    last_good_tick: datetime | None


def sensors(connection: sa.Connection, names: Sequence[str]) -> list[SensorState]:
    """The state of each named sensor, whichever code location it is in; the most lively where there are several."""
    rows = connection.execute(
        sa.text("""
            select sensor.name, bool_or(i.status in ('RUNNING', 'DECLARED_IN_CODE')) as switched_on,
                max(tick.last) as last_tick, max(good.last) as last_good_tick
            from unnest(cast(:names as text[])) as sensor (name)
            left join instigators i
                on i.instigator_type = 'SENSOR' and i.instigator_body::jsonb #>> '{origin,job_name}' = sensor.name
            left join lateral (
                select max(t.timestamp) as last from job_ticks t where t.selector_id = i.selector_id
            ) as tick on true
            left join lateral (
                select t.timestamp as last
                from job_ticks t
                where t.selector_id = i.selector_id and t.status in ('SKIPPED', 'SUCCESS')
                    and t.timestamp > (now() at time zone 'UTC') - interval '1 day'
                order by t.timestamp desc
                limit 1
            ) as good on true
            group by sensor.name
            order by sensor.name
        """),
        {"names": list(names)},
    )
    return [SensorState(row.name, bool(row.switched_on), _utc(row.last_tick), _utc(row.last_good_tick)) for row in rows]


@dataclass(frozen=True, slots=True)
class LongRun:
    run_id: str
    job: str
    since: datetime


def runs_longer_than(connection: sa.Connection, longest: timedelta, *, limit: int) -> list[LongRun]:
    """The runs that started longer ago than `longest` and have not ended, the oldest first."""
    rows = connection.execute(
        sa.text("""
            select run_id, pipeline_name as job, to_timestamp(start_time) as since
            from runs
            where status = 'STARTED' and start_time < extract(epoch from now() - :longest)
            order by start_time
            limit :limit
        """),
        {"longest": longest, "limit": limit},
    )
    return [LongRun(**row) for row in rows.mappings()]


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
