"""What accounts cost besides work: own rates, what each publication was booked at, and the months' sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa

Kind = Literal["month", "publication", "call"]

_SET: Final = sa.text("""
    insert into platform_fees (platform_id, kind, usd, starts_on, ends_on, note)
    values (:platform_id, :kind, :usd, :starts_on, (
        select min(starts_on) - 1 from platform_fees
        where platform_id = :platform_id and kind = :kind and starts_on > :starts_on
    ), :note)
    on conflict (platform_id, kind, starts_on) do update
    set usd = excluded.usd, note = excluded.note, ends_on = excluded.ends_on
""")
_CLOSE_EARLIER: Final = sa.text("""
    update platform_fees set ends_on = cast(:starts_on as date) - 1
    where platform_id = :platform_id and kind = :kind and starts_on < :starts_on
        and (ends_on is null or ends_on >= :starts_on)
""")
_UNBOOK: Final = sa.text("""
    delete from publication_costs c using distributions d
    where d.id = c.distribution_id and d.platform_id = :platform_id
        and d.published_at >= cast(:since as date) at time zone 'UTC'
""")
# What needs no look at the text. By `except`, which reads what is booked once: a join, planned while little is booked,
# would read for each row all that the statement itself has written.
_BOOK: Final = sa.text("""
    insert into publication_costs (distribution_id, usd, basis)
    select d.id, coalesce(f.usd, 0), case when f.id is null then 'list price' else 'own rate' end
    from distributions d
    join platforms p on p.id = d.platform_id
    left join platform_fees f on f.platform_id = d.platform_id and f.kind = 'publication'
        and (d.published_at at time zone 'UTC')::date between f.starts_on and coalesce(f.ends_on, 'infinity')
    where (f.id is not null or p.name = any(:free)) and d.id in (
        select id from distributions where status = 'published' except select distribution_id from publication_costs
    )
    on conflict do nothing
""")
_UNBOOKED: Final = sa.text("""
    select d.id, p.name as platform, d.title, d.body, d.link_url, d.platform_specific
    from distributions d
    join platforms p on p.id = d.platform_id
    where d.status = 'published' and p.name = any(:charging)
        and not exists (select from publication_costs c where c.distribution_id = d.id)
    limit :most
""")
_MONTHS: Final = sa.text("""
    with published as (
        select platform_id, date_trunc('month', published_at at time zone 'UTC')::date as month,
            count(*) as publications
        from distributions where status = 'published' group by 1, 2
    ), owed as (
        select f.platform_id, m.month::date as month, sum(f.usd) as usd
        from platform_fees f
        cross join lateral generate_series(
            f.starts_on, least(coalesce(f.ends_on, current_date), current_date), interval '1 month'
        ) as m (month)
        where f.kind = 'month' group by 1, 2
    ), asked as (
        select r.platform_id, date_trunc('month', r.day)::date as month,
            sum(coalesce(f.usd * r.publications, r.usd)) as usd
        from metrics_reads r
        left join platform_fees f on f.platform_id = r.platform_id and f.kind = 'call'
            and r.day between f.starts_on and coalesce(f.ends_on, 'infinity')
        group by 1, 2
    )
    insert into account_months (platform_id, month, publications, fees_usd, reading_usd)
    select platform_id, month, coalesce(published.publications, 0), coalesce(owed.usd, 0), coalesce(asked.usd, 0)
    from published
    full join owed using (platform_id, month)
    full join asked using (platform_id, month)
""")


@dataclass(frozen=True, slots=True)
class Fee:
    """An own rate in US dollars: a month, a publication, or the figures of one publication asked for once (a call)."""

    account_key: str
    kind: Kind
    usd: Decimal
    starts_on: date
    ends_on: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A publication of a platform that charges for it, as it was sent."""

    id: UUID
    platform: str
    title: str | None
    body: str
    link_url: str | None
    platform_specific: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OtherCost:
    """`what_for` names the post, account or vertical; None where it is for all."""

    id: int
    day: date
    usd: Decimal
    what: str
    what_for: str | None


def set_fee(connection: sa.Connection, platform_id: UUID, kind: Kind, usd: Decimal, *, since: date, note: str) -> None:
    """From that day on (a month's fee: from its month's first), until the next one that is set. Publications since then
    are booked anew.
    """
    since = since.replace(day=1) if kind == "month" else since
    values = {"platform_id": platform_id, "kind": kind, "usd": usd, "starts_on": since, "note": note}
    connection.execute(_CLOSE_EARLIER, values)
    connection.execute(_SET, values)
    if kind == "publication":
        connection.execute(_UNBOOK, {"platform_id": platform_id, "since": since})


def end_fee(connection: sa.Connection, platform_id: UUID, kind: Kind, *, on: date) -> bool:
    """The last day of the rate that holds then; False where none does. Afterwards the platform's list price holds."""
    ended = connection.execute(
        sa.text("""
            update platform_fees set ends_on = :on
            where platform_id = :platform_id and kind = :kind and starts_on <= :on
                and (ends_on is null or ends_on > :on)
            returning id
        """),
        {"platform_id": platform_id, "kind": kind, "on": on},
    ).one_or_none()
    if ended is not None and kind == "publication":
        connection.execute(_UNBOOK, {"platform_id": platform_id, "since": on})
    return ended is not None


def all_fees(connection: sa.Connection) -> list[Fee]:
    rows = connection.execute(
        sa.text("""
            select p.account_key, f.kind, f.usd, f.starts_on, f.ends_on, f.note
            from platform_fees f join platforms p on p.id = f.platform_id
            order by p.account_key, f.kind, f.starts_on
        """)
    )
    return [Fee(*row) for row in rows]


def book_simple(connection: sa.Connection, *, free: Sequence[str]) -> int:
    """Book what was published at an own rate, or on a platform that charges nothing (`free`); returns how many."""
    return connection.execute(_BOOK, {"free": list(free)}).rowcount


def unbooked(connection: sa.Connection, *, charging: Sequence[str], most: int) -> list[Unbooked]:
    rows = connection.execute(_UNBOOKED, {"charging": list(charging), "most": most})
    return [Unbooked(*row) for row in rows]


def book(connection: sa.Connection, prices: Mapping[UUID, Decimal]) -> None:
    """At the platform's list price."""
    connection.execute(
        sa.text("""
            insert into publication_costs (distribution_id, usd, basis)
            select id, usd, 'list price' from unnest(cast(:ids as uuid[]), cast(:usd as numeric[])) as booked (id, usd)
            on conflict do nothing
        """),
        {"ids": list(prices), "usd": list(prices.values())},
    )


def sum_months(connection: sa.Connection) -> None:
    """What every account published in every month, what it was owed and what was asked of it."""
    connection.execute(sa.text("delete from account_months"))
    connection.execute(_MONTHS)


def add_other(
    connection: sa.Connection,
    *,
    day: date,
    usd: Decimal,
    what: str,
    post_id: UUID | None = None,
    platform_id: UUID | None = None,
    vertical_id: UUID | None = None,
) -> int:
    """Note another cost, for at most one of a post, an account and a vertical; returns its number."""
    number: int = connection.execute(
        sa.text("""
            insert into other_costs (day, usd, what, post_id, platform_id, vertical_id)
            values (:day, :usd, :what, :post_id, :platform_id, :vertical_id) returning id
        """),
        {
            "day": day,
            "usd": usd,
            "what": what,
            "post_id": post_id,
            "platform_id": platform_id,
            "vertical_id": vertical_id,
        },
    ).scalar_one()
    return number


def remove_other(connection: sa.Connection, number: int) -> bool:
    removed = connection.execute(sa.text("delete from other_costs where id = :id"), {"id": number})
    return removed.rowcount > 0


def other_costs(connection: sa.Connection, *, most: int) -> list[OtherCost]:
    """The newest first."""
    rows = connection.execute(
        sa.text("""
            select o.id, o.day, o.usd, o.what, coalesce(p.canonical_id, a.account_key, v.slug)
            from other_costs o
            left join publisher_posts p on p.id = o.post_id
            left join platforms a on a.id = o.platform_id
            left join publisher_verticals v on v.id = o.vertical_id
            order by o.day desc, o.id desc limit :most
        """),
        {"most": most},
    )
    return [OtherCost(*row) for row in rows]
