"""How the accounts are: may they send, when next, what keeps them, how often they failed. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from pipeline.vocabulary import AccountState

# When each active account may send next is `account_pace`'s to say, by which the claim goes; here it is only put into
# words which of the limits it is.
PACE: Final = """
    select pace.platform_id, pace.free_at,
        case pace.free_at
            when p.held_until then 'it rests, after a rate limit or because its platform was not well'
            when pace.interval_until then format('its limit: one post every %s min', p.min_interval_minutes)
            when pace.hour_until then format('its limit: %s an hour', p.posts_per_hour)
            when pace.day_until then format('its limit: %s a day', p.posts_per_day)
            else 'the quota that its platform reported is used up'
        end as limited_by
    from account_pace pace join platforms p on p.id = pace.platform_id
"""


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """One account as a person wants to see it.

    `free_at` is when it may send next: None where that is at once, or never while it is paused. `limited_by` says why
    not before. `quota_remaining` is what the platform's last word leaves by now, None where it gave none that still
    holds. `queued` counts what is scheduled, `needs_person` what failed, is held or may be live. `handed_over`
    counts what its platform holds, or may hold, to publish it by itself.
    """

    account_key: str
    platform: str
    state: AccountState
    state_reason: str | None
    credentials_secret_id: str | None
    errors_24h: int
    held_until: datetime | None
    quota_remaining: int | None
    quota_resets_at: datetime | None
    last_published_at: datetime | None
    free_at: datetime | None
    limited_by: str | None
    queued: int
    needs_person: int
    hand_over_ahead: timedelta | None
    handed_over: int


def account_health(connection: sa.Connection, account_key: str | None = None) -> list[AccountHealth]:
    """Every account, or this one; the homes first."""
    rows = connection.execute(
        sa.text(f"""
            select p.account_key, p.name as platform, p.state, p.state_reason, p.credentials_secret_id,
                (
                    select count(*) from publish_attempts a
                    where a.platform_id = p.id and a.error_kind is not null and a.error_kind <> 'pending'
                        and a.started_at > now() - interval '24 hours'
                ) as errors_24h,
                case when p.held_until > now() then p.held_until end as held_until,
                quota.remaining as quota_remaining, quota.resets_at as quota_resets_at,
                p.last_published_at,
                case when pace.free_at > now() then pace.free_at end as free_at,
                case when pace.free_at > now() then pace.limited_by end as limited_by,
                (
                    select count(*) from distributions d where d.platform_id = p.id and d.status = 'scheduled'
                ) as queued,
                (
                    select count(*) from distributions d
                    where d.platform_id = p.id and d.status in ('failed', 'held', 'unknown')
                ) as needs_person,
                make_interval(mins => p.hand_over_ahead_minutes) as hand_over_ahead,
                (
                    select count(*) from distributions d
                    where d.platform_id = p.id and d.handed_over_for is not null
                ) as handed_over
            from platforms p
            left join ({PACE}) as pace on pace.platform_id = p.id
            left join lateral (
                select p.quota_resets_at as resets_at, greatest(0, p.quota_remaining - (
                    select count(*) from publish_attempts a
                    where a.platform_id = p.id and a.outcome is distinct from 'not_sent'
                        and a.started_at > p.quota_reported_at
                )) as remaining
                where p.quota_resets_at > now()
            ) as quota on true
            where cast(:key as text) is null or p.account_key = :key
            order by p.is_home desc, p.account_key
        """),  # noqa: S608 - our own text
        {"key": account_key},
    )
    return [AccountHealth(**{**row, "state": AccountState(row["state"])}) for row in rows.mappings()]
