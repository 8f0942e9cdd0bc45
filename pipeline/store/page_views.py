"""Views of our pages, one row each, as the beacon or the web server's log tells them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import page_views

KEPT: Final = timedelta(days=400)
"""How long single views are kept: a year and a month, so that a season can be compared with the one before. What they
add up to, `page_readings`, is kept for good."""
VISIT_ENDS_AFTER: Final = timedelta(minutes=30)
"""A reader who does nothing for so long and comes back makes another visit: what all the vendors count by."""


@dataclass(frozen=True, slots=True)
class View:
    """A page shown to a reader; the columns of `page_views`."""

    id: UUID
    at: datetime
    platform_id: UUID
    post_id: UUID | None
    path: str
    visitor: str
    referrer_host: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_content: str | None
    distribution_id: UUID | None
    source: str


def ensure_partitions(connection: sa.Connection, first: datetime, last: datetime) -> int:
    """Make the tables of the months from one moment to another; returns how many were missing."""
    return int(connection.scalar(sa.select(sa.func.ensure_page_views_partitions(first, last))) or 0)


def add(connection: sa.Connection, views: Sequence[View]) -> None:
    """In one statement, which the tables of their months have to be there for."""
    connection.execute(page_views.insert(), [asdict(view) for view in views])


def lock(connection: sa.Connection, view_id: UUID) -> None:
    """Until the transaction ends, nobody else who locks it keeps this view: its partitions can't hold the id unique."""
    connection.execute(
        sa.text("select pg_advisory_xact_lock(hashtextextended(cast(:id as text), 24))"), {"id": view_id}
    )


def has(connection: sa.Connection, view_id: UUID, since: datetime) -> bool:
    """Whether it was told already, at or after `since`."""
    query = sa.select(page_views.c.id).where(page_views.c.id == view_id, page_views.c.at >= since).limit(1)
    return connection.scalar(query) is not None


def note_reading(
    connection: sa.Connection, view_id: UUID, since: datetime, seconds: float, scroll: float | None
) -> bool:
    """How long and how far a view was read: each call tells more than the one before, and never less counts.

    False where there was no such view at or after `since`.
    """
    noted = connection.execute(
        sa.text("""
            update page_views set seconds = greatest(seconds, :seconds), scroll = greatest(scroll, :scroll)
            where id = :id and at >= :since
        """),
        {"id": view_id, "since": since, "seconds": seconds, "scroll": scroll},
    )
    return bool(noted.rowcount)


def posts_at(connection: sa.Connection, platform_id: UUID, addresses: Collection[str]) -> dict[str, UUID]:
    """The posts whose published pages these are on an account, by address."""
    rows = connection.execute(
        sa.text("""
            select distinct on (external_url) external_url, post_id
            from distributions
            where platform_id = :platform_id and status = 'published' and external_url = any (:addresses)
                and post_id is not null
            order by external_url, published_at desc
        """),
        {"platform_id": platform_id, "addresses": list(addresses)},
    )
    return {row.external_url: row.post_id for row in rows}


def counted(
    connection: sa.Connection, platform_id: UUID, source: str, *, timezone: str, first: date, last: date
) -> list[sa.Row[Any]]:
    """Each page's days, both ends included, in the zone: views, visitors, means, and visits that began there.

    Seconds and depth are means over the views that tell them. A visit is a visitor's views on one day with no gap of
    half an hour.
    """
    return list(
        connection.execute(
            sa.text("""
                with seen as (
                    select path, visitor, at, id, seconds, scroll, cast(at at time zone :zone as date) as day
                    from page_views
                    where platform_id = :platform_id and source = :source
                        and at >= cast(:first as timestamp) at time zone :zone
                        and at < cast(:after as timestamp) at time zone :zone
                ), parted as (
                    select *, at - lag(at) over steps > :gap is not false as begins
                    from seen
                    window steps as (partition by visitor, day order by at, id)
                ), visiting as (
                    select *, count(*) filter (where begins) over (partition by visitor, day order by at, id) as visit
                    from parted
                ), begun as (
                    select path, day, begins, count(*) over (partition by visitor, day, visit) as views
                    from visiting
                ), entries as (
                    select path, day, count(*) as entries, count(*) filter (where views = 1) as bounces
                    from begun where begins
                    group by path, day
                )
                select seen.path, seen.day, count(*) as views, count(distinct seen.visitor) as visitors,
                    avg(seen.seconds) as seconds, avg(seen.scroll) as scroll,
                    coalesce(max(entries.entries), 0) as entries, coalesce(max(entries.bounces), 0) as bounces
                from seen left join entries on entries.path = seen.path and entries.day = seen.day
                group by seen.path, seen.day
            """),
            {
                "platform_id": platform_id,
                "source": source,
                "zone": timezone,
                "first": first,
                "after": last + timedelta(days=1),
                "gap": VISIT_ENDS_AFTER,
            },
        )
    )


def seen_since(connection: sa.Connection, post_id: UUID, since: datetime) -> tuple[int, int]:
    """How many views of a post there were since a moment, and of how many visitors."""
    row = connection.execute(
        sa.text("""
            select count(*) as views, count(distinct visitor) as visitors
            from page_views where post_id = :post_id and at >= :since
        """),
        {"post_id": post_id, "since": since},
    ).one()
    return row.views, row.visitors


def latest(connection: sa.Connection, platform_id: UUID, source: str) -> datetime | None:
    """When the account's latest view was that is known; None where none is."""
    found: datetime | None = connection.scalar(
        sa.select(page_views.c.at)
        .where(page_views.c.platform_id == platform_id, page_views.c.source == source)
        .order_by(page_views.c.at.desc())
        .limit(1)
    )
    return found


def tend(connection: sa.Connection, now: datetime) -> tuple[int, int]:
    """Make the coming months' tables and drop those whose views are all too old; how many were made, and dropped."""
    made = ensure_partitions(connection, now, now + timedelta(days=62))
    old = connection.scalars(
        sa.text("""
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'page_views'::regclass
                and to_date(substring(c.relname from '\\d{4}_\\d{2}$'), 'YYYY_MM') + interval '1 month' <= :before
        """),
        {"before": (now - KEPT).replace(tzinfo=None)},
    ).all()
    for name in old:
        connection.execute(sa.text(f'drop table "{name}"'))
    return made, len(old)
