"""Which conversions are to be credited, what led to them, and the credits; added up month by month for the reports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import sqlalchemy as sa

_STILL_COMING: Final = timedelta(minutes=10)
"""So long after a conversion came in it is credited again by the next run: a touch may have been on its way, in a
transaction that neither saw the conversion nor was seen."""

_DUE: Final = sa.text("""
    select d.id as due_id, c.id, c.occurred_at, c.post_id, c.distribution_id,
        published.post_id as distribution_post_id, coalesce(account.is_home, false) as is_home,
        coalesce(
            account.account_key, left(lower(c.utm_source) || ' / ' || coalesce(lower(c.utm_medium), 'none'), 80)
        ) as channel
    from attribution_due d
    join conversions c on c.id = d.conversion_id
    left join distributions published on published.id = c.distribution_id
    left join platforms account on account.id = published.platform_id
    where d.id > :after and d.id <= :until
    order by d.id
    limit :most
""")
_TOUCHES: Final = sa.text("""
    select c.id as conversion_id, t.at, t.channel, t.distribution_id, t.post_id
    from conversions c
    cross join lateral (
        select at, channel, distribution_id, post_id from touches
        where visitor = c.visitor and at > c.occurred_at - :look_back and at <= c.occurred_at
    ) as t
    where c.id = any(:ids)
""")
_SETS: Final = sa.text("""
    with arrivals as (
        select visitor, channel, min(at) as at from touches where at > :since group by visitor, channel
    ), converted as (
        select visitor, max(occurred_at) as at from conversions
        where visitor is not null and status <> 'reversed' and occurred_at > :since group by visitor
    ), journeys as (
        select a.visitor, bool_or(c.visitor is not null) as has_converted,
            array_agg(a.channel order by a.channel) as channels
        from arrivals a
        left join converted c on c.visitor = a.visitor
        where c.at is null or a.at <= c.at
        group by a.visitor
    )
    select channels, count(*) as visitors, count(*) filter (where has_converted) as converted
    from journeys group by channels
""")
_FORGET: Final = sa.text("""
    with forgotten as (
        delete from attribution_credits where conversion_id = any(:ids) returning month
    )
    insert into attribution_stale_months (month) select distinct month from forgotten
""")
_COPY: Final = """
    copy attribution_credits (conversion_id, touch, month, at, channel, distribution_id, post_id,
        first, last, linear, time_decay, position, shapley)
    from stdin
"""
_DONE: Final = sa.text("""
    delete from attribution_due d using conversions c
    where d.id = any(:due_ids) and c.id = d.conversion_id and c.received_at < now() - :still_coming
""")
_SUM: Final = sa.text("""
    insert into attributed_months (month, model, channel, distribution_id, post_id, conversions, pending, unvalued, usd,
        pending_usd)
    select credit.month, each.model, credit.channel, credit.distribution_id, credit.post_id,
        coalesce(sum(each.share) filter (where c.status = 'confirmed'), 0),
        coalesce(sum(each.share) filter (where c.status = 'pending'), 0),
        coalesce(sum(each.share) filter (
            where c.status = 'confirmed' and c.usd is null and (c.value is not null or c.kind = 'sale')
        ), 0),
        sum(each.share * c.usd) filter (where c.status = 'confirmed'),
        sum(each.share * c.usd) filter (where c.status = 'pending')
    from attribution_credits credit
    join conversions c on c.id = credit.conversion_id
    cross join lateral (values
        ('first', credit.first), ('last', credit.last), ('linear', credit.linear), ('time_decay', credit.time_decay),
        ('position', credit.position), ('shapley', credit.shapley)
    ) as each (model, share)
    where credit.month = :month and c.status <> 'reversed' and each.share > 0
    group by 1, 2, 3, 4, 5
""")


@dataclass(frozen=True, slots=True)
class DueConversion:
    """A conversion to be credited. `channel`, with `distribution_id` and its post, is what the conversion names itself;
    `is_home` says that this is the page where it happened.
    """

    due_id: int
    id: UUID
    occurred_at: datetime
    post_id: UUID | None
    distribution_id: UUID | None
    distribution_post_id: UUID | None
    is_home: bool
    channel: str | None


@dataclass(frozen=True, slots=True)
class KnownTouch:
    conversion_id: UUID
    at: datetime
    channel: str
    distribution_id: UUID | None
    post_id: UUID | None


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """Visitors who came by just these channels, and how many of them converted."""

    channels: Sequence[str]
    visitors: int
    converted: int


@dataclass(frozen=True, slots=True)
class Credit:
    """What one touch of a path is credited with; `shares` in the order of the table's columns, fractions of 1."""

    conversion_id: UUID
    touch: int
    month: date
    at: datetime
    channel: str
    distribution_id: UUID | None
    post_id: UUID | None
    shares: Sequence[Decimal]


def keep_settings(connection: sa.Connection, *, look_back_days: int, half_life_days: Decimal) -> bool:
    """What the credits are worked out with from now on; True where that is not as before, and so all are due."""
    values = {"look_back": look_back_days, "half_life": half_life_days}
    connection.execute(
        sa.text("""
            insert into attribution_settings (look_back_days, half_life_days) values (:look_back, :half_life)
            on conflict do nothing
        """),
        values,
    )
    changed = connection.execute(
        sa.text("""
            update attribution_settings set look_back_days = :look_back, half_life_days = :half_life
            where (look_back_days, half_life_days) <> (:look_back, :half_life)
        """),
        values,
    ).rowcount
    if changed:
        all_due(connection)
    return bool(changed)


def all_due(connection: sa.Connection) -> None:
    """Every conversion is to be credited anew."""
    connection.execute(sa.text("insert into attribution_due (conversion_id) select id from conversions"))


def newest_due(connection: sa.Connection) -> int:
    """The queue's end as it is now; 0 where it is empty."""
    return int(connection.scalar(sa.text("select coalesce(max(id), 0) from attribution_due")) or 0)


def one_at_a_time(connection: sa.Connection) -> None:
    """Until the transaction ends nobody else credits or adds up."""
    connection.execute(sa.text("select pg_advisory_xact_lock(hashtext('attribution'))"))


def due(connection: sa.Connection, *, after: int, until: int, most: int) -> list[DueConversion]:
    """From the queue, in its order; a conversion may come twice."""
    rows = connection.execute(_DUE, {"after": after, "until": until, "most": most})
    return [DueConversion(*row) for row in rows]


def touches_before(connection: sa.Connection, ids: Sequence[UUID], look_back: timedelta) -> list[KnownTouch]:
    """The arrivals of the conversions' visitors, in no order; one may be told twice."""
    rows = connection.execute(_TOUCHES, {"ids": list(ids), "look_back": look_back})
    return [KnownTouch(*row) for row in rows]


def channel_sets(connection: sa.Connection, since: datetime) -> list[ChannelSet]:
    """By which channels visitors came since then, until they converted last."""
    return [ChannelSet(*row) for row in connection.execute(_SETS, {"since": since})]


def replace_credits(
    connection: sa.Connection, conversions: Sequence[DueConversion], credited: Iterable[Credit], months: Iterable[date]
) -> None:
    """In the place of what these conversions were credited with; they are due no more, unless they just came in."""
    connection.execute(_FORGET, {"ids": [each.id for each in conversions]})
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
        for each in credited:
            copy.write_row(
                (
                    each.conversion_id,
                    each.touch,
                    each.month,
                    each.at,
                    each.channel,
                    each.distribution_id,
                    each.post_id,
                    *each.shares,
                )
            )
    connection.execute(
        sa.text("insert into attribution_stale_months (month) select unnest(cast(:months as date[]))"),
        {"months": sorted(set(months))},
    )
    connection.execute(_DONE, {"due_ids": [each.due_id for each in conversions], "still_coming": _STILL_COMING})


def stale_months(connection: sa.Connection) -> list[date]:
    return list(connection.scalars(sa.text("select distinct month from attribution_stale_months order by month")))


def add_up(connection: sa.Connection, month: date) -> None:
    """Make the month's sums those of its credits."""
    values = {"month": month}
    connection.execute(sa.text("delete from attribution_stale_months where month = :month"), values)
    connection.execute(sa.text("delete from attributed_months where month = :month"), values)
    connection.execute(_SUM, values)
