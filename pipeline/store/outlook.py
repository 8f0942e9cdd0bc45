"""What planning looks at, read with few statements: accounts, their calendars, what stands in them, and the posts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.vocabulary import AccountState, DistributionStatus, SlotType, TimingStrategy


@dataclass(frozen=True, slots=True)
class AccountTraits:
    """An account with its limits; None is no limit. The quota is None where the platform's word no longer holds."""

    id: UUID
    key: str
    name: str
    platform: str
    timezone: str
    is_home: bool
    state: AccountState
    state_reason: str | None
    held_until: datetime | None
    credentials_secret_id: str | None
    min_interval_minutes: int
    posts_per_hour: int | None
    posts_per_day: int | None
    quota_remaining: int | None
    quota_reported_at: datetime | None
    quota_resets_at: datetime | None


def accounts(connection: sa.Connection, account_ids: Collection[UUID] | None, now: datetime) -> list[AccountTraits]:
    """These accounts, or all; the homes first."""
    rows = connection.execute(
        sa.text("""
            select p.id, p.account_key as key, coalesce(p.account_name, p.account_key) as name, p.name as platform,
                p.timezone, p.is_home, p.state, p.state_reason, p.credentials_secret_id, p.min_interval_minutes,
                p.posts_per_hour, p.posts_per_day,
                case when p.held_until > :now then p.held_until end as held_until,
                case when p.quota_resets_at > :now then p.quota_remaining end as quota_remaining,
                case when p.quota_resets_at > :now then p.quota_reported_at end as quota_reported_at,
                case when p.quota_resets_at > :now then p.quota_resets_at end as quota_resets_at
            from platforms p
            where cast(:ids as uuid[]) is null or p.id = any (cast(:ids as uuid[]))
            order by p.is_home desc, p.account_key
        """),
        {"ids": None if account_ids is None else list(account_ids), "now": now},
    )
    return [AccountTraits(**{**row, "state": AccountState(row["state"])}) for row in rows.mappings()]


def sent(connection: sa.Connection, account_ids: Sequence[UUID], now: datetime) -> list[tuple[UUID, datetime]]:
    """(platform_id, started_at), the oldest first: the attempts that a limit of their account can still count."""
    rows = connection.execute(
        sa.text("""
            select p.id as platform_id, a.started_at
            from platforms p
            join publish_attempts a on a.platform_id = p.id and a.outcome is distinct from 'not_sent'
                and a.started_at > least(
                    cast(:now as timestamptz) - interval '24 hours',
                    cast(:now as timestamptz) - make_interval(mins => p.min_interval_minutes),
                    case when p.quota_resets_at > :now then p.quota_reported_at end
                )
            where p.id = any (:ids)
            order by a.started_at
        """),
        {"ids": list(account_ids), "now": now},
    )
    return [(row.platform_id, row.started_at) for row in rows]


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """An entry of the calendar. `is_ruled`: it stays when its distribution gives it back."""

    platform_id: UUID
    at: datetime
    slot_type: SlotType
    campaign_id: UUID | None
    is_locked: bool
    is_ruled: bool
    distribution_id: UUID | None


def calendar(
    connection: sa.Connection, account_ids: Sequence[UUID], begins: datetime, ends: datetime
) -> list[CalendarRow]:
    """The accounts' entries in [begins, ends), by account and time."""
    # A range of the unique index for each account: however many entries lie behind, they are not read.
    rows = connection.execute(
        sa.text("""
            select c.platform_id, c.starts_at, c.slot_type, c.campaign_id, c.is_locked,
                (c.rule_id is not null or c.lock_set_by is not null) as is_ruled, c.distribution_id
            from unnest(cast(:ids as uuid[])) as account (id)
            cross join lateral (
                select * from publishing_calendar c
                where c.platform_id = account.id and c.starts_at >= :begins and c.starts_at < :ends
                order by c.starts_at
            ) as c
        """),
        {"ids": list(account_ids), "begins": begins, "ends": ends},
    )
    types = {str(each): each for each in SlotType}
    return [
        CalendarRow(platform_id, at, types[slot_type], campaign_id, is_locked, is_ruled, distribution_id)
        for platform_id, at, slot_type, campaign_id, is_locked, is_ruled, distribution_id in rows
    ]


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A distribution that an account will publish, or has published lately.

    `scheduled_for` is its intended time; `at` when it goes out, which a retry puts off, or went. `name` is what it is
    called where it has no post.
    """

    id: UUID
    post_id: UUID | None
    platform_id: UUID
    status: DistributionStatus
    scheduled_for: datetime
    at: datetime
    timezone: str
    is_pinned: bool
    handed_over_for: datetime | None
    is_tried: bool
    name: str | None


_STANDING: Final = """
    select d.id, d.post_id, d.platform_id, d.status, coalesce(d.scheduled_for, d.published_at) as scheduled_for, {at},
        d.timezone, d.is_pinned, d.handed_over_for, d.retry_count > 0 as is_tried,
        case when d.post_id is null then coalesce(d.title, left(d.body, 60)) end as name
    from distributions d
    where d.platform_id = any (:ids) and {condition}
"""
_CONDITIONS: Final = (
    # Each has a partial index.
    ("d.next_attempt_at as at", "d.status = 'scheduled' and d.next_attempt_at < :ends"),
    ("d.scheduled_for as at", "d.status = 'publishing'"),
    (
        "d.scheduled_for as at",
        "d.status in ('held', 'unknown') and d.scheduled_for > :since and d.scheduled_for < :ends",
    ),
    (
        "d.published_at as at",
        """d.status = 'published' and d.published_at > least(
            :since,
            cast(:now as timestamptz) - (select make_interval(hours => max(topic_gap_hours)) from publisher_verticals)
        )""",
    ),
)


def standing(
    connection: sa.Connection, account_ids: Sequence[UUID], *, since: datetime, now: datetime, ends: datetime
) -> list[StandingRow]:
    """What the accounts will publish before `ends`, and what they published after `since`, by time.

    Further back than `since` where a vertical keeps its topics apart for longer.
    """
    union = " union all ".join(_STANDING.format(at=at, condition=condition) for at, condition in _CONDITIONS)
    rows = connection.execute(
        sa.text(f"select * from ({union}) as standing order by at, id"),  # noqa: S608 - our own text
        {"ids": list(account_ids), "since": since, "now": now, "ends": ends},
    )
    statuses = {str(each): each for each in DistributionStatus}
    return [
        StandingRow(id_, post, platform, statuses[status], scheduled_for, at, zone, pinned, handed, tried, name)
        for id_, post, platform, status, scheduled_for, at, zone, pinned, handed, tried, name in rows
    ]


@dataclass(frozen=True, slots=True)
class PostTraits:
    """What decides about a post's times. `story` is the id of the article that it tells, its own where it is one.

    `home_status` and `home_at` are its version's on its home, the time planned or passed; None where it has none.
    """

    id: UUID
    canonical_id: str
    title: str
    vertical: str
    vertical_timezone: str
    is_vertical_paused: bool
    approved_at: datetime | None
    story: str
    topics: Sequence[str]
    expires_at: datetime | None
    is_evergreen: bool
    campaign_id: UUID | None
    campaign: str | None
    campaign_begins: datetime | None
    campaign_ends: datetime | None
    site_buffer_minutes: int
    story_spacing_minutes: int
    topic_gap_hours: int
    timing_strategy: TimingStrategy | None
    stagger_minutes: int | None
    home_id: UUID | None
    home_status: DistributionStatus | None
    home_at: datetime | None


def posts(connection: sa.Connection, post_ids: Collection[UUID]) -> dict[UUID, PostTraits]:
    """Posts by their ids."""
    rows = connection.execute(
        sa.text("""
            select p.id, p.canonical_id, p.title, v.slug as vertical, v.timezone as vertical_timezone,
                v.paused_at is not null as is_vertical_paused, p.reviewed_at as approved_at,
                coalesce(original.canonical_id, p.canonical_id) as story,
                coalesce(nullif(ca.topics, '{}'), nullif(p.keywords, '{}'), original.keywords, '{}') as topics,
                p.expires_at, p.is_evergreen,
                p.campaign_id, c.name as campaign, c.begins as campaign_begins, c.ends as campaign_ends,
                v.site_buffer_minutes, v.story_spacing_minutes, v.topic_gap_hours,
                g.timing_strategy, g.stagger_minutes,
                home.id as home_id, home.status as home_status, home.at as home_at
            from publisher_posts p
            join publisher_verticals v on v.id = p.vertical_id
            left join publisher_posts original on original.id = p.repurposed_from
            left join content_analysis ca on ca.content_id = coalesce(p.source_content_id, original.source_content_id)
            left join campaigns c on c.id = p.campaign_id
            left join lateral (
                select g.timing_strategy, g.stagger_minutes
                from distributions d join cross_post_groups g on g.id = d.cross_post_group_id
                where d.post_id = p.id
                order by g.id limit 1
            ) as g on true
            left join lateral (
                select h.id, h.status, coalesce(h.published_at, h.scheduled_for) as at from homes_of(p.id) as h
                where h.status <> 'cancelled'
                order by h.published_at, h.scheduled_for, h.id limit 1
            ) as home on true
            where p.id = any (:ids)
        """),
        {"ids": list(post_ids)},
    )
    return {row["id"]: _post(row) for row in rows.mappings()}


def _post(row: sa.RowMapping) -> PostTraits:
    strategy, status = row["timing_strategy"], row["home_status"]
    return PostTraits(
        **{
            **row,
            "timing_strategy": TimingStrategy(strategy) if strategy else None,
            "home_status": DistributionStatus(status) if status else None,
        }
    )


def versions_to_place(
    connection: sa.Connection, post_ids: Collection[UUID]
) -> list[tuple[UUID, UUID, UUID, datetime | None]]:
    """(post_id, id, platform_id, scheduled_for) of the posts' drafted and scheduled versions, home first."""
    rows = connection.execute(
        sa.text("""
            select d.post_id, d.id, d.platform_id, case when d.status = 'scheduled' then d.scheduled_for end as at
            from distributions d join platforms p on p.id = d.platform_id
            where d.post_id = any (:ids) and d.status in ('draft', 'scheduled')
            order by d.post_id, p.is_home desc, p.account_key, d.variant_group
        """),
        {"ids": list(post_ids)},
    )
    return [(row.post_id, row.id, row.platform_id, row.at) for row in rows]
