"""What timing is learned from: when each publication went out, in its account's time, and its figures at equal age."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

AGES: Final = (1, 6, 24, 48)
"""Hours since publishing at which figures are read; the last is the age at which publications are compared."""

_AT_ONCE: Final = 50_000

# What a mark holds before its age has passed is not yet what it will hold.
_FIGURES: Final = sa.text("""
    select f.platform_id, f.published_at,
        cast(extract(dow from local.at) * 24 + extract(hour from local.at) as integer) as hour,
        cast(local.at as date) - date '2000-01-01' as day,
        f.at_1, f.at_6, f.at_24, f.at_48
    from (
        select platform_id, published_at,
            max(engagements) filter (where age_hours = 1) as at_1,
            max(engagements) filter (where age_hours = 6) as at_6,
            max(engagements) filter (where age_hours = 24) as at_24,
            max(engagements) filter (where age_hours = 48) as at_48
        from distribution_age_figures
        where age_hours in (1, 6, 24, 48)
            and engagements is not null
            and published_at > :since
            and published_at + make_interval(hours => age_hours) <= :now
        group by distribution_id, platform_id, published_at
    ) as f
    join platforms p on p.id = f.platform_id
    cross join lateral (select f.published_at at time zone p.timezone as at) as local
""")


@dataclass(frozen=True, slots=True)
class TimedAccount:
    """`timezone` is its IANA zone."""

    id: UUID
    key: str
    platform: str
    timezone: str


def accounts(connection: sa.Connection) -> list[TimedAccount]:
    """All accounts, by key."""
    rows = connection.execute(sa.text("select id, account_key, name, timezone from platforms order by account_key"))
    return [TimedAccount(row.id, row.account_key, row.name, row.timezone) for row in rows]


def figures(connection: sa.Connection, *, since: datetime, now: datetime) -> Iterator[Sequence[sa.Row[Any]]]:
    """What was published after `since` and has any known engagements at one of `AGES`, in portions.

    Rows: platform_id, published_at, hour (of the account's local week, 0 is Sunday's first), day (the account's local
    date, as a count of days), and engagements at each age, at_1 to at_48, None where they are not known or not yet.
    """
    options = {"yield_per": _AT_ONCE}
    yield from connection.execute(_FIGURES, {"since": since, "now": now}, execution_options=options).partitions()
