"""Rows of `platforms`: the accounts that are published to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from pipeline.store.tables import platforms
from pipeline.vocabulary import AccountState, ErrorKind

_UNWELL: Final = {ErrorKind.UNAVAILABLE, ErrorKind.NETWORK}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. `credentials_secret_id` says where the secret is, never what."""

    id: UUID
    name: str
    account_key: str
    account_id: str | None
    state: AccountState
    state_reason: str | None
    timezone: str
    vertical_id: UUID | None
    publish_config: Mapping[str, Any]
    credentials_secret_id: str | None
    max_content_length: int | None
    max_title_length: int | None
    is_home: bool
    held_until: datetime | None
    webhook_url: str | None
    short_links: bool


_COLUMNS = [platforms.c[name] for name in AccountRow.__dataclass_fields__]


class UnknownAccountError(LookupError):
    """No account has that key."""


def get(connection: sa.Connection, account_key: str) -> AccountRow:
    """Raises: UnknownAccountError."""
    row = connection.execute(sa.select(*_COLUMNS).where(platforms.c.account_key == account_key)).one_or_none()
    if row is None:
        raise UnknownAccountError(f"No account is called {account_key!r}; `pressroom accounts` lists them.")
    return _account(row)


def all_accounts(connection: sa.Connection) -> list[AccountRow]:
    query = sa.select(*_COLUMNS).order_by(platforms.c.is_home.desc(), platforms.c.account_key)
    return [_account(row) for row in connection.execute(query)]


def of_vertical(connection: sa.Connection, vertical_id: UUID) -> list[AccountRow]:
    """The active accounts that a vertical's posts go to, the home first."""
    return [
        account
        for account in all_accounts(connection)
        if account.state == AccountState.ACTIVE and account.vertical_id in (None, vertical_id)
    ]


def timezones(connection: sa.Connection, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Each account's IANA zone."""
    rows = connection.execute(sa.select(platforms.c.id, platforms.c.timezone).where(platforms.c.id.in_(account_ids)))
    return {row.id: row.timezone for row in rows}


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be added; limits that are None are none."""

    account_key: str
    name: str
    credentials_secret_id: str | None
    publish_config: Mapping[str, Any]
    posts_per_day: int | None
    posts_per_hour: int | None
    min_interval_minutes: int
    timezone: str


def add_account(connection: sa.Connection, account: NewAccount) -> None:
    """A second account on one platform is a row of its own: its key doubles as its identity there."""
    connection.execute(platforms.insert().values(**asdict(account), account_id=account.account_key))


def lock(connection: sa.Connection, account_id: UUID) -> None:
    """Before a distribution's outcome is written: the claim locks accounts first, and so does everybody."""
    connection.execute(sa.select(platforms.c.id).where(platforms.c.id == account_id).with_for_update(key_share=True))


def lock_all(connection: sa.Connection, account_ids: Collection[UUID]) -> None:
    """The same for several, always in the same order."""
    connection.execute(
        sa.text("select id from platforms where id = any (:ids) order by id for no key update"),
        {"ids": list(account_ids)},
    )


def pause(connection: sa.Connection, account_id: UUID, reason: str) -> bool:
    """Nothing more is sent from the account until a person resumes it; False where it is paused already."""
    paused = connection.execute(
        platforms.update()
        .where(platforms.c.id == account_id, platforms.c.state == AccountState.ACTIVE)
        .values(state=AccountState.PAUSED, state_reason=reason)
    )
    return bool(paused.rowcount)


def resume(connection: sa.Connection, account_id: UUID) -> None:
    """It sends again; a rest that its platform asked for is kept."""
    connection.execute(
        platforms.update().where(platforms.c.id == account_id).values(state=AccountState.ACTIVE, state_reason=None)
    )


def hand_over_ahead(connection: sa.Connection, account_id: UUID, ahead: timedelta | None) -> None:
    """How long before its time what is scheduled is handed to the platform, in whole minutes; None is never."""
    minutes = None if ahead is None else int(ahead.total_seconds() // 60)
    connection.execute(platforms.update().where(platforms.c.id == account_id).values(hand_over_ahead_minutes=minutes))


def lead_through_short_links(connection: sa.Connection, account_id: UUID, *, wanted: bool) -> None:
    """Whether versions that are written from now on lead readers through the collector."""
    connection.execute(platforms.update().where(platforms.c.id == account_id).values(short_links=wanted))


def hold_until(connection: sa.Connection, account_id: UUID, until: "datetime | sa.ColumnElement[datetime]") -> None:
    """Nothing is sent from the account before `until`; an earlier time never shortens a longer hold."""
    connection.execute(
        platforms.update()
        .where(platforms.c.id == account_id)
        .values(held_until=sa.func.greatest(sa.func.coalesce(platforms.c.held_until, until), until))
    )


def count_errors(connection: sa.Connection, account_ids: Sequence[UUID]) -> None:
    """Bring `api_errors_24h` of the accounts up to date from the journal."""
    connection.execute(
        sa.text("""
            update platforms p
            set api_errors_24h = (
                select count(*) from publish_attempts a
                where a.platform_id = p.id and a.started_at > now() - interval '24 hours'
                    and a.error_kind is not null and a.error_kind <> 'pending'
            )
            where p.id = any (:ids)
        """),
        {"ids": list(account_ids)},
    )


def rest(connection: sa.Connection, account_id: UUID, duration: timedelta) -> None:
    """The same from now on, by the database's clock."""
    until = sa.func.now() + duration
    hold_until(connection, account_id, until)


def failures_in_a_row(connection: sa.Connection, account_id: UUID, limit: int) -> int:
    """How many attempts, up to `limit`, ended because the platform was not well since it last answered as it should."""
    kinds = connection.scalars(
        sa.text("""
            select error_kind from publish_attempts
            where platform_id = :id and error_kind is not null and started_at > coalesce(
                (
                    select started_at from publish_attempts
                    where platform_id = :id and outcome = 'published' and outcome is distinct from 'not_sent'
                    order by started_at desc limit 1
                ),
                '-infinity'
            )
            order by started_at desc
            limit :limit
        """),
        {"id": account_id, "limit": limit},
    )
    return sum(1 for _ in takewhile(lambda kind: kind in _UNWELL, kinds))


def report_quota(connection: sa.Connection, account_id: UUID, remaining: int, resets_at: datetime) -> None:
    """Keep what the platform says it will still take before `resets_at`."""
    connection.execute(
        platforms.update()
        .where(platforms.c.id == account_id)
        .values(quota_remaining=remaining, quota_reported_at=sa.func.clock_timestamp(), quota_resets_at=resets_at)
    )


def _account(row: sa.Row[Any]) -> AccountRow:
    values = dict(row._mapping)  # noqa: SLF001 - the public way to a row's names
    return AccountRow(**{**values, "state": AccountState(values["state"])})
