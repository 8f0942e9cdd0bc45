"""What counts the readers of our pages, which pages those are, and what was told of them day by day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.store.tables import analytics_sources

FADING_DAYS: Final = 56
"""For so many days after its last reader a page's days without any are kept, however old it is: that it fades is then
measured, and not merely not known."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source. `credentials_secret_id` says where the secret is, never what; `timezone` is its account's."""

    id: UUID
    source_key: str
    kind: str
    platform_id: UUID
    account_key: str
    platform: str
    is_home: bool
    timezone: str
    config: Mapping[str, Any]
    credentials_secret_id: str | None
    is_active: bool
    counts_since: date
    complete_through: date | None
    not_before: datetime | None
    last_synced_at: datetime | None
    last_error: str | None


class UnknownSourceError(LookupError):
    """No source has that key."""


@dataclass(frozen=True, slots=True)
class Page:
    """A published page of an account. `published_on` is its first day, in the account's zone."""

    distribution_id: UUID
    post_id: UUID | None
    address: str
    published_on: date


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What was told of a page and day; rates are fractions of 1, None is unknown.

    `always` has it kept though nobody came: the page is young, and its empty days mean something.
    """

    distribution_id: UUID
    post_id: UUID | None
    date: date
    views: int
    unique_visitors: int | None
    avg_time_on_page: float | None
    bounce_rate: float | None
    scroll_depth_avg: float | None
    always: bool = True


_SOURCES = """
    select s.*, p.account_key, p.name as platform, p.is_home, p.timezone
    from analytics_sources s join platforms p on p.id = s.platform_id
"""


def sources(connection: sa.Connection, *, active: bool = True) -> list[SourceRow]:
    """Those that are asked, or all there ever were."""
    rows = connection.execute(
        sa.text(f"{_SOURCES} where s.is_active or not :active order by s.source_key"), {"active": active}
    )
    return [_source(row) for row in rows]


def get_source(connection: sa.Connection, source_key: str) -> SourceRow:
    """Raises: UnknownSourceError."""
    row = connection.execute(sa.text(f"{_SOURCES} where s.source_key = :key"), {"key": source_key}).one_or_none()
    if row is None:
        raise UnknownSourceError(f"No source is called {source_key!r}; `pressroom analytics` lists them.")
    return _source(row)


def add_source(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    """Raises: sqlalchemy.exc.IntegrityError: the key is taken, or the account is counted by another already."""
    connection.execute(analytics_sources.insert().values(**values))


def set_beacon(connection: sa.Connection, account_key: str, address: str | None, *, remembers: bool) -> None:
    """Where the pages of a site tell that they are read, from its next rebuild on; None: nowhere."""
    told = {} if address is None else {"beacon_url": address, **({"beacon_remembers": True} if remembers else {})}
    connection.execute(
        sa.text("""
            update platforms set publish_config = publish_config - 'beacon_url' - 'beacon_remembers' || :told
            where account_key = :key
        """).bindparams(sa.bindparam("told", type_=JSONB)),
        {"key": account_key, "told": told},
    )


def retire_source(connection: sa.Connection, source_id: UUID) -> None:
    """It is not asked any more; what it told stays."""
    connection.execute(analytics_sources.update().where(analytics_sources.c.id == source_id).values(is_active=False))


def note_synced(connection: sa.Connection, source_id: UUID, complete_through: date) -> None:
    """Every day up to this one has been read; an earlier one takes nothing back."""
    connection.execute(
        sa.text("""
            update analytics_sources
            set complete_through = greatest(complete_through, :through), last_synced_at = now(), last_error = null,
                not_before = null
            where id = :id
        """),
        {"id": source_id, "through": complete_through},
    )


def read_again(connection: sa.Connection, platform_id: UUID, first_at: datetime) -> None:
    """What our own count of the account holds since that moment has changed: its days are to be read once more."""
    connection.execute(
        sa.text("""
            update analytics_sources s
            set complete_through = case when changed.day > s.counts_since then changed.day - 1 end
            from (
                select id, cast(cast(:first_at as timestamptz) at time zone timezone as date) as day
                from platforms where id = :platform_id
            ) as changed
            where s.platform_id = changed.id and s.kind = 'first_party' and s.complete_through >= changed.day
        """),
        {"platform_id": platform_id, "first_at": first_at},
    )


def note_failed(connection: sa.Connection, source_id: UUID, error: str, not_before: datetime | None) -> None:
    connection.execute(
        analytics_sources.update()
        .where(analytics_sources.c.id == source_id)
        .values(last_error=error, not_before=not_before)
    )


def pages(
    connection: sa.Connection, platform_id: UUID, until: date, post_ids: Collection[UUID] | None = None
) -> list[Page]:
    """The account's pages that were out on that day, one a post; all of them, or those of some posts."""
    rows = connection.execute(
        sa.text("""
            select distinct on (coalesce(d.post_id, d.id))
                d.id, d.post_id, d.external_url, cast(d.published_at at time zone p.timezone as date) as published_on
            from distributions d join platforms p on p.id = d.platform_id
            where d.platform_id = :platform_id and d.status = 'published' and d.external_url is not null
                and cast(d.published_at at time zone p.timezone as date) <= :until
                and (cast(:post_ids as uuid[]) is null or d.post_id = any (:post_ids))
            order by coalesce(d.post_id, d.id), d.published_at desc
        """),
        {"platform_id": platform_id, "until": until, "post_ids": None if post_ids is None else list(post_ids)},
    )
    return [Page(row.id, row.post_id, row.external_url, row.published_on) for row in rows]


def keep_readings(connection: sa.Connection, source_id: UUID, figures: Sequence[DayFigures]) -> list[DayFigures]:
    """Add what is new or other than what was told last; returns that. One statement, whatever their number.

    Two that keep the same source's at once wait for each other, so that nothing is noted twice.
    """
    connection.execute(
        sa.text("select pg_advisory_xact_lock(hashtextextended(cast(:id as text), 23))"), {"id": source_id}
    )
    changed = connection.execute(
        sa.text("""
            insert into page_readings (
                distribution_id, source_id, date, views, unique_visitors, avg_time_on_page, bounce_rate,
                scroll_depth_avg
            )
            select told.distribution_id, :source_id, told.date, told.views, told.unique_visitors,
                told.avg_time_on_page, told.bounce_rate, told.scroll_depth_avg
            from unnest(
                cast(:distribution_ids as uuid[]), cast(:dates as date[]), cast(:views as bigint[]),
                cast(:unique_visitors as bigint[]), cast(:avg_time_on_page as numeric[]),
                cast(:bounce_rates as numeric[]), cast(:scroll_depths as numeric[]), cast(:always as boolean[])
            ) as told (
                distribution_id, date, views, unique_visitors, avg_time_on_page, bounce_rate, scroll_depth_avg, always
            )
            left join lateral (
                select r.id, r.views, r.unique_visitors, r.avg_time_on_page, r.bounce_rate, r.scroll_depth_avg
                from page_readings r
                where r.distribution_id = told.distribution_id and r.date = told.date
                order by r.id desc
                limit 1
            ) as before on true
            where case
                when before.id is null then told.views > 0 or told.always or exists (
                    select from page_readings r
                    where r.distribution_id = told.distribution_id and r.views > 0
                        and r.date >= told.date - :fading_days and r.date < told.date
                )
                else (
                    before.views, before.unique_visitors, before.avg_time_on_page, before.bounce_rate,
                    before.scroll_depth_avg
                ) is distinct from (
                    told.views, told.unique_visitors, told.avg_time_on_page, told.bounce_rate, told.scroll_depth_avg
                )
            end
            returning distribution_id, date
        """),
        {
            "source_id": source_id,
            "fading_days": FADING_DAYS,
            "distribution_ids": [each.distribution_id for each in figures],
            "dates": [each.date for each in figures],
            "views": [each.views for each in figures],
            "unique_visitors": [each.unique_visitors for each in figures],
            "avg_time_on_page": [each.avg_time_on_page for each in figures],
            "bounce_rates": [each.bounce_rate for each in figures],
            "scroll_depths": [each.scroll_depth_avg for each in figures],
            "always": [each.always for each in figures],
        },
    )
    keys = {(row.distribution_id, row.date) for row in changed}
    return [each for each in figures if (each.distribution_id, each.date) in keys]


def word_counts(connection: sa.Connection, post_ids: Collection[UUID]) -> dict[UUID, int]:
    """About how many words each post has: its runs of white space, which is fast and near enough for reading times."""
    rows = connection.execute(
        sa.text("""
            select id, 1 + length(content) - length(translate(content, E' \\n\\t', '')) as words
            from publisher_posts where id = any (:ids)
        """),
        {"ids": list(post_ids)},
    )
    return {row.id: row.words for row in rows}


def keep_post_days(
    connection: sa.Connection, source_id: UUID, figures: Sequence[DayFigures], scores: Sequence[float | None]
) -> None:
    """The days of posts as they are now told, with their engagement scores. One statement, whatever their number."""
    connection.execute(
        sa.text("""
            insert into publisher_post_analytics as kept (
                post_id, date, source_id, views, unique_visitors, avg_time_on_page, bounce_rate, scroll_depth_avg,
                engagement_score
            )
            select told.post_id, told.date, :source_id, told.views, told.unique_visitors, told.avg_time_on_page,
                told.bounce_rate, told.scroll_depth_avg, told.engagement_score
            from unnest(
                cast(:post_ids as uuid[]), cast(:dates as date[]), cast(:views as bigint[]),
                cast(:unique_visitors as bigint[]), cast(:avg_time_on_page as numeric[]),
                cast(:bounce_rates as numeric[]), cast(:scroll_depths as numeric[]), cast(:scores as numeric[])
            ) as told (
                post_id, date, views, unique_visitors, avg_time_on_page, bounce_rate, scroll_depth_avg,
                engagement_score
            )
            order by told.post_id, told.date
            on conflict (post_id, date) do update set
                source_id = excluded.source_id, views = excluded.views, unique_visitors = excluded.unique_visitors,
                avg_time_on_page = excluded.avg_time_on_page, bounce_rate = excluded.bounce_rate,
                scroll_depth_avg = excluded.scroll_depth_avg, engagement_score = excluded.engagement_score
        """),
        {
            "source_id": source_id,
            "post_ids": [each.post_id for each in figures],
            "dates": [each.date for each in figures],
            "views": [each.views for each in figures],
            "unique_visitors": [each.unique_visitors for each in figures],
            "avg_time_on_page": [each.avg_time_on_page for each in figures],
            "bounce_rates": [each.bounce_rate for each in figures],
            "scroll_depths": [each.scroll_depth_avg for each in figures],
            "scores": list(scores),
        },
    )


def views_of(connection: sa.Connection, distribution_ids: Collection[UUID]) -> dict[UUID, int]:
    """All views of each page up to now, by the latest word on each of its days."""
    rows = connection.execute(
        sa.text("""
            select distribution_id, cast(sum(views) as bigint) as views
            from (
                select distinct on (distribution_id, date) distribution_id, views
                from page_readings where distribution_id = any (:ids)
                order by distribution_id, date, id desc
            ) as latest
            group by distribution_id
        """),
        {"ids": list(distribution_ids)},
    )
    return {row.distribution_id: row.views for row in rows if row.views is not None}


def _source(row: sa.Row[Any]) -> SourceRow:
    values = row._mapping  # noqa: SLF001 - the public way to a row's names
    return SourceRow(**{name: values[name] for name in SourceRow.__dataclass_fields__})
