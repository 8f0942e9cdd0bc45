"""What is shown of the calendar outside: by the terminal, in files and in the feed. Reads only, but for the feed's
secret.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.vocabulary import DistributionStatus

_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """A distribution in the calendar.

    `at` is when it went out, or is to; `timezone` the IANA zone of its account. `note` says for a person what keeps it
    back. `url` is where it is live. `sequence` grows whenever it moves or becomes uncertain, and `changed_at` is when
    anything of this was last changed.
    """

    distribution_id: UUID
    account_key: str
    timezone: str
    at: datetime
    status: DistributionStatus
    is_pinned: bool
    canonical_id: str | None
    title: str
    url: str | None
    note: str | None
    sequence: int
    changed_at: datetime


# Each part has an index of its own: what waits is never more than the horizon, what is live is found by its time.
_ENTRIES: Final = sa.text("""
    with picked as (
        select id, scheduled_for as at from distributions where status = 'scheduled' and scheduled_for >= :begins
        union all
        select id, scheduled_for from distributions where status = 'publishing' and scheduled_for >= :begins
        union all
        select id, scheduled_for from distributions
        where status in ('failed', 'held', 'unknown') and scheduled_for >= :begins
        union all
        select id, published_at from distributions
        where status = 'published' and published_at >= :begins and taken_down_at is null
    )
    select d.id as distribution_id, account.account_key, account.timezone, picked.at, d.status, d.is_pinned,
        post.canonical_id, coalesce(post.title, d.title, left(d.body, 60)) as title,
        case when d.status = 'published' then d.external_url end as url,
        case
            when d.status = 'held' then concat('held: ', d.hold_reason)
            when d.status = 'failed' then concat('failed: ', d.error_message)
            when d.status = 'unknown' then 'may be live; the platform is being asked'
            when d.status = 'scheduled' and account.state = 'paused'
                then concat('the account is paused: ', account.state_reason)
            when d.status = 'scheduled' and vertical.paused_at is not null
                then concat('its vertical is paused: ', vertical.pause_reason)
        end as note,
        d.calendar_sequence as sequence, greatest(d.calendar_changed_at, post.updated_at) as changed_at
    from picked
    join distributions d on d.id = picked.id
    join platforms account on account.id = d.platform_id
    left join publisher_posts post on post.id = d.post_id
    left join publisher_verticals vertical on vertical.id = post.vertical_id
    where picked.at < coalesce(cast(:ends as timestamptz), 'infinity')
        and (cast(:accounts as text[]) is null or account.account_key = any (cast(:accounts as text[])))
    order by picked.at, account.account_key, d.id
""")


def entries(
    connection: sa.Connection, *, begins: datetime, ends: datetime | None = None, accounts: Sequence[str] | None = None
) -> list[Entry]:
    """What these accounts, or all, published and are to publish in [begins, ends), the earliest first.

    What was cancelled, taken back to draft or taken down is not in it.
    """
    values = {"begins": begins, "ends": ends, "accounts": None if accounts is None else list(accounts)}
    return [
        Entry(**{**row, "status": DistributionStatus(row["status"])})
        for row in connection.execute(_ENTRIES, values).mappings()
    ]


def feed_token(connection: sa.Connection) -> str | None:
    """The secret of the feed's address; None where nobody has asked for the address yet."""
    token: str | None = connection.scalar(sa.text("select token from calendar_feed"))
    return token


def make_feed_token(connection: sa.Connection) -> str:
    """The secret of the feed's address, made where there is none; of two who make it at once both get the first's."""
    connection.execute(
        sa.text("insert into calendar_feed (token) values (:token) on conflict do nothing"), {"token": _new_token()}
    )
    token: str = connection.execute(sa.text("select token from calendar_feed")).scalar_one()
    return token


def rotate_feed_token(connection: sa.Connection) -> str:
    """A new secret; the address of until now leads nowhere any more."""
    token: str = connection.execute(
        sa.text("""
            insert into calendar_feed (token) values (:token)
            on conflict (is_only) do update set token = excluded.token, created_at = excluded.created_at
            returning token
        """),
        {"token": _new_token()},
    ).scalar_one()
    return token


def _new_token() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)
